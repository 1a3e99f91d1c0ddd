/* Walking circles of one facility for two walkers, side by side at one scale. */
"use strict";

(function (planner) {
  const { el, svg, translate, format, named } = planner;
  const WIDE = 300, HIGH = 230, MARGIN = 8, M_PER_DEGREE = 111320;
  const FILL = [0.34, 0.2, 0.11];

  /* Metres east and north of a place, so that both panels share one scale. */
  function flat(lat0, lon0) {
    const shrink = Math.cos((lat0 * Math.PI) / 180);
    return ([lat, lon]) => [(lon - lon0) * shrink * M_PER_DEGREE, (lat - lat0) * M_PER_DEGREE];
  }

  function makePair(run, ground, places) {
    const shapes = planner.unpackShapes(places.circles.shapes, ground.perDegree);
    const lines = ["path", "street", "main"].map((name) => planner.unpack(ground.streets[name], ground.perDegree));
    const card = el("aside", { id: "pair", class: "card over-map", hidden: "", "aria-label": translate("walking_circles") });
    L.DomEvent.disableClickPropagation(card);
    L.DomEvent.disableScrollPropagation(card);

    const ringsOf = (place, walker, minutes) => {
      const k = places.circles.place.findIndex((p, i) =>
        p === place && places.circles.walker[i] === walker && places.circles.minutes[i] === minutes);
      return k < 0 ? [] : shapes[k];
    };
    const walkersFor = (service) => (run.compare.length ? run.compare : [service.walker]);

    function show(place, s) {
      const service = run.services[s], walkers = walkersFor(service);
      const metres = flat(places.lat[place], places.lon[place]);
      const all = walkers.flatMap((walker) => service.minutes.flatMap((m) => ringsOf(place, walker, m).flat().map(metres)));
      const fits = all.map(([x, y]) => Math.min((WIDE / 2 - MARGIN) / Math.max(1, Math.abs(x)), (HIGH / 2 - MARGIN) / Math.max(1, Math.abs(y))));
      const scale = Math.min(1, ...fits);
      const at = (point) => {
        const [x, y] = metres(point);
        return [WIDE / 2 + x * scale, HIGH / 2 - y * scale];
      };
      card.replaceChildren(
        el("header", {}, el("h3", {}, translate("assess.circles_of", { place: named(places.name[place]) })),
          el("button", { type: "button", class: "shut", "aria-label": translate("close"), onclick: () => hide() }, "×")),
        el("div", { class: "panels" }, walkers.map((walker) => panel(place, service, walker, at, scale))),
        el("p", { class: "quiet hint" }, translate("circles_note")));
      card.hidden = false;
    }

    function panel(place, service, walker, at, scale) {
      const drawing = svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": run.walkers[walker].name });
      drawing.append(svg("rect", { width: WIDE, height: HIGH, fill: "#eef1f2" }));
      lines.forEach((group, n) => drawing.append(svg("path", {
        d: group.map((line) => clipped(line.map(at))).join(""), fill: "none", stroke: "#ffffff", "stroke-width": [0.6, 1.1, 2][n],
      })));
      [...service.minutes].reverse().forEach((minutes) => {
        const n = Math.min(service.minutes.indexOf(minutes), FILL.length - 1);
        drawing.append(svg("path", {
          class: "ring", "data-minutes": minutes, d: ringsOf(place, walker, minutes).map((ring) => "M" + ring.map((p) => at(p).map((v) => v.toFixed(1)).join(",")).join("L") + "Z").join(""),
          fill: service.colour, "fill-opacity": FILL[n], "fill-rule": "evenodd", stroke: service.colour, "stroke-width": 1.2,
        }));
      });
      drawing.append(svg("circle", { cx: WIDE / 2, cy: HIGH / 2, r: 4, fill: "#1d2a33", stroke: "#ffffff", "stroke-width": 1.5 }));
      const metres = [1000, 500, 200, 100, 50, 20].find((length) => length * scale <= WIDE / 3) || 10, bar = metres * scale;
      drawing.append(svg("path", { d: `M10 ${HIGH - 10}h${bar.toFixed(1)}`, stroke: "#1d2a33", "stroke-width": 2 }),
        svg("text", { x: 10, y: HIGH - 15, "font-size": 11, fill: "#1d2a33" }, `${metres} m`));
      const counts = service.minutes.map((minutes) => {
        const figures = places.figures[`${service.id} ${walker} ${minutes}`];
        const within = figures.people_within[figures.place.indexOf(place)];
        return el("li", { "data-minutes": minutes }, translate("assess.within", { minutes, people: format.whole(within) }));
      });
      return el("figure", { "data-walker": walker },
        el("figcaption", {}, el("b", {}, run.walkers[walker].name), ` ${run.walkers[walker].speed} m/s`), drawing, el("ul", {}, counts));
    }

    /* A line as a path, left out where it lies wholly outside the panel. */
    function clipped(points) {
      const inside = points.some(([x, y]) => x > -20 && x < WIDE + 20 && y > -20 && y < HIGH + 20);
      return inside ? "M" + points.map((p) => p.map((v) => v.toFixed(1)).join(",")).join("L") : "";
    }

    function hide() {
      card.hidden = true;
      card.replaceChildren();
    }

    return { card, show, hide, ringsOf, walkersFor };
  }

  planner.makePair = makePair;
})(window.planner);
