/* Homes as dots, dissolved walking areas and people as sized circles: layers of the map page and the meeting page, and their prints. */
"use strict";

(function (planner) {
  /* Draw a layer anew in the next frame, once however often it is called. */
  function redrawNextFrame(layer) {
    if (layer._waiting) return;
    layer._waiting = true;
    requestAnimationFrame(() => {
      if (layer._waiting) layer.redraw();
    });
  }

  /* Bigger where more people live, and with the zoom; never so big that a street disappears. */
  function dotRadius(map, people) {
    const grow = 1.35 ** (map.getZoom() - 14);
    return Math.max(1.6, Math.min(8, (2.1 + 0.55 * Math.sqrt(people)) * grow));
  }

  /* Canvas of a layer, laid over the frame of the map; redrawn after every move. */
  const Dots = L.Layer.extend({
    /* lon, lat: millionths of a degree */
    initialize(lon, lat, pane) {
      this._pane = pane;
      this._n = lon.length;
      this._x = Float64Array.from(lon, (value) => value / 1e6 / 360 + 0.5);
      this._y = Float64Array.from(lat, (value) => 0.5 - Math.log(Math.tan(Math.PI / 4 + (value / 1e6) * (Math.PI / 360))) / (2 * Math.PI));
    },
    onAdd() {
      this._canvas = L.DomUtil.create("canvas", "leaflet-zoom-hide", this.getPane(this._pane));
      this.redraw();
    },
    onRemove() {
      this._canvas.remove();
      if (this._picture) this._picture.remove();
      this._picture = null;
    },
    getEvents() {
      return { moveend: this.redraw, resize: this.redraw };
    },
    /* On paper the dots are a picture: a canvas is not printed. */
    picture(on) {
      if (this._picture) this._picture.remove();
      this._picture = null;
      if (!this._map) return;
      this._canvas.hidden = false;
      if (!on) return;
      this.redraw();
      if (!this._paint) return;
      this._picture = L.DomUtil.create("img", "dots-picture", this.getPane(this._pane));
      this._picture.alt = "";
      this._picture.src = this._canvas.toDataURL();
      this._picture.style.width = this._canvas.style.width;
      this._picture.style.height = this._canvas.style.height;
      L.DomUtil.setPosition(this._picture, L.DomUtil.getPosition(this._canvas));
      this._canvas.hidden = true;
    },
    /* paint(i) → [colour, radius, rank] or null, higher ranks on top; nothing is drawn anew under the same key. */
    show(paint, key) {
      if (key === this._key) return;
      this._key = key;
      this._paint = paint;
      redrawNextFrame(this);
    },
    redraw() {
      this._waiting = false;
      if (!this._map) return;
      const map = this._map, size = map.getSize(), sharp = Math.max(1, window.devicePixelRatio || 1, planner.sharp || 1), canvas = this._canvas;
      canvas.width = size.x * sharp;
      canvas.height = size.y * sharp;
      canvas.style.width = `${size.x}px`;
      canvas.style.height = `${size.y}px`;
      L.DomUtil.setPosition(canvas, map.containerPointToLayerPoint([0, 0]));
      if (!this._paint) return;
      const world = 256 * 2 ** map.getZoom(), corner = map.project(map.containerPointToLatLng([0, 0]));
      const paths = new Map();
      for (let i = 0; i < this._n; i += 1) {
        const x = this._x[i] * world - corner.x, y = this._y[i] * world - corner.y;
        if (x < -8 || y < -8 || x > size.x + 8 || y > size.y + 8) continue;
        const dot = this._paint(i);
        if (dot === null) continue;
        const [colour, r, rank] = dot, of = `${rank || 0}|${colour}`;
        if (!paths.has(of)) paths.set(of, { colour, rank: rank || 0, path: new Path2D() });
        const { path } = paths.get(of);
        if (r < 1.6) path.rect(x - r, y - r, 2 * r, 2 * r);
        else {
          path.moveTo(x + r, y);
          path.arc(x, y, r, 0, 6.3);
        }
      }
      const context = canvas.getContext("2d");
      context.scale(sharp, sharp);
      for (const { colour, path } of [...paths.values()].sort((one, two) => one.rank - two.rank)) {
        context.fillStyle = colour;
        context.fill(path);
      }
    },
  });

  /* width of the line of an area and of the white on either side of it, in pixels */
  const LINE = 2.6, CASING = 1.4, TINT = 0.08;
  /* pockets of an area narrower than this are not outlined, in pixels */
  const POCKET = 14;
  const SVG = "http://www.w3.org/2000/svg";
  let areasMade = 0;

  /* Shapes drawn as one area: what lies inside any of them is cut out of the lines of all others, so that only the outline of the
     union is left. A solid line with a white casing, and a faint tint inside. */
  const Areas = L.Layer.extend({
    initialize(pane) {
      this._pane = pane;
      this._shapes = [];
      areasMade += 1;
      this._mask = `areas-${areasMade}`;
    },
    onAdd() {
      this._svg = document.createElementNS(SVG, "svg");
      this._svg.setAttribute("class", "areas leaflet-zoom-hide");
      this.getPane(this._pane).append(this._svg);
      this.redraw();
    },
    onRemove() {
      this._svg.remove();
    },
    getEvents() {
      return { moveend: this.redraw, resize: this.redraw };
    },
    /* shapes: [{rings: [[lat, lon], …] of a polygon} or {discs: [[lat, lon], …], radius_m}]; all with the same line. */
    show(shapes, colour, key) {
      if (key === this._key) return;
      Object.assign(this, { _shapes: shapes, _colour: colour, _key: key });
      redrawNextFrame(this);
    },
    redraw() {
      this._waiting = false;
      if (!this._map) return;
      const map = this._map, size = map.getSize(), svg = this._svg, { svg: el } = planner;
      L.DomUtil.setPosition(svg, map.containerPointToLayerPoint([0, 0]));
      svg.setAttribute("width", size.x);
      svg.setAttribute("height", size.y);
      const paths = this._shapes.map((shape) => (shape.rings ? outline(map, shape.rings) : discs(map, shape.discs, shape.radius_m)));
      if (!paths.length) {
        svg.replaceChildren();
        return;
      }
      const frame = { x: -50, y: -50, width: size.x + 100, height: size.y + 100 };
      const fills = (fill) => paths.map((d, k) => el("path", { d, fill, "fill-rule": this._shapes[k].rings ? "evenodd" : "nonzero" }));
      const all = this._shapes.map((shape, k) => (shape.rings ? outline(map, shape.rings, POCKET) : paths[k])).join(""), line = (stroke, width) => el("path", { d: all, fill: "none", stroke, "stroke-width": 2 * width, "stroke-linejoin": "round" });
      svg.replaceChildren(
        el("defs", {}, el("mask", { id: this._mask, maskUnits: "userSpaceOnUse", ...frame }, el("rect", { ...frame, fill: "#ffffff" }), fills("#000000"))),
        el("g", { opacity: TINT }, fills(this._colour)),
        el("g", { mask: `url(#${this._mask})`, class: "area-lines" }, line("#ffffff", LINE + 2 * CASING), line(this._colour, LINE + CASING), line("#ffffff", CASING)));
    },
  });

  /* The rings of a polygon as a path, those that are `least` pixels wide or high. */
  function outline(map, rings, least = 0) {
    return rings.map((ring) => {
      const points = ring.map((at) => map.latLngToContainerPoint(at)), x = points.map((at) => at.x), y = points.map((at) => at.y);
      const side = Math.max(Math.max(...x) - Math.min(...x), Math.max(...y) - Math.min(...y));
      return side < least ? "" : "M" + points.map((at) => `${at.x.toFixed(1)},${at.y.toFixed(1)}`).join("L") + "Z";
    }).join("");
  }

  function discs(map, centres, radius_m) {
    if (!centres.length) return "";
    const metre = 256 * 2 ** map.getZoom() / (40075016.7 * Math.cos((centres[0][0] * Math.PI) / 180)), r = (radius_m * metre).toFixed(1);
    return centres.map((at) => {
      const { x, y } = map.latLngToContainerPoint(at);
      return `M${(x - r).toFixed(1)},${y.toFixed(1)}a${r},${r} 0 1 0 ${(2 * r).toFixed(1)},0a${r},${r} 0 1 0 ${(-2 * r).toFixed(1)},0`;
    }).join("");
  }

  /* Dots of the homes of the service and circle looked at: look() → {service, minutes, when}. */
  function makeHomes(map, run, look) {
    const packed = planner.data("planner-homes"), { counts, steps, bytes } = planner.decode, { count } = packed, of = run.palette.homes;
    const dots = new planner.Dots(steps(packed.lon, count), steps(packed.lat, count), planner.pane(map, "homes", 420, true));
    const known = run.services.map((service) => ({ people: counts(packed.people[service.id], count, Int32Array), rings: packed.rings[service.id].map(bytes) }));
    return {
      layer: dots,
      show(on) {
        const { service, minutes, when } = look(), { people, rings: [before, after] } = known[service], circle = run.services[service].minutes.indexOf(minutes);
        dots.show(on ? (i) => {
          if (!people[i]) return null;
          const was = before[i] <= circle, is = when === "before" ? was : after[i] <= circle, r = planner.dotRadius(map, people[i]);
          if (is !== was) return [is ? of.gained : of.lost, r + 0.8, 2];
          return is ? [of.reached, r, 0] : [of.left, r, 1];
        } : null, on ? `${service} ${minutes} ${when}` : "none");
      },
    };
  }

  /* ---- people as circles whose area is their number ---- */

  /* radius of the largest circle in pixels: smaller where there are more communities than these, so that circles stay apart */
  const LARGEST = 30, SMALLER_FROM = 40, SMALLEST = 10;
  let largest = LARGEST;

  /* Circles of communities, each where its people live. */
  function sizedCircles(map, pane, { polygons, homes }) {
    const renderer = L.svg({ pane: planner.pane(map, pane, 415, true) });
    const middles = polygons.map((polygon, i) => [homes[i], polygon].find((one) => one.getBounds().isValid())).map((shape) => (shape ? planner.middleOf(shape) || shape.getBounds().getCenter() : null));
    largest = Math.max(SMALLEST, Math.min(LARGEST, LARGEST * Math.sqrt(SMALLER_FROM / Math.max(1, middles.length))));
    const group = L.layerGroup();
    return {
      layer: group,
      /* of(i) → [people, colour] or null; most: the number with the largest circle */
      show(of, most) {
        group.clearLayers();
        const shown = middles.map((at, i) => [at, at === null ? null : of(i)]).filter(([, found]) => found !== null && found[0] >= 0.5);
        shown.sort(([, one], [, other]) => other[0] - one[0]); // small ones lie on large ones
        shown.forEach(([at, found]) => {
          group.addLayer(L.circleMarker(at, { renderer, interactive: false, radius: circleRadius(found[0], most), color: "#ffffff", weight: 1.5, fillColor: found[1], fillOpacity: 0.85 }));
        });
      },
    };
  }

  const circleRadius = (people, most) => Math.max(2, largest * Math.sqrt(people / Math.max(1, most)));

  /* Three round numbers for the legend of sized circles, largest first. */
  function sizesOf(most) {
    const scale = 10 ** Math.floor(Math.log10(Math.max(1, most))), top = [5, 2, 1].find((step) => step * scale <= Math.max(1, most)) * scale;
    return [top, top / 2, top / 10].filter((value) => value >= 1);
  }

  function sizeKey(el, most, colour) {
    return el("div", { class: "size-key" }, sizesOf(most).map((people) => {
      const wide = `${2 * circleRadius(people, most)}px`;
      return el("div", {}, el("span", {}, el("i", { style: { width: wide, height: wide, backgroundColor: colour } })), planner.format.whole(people));
    }));
  }

  Object.assign(planner, { Dots, Areas, dotRadius, makeHomes, sizedCircles, sizeKey });
})(window.planner);
