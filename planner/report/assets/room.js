/* The room: what is asked, what is decided, what is looked at. Counting happens here once for everybody who shows it. */
"use strict";

(function (planner) {
  const { engine, decisions } = planner;

  function makeRoom(question, facts, places, ground) {
    const rings = engine.makeRings(question);
    const own = (k) => question.services[k].walker;
    const parts = makeParts(question, ground);
    const room = {
      question, facts, places, parts,
      history: decisions.history(decisions.nothing("plan")), plans: Object.keys(question.plans),
      snapshots: [], prices: new Map(),
      ui: {
        service: 0, circle: Math.min(1, question.services[0].cutoffs_s.length - 1), view: "room", walker: null,
        level: parts.levels.length > 1 && parts.levels[0].names.length > 150 ? 1 : 0, measure: "people",
        place: null, part: null, square: null, tab: "sites", search: "", compare: null, order: "adds", every: false,
      },
    };

    room.walkerOf = (k) => {
      const asked = room.ui.walker;
      const cutoffs = question.services[k].cutoffs_s;
      return asked !== null && question.walkers[asked].limit_s >= cutoffs[cutoffs.length - 1] ? asked : own(k);
    };
    room.asPlanned = () => question.services.every((_, k) => room.walkerOf(k) === own(k));
    room.state = () => room.history.now();

    /* What is counted of a state is kept as long as the state itself, once for every walker asked about. */
    const standingStates = Object.fromEntries(Object.keys(question.plans).map((name) => [name, decisions.nothing(name)]));
    const counts = new WeakMap();
    /* name: today, plan, room, or the name of a snapshot */
    room.counted = (name) => {
      const state = name === "room" ? room.state() : (Object.hasOwn(standingStates, name) ? standingStates[name] : null) || room.snapshots.find((one) => one.name === name).state;
      if (!counts.has(state)) counts.set(state, new Map());
      const byWalker = counts.get(state);
      if (!byWalker.has(room.ui.walker)) {
        byWalker.set(room.ui.walker, withViews(engine.count(question, rings, decisions.chosenBy(question, state), room.walkerOf)));
      }
      return byWalker.get(room.ui.walker);
    };

    /* Which places are open for a service, and which offers are open at a place. */
    function withViews(counted) {
      counted.isOpen = question.services.map(() => new Uint8Array(question.places));
      counted.at = new Map();
      for (const offer of counted.chosen) {
        const site = question.offers.site[offer];
        counted.isOpen[question.offers.service[offer]][site] = 1;
        if (!counted.at.has(site)) counted.at.set(site, []);
        counted.at.get(site).push(offer);
      }
      return counted;
    }

    const byPart = new Map();
    /* {found, width}: people of a service inside each circle, part by part of a level. */
    room.byPart = (name, service, level) => {
      const { ring, key: ringKey } = room.counted(name).rings[service];
      const key = `${level}|${ringKey}`;
      if (!byPart.has(key)) {
        byPart.set(key, engine.coverageByPart(question, service, ring, parts.levels[level].ofDemand, parts.levels[level].names.length));
        if (byPart.size > 60) byPart.delete(byPart.keys().next().value);
      }
      return byPart.get(key);
    };

    room.partFigures = (name, service, level, part, circle) => {
      const { found, width } = room.byPart(name, service, level);
      return { people: found[part * width + width - 1], covered: found[part * width + circle] };
    };

    /* The part with the lowest share among those with anybody to serve; more people left out goes first. */
    room.worst = (name, service, circle, level) => {
      const { found, width } = room.byPart(name, service, level);
      let worst = null;
      for (let r = 0; r < parts.levels[level].names.length; r += 1) {
        const people = found[r * width + width - 1], covered = found[r * width + circle];
        if (!(people > 0)) continue;
        const share = covered / people, left = people - covered;
        if (worst === null || share < worst.share || (share === worst.share && left > worst.left)) worst = { part: r, people, covered, share, left };
      }
      return worst;
    };

    room.moved = (then, service, circle) =>
      engine.moved(question, service, circle, room.counted(then).rings[service].ring, room.counted("room").rings[service].ring);

    room.isOpen = (name, service) => room.counted(name).isOpen[service];
    room.openAt = (name) => room.counted(name).at;

    const added = new Map();
    room.adds = (service, circle) => {
      const found = room.counted("room").rings[service];
      const key = `${circle}|${found.key}`;
      if (!added.has(key)) {
        added.set(key, engine.adds(question, service, circle, found, room.isOpen("room", service), room.walkerOf(service)));
        if (added.size > 8) added.delete(added.keys().next().value);
      }
      return added.get(key);
    };

    /* {users, most} of a service by circle, and its places: null where its places are not limited. */
    room.seats = (name, k) => {
      if (!question.services[k].limited) return null;
      const counted = room.counted(name);
      counted.seats = counted.seats || new Map();
      if (!counted.seats.has(k)) {
        const circles = question.services[k].cutoffs_s.map((_, c) => {
          const { users, most } = planner.seats.within(question, k, counted, room.walkerOf(k), c, null, 1);
          return { users: users[0], most: most[0] };
        });
        counted.seats.set(k, { places: planner.seats.placesOf(question, k, counted.chosen), circles });
      }
      return counted.seats.get(k);
    };

    /* The same part by part of a level, in one circle. */
    room.seatsByPart = (k, level, circle) => {
      const counted = room.counted("room"), { ofDemand, names } = parts.levels[level], key = `${k}|${level}|${circle}`;
      counted.seatsByPart = counted.seatsByPart || new Map();
      if (!counted.seatsByPart.has(key)) counted.seatsByPart.set(key, planner.seats.within(question, k, counted, room.walkerOf(k), circle, ofDemand, names.length));
      return counted.seatsByPart.get(key);
    };

    /* People of a service inside each circle of one place, whether anything is open there or not. */
    room.reachOf = (site, k) => {
      const walker = room.walkerOf(k), { starts, demand, line } = question.walkers[walker], { people, cutoffs_s: cutoffs } = question.services[k];
      const ringOf = engine.ringOfLine(question, k, walker), inside = new Float64Array(cutoffs.length + 1);
      for (let p = starts[site]; p < starts[site + 1]; p += 1) inside[ringOf[line[p]]] += people[demand[p]];
      let sum = 0;
      return cutoffs.map((_, c) => (sum += inside[c]));
    };

    room.servicesAt = servicesAt(question);
    room.gaps = planner.makeGaps(room);
    return room;
  }

  /* For every place: the services it could take anew, and those that stand there. */
  function servicesAt(question) {
    const { offers } = question;
    const found = Array.from({ length: question.places }, () => ({ fresh: new Set(), standing: new Set() }));
    for (let offer = 0; offer < offers.count; offer += 1) {
      const at = found[offers.site[offer]];
      (offers.stands[offer] ? at.standing : at.fresh).add(offers.service[offer]);
    }
    return found;
  }

  /* The levels figures are told by: communities, then every administrative column they roll up to. */
  function makeParts(question, ground) {
    const levels = [{ id: "community", ids: ground.communities.id, names: ground.communities.name, ofDemand: question.community, ofCommunity: ground.communities.id.map((_, r) => r) }];
    for (const area of ground.areas) {
      const ofDemand = new Int32Array(question.n);
      for (let i = 0; i < question.n; i += 1) ofDemand[i] = question.community[i] < 0 ? -1 : area.of[question.community[i]];
      levels.push({ id: area.column, ids: area.names, names: area.names, ofDemand, ofCommunity: area.of });
    }
    return { levels };
  }

  planner.makeRoom = makeRoom;
})(window.planner);
