/* Legend whose entries switch the layers of the map. */
"use strict";

(function (planner) {
  const { el, svg, translate, format, chip } = planner;

  /* A row of buttons of which one is pressed. */
  function choice(label, options, chosen, choose) {
    const buttons = options.map(([value, face]) =>
      el("button", {
        type: "button", "data-value": value, "aria-pressed": String(value === chosen),
        onclick: () => {
          buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.value === String(value))));
          choose(value);
        },
      }, face));
    return el("div", { class: "choice", role: "group", "aria-label": label }, el("span", { class: "quiet" }, label), el("div", { class: "options" }, buttons));
  }

  function toggle(map, key, layer, symbol) {
    const box = el("input", {
      type: "checkbox", "data-layer": key,
      onchange: () => (box.checked ? map.addLayer(layer) : map.removeLayer(layer)),
    });
    box.checked = map.hasLayer(layer);
    return el("label", { class: "toggle" }, box, symbol, el("span", {}, translate(key)));
  }

  const drawn = (...shapes) => svg("svg", { viewBox: "0 0 22 14", width: 22, height: 14, "aria-hidden": "true" }, shapes);
  const symbols = {
    communities: () => drawn(svg("rect", { x: 1, y: 1, width: 20, height: 12, fill: "#f4f4f0", stroke: "#5b6b75" })),
    streets: () => drawn(svg("rect", { x: 0, y: 0, width: 22, height: 14, fill: "#d3dade" }), svg("path", { d: "M0 10 L22 4", stroke: "#ffffff", "stroke-width": 3 })),
    existing_facilities: () => drawn(svg("rect", { x: 6, y: 2, width: 10, height: 10, fill: "#3d4f5c", stroke: "#ffffff" })),
    sized_facilities: () => drawn(svg("circle", { cx: 6, cy: 7, r: 3.4, fill: "#0b5ea8", stroke: "#ffffff" }), svg("circle", { cx: 15, cy: 7, r: 6, fill: "#0b5ea8", stroke: "#ffffff" })),
    candidates: () => drawn(svg("circle", { cx: 11, cy: 7, r: 4, fill: "#ffffff", stroke: "#1d2a33", "stroke-width": 1.4 })),
    opened_sites: () => drawn(svg("rect", { x: 1, y: 1, width: 20, height: 12, rx: 6, fill: "#1d2a33" }), svg("circle", { cx: 15, cy: 7, r: 3.5, fill: "#ffffff" })),
    walking_circles: () => drawn(svg("rect", { x: 2, y: 2, width: 18, height: 10, rx: 5, fill: "none", stroke: "#1d2a33", "stroke-width": 2.4 })),
    homes: () => drawn(svg("circle", { cx: 6, cy: 7, r: 3, fill: "#6fa3cf" }), svg("circle", { cx: 15, cy: 7, r: 3, fill: "#cc4a1a" })),
    ground: () => drawn(svg("rect", { x: 0, y: 0, width: 22, height: 14, fill: "#d8e6cf" }), svg("path", { d: "M0 9 Q7 5 12 10 T22 9 V14 H0 Z", fill: "#b4d0e2" }), svg("rect", { x: 12, y: 2, width: 7, height: 4.5, fill: "#b9b8b4" })),
    map_names: () => el("span", { class: "symbol-text", "aria-hidden": "true" }, "Aa"),
  };

  /* Classes of the ramp for the limits given, lightest first: [colour, text]. */
  function classes(palette, limits, byShare) {
    const rows = [[palette.ramp[0], byShare ? "0 %" : "0"]];
    let below = 0;
    limits.forEach((limit, i) => {
      const colour = ramp(palette, i, limits.length);
      rows.push([colour, byShare ? `${Math.round(below * 100)}–${Math.round(limit * 100)} %` : format.span(below ? below + 1 : 1, limit)]);
      below = limit;
    });
    return rows;
  }

  /* Few classes still run through the whole ramp. */
  function ramp(palette, i, count) {
    const last = palette.ramp.length - 1;
    return palette.ramp[count >= last ? i + 1 : Math.round(1 + (i + 1) * (last - 1) / count)];
  }

  function colourOf(palette, limits, value, byShare) {
    if (byShare ? value <= 0 : value < 0.499999) return palette.ramp[0];
    const at = limits.findIndex((limit) => (byShare ? value : Math.floor(value + 0.5)) <= limit);
    return ramp(palette, at < 0 ? limits.length - 1 : at, limits.length);
  }

  /* state: {service, minutes, when, measure}; change(name, value) is called on every press. */
  function legend(map, run, layers, state, mostOf, change) {
    const circlesAt = el("div", {});
    const key = el("div", { class: "ramp" });
    const title = el("p", { class: "ramp-title" });
    const card = el("aside", { id: "legend", class: "card over-map", "aria-label": translate("legend") },
      el("div", { class: "choices" },
        choice(translate("service"), run.services.map((service, s) => [s, [chip(service, true), service.name]]), state.service, (s) => change("service", s)),
        circlesAt,
        choice(translate("when"), [["before", translate("today")], ["after", translate("with_plan")]], state.when, (w) => change("when", w)),
        choice(translate("colour_by"), [["homes", translate("homes")], ["people", translate("by_people")], ["share", translate("by_share")]], state.measure, (m) => change("measure", m))),
      title, key,
      el("div", { class: "toggles" }, Object.entries(layers).map(([name, layer]) => toggle(map, name, layer, symbols[name]()))),
      el("p", { class: "quiet hint" }, translate("circles_note")));
    L.DomEvent.disableClickPropagation(card);
    L.DomEvent.disableScrollPropagation(card);

    function update() {
      const service = run.services[state.service];
      circlesAt.replaceChildren(choice(translate("circle"), service.minutes.map((m) => [m, translate("minutes_short", { minutes: m })]), state.minutes, (m) => change("minutes", m)));
      title.replaceChildren(translate(state.measure === "homes" ? "legend_homes" : "uncovered_in", { minutes: state.minutes, service: service.name }), " ", planner.labels(service) || "");
      key.replaceChildren(...rowsOf(service));
    }
    /* What the marks of the measure looked at mean. */
    function rowsOf(service) {
      const { homes } = run.palette, area = el("div", {}, el("i", { class: "symbol-area", style: { borderColor: service.outline } }), translate("area_line", { minutes: state.minutes }));
      if (state.measure === "people") return [el("div", { class: "circle-key" }, planner.sizeKey(el, mostOf(), homes.left), area)];
      if (state.measure === "homes") {
        const rows = state.when === "before" ? ["reached", "left"] : ["reached", "gained", "left"];
        return [el("div", { class: "circle-key" }, rows.map((name) => el("div", {}, el("i", { class: "symbol-dot", style: { backgroundColor: homes[name] } }), translate(`homes_${name}`))), area, el("p", { class: "quiet hint" }, translate("homes_size")))];
      }
      const shares = classes(run.palette, [0.2, 0.4, 0.6, 0.8, 1], true);
      return [...shares.map(([colour, text]) => el("div", {}, el("i", { style: { backgroundColor: colour } }), text)), area, el("p", { class: "quiet hint" }, translate("share_where"))];
    }
    update();
    return { card, update };
  }

  Object.assign(planner, { choice, toggle, symbols, classes, legend, colourOf });
})(window.planner);
