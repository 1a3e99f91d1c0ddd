/* Map of the meeting page: communities by colour, demand points, places as markers, and a second view under a swipe. */
"use strict";

(function (planner) {
  const { el, translate } = planner;
  const INK = "#1d2a33";

  /* ---- colours: warm where people are left out, blue where a choice gains, orange where it loses ---- */

  const GAIN = ["#e3eef7", "#b5d4ea", "#7fb3d8", "#3f89bf", "#0b5e9b"];
  const LOSS = ["#fbe6d3", "#f7c79c", "#ee9c5c", "#d66d22", "#9c4406"];
  const UNCHANGED = "#fbfbf9";
  const SHARES = [0.2, 0.4, 0.6, 0.8, 1];

  /* Communities carry colour for shares alone, where people live; under homes and sized circles the ground is seen. */
  function colours(store) {
    const { ui } = store, { ramp } = store.facts.palette;
    const rank = (value) => Math.min(SHARES.findIndex((limit) => value <= limit + 1e-9) >>> 0, SHARES.length - 1);
    const text = (i) => `${Math.round((i ? SHARES[i - 1] : 0) * 100)}–${Math.round(SHARES[i] * 100)} %`;
    return {
      of(view, part) {
        const now = store.partFigures(view === "change" ? "room" : view, ui.service, 0, part, ui.circle);
        if (ui.measure !== "share" || !(now.people > 0)) return null;
        if (view !== "change") {
          const left = (now.people - now.covered) / now.people;
          return left < 1e-9 ? ramp[0] : ramp[1 + rank(left)];
        }
        const then = store.partFigures(store.reference(), ui.service, 0, part, ui.circle);
        const change = (now.covered - then.covered) / now.people;
        if (Math.abs(change) < 1e-9) return UNCHANGED;
        return (change > 0 ? GAIN : LOSS)[rank(Math.abs(change))];
      },
      rows(view) {
        if (view !== "change") return [[ramp[0], "0 %"], ...SHARES.map((_, i) => [ramp[1 + i], text(i)])];
        const losses = SHARES.map((_, i) => [LOSS[i], `−${text(i)}`]).reverse();
        return [...losses, [UNCHANGED, translate("meeting.unchanged")], ...SHARES.map((_, i) => [GAIN[i], `+${text(i)}`])];
      },
    };
  }

  /* ---- homes and people ---- */

  /* The class of every home in a view: [colour, radius, rank] of its dot, under a key. */
  function homesOf(store, map, view) {
    const { ui, problem, facts } = store, { people } = problem.services[ui.service], of = facts.palette.homes;
    const now = store.counted(view === "change" ? "room" : view).rings[ui.service];
    const then = store.counted(view === "change" ? store.reference() : "today").rings[ui.service];
    return {
      key: `homes ${view} ${ui.service} ${ui.circle} ${now.key} ${then.key}`,
      paint(i) {
        if (!(people[i] > 0)) return null;
        const is = now.ring[i] <= ui.circle, was = then.ring[i] <= ui.circle, r = planner.dotRadius(map, people[i]);
        if (is !== was) return [is ? of.gained : of.lost, r + 0.8, 2];
        if (view === "change") return ["#b4bcc1", r * 0.6, 0];
        return is ? [of.reached, r, 0] : [of.left, r, 1];
      },
    };
  }

  /* People of every community for sized circles: left out in a view, or gained and lost by the change. */
  function peopleOf(store, view) {
    const { ui, facts } = store, { homes } = facts.palette;
    return (part) => {
      const now = store.partFigures(view === "change" ? "room" : view, ui.service, 0, part, ui.circle);
      if (view !== "change") return [now.people - now.covered, homes.left];
      const change = now.covered - store.partFigures(store.reference(), ui.service, 0, part, ui.circle).covered;
      return [Math.abs(change), change > 0 ? homes.gained : homes.lost];
    };
  }

  /* The most people left out of a community today or in any view, so that circles of all views have one scale. */
  function mostLeft(store) {
    const { ui, parts } = store;
    return parts.levels[0].names.reduce((most, _, part) => {
      const { people, covered } = store.partFigures("today", ui.service, 0, part, ui.circle);
      return Math.max(most, people - covered);
    }, 1);
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

  /* rank of marks: what is new first, then what the plan would open, what stands, and what could be chosen */
  const RANK = { fresh: 900, planned: 600, was: 300, could: 100, cannot: 0 };

  /* The marks of a view, one per place. */
  function markItems(store, view) {
    const touched = new Set([...store.state().forced.values()].map((one) => one.site));
    return marks(store, view).map((mark) => {
      const hit = view === "room" && touched.has(mark.site), { site } = mark;
      return {
        id: site, category: "places", lat: store.places.lat[site], lon: store.places.lon[site], title: store.placeName(site),
        key: [mark.fresh, mark.standing, mark.planned, mark.could, hit, store.facts.language].join("|"), pin: mark.fresh.length > 0,
        rank: mark.fresh.length ? RANK.fresh : mark.planned ? RANK.planned : mark.was ? RANK.was : mark.could ? RANK.could : RANK.cannot,
        face: () => face(store, mark, view, hit),
      };
    });
  }

  /* ---- the map ---- */

  function makeMeetingMap(map, store, ground, choosePlace, choosePart) {
    const right = planner.communities(map, ground, { choose: choosePart });
    let left = null;
    const base = [planner.ground(map, ground.base, ground.perDegree), planner.streets(map, ground.streets, ground.perDegree)];
    const now = planner.makeMarks(map, "places", 640, choosePlace);
    let then = null;
    const sides = { right: sideOf("", 420), left: null };
    [right.layer, ...base, now.group("places"), ...sides.right.layers].forEach((layer) => map.addLayer(layer));
    const shownMarks = [now], names = planner.names(ground, right, shownMarks);
    map.addLayer(names);
    const chosen = L.marker([0, 0], { pane: planner.pane(map, "chosen", 630, true), interactive: false, keyboard: false, icon: L.divIcon({ className: "mark-anchor", html: el("div", { class: "chosen-place" }), iconSize: [0, 0] }) });
    const drawn = planner.unpackShapes(ground.circles.shapes, ground.perDegree);
    const areaShapes = makeAreaShapes(store, ground, drawn);
    const squares = planner.squaresLayer(map, store, ground);
    const view = planner.keptView(map);
    const swipe = makeSwipe(map, () => {
      if (left) clip();
    });

    /* Homes, areas and sized circles of one side of the swipe, in panes of their own. */
    function sideOf(suffix, order) {
      const dots = new planner.Dots(store.problem.lon, store.problem.lat, planner.pane(map, `dots${suffix}`, order, true));
      const areas = new planner.Areas(planner.pane(map, `areas${suffix}`, order + 4, true));
      const people = planner.sizedCircles(map, `people${suffix}`, right);
      return { dots, areas, people, layers: [dots, areas, people.layer] };
    }

    const viewed = () => (store.ui.compare ? "room" : store.ui.view);
    const countedView = () => (viewed() === "change" ? "room" : viewed());

    const CLIPPED = ["communities", "dots", "areas", "people", "places"];
    function clip() {
      const size = map.getSize(), at = swipe.share() * size.x;
      const corner = map.containerPointToLayerPoint([0, 0]), end = map.containerPointToLayerPoint(size);
      const middle = corner.x + at;
      for (const pane of CLIPPED) {
        map.getPane(`${pane}Then`).style.clip = `rect(${corner.y}px,${middle}px,${end.y}px,${corner.x}px)`;
        map.getPane(pane).style.clip = `rect(${corner.y}px,${end.x}px,${end.y}px,${middle}px)`;
      }
    }
    map.on("move zoomend resize", () => left && clip());

    function compare() {
      if (store.ui.compare && !left) {
        left = planner.communities(map, ground, { choose: choosePart, name: "communitiesThen", order: 351 });
        then = planner.makeMarks(map, "placesThen", 641, choosePlace);
        shownMarks.push(then);
        names.redraw();
        sides.left = sideOf("Then", 421);
        [left.layer, then.group("places"), ...sides.left.layers].forEach((layer) => map.addLayer(layer));
        swipe.show(true);
      } else if (!store.ui.compare && left) {
        then.leave();
        shownMarks.pop();
        names.redraw();
        [left.layer, then.group("places"), ...sides.left.layers].forEach((layer) => map.removeLayer(layer));
        for (const pane of CLIPPED) {
          map.getPane(`${pane}Then`).remove();
          delete map._panes[`${pane}Then`];
          map.getPane(pane).style.clip = "";
        }
        left = then = sides.left = null;
        swipe.show(false);
      }
    }

    function showSide(side, view) {
      const { ui, facts } = store, counted = view === "change" ? "room" : view;
      if (ui.place !== null) {
        const { paint, key } = walksOf(ui.place);
        side.dots.show(paint, key);
        side.areas.show(areaShapes.of(ui.place, ui.service, ui.circle), facts.services[ui.service].outline, `place ${ui.place} ${ui.service} ${ui.circle} ${store.walkerOf(ui.service)}`);
      } else {
        const { paint, key } = homesOf(store, map, view);
        side.dots.show(ui.measure === "homes" ? paint : null, ui.measure === "homes" ? key : "none");
        side.areas.show(areaShapes.open(counted), facts.services[ui.service].outline, `${ui.circle} ${store.counted(counted).rings[ui.service].key}`);
      }
      const most = mostLeft(store);
      side.people.show(ui.place === null && ui.measure === "people" ? peopleOf(store, view) : () => null, most);
    }

    /* Demand points by the circle of the chosen place that they lie in. */
    function walksOf(place) {
      const { ui, problem, facts } = store, { people } = problem.services[ui.service];
      const inside = ringsOf(place), shades = planner.shades(facts.services[ui.service].colour, problem.services[ui.service].cutoffs_s.length);
      return {
        key: `place ${place} ${ui.service} ${store.walkerOf(ui.service)}`,
        paint: (i) => (people[i] > 0 ? (inside.has(i) ? [shades[inside.get(i)], 1.2 * planner.dotRadius(map, people[i]) + 0.8, 1] : ["#aab3b9", planner.dotRadius(map, people[i]) * 0.5, 0]) : null),
      };
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

    return {
      swipe,
      picture(on) {
        for (const side of [sides.right, sides.left].filter(Boolean)) {
          side.dots.picture(on);
          side.areas.redraw();
        }
      },
      most: () => mostLeft(store),
      refresh() {
        compare();
        const shade = colours(store);
        right.colour((i) => shade.of(viewed(), i));
        if (left) left.colour((i) => shade.of(store.ui.compare, i));
        const { level, part } = store.ui;
        const marked = (i) => part !== null && store.parts.levels[level].ofCommunity[i] === part;
        right.mark(marked);
        if (left) left.mark(marked);
        showSide(sides.right, viewed());
        if (left) showSide(sides.left, store.ui.compare);
        squares.show();
        now.show(markItems(store, countedView()));
        if (store.ui.place === null) chosen.remove();
        else chosen.setLatLng([store.places.lat[store.ui.place], store.places.lon[store.ui.place]]).addTo(map);
        if (left) {
          then.show(markItems(store, store.ui.compare));
          clip();
        }
      },
      legend: () => colours(store).rows(viewed()),
      goTo: (site) => view.point([store.places.lat[site], store.places.lon[site]]),
      goBack: () => view.back(),
      outlined: (place) => areaShapes.stored(place, store.ui.service),
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

  /* side of the cells in which homes are gathered where no circle of a place was stored, and the radius drawn around each */
  const CELL_M = 60, DISC_M = 65, METRES_PER_DEGREE = 111320;

  /* What a walking area is drawn from: the stored circles of a place, or discs around the homes that reach it. */
  function makeAreaShapes(store, ground, drawn) {
    const { problem, places } = store, { place, walker, minutes } = ground.circles, stored = new Map(), made = new Map();
    place.forEach((id, k) => stored.set(`${id} ${walker[k]} ${60 * minutes[k]}`, drawn[k]));
    const keyOf = (site, service, circle) => `${places.id[site]} ${store.drawnWalker(service)} ${problem.services[service].cutoffs_s[circle]}`;

    function around(site, service, circle) {
      const { starts, demand, timeClass } = problem.walkers[store.walkerOf(service)], ringOf = planner.evaluation.circleOfTimeClass(problem, service, store.walkerOf(service));
      const high = (CELL_M / METRES_PER_DEGREE) * 1e6, wide = high / Math.cos((places.lat[site] * Math.PI) / 180), cells = new Map();
      for (let p = starts[site]; p < starts[site + 1]; p += 1) {
        if (ringOf[timeClass[p]] > circle) continue;
        const column = Math.round(problem.lon[demand[p]] / wide), row = Math.round(problem.lat[demand[p]] / high);
        cells.set(`${column} ${row}`, [(row * high) / 1e6, (column * wide) / 1e6]);
      }
      return { discs: [[places.lat[site], places.lon[site]], ...cells.values()], radius_m: DISC_M };
    }

    function of(site, service, circle) {
      const key = keyOf(site, service, circle), rings = stored.get(key);
      if (rings) return { rings };
      if (!made.has(key)) made.set(key, around(site, service, circle));
      return made.get(key);
    }

    return {
      of: (site, service, circle) => [of(site, service, circle)],
      stored: (site, service) => stored.has(keyOf(site, service, 0)),
      /* of every place that is open for the service looked at */
      open(name) {
        const { service, circle } = store.ui, shapes = [];
        store.isOpen(name, service).forEach((open, site) => open && shapes.push(of(site, service, circle)));
        return shapes;
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
      for (const one of [bar, ...labels]) one.style.left = `${share * 100}%`;
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

  Object.assign(planner, { makeMeetingMap });
})(window.planner);
