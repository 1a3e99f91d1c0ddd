/* Map of the meeting page: communities by colour, demand points, places as markers, and a second view under a swipe. */
"use strict";

(function (planner) {
  const { el, translate } = planner;
  const INK = "#1d2a33";

  /* ---- colours: warm where people are left out, blue where a choice gains, orange where it loses ---- */

  const GAIN = ["#e3eef7", "#b5d4ea", "#7fb3d8", "#3f89bf", "#0b5e9b"];
  const LOSS = ["#fbe6d3", "#f7c79c", "#ee9c5c", "#d66d22", "#9c4406"];
  const SHARES = [0.2, 0.4, 0.6, 0.8, 1];

  function colours(store) {
    const { ui, facts, problem } = store;
    const { ramp, empty } = facts.palette;
    const limits = ui.measure === "share" ? SHARES : facts.limits[problem.services[ui.service].id];
    const rank = (value) => {
      const at = limits.findIndex((limit) => value <= limit + 1e-9);
      return at < 0 ? limits.length - 1 : at;
    };
    /* few classes still run through the whole ramp */
    const pick = (list, i) => list[limits.length >= list.length ? i : Math.round(((i + 1) * list.length) / limits.length) - 1];
    const least = ui.measure === "share" ? 1e-9 : 0.5;
    return {
      limits,
      of(view, part) {
        const now = store.partFigures(view === "change" ? "room" : view, ui.service, 0, part, ui.circle);
        if (!(now.people > 0)) return empty;
        const scale = ui.measure === "share" ? now.people : 1;
        if (view !== "change") {
          const left = (now.people - now.covered) / scale;
          return left < least ? ramp[0] : pick(ramp.slice(1), rank(left));
        }
        const then = store.partFigures(store.reference(), ui.service, 0, part, ui.circle);
        const change = (now.covered - then.covered) / scale;
        if (Math.abs(change) < least) return "#fbfbf9";
        return pick(change > 0 ? GAIN : LOSS, rank(Math.abs(change)));
      },
      rows(view) {
        const text = (i) => {
          const below = i ? limits[i - 1] : 0;
          if (ui.measure === "share") return `${Math.round(below * 100)}–${Math.round(limits[i] * 100)} %`;
          return planner.format.span(below ? below + 1 : 1, limits[i]);
        };
        if (view !== "change") {
          const none = [[ramp[0], ui.measure === "share" ? "0 %" : "0"]];
          return [...none, ...limits.map((_, i) => [pick(ramp.slice(1), i), text(i)]), [empty, translate("nobody_lives")]];
        }
        const losses = limits.map((_, i) => [pick(LOSS, i), `−${text(i)}`]).reverse();
        return [...losses, ["#fbfbf9", translate("meeting.unchanged")], ...limits.map((_, i) => [pick(GAIN, i), `+${text(i)}`]), [empty, translate("nobody_lives")]];
      },
    };
  }

  const HOMES = { reached: "#2f7fc1", left: "#b5431b", gained: "#0b5e9b", lost_homes: "#c4540c" };

  /* ---- communities ---- */

  function communities(map, name, order, shapes, choose) {
    const renderer = L.canvas({ pane: planner.pane(map, name, order, false), padding: 0.3 });
    const polygons = shapes.map((rings, i) =>
      L.polygon(rings, { renderer, color: "#5b6b75", weight: 0.7, opacity: 0.7, fillOpacity: 1, fillColor: "#ffffff", smoothFactor: 0.6 })
        .on("click", (event) => {
          L.DomEvent.stopPropagation(event);
          choose(i);
        }));
    const group = L.layerGroup(polygons);
    const shown = [];
    return {
      group, polygons,
      colour(of) {
        polygons.forEach((polygon, i) => {
          const fillColor = of(i);
          if (shown[i] !== fillColor) polygon.setStyle({ fillColor });
          shown[i] = fillColor;
        });
      },
      mark(of) {
        polygons.forEach((polygon, i) => {
          const marked = of(i);
          if (marked === Boolean(polygon.marked)) return;
          polygon.marked = marked;
          polygon.setStyle(marked ? { color: INK, weight: 3, opacity: 1 } : { color: "#5b6b75", weight: 0.7, opacity: 0.7 });
          if (marked) polygon.bringToFront();
        });
      },
    };
  }

  /* ---- homes ---- */

  /* Canvas layer of dots, redrawn after every move of the map. */
  const Dots = L.Layer.extend({
    initialize(problem, pane) {
      this._pane = pane;
      this._n = problem.n;
      this._x = new Float64Array(problem.n);
      this._y = new Float64Array(problem.n);
      const at = L.point(0, 0);
      for (let i = 0; i < problem.n; i += 1) {
        const lat = (problem.lat[i] / 1e6) * (Math.PI / 180);
        at.x = problem.lon[i] / 1e6 / 360 + 0.5;
        at.y = 0.5 - Math.log(Math.tan(Math.PI / 4 + lat / 2)) / (2 * Math.PI);
        this._x[i] = at.x;
        this._y[i] = at.y;
      }
    },
    onAdd() {
      this._canvas = L.DomUtil.create("canvas", "leaflet-zoom-hide", this.getPane(this._pane));
      this.redraw();
    },
    onRemove() {
      this._canvas.remove();
    },
    getEvents() {
      return { moveend: this.redraw, resize: this.redraw };
    },
    /* On paper the dots are a picture: a canvas is not printed. */
    picture(on) {
      if (this._picture) this._picture.remove();
      this._picture = null;
      this._key = undefined;
      if (!on || !this._paint) return;
      this._picture = L.DomUtil.create("img", "dots-picture", this.getPane(this._pane));
      this._picture.alt = "";
      this._picture.src = this._canvas.toDataURL();
      this._picture.style.width = this._canvas.style.width;
      this._picture.style.height = this._canvas.style.height;
      L.DomUtil.setPosition(this._picture, L.DomUtil.getPosition(this._canvas));
      this._canvas.hidden = true;
    },
    /* paint(i) → [colour, radius] or null; nothing is drawn anew under the same key */
    show(paint, key) {
      if (key === this._key) return;
      this._key = key;
      this._paint = paint;
      this.redraw();
    },
    redraw() {
      if (!this._map) return;
      this._canvas.hidden = false;
      const map = this._map, size = map.getSize(), sharp = Math.max(1, window.devicePixelRatio || 1, planner.sharp || 1);
      const canvas = this._canvas;
      canvas.width = size.x * sharp;
      canvas.height = size.y * sharp;
      canvas.style.width = `${size.x}px`;
      canvas.style.height = `${size.y}px`;
      L.DomUtil.setPosition(canvas, map.containerPointToLayerPoint([0, 0]));
      if (!this._paint) return;
      const world = 256 * 2 ** map.getZoom();
      const corner = map.project(map.containerPointToLatLng([0, 0]));
      const context = canvas.getContext("2d");
      context.scale(sharp, sharp);
      for (let i = 0; i < this._n; i += 1) {
        const x = this._x[i] * world - corner.x, y = this._y[i] * world - corner.y;
        if (x < -8 || y < -8 || x > size.x + 8 || y > size.y + 8) continue;
        const dot = this._paint(i);
        if (dot === null) continue;
        const r = dot[1];
        context.fillStyle = dot[0];
        if (r < 1.6) context.fillRect(x - r, y - r, 2 * r, 2 * r);
        else {
          context.beginPath();
          context.arc(x, y, r, 0, 6.3);
          context.fill();
        }
      }
    },
  });

  /* Bigger where more people live, and with the zoom; never so big that a street disappears. */
  function dotRadius(map, people) {
    const grow = 1.35 ** (map.getZoom() - 14);
    return Math.max(0.9, Math.min(7, (0.9 + 0.45 * Math.sqrt(people)) * grow));
  }

  /* ---- places ---- */

  /* What stands where under a choice: {site → {standing, fresh, planned}}. */
  function marks(store, name) {
    const { offers } = store.problem;
    const planned = new Set(store.counted("plan").chosen.filter((offer) => !offers.stands[offer]).map((offer) => offers.site[offer]));
    const open = store.openAt(name);
    const found = [];
    store.places.id.forEach((_, site) => {
      const here = (open.get(site) || []);
      const fresh = here.filter((offer) => !offers.stands[offer]).map((offer) => offers.service[offer]);
      const standing = here.filter((offer) => offers.stands[offer]).map((offer) => offers.service[offer]);
      const could = store.servicesAt[site].fresh.has(store.ui.service);
      found.push({ site, fresh, standing, planned: planned.has(site), could, was: store.servicesAt[site].standing.size > 0 });
    });
    return found;
  }

  function face(store, mark, view, touched) {
    const { services } = store.facts;
    if (mark.fresh.length) {
      const news = view === "room" && !mark.planned;
      const chips = mark.fresh.sort((a, b) => a - b).map((k) => planner.chip(services[k], true));
      return el("div", { class: `pin${news ? " pin-new" : ""}${touched ? " pin-touched" : ""}` }, chips);
    }
    if (mark.was) {
      const stood = [...store.servicesAt[mark.site].standing];
      const colour = stood.length === 1 ? services[stood[0]].colour : INK;
      const closed = !mark.standing.length;
      return el("div", { class: closed ? "stand stand-closed" : "stand", style: { backgroundColor: closed ? "#ffffff" : colour, borderColor: closed ? colour : "#ffffff" } });
    }
    if (mark.planned && view === "room") return el("div", { class: "ghost", title: translate("meeting.closed_by_room") }, "×");
    return el("div", { class: `may${mark.could ? "" : " may-not"}${touched ? " may-touched" : ""}` });
  }

  function placeMarkers(map, pane, store, choose) {
    planner.pane(map, pane, pane === "places" ? 640 : 641, false);
    const group = L.layerGroup();
    const made = new Map();
    return {
      group,
      show(view) {
        const touched = new Set([...store.state().forced.values()].map((one) => one.site));
        for (const mark of marks(store, view)) {
          const hit = view === "room" && touched.has(mark.site);
          const key = [mark.fresh, mark.standing, mark.planned, mark.could, hit, store.facts.language].join("|");
          const before = made.get(mark.site);
          if (before && before.key === key) continue;
          const front = mark.fresh.length ? 900 : mark.planned ? 600 : mark.was ? 300 : 0;
          const icon = L.divIcon({ className: "mark-anchor", html: face(store, mark, view, hit), iconSize: [0, 0] });
          const title = store.placeName(mark.site);
          if (before) {
            before.key = key;
            before.marker.setIcon(icon).setZIndexOffset(front);
          } else {
            const marker = L.marker([store.places.lat[mark.site], store.places.lon[mark.site]], {
              pane, icon, zIndexOffset: front, keyboard: false, title, alt: title,
            }).on("click", () => choose(mark.site));
            made.set(mark.site, { key, marker });
            group.addLayer(marker);
          }
        }
      },
    };
  }

  /* ---- the map ---- */

  function makeMeetingMap(map, store, ground, choosePlace, choosePart) {
    const shapes = planner.unpackShapes(ground.communities.shapes, ground.perDegree);
    const right = communities(map, "communities", 350, shapes, choosePart);
    let left = null;
    const streets = planner.streets(map, ground.streets, ground.perDegree);
    planner.pane(map, "dots", 420, true);
    const dots = new Dots(store.problem, "dots");
    const now = placeMarkers(map, "places", store, choosePlace);
    let then = null;
    [right.group, streets, dots, now.group].forEach((layer) => map.addLayer(layer));
    const names = planner.names(map, right.polygons, ground.communities.name.map((name, i) => (name === ground.communities.id[i] ? "" : name)));
    map.addLayer(names);
    const chosen = L.marker([0, 0], { pane: planner.pane(map, "chosen", 630, true), interactive: false, keyboard: false, icon: L.divIcon({ className: "mark-anchor", html: el("div", { class: "chosen-place" }), iconSize: [0, 0] }) });
    const ringPane = planner.pane(map, "rings", 400, true);
    const ringRenderer = L.svg({ pane: ringPane });
    const rings = L.layerGroup().addTo(map);
    const drawn = planner.unpackShapes(ground.circles.shapes, ground.perDegree);
    const squares = planner.squaresLayer(map, store, ground);
    const view = planner.keptView(map);
    const swipe = makeSwipe(map, () => {
      if (left) clip();
    });

    const viewed = () => (store.ui.compare ? "room" : store.ui.view);
    const countedView = () => (viewed() === "change" ? "room" : viewed());

    function clip() {
      const size = map.getSize(), at = swipe.share() * size.x;
      const corner = map.containerPointToLayerPoint([0, 0]), end = map.containerPointToLayerPoint(size);
      const middle = corner.x + at;
      map.getPane("communitiesThen").style.clip = `rect(${corner.y}px,${middle}px,${end.y}px,${corner.x}px)`;
      map.getPane("placesThen").style.clip = `rect(${corner.y}px,${middle}px,${end.y}px,${corner.x}px)`;
      for (const pane of ["communities", "places"]) map.getPane(pane).style.clip = `rect(${corner.y}px,${end.x}px,${end.y}px,${middle}px)`;
    }
    map.on("move zoomend resize", () => left && clip());

    function compare() {
      if (store.ui.compare && !left) {
        left = communities(map, "communitiesThen", 351, shapes, choosePart);
        then = placeMarkers(map, "placesThen", store, choosePlace);
        map.addLayer(left.group);
        map.addLayer(then.group);
        swipe.show(true);
      } else if (!store.ui.compare && left) {
        map.removeLayer(left.group);
        map.removeLayer(then.group);
        map.getPane("communitiesThen").remove();
        map.getPane("placesThen").remove();
        delete map._panes.communitiesThen;
        delete map._panes.placesThen;
        left = null;
        then = null;
        for (const pane of ["communities", "places"]) map.getPane(pane).style.clip = "";
        swipe.show(false);
      }
    }

    /* Demand points: inside the circles of the chosen place, or reached and left out; communities are then drawn paler. */
    function showDots() {
      const { ui, problem, facts } = store;
      const { people } = problem.services[ui.service];
      const homes = ui.place !== null || (ui.measure === "homes" && !ui.compare);
      map.getContainer().classList.toggle("homes", homes);
      if (!homes) dots.show(null, "none");
      else if (ui.place !== null) {
        const inside = ringsOf(ui.place);
        const shades = planner.shades(facts.services[ui.service].colour, problem.services[ui.service].cutoffs_s.length);
        dots.show((i) => (people[i] > 0 ? (inside.has(i) ? [shades[inside.get(i)], 1.2 * dotRadius(map, people[i]) + 0.8] : ["#aab3b9", dotRadius(map, people[i]) * 0.5]) : null),
          `place ${ui.place} ${ui.service} ${store.walkerOf(ui.service)}`);
      } else {
        const { ring, key } = store.counted(countedView()).rings[ui.service];
        const then = viewed() === "change" ? store.counted(store.reference()).rings[ui.service] : null;
        dots.show((i) => {
          if (!(people[i] > 0)) return null;
          const now = ring[i] <= ui.circle;
          if (then === null) return [now ? HOMES.reached : HOMES.left, dotRadius(map, people[i])];
          const was = then.ring[i] <= ui.circle;
          return now === was ? ["#b4bcc1", dotRadius(map, people[i]) * 0.6] : [now ? HOMES.gained : HOMES.lost_homes, dotRadius(map, people[i]) + 0.6];
        }, `homes ${ui.circle} ${key} ${then === null ? "" : then.key}`);
      }
    }

    /* Demand point → circle of the place it lies in, for the service looked at. */
    function ringsOf(place) {
      const { ui, problem } = store, service = problem.services[ui.service];
      const walker = problem.walkers[store.walkerOf(ui.service)];
      const ringOf = planner.evaluation.circleOfTimeClass(problem, ui.service, store.walkerOf(ui.service)), inside = new Map();
      for (let p = walker.starts[place]; p < walker.starts[place + 1]; p += 1) {
        const ring = ringOf[walker.timeClass[p]];
        if (ring < service.cutoffs_s.length) inside.set(walker.demand[p], ring);
      }
      return inside;
    }

    /* Whether the run drew the circles of a place for who walks to the service looked at. */
    const outlined = (place) => ground.circles.place.some((id, k) => id === store.places.id[place] && ground.circles.walker[k] === store.walkerOf(store.ui.service));

    /* The drawn circles of a place, where the run drew them. */
    function showRings() {
      const { ui, facts, problem } = store;
      rings.clearLayers();
      if (ui.place === null) return;
      const id = store.places.id[ui.place], walker = store.walkerOf(ui.service), colour = facts.services[ui.service].colour;
      ground.circles.place.forEach((place, k) => {
        const rank = problem.services[ui.service].cutoffs_s.indexOf(60 * ground.circles.minutes[k]);
        if (place !== id || ground.circles.walker[k] !== walker || rank < 0) return;
        rings.addLayer(L.polygon(drawn[k], {
          renderer: ringRenderer, interactive: false, color: colour, weight: 1.6, dashArray: [null, "7 4", "2 4"][rank] || "1 5",
          fillColor: colour, fillOpacity: 0.05, smoothFactor: 0.5,
        }));
      });
    }

    return {
      dots, swipe,
      refresh() {
        compare();
        const shade = colours(store);
        right.colour((i) => shade.of(viewed(), i));
        if (left) left.colour((i) => shade.of(store.ui.compare, i));
        const { level, part } = store.ui;
        const marked = (i) => part !== null && store.parts.levels[level].ofCommunity[i] === part;
        right.mark(marked);
        if (left) left.mark(marked);
        showDots();
        showRings();
        squares.show();
        now.show(countedView());
        if (store.ui.place === null) chosen.remove();
        else chosen.setLatLng([store.places.lat[store.ui.place], store.places.lon[store.ui.place]]).addTo(map);
        if (left) {
          then.show(store.ui.compare);
          clip();
        }
      },
      legend: () => colours(store).rows(viewed()),
      goTo: (site) => view.point([store.places.lat[site], store.places.lon[site]]),
      goBack: () => view.back(),
      outlined,
      goToSquare: (square) => view.box(squares.boundsOf(square)),
      goToPart(level, part) {
        const bounds = L.latLngBounds([]);
        right.polygons.forEach((polygon, i) => {
          if (store.parts.levels[level].ofCommunity[i] === part && polygon.getBounds().isValid()) bounds.extend(polygon.getBounds());
        });
        if (bounds.isValid()) view.box(bounds);
      },
    };
  }

  /* Swipe bar between two views: by mouse, touch or arrow keys. */
  function makeSwipe(map, moved) {
    let share = 0.5;
    const bar = el("div", { class: "swipe", role: "slider", tabindex: "0", "aria-valuemin": "0", "aria-valuemax": "100" },
      el("span", { class: "swipe-grip", "aria-hidden": "true" }, "⟺"));
    const labels = [el("div", { class: "swipe-label swipe-then" }), el("div", { class: "swipe-label swipe-now" })];
    const frame = map.getContainer();
    frame.append(bar, ...labels);
    L.DomEvent.disableClickPropagation(bar);
    function place() {
      bar.style.left = `${share * 100}%`;
      bar.setAttribute("aria-valuenow", String(Math.round(share * 100)));
    }
    function to(value) {
      share = Math.max(0.02, Math.min(0.98, value));
      place();
      moved();
    }
    bar.addEventListener("pointerdown", (event) => {
      bar.setPointerCapture(event.pointerId);
      event.preventDefault();
      event.stopPropagation();
    });
    bar.addEventListener("pointermove", (event) => {
      if (!bar.hasPointerCapture(event.pointerId)) return;
      const box = frame.getBoundingClientRect();
      to((event.clientX - box.left) / box.width);
    });
    bar.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -0.02, ArrowRight: 0.02, PageDown: -0.1, PageUp: 0.1 }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      to(share + by);
    });
    bar.hidden = labels[0].hidden = labels[1].hidden = true;
    place();
    return {
      share: () => share,
      to,
      show(on) {
        bar.hidden = labels[0].hidden = labels[1].hidden = !on;
      },
      label(then, now) {
        labels[0].textContent = then;
        labels[1].textContent = now;
        bar.setAttribute("aria-label", `${then} / ${now}`);
      },
    };
  }

  Object.assign(planner, { makeMeetingMap, colours, gainColours: GAIN, lossColours: LOSS, homes: { colours: HOMES } });
})(window.planner);
