/* Names on the map: communities, water and main roads, placed so that no name lies on a mark, on a control or on another name. */
"use strict";

(function (planner) {
  const SIZES = { community: 13, water: 12, road: 11 };
  const WEIGHTS = { community: 650, water: 500, road: 600 };
  const STEP = 12, FAR = 170, STRAIGHT = 5, MARGIN = 2;
  const SVG = "http://www.w3.org/2000/svg";
  let pen = null;

  function widthOf(text, kind) {
    pen = pen || document.createElement("canvas").getContext("2d");
    pen.font = `${WEIGHTS[kind]} ${SIZES[kind]}px ${getComputedStyle(document.body).fontFamily}`;
    return pen.measureText(text).width + 2;
  }

  const box = (x, y, wide, high) => ({ left: x - wide / 2 - MARGIN, right: x + wide / 2 + MARGIN, top: y - high / 2 - MARGIN, bottom: y + high / 2 + MARGIN });

  /* Squares along a turned name stand for it. */
  function squares(x, y, wide, high, angle) {
    const count = Math.max(1, Math.ceil(wide / high)), step = wide / count;
    return Array.from({ length: count }, (_, i) => {
      const along = (i - (count - 1) / 2) * step;
      return box(x + along * Math.cos(angle), y + along * Math.sin(angle), Math.max(step, high), high);
    });
  }

  /* Boxes by the cells of a grid that they touch, so that a name is held against those near it alone. */
  function boxIndex(boxes) {
    const CELL = 64, cells = new Map();
    const each = (of, visit) => {
      for (let x = Math.floor(of.left / CELL); x <= Math.floor(of.right / CELL); x += 1) {
        for (let y = Math.floor(of.top / CELL); y <= Math.floor(of.bottom / CELL); y += 1) if (visit(`${x} ${y}`)) return true;
      }
      return false;
    };
    const index = {
      add: (of) => each(of, (key) => {
        if (!cells.has(key)) cells.set(key, []);
        cells.get(key).push(of);
      }),
      touches: (of) => each(of, (key) => (cells.get(key) || []).some((other) => planner.overlaps(of, other))),
    };
    boxes.forEach(index.add);
    return index;
  }

  const Labels = L.Layer.extend({
    /* communities: [{text, polygon, homes}] or [{text, at}], roads: [{text, line}], waters: [{text, points}]; marks: those of planner.makeMarks */
    initialize({ communities, roads, waters }, marks, order = 610) {
      Object.assign(this, { _communities: communities, _roads: roads, _waters: waters, _marks: marks, _order: order });
    },
    onAdd(map) {
      planner.pane(map, "names", this._order, true);
      this._svg = planner.svg("svg", { class: "map-names leaflet-zoom-hide", "aria-hidden": "true" });
      this.getPane("names").append(this._svg);
      this.redraw();
    },
    onRemove() {
      this._svg.remove();
    },
    getEvents() {
      return { moveend: this.redraw, resize: this.redraw };
    },
    redraw() {
      const map = this._map;
      if (!map) return;
      for (const marks of this._marks) marks.arranged = () => this.redraw();
      const size = map.getSize(), svg = this._svg, corner = map.containerPointToLayerPoint([0, 0]);
      L.DomUtil.setPosition(svg, corner);
      svg.setAttribute("width", size.x);
      svg.setAttribute("height", size.y);
      const frame = { left: 4, top: 4, right: size.x - 4, bottom: size.y - 4 };
      const near = (of) => of.right > 0 && of.left < size.x && of.bottom > 0 && of.top < size.y;
      const taken = boxIndex([...this._marks.flatMap((marks) => marks.boxes).map((of) => ({
        left: of.left - corner.x, right: of.right - corner.x, top: of.top - corner.y, bottom: of.bottom - corner.y,
      })), ...covers(map)].filter(near));
      const free = (boxes) => boxes.every((of) => of.left >= frame.left && of.right <= frame.right && of.top >= frame.top && of.bottom <= frame.bottom && !taken.touches(of));
      const put = (kind, text, { x, y, angle = 0, boxes }) => {
        boxes.forEach(taken.add);
        const turned = angle ? `rotate(${((angle * 180) / Math.PI).toFixed(1)} ${x.toFixed(1)} ${y.toFixed(1)})` : null;
        const made = document.createElementNS(SVG, "text");
        for (const [name, value] of Object.entries({ class: `name-${kind}`, x: x.toFixed(1), y: y.toFixed(1), "font-size": SIZES[kind], "font-weight": WEIGHTS[kind], transform: turned })) if (value !== null) made.setAttribute(name, value);
        made.textContent = text;
        return made;
      };
      const names = [];
      for (const { text, polygon, homes, at: point } of this._communities) {
        const at = point ? beside(map, point, widthOf(text, "community"), SIZES.community + 3, free) : spot(map, polygon, homes, widthOf(text, "community"), SIZES.community + 3, free);
        if (at) names.push(put("community", text, at));
      }
      for (const { text, points } of this._waters) {
        const at = points.map((point) => map.latLngToContainerPoint(point)).map(({ x, y }) => ({ x, y, boxes: [box(x, y, widthOf(text, "water"), SIZES.water + 3)] }));
        const found = map.getZoom() >= 11.5 && at.find(({ boxes }) => free(boxes));
        if (found) names.push(put("water", text, found));
      }
      const said = new Set();
      for (const { text, line } of this._roads) {
        if (said.has(text) || map.getZoom() < 12.5) continue;
        const at = along(map, line, size, widthOf(text, "road"), SIZES.road + 2, free);
        if (!at) continue;
        said.add(text);
        names.push(put("road", text, at));
      }
      svg.replaceChildren(...names);
    },
  });

  /* What lies over the map and hides it: controls, legend, panels, in pixels of the map. */
  function covers(map) {
    const frame = map.getContainer().getBoundingClientRect();
    return [...document.querySelectorAll(".leaflet-control, .over-map")].filter((element) => element.checkVisibility()).map((element) => {
      const of = element.getBoundingClientRect();
      return { left: of.left - frame.left - 3, right: of.right - frame.left + 3, top: of.top - frame.top - 3, bottom: of.bottom - frame.top + 3 };
    });
  }

  /* The free place nearest to the middle of a community's homes at which a name fits, its middle inside the community. */
  function spot(map, polygon, homes, wide, high, free) {
    const bounds = polygon.getBounds();
    if (!bounds.isValid()) return null;
    const low = map.latLngToContainerPoint(bounds.getSouthWest()), up = map.latLngToContainerPoint(bounds.getNorthEast());
    if (up.x - low.x < 0.7 * wide || low.y - up.y < high || wide > 260) return null;
    const rings = polygon.getLatLngs().map((ring) => ring.map((at) => map.latLngToContainerPoint(at)));
    const middle = map.latLngToContainerPoint(planner.middleOf(homes.getBounds().isValid() ? homes : polygon) || bounds.getCenter());
    for (const [dx, dy] of OFFSETS) {
      const x = middle.x + dx, y = middle.y + dy, boxes = [box(x, y, wide, high)];
      if ((dx || dy) && !inside(rings, x, y)) continue;
      if (free(boxes)) return { x, y, boxes };
    }
    return null;
  }

  /* The free place nearest to a point, not far from it. */
  function beside(map, point, wide, high, free) {
    const { x, y } = map.latLngToContainerPoint(point), near = OFFSETS.filter(([dx, dy]) => Math.abs(dx) < wide && Math.abs(dy) < 40);
    const found = near.map(([dx, dy]) => ({ x: x + dx, y: y + dy, boxes: [box(x + dx, y + dy, wide, high)] }));
    return wide > 260 ? null : found.find(({ boxes }) => free(boxes));
  }

  /* Steps from the middle, nearest first; sideways is farther. */
  const OFFSETS = [];
  for (let dx = -FAR; dx <= FAR; dx += STEP) for (let dy = -FAR; dy <= FAR; dy += STEP) OFFSETS.push([dx + FAR % STEP, dy + FAR % STEP]);
  OFFSETS.push([0, 0]);
  OFFSETS.sort((a, b) => Math.hypot(a[0] * 1.2, a[1]) - Math.hypot(b[0] * 1.2, b[1]));

  function inside(rings, x, y) {
    let odd = false;
    for (const ring of rings) for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const a = ring[i], b = ring[j];
      if (a.y > y !== b.y > y && x < a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x)) odd = !odd;
    }
    return odd;
  }

  /* A stretch of a line that is straight for the length of a name, in the frame and free. */
  function along(map, line, size, wide, high, free) {
    const points = line.map((at) => map.latLngToContainerPoint(at));
    for (let i = 0; i + 1 < points.length; i += 1) {
      const a = points[i];
      if (a.x < -wide || a.y < -wide || a.x > size.x + wide || a.y > size.y + wide) continue;
      let j = i + 1;
      while (j < points.length && Math.hypot(points[j].x - a.x, points[j].y - a.y) < wide + 6) j += 1;
      if (j === points.length) break;
      const b = points[j], long = Math.hypot(b.x - a.x, b.y - a.y);
      const bent = points.slice(i + 1, j).some((p) => Math.abs((b.x - a.x) * (a.y - p.y) - (a.x - p.x) * (b.y - a.y)) / long > STRAIGHT);
      if (bent) continue;
      let angle = Math.atan2(b.y - a.y, b.x - a.x);
      if (Math.abs(angle) > Math.PI / 2) angle += angle > 0 ? -Math.PI : Math.PI;
      for (let share = (wide / 2 + 3) / long; share <= 1 - wide / 2 / long; share += Math.max(0.05, 30 / long)) {
        const x = a.x + share * (b.x - a.x), y = a.y + share * (b.y - a.y), boxes = squares(x, y, wide, high, angle);
        if (free(boxes)) return { x, y, angle, boxes };
      }
    }
    return null;
  }

  const baseNames = ({ base, perDegree }) => {
    const lines = planner.unpack(base.roads.lines, perDegree);
    return { roads: base.roads.name.map((text, i) => ({ text, line: lines[i] })), waters: base.waters.map(([text, ...points]) => ({ text, points })) };
  };

  /* The names of a page: communities that have one, named water and main roads. */
  function names(ground, { polygons, homes }, marks) {
    const { communities } = ground;
    const large = polygons.map((polygon, i) => ({ text: communities.name[i].trim() === communities.id[i] ? "" : communities.name[i].trim(), polygon, homes: homes[i], box: polygon.getBounds() }))
      .filter(({ text, box: of }) => text && of.isValid())
      .sort((a, b) => spread(b.box) - spread(a.box));
    return new Labels({ communities: large, ...baseNames(ground) }, marks);
  }

  const spread = (of) => (of.getNorth() - of.getSouth()) * (of.getEast() - of.getWest());

  Object.assign(planner, { Labels, names, baseNames });
})(window.planner);
