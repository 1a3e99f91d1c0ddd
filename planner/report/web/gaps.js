/* Gaps: the squares of a fixed grid (planner/report/payload.py) with most people left out, each with the community most of them live
   in, the candidate site that would reach most of them, and the nearest one. */
"use strict";

(function (planner) {
  const { translate, format, signed } = planner, { el, figure } = planner.render;
  const MOST = 12, TOLD = 0.5;

  /* Demand point → one number for every pair of square and community that has homes; the squares and communities of the pairs. */
  function pairs(problem) {
    const known = new Map(), of = new Int32Array(problem.n), square = [], community = [];
    for (let i = 0; i < problem.n; i += 1) {
      const key = problem.squares.of[i] * 1e6 + problem.community[i];
      if (!known.has(key)) {
        known.set(key, square.length);
        square.push(problem.squares.of[i]);
        community.push(problem.community[i]);
      }
      of[i] = known.get(key);
    }
    return { of, square, community };
  }

  /* Squares with somebody left out, most people first: [{square, left, community}]. */
  function groups(problem, split, service, ring, circle) {
    const { people } = problem.services[service], count = problem.squares.x.length;
    const left = new Float64Array(count), byPair = new Float64Array(split.square.length);
    for (let i = 0; i < problem.n; i += 1) {
      if (ring[i] <= circle) continue;
      left[problem.squares.of[i]] += people[i];
      byPair[split.of[i]] += people[i];
    }
    const main = new Int32Array(count).fill(-1), most = new Float64Array(count);
    byPair.forEach((value, pair) => {
      const at = split.square[pair], community = split.community[pair];
      if (value > most[at] || (value > 0 && value === most[at] && community < main[at])) {
        most[at] = value;
        main[at] = community;
      }
    });
    const found = [];
    for (let square = 0; square < count; square += 1) if (left[square] >= TOLD) found.push({ square, left: left[square], community: main[square] });
    return found.sort((one, two) => two.left - one.left || one.square - two.square);
  }

  /* The closed site nearest to the middle of a square, as the crow flies. */
  function nearest(store, service, square) {
    const { squares } = store.problem, open = store.isOpen("room", service);
    let found = null;
    store.servicesAt.forEach((at, site) => {
      if (!at.fresh.has(service) || open[site]) return;
      const east = squares.placeX[site] - squares.x[square], north = squares.placeY[site] - squares.y[square], apart = east * east + north * north;
      if (found === null || apart < found.apart) found = { site, apart };
    });
    return found === null ? null : { site: found.site, metres: Math.sqrt(found.apart) };
  }

  /* For each square: the closed site that would reach most of those left out there. */
  function remedies(store, rows) {
    const { problem, ui } = store, k = ui.service, found = new Map();
    if (!rows.length) return found;
    const { people } = problem.services[k], walker = problem.walkers[store.walkerOf(k)];
    const { ring, ringOf } = store.counted("room").rings[k], open = store.isOpen("room", k);
    const rank = new Int32Array(problem.squares.x.length).fill(-1);
    rows.forEach((row, r) => (rank[row.square] = r));
    const { demand, timeClass, starts } = walker, { circle } = ui, squareOf = problem.squares.of;
    const rowOf = new Int32Array(problem.n).fill(-1), gain = new Float64Array(rows.length);
    for (let i = 0; i < problem.n; i += 1) if (ring[i] > circle) rowOf[i] = rank[squareOf[i]];
    store.servicesAt.forEach((at, site) => {
      if (!at.fresh.has(k) || open[site]) return;
      gain.fill(0);
      for (let p = starts[site], end = starts[site + 1]; p < end; p += 1) {
        const r = rowOf[demand[p]];
        if (r >= 0 && ringOf[timeClass[p]] <= circle) gain[r] += people[demand[p]];
      }
      for (let r = 0; r < rows.length; r += 1) {
        const best = found.get(rows[r].square);
        if (gain[r] >= TOLD && (!best || gain[r] > best.gain)) found.set(rows[r].square, { site, gain: gain[r] });
      }
    });
    return found;
  }

  /* Rows shared by list and map, cached. */
  function makeGaps(store) {
    const split = pairs(store.problem);
    let key = null, all = [];
    return function largest() {
      const { ui } = store, { ring, key: ringKey } = store.counted("room").rings[ui.service];
      const asked = `${ui.circle}|${ringKey}`;
      if (asked !== key) all = groups(store.problem, split, ui.service, ring, ui.circle);
      key = asked;
      return all.filter((row) => planner.matches(store, communityName(store, row))).slice(0, MOST);
    };
  }

  function communityName(store, row) {
    return row.community < 0 ? translate("meeting.outside_communities") : planner.named(store.parts.levels[0].names[row.community]);
  }

  const apart = (near, at) => figure(`near/${at}`, near.metres, translate("meeting.metres", { metres: format.whole(near.metres) }));

  function gaps(store) {
    const { ui, problem } = store, k = ui.service, rows = store.gaps(), helpers = remedies(store, rows);
    const service = store.facts.services[k], minutes = planner.minutesAt(store, k, ui.circle), largest = rows.length ? rows[0].left : 1;
    return [
      el("p", { class: "quiet hint" }, translate("meeting.gaps_hint", { service: service.name, minutes, side: problem.squares.side_m }), " ", planner.labels(store, k)),
      el("ol", { class: "rows numbered" }, rows.map((row, n) => {
        const at = `${row.square}/${service.id}/${minutes}`, help = helpers.get(row.square), near = nearest(store, k, row.square);
        return el("li", { key: `gap ${row.square}`, class: `part-row${ui.square === row.square ? " chosen" : ""}` },
          el("button", { type: "button", class: "row-button", "data-focus": `gap-${row.square}`, onclick: () => store.chooseSquare(row.square) },
            el("b", { class: "row-name" }, `${n + 1}. ${communityName(store, row)}`),
            figure(`gap/${at}`, row.left, planner.people(format.whole(row.left), service), { class: "row-number" }),
            el("span", { class: "row-bar" }, el("i", { style: { width: `${(row.left / largest) * 100}%`, backgroundColor: "#c25a2e" } }))),
          help
            ? el("button", { type: "button", class: "help", "data-focus": `help-${row.square}`, onclick: () => store.choosePlace(help.site) },
                translate("meeting.best_help", { site: store.placeName(help.site) }), " ", figure(`help/${at}`, help.gain, planner.people(signed(help.gain), service)),
                near && near.site === help.site ? [" · ", apart(near, at)] : null)
            : el("p", { class: "quiet help" }, translate("meeting.no_help")),
          near && !(help && near.site === help.site)
            ? el("button", { type: "button", class: "help", "data-focus": `near-${row.square}`, onclick: () => store.choosePlace(near.site) },
                translate("meeting.nearest_site", { site: store.placeName(near.site) }), " ", apart(near, at))
            : null);
      })),
      rows.length ? null : el("p", { class: "quiet" }, translate("meeting.no_gaps")),
    ];
  }

  /* The squares of the list, numbered, on the map. */
  function squaresLayer(map, store, ground) {
    const pane = planner.pane(map, "squares", 425, true), renderer = L.svg({ pane });
    const numbers = planner.pane(map, "squareNumbers", 645, true);
    const shapes = planner.unpackShapes(ground.squares, ground.perDegree);
    const group = L.layerGroup().addTo(map);
    return {
      show() {
        group.clearLayers();
        if (store.ui.tab !== "gaps") return;
        store.gaps().forEach((row, n) => {
          const chosen = store.ui.square === row.square;
          const outline = L.polygon(shapes[row.square], { renderer, interactive: false, color: "#1d2a33", weight: chosen ? 4 : 2, fillColor: "#ffffff", fillOpacity: chosen ? 0.25 : 0.08 });
          const number = L.marker(outline.getBounds().getNorthWest(), {
            pane: numbers, interactive: false, keyboard: false,
            icon: L.divIcon({ className: "mark-anchor", html: planner.el("div", { class: "square-number" }, String(n + 1)), iconSize: [0, 0] }),
          });
          group.addLayer(outline).addLayer(number);
        });
      },
      boundsOf: (square) => L.latLngBounds(shapes[square].flat()),
    };
  }

  Object.assign(planner, { makeGaps, gapsTab: gaps, squaresLayer });
})(window.planner);
