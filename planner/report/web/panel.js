/* Panel of the map page: plan, coverage, cost, optimality and sources. */
"use strict";

(function (planner) {
  const { el, translate, format, named, chip } = planner;

  function section(name, title, ...children) {
    return el("section", { class: name }, el("h2", {}, title), children);
  }

  function header(run) {
    const facts = [run.scenario === "base" ? null : `${translate("scenario_label")} ${run.scenarioName}`, run.date || null];
    return el("header", {},
      el("p", { class: "eyebrow" }, translate("map_title")),
      el("h1", {}, run.name),
      el("p", { class: "quiet" }, facts.filter(Boolean).join(" · ")),
      run.publication.classification ? el("p", { class: "stamp" }, run.publication.classification) : null);
  }

  function bar(service, row) {
    const before = row.people ? row.before / row.people : 0, after = row.people ? row.after / row.people : 0;
    const wide = (share) => `${(share * 100).toFixed(3)}%`;
    return el("div", { class: "bar", role: "img", "aria-label": `${format.percent(before)} → ${format.percent(after)}` },
      el("i", { style: { width: wide(after), backgroundColor: service.colour } }),
      el("i", { class: "before", style: { width: wide(Math.min(before, after)) } }));
  }

  /* Said wherever people of a service are counted. */
  function labels(service) {
    const units = planner.countedAs(service);
    return units.length ? el("p", { class: "counted-line" }, units.map(([text, hint]) => el("span", { class: "counted-as", title: hint }, text))) : null;
  }

  function coverage(run) {
    const blocks = run.services.map((service) => {
      const rows = run.coverage.filter((row) => row.service === service.id);
      return el("div", { class: "cover" },
        el("h3", {}, chip(service), service.name,
          el("span", { class: "quiet" }, `${format.whole(rows[0].people)} ${translate(service.weighted ? "unit_weighted" : "unit_people")}`)),
        labels(service),
        el("p", { class: "quiet hint" }, translate("assess.walker_of", { walker: service.walkerName, speed: service.speed_m_s })),
        rows.map((row) => {
          const share = (covered) => format.percent(row.people ? covered / row.people : 0);
          return el("div", { class: "cover-row", "data-service": row.service, "data-minutes": row.minutes },
            el("span", { class: "minutes" }, translate("minutes_short", { minutes: row.minutes })),
            bar(service, row),
            el("span", { class: "shares" },
              el("span", { class: "share-before" }, share(row.before)), " → ",
              el("b", { class: "share-after" }, share(row.after))),
            el("span", { class: "gain", title: `${format.whole(row.before)} → ${format.whole(row.after)}` },
              planner.people(format.signed(row.after - row.before), service)),
            service.limited ? el("span", { class: "found" }, translate("places_line", {
              before: format.whole(row.servedBefore), after: format.whole(row.servedAfter), share_before: share(row.servedBefore), share_after: share(row.servedAfter),
            })) : null,
            service.weighted ? el("span", { class: "found" }, translate("heads_line", {
              before: format.whole(row.headsBefore), after: format.whole(row.headsAfter), people: format.whole(row.heads),
            })) : null);
        }));
    });
    const key = el("p", { class: "bar-key quiet" },
      el("i", { class: "before" }), translate("today"), el("i", { class: "after" }), translate("with_plan"));
    return section("plan-coverage", translate("coverage_title"), key, blocks, el("p", { class: "quiet hint" }, translate("coverage_hint")));
  }

  /* Gini coefficient and gap between best and worst area, before and after; what the plan makes less even is a warning. */
  function unevenness(run) {
    if (!run.unevenness.length) return null;
    return section("plan-unevenness", translate("unevenness.title"),
      run.unevenness.filter((one) => one.warning).map((one) => el("p", { class: "caution" }, one.warning)),
      el("dl", { class: "lines" }, run.unevenness.map((one) => el("div", { class: "tile" }, el("dt", {}, one.label), el("dd", {}, one.text)))),
      el("p", { class: "quiet hint" }, translate("unevenness.hint")));
  }

  function figures(run) {
    const tile = (indicator, loud) =>
      el("div", { class: loud ? "tile loud" : "tile", "data-indicator": indicator.key },
        el("dt", {}, indicator.label), el("dd", {}, indicator.text));
    const loud = new Set(["sites_opened", "co_located_services", "capital", "status"]);
    const technical = new Set(["objective", "bound", "gap"]), plain = run.indicators.filter((i) => !technical.has(i.key));
    return section("plan-figures", translate("plan_title"),
      el("dl", { class: "tiles" }, plain.filter((i) => loud.has(i.key)).map((i) => tile(i, true))),
      el("dl", { class: "lines" }, plain.filter((i) => !loud.has(i.key)).map((i) => tile(i, false))),
      el("details", { class: "technical" }, el("summary", {}, translate("technical_notes")),
        el("dl", { class: "lines" }, run.indicators.filter((i) => technical.has(i.key)).map((i) => tile(i, false)))));
  }

  /* Services that open nowhere: which rule binds, and what opening one would cost. */
  function unopened(run) {
    if (!run.unopened.length) return null;
    return section("plan-unopened", translate("unopened.title"), run.unopened.map((one) => el("p", {}, el("b", {}, `${one.service} `), one.text)));
  }

  function sites(run, places, go) {
    if (!places.sites.length) return section("plan-sites", translate("sites_title"), el("p", { class: "quiet" }, translate("no_sites")));
    return section("plan-sites", translate("sites_title"),
      el("ol", { class: "sites" }, places.sites.map((site, n) =>
        el("li", {},
          el("button", { type: "button", onclick: () => go(site.place) },
            el("b", { class: "number" }, String(n + 1)),
            el("span", { class: "site-name" }, named(places.name[site.place]),
              el("span", { class: "quiet" },
                [places.kind[site.place], format.square(site.area_m2), format.money(site.capital_cost, run.language)].filter(Boolean).join(" · "))),
            el("span", { class: "chips" }, site.services.map((s) => chip(run.services[s], true))))))));
  }

  function evidence(run) {
    const kinds = ["note", "estimate", "unverified", "assumption", "cited", "verified"];
    const groups = kinds.map((kind) => {
      const rows = run.evidence.filter((row) => row.kind === kind);
      if (!rows.length) return null;
      const list = el("ul", {}, rows.map((row) =>
        el("li", {},
          row.subject ? el("b", {}, row.subject + " ") : null,
          [row.figure, row.value].filter(Boolean).join(": "),
          row.source ? el("span", { class: "quiet" }, ` — ${row.source}`) : null)));
      const title = `${translate("evidence." + kind)} (${rows.length})`;
      const attributes = { class: `evidence ${kind}` };
      if (kind === "note" || kind === "estimate") attributes.open = "";
      return el("details", attributes, el("summary", {}, title), list);
    });
    return section("plan-evidence", translate("cautions_title"), groups);
  }

  function footer(run) {
    const p = run.publication;
    const frame = [["review_number", p.review_number], ["author", p.author], ["run_id", run.runId]];
    return el("footer", {},
      el("h2", {}, translate("sources_title")),
      p.sources.map((source) => el("p", {}, source)),
      frame.filter(([, value]) => value).map(([key, value]) => el("p", { class: "quiet" }, `${translate(key)} ${value}`)));
  }

  /* What opens, what it costs, whom it reaches, and who is still left out: a paragraph before everything else. */
  function opening(run) {
    const value = Object.fromEntries(run.indicators.map((one) => [one.key, one]));
    const reach = run.services.map((service) => {
      const row = run.coverage.filter((one) => one.service === service.id).at(-1);
      return translate("opening_reach", { service: service.name, minutes: row.minutes, share_before: format.percent(row.people ? row.before / row.people : 0), share_after: format.percent(row.people ? row.after / row.people : 0), left: planner.people(format.whole(row.people - row.after), service) });
    });
    return el("section", { class: "plan-opening" },
      el("p", {}, el("b", {}, translate("opening", { sites: value.sites_opened.value, services: value.services_opened.value, capital: format.money(value.capital.value, run.language), yearly: format.money(value.yearly.value, run.language) }))),
      reach.map((text) => el("p", {}, text)));
  }

  function panel(run, places, go) {
    return el("aside", { id: "panel", "aria-label": translate("summary") },
      header(run), opening(run), coverage(run), planner.compliance(run), unevenness(run) || "", figures(run), unopened(run) || "", sites(run, places, go), evidence(run), footer(run));
  }

  Object.assign(planner, { panel, labels, evidence, footer });
})(window.planner);
