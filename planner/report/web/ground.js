/* Ground of the maps: green, water, buildings, walls, railways and streets, from the run's own layers. */
"use strict";

(function (planner) {
  /* the zooms from which buildings and walls can be told apart */
  const BUILDINGS_FROM = 12, WALLS_FROM = 15.5;

  /* Green beneath the communities; water, where nobody lives, above them, and buildings, so that shares are seen between the houses. */
  function ground(map, packed, perDegree) {
    const { colours } = packed, group = L.layerGroup();
    const below = L.canvas({ pane: planner.pane(map, "ground", 340, true), padding: 0.2 }), water = L.canvas({ pane: planner.pane(map, "water", 352, true), padding: 0.2 }), above = L.canvas({ pane: planner.pane(map, "buildings", 355, true), padding: 0.2 });
    const area = (kind, style) => packed.areas[kind] && L.polygon(planner.unpack(packed.areas[kind], perDegree), {
      interactive: false, stroke: false, fillColor: colours[kind], fillOpacity: 1, fillRule: "nonzero", smoothFactor: 0.7, ...style,
    });
    const line = (kind, style) => packed.lines[kind] && L.polyline(planner.unpack(packed.lines[kind], perDegree), {
      interactive: false, color: colours[kind], opacity: 1, smoothFactor: 0.7, ...style,
    });
    const fine = [[area("building", { renderer: above, fillOpacity: colours.buildingOpacity }), BUILDINGS_FROM], [line("wall", { renderer: above, weight: 1.2 }), WALLS_FROM]].filter(([layer]) => layer);
    const layers = [
      area("green", { renderer: below }), area("water", { renderer: water }), line("water", { renderer: water, weight: 2 }),
      line("railway", { renderer: above, weight: 3 }),
      packed.lines.railway && line("railway", { renderer: above, weight: 1.6, color: "#ffffff", dashArray: "7 7", lineCap: "butt" }),
    ];
    layers.filter(Boolean).forEach((layer) => group.addLayer(layer));
    function zoomed() {
      for (const [layer, from] of fine) {
        if (map.getZoom() >= from) group.addLayer(layer);
        else group.removeLayer(layer);
      }
    }
    map.on("zoomend", zoomed);
    zoomed();
    return group;
  }

  /* Weight in pixels at zoom 13 and the zoom from which a class is drawn at all: far away, only what gives orientation. */
  const STREET_STYLE = {
    path: { weight: 0.35, from: 15 },
    street: { weight: 0.85, from: 12.5 },
    main: { weight: 2.1, from: 0 },
  };
  /* edge of a street, and the least width at which its inside is drawn, in pixels */
  const EDGE = 0.6, LEAST = 2.4;

  /* White streets with dark edges: one of both stands out against every colour of the map. */
  function streets(map, packed, perDegree) {
    const renderer = L.canvas({ pane: planner.pane(map, "streets", 360, true), padding: 0.2 });
    const kinds = ["path", "street", "main"].filter((name) => packed[name].counts.length), { line, casing } = packed.colours;
    const lines = kinds.map((name) => planner.unpack(packed[name], perDegree));
    const drawn = (color) => lines.map((of) => L.polyline(of, { renderer, interactive: false, smoothFactor: 0.7, lineCap: "round", color, opacity: 1 }));
    const edges = drawn(casing), insides = drawn(line);
    const weigh = () => {
      const zoom = map.getZoom();
      kinds.forEach((name, i) => {
        const { weight, from } = STREET_STYLE[name], wide = Math.min(14, weight * 1.6 ** (zoom - 13)), shown = zoom >= from;
        edges[i].setStyle({ weight: wide < LEAST ? 0.5 * wide : wide, stroke: shown });
        insides[i].setStyle({ weight: Math.max(0.1, wide - 2 * EDGE), stroke: shown && wide >= LEAST });
      });
    };
    map.on("zoomend", weigh);
    weigh();
    return L.layerGroup([...edges, ...insides]);
  }

  /* One outline per community, and the part of it where people live, which carries the colour.
     choose(i, latlng) is called when a community is clicked. */
  function communities(map, ground, { choose, name = "communities", order = 350, hover = false }) {
    const renderer = L.canvas({ pane: planner.pane(map, name, order, false), padding: 0.3 });
    const shapes = planner.unpackShapes(ground.communities.shapes, ground.perDegree), built = planner.unpackShapes(ground.communities.built, ground.perDegree);
    const many = shapes.length > 300, border = { color: ground.base.colours.border, weight: many ? 0.6 : 1.3, opacity: many ? 0.6 : 1, dashArray: many ? null : "7 4" };
    const homes = built.map((rings) => L.polygon(rings, { renderer, interactive: false, stroke: false, fillOpacity: 0, fillColor: "#ffffff", smoothFactor: 0.6 }));
    const polygons = shapes.map((rings, i) =>
      L.polygon(rings, { renderer, ...border, fillOpacity: 0, fillColor: "#ffffff", smoothFactor: 0.6 })
        .on("click", (event) => {
          L.DomEvent.stopPropagation(event);
          choose(i, event.latlng);
        }));
    const marked = [], shown = [];
    const outlined = (i, on) => {
      polygons[i].setStyle(on ? { color: "#1d2a33", weight: 3, opacity: 1, dashArray: null } : border);
      if (on) polygons[i].bringToFront();
    };
    if (hover) polygons.forEach((polygon, i) => polygon.on("mouseover", () => outlined(i, true)).on("mouseout", () => outlined(i, false)));
    return {
      layer: L.layerGroup([...homes, ...polygons]), polygons, homes,
      /* of(i) → colour, or null: the ground is seen */
      colour(of) {
        homes.forEach((polygon, i) => {
          const colour = of(i);
          if (shown[i] === colour) return;
          shown[i] = colour;
          polygon.setStyle({ fillColor: colour || "#ffffff", fillOpacity: colour ? 1 : 0 });
        });
      },
      mark(of) {
        polygons.forEach((_, i) => {
          const on = of(i);
          if (on !== Boolean(marked[i])) outlined(i, on);
          marked[i] = on;
        });
      },
    };
  }

  Object.assign(planner, { ground, streets, communities });
})(window.planner);
