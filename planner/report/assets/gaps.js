/* Gaps: the largest groups of people left out, square by square of a grid that is the same for everybody (planner/report/squares.py),
   each with the community most of them live in, the site that would reach most of them, and the nearest one. */
"use strict";

(function (planner) {
  const { say, format, signed } = planner, { el, figure } = planner.view;
  const MOST = 12, TOLD = 0.5;

  /* Demand point → one number for every pair of square and community that has homes; the squares and communities of the pairs. */
  function pairs(question) {
    const known = new Map(), of = new Int32Array(question.n), square = [], community = [];
    for (let i = 0; i < question.n; i += 1) {
      const key = question.squares.of[i] * 1e6 + question.community[i];
      if (!known.has(key)) {
        known.set(key, square.length);
        square.push(question.squares.of[i]);
        community.push(question.community[i]);
      }
      of[i] = known.get(key);
    }
    return { of, square, community };
  }

  /* Squares with somebody left out, most people first: [{square, left, community}]. */
  function groups(question, split, service, ring, circle) {
    const { people } = question.services[service], count = question.squares.x.length;
    const left = new Float64Array(count), byPair = new Float64Array(split.square.length);
    for (let i = 0; i < question.n; i += 1) {
      if (ring[i] <= circle) continue;
      left[question.squares.of[i]] += people[i];
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
  function nearest(room, service, square) {
    const { squares } = room.question, open = room.isOpen("room", service);
    let found = null;
    room.servicesAt.forEach((at, site) => {
      if (!at.fresh.has(service) || open[site]) return;
      const east = squares.placeX[site] - squares.x[square], north = squares.placeY[site] - squares.y[square], apart = east * east + north * north;
      if (found === null || apart < found.apart) found = { site, apart };
    });
    return found === null ? null : { site: found.site, metres: Math.sqrt(found.apart) };
  }

  /* For each square: the closed site that would reach most of those left out there. */
  function remedies(room, rows) {
    const { question, ui } = room, k = ui.service, found = new Map();
    if (!rows.length) return found;
    const { people } = question.services[k], walker = question.walkers[room.walkerOf(k)];
    const { ring, ringOf } = room.counted("room").rings[k], open = room.isOpen("room", k);
    const rank = new Int32Array(question.squares.x.length).fill(-1);
    rows.forEach((row, r) => (rank[row.square] = r));
    const { demand, line, starts } = walker, { circle } = ui, squareOf = question.squares.of;
    const rowOf = new Int32Array(question.n).fill(-1), gain = new Float64Array(rows.length);
    for (let i = 0; i < question.n; i += 1) if (ring[i] > circle) rowOf[i] = rank[squareOf[i]];
    room.servicesAt.forEach((at, site) => {
      if (!at.fresh.has(k) || open[site]) return;
      gain.fill(0);
      for (let p = starts[site], end = starts[site + 1]; p < end; p += 1) {
        const r = rowOf[demand[p]];
        if (r >= 0 && ringOf[line[p]] <= circle) gain[r] += people[demand[p]];
      }
      for (let r = 0; r < rows.length; r += 1) {
        const best = found.get(rows[r].square);
        if (gain[r] >= TOLD && (!best || gain[r] > best.gain)) found.set(rows[r].square, { site, gain: gain[r] });
      }
    });
    return found;
  }

  /* The rows of the list and of the map: asked for by both, counted once. */
  function makeGaps(room) {
    const split = pairs(room.question);
    let key = null, all = [];
    return function largest() {
      const { ui } = room, { ring, key: ringKey } = room.counted("room").rings[ui.service];
      const asked = `${ui.circle}|${ringKey}`;
      if (asked !== key) all = groups(room.question, split, ui.service, ring, ui.circle);
      key = asked;
      return all.filter((row) => planner.matches(room, communityName(room, row))).slice(0, MOST);
    };
  }

  function communityName(room, row) {
    return row.community < 0 ? say("meeting.outside_communities") : planner.named(room.parts.levels[0].names[row.community]);
  }

  const apart = (near, at) => figure(`near/${at}`, near.metres, say("meeting.metres", { metres: format.whole(near.metres) }));

  function gaps(room) {
    const { ui, question } = room, k = ui.service, rows = room.gaps(), helpers = remedies(room, rows);
    const service = room.facts.services[k], minutes = planner.minutesAt(room, k, ui.circle), largest = rows.length ? rows[0].left : 1;
    return [
      el("p", { class: "quiet hint" }, say("meeting.gaps_hint", { service: service.name, minutes, side: question.squares.side_m }), " ", planner.labels(room, k)),
      el("ol", { class: "rows numbered" }, rows.map((row, n) => {
        const at = `${row.square}/${service.id}/${minutes}`, help = helpers.get(row.square), near = nearest(room, k, row.square);
        return el("li", { key: `gap ${row.square}`, class: `part-row${ui.square === row.square ? " chosen" : ""}` },
          el("button", { type: "button", class: "row-button", "data-focus": `gap-${row.square}`, onclick: () => room.chooseSquare(row.square) },
            el("b", { class: "row-name" }, `${n + 1}. ${communityName(room, row)}`),
            figure(`gap/${at}`, row.left, format.whole(row.left), { class: "row-number" }),
            el("span", { class: "row-bar" }, el("i", { style: { width: `${(row.left / largest) * 100}%`, backgroundColor: "#c25a2e" } }))),
          help
            ? el("button", { type: "button", class: "help", "data-focus": `help-${row.square}`, onclick: () => room.choosePlace(help.site) },
                say("meeting.best_help", { site: room.placeName(help.site) }), " ", figure(`help/${at}`, help.gain, signed(help.gain)),
                near && near.site === help.site ? [" · ", apart(near, at)] : null)
            : el("p", { class: "quiet help" }, say("meeting.no_help")),
          near && !(help && near.site === help.site)
            ? el("button", { type: "button", class: "help", "data-focus": `near-${row.square}`, onclick: () => room.choosePlace(near.site) },
                say("meeting.nearest_site", { site: room.placeName(near.site) }), " ", apart(near, at))
            : null);
      })),
      rows.length ? null : el("p", { class: "quiet" }, say("meeting.no_gaps")),
    ];
  }

  /* The squares of the list, numbered, on the map. */
  function squaresLayer(map, room, ground) {
    const pane = planner.pane(map, "squares", 425, true), renderer = L.svg({ pane });
    const numbers = planner.pane(map, "squareNumbers", 645, true);
    const shapes = planner.unpackShapes(ground.squares, ground.perDegree);
    const group = L.layerGroup().addTo(map);
    return {
      show() {
        group.clearLayers();
        if (room.ui.tab !== "gaps") return;
        room.gaps().forEach((row, n) => {
          const chosen = room.ui.square === row.square;
          const outline = L.polygon(shapes[row.square], { renderer, interactive: false, color: "#1d2a33", weight: chosen ? 4 : 2, fillColor: "#ffffff", fillOpacity: chosen ? 0.25 : 0.08 });
          const number = L.marker(outline.getBounds().getNorthWest(), {
            pane: numbers, interactive: false, keyboard: false,
            icon: L.divIcon({ className: "mark-anchor", html: planner.el("div", { class: "square-number" }, String(n + 1)), iconSize: [0, 0] }),
          });
          group.addLayer(outline).addLayer(number);
        });
      },
      goTo(square) {
        map.fitBounds(L.latLngBounds(shapes[square].flat()), { padding: [60, 60], maxZoom: 16, animate: false });
      },
    };
  }

  Object.assign(planner, { makeGaps, gapsTab: gaps, squaresLayer });
})(window.planner);
