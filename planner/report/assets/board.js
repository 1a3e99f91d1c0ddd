/* The score: what the choice of the room gives, costs and breaks, beside today and the plan. */
"use strict";

(function (planner) {
  const { say, format, signed, yuan } = planner, { el, svg, figure, chip } = planner.view;
  const share = (covered, people) => (people > 0 ? covered / people : 0);
  const minutes = (room, k, c) => room.question.services[k].cutoffs_s[c] / 60;

  function section(key, ...children) {
    return el("section", { class: `board-${key}` }, el("h2", {}, say(`meeting.${key}`)), children);
  }

  function board(room) {
    return [headline(room), coverage(room), worst(room), money(room), rules(room), optimum(room), unopened(room)];
  }

  /* Services that the plan opens nowhere: which rule binds, and what opening one would cost. */
  function unopened(room) {
    const told = room.facts.unopened[planner.language];
    return told.length ? section("unopened", el("p", { class: "quiet" }, say("meeting.of_the_plan")), told.map((one) => el("p", {}, el("b", {}, `${one.service} `), one.text))) : null;
  }

  /* One service, one circle: the number that everybody looks at. */
  function headline(room) {
    const { ui, facts } = room, k = ui.service, c = ui.circle;
    const service = facts.services[k], at = `${service.id}/${minutes(room, k, c)}`;
    const covered = room.counted("room").covered[k][c], people = room.people[k];
    return el("section", { class: "headline" },
      el("p", { class: "eyebrow" }, say("meeting.rooms_choice")),
      el("p", { class: "big" },
        figure(`share/room/${at}`, share(covered, people), format.percent(share(covered, people)), { style: { color: service.colour } })),
      el("p", { class: "sentence" }, say("meeting.headline", {
        covered: format.whole(covered), people: format.whole(people), minutes: minutes(room, k, c), service: service.name,
      })),
      labels(room, k),
      seatsText(room, k, c),
      el("table", { class: "moved" },
        el("thead", {}, el("tr", {}, el("td", {}), ["newly_covered", "lost", "net"].map((key) => el("th", { scope: "col" }, say(`meeting.${key}`))))),
        el("tbody", {}, ["today", "plan"].map((then) => {
          const { gained, lost } = room.moved(then, k, c);
          return el("tr", {},
            el("th", { scope: "row" }, say(`meeting.against_${then}`)),
            el("td", { class: gained >= 0.5 ? "gain" : "" }, figure(`gained/${then}/${at}`, gained, signed(gained))),
            el("td", { class: lost >= 0.5 ? "loss" : "" }, figure(`lost/${then}/${at}`, lost, signed(-lost))),
            el("td", {}, figure(`net/${then}/${at}`, gained - lost, signed(gained - lost))));
        }))));
  }

  /* Said wherever people of a service are counted. */
  function labels(room, k) {
    return planner.countedAs(room.facts.services[k]).map(([text, hint]) => el("span", { class: "counted-as", title: hint }, text));
  }

  /* How many places there are for those within reach, and how many of them can find one at most. */
  function seatsText(room, k, c) {
    const seats = room.seats("room", k);
    if (!seats) return null;
    const { users, most } = seats.circles[c], at = room.facts.services[k].id, circle = `${at}/${minutes(room, k, c)}`;
    const without = users - most;
    return el("p", { class: `seats${without >= 0.5 ? " short" : ""}` },
      figure(`places/${at}`, seats.places, seats.places === Infinity ? say("meeting.places_endless") : say("meeting.places", { places: format.whole(seats.places) })),
      figure(`users/${circle}`, users, say("meeting.users", { users: format.whole(users), minutes: minutes(room, k, c) })),
      figure(`seated/${circle}`, most, say("meeting.seated", { most: format.whole(most), without: format.whole(Math.max(0, without)) })));
  }

  /* Every service and circle: a bar for the room, a mark for today, a mark for the plan. */
  function coverage(room) {
    const { ui, facts } = room;
    return section("coverage",
      el("p", { class: "key quiet" }, el("i", { class: "key-room" }), say("meeting.view_room"), el("i", { class: "key-today" }), say("meeting.view_today"), el("i", { class: "key-plan" }), say("meeting.view_plan")),
      facts.services.map((service, k) =>
        el("div", { class: "cover" },
          el("h3", {}, chip(service, true), el("span", { class: "cover-name" }, service.name),
            el("span", { class: "quiet" }, figure(`people/${service.id}`, room.people[k], say("meeting.of_people", { people: format.whole(room.people[k]) })))),
          labels(room, k),
          room.question.services[k].cutoffs_s.map((_, c) => {
            const of = (name) => room.counted(name).covered[k][c];
            const at = `${service.id}/${minutes(room, k, c)}`, wide = (name) => `${share(of(name), room.people[k]) * 100}%`;
            return el("div", { class: `cover-row${k === ui.service && c === ui.circle ? " chosen" : ""}` },
              el("span", { class: "minutes" }, say("minutes_short", { minutes: minutes(room, k, c) })),
              el("div", { class: "bar", title: say("meeting.bar_says", { today: format.whole(of("today")), plan: format.whole(of("plan")), room: format.whole(of("room")) }) },
                el("i", { class: "bar-room", style: { width: wide("room"), backgroundColor: service.colour } }),
                hatched(room, k, c),
                el("i", { class: "bar-today", style: { left: wide("today") } }),
                el("i", { class: "bar-plan", style: { left: wide("plan") } })),
              figure(`covered/room/${at}`, of("room"), format.whole(of("room")), { class: "count" }),
              figure(`share/room/${at}`, share(of("room"), room.people[k]), format.percent(share(of("room"), room.people[k])), { class: "share" }));
          }),
          k === ui.service ? null : seatsText(room, k, room.question.services[k].cutoffs_s.length - 1),
          plannedSeats(room, k))));
  }

  /* The part of a bar for which there are certainly no places. */
  function hatched(room, k, c) {
    const seats = room.seats("room", k);
    if (!seats || !(seats.circles[c].users > 0)) return null;
    const { users, most } = seats.circles[c], reach = share(room.counted("room").covered[k][c], room.people[k]);
    return el("i", { class: "bar-without", style: { left: `${reach * (most / users) * 100}%`, width: `${reach * (1 - most / users) * 100}%` } });
  }

  /* Who really finds a place under the plan: the optimiser shared the places out. */
  function plannedSeats(room, k) {
    const { question, facts } = room, { limited, cutoffs_s: cutoffs, id, participation } = question.services[k];
    if (!limited || !Object.hasOwn(facts.served, id)) return null;
    const widest = cutoffs[cutoffs.length - 1] / 60, served = facts.served[id][`${widest}`];
    return served === undefined ? null : el("p", { class: "quiet planned-seats" }, say("meeting.plan_seats", { served: format.whole(served * participation), minutes: widest }));
  }

  function worst(room) {
    const { ui, facts, parts } = room, k = ui.service, c = ui.circle, level = parts.levels[ui.level];
    const at = `${facts.services[k].id}/${minutes(room, k, c)}`;
    const found = room.worst("room", k, c, ui.level);
    if (!found) return section("worst", el("p", { class: "quiet" }, say("nobody_lives")));
    const before = room.partFigures("today", k, ui.level, found.part, c);
    return section("worst",
      el("button", { type: "button", class: "row-button", "data-focus": "worst", onclick: () => room.choosePart(found.part) },
        el("b", { class: "row-name" }, planner.named(level.names[found.part])),
        figure(`worst/${level.id}/${at}`, found.share, format.percent(found.share), { class: "row-number" }),
        el("span", { class: "quiet row-note" },
          figure(`worst-left/${level.id}/${at}`, found.left, say("meeting.left_out", { people: format.whole(found.left), of: format.whole(found.people) })),
          ` · ${say("meeting.view_today")} ${format.percent(share(before.covered, before.people))}`)),
      labels(room, k));
  }

  function spent(name, label, amount, limit, broken) {
    const wide = limit > 0 ? Math.min(1, amount / limit) : 0;
    return el("div", { class: `spent${broken ? " over" : ""}` },
      el("span", { class: "spent-label" }, label),
      el("span", { class: "spent-amount" }, figure(`money/${name}`, amount, yuan(amount)),
        limit === null ? null : el("span", { class: "quiet" }, ` / ${yuan(limit)}`)),
      limit === null ? null : el("div", { class: "spent-bar" }, el("i", { style: { width: `${wide * 100}%` } })));
  }

  function money(room) {
    const { question } = room, now = room.counted("room");
    const over = (rule, kind, d) => now.broken.some((one) => one.rule === rule && one.kind === kind && (d === undefined || one.department === d));
    const area = planner.engine.inOrder(now.siteArea);
    return section("money",
      spent("capital", say("meeting.capital"), now.capital, question.budgets.capital, over("budget", "capital")),
      spent("yearly", say("meeting.yearly"), now.yearly, question.budgets.yearly, over("budget", "yearly")),
      question.departments.flatMap((department, d) => ["capital", "yearly"]
        .filter((kind) => department[kind] !== null || now.departments[d][kind] > 0)
        .map((kind) => spent(`${department.id}/${kind}`, `${department.name[planner.language]} · ${say(`meeting.${kind}`)}`,
          now.departments[d][kind], department[kind], over("department", kind, d)))),
      el("p", { class: "tally" },
        tally("sites", now.opened.size, question.rules.maxSites), tally("openings", now.openings, null),
        el("span", {}, figure("area", area, format.square(area)), ` ${say("meeting.floor_area")}`)));
  }

  function tally(key, number, most) {
    return el("span", { class: most !== null && number > most ? "over" : "" }, figure(key, number, String(number)), most === null ? " " : ` / ${most} `, say(`meeting.${key}`));
  }

  function rules(room) {
    const broken = told(room.counted("room").broken), { length } = room.counted("room").broken;
    if (!broken.length) return section("rules", el("p", { class: "kept" }, `✓ ${say("meeting.rules_kept")}`));
    return section("rules", figure("broken", length, say("meeting.rules_broken", { number: broken.length }), { class: "broken-count" }),
      el("ul", { class: "broken" }, broken.map((one) => el("li", {}, planner.ruleText(room, one)))));
  }

  /* One sentence for each rule: the communities below a floor are told together. */
  function told(broken) {
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

  function floorText(room, one) {
    const floor = room.question.rules.floors[one.floor];
    const values = {
      service: room.facts.services[floor.service].name, minutes: floor.cutoff_s / 60, share: format.percent(floor.share),
      group: floor.group === null ? "" : ` (${room.facts.groups[floor.group][planner.language]})`,
    };
    if (one.part === null) return say(`meeting.rule_${one.rule}`, { ...values, found: format.percent(one.share) });
    const lowest = one.parts.reduce((low, part) => (part.share < low.share ? part : low));
    return say(`meeting.rule_${one.rule}_parts`, {
      ...values, number: one.parts.length, found: format.percent(lowest.share), part: planner.named(room.parts.levels[0].names[lowest.part]),
    });
  }

  /* A broken rule as a sentence. */
  function ruleText(room, one) {
    const name = (k) => room.facts.services[k].name;
    const site = one.site === undefined ? "" : room.placeName(one.site);
    const limits = { number: one.number, least: one.least, most: one.most === null ? "∞" : one.most };
    const texts = {
      twice: () => say("meeting.rule_twice"),
      stays: () => say("meeting.rule_stays", { site, service: name(one.service) }),
      incompatible: () => say("meeting.rule_incompatible", { site, one: name(one.one), two: name(one.two) }),
      sites: () => say("meeting.rule_sites", limits),
      openings: () => say("meeting.rule_openings", { service: name(one.service), ...limits }),
      must: () => say("meeting.rule_must", { site, service: one.service === null ? say("meeting.any_service") : name(one.service) }),
      never: () => say("meeting.rule_never", { site, service: one.service === null ? say("meeting.any_service") : name(one.service) }),
      moved: () => say("meeting.rule_moved", { site, service: name(one.service) }),
      hubs: () => say("meeting.rule_hubs", limits),
      small: () => say("meeting.rule_small", { site }),
      hub_only: () => say("meeting.rule_hub_only", { site }),
      floor: () => floorText(room, one),
      places: () => floorText(room, one),
      thin: () => say("meeting.rule_thin", { site, service: name(one.service), load: format.whole(one.load), least: format.whole(one.least) }),
      spread: () => {
        const spread = room.question.rules.spreads[one.spread];
        return say("meeting.rule_spread", { service: name(spread.service), minutes: spread.cutoff_s / 60, apart: format.percent(one.apart), most: format.percent(spread.most) });
      },
      area: () => say("meeting.rule_area", { site, used: format.square(one.used), limit: format.square(one.limit) }),
      budget: () => say("meeting.rule_budget", { kind: say(`meeting.${one.kind}`), over: yuan(one.amount - one.limit) }),
      department: () => say("meeting.rule_department", {
        department: room.question.departments[one.department].name[planner.language], kind: say(`meeting.${one.kind}`), over: yuan(one.amount - one.limit),
      }),
    };
    return texts[one.rule]();
  }

  /* How far the choice is from what no plan can exceed. */
  function optimum(room) {
    const { result } = room.facts, now = room.counted("room");
    if (!room.asPlanned()) return section("optimum", el("p", { class: "quiet" }, say("meeting.other_walker")));
    const worth = figure("worth", now.worth, format.whole(now.worth));
    if (result.bound === null || !room.facts.coverageObjective) return section("optimum", el("p", {}, say("meeting.worth"), " ", worth));
    const distance = result.bound - now.worth;
    const wide = result.bound > 0 ? Math.max(0, Math.min(1, now.worth / result.bound)) : 1;
    return section("optimum",
      el("div", { class: "optimum-bar", role: "img", "aria-label": format.percent(wide) },
        svg("svg", { viewBox: "0 0 100 6", preserveAspectRatio: "none" },
          svg("rect", { width: 100, height: 6, fill: "#dfe5e8" }), svg("rect", { width: 100 * wide, height: 6, fill: "#1d2a33" }))),
      el("p", { class: "optimum-line" }, el("span", {}, worth, ` ${say("meeting.worth_unit")}`),
        el("span", { class: "quiet" }, `${say("meeting.bound")} `, figure("bound", result.bound, format.whole(result.bound)))),
      now.broken.length
        ? el("p", { class: "quiet" }, say("meeting.not_comparable"))
        : el("p", {}, figure("distance", distance, say("meeting.distance", {
            distance: format.whole(Math.max(0, distance)), share: format.percent(result.bound > 0 ? Math.max(0, distance) / result.bound : 0),
          }))));
  }

  Object.assign(planner, { board, labels, seatsText, ruleText, toldRules: told, shareOf: share, minutesAt: minutes });
})(window.planner);
