/* Base map: decoded shapes, panes, north arrow, the view and what is fitted into it. */
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

  /* Who the layers of a map are by, in its corner. */
  function sourcesControl(sources) {
    const Sources = L.Control.extend({
      onAdd: () => planner.el("div", { class: "leaflet-control-attribution" }, [...sources, "Leaflet"].join(" · ")),
    });
    return new Sources({ position: "bottomright" });
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

    /* ---- the part of the map that nothing lies over ---- */

  /* pixels left free around what is fitted: for controls at the edges */
  const AROUND = { left: 30, right: 24, top: 24, bottom: 40 };

  /* Fit bounds into the part of the map that cards leave free: each card is passed on the side that leaves the larger scale. */
  function fitFree(map, bounds, animate = false) {
    const frame = map.getContainer().getBoundingClientRect();
    let ways = [AROUND];
    for (const card of document.querySelectorAll(".over-map")) {
      const of = card.getBoundingClientRect();
      if (!card.checkVisibility() || of.right <= frame.left || of.left >= frame.right || of.bottom <= frame.top || of.top >= frame.bottom) continue;
      const past = { left: of.right - frame.left, right: frame.right - of.left, top: of.bottom - frame.top, bottom: frame.bottom - of.top };
      ways = ways.flatMap((way) => Object.entries(past).map(([side, wide]) => ({ ...way, [side]: Math.max(way[side], wide + 12) })));
    }
    const zoom = ({ left, right, top, bottom }) => (left + right < frame.width - 40 && top + bottom < frame.height - 40 ? map.getBoundsZoom(bounds, false, L.point(left + right, top + bottom)) : -1);
    const { left, right, top, bottom } = ways.reduce((best, way) => (zoom(way) > zoom(best) ? way : best));
    map.fitBounds(bounds, { paddingTopLeft: [left, top], paddingBottomRight: [right, bottom], animate });
  }

  Object.assign(planner, { fitFree, keptView, middleOf, inLines, sourcesControl, unpack, unpackShapes, pane, northArrow });
})(window.planner);
