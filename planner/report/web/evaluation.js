/* Evaluation of a choice of offers: coverage, money, floor area and broken rules; no access to the page. Follows
   planner/siting/counting/evaluate.py step by step and sums in the same order, in the same doubles: both agree to the last bit, which
   tests/browser checks. */
"use strict";
window.planner = window.planner || {};

(function (planner) {
  const TOLERANCE = 1e-6;

  const { bytes, counts, steps, floats } = planner.decode;

  /* Travel times place by place: pairs starts[j] … starts[j + 1] of place j are (demand[p], timeClass[p]), demand ascending. */
  function walks(packed, places) {
    const perPlace = counts(packed.perPlace, places, Float64Array);
    const starts = new Float64Array(places + 1);
    for (let j = 0; j < places; j += 1) starts[j + 1] = starts[j] + perPlace[j];
    const demand = counts(packed.demand, packed.pairs, Int32Array), timeClass = bytes(packed.lines);
    for (let j = 0; j < places; j += 1) {
      for (let p = starts[j] + 1; p < starts[j + 1]; p += 1) demand[p] += demand[p - 1];
    }
    return { starts, demand, timeClass, grid: Float64Array.from(packed.grid), limit_s: packed.limit_s, byArea: Boolean(packed.byArea), speed_m_s: packed.speed_m_s, source: packed.source };
  }

  /* ---- the siting problem ---- */

  function unpackProblem(packed) {
    const n = packed.demand.count, places = packed.sites.setup.length;
    const groups = Object.create(null); /* a group may be called __proto__ */
    for (const [name, text] of Object.entries(packed.demand.people)) groups[name] = floats(text, n);
    const community = counts(packed.demand.community, n, Int32Array);
    for (let i = 0; i < n; i += 1) community[i] -= 1;
    const walkers = Object.create(null);
    for (const [name, text] of Object.entries(packed.walkers)) walkers[name] = walks(text, places);
    const need = packed.demand.need === null ? new Float64Array(n).fill(1) : floats(packed.demand.need, n);
    const services = packed.services.map((service) => withAreas({ ...service, people: weightedPeople(service.demand, groups, need, n) }, groups, need, community));
    for (const floor of packed.rules.floors) {
      if (floor.among) floor.inside = new Set(floor.among);
      floor.people = floor.group === null ? services[floor.service].people : groups[floor.group].map((heads, i) => heads * need[i]);
    }
    return {
      n, places, community, walkers, services,
      lon: steps(packed.demand.lon, n), lat: steps(packed.demand.lat, n),
      squares: { ...packed.squares, of: counts(packed.squares.of, n, Int32Array) },
      offers: { ...packed.offers, count: packed.offers.site.length, capacity: packed.offers.capacity.map((value) => (value === null ? Infinity : value)) },
      standing: packed.offers.stands.flatMap((stands, offer) => (stands ? [offer] : [])),
      sites: { ...packed.sites, area: packed.sites.area.map((value) => (value === null ? Infinity : value)) },
      departments: packed.departments, budgets: packed.budgets, rules: packed.rules, plans: packed.plans,
    };
  }

  /* A service whose people differ by area: areaOf[i] is the area of demand point i, 0 everywhere else; weightsOf its circle weights. */
  function withAreas(service, groups, need, community) {
    if (!service.areas) return service;
    const n = community.length, areaOf = new Uint16Array(n), people = service.people, weightsOf = [service.weights];
    service.areas.forEach((area, a) => {
      const inside = new Set(area.communities), own = weightedPeople(area.demand, groups, need, n);
      for (let i = 0; i < n; i += 1) {
        if (!inside.has(community[i])) continue;
        areaOf[i] = a + 1;
        people[i] = own[i];
      }
      weightsOf.push(area.weights);
    });
    return { ...service, people, areaOf, weightsOf };
  }

  /* People of a service's groups, weighted as the study says, times the need of the place. */
  function weightedPeople(demand, groups, need, n) {
    const people = new Float64Array(n);
    for (const [group, weight] of demand) {
      const heads = groups[group];
      for (let i = 0; i < n; i += 1) people[i] += weight * heads[i];
    }
    for (let i = 0; i < n; i += 1) people[i] *= need[i];
    return people;
  }

  /* ---- travel time to the nearest opening ---- */

  /* Time class of the nearest open place of each demand point (255 and above: none), as Uint16Array. */
  function nearestTimeClass(problem, walker, isOpen) {
    const { starts, demand, timeClass } = problem.walkers[walker];
    const nearest = new Uint16Array(problem.n).fill(65535);
    for (let j = 0; j < problem.places; j += 1) {
      if (!isOpen[j]) continue;
      for (let p = starts[j]; p < starts[j + 1]; p += 1) {
        if (timeClass[p] < nearest[demand[p]]) nearest[demand[p]] = timeClass[p];
      }
    }
    return nearest;
  }

  /* Time class → circle (the number of circles: outside all of them). */
  function circleOfTimeClass(problem, service, walker) {
    const { grid } = problem.walkers[walker];
    const cutoffs = problem.services[service].cutoffs_s;
    const ring = new Uint8Array(65536).fill(cutoffs.length);
    for (let l = 0; l < grid.length; l += 1) {
      let c = 0;
      while (c < cutoffs.length && grid[l] > cutoffs[c]) c += 1;
      ring[l] = c;
    }
    return ring;
  }

  /* Innermost circle of each demand point; the most recent results are cached. */
  function makeCircleIndex(problem) {
    const kept = new Map(), tables = new Map();
    return function rings(service, chosen, walker) {
      const isOpen = new Uint8Array(problem.places), named = [];
      for (const offer of chosen) {
        if (problem.offers.service[offer] !== service) continue;
        if (!isOpen[problem.offers.site[offer]]) named.push(problem.offers.site[offer]);
        isOpen[problem.offers.site[offer]] = 1;
      }
      const key = `${service}|${walker}|${named.sort((a, b) => a - b).join()}`;
      if (kept.has(key)) {
        const found = kept.get(key);
        kept.delete(key);
        kept.set(key, found);
        return found;
      }
      const table = `${service}|${walker}`;
      if (!tables.has(table)) tables.set(table, circleOfTimeClass(problem, service, walker));
      const ringOf = tables.get(table);
      const timeClass = nearestTimeClass(problem, walker, isOpen), ring = new Uint8Array(problem.n);
      for (let i = 0; i < problem.n; i += 1) ring[i] = ringOf[timeClass[i]];
      const found = { ring, timeClass, ringOf, key };
      kept.set(key, found);
      if (kept.size > 40) kept.delete(kept.keys().next().value);
      return found;
    };
  }

  function inOrder(values) {
    let sum = 0;
    for (let i = 0; i < values.length; i += 1) sum += values[i];
    return sum;
  }

  /* People within each circle or a narrower one, and the worth of it. */
  function coverage(problem, service, ring) {
    const { people, cutoffs_s: cutoffs, weights, areaOf, weightsOf } = problem.services[service];
    if (areaOf) return coverageByArea(people, cutoffs.length, ring, areaOf, weightsOf);
    const inside = new Float64Array(cutoffs.length + 1);
    for (let i = 0; i < problem.n; i += 1) inside[ring[i]] += people[i];
    const covered = [];
    let sum = 0, worth = 0;
    for (let c = 0; c < cutoffs.length; c += 1) {
      sum += inside[c];
      covered.push(sum);
      worth += weights[c] * inside[c];
    }
    return { covered, worth };
  }

  /* The same where circles weigh differently by area. */
  function coverageByArea(people, circles, ring, areaOf, weightsOf) {
    const inside = weightsOf.map(() => new Float64Array(circles + 1));
    for (let i = 0; i < people.length; i += 1) inside[areaOf[i]][ring[i]] += people[i];
    const covered = new Array(circles).fill(0);
    let worth = 0;
    inside.forEach((found, a) => {
      let sum = 0;
      for (let c = 0; c < circles; c += 1) {
        sum += found[c];
        covered[c] += sum;
        worth += weightsOf[a][c] * found[c];
      }
    });
    return { covered, worth };
  }

  /* The same by part: part[i] is the part of demand point i (a community, a street; −1: none). Row by part, column by circle;
     the last column holds everybody. */
  function coverageByPart(problem, service, ring, part, parts) {
    const { people, cutoffs_s: cutoffs } = problem.services[service];
    const width = cutoffs.length + 1, found = new Float64Array(parts * width);
    for (let i = 0; i < problem.n; i += 1) {
      if (part[i] >= 0) found[part[i] * width + ring[i]] += people[i];
    }
    for (let r = 0; r < parts; r += 1) {
      for (let c = 1; c < width; c += 1) found[r * width + c] += found[r * width + c - 1];
    }
    return { width, found };
  }

  /* People inside circle c by `now` and not by `then`, and the other way round. */
  function moved(problem, service, circle, then, now) {
    const { people } = problem.services[service];
    let gained = 0, lost = 0;
    for (let i = 0; i < problem.n; i += 1) {
      if (now[i] <= circle && then[i] > circle) gained += people[i];
      else if (then[i] <= circle && now[i] > circle) lost += people[i];
    }
    return { gained, lost };
  }

  /* What each place would add to circle c of a service if it opened as well (for open ones: what only they cover). */
  function adds(problem, service, circle, found, isOpen, walker) {
    const { people } = problem.services[service];
    const { starts, demand, timeClass } = problem.walkers[walker];
    const gain = new Float64Array(problem.places);
    const { ring, ringOf } = found;
    const single = new Uint8Array(problem.n);
    for (let j = 0; j < problem.places; j += 1) {
      if (!isOpen[j]) continue;
      for (let p = starts[j]; p < starts[j + 1]; p += 1) {
        if (ringOf[timeClass[p]] <= circle && single[demand[p]] < 2) single[demand[p]] += 1;
      }
    }
    for (let j = 0; j < problem.places; j += 1) {
      let sum = 0;
      for (let p = starts[j]; p < starts[j + 1]; p += 1) {
        if (ringOf[timeClass[p]] > circle) continue;
        if (isOpen[j] ? single[demand[p]] === 1 : ring[demand[p]] > circle) sum += people[demand[p]];
      }
      gain[j] = sum;
    }
    return gain;
  }

  /* ---- money and area ---- */

  function money(problem, chosen) {
    const { offers, sites, departments, rules } = problem;
    const capital = new Float64Array(problem.places), yearly = new Float64Array(problem.places);
    const byCapital = new Float64Array(departments.length), byYearly = new Float64Array(departments.length);
    /* without payers from outside, for limits of areas */
    const ownCapital = new Float64Array(problem.places), ownYearly = new Float64Array(problem.places);
    function spend(site, once, eachYear, share) {
      capital[site] += once;
      yearly[site] += eachYear;
      ownCapital[site] += once;
      ownYearly[site] += eachYear;
      for (let d = 0; d < departments.length; d += 1) {
        byCapital[d] += once * share(d);
        byYearly[d] += eachYear * share(d);
        if (departments[d].outside) {
          ownCapital[site] -= once * share(d);
          ownYearly[site] -= eachYear * share(d);
        }
      }
    }
    const here = new Map(), cells = new Set(), today = new Set(problem.standing.map((offer) => cell(offer)));
    function cell(offer) { return offers.site[offer] * problem.services.length + offers.service[offer]; }
    for (const offer of chosen) {
      const site = offers.site[offer];
      cells.add(cell(offer));
      if (!here.has(site)) here.set(site, { standing: new Set(), fresh: new Set(), taken: 0 });
      if (today.has(cell(offer))) here.get(site).standing.add(offers.service[offer]);
      if (!offers.stands[offer]) {
        here.get(site).fresh.add(offers.service[offer]);
        here.get(site).taken += offers.area[offer];
      }
      spend(site, offers.stands[offer] ? 0 : offers.capital[offer], offers.yearly[offer], (d) => offers.pays[d][offer]);
    }
    /* money is the change from today: what stands costs nothing while it stays, and saves its running cost when it closes */
    for (const offer of problem.standing) {
      const gone = !cells.has(cell(offer));
      spend(offers.site[offer], gone ? offers.closing[offer] : 0, -offers.yearly[offer], (d) => offers.pays[d][offer]);
    }
    for (const site of [...here.keys()].sort((a, b) => a - b)) {
      const { standing, fresh, taken } = here.get(site), owner = (d) => (d === sites.payer ? 1 : 0);
      if (fresh.size) spend(site, sites.setup[site] + sites.setupPerM2[site] * taken, sites.yearly[site], owner);
      for (const room of rules.rooms) {
        if (room.services.some((k) => fresh.has(k)) && !room.services.some((k) => standing.has(k))) {
          spend(site, room.capital, room.yearly, owner);
          spend(site, sites.setupPerM2[site] * room.area, 0, owner);
        }
      }
    }
    return { capital, yearly, byCapital, byYearly, ownCapital, ownYearly };
  }

  /* Capital of one building with these offers in it: its services, its set-up, its shared rooms. */
  function priceOf(problem, here) {
    const { offers, sites, rules } = problem;
    const fresh = here.filter((offer) => !offers.stands[offer]);
    const has = (list, room) => list.some((offer) => room.services.includes(offers.service[offer]));
    const same = (one, two) => offers.site[one] === offers.site[two] && offers.service[one] === offers.service[two];
    const standing = here.filter((offer) => problem.standing.some((old) => same(old, offer)));
    const perM2 = fresh.length ? sites.setupPerM2[offers.site[fresh[0]]] : 0;
    let price = fresh.length ? sites.setup[offers.site[fresh[0]]] : 0;
    for (const offer of fresh) price += offers.capital[offer] + perM2 * offers.area[offer];
    for (const room of rules.rooms) if (has(fresh, room) && !has(standing, room)) price += room.capital + perM2 * room.area;
    return price;
  }

  function area(problem, chosen) {
    const { offers, rules } = problem;
    const used = new Float64Array(problem.places);
    for (const offer of chosen) used[offers.site[offer]] += offers.area[offer];
    for (const room of rules.rooms) {
      const users = new Set(chosen.filter((offer) => room.services.includes(offers.service[offer])).map((offer) => offers.site[offer]));
      for (const site of users) used[site] += room.area;
    }
    return used;
  }

  /* Floor area of one building with these offers in it. */
  function areaAt(problem, here) {
    const { offers, rules } = problem;
    let used = 0;
    for (const offer of here) used += offers.area[offer];
    for (const room of rules.rooms) if (here.some((offer) => room.services.includes(offers.service[offer]))) used += room.area;
    return used;
  }

  const exceeds = (used, limit) => used > limit * (1 + TOLERANCE) + TOLERANCE;

  /* ---- rules ---- */

  function broken(problem, chosen, spent, used) {
    return [
      ...brokenChoices(problem, chosen, used), ...brokenArea(problem, chosen, used), ...brokenMoney(problem, spent),
      ...brokenShares(problem, spent.rings),
    ];
  }

  /* 导则: area, number of services, and how many of the core ones make a building a hub. */
  function isHub(problem, chosen, used, site) {
    const { hub } = problem.rules;
    if (hub === null) return false;
    const here = new Set(chosen.filter((offer) => problem.offers.site[offer] === site).map((offer) => problem.offers.service[offer]));
    const core = hub.core.filter((k) => here.has(k)).length;
    return used[site] >= hub.area - TOLERANCE && here.size >= hub.services && core >= hub.leastCore;
  }

  function brokenChoices(problem, chosen, used) {
    const { offers, rules } = problem, found = [];
    const services = problem.services.length;
    const cell = (offer) => offers.site[offer] * services + offers.service[offer];
    const openAt = new Set(chosen.map(cell));
    const isOpen = (site, service) => openAt.has(site * services + service);
    const fresh = chosen.filter((offer) => !offers.stands[offer]);
    if (openAt.size !== chosen.length) found.push({ rule: "twice" });
    const movedTo = new Map();
    for (const offer of chosen) if (offers.moves[offer] >= 0) movedTo.set(offers.moves[offer], (movedTo.get(offers.moves[offer]) || 0) + 1);
    for (const offer of problem.standing) {
      const kept = openAt.has(cell(offer)) ? 1 : 0, places = kept + (movedTo.get(offer) || 0);
      const about = { site: offers.site[offer], service: offers.service[offer] };
      if (places === 0 && !offers.mayClose[offer]) found.push({ rule: "stays", ...about });
      if (places > 1 && movedTo.has(offer)) found.push({ rule: "moved", ...about });
    }
    const opened = [...new Set(fresh.map((offer) => offers.site[offer]))].sort((a, b) => a - b);
    for (const site of new Set(chosen.map((offer) => offers.site[offer]))) {
      for (const [one, two] of rules.incompatible) {
        if (isOpen(site, one) && isOpen(site, two)) found.push({ rule: "incompatible", site, one, two });
      }
    }
    if (opened.length < rules.minSites || (rules.maxSites !== null && opened.length > rules.maxSites)) {
      found.push({ rule: "sites", number: opened.length, least: rules.minSites, most: rules.maxSites });
    }
    for (let k = 0; k < services; k += 1) {
      const number = fresh.filter((offer) => offers.service[offer] === k).length;
      const least = rules.minOpenings[k], most = rules.maxOpenings[k];
      if (number < least || (most !== null && number > most)) found.push({ rule: "openings", service: k, number, least, most });
    }
    const hubs = [...new Set(chosen.map((offer) => offers.site[offer]))].filter((site) => isHub(problem, chosen, used, site)).length;
    if (rules.hub !== null && hubs < rules.hub.least) found.push({ rule: "hubs", number: hubs, least: rules.hub.least });
    for (const lock of rules.locks) {
      const at = lock.kind === "must" || lock.offers !== null ? chosen : fresh;
      const there = at.some((offer) => (lock.offers !== null
        ? lock.offers.includes(offer)
        : offers.site[offer] === lock.site && (lock.service === null || lock.service === offers.service[offer])));
      if (there !== (lock.kind === "must")) found.push({ rule: lock.kind, site: lock.site, service: lock.service });
    }
    return found;
  }

  const tooMuch = (amount, limit) => limit !== null && amount > limit + TOLERANCE * Math.max(1, Math.abs(limit));

  /* Guaranteed shares (兜底) and spreads, overall or community by community. */
  function brokenShares(problem, rings) {
    const found = [], { floors, spreads } = problem.rules;
    const parts = 1 + problem.community.reduce((most, part) => Math.max(most, part), -1);
    const everyPart = (people, ring, circle, among) => {
      const all = new Float64Array(parts), inside = new Float64Array(parts), shares = [];
      for (let i = 0; i < problem.n; i += 1) {
        const part = problem.community[i];
        if (part < 0 || (among && !among.has(part))) continue;
        all[part] += people[i];
        if (ring[i] <= circle) inside[part] += people[i];
      }
      for (let r = 0; r < parts; r += 1) if (all[r] > 0) shares.push([r, inside[r] / all[r]]);
      return shares;
    };
    const overall = (people, ring, circle, among) => {
      let all = 0, inside = 0;
      for (let i = 0; i < problem.n; i += 1) {
        if (among && !among.has(problem.community[i])) continue;
        all += people[i];
        if (ring[i] <= circle) inside += people[i];
      }
      return all > 0 ? [[null, inside / all]] : [];
    };
    floors.forEach((floor, i) => {
      const circle = problem.services[floor.service].cutoffs_s.indexOf(floor.cutoff_s);
      const shares = (floor.every ? everyPart : overall)(floor.people, rings[floor.service].ring, circle, floor.inside);
      for (const [part, share] of shares) if (share < floor.share - TOLERANCE) found.push({ rule: "floor", floor: i, part, share });
    });
    spreads.forEach((spread, i) => {
      const circle = problem.services[spread.service].cutoffs_s.indexOf(spread.cutoff_s);
      const shares = everyPart(problem.services[spread.service].people, rings[spread.service].ring, circle).map(([, share]) => share);
      const apart = shares.length ? Math.max(...shares) - Math.min(...shares) : 0;
      if (apart > spread.most + TOLERANCE) found.push({ rule: "spread", spread: i, apart });
    });
    return found;
  }

  function brokenArea(problem, chosen, used) {
    const { offers, sites } = problem, found = [];
    const opened = new Set(chosen.filter((offer) => !offers.stands[offer]).map((offer) => offers.site[offer]));
    for (const site of opened) {
      const services = chosen.filter((offer) => offers.site[offer] === site).length;
      if (used[site] < sites.minArea[site] - TOLERANCE || services < sites.minServices[site]) found.push({ rule: "small", site });
      if (sites.hubOnly[site] && !isHub(problem, chosen, used, site)) found.push({ rule: "hub_only", site });
    }
    used.forEach((value, site) => {
      if (exceeds(value, problem.sites.area[site])) found.push({ rule: "area", site, used: value, limit: problem.sites.area[site] });
    });
    return found;
  }

  function brokenMoney(problem, spent) {
    const found = [];
    for (const kind of ["capital", "yearly"]) {
      const limit = problem.budgets[kind];
      if (tooMuch(spent[kind], limit)) found.push({ rule: "budget", kind, amount: spent[kind], limit });
    }
    problem.departments.forEach((department, d) => {
      for (const kind of ["capital", "yearly"]) {
        const amount = spent.departments[d][kind];
        if (tooMuch(amount, department[kind])) found.push({ rule: "department", kind, department: d, amount, limit: department[kind] });
      }
    });
    return found;
  }

  /* ---- limits of areas ---- */

  /* What a choice has of every limit of an area: {used, kept}; least limits of places and floor area count the change from today. */
  function areaLimits(problem, found) {
    const { offers, rules, standing } = problem;
    if (!rules.areas) return [];
    const today = area(problem, standing);
    const floorArea = (k, chosen, there) => {
      const rooms = rules.rooms.filter((room) => room.services.includes(k)).reduce((sum, room) => sum + room.area, 0);
      return sumOf(chosen, there, (offer) => (offers.service[offer] === k ? offers.area[offer] + rooms : 0));
    };
    const places = (k, chosen, there) => sumOf(chosen, there, (offer) => (offers.service[offer] === k && offers.capacity[offer] !== Infinity ? offers.capacity[offer] : 0));
    const sumOf = (chosen, there, amount) => chosen.reduce((sum, offer) => sum + (there.has(offers.site[offer]) ? amount(offer) : 0), 0);
    return rules.areas.map(({ kind, service, limit, sites }) => {
      const there = new Set(sites), total = (values) => sites.reduce((sum, site) => sum + values[site], 0);
      const used = {
        capital: () => total(found.ownCapital), yearly: () => total(found.ownYearly),
        min_sites: () => sites.filter((site) => found.opened.has(site)).length,
        max_sites: () => sites.filter((site) => found.opened.has(site)).length,
        min_openings: () => sumOf(found.chosen, there, (offer) => (offers.service[offer] === service && !offers.stands[offer] ? 1 : 0)),
        max_openings: () => sumOf(found.chosen, there, (offer) => (offers.service[offer] === service && !offers.stands[offer] ? 1 : 0)),
        min_hubs: () => sites.filter((site) => isHub(problem, found.chosen, found.siteArea, site)).length,
        min_capacity: () => places(service, found.chosen, there) - places(service, standing, there),
        min_service_area_m2: () => floorArea(service, found.chosen, there) - floorArea(service, standing, there),
        min_area_m2: () => total(found.siteArea) - total(today),
      }[kind]();
      return { used, kept: kind.startsWith("min_") ? !tooMuch(limit, used) : !tooMuch(used, limit) };
    });
  }

  /* ---- evaluation ---- */

  /* chosen: positions of offers, ascending; walkerOf(k): who walks to service k. */
  function evaluate(problem, rings, chosen, walkerOf) {
    const found = { chosen, rings: [], covered: [], worth: 0 };
    problem.services.forEach((_, k) => {
      const ring = rings(k, chosen, walkerOf(k));
      const { covered, worth } = coverage(problem, k, ring.ring);
      found.rings.push(ring);
      found.covered.push(covered);
      found.worth += worth;
    });
    const { capital, yearly, byCapital, byYearly, ownCapital, ownYearly } = money(problem, chosen);
    found.siteArea = area(problem, chosen);
    found.siteCapital = capital;
    found.siteYearly = yearly;
    Object.assign(found, { ownCapital, ownYearly });
    const outside = problem.departments.map((department, d) => (department.outside ? d : -1)).filter((d) => d >= 0);
    found.capital = inOrder(capital) - inOrder(outside.map((d) => byCapital[d]));
    found.yearly = inOrder(yearly) - inOrder(outside.map((d) => byYearly[d]));
    found.departments = problem.departments.map((_, d) => ({ capital: byCapital[d], yearly: byYearly[d] }));
    const fresh = chosen.filter((offer) => !problem.offers.stands[offer]);
    found.openings = fresh.length;
    found.opened = new Set(fresh.map((offer) => problem.offers.site[offer]));
    found.broken = broken(problem, chosen, found, found.siteArea);
    found.broken.push(...planner.capacity.broken(problem, found, walkerOf));
    found.areas = areaLimits(problem, found);
    found.areas.forEach(({ used, kept }, limit) => { if (!kept) found.broken.push({ rule: "area_limit", limit, used }); });
    return found;
  }

  planner.evaluation = { unpackProblem, makeCircleIndex, evaluate, coverageByPart, moved, adds, inOrder, circleOfTimeClass, priceOf, areaAt, exceeds };
})(window.planner);
