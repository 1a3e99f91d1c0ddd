/* Tabs of the meeting page (sites, communities, gaps, decisions) and the cards of a chosen site or community. */
"use strict";

(function (planner) {
  const { translate, format, signed, formatMoney, decisions } = planner, { el, svg, figure, chip } = planner.render;
  const FEW = 40;

  function tabs(store) {
    const panels = { ...(store.facts.review ? { review: planner.reviewed } : {}), sites, parts, gaps: planner.gapsTab, decisions: decided }, names = Object.keys(panels);
    return [
      el("div", { class: "tabs", role: "tablist", "aria-label": translate("meeting.lists") }, names.map((tab) =>
        el("button", {
          type: "button", role: "tab", id: `tab-${tab}`, "data-focus": `tab-${tab}`, "aria-selected": String(store.ui.tab === tab), "aria-controls": "tab-panel",
          tabindex: store.ui.tab === tab ? "0" : "-1", onclick: () => store.look({ tab }), onkeydown: (event) => turn(store, names, event),
        }, translate(`meeting.tab_${tab}`), tab === "decisions" && store.state().forced.size ? el("span", { class: "badge" }, String(store.state().forced.size)) : null))),
      store.ui.tab === "decisions" || store.ui.tab === "review" ? null : el("input", {
        key: "search", type: "search", class: "search", "data-focus": "search", placeholder: translate("meeting.search"), "aria-label": translate("meeting.search"), value: store.ui.search,
        oninput: (event) => store.look({ search: event.target.value }),
      }),
      store.ui.place !== null && store.ui.tab === "sites" ? siteCard(store, store.ui.place) : null,
      store.ui.part !== null && store.ui.tab === "parts" ? partCard(store, store.ui.part) : null,
      el("div", { key: store.ui.tab, class: `tab tab-${store.ui.tab}`, role: "tabpanel", id: "tab-panel", "aria-labelledby": `tab-${store.ui.tab}`, tabindex: "0" }, panels[store.ui.tab](store)),
    ];
  }

  /* Arrow keys, Home and End go from tab to tab. */
  function turn(store, names, event) {
    const at = names.indexOf(store.ui.tab), last = names.length - 1;
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    store.look({ tab: names[to] });
    document.getElementById(`tab-${names[to]}`).focus();
  }

  const fits = (store, ...texts) => {
    const asked = store.ui.search.trim().toLowerCase();
    return !asked || texts.some((text) => String(text).toLowerCase().includes(asked));
  };

  function shortened(store, rows, make) {
    const shown = store.ui.every ? rows : rows.slice(0, FEW);
    return [
      shown.map(make),
      rows.length > shown.length
        ? el("li", { key: "more" }, el("button", { type: "button", class: "more", "data-focus": "more", onclick: () => store.look({ every: true }) }, translate("meeting.show_all", { number: rows.length })))
        : null,
      rows.length ? null : el("li", { key: "none" }, el("p", { class: "quiet" }, translate("meeting.nothing_found"))),
    ];
  }

  /* ---- places ---- */

  /* What opening a service costs where other services may be open already: set-up and shared rooms are paid once. */
  function costOf(store, site, service) {
    const { problem } = store, ways = decisions.offersAt(problem, site, service);
    if (!ways.length) return null;
    const here = store.openAt("room").get(site) || [];
    const known = `${here.join()}|${ways[0]}`;
    if (!store.prices.has(known)) {
      const { priceOf } = planner.evaluation;
      store.prices.set(known, priceOf(problem, [...here, ways[0]].sort((a, b) => a - b)) - priceOf(problem, here));
    }
    return store.prices.get(known);
  }

  function sites(store) {
    const { ui, places, facts, problem } = store, k = ui.service;
    const gain = store.adds(k, ui.circle), open = store.isOpen("room", k);
    const rows = [], closable = new Set(problem.standing.filter((offer) => problem.offers.mayClose[offer]).map((offer) => problem.offers.site[offer]));
    store.servicesAt.forEach((at, site) => {
      if (!at.fresh.size && !closable.has(site)) return;
      if (!fits(store, store.placeName(site), places.id[site], places.kind[site])) return;
      const could = at.fresh.has(k) || at.standing.has(k);
      const cost = could ? costOf(store, site, k) : null;
      rows.push({ site, could, gain: could ? gain[site] : -1, per: cost > 0 ? gain[site] / cost : 0, cost });
    });
    const by = { adds: (a, b) => b.gain - a.gain, per: (a, b) => b.per - a.per, name: (a, b) => store.placeName(a.site).localeCompare(store.placeName(b.site)) };
    rows.sort((a, b) => Number(b.could) - Number(a.could) || by[ui.order](a, b) || a.site - b.site);
    const service = facts.services[k];
    return [
      el("div", { class: "order" }, el("span", { class: "quiet" }, translate("meeting.ranked_by")),
        ["adds", "per", "name"].map((order) => el("button", {
          type: "button", "aria-pressed": String(ui.order === order), "data-focus": `order-${order}`, onclick: () => store.look({ order }),
        }, translate(`meeting.order_${order}`)))),
      el("p", { class: "quiet hint" }, translate("meeting.adds_hint", { service: service.name, minutes: planner.minutesAt(store, k, ui.circle) }), " ", planner.labels(store, k)),
      el("ol", { class: "rows" }, shortened(store, rows, (row) => siteRow(store, row, open))),
    ];
  }

  function siteRow(store, { site, could, gain, cost }, open) {
    const { ui, places, facts } = store, k = ui.service;
    const at = `${places.id[site]}/${facts.services[k].id}/${planner.minutesAt(store, k, ui.circle)}`;
    const note = [places.kind[site], places.area_m2[site] === null ? null : format.square(places.area_m2[site])].filter(Boolean).join(" · ");
    return el("li", { key: `site ${site}`, class: `site-row${ui.place === site ? " chosen" : ""}${could ? "" : " cannot"}` },
      el("button", { type: "button", class: "site-name", "data-focus": `site-${site}`, onclick: () => store.choosePlace(site) },
        el("b", {}, store.placeName(site)), el("span", { class: "quiet" }, note)),
      el("span", { class: "site-adds" },
        could ? figure(`adds/${at}`, gain, open[site] ? translate("meeting.only_here", { people: planner.people(format.whole(gain), facts.services[k]) }) : planner.people(signed(gain), facts.services[k]), { class: open[site] ? "only" : "adds", title: open[site] ? translate("meeting.only_here_hint") : null }) : el("span", { class: "quiet" }, "–"),
        could && cost !== null && !open[site] ? el("span", { class: "quiet" }, formatMoney(cost)) : null),
      el("span", { class: "switches" }, facts.services.map((_, service) => switchFor(store, site, service))));
  }

  /* One button: this service at this place, open or closed. */
  function switchFor(store, site, service) {
    const { facts, problem } = store, at = store.servicesAt[site];
    const stands = at.standing.has(service);
    if (!at.fresh.has(service) && !stands) return el("span", { class: "switch-none" });
    const open = store.isOpen("room", service)[site] === 1;
    const decision = store.state().forced.get(decisions.keyOf(site, service));
    const fixed = stands && open && !problem.offers.mayClose[decisions.standing(problem, site, service)];
    const warning = planner.switchWarning(store, site, service, open);
    const label = translate(open ? "meeting.switch_open" : "meeting.switch_closed", { service: facts.services[service].name, site: store.placeName(site) }) + (warning ? `\n⚠ ${warning}` : "");
    return el("button", {
      type: "button", class: `switch${decision ? " forced" : ""}${warning ? " switch-warned" : ""}`, "aria-pressed": String(open), "aria-label": label, title: label,
      disabled: fixed ? "" : null, "data-toggle": `${store.places.id[site]} ${facts.services[service].id}`, "data-focus": `switch-${site}-${service}`,
      style: open ? { backgroundColor: facts.services[service].colour, borderColor: facts.services[service].colour } : { color: facts.services[service].colour },
      onclick: () => store.toggle(site, service),
    }, facts.services[service].glyph);
  }

  function siteCard(store, site) {
    const { places, problem, facts } = store, at = store.servicesAt[site];
    const now = store.counted("room"), limit = problem.sites.area[site], faults = now.broken.filter((one) => one.site === site);
    const whole = store.state().forced.get(decisions.keyOf(site, null));
    const facility = places.role[site] === "facility";
    const rows = facts.services.map((service, k) => {
      if (!at.fresh.has(k) && !at.standing.has(k)) return null;
      const c = planner.circleOf(store, k), gain = store.adds(k, c);
      return el("tr", {},
        el("td", {}, switchFor(store, site, k)),
        el("th", { scope: "row" }, service.name, at.standing.has(k) ? el("span", { class: "quiet" }, ` · ${translate("meeting.stands_today")}`) : null,
          el("div", { class: "ways" }, sizeChoice(store, site, k))),
        el("td", { class: "number" }, store.isOpen("room", k)[site] ? "" : [el("span", { class: service.weighted ? null : "nowrap" }, planner.people(signed(gain[site]), service)), el("span", { class: "quiet" }, ` ${translate("minutes_short", { minutes: planner.minutesAt(store, k, c) })}`)]),
        el("td", {}, store.state().forced.has(decisions.keyOf(site, k))
          ? el("button", { type: "button", class: "free", title: translate("meeting.leave_free"), "aria-label": translate("meeting.leave_free"), "data-focus": `free-${site}-${k}`, onclick: () => store.free(site, k) }, "↺")
          : null));
    });
    const missing = facts.services.filter((_, k) => !at.fresh.has(k) && !at.standing.has(k)).map((service) => service.name);
    return el("article", { key: `card ${site}`, class: "card-of" },
      el("button", { type: "button", class: "close", "aria-label": translate("close"), "data-focus": "close", onclick: () => store.leave() }, "×"),
      el("p", { class: "eyebrow" }, translate(facility ? "existing_facility" : "candidate")),
      el("h3", {}, store.placeName(site)),
      el("p", { class: "quiet" }, [
        places.kind[site], places.storey[site] === null || facility ? null : `${translate("storey")} ${places.storey[site]}`,
        places.ready_year[site] === null ? null : `${translate("ready_year")} ${places.ready_year[site]}`,
        facility ? null : `${translate("setup")} ${formatMoney(problem.sites.setup[site])}`,
      ].filter(Boolean).join(" · ")),
      el("table", { class: "card-table" }, el("tbody", {}, rows)),
      reachTable(store, site),
      missing.length && !facility ? el("p", { class: "quiet hint" }, translate("meeting.does_not_fit", { services: missing.join(planner.locales[planner.language].list) })) : null,
      faults.length ? el("ul", { class: "broken" }, planner.groupedRules(faults).map((one) => el("li", {}, planner.ruleText(store, one)))) : null,
      facility ? null : el("p", { class: "used" },
        el("span", { class: faults.some((one) => one.rule === "area") ? "over" : "" },
          figure(`site-area/${places.id[site]}`, now.siteArea[site], format.square(now.siteArea[site])),
          limit === Infinity ? "" : ` ${translate("of")} ${format.square(limit)}`), " · ",
        figure(`site-capital/${places.id[site]}`, now.siteCapital[site], formatMoney(now.siteCapital[site]))),
      facility ? null : el("div", { class: "whole" },
        el("button", { type: "button", "aria-pressed": String(Boolean(whole && !whole.open)), "data-focus": `whole-closed-${site}`, onclick: () => store.lockSite(site, false) }, translate("meeting.close_site")),
        el("button", { type: "button", "aria-pressed": String(Boolean(whole?.open)), "data-focus": `whole-kept-${site}`, onclick: () => store.lockSite(site, true) }, translate("meeting.keep_site"))));
  }

  /* Whom this place would reach, circle by circle, with places where they are limited. */
  function reachTable(store, site) {
    const { ui, facts, problem } = store, k = ui.service, service = facts.services[k], { cutoffs_s: cutoffs, limited } = problem.services[k];
    const reach = store.reachOf(site, k), here = (store.openAt("room").get(site) || []).find((offer) => problem.offers.service[offer] === k);
    const places = here !== undefined && limited ? problem.offers.capacity[here] : null;
    return el("p", { class: "reach quiet" }, translate("meeting.reaches", { service: service.name }), " ",
      cutoffs.map((cutoff, c) => el("span", { class: "reach-of" }, `${translate("minutes_short", { minutes: cutoff / 60 })} `,
        figure(`reach/${store.places.id[site]}/${service.id}/${cutoff / 60}`, reach[c], format.whole(reach[c])))),
      places === null || places === Infinity ? null : el("b", { class: "short" }, translate("meeting.places", { places: format.whole(places) })));
  }

  function sizeName(store, way) {
    const { offers, services } = store.problem, { sizes } = services[offers.service[way]], size = offers.size[way];
    return Object.hasOwn(sizes, size) ? sizes[size][planner.language] : size;
  }

  function wayName(store, way) {
    const { offers } = store.problem, from = offers.moves[way];
    const what = from >= 0 ? translate("meeting.moved_from", { site: store.placeName(offers.site[from]) })
      : store.servicesAt[offers.site[way]].standing.has(offers.service[way]) ? translate("meeting.extended") : sizeName(store, way);
    const places = offers.capacity[way] === Infinity ? null : translate("meeting.places", { places: format.whole(offers.capacity[way]) });
    return [what, places, formatMoney(offers.capital[way])].filter(Boolean).join(" · ");
  }

  function sizeChoice(store, site, service) {
    const { problem } = store, ways = decisions.offersAt(problem, site, service);
    if (ways.length < 2) return ways.length && !store.isOpen("room", service)[site] ? el("span", { class: "quiet" }, formatMoney(costOf(store, site, service))) : null;
    const now = store.counted("room").chosen;
    const chosen = ways.find((way) => now.includes(way));
    return el("select", {
      "aria-label": translate("size"), "data-focus": `size-${site}-${service}`, onchange: (event) => store.resize(site, service, Number(event.target.value)),
    }, ways.map((way) => el("option", { value: String(way), selected: way === chosen ? "" : null }, wayName(store, way))));
  }

  /* ---- communities ---- */

  function levels(store) {
    if (store.parts.levels.length < 2) return null;
    return el("div", { class: "order" }, el("span", { class: "quiet" }, translate("meeting.by_level")),
      store.parts.levels.map((level, i) => el("button", {
        type: "button", "aria-pressed": String(store.ui.level === i), "data-focus": `level-${i}`, onclick: () => store.look({ level: i, part: null }),
      }, i ? level.labels[planner.language] : translate("community"))));
  }

  function parts(store) {
    const { ui } = store, level = store.parts.levels[ui.level], k = ui.service;
    const rows = [];
    level.names.forEach((name, part) => {
      if (!fits(store, name, level.ids[part])) return;
      const now = store.partFigures("room", k, ui.level, part, ui.circle);
      if (now.people > 0) rows.push({ part, ...now, left: now.people - now.covered });
    });
    rows.sort((a, b) => a.covered / a.people - b.covered / b.people || b.left - a.left || a.part - b.part);
    return [levels(store), el("p", { class: "quiet hint" }, translate("meeting.parts_hint"), " ", planner.labels(store, k)), el("ol", { class: "rows" }, shortened(store, rows, (row) => partRow(store, row)))];
  }

  function partRow(store, { part, people, covered, left }) {
    const { ui, facts } = store, level = store.parts.levels[ui.level], service = facts.services[ui.service];
    const at = `${level.id}/${level.ids[part]}/${service.id}/${planner.minutesAt(store, ui.service, ui.circle)}`;
    return el("li", { key: `part ${part}`, class: `part-row${ui.part === part ? " chosen" : ""}` },
      el("button", { type: "button", class: "row-button", "data-focus": `part-${part}`, onclick: () => store.choosePart(part) },
        el("b", { class: "row-name" }, planner.named(level.names[part])),
        figure(`part-share/${at}`, planner.shareOf(covered, people), format.percent(planner.shareOf(covered, people)), { class: "row-number" }),
        el("span", { class: "row-bar" }, el("i", { style: { width: `${planner.shareOf(covered, people) * 100}%`, backgroundColor: service.colour } })),
        el("span", { class: "quiet row-note" }, figure(`part-left/${at}`, left, translate("meeting.left_out", { people: format.whole(left), of: planner.people(format.whole(people), facts.services[ui.service]) })), partCapacity(store, part, at))));
  }

  /* Places for the users of a part: at most so many, for openings near its border serve its neighbours as well. */
  function partCapacity(store, part, at) {
    const { ui } = store;
    if (!store.problem.services[ui.service].limited) return null;
    const { users, most } = store.capacityByPart(ui.service, ui.level, ui.circle);
    if (users[part] < 0.5) return null;
    return el("span", { class: `part-seats${users[part] - most[part] >= 0.5 ? " short" : ""}` },
      figure(`part-users/${at}`, users[part], translate("meeting.part_users", { users: format.whole(users[part]) })),
      figure(`part-seated/${at}`, most[part], translate("meeting.part_seated", { most: format.whole(most[part]) })));
  }

  /* A small chart for every service: baseline, plan and choice by circle. */
  function partCard(store, part) {
    const { ui, facts, problem } = store, level = store.parts.levels[ui.level];
    return el("article", { key: `part card ${part}`, class: "card-of" },
      el("button", { type: "button", class: "close", "aria-label": translate("close"), "data-focus": "close", onclick: () => store.leave() }, "×"),
      el("p", { class: "eyebrow" }, ui.level ? level.labels[planner.language] : translate("community")),
      el("h3", {}, planner.named(level.names[part])),
      facts.services.map((service, k) => {
        const { people } = store.partFigures("room", k, ui.level, part, 0);
        return el("div", { class: "small-chart" },
          el("p", {}, chip(service, true), service.name, el("span", { class: "quiet" }, ` ${translate("meeting.of_people", { people: planner.people(format.whole(people), service) })}`)),
          smallChart(store, k, part, problem.services[k].cutoffs_s));
      }),
      el("p", { class: "key quiet" }, el("i", { class: "key-dot key-dot-today" }), translate("meeting.view_today"), el("i", { class: "key-dot key-dot-plan" }), translate("meeting.view_plan"), el("i", { class: "key-dot key-dot-room" }), translate("meeting.view_room")));
  }

  function smallChart(store, k, part, cutoffs) {
    const service = store.facts.services[k], height = 17, wide = 200;
    const x = (share) => 46 + share * wide;
    return svg("svg", { viewBox: `0 0 310 ${cutoffs.length * height + 2}`, class: "dots", role: "img", "aria-label": service.name },
      cutoffs.map((cutoff, c) => {
        const y = c * height + height / 2 + 1;
        const of = (name) => {
          const { people, covered } = store.partFigures(name, k, store.ui.level, part, c);
          return planner.shareOf(covered, people);
        };
        const now = of("room");
        return [
          svg("text", { x: 40, y: y + 4, "text-anchor": "end", class: "axis" }, translate("minutes_short", { minutes: cutoff / 60 })),
          svg("rect", { x: x(0), y: y - 4.5, width: wide, height: 9, fill: "#e6eaed" }),
          svg("rect", { x: x(0), y: y - 4.5, width: wide * now, height: 9, fill: service.colour }),
          svg("path", { d: `M${x(of("today"))} ${y - 7}v14`, stroke: "#1d2a33", "stroke-width": 2 }),
          svg("path", { d: `M${x(of("plan")) - 4} ${y - 8}h8l-4 5z`, fill: "#1d2a33", stroke: "#ffffff", "stroke-width": 0.6 }),
          svg("text", { x: 306, y: y + 4, "text-anchor": "end", class: "axis-number" }, format.percent(now)),
        ];
      }));
  }

  /* ---- decisions ---- */

  function decided(store) {
    const { facts, ui } = store, state = store.state();
    return [
      el("p", { class: "quiet hint" }, translate("meeting.decisions_hint")),
      el("label", { class: "field" }, el("span", {}, translate("meeting.who")), el("input", { type: "text", value: ui.who || "", maxlength: "200", "data-focus": "who", oninput: (event) => (ui.who = event.target.value) })),
      el("label", { class: "field" }, el("span", {}, translate("meeting.remark")), el("textarea", { rows: "2", maxlength: "4000", "data-focus": "remark", oninput: (event) => store.history.amend({ ...store.state(), remark: event.target.value }) }, state.remark)),
      el("p", { class: "quiet" }, translate(`meeting.base_${state.base}`)),
      state.forced.size ? null : el("p", {}, translate("meeting.nothing_decided")),
      el("ol", { class: "rows" }, [...state.forced.values()].map((one) =>
        el("li", { key: `${one.site} ${one.service}`, class: "decision" },
          el("span", { class: `stance ${one.open ? "stance-open" : "stance-closed"}` }, translate(one.service === null ? (one.open ? "meeting.kept" : "meeting.site_closed") : one.open ? "meeting.opened" : "meeting.closed")),
          el("button", { type: "button", class: "row-button", "data-focus": `decision-${one.site}-${one.service}`, onclick: () => store.choosePlace(one.site) },
            one.service === null ? null : chip(facts.services[one.service], true), el("b", { class: "row-name" }, store.placeName(one.site))),
          el("button", { type: "button", class: "free", title: translate("meeting.leave_free"), "aria-label": translate("meeting.leave_free"), "data-focus": `free-${one.site}-${one.service}`, onclick: () => store.free(one.site, one.service) }, "↺"),
          wayDecided(store, one),
          el("input", { type: "text", class: "remark", maxlength: "2000", placeholder: translate("meeting.remark"), "aria-label": translate("meeting.remark"), value: one.remark || "", "data-focus": `remark-${one.site}-${one.service}`, oninput: (event) => store.history.amend(decisions.remarked(store.state(), one.site, one.service, event.target.value)) })))),
      el("div", { class: "actions" },
        el("button", { type: "button", class: "loud", "data-focus": "export", "data-action": "export", onclick: () => store.export() }, translate("meeting.export")),
        el("label", { class: "button" }, translate("meeting.import"), el("input", { type: "file", accept: ".json,application/json", class: "hidden-file", "data-action": "import", onchange: (event) => store.import(event.target.files[0]) })),
        el("button", { type: "button", "data-focus": "keep", "data-action": "keep", onclick: () => store.keep() }, translate("meeting.keep"))),
    ];
  }

  /* What a decision binds besides open or closed: the way a service is run, or what becomes of the one that stands. */
  function wayDecided(store, one) {
    const { problem } = store;
    if (one.service === null) return null;
    if (!one.open) {
      const stands = decisions.standing(problem, one.site, one.service);
      return stands < 0 ? null : el("p", { class: "quiet way" }, translate(problem.offers.mayClose[stands] ? "meeting.way_closes" : "meeting.way_stays"));
    }
    if (decisions.offersAt(problem, one.site, one.service).length < 2) return null;
    return el("p", { class: "quiet way" }, one.exact ? translate("meeting.way_exact", { way: wayName(store, one.offer) }) : translate("meeting.way_any"));
  }

  Object.assign(planner, { tabs, matches: fits });
})(window.planner);
