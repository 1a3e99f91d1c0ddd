/* Scorecard of the meeting page: coverage, cost and broken rules of the current choice, beside the baseline and the plan. */
"use strict";

(function (planner) {
  const { translate, format, signed, formatMoney } = planner, { el, svg, figure, chip } = planner.render;
  const share = (covered, people) => (people > 0 ? covered / people : 0);
  const minutes = (store, k, c) => store.problem.services[k].cutoffs_s[c] / 60;

  /* The circle of a service that is looked at: the chosen minutes, or the widest circle that is not wider, or its first. */
  function circleOf(store, k) {
    const { problem, ui } = store, chosen = problem.services[ui.service].cutoffs_s[ui.circle];
    return Math.max(0, problem.services[k].cutoffs_s.filter((cutoff) => cutoff <= chosen).length - 1);
  }

  function section(key, ...children) {
    return el("section", { class: `board-${key}` }, el("h2", {}, translate(`meeting.${key}`)), children);
  }

  function scorecard(store) {
    return [opening(store), headline(store), coverage(store), worst(store), money(store), areaLimits(store), rules(store), optimum(store), unopened(store)];
  }

  /* What the version opens and costs, whom it reaches for the service looked at, and who is left out. */
  function opening(store) {
    const { ui, facts } = store, now = store.counted("room"), k = ui.service, c = store.problem.services[k].cutoffs_s.length - 1, people = store.people[k];
    const part = (name) => format.percent(share(store.counted(name).covered[k][c], people));
    return el("section", { class: "opening" },
      el("p", {}, el("b", {}, now.openings ? translate("meeting.opening", { sites: now.opened.size, services: now.openings, capital: formatMoney(now.capital), yearly: formatMoney(now.yearly) }) : translate("meeting.opening_nothing"))),
      el("p", {}, translate("opening_reach", { service: facts.services[k].name, minutes: minutes(store, k, c), share_before: part("today"), share_after: part("room"), left: planner.people(format.whole(people - now.covered[k][c]), facts.services[k]) })),
      el("p", { class: "quiet hint" }, translate("meeting.what_is_version")));
  }

  /* Services that the plan opens nowhere: which rule binds, and what opening one would cost. */
  function unopened(store) {
    const services = store.facts.unopened[planner.language];
    return services.length ? section("unopened", el("p", { class: "quiet" }, translate("meeting.of_the_plan")), services.map((one) => el("p", {}, el("b", {}, `${one.service} `), one.text))) : null;
  }

  /* Share covered of the service and circle shown. */
  function headline(store) {
    const { ui, facts } = store, k = ui.service, c = ui.circle;
    const service = facts.services[k], at = `${service.id}/${minutes(store, k, c)}`;
    const covered = store.counted("room").covered[k][c], people = store.people[k], faults = groupedRules(store.counted("room").broken);
    return el("section", { class: `headline${faults.length ? " infeasible" : ""}` },
      el("p", { class: "eyebrow" }, translate("meeting.rooms_choice")),
      el("p", { class: "big" },
        figure(`share/room/${at}`, share(covered, people), format.percent(share(covered, people)), { style: faults.length ? {} : { color: service.colour } })),
      faults.length ? el("p", { class: "strip", role: "status" }, el("b", {}, translate("meeting.infeasible")), ` ${planner.ruleText(store, faults[0])}`,
        faults.length > 1 ? ` ${translate("meeting.and_more_rules", { number: faults.length - 1 })}` : null) : null,
      el("p", { class: "sentence" }, translate("meeting.headline", {
        covered: format.whole(covered), people: planner.people(format.whole(people), service), minutes: minutes(store, k, c), service: service.name,
      })),
      el("p", { class: "quiet hint" }, translate("assess.walker_of", { walker: facts.walkers[store.walkerOf(k)].names[planner.language], speed: facts.walkers[store.walkerOf(k)].speed_m_s })),
      labels(store, k),
      capacityText(store, k, c),
      el("table", { class: "moved" },
        el("thead", {}, el("tr", {}, el("th", { scope: "col" }, translate(service.weighted ? "unit_weighted" : "unit_people")), ["newly_covered", "lost", "net"].map((key) => el("th", { scope: "col" }, translate(`meeting.${key}`))))),
        el("tbody", {}, ["today", "plan"].map((then) => {
          const { gained, lost } = store.moved(then, k, c);
          return el("tr", {},
            el("th", { scope: "row" }, translate(`meeting.against_${then}`)),
            el("td", { class: gained >= 0.5 ? "gain" : "" }, figure(`gained/${then}/${at}`, gained, signed(gained))),
            el("td", { class: lost >= 0.5 ? "loss" : "" }, figure(`lost/${then}/${at}`, lost, signed(-lost))),
            el("td", {}, figure(`net/${then}/${at}`, gained - lost, signed(gained - lost))));
        }))));
  }

  /* Labels beside people of a service: reach only, weighted people. */
  function labels(store, k) {
    return planner.countedAs(store.facts.services[k]).map(([text, hint]) => el("span", { class: "counted-as", title: hint }, text));
  }

  /* How many places there are for those within reach, and how many of them can find one at most. */
  function capacityText(store, k, c) {
    const capacity = store.capacity("room", k);
    if (!capacity) return null;
    const { users, most } = capacity.circles[c], at = store.facts.services[k].id, circle = `${at}/${minutes(store, k, c)}`;
    const without = users - most;
    return el("p", { class: `seats${without >= 0.5 ? " short" : ""}` },
      figure(`places/${at}`, capacity.places, capacity.places === Infinity ? translate("meeting.places_endless") : translate("meeting.places", { places: format.whole(capacity.places) })),
      figure(`users/${circle}`, users, translate("meeting.users", { users: format.whole(users), minutes: minutes(store, k, c) })),
      figure(`seated/${circle}`, most, translate("meeting.seated", { most: format.whole(most), without: format.whole(Math.max(0, without)) })));
  }

  /* Every service and circle: a bar for the choice, marks for baseline and plan. */
  function coverage(store) {
    const { ui, facts } = store;
    return section("coverage",
      el("p", { class: "key quiet" }, el("i", { class: "key-room" }), translate("meeting.view_room"), el("i", { class: "key-today" }), translate("meeting.view_today"), el("i", { class: "key-plan" }), translate("meeting.view_plan")),
      facts.services.map((service, k) =>
        el("div", { class: "cover" },
          el("h3", {}, chip(service, true), el("span", { class: "cover-name" }, service.name),
            el("span", { class: "quiet" }, figure(`people/${service.id}`, store.people[k], translate("meeting.of_people", { people: planner.people(format.whole(store.people[k]), service) })))),
          labels(store, k),
          store.problem.services[k].cutoffs_s.map((_, c) => {
            const of = (name) => store.counted(name).covered[k][c];
            const at = `${service.id}/${minutes(store, k, c)}`, wide = (name) => `${share(of(name), store.people[k]) * 100}%`;
            return el("div", { class: `cover-row${k === ui.service && c === ui.circle ? " chosen" : ""}` },
              el("span", { class: "minutes" }, translate("minutes_short", { minutes: minutes(store, k, c) })),
              el("div", { class: "bar", title: translate("meeting.bar_says", { today: format.whole(of("today")), plan: format.whole(of("plan")), room: format.whole(of("room")) }) },
                el("i", { class: "bar-room", style: { width: wide("room"), backgroundColor: service.colour } }),
                hatched(store, k, c),
                el("i", { class: "bar-today", style: { left: wide("today") } }),
                el("i", { class: "bar-plan", style: { left: wide("plan") } })),
              figure(`covered/room/${at}`, of("room"), format.whole(of("room")), { class: "count" }),
              figure(`share/room/${at}`, share(of("room"), store.people[k]), format.percent(share(of("room"), store.people[k])), { class: "share" }));
          }),
          k === ui.service ? null : capacityText(store, k, circleOf(store, k)),
          plannedServed(store, k))));
  }

  /* The share of a bar for which there are certainly no places. */
  function hatched(store, k, c) {
    const capacity = store.capacity("room", k);
    if (!capacity || !(capacity.circles[c].users > 0)) return null;
    const { users, most } = capacity.circles[c], reach = share(store.counted("room").covered[k][c], store.people[k]);
    return el("i", { class: "bar-without", style: { left: `${reach * (most / users) * 100}%`, width: `${reach * (1 - most / users) * 100}%` } });
  }

  /* People who find a place under the plan, as assigned by the optimiser. */
  function plannedServed(store, k) {
    const { problem, facts } = store, { limited, cutoffs_s: cutoffs, id, participation } = problem.services[k];
    if (!limited || !Object.hasOwn(facts.served, id)) return null;
    const widest = cutoffs[cutoffs.length - 1] / 60, served = facts.served[id][`${widest}`];
    return served === undefined ? null : el("p", { class: "quiet planned-seats" }, translate("meeting.plan_seats", { served: format.whole(served * participation), minutes: widest }));
  }

  function worst(store) {
    const { ui, facts, parts } = store, k = ui.service, c = ui.circle, level = parts.levels[ui.level];
    const at = `${facts.services[k].id}/${minutes(store, k, c)}`;
    const found = store.worst("room", k, c, ui.level);
    if (!found) return section("worst", el("p", { class: "quiet" }, translate("nobody_lives")));
    const before = store.partFigures("today", k, ui.level, found.part, c);
    return section("worst",
      el("button", { type: "button", class: "row-button", "data-focus": "worst", onclick: () => store.choosePart(found.part) },
        el("b", { class: "row-name" }, planner.named(level.names[found.part])),
        figure(`worst/${level.id}/${at}`, found.share, format.percent(found.share), { class: "row-number" }),
        el("span", { class: "quiet row-note" },
          figure(`worst-left/${level.id}/${at}`, found.left, translate("meeting.left_out", { people: format.whole(found.left), of: planner.people(format.whole(found.people), facts.services[ui.service]) })),
          ` · ${translate("meeting.view_today")} ${format.percent(share(before.covered, before.people))}`)),
      found.share <= 0 ? el("p", { class: "quiet hint" }, translate("meeting.why_worst", { service: facts.services[k].name, minutes: minutes(store, k, c) })) : null,
      labels(store, k));
  }

  function spent(name, label, amount, limit, broken) {
    const wide = limit > 0 ? Math.min(1, amount / limit) : 0;
    return el("div", { class: `spent${broken ? " over" : ""}` },
      el("span", { class: "spent-label" }, label),
      el("span", { class: "spent-amount" }, figure(`money/${name}`, amount, formatMoney(amount)),
        limit === null ? null : el("span", { class: "quiet" }, ` / ${formatMoney(limit)}`)),
      limit === null ? null : el("div", { class: "spent-bar" }, el("i", { style: { width: `${wide * 100}%` } })));
  }

  function money(store) {
    const { problem } = store, now = store.counted("room");
    const over = (rule, kind, d) => now.broken.some((one) => one.rule === rule && one.kind === kind && (d === undefined || one.department === d));
    const area = planner.evaluation.inOrder(now.siteArea);
    return section("money",
      spent("capital", translate("meeting.capital"), now.capital, problem.budgets.capital, over("budget", "capital")),
      spent("yearly", translate("meeting.yearly"), now.yearly, problem.budgets.yearly, over("budget", "yearly")),
      problem.departments.flatMap((department, d) => ["capital", "yearly"]
        .filter((kind) => department[kind] !== null || now.departments[d][kind] > 0)
        .map((kind) => spent(`${department.id}/${kind}`, `${department.name[planner.language]} · ${translate(`meeting.${kind}`)}`,
          now.departments[d][kind], department[kind], over("department", kind, d)))),
      el("p", { class: "tally" },
        tally("sites", now.opened.size, problem.rules.maxSites), tally("openings", now.openings, null),
        el("span", {}, figure("area", area, format.square(area)), ` ${translate("meeting.floor_area")}`)));
  }

  /* A figure of a limit of an area, by what it counts. */
  function amountOf(kind, value) {
    if (kind === "capital" || kind === "yearly") return formatMoney(value);
    return kind.endsWith("area_m2") ? format.square(value) : format.whole(value);
  }

  /* Limits of areas, and what the choice has of each. */
  function areaLimits(store) {
    const limits = store.problem.rules.areas, now = store.counted("room");
    if (!limits) return null;
    return section("areas", limits.map(({ kind, limit, texts }, n) => {
      const { used, kept } = now.areas[n], wide = limit > 0 ? Math.max(0, Math.min(1, used / limit)) : 1;
      return el("div", { class: `spent${kept ? "" : " over"}` },
        el("span", { class: "spent-label" }, texts[planner.language]),
        el("span", { class: "spent-amount" }, figure(`area/${n}`, used, amountOf(kind, used))),
        el("div", { class: "spent-bar" }, el("i", { style: { width: `${wide * 100}%` } })));
    }));
  }

  function tally(key, number, most) {
    return el("span", { class: most !== null && number > most ? "over" : "" }, figure(key, number, String(number)), most === null ? " " : ` / ${most} `, translate(`meeting.${key}`));
  }

  function rules(store) {
    const broken = groupedRules(store.counted("room").broken), { length } = store.counted("room").broken;
    if (!broken.length) return section("rules", el("p", { class: "kept" }, `✓ ${translate("meeting.rules_kept")}`));
    return section("rules", figure("broken", length, translate("meeting.rules_broken", { number: broken.length }), { class: "broken-count" }),
      el("ul", { class: "broken" }, broken.map((one) => el("li", {}, planner.ruleText(store, one)))));
  }

  /* Broken rules, with all communities below one floor in one entry. */
  function groupedRules(broken) {
    const floors = new Map(), found = [];
    for (const one of broken) {
      const key = `${one.rule} ${one.floor}`;
      if ((one.rule !== "floor" && one.rule !== "places") || one.part === null) found.push(one);
      else if (floors.has(key)) floors.get(key).parts.push(one);
      else {
        floors.set(key, { ...one, parts: [one] });
        found.push(floors.get(key));
      }
    }
    return found;
  }

  /* Why the switch of a service at a place deserves a second look: a rule that is broken here, or would be by opening it. */
  function switchWarning(store, site, service, open) {
    const { problem } = store, now = store.counted("room");
    if (open) {
      const fault = now.broken.find((one) => one.site === site && (one.service === undefined || one.service === null || one.service === service || one.one === service || one.two === service));
      return fault ? ruleText(store, fault) : null;
    }
    const way = planner.decisions.offersAt(problem, site, service)[0];
    if (way === undefined) return null;
    const here = store.openAt("room").get(site) || [], used = planner.evaluation.areaAt(problem, [...here, way]), limit = problem.sites.area[site];
    if (planner.evaluation.exceeds(used, limit)) return ruleText(store, { rule: "area", site, used, limit });
    for (const [one, two] of problem.rules.incompatible) {
      const other = one === service ? two : two === service ? one : -1;
      if (other >= 0 && here.some((offer) => problem.offers.service[offer] === other)) return ruleText(store, { rule: "incompatible", site, one, two });
    }
    return null;
  }

  function floorText(store, one) {
    const floor = store.problem.rules.floors[one.floor];
    if (floor.area && !one.inArea) return translate("meeting.rule_in_area", { area: floor.area, rule: floorText(store, { ...one, inArea: true }) });
    const values = {
      service: store.facts.services[floor.service].name, minutes: floor.cutoff_s / 60, share: format.percent(floor.share),
      group: floor.group === null ? "" : ` (${store.facts.groups[floor.group][planner.language]})`,
    };
    if (one.part === null) return translate(`meeting.rule_${one.rule}`, { ...values, found: format.percent(one.share) });
    const lowest = one.parts.reduce((low, part) => (part.share < low.share ? part : low));
    return translate(`meeting.rule_${one.rule}_parts`, {
      ...values, number: one.parts.length, found: format.percent(lowest.share), part: planner.named(store.parts.levels[0].names[lowest.part]),
    });
  }

  /* A broken rule as a sentence. */
  function ruleText(store, one) {
    const name = (k) => store.facts.services[k].name;
    const site = one.site === undefined ? "" : store.placeName(one.site);
    const limits = { number: one.number, least: one.least, most: one.most === null ? "∞" : one.most };
    const texts = {
      twice: () => translate("meeting.rule_twice"),
      stays: () => translate("meeting.rule_stays", { site, service: name(one.service) }),
      incompatible: () => translate("meeting.rule_incompatible", { site, one: name(one.one), two: name(one.two) }),
      sites: () => translate("meeting.rule_sites", limits),
      openings: () => translate("meeting.rule_openings", { service: name(one.service), ...limits }),
      must: () => translate("meeting.rule_must", { site, service: one.service === null ? translate("meeting.any_service") : name(one.service) }),
      never: () => translate("meeting.rule_never", { site, service: one.service === null ? translate("meeting.any_service") : name(one.service) }),
      moved: () => translate("meeting.rule_moved", { site, service: name(one.service) }),
      hubs: () => translate("meeting.rule_hubs", limits),
      small: () => translate("meeting.rule_small", { site }),
      hub_only: () => translate("meeting.rule_hub_only", { site }),
      floor: () => floorText(store, one),
      places: () => floorText(store, one),
      thin: () => translate("meeting.rule_thin", { site, service: name(one.service), load: format.whole(one.load), least: format.whole(one.least) }),
      spread: () => {
        const spread = store.problem.rules.spreads[one.spread];
        return translate("meeting.rule_spread", { service: name(spread.service), minutes: spread.cutoff_s / 60, apart: format.percent(one.apart), most: format.percent(spread.most) });
      },
      area: () => translate("meeting.rule_area", { site, used: format.square(one.used), limit: format.square(one.limit) }),
      area_limit: () => {
        const { kind, texts } = store.problem.rules.areas[one.limit];
        return translate("meeting.rule_area_limit", { rule: texts[planner.language], used: amountOf(kind, one.used) });
      },
      budget: () => translate("meeting.rule_budget", { kind: translate(`meeting.${one.kind}`), over: formatMoney(one.amount - one.limit) }),
      department: () => translate("meeting.rule_department", {
        department: store.problem.departments[one.department].name[planner.language], kind: translate(`meeting.${one.kind}`), over: formatMoney(one.amount - one.limit),
      }),
    };
    return texts[one.rule]();
  }

  /* Distance of the choice from the upper bound. */
  function optimum(store) {
    const { result } = store.facts, now = store.counted("room");
    if (!store.asPlanned()) return section("optimum", el("p", { class: "quiet" }, translate("meeting.other_walker")));
    const worth = figure("worth", now.worth, format.whole(now.worth));
    if (result.bound === null || !store.facts.coverageObjective) return section("optimum", el("p", {}, translate("meeting.worth"), " ", worth));
    const distance = result.bound - now.worth;
    const wide = result.bound > 0 ? Math.max(0, Math.min(1, now.worth / result.bound)) : 1;
    return section("optimum",
      el("div", { class: "optimum-bar", role: "img", "aria-label": format.percent(wide) },
        svg("svg", { viewBox: "0 0 100 6", preserveAspectRatio: "none" },
          svg("rect", { width: 100, height: 6, fill: "#dfe5e8" }), svg("rect", { width: 100 * wide, height: 6, fill: "#1d2a33" }))),
      el("p", { class: "optimum-line" }, el("span", {}, worth, ` ${translate("meeting.worth_unit")}`),
        el("span", { class: "quiet" }, `${translate("meeting.bound")} `, figure("bound", result.bound, format.whole(result.bound)))),
      now.broken.length
        ? el("p", { class: "quiet" }, translate("meeting.not_comparable"))
        : el("p", {}, figure("distance", distance, translate("meeting.distance", {
            distance: format.whole(Math.max(0, distance)), share: format.percent(result.bound > 0 ? Math.max(0, distance) / result.bound : 0),
          }))));
  }

  Object.assign(planner, { scorecard, labels, capacityText, circleOf, switchWarning, ruleText, groupedRules, shareOf: share, minutesAt: minutes });
})(window.planner);
