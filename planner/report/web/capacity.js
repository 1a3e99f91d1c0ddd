/* Upper bounds on people served where places are limited. How users are shared out is left to the optimiser; the bounds hold for any
   sharing: an opening serves at most its places, and at most the users within its circle. Users are people times participation. */
"use strict";

(function (planner) {
  const TOLERANCE = 1e-6;

  /* [place, places] of every opening of a service, ascending. */
  function openings(problem, service, chosen) {
    const { offers } = problem, found = new Map();
    for (const offer of chosen) {
      if (offers.service[offer] === service) found.set(offers.site[offer], (found.get(offers.site[offer]) || 0) + offers.capacity[offer]);
    }
    return [...found].sort((one, two) => one[0] - two[0]);
  }

  /* Part by part: users within a circle, and how many of them find a place at most. part[i] is the part of demand point i
     (−1: none); null: all are one part. */
  function within(problem, service, counted, walker, circle, part, parts) {
    const { people, participation } = problem.services[service];
    const { starts, demand, timeClass } = problem.walkers[walker];
    const { ring, ringOf } = counted.rings[service];
    const users = new Float64Array(parts), most = new Float64Array(parts), here = new Float64Array(parts);
    const partOf = (i) => (part === null ? 0 : part[i]);
    for (let i = 0; i < problem.n; i += 1) if (ring[i] <= circle && partOf(i) >= 0) users[partOf(i)] += people[i];
    for (const [site, places] of openings(problem, service, counted.chosen)) {
      here.fill(0);
      for (let p = starts[site]; p < starts[site + 1]; p += 1) {
        if (ringOf[timeClass[p]] <= circle && partOf(demand[p]) >= 0) here[partOf(demand[p])] += people[demand[p]];
      }
      for (let r = 0; r < parts; r += 1) most[r] += Math.min(places, here[r] * participation);
    }
    for (let r = 0; r < parts; r += 1) {
      users[r] *= participation;
      most[r] = Math.min(most[r], users[r]);
    }
    return { users, most };
  }

  /* Places of all openings of a service; Infinity where one of them has no limit. */
  const placesOf = (problem, service, chosen) => openings(problem, service, chosen).reduce((sum, [, places]) => sum + places, 0);

  /* Rules that no way of sharing out the places can keep: shares guaranteed beyond what the places hold, and openings that too few
     people reach. What is broken by reach alone has been named already. */
  function broken(problem, counted, walkerOf) {
    return [...floors(problem, counted, walkerOf), ...loads(problem, counted, walkerOf)];
  }

  function floors(problem, counted, walkerOf) {
    const named = new Set(counted.broken.filter((one) => one.rule === "floor").map((one) => `${one.floor} ${one.part}`)), found = [];
    problem.rules.floors.forEach((floor, i) => {
      const { limited, cutoffs_s: cutoffs, participation } = problem.services[floor.service];
      if (!limited) return;
      const counts = (i) => !floor.inside || floor.inside.has(problem.community[i]);
      const part = floor.every || floor.inside ? problem.community.map((community, i) => (!counts(i) ? -1 : floor.every ? community : 0)) : null;
      const parts = floor.every ? 1 + problem.community.reduce((last, one) => Math.max(last, one), -1) : 1;
      const { most } = within(problem, floor.service, counted, walkerOf(floor.service), cutoffs.indexOf(floor.cutoff_s), part, parts);
      const all = new Float64Array(parts);
      for (let p = 0; p < problem.n; p += 1) if (part === null || part[p] >= 0) all[part === null ? 0 : part[p]] += floor.people[p];
      for (let r = 0; r < parts; r += 1) {
        const about = floor.every ? r : null, share = most[r] / (participation * all[r]);
        if (all[r] > 0 && share < floor.share - TOLERANCE && !named.has(`${i} ${about}`)) found.push({ rule: "places", floor: i, part: about, share });
      }
    });
    return found;
  }

  function loads(problem, counted, walkerOf) {
    const { offers, services } = problem, found = [];
    for (const offer of counted.chosen) {
      const least = offers.minLoad[offer], service = offers.service[offer], site = offers.site[offer];
      if (!(least > 0)) continue;
      const { people, participation, cutoffs_s: cutoffs } = services[service];
      const { starts, demand, timeClass } = problem.walkers[walkerOf(service)], { ringOf } = counted.rings[service];
      let near = 0;
      for (let p = starts[site]; p < starts[site + 1]; p += 1) if (ringOf[timeClass[p]] < cutoffs.length) near += people[demand[p]];
      if (near * participation < least * (1 - TOLERANCE) - TOLERANCE) found.push({ rule: "thin", site, service, load: near * participation, least });
    }
    return found;
  }

  planner.capacity = { within, placesOf, broken };
})(window.planner);
