/* Page for the public: what opens and whom it reaches, a search for places and communities, coverage by community, small counts left out. */
"use strict";

(function (planner) {
  const { translate, format } = planner, { el, show, chip } = planner.render;

  planner.start = function (map) {
    const facts = planner.data("planner-run"), ground = planner.data("planner-ground"), places = planner.data("planner-places");
    let north = null;
    const ui = { service: 0, circle: facts.minutes[0].length - 1, search: "" };
    const frame = map.getContainer();
    const bar = planner.el("header", { id: "bar" }), board = planner.el("aside", { id: "board", tabindex: "0" }), lists = planner.el("aside", { id: "lists" });
    frame.parentElement.prepend(bar, board);
    const legend = planner.el("aside", { id: "legend", class: "card over-map" });
    frame.parentElement.append(lists, legend);
    document.body.classList.add("public");
    const discs = { boxes: [], arranged: () => {} };
    let phone = null;
    map.setMinZoom(8).setMaxZoom(17);
    map.addLayer(planner.ground(map, ground.base, ground.perDegree));
    map.addLayer(planner.streets(map, ground.streets, ground.perDegree));
    const dots = L.layerGroup().addTo(map), marks = planner.makeMarks(map, "places", 640, (i) => choose(i));
    map.addLayer(marks.group("places"));
    map.addLayer(new planner.Labels({
      communities: ground.communities.name.map((text, r) => ({ text: ground.communities.labelled[r] ? text.trim() : "", at: [ground.communities.lat[r], ground.communities.lon[r]] })).filter(({ text }) => text), ...planner.baseNames(ground),
    }, [marks, discs]));
    const key = () => `${facts.services[ui.service].id} ${facts.minutes[ui.service][ui.circle]}`;
    const countOrDash = (count) => (count === null ? "–" : format.whole(count));

    function setLanguage(code) {
      planner.useLanguage(code);
      facts.services.forEach((service) => Object.assign(service, { name: service.names[code], glyph: service.glyphs[code] }));
      for (const [element, name] of [[board, "summary"], [lists, "meeting.public_lists"], [legend, "legend"], [frame, "map_label"]]) element.setAttribute("aria-label", translate(name));
      document.title = `${facts.names[code]} · ${translate("map_title")}`;
      if (phone) phone.label();
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
        el("section", { class: "opening" }, el("p", {}, el("b", {}, translate("opening", {
          sites: facts.opening.sites, services: facts.opening.services, capital: planner.formatMoney(facts.opening.capital), yearly: planner.formatMoney(facts.opening.yearly),
        }))), facts.services.map(reached)),
        facts.publication.comments_to || facts.publication.comments_period ? el("section", { class: "comments" }, el("h2", {}, translate("comments_title")),
          [["comments_to", facts.publication.comments_to], ["comments_period", facts.publication.comments_period]].filter(([, value]) => value).map(([word, value]) => el("p", {}, el("b", {}, translate(word)), ` ${value}`))) : null,
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
          .filter(([, value]) => value).map(([word, value]) => el("p", { class: "quiet" }, `${translate(word)}: ${value}`)),
        facts.cautions.map((caution) => el("p", { class: "quiet" }, caution[planner.language])),
      ]);
      const rows = ground.communities.cover[key()];
      show(lists, [el("div", { class: "tab", tabindex: "0", role: "group", "aria-label": translate("meeting.public_lists") },
        el("label", { class: "field-row" }, el("span", {}, translate("public_search")), el("input", {
          type: "search", class: "search", "data-focus": "search", value: ui.search, oninput: (event) => {
            ui.search = event.target.value;
            refresh();
          },
        })),
        placeList(),
        communityTable(rows))]);
      show(legend, symbols());
      draw(rows);
    }

    const matches = (...texts) => texts.some((text) => text.toLowerCase().includes(ui.search.trim().toLowerCase()));

    /* Whom a service reaches before and after, and who is left out: in disclosed counts. */
    function reached(service, k) {
      const minutes = facts.minutes[k][facts.minutes[k].length - 1], [people, before, after] = facts.coverage[`${service.id} ${minutes}`];
      if (people === null || before === null || after === null) return null;
      const share = (count) => format.percent(people > 0 ? count / people : 0);
      return el("p", {}, translate("opening_reach", { service: service.name, minutes, share_before: share(before), share_after: share(after), left: `${format.whole(people - after)} ${translate("unit_people")}` }));
    }

    /* Every place with what it offers; what opens comes first. */
    function placeList() {
      const servicesOf = (i) => [...new Set([...places.opens[i], ...places.stands[i]])].sort((a, b) => a - b);
      const found = places.id.map((_, i) => i).filter((i) => matches(places.name[i], ...servicesOf(i).map((k) => facts.services[k].name)))
        .sort((a, b) => Number(places.opens[b].length > 0) - Number(places.opens[a].length > 0) || a - b);
      return el("section", {}, el("h2", {}, translate("public_places")), found.length
        ? el("ul", { class: "rows" }, found.map((i) => el("li", { key: `place ${i}` }, el("button", { type: "button", class: "public-place", "data-focus": `place-${i}`, onclick: () => goTo(i) },
          el("span", {}, el("b", {}, planner.named(places.name[i])), el("span", { class: "quiet" }, `${translate(places.opens[i].length ? "opened_site" : "existing_facility")} · ${servicesOf(i).map((k) => facts.services[k].name).join(planner.locales[planner.language].list)}`)),
          el("span", { class: "chips" }, servicesOf(i).map((k) => chip(facts.services[k], true)))))))
        : el("p", { class: "quiet" }, translate("meeting.nothing_found")));
    }

    function communityTable(rows) {
      const found = ground.communities.name.map((name, r) => [name, r]).filter(([name]) => matches(name));
      return el("section", {}, el("h2", {}, translate("communities")), found.length ? el("table", { class: "three" },
        el("thead", {}, el("tr", {}, [translate("community"), translate("people"), translate("before"), translate("after")].map((text) => el(text ? "th" : "td", text ? { scope: "col" } : {}, text)))),
        el("tbody", {}, found.map(([name, r]) => el("tr", { key: `community ${r}` },
          el("th", { scope: "row" }, planner.named(name)), rows[r].map((count) => el("td", {}, countOrDash(count))))))) : el("p", { class: "quiet" }, translate("meeting.nothing_found")));
    }

    /* Show a place of the list on the map. */
    function goTo(i) {
      if (phone) phone.lower();
      map.setView([places.lat[i], places.lon[i]], Math.max(map.getZoom(), 15), { animate: false });
      choose(i);
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
      discAt.length = 0;
      rows.forEach(([people, , after], r) => {
        if (people === null || after === null || !(people > 0)) return;
        const left = people - after;
        discAt.push([L.latLng(ground.communities.lat[r], ground.communities.lon[r]), radius(left) + 1]);
        dots.addLayer(L.circleMarker([ground.communities.lat[r], ground.communities.lon[r]], {
          radius: radius(left), color: "#86301c", weight: 1, fillColor: left > 0 ? "#e58a4e" : "#ffffff", fillOpacity: 0.75, interactive: false,
        }));
      });
      discBoxes();
      marks.show(places.id.flatMap((_, i) => {
        const opens = places.opens[i], stands = places.stands[i].includes(ui.service);
        if (!opens.length && !stands) return [];
        return [{
          id: i, category: "places", lat: places.lat[i], lon: places.lon[i], title: planner.named(places.name[i]), key: `${opens} ${stands && ui.service} ${planner.language}`,
          rank: opens.length ? 900 : 300, pin: opens.length > 0,
          face: () => (opens.length
            ? planner.el("div", { class: "pin" }, opens.map((k) => planner.chip(facts.services[k], true)))
            : planner.el("div", { class: "stand", style: { backgroundColor: facts.services[ui.service].colour } })),
        }];
      }));
    }

    /* Name and services of a place. */
    function choose(i) {
      const services = [...new Set([...places.opens[i], ...places.stands[i]])].map((k) => facts.services[k]);
      L.popup({ maxWidth: 300 }).setLatLng([places.lat[i], places.lon[i]]).setContent(planner.el("article", { class: "detail" },
        planner.el("p", { class: "eyebrow" }, translate(places.opens[i].length ? "opened_site" : "existing_facility")),
        planner.heading(places.name[i]), services.map((service) => planner.el("p", {}, planner.chip(service, true), " ", service.name)))).openOn(map);
    }

    const discAt = [];
    function discBoxes() {
      discs.boxes = discAt.map(([at, r]) => {
        const { x, y } = map.latLngToLayerPoint(at);
        return { left: x - r, right: x + r, top: y - r, bottom: y + r };
      });
    }
    map.on("zoomend viewreset", discBoxes);
    setLanguage(facts.language);
    refresh();
    phone = planner.bottomSheet();
    L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
    planner.sourcesControl(facts.publication.sources).addTo(map);
    north = planner.northArrow().addTo(map);
    L.control.zoom({ position: "topleft", zoomInTitle: translate("zoom_in"), zoomOutTitle: translate("zoom_out") }).addTo(map);
    map.invalidateSize();
    planner.fitFree(map, ground.focus);
    planner.map = map;
    document.body.dataset.ready = "true";
  };
})(window.planner);
