/* The lists beside the map: places ranked by what they add, communities, gaps, decisions; and the card of what is chosen. */
"use strict";

(function (planner) {
  const { say, format, signed, yuan, decisions } = planner, { el, svg, figure, chip } = planner.view;
  const FEW = 40;

  function lists(room) {
    const tabs = { ...(room.facts.review ? { review: planner.reviewed } : {}), sites, parts, gaps: planner.gapsTab, decisions: decided };
    return [
      el("div", { class: "tabs", role: "tablist" }, Object.keys(tabs).map((tab) =>
        el("button", {
          type: "button", role: "tab", "data-focus": `tab-${tab}`, "aria-selected": String(room.ui.tab === tab),
          onclick: () => room.look({ tab }),
        }, say(`meeting.tab_${tab}`), tab === "decisions" && room.state().forced.size ? el("span", { class: "badge" }, String(room.state().forced.size)) : null))),
      room.ui.tab === "decisions" || room.ui.tab === "review" ? null : el("input", {
        key: "search", type: "search", class: "search", "data-focus": "search", placeholder: say("meeting.search"), "aria-label": say("meeting.search"), value: room.ui.search,
        oninput: (event) => room.look({ search: event.target.value }),
      }),
      room.ui.place !== null && room.ui.tab === "sites" ? siteCard(room, room.ui.place) : null,
      room.ui.part !== null && room.ui.tab === "parts" ? partCard(room, room.ui.part) : null,
      el("div", { key: room.ui.tab, class: `tab tab-${room.ui.tab}`, role: "tabpanel" }, tabs[room.ui.tab](room)),
    ];
  }

  const fits = (room, ...texts) => {
    const asked = room.ui.search.trim().toLowerCase();
    return !asked || texts.some((text) => String(text).toLowerCase().includes(asked));
  };

  function shortened(room, rows, make) {
    const shown = room.ui.every ? rows : rows.slice(0, FEW);
    return [
      shown.map(make),
      rows.length > shown.length
        ? el("button", { type: "button", class: "more", "data-focus": "more", onclick: () => room.look({ every: true }) }, say("meeting.show_all", { number: rows.length }))
        : null,
      rows.length ? null : el("p", { class: "quiet" }, say("meeting.nothing_found")),
    ];
  }

  /* ---- places ---- */

  /* What opening a service costs where other services may be open already: set-up and shared rooms are paid once. */
  function costOf(room, site, service) {
    const { question } = room, ways = decisions.offersAt(question, site, service);
    if (!ways.length) return null;
    const here = room.openAt("room").get(site) || [];
    const known = `${here.join()}|${ways[0]}`;
    if (!room.prices.has(known)) {
      const { priceOf } = planner.engine;
      room.prices.set(known, priceOf(question, [...here, ways[0]].sort((a, b) => a - b)) - priceOf(question, here));
    }
    return room.prices.get(known);
  }

  function sites(room) {
    const { ui, places, facts, question } = room, k = ui.service;
    const gain = room.adds(k, ui.circle), open = room.isOpen("room", k);
    const rows = [], closable = new Set(question.standing.filter((offer) => question.offers.mayClose[offer]).map((offer) => question.offers.site[offer]));
    room.servicesAt.forEach((at, site) => {
      if (!at.fresh.size && !closable.has(site)) return;
      if (!fits(room, room.placeName(site), places.id[site], places.kind[site])) return;
      const could = at.fresh.has(k) || at.standing.has(k);
      const cost = could ? costOf(room, site, k) : null;
      rows.push({ site, could, gain: could ? gain[site] : -1, per: cost > 0 ? gain[site] / cost : 0, cost });
    });
    const by = { adds: (a, b) => b.gain - a.gain, per: (a, b) => b.per - a.per, name: (a, b) => room.placeName(a.site).localeCompare(room.placeName(b.site)) };
    rows.sort((a, b) => Number(b.could) - Number(a.could) || by[ui.order](a, b) || a.site - b.site);
    const service = facts.services[k];
    return [
      el("div", { class: "order" }, el("span", { class: "quiet" }, say("meeting.ranked_by")),
        ["adds", "per", "name"].map((order) => el("button", {
          type: "button", "aria-pressed": String(ui.order === order), "data-focus": `order-${order}`, onclick: () => room.look({ order }),
        }, say(`meeting.order_${order}`)))),
      el("p", { class: "quiet hint" }, say("meeting.adds_hint", { service: service.name, minutes: planner.minutesAt(room, k, ui.circle) }), " ", planner.labels(room, k)),
      el("ol", { class: "rows" }, shortened(room, rows, (row) => siteRow(room, row, open))),
    ];
  }

  function siteRow(room, { site, could, gain, cost }, open) {
    const { ui, places, facts } = room, k = ui.service;
    const at = `${places.id[site]}/${facts.services[k].id}/${planner.minutesAt(room, k, ui.circle)}`;
    const note = [places.kind[site], places.area_m2[site] === null ? null : format.square(places.area_m2[site])].filter(Boolean).join(" · ");
    return el("li", { key: `site ${site}`, class: `site-row${facts.services.length > 3 ? " stacked" : ""}${ui.place === site ? " chosen" : ""}${could ? "" : " cannot"}` },
      el("button", { type: "button", class: "site-name", "data-focus": `site-${site}`, onclick: () => room.choosePlace(site) },
        el("b", {}, room.placeName(site)), el("span", { class: "quiet" }, note)),
      el("span", { class: "site-adds" },
        could ? figure(`adds/${at}`, gain, open[site] ? say("meeting.only_here", { people: format.whole(gain) }) : signed(gain), { class: open[site] ? "only" : "adds" }) : el("span", { class: "quiet" }, "–"),
        could && cost !== null && !open[site] ? el("span", { class: "quiet" }, yuan(cost)) : null),
      el("span", { class: "switches" }, facts.services.map((_, service) => switchFor(room, site, service))));
  }

  /* One button: this service at this place, open or closed. */
  function switchFor(room, site, service) {
    const { facts, question } = room, at = room.servicesAt[site];
    const stands = at.standing.has(service);
    if (!at.fresh.has(service) && !stands) return el("span", { class: "switch-none" });
    const open = room.isOpen("room", service)[site] === 1;
    const decision = room.state().forced.get(decisions.keyOf(site, service));
    const fixed = stands && open && !question.offers.mayClose[decisions.standing(question, site, service)];
    const label = say(open ? "meeting.switch_open" : "meeting.switch_closed", { service: facts.services[service].name, site: room.placeName(site) });
    return el("button", {
      type: "button", class: `switch${decision ? " forced" : ""}`, "aria-pressed": String(open), "aria-label": label, title: label,
      disabled: fixed ? "" : null, "data-toggle": `${room.places.id[site]} ${facts.services[service].id}`, "data-focus": `switch-${site}-${service}`,
      style: open ? { backgroundColor: facts.services[service].colour, borderColor: facts.services[service].colour } : { color: facts.services[service].colour },
      onclick: () => room.toggle(site, service),
    }, facts.services[service].glyph);
  }

  function siteCard(room, site) {
    const { places, question, facts, ui } = room, at = room.servicesAt[site];
    const now = room.counted("room"), limit = question.sites.area[site];
    const whole = room.state().forced.get(decisions.keyOf(site, null));
    const facility = places.role[site] === "facility";
    const rows = facts.services.map((service, k) => {
      if (!at.fresh.has(k) && !at.standing.has(k)) return null;
      const gain = room.adds(k, k === ui.service ? ui.circle : question.services[k].cutoffs_s.length - 1);
      return el("tr", {},
        el("td", {}, switchFor(room, site, k)),
        el("th", { scope: "row" }, service.name, at.standing.has(k) ? el("span", { class: "quiet" }, ` · ${say("meeting.stands_today")}`) : null,
          el("div", { class: "ways" }, sizeChoice(room, site, k))),
        el("td", { class: "number" }, room.isOpen("room", k)[site] ? "" : signed(gain[site])),
        el("td", {}, room.state().forced.has(decisions.keyOf(site, k))
          ? el("button", { type: "button", class: "free", title: say("meeting.leave_free"), "aria-label": say("meeting.leave_free"), "data-focus": `free-${site}-${k}`, onclick: () => room.free(site, k) }, "↺")
          : null));
    });
    const missing = facts.services.filter((_, k) => !at.fresh.has(k) && !at.standing.has(k)).map((service) => service.name);
    return el("article", { key: `card ${site}`, class: "card-of" },
      el("button", { type: "button", class: "close", "aria-label": say("close"), "data-focus": "close", onclick: () => room.look({ place: null }) }, "×"),
      el("p", { class: "eyebrow" }, say(facility ? "existing_facility" : "candidate")),
      el("h3", {}, room.placeName(site)),
      el("p", { class: "quiet" }, [
        places.kind[site], places.storey[site] === null || facility ? null : `${say("storey")} ${places.storey[site]}`,
        places.ready_year[site] === null ? null : `${say("ready_year")} ${places.ready_year[site]}`,
        facility ? null : `${say("setup")} ${yuan(question.sites.setup[site])}`,
      ].filter(Boolean).join(" · ")),
      el("table", { class: "card-table" }, el("tbody", {}, rows)),
      reachTable(room, site),
      missing.length && !facility ? el("p", { class: "quiet hint" }, say("meeting.does_not_fit", { services: missing.join(planner.language === "zh" ? "、" : ", ") })) : null,
      facility ? null : el("p", { class: "used" },
        figure(`site-area/${places.id[site]}`, now.siteArea[site], format.square(now.siteArea[site])),
        limit === Infinity ? "" : ` / ${format.square(limit)}`, " · ",
        figure(`site-capital/${places.id[site]}`, now.siteCapital[site], yuan(now.siteCapital[site]))),
      facility ? null : el("div", { class: "whole" },
        el("button", { type: "button", "aria-pressed": String(Boolean(whole && !whole.open)), "data-focus": `whole-closed-${site}`, onclick: () => room.lockSite(site, false) }, say("meeting.close_site")),
        el("button", { type: "button", "aria-pressed": String(Boolean(whole && whole.open)), "data-focus": `whole-kept-${site}`, onclick: () => room.lockSite(site, true) }, say("meeting.keep_site"))));
  }

  /* Whom this place would reach, circle by circle, with places where they are limited. */
  function reachTable(room, site) {
    const { ui, facts, question } = room, k = ui.service, service = facts.services[k], { cutoffs_s: cutoffs, limited } = question.services[k];
    const reach = room.reachOf(site, k), here = (room.openAt("room").get(site) || []).find((offer) => question.offers.service[offer] === k);
    const places = here !== undefined && limited ? question.offers.capacity[here] : null;
    return el("p", { class: "reach quiet" }, say("meeting.reaches", { service: service.name }), " ",
      cutoffs.map((cutoff, c) => el("span", { class: "reach-of" }, `${say("minutes_short", { minutes: cutoff / 60 })} `,
        figure(`reach/${room.places.id[site]}/${service.id}/${cutoff / 60}`, reach[c], format.whole(reach[c])))),
      places === null || places === Infinity ? null : el("b", { class: "short" }, say("meeting.places", { places: format.whole(places) })));
  }

  function wayName(room, way) {
    const { offers } = room.question, from = offers.moves[way];
    const what = from >= 0 ? say("meeting.moved_from", { site: room.placeName(offers.site[from]) })
      : room.servicesAt[offers.site[way]].standing.has(offers.service[way]) ? say("meeting.extended") : offers.size[way];
    const places = offers.capacity[way] === Infinity ? null : say("meeting.places", { places: format.whole(offers.capacity[way]) });
    return [what, places, yuan(offers.capital[way])].filter(Boolean).join(" · ");
  }

  function sizeChoice(room, site, service) {
    const { question } = room, ways = decisions.offersAt(question, site, service);
    if (ways.length < 2) return ways.length && !room.isOpen("room", service)[site] ? el("span", { class: "quiet" }, yuan(costOf(room, site, service))) : null;
    const now = room.counted("room").chosen;
    const chosen = ways.find((way) => now.includes(way));
    return el("select", {
      "aria-label": say("size"), "data-focus": `size-${site}-${service}`, onchange: (event) => room.resize(site, service, Number(event.target.value)),
    }, ways.map((way) => el("option", { value: String(way), selected: way === chosen ? "" : null }, wayName(room, way))));
  }

  /* ---- communities ---- */

  function levels(room) {
    if (room.parts.levels.length < 2) return null;
    return el("div", { class: "order" }, el("span", { class: "quiet" }, say("meeting.by_level")),
      room.parts.levels.map((level, i) => el("button", {
        type: "button", "aria-pressed": String(room.ui.level === i), "data-focus": `level-${i}`, onclick: () => room.look({ level: i, part: null }),
      }, i ? level.id : say("community"))));
  }

  function parts(room) {
    const { ui } = room, level = room.parts.levels[ui.level], k = ui.service;
    const rows = [];
    level.names.forEach((name, part) => {
      if (!fits(room, name, level.ids[part])) return;
      const now = room.partFigures("room", k, ui.level, part, ui.circle);
      if (now.people > 0) rows.push({ part, ...now, left: now.people - now.covered });
    });
    rows.sort((a, b) => a.covered / a.people - b.covered / b.people || b.left - a.left || a.part - b.part);
    return [levels(room), el("p", { class: "quiet hint" }, say("meeting.parts_hint"), " ", planner.labels(room, k)), el("ol", { class: "rows" }, shortened(room, rows, (row) => partRow(room, row)))];
  }

  function partRow(room, { part, people, covered, left }) {
    const { ui, facts } = room, level = room.parts.levels[ui.level], service = facts.services[ui.service];
    const at = `${level.id}/${level.ids[part]}/${service.id}/${planner.minutesAt(room, ui.service, ui.circle)}`;
    return el("li", { key: `part ${part}`, class: `part-row${ui.part === part ? " chosen" : ""}` },
      el("button", { type: "button", class: "row-button", "data-focus": `part-${part}`, onclick: () => room.choosePart(part) },
        el("b", { class: "row-name" }, planner.named(level.names[part])),
        figure(`part-share/${at}`, planner.shareOf(covered, people), format.percent(planner.shareOf(covered, people)), { class: "row-number" }),
        el("span", { class: "row-bar" }, el("i", { style: { width: `${planner.shareOf(covered, people) * 100}%`, backgroundColor: service.colour } })),
        el("span", { class: "quiet row-note" }, figure(`part-left/${at}`, left, say("meeting.left_out", { people: format.whole(left), of: format.whole(people) })), partSeats(room, part, at))));
  }

  /* Places for the users of a part: at most so many, for openings near its border serve its neighbours as well. */
  function partSeats(room, part, at) {
    const { ui } = room;
    if (!room.question.services[ui.service].limited) return null;
    const { users, most } = room.seatsByPart(ui.service, ui.level, ui.circle);
    if (users[part] < 0.5) return null;
    return el("span", { class: `part-seats${users[part] - most[part] >= 0.5 ? " short" : ""}` },
      figure(`part-users/${at}`, users[part], say("meeting.part_users", { users: format.whole(users[part]) })),
      figure(`part-seated/${at}`, most[part], say("meeting.part_seated", { most: format.whole(most[part]) })));
  }

  /* A small chart for every service: today, plan and room, circle by circle. */
  function partCard(room, part) {
    const { ui, facts, question } = room, level = room.parts.levels[ui.level];
    return el("article", { key: `part card ${part}`, class: "card-of" },
      el("button", { type: "button", class: "close", "aria-label": say("close"), "data-focus": "close", onclick: () => room.look({ part: null }) }, "×"),
      el("p", { class: "eyebrow" }, ui.level ? level.id : say("community")),
      el("h3", {}, planner.named(level.names[part])),
      facts.services.map((service, k) => {
        const { people } = room.partFigures("room", k, ui.level, part, 0);
        return el("div", { class: "small-chart" },
          el("p", {}, chip(service, true), service.name, el("span", { class: "quiet" }, ` ${say("meeting.of_people", { people: format.whole(people) })}`)),
          smallChart(room, k, part, question.services[k].cutoffs_s));
      }),
      el("p", { class: "key quiet" }, el("i", { class: "key-dot key-dot-today" }), say("meeting.view_today"), el("i", { class: "key-dot key-dot-plan" }), say("meeting.view_plan"), el("i", { class: "key-dot key-dot-room" }), say("meeting.view_room")));
  }

  function smallChart(room, k, part, cutoffs) {
    const service = room.facts.services[k], height = 17, wide = 200;
    const x = (share) => 46 + share * wide;
    return svg("svg", { viewBox: `0 0 310 ${cutoffs.length * height + 2}`, class: "dots", role: "img", "aria-label": service.name },
      cutoffs.map((cutoff, c) => {
        const y = c * height + height / 2 + 1;
        const of = (name) => {
          const { people, covered } = room.partFigures(name, k, room.ui.level, part, c);
          return planner.shareOf(covered, people);
        };
        const now = of("room");
        return [
          svg("text", { x: 40, y: y + 4, "text-anchor": "end", class: "axis" }, say("minutes_short", { minutes: cutoff / 60 })),
          svg("rect", { x: x(0), y: y - 4.5, width: wide, height: 9, fill: "#e6eaed" }),
          svg("rect", { x: x(0), y: y - 4.5, width: wide * now, height: 9, fill: service.colour }),
          svg("path", { d: `M${x(of("today"))} ${y - 7}v14`, stroke: "#1d2a33", "stroke-width": 2 }),
          svg("path", { d: `M${x(of("plan")) - 4} ${y - 8}h8l-4 5z`, fill: "#1d2a33", stroke: "#ffffff", "stroke-width": 0.6 }),
          svg("text", { x: 306, y: y + 4, "text-anchor": "end", class: "axis-number" }, format.percent(now)),
        ];
      }));
  }

  /* ---- decisions ---- */

  function decided(room) {
    const { facts, ui } = room, state = room.state();
    return [
      el("p", { class: "quiet hint" }, say("meeting.decisions_hint")),
      el("label", { class: "field" }, el("span", {}, say("meeting.who")), el("input", { type: "text", value: ui.who || "", maxlength: "200", "data-focus": "who", oninput: (event) => (ui.who = event.target.value) })),
      el("label", { class: "field" }, el("span", {}, say("meeting.remark")), el("textarea", { rows: "2", maxlength: "4000", "data-focus": "remark", oninput: (event) => room.history.amend({ ...room.state(), remark: event.target.value }) }, state.remark)),
      el("p", { class: "quiet" }, say(`meeting.base_${state.base}`)),
      state.forced.size ? null : el("p", {}, say("meeting.nothing_decided")),
      el("ol", { class: "rows" }, [...state.forced.values()].map((one) =>
        el("li", { key: `${one.site} ${one.service}`, class: "decision" },
          el("span", { class: `stance ${one.open ? "stance-open" : "stance-closed"}` }, say(one.service === null ? (one.open ? "meeting.kept" : "meeting.site_closed") : one.open ? "meeting.opened" : "meeting.closed")),
          el("button", { type: "button", class: "row-button", "data-focus": `decision-${one.site}-${one.service}`, onclick: () => room.choosePlace(one.site) },
            one.service === null ? null : chip(facts.services[one.service], true), el("b", { class: "row-name" }, room.placeName(one.site))),
          el("button", { type: "button", class: "free", title: say("meeting.leave_free"), "aria-label": say("meeting.leave_free"), "data-focus": `free-${one.site}-${one.service}`, onclick: () => room.free(one.site, one.service) }, "↺"),
          wayDecided(room, one),
          el("input", { type: "text", class: "remark", maxlength: "2000", placeholder: say("meeting.remark"), "aria-label": say("meeting.remark"), value: one.remark || "", "data-focus": `remark-${one.site}-${one.service}`, oninput: (event) => room.history.amend(decisions.remarked(room.state(), one.site, one.service, event.target.value)) })))),
      el("div", { class: "actions" },
        el("button", { type: "button", class: "loud", "data-focus": "export", "data-action": "export", onclick: () => room.export() }, say("meeting.export")),
        el("label", { class: "button" }, say("meeting.import"), el("input", { type: "file", accept: ".json,application/json", class: "hidden-file", "data-action": "import", onchange: (event) => room.import(event.target.files[0]) })),
        el("button", { type: "button", "data-focus": "keep", "data-action": "keep", onclick: () => room.keep() }, say("meeting.keep"))),
      room.message ? el("p", { class: "message", role: "status" }, room.message) : null,
    ];
  }

  /* What a decision binds besides open or closed: the way a service is run, or what becomes of the one that stands. */
  function wayDecided(room, one) {
    const { question } = room;
    if (one.service === null) return null;
    if (!one.open) {
      const stands = decisions.standing(question, one.site, one.service);
      return stands < 0 ? null : el("p", { class: "quiet way" }, say(question.offers.mayClose[stands] ? "meeting.way_closes" : "meeting.way_stays"));
    }
    if (decisions.offersAt(question, one.site, one.service).length < 2) return null;
    return el("p", { class: "quiet way" }, one.exact ? say("meeting.way_exact", { way: wayName(room, one.offer) }) : say("meeting.way_any"));
  }

  Object.assign(planner, { lists, matches: fits });
})(window.planner);
