/* Page for the public: coverage before and after by community, small counts left out. */
"use strict";

(function (planner) {
  const { translate, format } = planner, { el, show, chip } = planner.render;

  planner.start = function (map) {
    const facts = planner.data("planner-run"), ground = planner.data("planner-ground"), places = planner.data("planner-places");
    let north = null;
    const ui = { service: 0, circle: facts.minutes[0].length - 1 };
    const frame = map.getContainer();
    const bar = planner.el("header", { id: "bar" }), board = planner.el("aside", { id: "board" }), lists = planner.el("aside", { id: "lists" });
    frame.parentElement.prepend(bar, board);
    const legend = planner.el("aside", { id: "legend", class: "card" });
    frame.parentElement.append(lists, legend);
    map.setMinZoom(8).setMaxZoom(17);
    map.addLayer(planner.streets(map, ground.streets, ground.perDegree));
    const dots = L.layerGroup().addTo(map), marks = L.layerGroup().addTo(map);
    planner.pane(map, "places", 640, true);
    const key = () => `${facts.services[ui.service].id} ${facts.minutes[ui.service][ui.circle]}`;
    const countOrDash = (count) => (count === null ? "–" : format.whole(count));

    function setLanguage(code) {
      planner.useLanguage(code);
      facts.services.forEach((service) => Object.assign(service, { name: service.names[code], glyph: service.glyphs[code] }));
    }

    function button(name, face, pressed, act) {
      return el("button", { type: "button", "data-focus": name, "aria-pressed": String(pressed), onclick: act }, face);
    }

    function refresh() {
      show(bar, [
        el("div", { class: "bar-title" }, el("h1", {}, facts.names[planner.language]),
          el("p", {}, [translate("map_title"), facts.date].filter(Boolean).join(" · "))),
        el("div", { class: "bar-tools" }, el("div", { class: "group" }, button("language", planner.locales[planner.nextLanguage()].name, false, () => {
          setLanguage(planner.nextLanguage());
          north.remove();
          north = planner.northArrow().addTo(map);
          refresh();
        }))),
        el("div", { class: "bar-choices" },
          el("div", { class: "group" }, facts.services.map((service, k) => button(`service-${k}`, [chip(service, true), el("span", {}, service.name)], ui.service === k, () => {
            Object.assign(ui, { service: k, circle: Math.min(ui.circle, facts.minutes[k].length - 1) });
            refresh();
          }))),
          el("div", { class: "group" }, facts.minutes[ui.service].map((minutes, c) => button(`circle-${c}`, translate("minutes_short", { minutes }), ui.circle === c, () => {
            ui.circle = c;
            refresh();
          })))),
      ]);
      show(board, [
        el("h2", {}, translate("coverage_title")),
        facts.services.map((service, k) => el("div", { class: "cover" },
          el("h3", {}, chip(service, true), service.name),
          el("p", { class: "quiet" }, translate("assess.walker_of", { walker: facts.walkers[service.walker].names[planner.language], speed: facts.walkers[service.walker].speed_m_s })),
          service.limited ? el("p", {}, el("span", { class: "counted-as" }, translate("meeting.reach_only"))) : null,
          facts.minutes[k].map((minutes) => {
            const row = facts.coverage[`${service.id} ${minutes}`], found = facts.found[`${service.id} ${minutes}`];
            return el("p", { "data-cell": `${service.id} ${minutes}` }, `${translate("minutes_short", { minutes })}: `,
              translate("meeting.public_line", { before: countOrDash(row[1]), after: countOrDash(row[2]), people: countOrDash(row[0]) }),
              found ? translate("meeting.public_found", { before: countOrDash(found[0]), after: countOrDash(found[1]) }) : null);
          }))),
        el("p", { class: "quiet hint" }, translate("meeting.public_note")),
        el("h2", {}, translate("sources_title")), facts.publication.sources.map((source) => el("p", { class: "quiet" }, source)),
        [["date", facts.date], ["review_number", facts.publication.review_number], ["classification", facts.publication.classification], ["author", facts.publication.author], ["run_id", facts.runId]]
          .map(([word, value]) => el("p", { class: "quiet" }, `${translate(word)}: ${value || "—"}`)),
        facts.cautions.map((caution) => el("p", { class: "quiet" }, caution[planner.language])),
      ]);
      const rows = ground.communities.cover[key()];
      show(lists, [el("div", { class: "tab" }, el("h2", {}, translate("communities")),
        el("table", { class: "three" },
          el("thead", {}, el("tr", {}, [translate("community"), translate("people"), translate("before"), translate("after")].map((text) => el("th", {}, text)))),
          el("tbody", {}, ground.communities.name.map((name, r) => el("tr", {},
            el("th", {}, planner.named(name)), rows[r].map((count) => el("td", {}, countOrDash(count))))))))]);
      show(legend, symbols());
      draw(rows);
    }

    const radius = (left) => 3 + Math.sqrt(left) / 3;

    /* What discs, pins and squares mean, for the service and the circle looked at. */
    function symbols() {
      const service = facts.services[ui.service];
      const disc = (left) => el("i", { class: "disc", style: { width: `${2 * radius(left)}px`, height: `${2 * radius(left)}px` } });
      const row = (symbol, text) => el("div", { class: "key-row" }, el("span", { class: "symbol" }, symbol), text);
      return [
        el("p", { class: "ramp-title" }, translate("meeting.public_left", { service: service.name, minutes: facts.minutes[ui.service][ui.circle] })),
        [10, 100, 500].map((left) => row(disc(left), format.whole(left))),
        row(el("i", { class: "disc disc-none" }), translate("meeting.public_none_left")),
        row(el("i", { class: "pin-symbol" }), translate("opened_site")),
        row(el("i", { class: "stand", style: { backgroundColor: service.colour } }), translate("existing_facility")),
      ];
    }

    /* A disc per community, larger the more people are left out; the sites of the plan as pins, what stands as squares. */
    function draw(rows) {
      dots.clearLayers();
      rows.forEach(([people, , after], r) => {
        if (people === null || after === null || !(people > 0)) return;
        const left = people - after;
        dots.addLayer(L.circleMarker([ground.communities.lat[r], ground.communities.lon[r]], {
          radius: radius(left), color: "#86301c", weight: 1, fillColor: left > 0 ? "#e58a4e" : "#ffffff", fillOpacity: 0.75, interactive: false,
        }));
      });
      marks.clearLayers();
      places.id.forEach((_, i) => {
        const opens = places.opens[i], stands = places.stands[i].includes(ui.service);
        if (!opens.length && !stands) return;
        const html = opens.length
          ? planner.el("div", { class: "pin" }, opens.map((k) => planner.chip(facts.services[k], true)))
          : planner.el("div", { class: "stand", style: { backgroundColor: facts.services[ui.service].colour } });
        marks.addLayer(L.marker([places.lat[i], places.lon[i]], { pane: "places", interactive: false, keyboard: false, icon: L.divIcon({ className: "mark-anchor", html, iconSize: [0, 0] }) }));
      });
    }

    setLanguage(facts.language);
    refresh();
    L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
    north = planner.northArrow().addTo(map);
    L.control.zoom({ position: "topleft", zoomInTitle: translate("zoom_in"), zoomOutTitle: translate("zoom_out") }).addTo(map);
    map.invalidateSize();
    map.fitBounds(ground.focus, { animate: false });
    planner.map = map;
    document.body.dataset.ready = "true";
  };
})(window.planner);
