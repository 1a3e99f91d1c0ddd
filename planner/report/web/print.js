/* A3 print of the meeting page, previewed at its true size. */
"use strict";

(function (planner) {
  const { translate, format, formatMoney } = planner, { el, chip, show } = planner.render;

  function makePrint(map, store, meetingMap, district) {
    const paper = planner.el("div", { id: "sheet", hidden: "" });
    document.body.append(paper);
    let seen = null, back = null;

    function open() {
      if (seen) return;
      seen = { centre: map.getCenter(), zoom: map.getZoom() };
      document.body.classList.add("sheet");
      paper.hidden = false;
      show(paper, furnish());
      planner.sharp = 2;
      map.invalidateSize({ animate: false, pan: false });
      map.fitBounds(district, { padding: [8, 8], animate: false });
      meetingMap.refresh();
      back = planner.inLines(map);
      meetingMap.picture(true);
    }

    function close() {
      if (!seen) return;
      document.body.classList.remove("sheet");
      paper.hidden = true;
      meetingMap.picture(false);
      back();
      planner.sharp = 1;
      map.invalidateSize({ animate: false, pan: false });
      map.setView(seen.centre, seen.zoom, { animate: false });
      seen = null;
      meetingMap.refresh();
    }

    function furnish() {
      const { facts, ui } = store, service = facts.services[ui.service], p = facts.publication;
      const values = { service: service.name, minutes: planner.minutesAt(store, ui.service, ui.circle) };
      const view = ui.compare ? "room" : ui.view;
      return [
        el("div", { class: "sheet-tools" },
          el("button", { type: "button", class: "loud", onclick: () => window.print() }, translate("meeting.print_now")),
          el("button", { type: "button", "data-action": "close-sheet", onclick: close }, translate("close"))),
        el("header", { class: "sheet-title" },
          el("div", {},
            el("h1", {}, facts.names[planner.language]),
            el("p", {}, `${translate(`meeting.view_${view}`)} · ${service.name} · ${translate("circle_minutes", values)}`)),
          p.classification ? el("b", { class: "stamp" }, p.classification) : null),
        el("section", { class: "sheet-side" },
          el("h2", {}, translate("legend")), el("div", { class: "sheet-legend" }, planner.legendCard(store, meetingMap)),
          el("h2", {}, translate("meeting.coverage")), scores(), capacity(),
          el("h2", {}, translate("meeting.sheet_sites")), opened(),
          el("h2", {}, translate("meeting.money")), el("p", {}, `${translate("meeting.capital")} ${formatMoney(store.counted("room").capital)} · ${translate("meeting.yearly")} ${formatMoney(store.counted("room").yearly)}`),
          store.counted("room").broken.length
            ? el("ul", { class: "broken" }, planner.groupedRules(store.counted("room").broken).slice(0, 6).map((one) => el("li", {}, planner.ruleText(store, one))))
            : el("p", { class: "kept" }, `✓ ${translate("meeting.rules_kept")}`)),
        el("footer", { class: "sheet-foot" },
          el("p", {}, `${translate("sources_title")}: ${p.sources.join(" · ")}`),
          el("p", {}, [
            ...["date", "author", "review_number", "classification"].map((key) => [key, key === "date" ? facts.date : p[key]])
              .filter(([, text]) => text).map(([key, text]) => `${translate(key)}: ${text}`),
            `${translate("run_id")}: ${facts.runId}`, translate("circles_note"),
          ].join(" · ")),
          facts.cautions.length ? el("p", { class: "quiet" }, facts.cautions.map((one) => one[planner.language]).join(" · ")) : null),
      ];
    }

    function scores() {
      const { facts, problem } = store;
      return el("table", { class: "sheet-scores" },
        el("thead", {}, el("tr", {}, [translate("service"), "", translate("meeting.view_today"), translate("meeting.view_plan"), translate("meeting.view_room")].map((text) => el("th", {}, text)))),
        el("tbody", {}, facts.services.flatMap((service, k) => problem.services[k].cutoffs_s.map((cutoff, c) =>
          el("tr", {}, el("th", {}, c ? "" : [chip(service, true), service.name]), el("td", {}, translate("minutes_short", { minutes: cutoff / 60 })),
            ["today", "plan", "room"].map((name) => el("td", {}, format.percent(planner.shareOf(store.counted(name).covered[k][c], store.people[k])))))))));
    }

    /* What the shares above leave out: places, service by service. */
    function capacity() {
      return store.facts.services.map((service, k) => (store.problem.services[k].limited
        ? el("div", { class: "sheet-seats" }, chip(service, true), planner.labels(store, k), planner.capacityText(store, k, store.problem.services[k].cutoffs_s.length - 1))
        : null));
    }

    function opened() {
      const { facts, problem } = store;
      const rows = [...store.openAt("room")].map(([site, offers]) => [site, offers.filter((offer) => !problem.offers.stands[offer])]).filter(([, fresh]) => fresh.length);
      if (!rows.length) return el("p", { class: "quiet" }, translate("no_sites"));
      return el("ol", { class: "sheet-sites" }, rows.slice(0, 24).map(([site, fresh]) =>
        el("li", {}, store.placeName(site), " ", fresh.map((offer) => chip(facts.services[problem.offers.service[offer]], true)))));
    }

    window.addEventListener("beforeprint", open);
    return { open, close };
  }

  planner.makePrint = makePrint;
})(window.planner);
