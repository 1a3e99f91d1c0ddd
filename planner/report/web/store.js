/* State of the meeting page: the problem, the decisions, what is shown; evaluations are cached per state and walker. */
"use strict";

(function (planner) {
  const { evaluation, decisions } = planner;

  function makeStore(problem, facts, places, ground) {
    const rings = evaluation.makeCircleIndex(problem);
    const own = (k) => problem.services[k].walker;
    const parts = makeLevels(problem, ground);
    const store = {
      problem, facts, places, parts,
      history: decisions.history(decisions.nothing("plan")), plans: Object.keys(problem.plans),
      snapshots: [], prices: new Map(),
      ui: {
        service: 0, circle: Math.min(1, problem.services[0].cutoffs_s.length - 1), view: "room", walker: null,
        level: parts.levels.length > 1 && parts.levels[0].names.length > 150 ? 1 : 0, measure: "homes",
        place: null, part: null, square: null, tab: "sites", search: "", compare: null, order: "adds", every: false,
      },
    };

    store.walkerOf = (k) => {
      const asked = store.ui.walker;
      const cutoffs = problem.services[k].cutoffs_s;
      return asked !== null && problem.walkers[asked].limit_s >= cutoffs[cutoffs.length - 1] ? asked : own(k);
    };
    /* The walker whose circles are drawn: of people who differ by area, that of everybody else. */
    store.drawnWalker = (k) => (store.walkerOf(k) === own(k) && problem.services[k].circleWalker) || store.walkerOf(k);
    store.asPlanned = () => problem.services.every((_, k) => store.walkerOf(k) === own(k));
    store.state = () => store.history.now();

    /* Evaluations are cached as long as their state, one for every walker. */
    const standingStates = Object.fromEntries(Object.keys(problem.plans).map((name) => [name, decisions.nothing(name)]));
    const counts = new WeakMap();
    /* name: today, plan, room, or the name of a snapshot */
    store.counted = (name) => {
      const state = name === "room" ? store.state() : (Object.hasOwn(standingStates, name) ? standingStates[name] : null) || store.snapshots.find((one) => one.name === name).state;
      if (!counts.has(state)) counts.set(state, new Map());
      const byWalker = counts.get(state);
      if (!byWalker.has(store.ui.walker)) {
        byWalker.set(store.ui.walker, withViews(evaluation.evaluate(problem, rings, decisions.chosenBy(problem, state), store.walkerOf)));
      }
      return byWalker.get(store.ui.walker);
    };

    /* Which places are open for a service, and which offers are open at a place. */
    function withViews(counted) {
      counted.isOpen = problem.services.map(() => new Uint8Array(problem.places));
      counted.at = new Map();
      for (const offer of counted.chosen) {
        const site = problem.offers.site[offer];
        counted.isOpen[problem.offers.service[offer]][site] = 1;
        if (!counted.at.has(site)) counted.at.set(site, []);
        counted.at.get(site).push(offer);
      }
      return counted;
    }

    const byPart = new Map();
    /* {found, width}: people of a service inside each circle, part by part of a level. */
    store.byPart = (name, service, level) => {
      const { ring, key: ringKey } = store.counted(name).rings[service];
      const key = `${level}|${ringKey}`;
      if (!byPart.has(key)) {
        byPart.set(key, evaluation.coverageByPart(problem, service, ring, parts.levels[level].ofDemand, parts.levels[level].names.length));
        if (byPart.size > 60) byPart.delete(byPart.keys().next().value);
      }
      return byPart.get(key);
    };

    store.partFigures = (name, service, level, part, circle) => {
      const { found, width } = store.byPart(name, service, level);
      return { people: found[part * width + width - 1], covered: found[part * width + circle] };
    };

    /* The part with the lowest share among those with anybody to serve; more people left out goes first. */
    store.worst = (name, service, circle, level) => {
      const { found, width } = store.byPart(name, service, level);
      let worst = null;
      for (let r = 0; r < parts.levels[level].names.length; r += 1) {
        const people = found[r * width + width - 1], covered = found[r * width + circle];
        if (!(people > 0)) continue;
        const share = covered / people, left = people - covered;
        if (worst === null || share < worst.share || (share === worst.share && left > worst.left)) worst = { part: r, people, covered, share, left };
      }
      return worst;
    };

    store.moved = (then, service, circle) =>
      evaluation.moved(problem, service, circle, store.counted(then).rings[service].ring, store.counted("room").rings[service].ring);

    store.isOpen = (name, service) => store.counted(name).isOpen[service];
    store.openAt = (name) => store.counted(name).at;

    const added = new Map();
    store.adds = (service, circle) => {
      const found = store.counted("room").rings[service];
      const key = `${circle}|${found.key}`;
      if (!added.has(key)) {
        added.set(key, evaluation.adds(problem, service, circle, found, store.isOpen("room", service), store.walkerOf(service)));
        if (added.size > 8) added.delete(added.keys().next().value);
      }
      return added.get(key);
    };

    /* {users, most} of a service by circle, and its places: null where its places are not limited. */
    store.capacity = (name, k) => {
      if (!problem.services[k].limited) return null;
      const counted = store.counted(name);
      counted.capacity = counted.capacity || new Map();
      if (!counted.capacity.has(k)) {
        const circles = problem.services[k].cutoffs_s.map((_, c) => {
          const { users, most } = planner.capacity.within(problem, k, counted, store.walkerOf(k), c, null, 1);
          return { users: users[0], most: most[0] };
        });
        counted.capacity.set(k, { places: planner.capacity.placesOf(problem, k, counted.chosen), circles });
      }
      return counted.capacity.get(k);
    };

    /* The same part by part of a level, in one circle. */
    store.capacityByPart = (k, level, circle) => {
      const counted = store.counted("room"), { ofDemand, names } = parts.levels[level], key = `${k}|${level}|${circle}`;
      counted.capacityByPart = counted.capacityByPart || new Map();
      if (!counted.capacityByPart.has(key)) counted.capacityByPart.set(key, planner.capacity.within(problem, k, counted, store.walkerOf(k), circle, ofDemand, names.length));
      return counted.capacityByPart.get(key);
    };

    /* People of a service inside each circle of one place, whether anything is open there or not. */
    store.reachOf = (site, k) => {
      const walker = store.walkerOf(k), { starts, demand, timeClass } = problem.walkers[walker], { people, cutoffs_s: cutoffs } = problem.services[k];
      const ringOf = evaluation.circleOfTimeClass(problem, k, walker), inside = new Float64Array(cutoffs.length + 1);
      for (let p = starts[site]; p < starts[site + 1]; p += 1) inside[ringOf[timeClass[p]]] += people[demand[p]];
      let sum = 0;
      return cutoffs.map((_, c) => (sum += inside[c]));
    };

    store.servicesAt = servicesAt(problem);
    store.gaps = planner.makeGaps(store);
    return store;
  }

  /* For every place: the services it could take anew, and those that stand there. */
  function servicesAt(problem) {
    const { offers } = problem;
    const found = Array.from({ length: problem.places }, () => ({ fresh: new Set(), standing: new Set() }));
    for (let offer = 0; offer < offers.count; offer += 1) {
      const at = found[offers.site[offer]];
      (offers.stands[offer] ? at.standing : at.fresh).add(offers.service[offer]);
    }
    return found;
  }

  /* Territorial levels: communities, then every administrative column they roll up to. */
  function makeLevels(problem, ground) {
    const levels = [{ id: "community", ids: ground.communities.id, names: ground.communities.name, ofDemand: problem.community, ofCommunity: ground.communities.id.map((_, r) => r) }];
    for (const area of ground.areas) {
      const ofDemand = new Int32Array(problem.n);
      for (let i = 0; i < problem.n; i += 1) ofDemand[i] = problem.community[i] < 0 ? -1 : area.of[problem.community[i]];
      levels.push({ id: area.column, labels: area.labels, ids: area.names, names: area.names, ofDemand, ofCommunity: area.of });
    }
    return { levels };
  }

  planner.makeStore = makeStore;
})(window.planner);
