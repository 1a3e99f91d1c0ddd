/* Markers of places: existing facilities as squares, candidates as rings, opened sites as numbered pins. */
"use strict";

(function (planner) {
  const { el, translate, format, named, chip } = planner;
  const INK = "#1d2a33";

  const Square = L.CircleMarker.extend({
    _updatePath() {
      const r = this._radius, x = this._point.x - r, y = this._point.y - r;
      this._renderer._setPath(this, `M${x},${y}h${2 * r}v${2 * r}h${-2 * r}z`);
    },
  });

  /* Symbols shrink when the whole district is seen at once. */
  function sized(map, layers, near) {
    const size = () => {
      const share = Math.min(1, Math.max(0.5, 0.5 + (map.getZoom() - 12) * 0.2));
      layers.forEach((layer) => layer.setRadius(near * share));
    };
    map.on("zoomend", size);
    size();
  }

  /* Facilities of the service looked at carry its colour; the others step back. */
  function facilities(map, places, services, detail) {
    const renderer = L.svg({ pane: planner.pane(map, "facilities", 450, false) });
    const squares = places.id
      .map((_, i) => i)
      .filter((i) => places.role[i] === "facility")
      .map((i) => {
        const square = new Square([places.lat[i], places.lon[i]], { renderer, radius: 6, color: "#ffffff", fillOpacity: 1 });
        square.offers = places.offers[i];
        return square.on("click", (event) => detail(i, event.latlng));
      });
    sized(map, squares, 6);
    function show(s) {
      for (const square of squares) {
        const offered = square.offers.includes(s);
        square.setStyle({ fillColor: offered ? services[s].colour : "#8b98a1", weight: offered ? 1.6 : 0.8, fillOpacity: offered ? 1 : 0.85 });
        if (offered && square._map) square.bringToFront();
      }
    }
    return { layer: L.layerGroup(squares), show };
  }

  function candidates(map, places, opened, detail) {
    const renderer = L.svg({ pane: planner.pane(map, "candidates", 440, false) });
    const rings = places.id
      .map((_, i) => i)
      .filter((i) => places.role[i] === "candidate" && !opened.has(i))
      .map((i) =>
        L.circleMarker([places.lat[i], places.lon[i]], {
          renderer, radius: 4.2, color: INK, weight: 1.2, fillColor: "#ffffff", fillOpacity: 0.95,
        }).on("click", (event) => detail(i, event.latlng)));
    sized(map, rings, 4.2);
    return L.layerGroup(rings);
  }

  /* The number of a site and its services: letters for few services, else a ring in their colours. */
  function pin(number, ofSite) {
    const made = el("div", { class: "pin" }, el("b", {}, String(number)), ofSite.map((service) => chip(service, true)));
    const turn = 360 / ofSite.length;
    const ring = ofSite.map((service, k) => `${service.colour} ${k * turn}deg ${(k + 1) * turn}deg`);
    made.style.setProperty("--ring", `conic-gradient(${ring.join(", ")})`);
    return made;
  }

  function sites(map, places, services, detail) {
    const pane = planner.pane(map, "sites", 640, false);
    const group = L.layerGroup();
    places.sites.forEach((site, n) => {
      const marker = L.marker([places.lat[site.place], places.lon[site.place]], {
        pane, riseOnHover: true, keyboard: true, alt: `${n + 1} ${named(places.name[site.place])}`,
        icon: L.divIcon({
          className: "pin-anchor", iconSize: [0, 0],
          html: pin(n + 1, site.services.map((s) => services[s])),
        }),
      });
      marker.on("click", (event) => detail(site.place, event.latlng));
      group.addLayer(marker);
    });
    function crowd() {
      const at = places.sites.map((site) => map.latLngToLayerPoint([places.lat[site.place], places.lon[site.place]]));
      const close = at.some((a, i) => at.some((b, j) => j > i && Math.abs(a.x - b.x) < 78 && Math.abs(a.y - b.y) < 28));
      map.getPane(pane).classList.toggle("crowded", close);
    }
    map.on("zoomend", crowd);
    crowd();
    return group;
  }

  function rows(pairs) {
    return el("table", { class: "facts" }, el("tbody", {},
      pairs.filter(([, value]) => value !== null).map(([label, value]) =>
        el("tr", {}, el("th", { scope: "row" }, label), el("td", {}, value)))));
  }

  function offered(title, services) {
    return services.length
      ? el("p", { class: "offered" }, el("span", { class: "quiet" }, title), services.map((service) =>
          el("span", { class: "offer" }, chip(service, true), service.name)))
      : null;
  }

  /* Popup of a place. */
  function placeDetail(run, places, i) {
    const { services, language } = run;
    const n = places.sites.findIndex((site) => site.place === i);
    const role = n >= 0 ? "opened_site" : places.role[i] === "facility" ? "existing_facility" : "candidate";
    const money = (value) => (value === null ? null : format.money(value, language));
    const site = places.sites[n];
    const facts = site
      ? [
          [translate("area_used"), `${format.square(site.area_m2)}` + (site.area_offered_m2 === null ? "" : ` / ${format.square(site.area_offered_m2)}`)],
          [translate("setup"), money(site.setup_cost)],
          [translate("fit_out"), money(site.fit_out_cost)],
          [translate("capital"), money(site.capital_cost)],
          [translate("yearly"), money(site.yearly_cost)],
        ]
      : [[translate("area_m2"), places.area_m2[i] === null ? null : format.square(places.area_m2[i])]];
    return el("article", { class: "detail" },
      el("p", { class: "eyebrow" }, (site ? `${n + 1} · ` : "") + translate(role)),
      el("h3", {}, named(places.name[i])),
      offered(translate("opened_site"), (site ? site.services : []).map((s) => services[s])),
      offered(translate("existing_facility"), places.offers[i].map((s) => services[s])),
      rows([
        [translate("kind"), places.kind[i] || null],
        [translate("storey"), places.role[i] === "facility" || places.storey[i] === null ? null : String(places.storey[i])],
        ...facts,
        [translate("ready_year"), places.ready_year[i] === null ? null : String(places.ready_year[i])],
        [translate("id"), places.id[i]],
      ]));
  }

  /* Popup of a community: people of each service and those inside its circles, before and after. */
  function communityDetail(run, ground, i) {
    const limited = run.services.some((service) => service.limited);
    const titles = [translate("service"), "", translate("people"), translate("today"), translate("with_plan"), translate("by_people"), limited ? translate("place_found") : null];
    const head = el("tr", {}, titles.filter((text) => text !== null).map((text) => el("th", { scope: "col" }, text)));
    const lines = run.services.flatMap((service) =>
      service.minutes.map((minutes, k) => {
        const figures = ground.cover[`${service.id} ${minutes}`];
        const [people, before, after] = [figures.people[i], figures.before[i], figures.after[i]];
        return el("tr", { class: k ? "" : "first" },
          el("th", { scope: "row" }, k ? "" : chip(service, true), k ? "" : service.name),
          el("td", {}, translate("minutes_short", { minutes })),
          el("td", {}, format.whole(people)),
          el("td", {}, format.whole(before)),
          el("td", { class: after > before ? "up" : "" }, format.whole(after)),
          el("td", {}, format.whole(people - after)),
          limited ? el("td", {}, service.limited ? `${format.whole(figures.servedBefore[i])} → ${format.whole(figures.servedAfter[i])}` : "") : null);
      }));
    return el("article", { class: "detail" },
      el("p", { class: "eyebrow" }, translate("community")),
      el("h3", {}, named(ground.communities.name[i])),
      el("table", { class: "figures" }, el("thead", {}, head), el("tbody", {}, lines)),
      run.services.map((service) => [service, planner.labels(service)]).filter(([, labels]) => labels !== null)
        .map(([service, labels]) => el("div", { class: "quiet" }, service.name, labels)));
  }

  Object.assign(planner, { Square, facilities, candidates, sites, pin, placeDetail, communityDetail });
})(window.planner);
