/* The A3 sheet: shown at its true size before it is printed, so that what is seen is what is printed. */
"use strict";

(function (planner) {
  const { say, format, yuan } = planner, { el, chip, show } = planner.view;

  function makeSheet(map, room, chart, home) {
    const paper = planner.el("div", { id: "sheet", hidden: "" });
    document.body.append(paper);
    let seen = null, back = null;

    function open() {
      if (seen) return;
      seen = { centre: map.getCenter(), zoom: map.getZoom(), bounds: map.getBounds() };
      document.body.classList.add("sheet");
      paper.hidden = false;
      show(paper, furnish());
      planner.sharp = 2;
      map.invalidateSize({ animate: false, pan: false });
      map.fitBounds(seen.bounds.contains(home) ? home : seen.bounds, { padding: [8, 8], animate: false });
      chart.refresh();
      back = planner.inLines(map);
      chart.dots.picture(true);
    }

    function close() {
      if (!seen) return;
      document.body.classList.remove("sheet");
      paper.hidden = true;
      chart.dots.picture(false);
      back();
      planner.sharp = 1;
      map.invalidateSize({ animate: false, pan: false });
      map.setView(seen.centre, seen.zoom, { animate: false });
      seen = null;
      chart.refresh();
    }

    function furnish() {
      const { facts, ui } = room, service = facts.services[ui.service], p = facts.publication;
      const values = { service: service.name, minutes: planner.minutesAt(room, ui.service, ui.circle) };
      const view = ui.compare ? "room" : ui.view;
      return [
        el("div", { class: "sheet-tools" },
          el("button", { type: "button", class: "loud", onclick: () => window.print() }, say("meeting.print_now")),
          el("button", { type: "button", "data-action": "close-sheet", onclick: close }, say("close"))),
        el("header", { class: "sheet-title" },
          el("div", {},
            el("h1", {}, facts.names[planner.language]),
            el("p", {}, `${say(`meeting.view_${view}`)} · ${service.name} · ${say("circle_minutes", values)}`)),
          p.classification ? el("b", { class: "stamp" }, p.classification) : null),
        el("section", { class: "sheet-side" },
          el("h2", {}, say("legend")), el("div", { class: "sheet-legend" }, planner.legendCard(room, chart)),
          el("h2", {}, say("meeting.coverage")), scores(), seats(),
          el("h2", {}, say("meeting.sheet_sites")), opened(),
          el("h2", {}, say("meeting.money")), el("p", {}, `${say("meeting.capital")} ${yuan(room.counted("room").capital)} · ${say("meeting.yearly")} ${yuan(room.counted("room").yearly)}`),
          room.counted("room").broken.length
            ? el("ul", { class: "broken" }, planner.toldRules(room.counted("room").broken).slice(0, 6).map((one) => el("li", {}, planner.ruleText(room, one))))
            : el("p", { class: "kept" }, `✓ ${say("meeting.rules_kept")}`)),
        el("footer", { class: "sheet-foot" },
          el("p", {}, `${say("sources_title")}: ${p.sources.join(" · ")}`),
          el("p", {}, [
            `${say("date")}: ${facts.date || new Date().toISOString().slice(0, 10)}`, p.author ? `${say("author")}: ${p.author}` : null,
            `${say("review_number")}: ${p.review_number || "—"}`, `${say("classification")}: ${p.classification || "—"}`,
            `${say("run_id")}: ${facts.runId}`, say("circles_note"),
          ].filter(Boolean).join(" · ")),
          facts.cautions.length ? el("p", { class: "quiet" }, facts.cautions.map((one) => one[planner.language]).join(" · ")) : null),
      ];
    }

    function scores() {
      const { facts, question } = room;
      return el("table", { class: "sheet-scores" },
        el("thead", {}, el("tr", {}, [say("service"), "", say("meeting.view_today"), say("meeting.view_plan"), say("meeting.view_room")].map((text) => el("th", {}, text)))),
        el("tbody", {}, facts.services.flatMap((service, k) => question.services[k].cutoffs_s.map((cutoff, c) =>
          el("tr", {}, el("th", {}, c ? "" : [chip(service, true), service.name]), el("td", {}, say("minutes_short", { minutes: cutoff / 60 })),
            ["today", "plan", "room"].map((name) => el("td", {}, format.percent(planner.shareOf(room.counted(name).covered[k][c], room.people[k])))))))));
    }

    /* What the shares above leave out: places, service by service. */
    function seats() {
      return room.facts.services.map((service, k) => (room.question.services[k].limited
        ? el("div", { class: "sheet-seats" }, chip(service, true), planner.labels(room, k), planner.seatsText(room, k, room.question.services[k].cutoffs_s.length - 1))
        : null));
    }

    function opened() {
      const { facts, question } = room;
      const rows = [...room.openAt("room")].map(([site, offers]) => [site, offers.filter((offer) => !question.offers.stands[offer])]).filter(([, fresh]) => fresh.length);
      if (!rows.length) return el("p", { class: "quiet" }, say("no_sites"));
      return el("ol", { class: "sheet-sites" }, rows.slice(0, 24).map(([site, fresh]) =>
        el("li", {}, room.placeName(site), " ", fresh.map((offer) => chip(facts.services[question.offers.service[offer]], true)))));
    }

    window.addEventListener("beforeprint", open);
    return { open, close };
  }

  planner.makeSheet = makeSheet;
})(window.planner);
