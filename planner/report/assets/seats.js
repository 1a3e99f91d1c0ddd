/* Places: where a service has a limited number of them, being within reach is not finding one. Who goes where is for the optimiser;
   what is counted here holds however people are shared out: an opening serves no more than its places, and no more than would come
   from within reach. A user is a person within reach times the share of people who use the service. */
"use strict";

(function (planner) {
  const TOLERANCE = 1e-6;

  /* [place, places] of every opening of a service, ascending. */
  function openings(question, service, chosen) {
    const { offers } = question, found = new Map();
    for (const offer of chosen) {
      if (offers.service[offer] === service) found.set(offers.site[offer], (found.get(offers.site[offer]) || 0) + offers.capacity[offer]);
    }
    return [...found].sort((one, two) => one[0] - two[0]);
  }

  /* Part by part: users within a circle, and how many of them find a place at most. part[i] is the part of demand point i
     (−1: none); null: all are one part. */
  function within(question, service, counted, walker, circle, part, parts) {
    const { people, participation } = question.services[service];
    const { starts, demand, line } = question.walkers[walker];
    const { ring, ringOf } = counted.rings[service];
    const users = new Float64Array(parts), most = new Float64Array(parts), here = new Float64Array(parts);
    const partOf = (i) => (part === null ? 0 : part[i]);
    for (let i = 0; i < question.n; i += 1) if (ring[i] <= circle && partOf(i) >= 0) users[partOf(i)] += people[i];
    for (const [site, places] of openings(question, service, counted.chosen)) {
      here.fill(0);
      for (let p = starts[site]; p < starts[site + 1]; p += 1) {
        if (ringOf[line[p]] <= circle && partOf(demand[p]) >= 0) here[partOf(demand[p])] += people[demand[p]];
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
  const placesOf = (question, service, chosen) => openings(question, service, chosen).reduce((sum, [, places]) => sum + places, 0);

  /* Rules that no way of sharing out the places can keep: shares guaranteed beyond what the places hold, and openings that too few
     people reach. What is broken by reach alone has been named already. */
  function broken(question, counted, walkerOf) {
    return [...floors(question, counted, walkerOf), ...loads(question, counted, walkerOf)];
  }

  function floors(question, counted, walkerOf) {
    const named = new Set(counted.broken.filter((one) => one.rule === "floor").map((one) => `${one.floor} ${one.part}`)), found = [];
    question.rules.floors.forEach((floor, i) => {
      const { limited, cutoffs_s: cutoffs, participation } = question.services[floor.service];
      if (!limited) return;
      const part = floor.every ? question.community : null;
      const parts = floor.every ? 1 + question.community.reduce((last, one) => Math.max(last, one), -1) : 1;
      const { most } = within(question, floor.service, counted, walkerOf(floor.service), cutoffs.indexOf(floor.cutoff_s), part, parts);
      const all = new Float64Array(parts);
      for (let p = 0; p < question.n; p += 1) if (part === null || part[p] >= 0) all[part === null ? 0 : part[p]] += floor.people[p];
      for (let r = 0; r < parts; r += 1) {
        const about = floor.every ? r : null, share = most[r] / (participation * all[r]);
        if (all[r] > 0 && share < floor.share - TOLERANCE && !named.has(`${i} ${about}`)) found.push({ rule: "places", floor: i, part: about, share });
      }
    });
    return found;
  }

  function loads(question, counted, walkerOf) {
    const { offers, services } = question, found = [];
    for (const offer of counted.chosen) {
      const least = offers.minLoad[offer], service = offers.service[offer], site = offers.site[offer];
      if (!(least > 0)) continue;
      const { people, participation, cutoffs_s: cutoffs } = services[service];
      const { starts, demand, line } = question.walkers[walkerOf(service)], { ringOf } = counted.rings[service];
      let near = 0;
      for (let p = starts[site]; p < starts[site + 1]; p += 1) if (ringOf[line[p]] < cutoffs.length) near += people[demand[p]];
      if (near * participation < least * (1 - TOLERANCE) - TOLERANCE) found.push({ rule: "thin", site, service, load: near * participation, least });
    }
    return found;
  }

  planner.seats = { within, placesOf, broken };
})(window.planner);
