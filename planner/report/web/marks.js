/* Marks of places. Where marks would overlap, the less important ones are gathered into the more important one, which then
   carries their number; a click on it zooms in until they part. */
"use strict";

(function (planner) {
  /* side of the square that a mark may be touched in, and room around it, in pixels */
  const TARGET = 24, ROOM = 3;
  /* from this zoom on nothing is gathered */
  const NEAREST = 18;
  /* sides on which a pin may stand of its point, in the order in which they are tried */
  const SIDES = ["above", "below", "right", "left"];

  /* What stands between the entries of a list in the language of the page. */
  const listMark = () => Object.values(planner.locales).find((one) => one.tag === document.documentElement.lang).list;

  const overlaps = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

  /* Box of a mark of the size given around a point, on one of the sides. */
  function boxAt({ x, y }, { width, height, side }) {
    const wide = Math.max(width, TARGET), high = Math.max(height, TARGET), stem = 7;
    const middle = { x, y };
    if (side === "above") middle.y = y - stem - high / 2;
    else if (side === "below") middle.y = y + stem + high / 2;
    else if (side === "right") middle.x = x + stem + wide / 2;
    else if (side === "left") middle.x = x - stem - wide / 2;
    return { left: middle.x - wide / 2 - ROOM, right: middle.x + wide / 2 + ROOM, top: middle.y - high / 2 - ROOM, bottom: middle.y + high / 2 + ROOM };
  }

  /* choose(id) is called when a mark is clicked or entered. */
  function makeMarks(map, pane, order, choose) {
    planner.pane(map, pane, order, false);
    const known = new Map(), groups = {}, manager = { show, arrange, group, leave, boxes: [], arranged: () => {} };
    let waiting = false;

    /* The layer of a category, to be switched on and off. */
    function group(category) {
      groups[category] = groups[category] || L.layerGroup().on("add remove", arrangeSoon);
      return groups[category];
    }

    function show(items) {
      const asked = new Set(items.map((item) => item.id));
      for (const [id, mark] of known) {
        if (asked.has(id)) continue;
        group(mark.item.category).removeLayer(mark.marker);
        known.delete(id);
      }
      for (const item of items) put(item);
      arrangeSoon();
    }

    /* item: {id, category, lat, lon, rank, title, key, face(), pin}; drawn anew where its key differs. */
    function put(item) {
      const before = known.get(item.id);
      if (before && before.item.key === item.key) {
        before.item = item;
        return;
      }
      const face = planner.el("div", { class: "mark" }, item.face());
      const icon = L.divIcon({ className: "mark-anchor", html: face, iconSize: [0, 0] });
      if (before) {
        before.marker.setIcon(icon).setZIndexOffset(item.rank);
        Object.assign(before, { item, face });
        name(before, item.title);
      } else {
        const marker = L.marker([item.lat, item.lon], { pane, icon, zIndexOffset: item.rank, keyboard: true, riseOnHover: true });
        const mark = { item, marker, face, with: [] };
        marker.on("click keypress", (event) => {
          if (event.type === "keypress" && event.originalEvent.key !== "Enter") return;
          chosen(mark);
        });
        marker.on("add", () => name(mark, mark.item.title));
        known.set(item.id, mark);
        group(item.category).addLayer(marker);
      }
    }

    function name(mark, text) {
      const element = mark.marker.getElement();
      if (!element) return;
      element.setAttribute("role", "button");
      element.setAttribute("aria-label", text);
      element.title = text;
    }

    function chosen(mark) {
      const hidden = mark.with.length;
      if (!hidden || mark.item.pin) return choose(mark.item.id);
      const bounds = L.latLngBounds([mark, ...mark.with].map((one) => one.marker.getLatLng()));
      map.fitBounds(bounds.pad(0.3), { maxZoom: NEAREST, animate: false });
      if (map.getZoom() < map.getBoundsZoom(bounds)) map.setZoom(NEAREST, { animate: false });
      return null;
    }

    /* ---- what overlaps ---- */

    const drawnMarks = () => [...known.values()].filter((mark) => mark.marker._map);

    function arrange() {
      waiting = false;
      const marks = drawnMarks().sort((a, b) => b.item.rank - a.item.rank || (a.item.id < b.item.id ? -1 : 1));
      const apart = map.getZoom() >= NEAREST, placed = [];
      marks.forEach((mark) => gathered(mark, []));
      sizes(marks);
      for (const mark of marks) {
        const point = map.latLngToLayerPoint(mark.marker.getLatLng()), sides = mark.item.pin ? SIDES : ["on"];
        let box = null;
        for (const side of sides) {
          const tried = boxAt(point, { ...mark.size, side });
          if (apart && !mark.item.pin || !placed.some((other) => overlaps(other.box, tried))) {
            box = tried;
            turn(mark, side);
            break;
          }
        }
        if (box === null && mark.item.pin && apart) box = boxAt(point, { ...mark.size, side: "above" });
        if (box !== null) placed.push({ mark, box });
        else {
          const first = boxAt(point, { ...mark.size, side: sides[0] }), host = placed.find((other) => overlaps(other.box, first));
          host.mark.with.push(mark);
        }
      }
      const hosts = new Set(placed.map((one) => one.mark));
      marks.forEach((mark) => mark.marker.getElement().classList.toggle("mark-hidden", !hosts.has(mark)));
      placed.forEach(({ mark }) => gathered(mark, mark.with));
      const boxes = placed.map((one) => one.box), before = manager.boxes;
      manager.boxes = boxes;
      if (boxes.length !== before.length || boxes.some((of, i) => of.left !== before[i].left || of.top !== before[i].top || of.right !== before[i].right)) manager.arranged();
    }

    function arrangeSoon() {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => waiting && arrange());
    }

    /* Faces are measured together, so that the page is laid out once. */
    function sizes(marks) {
      for (const mark of marks) {
        const { offsetWidth, offsetHeight } = mark.face.firstChild;
        mark.size = { width: offsetWidth, height: offsetHeight };
      }
    }

    function turn(mark, side) {
      mark.face.dataset.side = side;
    }

    function gathered(mark, others) {
      if (!others.length) mark.with = [];
      mark.face.classList.toggle("mark-many", others.length > 0 && !mark.item.pin);
      const count = mark.face.querySelector(".mark-count");
      if (count) count.remove();
      if (!others.length) {
        name(mark, mark.item.title);
        return;
      }
      if (!mark.item.pin) mark.face.append(planner.el("b", { class: "mark-count" }, String(others.length + 1)));
      const names = [mark, ...others].slice(0, 4).map((one) => one.item.title).join(listMark());
      name(mark, planner.translate("gathered", { number: others.length + 1, names: others.length > 3 ? `${names} …` : names }));
    }

    /* Follow the map no longer. */
    function leave() {
      map.off("zoomend viewreset resize", arrange);
      waiting = false;
    }

    map.on("zoomend viewreset resize", arrange);
    return manager;
  }

  Object.assign(planner, { makeMarks, overlaps });
})(window.planner);
