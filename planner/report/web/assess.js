/* Assessment page: communities by people left out, facilities by their load, circles of one facility for two walkers. */
"use strict";

(function (planner) {
  const { el, translate, format, named, chip } = planner;
  const SHARES = [0.2, 0.4, 0.6, 0.8, 1], SMALLEST = 5, LARGEST = 17;

  planner.start = function (map) {
    const run = planner.data("planner-run"), ground = planner.data("planner-ground"), places = planner.data("planner-places");
    map.setMinZoom(8).setMaxZoom(19);
    const widest = (service) => service.minutes[service.minutes.length - 1];
    const state = { service: 0, minutes: widest(run.services[0]), measure: "homes", size: "load", place: null, every: false };
    const service = () => run.services[state.service];
    const cover = () => ground.cover[`${service().id} ${state.minutes}`];
    const figures = () => places.figures[`${service().id} ${service().walker} ${state.minutes}`];
    const limits = () => (state.measure === "share" ? SHARES : ground.limits[service().id]);

    function colour(i) {
      const { people, covered, balance } = cover();
      if (!(people[i] > 0) || state.measure === "homes") return null;
      if (state.measure === "balance") return diverging(run.palette, balance[i]);
      const left = people[i] - covered[i], byShare = state.measure === "share";
      return planner.colourOf(run.palette, limits(), byShare ? left / people[i] : left, byShare);
    }

    const show = (content, at) =>
      L.popup({ maxWidth: 460, autoPanPaddingTopLeft: [60, 24], autoPanPaddingBottomRight: [planner.mapControls.covered(card) + 18, belowFree()] }).setLatLng(at).setContent(content).openOn(map);
    /* height of what lies over the lower edge of the map: the circles of a facility */
    function belowFree() {
      const of = pair.card.getBoundingClientRect(), frame = map.getContainer().getBoundingClientRect();
      return 24 + (pair.card.checkVisibility() && of.top > frame.top && of.top < frame.bottom ? frame.bottom - of.top : 0);
    }
    const view = planner.keptView(map);
    planner.mapControls.escapes(map, view, () => pair.hide());
    const quarters = planner.communities(map, ground, { hover: true, choose: (i, at) => show(communityDetail(run, ground, i), at) });
    const homes = planner.makeHomes(map, run, () => ({ ...state, when: "before" }));
    const pair = planner.makePair(run, ground, places);
    const pane = planner.pane(map, "touch", 455, false), dots = facilityDots();
    const rings = L.layerGroup();
    const ringRenderer = L.svg({ pane: planner.pane(map, "circles", 400, true) });
    const layers = {
      existing_facilities: dots.layer,
      walking_circles: rings,
      homes: homes.layer,
      communities: quarters.layer,
      streets: planner.streets(map, ground.streets, ground.perDegree),
      ground: planner.ground(map, ground.base, ground.perDegree),
      map_names: planner.names(ground, quarters, [dots]),
    };
    Object.values(layers).forEach((layer) => map.addLayer(layer));

    /* ---- facilities, sized by what they carry ---- */

    function facilityDots() {
      const renderer = L.svg({ pane: planner.pane(map, "facilities", 450, false) });
      const dots = places.id.map((_, i) => i).filter((i) => places.role[i] === "facility").map((i) => {
        const dot = L.circleMarker([places.lat[i], places.lon[i]], { renderer, interactive: false, color: "#ffffff", weight: 1.6, fillOpacity: 0.92 });
        return Object.assign(dot, { place: i });
      });
      const hands = dots.map((dot) => touchable(dot));
      const drawn = { layer: L.layerGroup([...dots, ...hands]), update, boxes: [], arranged: () => {} };
      function boxes() {
        drawn.boxes = dots.filter((dot) => dot._map).map((dot) => {
          const { x, y } = map.latLngToLayerPoint(dot.getLatLng()), r = dot.getRadius() + 2;
          return { left: x - r, right: x + r, top: y - r, bottom: y + r };
        });
        drawn.arranged();
      }
      map.on("zoomend viewreset", boxes);
      function update() {
        const of = figures(), at = new Map(of ? of.place.map((place, k) => [place, k]) : []);
        const key = { load: "load", only: "people_only_here", overlap: "overlap_share" }[state.size];
        const most = Math.max(1e-9, ...(of ? of[key].map((value) => value || 0) : [0]));
        const rankOf = (dot) => (at.has(dot.place) ? of[key][at.get(dot.place)] || 0 : 0);
        for (const dot of [...dots].sort((one, other) => rankOf(other) - rankOf(one))) { // small ones lie on large ones
          const k = at.get(dot.place), offered = k !== undefined;
          const value = offered ? of[key][k] || 0 : 0;
          dot.setRadius(offered ? SMALLEST + (LARGEST - SMALLEST) * Math.sqrt(value / most) : 3.5);
          const idle = offered && of.idle[k] === true;
          dot.setStyle({
            fillColor: offered ? service().colour : "#8b98a1", color: state.place === dot.place ? "#1d2a33" : "#ffffff",
            weight: state.place === dot.place ? 3 : 1.6, fillOpacity: idle ? 0.35 : 0.92, dashArray: idle ? "3 3" : null,
          });
          if (offered && dot._map) dot.bringToFront();
        }
        boxes();
      }
      return drawn;
    }

    /* What is pressed by hand or key around a dot, however small it is. */
    function touchable(dot) {
      const icon = L.divIcon({ className: "mark-anchor", html: el("div", { class: "touch" }), iconSize: [0, 0] });
      const marker = L.marker(dot.getLatLng(), { pane: pane, icon, keyboard: true });
      marker.on("click keypress", (event) => (event.type === "click" || event.originalEvent.key === "Enter") && choose(dot.place));
      return marker.on("add", () => {
        const element = marker.getElement(), name = named(places.name[dot.place]);
        for (const [attribute, value] of Object.entries({ role: "button", "aria-label": name, title: name })) element.setAttribute(attribute, value);
      });
    }

    function choose(i) {
      if (!places.offers[i].includes(state.service)) change("service", places.offers[i][0]);
      state.place = i;
      dots.update();
      drawRings();
      if (service().id && figures().place.includes(i)) pair.show(i, state.service);
      show(facilityDetail(run, places, state, i), [places.lat[i], places.lon[i]]);
    }

    /* The chosen facility's circle for each walker, the first in a broken line. */
    function drawRings() {
      rings.clearLayers();
      if (state.place === null) return;
      pair.walkersFor(service()).forEach((walker, n, all) => {
        rings.addLayer(L.polygon(pair.ringsOf(state.place, walker, state.minutes), {
          renderer: ringRenderer, interactive: false, color: service().colour, weight: 2, dashArray: n < all.length - 1 ? "6 5" : null,
          fillColor: service().colour, fillOpacity: n < all.length - 1 ? 0.05 : 0.16,
        }));
      });
    }

    /* ---- legend ---- */

    const circlesAt = el("div", {}), key = el("div", { class: "ramp" }), title = el("p", { class: "ramp-title" });
    const card = el("aside", { id: "legend", class: "card over-map", "aria-label": translate("legend") },
      el("div", { class: "choices" },
        planner.choice(translate("service"), run.services.map((one, s) => [s, [chip(one, true), one.name]]), state.service, (s) => change("service", s)),
        circlesAt,
        planner.choice(translate("colour_by"), [["homes", translate("homes")], ["people", translate("by_people")], ["share", translate("by_share")], ["balance", translate("assess.by_balance")]], state.measure, (m) => change("measure", m)),
        planner.choice(translate("assess.size_by"), [["load", translate("assess.by_load")], ["only", translate("assess.by_only")], ["overlap", translate("assess.by_overlap")]], state.size, (m) => change("size", m))),
      title, key,
      el("div", { class: "toggles" }, Object.entries(layers).map(([name, layer]) => planner.toggle(map, name === "walking_circles" ? "assess.circles_key" : name, layer, planner.symbols[name === "existing_facilities" ? "sized_facilities" : name]()))),
      el("p", { class: "quiet hint" }, translate("assess.choose_facility")));
    L.DomEvent.disableClickPropagation(card);
    L.DomEvent.disableScrollPropagation(card);

    /* A facility chosen on the map may have changed the service. */
    function pressed() {
      for (const button of card.querySelectorAll(".choice:first-child button")) button.setAttribute("aria-pressed", String(button.dataset.value === String(state.service)));
    }

    function relabel() {
      pressed();
      circlesAt.replaceChildren(planner.choice(translate("circle"), service().minutes.map((m) => [m, translate("minutes_short", { minutes: m })]), state.minutes, (m) => change("minutes", m)));
      const words = { minutes: state.minutes, service: service().name }, balance = state.measure === "balance";
      title.replaceChildren(translate(balance ? "assess.balance_title" : "uncovered_in", words), " ", planner.labels(service()) || "");
      if (state.measure === "homes") {
        title.replaceChildren(translate("legend_homes", words), " ", planner.labels(service()) || "");
        const row = (name) => el("div", {}, el("i", { class: "symbol-dot", style: { backgroundColor: run.palette.homes[name] } }), translate(`homes_${name}`));
        key.replaceChildren(el("div", { class: "circle-key" }, ["reached", "left"].map(row), el("p", { class: "quiet hint" }, translate("homes_size"))));
        return;
      }
      const rows = balance ? divergingRows(run.palette) : planner.classes(run.palette, limits(), state.measure === "share");
      key.replaceChildren(...rows.map(([fill, text]) => el("div", {}, el("i", { style: { backgroundColor: fill } }), text)), el("p", { class: "quiet hint" }, translate("share_where")));
    }

    function draw() {
      quarters.colour(colour);
      homes.show(state.measure === "homes");
      dots.update();
    }

    function change(name, value) {
      state[name] = value;
      if (name === "service") {
        if (!service().minutes.includes(state.minutes)) state.minutes = widest(service());
        if (state.place !== null && !places.offers[state.place].includes(value)) {
          state.place = null;
          pair.hide();
          map.closePopup();
        } else if (state.place !== null) pair.show(state.place, value);
      }
      draw();
      drawRings();
      relabel();
      panel.update();
    }

    /* ---- the page ---- */

    const panel = planner.assessPanel(run, ground, places, state, (row) => {
      const to = row.proposal === "move" ? row.to : row.into;
      const here = L.latLng(places.lat[row.place], places.lon[row.place]), there = L.latLng(places.lat[to], places.lon[to]);
      view.box(L.latLngBounds([here, there]).pad(0.6));
      choose(row.place);
    });
    const frame = map.getContainer();
    frame.parentElement.prepend(panel.element);
    frame.parentElement.append(card, pair.card);
    planner.bottomSheet(() => run.name);
    const fit = (animate) => planner.fitFree(map, ground.focus, animate);
    planner.mapControls.furniture(map, run, fit);
    draw();
    relabel();
    map.invalidateSize();
    fit(false);
    planner.mapControls.print(map, ground.district, homes.layer);
    Object.assign(planner, { map, choose, state });
    document.body.dataset.ready = "true";
  };

  function diverging(palette, value) {
    const at = palette.divergingLimits.findIndex((limit) => value < limit);
    return palette.diverging[at < 0 ? palette.diverging.length - 1 : at];
  }

  function divergingRows(palette) {
    const bounds = [-1, ...palette.divergingLimits, 1], last = palette.diverging.length - 1;
    return palette.diverging.map((fill, i) => {
      const word = i === 0 ? "deficit" : i === last ? "surplus" : i === last / 2 ? "balanced" : null;
      return [fill, `${bounds[i]} … ${bounds[i + 1]}${word ? " · " + translate("assess." + word) : ""}`];
    });
  }

  const line = (label, value) => (value === null ? null : el("tr", {}, el("th", { scope: "row" }, label), el("td", {}, value)));

  function facilityDetail(run, places, state, i) {
    const service = run.services[state.service], of = places.figures[`${service.id} ${service.walker} ${state.minutes}`];
    const k = of ? of.place.indexOf(i) : -1;
    const facts = k < 0 ? [] : [
      line(translate("assess.people_within"), format.whole(of.people_within[k])),
      line(translate("assess.people_only_here"), format.whole(of.people_only_here[k])),
      line(translate("assess.overlap_share"), of.overlap_share[k] === null ? null : format.percent(of.overlap_share[k])),
      line(translate("assess.load"), format.whole(of.load[k])),
      line(translate("capacity"), of.capacity[k] === null ? translate("assess.capacity_unknown") : format.whole(of.capacity[k])),
      line(translate("utilisation"), of.utilisation[k] === null ? null
        : format.percent(of.utilisation[k]) + (of.idle[k] ? ` · ${translate("assess.idle_yes")}` : of.utilisation[k] > 1 ? ` · ${translate("assess.full")}` : "")),
      line(translate("id"), places.id[i]),
    ];
    return el("article", { class: "detail" },
      el("p", { class: "eyebrow" }, `${translate("existing_facility")} · ${service.name} · ${translate("minutes_short", { minutes: state.minutes })}`),
      planner.heading(places.name[i]),
      el("table", { class: "facts" }, el("tbody", {}, facts)));
  }

  function communityDetail(run, ground, i) {
    const compared = run.compare.length === 2;
    const heads = [translate("service"), "", translate("people"), ...(compared ? run.compare.map((walker) => run.walkers[walker].name) : [translate("assess.covered")]), translate("by_people"), translate("assess.covered_twice")];
    const lines = run.services.flatMap((service) => service.minutes.map((minutes, k) => {
      const of = ground.cover[`${service.id} ${minutes}`];
      const sides = compared ? run.compare.map((walker) => ground.compared[`${service.id} ${walker} ${minutes}`][i]) : [of.covered[i]];
      return el("tr", { class: k ? "" : "first" },
        el("th", { scope: "row" }, k ? "" : chip(service, true), k ? "" : service.name),
        el("td", {}, translate("minutes_short", { minutes })), el("td", {}, format.whole(of.people[i])),
        sides.map((covered) => el("td", {}, format.whole(covered))),
        el("td", {}, format.whole(of.people[i] - of.covered[i])), el("td", {}, format.whole(of.twice[i])));
    }));
    const walked = run.services.map((service) => el("p", {}, chip(service, true), " ", ground.walks[service.id][i]));
    return el("article", { class: "detail" },
      el("p", { class: "eyebrow" }, translate("community")), planner.heading(ground.communities.name[i]),
      el("table", { class: "figures" }, el("thead", {}, el("tr", {}, heads.map((text) => el(text ? "th" : "td", text ? { scope: "col" } : {}, text)))), el("tbody", {}, lines)),
      el("p", { class: "quiet" }, translate("assess.walks_title")), walked);
  }
})(window.planner);
