/* Base map: decoded shapes, streets, communities, names, scale and north arrow. */
"use strict";

(function (planner) {
  const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const VALUE = new Uint8Array(128);
  for (let i = 0; i < 64; i += 1) VALUE[ALPHABET.charCodeAt(i)] = i;

  /* Lines of [lat, lon] from the text that planner/report/packing.py wrote. */
  function unpack(packed, perDegree) {
    const text = packed.points;
    let at = 0, lon = 0, lat = 0;
    function step() {
      let number = 0, shift = 0, digit;
      do {
        digit = VALUE[text.charCodeAt(at++)];
        number += (digit & 31) * 2 ** shift;
        shift += 5;
      } while (digit >= 32);
      return number % 2 ? -(number + 1) / 2 : number / 2;
    }
    return packed.counts.map((count) => {
      const line = new Array(count);
      for (let i = 0; i < count; i += 1) {
        lon += step();
        lat += step();
        line[i] = [lat / perDegree, lon / perDegree];
      }
      return line;
    });
  }

  /* The rings of each feature: [[ring, ring, …], …]; filled by the even-odd rule. */
  function unpackShapes(packed, perDegree) {
    const rings = unpack(packed, perDegree);
    let at = 0;
    return packed.rings.map((count) => rings.slice(at, (at += count)));
  }

  function pane(map, name, order, deaf) {
    const made = map.createPane(name);
    made.style.zIndex = order;
    if (deaf) made.classList.add("deaf");
    return name;
  }

  /* Weight in pixels at zoom 13 and the zoom from which a class is drawn at all: far away, only what gives orientation. */
  const STREET_STYLE = {
    path: { weight: 0.3, opacity: 0.8, from: 14, color: "#b4bec4" },
    street: { weight: 0.45, opacity: 0.85, from: 12.5, color: "#b4bec4" },
    main: { weight: 1.2, opacity: 1, from: 0, color: "#7f8d95" },
  };

  function streets(map, packed, perDegree) {
    const renderer = L.canvas({ pane: pane(map, "streets", 360, true), padding: 0.2 });
    const kinds = ["path", "street", "main"].filter((name) => packed[name].counts.length);
    const layers = kinds.map((name) =>
      L.polyline(unpack(packed[name], perDegree), {
        renderer, interactive: false, smoothFactor: 0.7, lineCap: "round", color: STREET_STYLE[name].color,
      })
    );
    const weigh = () => {
      const zoom = map.getZoom();
      kinds.forEach((name, i) => {
        const { weight, opacity, from } = STREET_STYLE[name];
        layers[i].setStyle({ weight: Math.min(9, weight * 1.6 ** (zoom - 13)), stroke: zoom >= from, opacity });
      });
    };
    map.on("zoomend", weigh);
    weigh();
    return L.layerGroup(layers);
  }

  /* One polygon per community; colour(i) gives its fill, onclick(i, latlng) is called when it is clicked. */
  function communities(map, ground, colour, onclick) {
    const renderer = L.canvas({ pane: pane(map, "communities", 350, false), padding: 0.2 });
    const shapes = unpackShapes(ground.communities.shapes, ground.perDegree);
    const border = { color: "#8a979f", weight: shapes.length > 300 ? 0.5 : 0.9, opacity: shapes.length > 300 ? 0.45 : 0.8 };
    const polygons = shapes.map((rings, i) =>
      L.polygon(rings, {
        renderer, ...border, fillOpacity: 1, fillColor: colour(i), smoothFactor: 0.5,
      })
    );
    polygons.forEach((polygon, i) => {
      polygon.on("click", (event) => onclick(i, event.latlng));
      polygon.on("mouseover", () => polygon.setStyle({ color: "#1d2a33", weight: 2.2, opacity: 1 }).bringToFront());
      polygon.on("mouseout", () => polygon.setStyle(border));
    });
    return {
      layer: L.layerGroup(polygons),
      polygons,
      recolour: () => polygons.forEach((polygon, i) => polygon.setStyle({ fillColor: colour(i) })),
    };
  }

  /* Names of communities that are large enough on the map. */
  function names(map, polygons, texts) {
    const where = pane(map, "names", 620, true);
    const group = L.layerGroup();
    const boxes = polygons.map((polygon) => polygon.getBounds());
    function place() {
      group.clearLayers();
      if (!map.hasLayer(group)) return;
      const shown = map.getBounds().pad(0.1);
      boxes.forEach((box, i) => {
        const text = texts[i].trim();
        if (!text || !box.isValid() || !shown.intersects(box)) return;
        const left = map.latLngToLayerPoint(box.getNorthWest()), right = map.latLngToLayerPoint(box.getSouthEast());
        const wide = text.replace(/[^\u2e80-\uffff]/g, "").length * 13 + text.length * 6.6;
        if (right.x - left.x < wide || right.y - left.y < 24 || wide > 260) return;
        const label = planner.el("span", { class: "community-name" }, text);
        group.addLayer(
          L.marker(middleOf(polygons[i]) || box.getCenter(), {
            pane: where, interactive: false, keyboard: false,
            icon: L.divIcon({ className: "label-anchor", html: label, iconSize: [0, 0] }),
          })
        );
      });
    }
    map.on("moveend", place);
    group.on("add", place);
    return group;
  }

  /* A point well inside the widest part of a polygon: the middle of its longest crossing at half height. */
  function middleOf(polygon) {
    const rings = polygon.getLatLngs();
    const box = polygon.getBounds();
    let best = null, widest = 0;
    for (const share of [0.5, 0.4, 0.6, 0.3, 0.7]) {
      const lat = box.getSouth() + share * (box.getNorth() - box.getSouth());
      const crossings = [];
      for (const ring of rings) {
        for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
          const a = ring[i], b = ring[j];
          if ((a.lat > lat) !== (b.lat > lat)) crossings.push(a.lng + ((lat - a.lat) / (b.lat - a.lat)) * (b.lng - a.lng));
        }
      }
      crossings.sort((a, b) => a - b);
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        const wide = crossings[i + 1] - crossings[i];
        if (wide > widest * 1.15) {
          widest = wide;
          best = [lat, (crossings[i] + crossings[i + 1]) / 2];
        }
      }
    }
    return best;
  }

  function northArrow() {
    const Arrow = L.Control.extend({
      onAdd() {
        const { el, svg, translate } = planner;
        return el("div", { class: "north", role: "img", "aria-label": translate("north") },
          svg("svg", { viewBox: "0 0 24 34", width: 24, height: 34 },
            svg("path", { d: "M12 1 L21 32 L12 25 Z", fill: "#1d2a33" }),
            svg("path", { d: "M12 1 L3 32 L12 25 Z", fill: "#ffffff", stroke: "#1d2a33", "stroke-width": 1, "stroke-linejoin": "round" })),
          el("span", {}, translate("north")));
      },
    });
    return new Arrow({ position: "bottomleft" });
  }

  /* Draw in lines what is drawn on canvases, and return what undoes it: a canvas that changed size for a sheet of paper comes
     out of Chromium's printer as a white rectangle (the style sheet hides it). */
  function inLines(map) {
    const drawn = [], lines = new Map();
    map.eachLayer((layer) => layer instanceof L.Path && layer.options.renderer instanceof L.Canvas && drawn.push(layer));
    redraw(map, drawn, (canvas) => {
      if (!lines.has(canvas)) lines.set(canvas, Object.assign(L.svg({ pane: canvas.options.pane, padding: 0.2 }), { canvas }));
      return lines.get(canvas);
    });
    return () => {
      redraw(map, drawn, (renderer) => renderer.canvas);
      for (const renderer of lines.values()) renderer.remove();
    };
  }

  function redraw(map, layers, renderer) {
    for (const layer of layers) {
      layer.remove();
      layer.options.renderer = renderer(layer.options.renderer);
    }
    for (const layer of layers) layer.addTo(map);
  }

  /* The view of the map while places are clicked: what lies outside is brought in at the same scale, and back() returns to where the
     clicks began, unless the map was moved by hand since. */
  function keptView(map) {
    let before = null, after = null;
    const at = () => ({ centre: map.getCenter(), zoom: map.getZoom() });
    const same = (one, two) => one.zoom === two.zoom && map.project(one.centre).distanceTo(map.project(two.centre)) < 2;
    function moving(move) {
      if (before === null || !same(at(), after)) before = at();
      move();
      after = at();
    }
    return {
      /* bring a point into the frame, `margin` pixels from its edge */
      point(where, margin = 60) {
        moving(() => {
          if (!map.getBounds().contains(where)) map.panTo(where, { animate: false });
          else map.panInside(where, { padding: [margin, margin], animate: false });
        });
      },
      /* bring a box into the frame, at a smaller scale only where it does not fit */
      box(bounds) {
        moving(() => {
          if (map.getBounds().contains(bounds)) return;
          const zoom = Math.min(map.getZoom(), map.getBoundsZoom(bounds, false, L.point(60, 60)));
          map.setView(bounds.getCenter(), zoom, { animate: false });
        });
      },
      back() {
        if (before !== null && same(at(), after)) map.setView(before.centre, before.zoom, { animate: false });
        before = after = null;
      },
    };
  }

  Object.assign(planner, { keptView, middleOf, inLines, unpack, unpackShapes, pane, streets, communities, names, northArrow });
})(window.planner);
