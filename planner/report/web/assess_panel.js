/* Panel of the assessment page: coverage, walking times, duplicates, comparison with standards. */
"use strict";

(function (planner) {
  const { el, translate, format, named, chip } = planner;
  const share = (covered, people) => format.percent(people ? covered / people : 0);

  function section(name, title, ...children) {
    return el("section", { class: name }, el("h2", {}, title), children);
  }

  function header(run) {
    const facts = [run.scenario === "base" ? null : `${translate("scenario_label")} ${run.scenarioName}`, run.date || null];
    return el("header", {},
      el("p", { class: "eyebrow" }, translate("assess.title")),
      el("h1", {}, run.name),
      el("p", { class: "quiet" }, facts.filter(Boolean).join(" · ")),
      run.publication.classification ? el("p", { class: "stamp" }, run.publication.classification) : null);
  }

  /* What stands today, whom it reaches, and who is left out. */
  function opening(run) {
    return el("section", { class: "plan-opening" }, el("p", {}, el("b", {}, translate("assess.opening_title"))), run.services.map((service) => {
      const row = rowsOf(run, service, service.walker, "").at(-1);
      return el("p", {}, translate("assess.opening", { service: service.name, minutes: row.minutes, share: share(row.covered, row.people), left: planner.people(format.whole(row.people - row.covered), service) }));
    }));
  }

  function bar(colour, covered, people) {
    const part = people ? covered / people : 0;
    return el("div", { class: "bar", role: "img", "aria-label": format.percent(part) },
      el("i", { style: { width: `${(part * 100).toFixed(3)}%`, backgroundColor: colour } }));
  }

  const rowsOf = (run, service, walker, group) =>
    run.coverage.filter((row) => row.service === service.id && row.walker === walker && row.group === group);

  function coverage(run) {
    return section("assess-coverage", translate("assess.coverage_title"), run.services.map((service, s) => {
      const rows = rowsOf(run, service, service.walker, "");
      const groups = Object.keys(run.groups).map((group) => [group, rowsOf(run, service, service.walker, group)]).filter(([, of]) => of.length);
      const walker = run.walkers[service.walker];
      return el("div", { class: "cover" },
        el("h3", {}, chip(service), service.name, el("span", { class: "quiet" }, `${format.whole(rows[0].people)} ${translate(service.weighted ? "unit_weighted" : "unit_people")}`)),
        planner.labels(service),
        rows.map((row) => el("div", { class: "cover-row", "data-service": row.service, "data-minutes": row.minutes },
          el("span", { class: "minutes" }, translate("minutes_short", { minutes: row.minutes })),
          bar(service.colour, row.covered, row.people),
          el("b", { class: "share" }, share(row.covered, row.people)),
          el("span", { class: "covered" }, format.whole(row.covered)),
          row.served === null ? null : el("span", { class: "found" }, translate("assess.found_line", { served: format.whole(row.served), share: share(row.served, row.people) })),
          service.weighted ? el("span", { class: "found" }, translate("assess.heads_line", { covered: format.whole(row.headsCovered), people: format.whole(row.heads) })) : null)),
        groups.map(([group, of]) => el("p", { class: "quiet group-line", "data-group": group },
          `${run.groups[group]}: `, of.map((row) => share(row.covered, row.people)).join(" · "))),
        el("p", { class: "quiet hint" }, run.standing[s]),
        el("p", { class: "quiet hint" }, translate("assess.walker_of", { walker: walker.name, speed: walker.speed })));
    }), el("p", { class: "quiet hint" }, translate("coverage_hint")));
  }

  function compared(run) {
    if (run.compare.length !== 2) return section("assess-compare", translate("assess.compare_title"), el("p", { class: "quiet" }, translate("assess.compare_none")));
    const head = el("tr", {}, ["", "", ...run.compare.map((walker) => run.walkers[walker].name), translate("assess.difference")].map((text) => el(text ? "th" : "td", text ? { scope: "col" } : {}, text)));
    const lines = run.services.flatMap((service) => {
      const over = el("tr", { class: "over" }, el("th", { colspan: 5, scope: "rowgroup" }, chip(service, true), ` ${service.name}`));
      const [first, second] = run.compare.map((walker) => rowsOf(run, service, walker, ""));
      return [over, ...first.map((row, k) => el("tr", { "data-service": service.id, "data-minutes": row.minutes },
        el("th", { scope: "row" }, chip(service, true)), el("td", {}, translate("minutes_short", { minutes: row.minutes })),
        el("td", {}, share(row.covered, row.people)),
        el("td", {}, share(second[k].covered, second[k].people)),
        el("td", {}, format.signed(second[k].covered - row.covered))))];
    });
    return section("assess-compare", translate("assess.compare_title"),
      el("p", { class: "quiet hint" }, translate("assess.compare_hint")),
      el("table", { class: "figures wide" }, el("thead", {}, head), el("tbody", {}, lines)));
  }

  function walks(run) {
    const head = el("tr", {}, ["", translate("assess.walker"), translate("assess.mean"), translate("assess.p90"), translate("assess.max")].map((text) => el(text ? "th" : "td", text ? { scope: "col" } : {}, text)));
    const lines = run.services.flatMap((service) => run.walks.filter((row) => row.service === service.id).map((row, k) =>
      el("tr", { class: k ? "" : "first", "data-service": row.service, "data-walker": row.walker },
        el("th", { scope: "row" }, k ? "" : chip(service, true)),
        el("td", { class: "text" }, run.walkers[row.walker].name), el("td", {}, row.mean), el("td", {}, row.p90), el("td", {}, row.max))));
    return section("assess-walks", translate("assess.walks_title"),
      el("table", { class: "figures wide" }, el("thead", {}, head), el("tbody", {}, lines)), el("p", { class: "quiet hint" }, run.beyond));
  }

  /* Filled anew for every service and circle that is looked at. */
  function duplicates(run, places, state, go) {
    const list = el("div", {});
    function update() {
      const service = run.services[state.service];
      const mine = run.duplicates.filter((row) => row.service === service.id && row.minutes === state.minutes);
      const shown = state.every ? mine : mine.filter((row) => row.doubled);
      const closing = run.closing.filter((row) => row.service === service.id && row.minutes === state.minutes);
      list.replaceChildren(
        el("h3", {}, chip(service, true), ` ${service.name} · ${translate("minutes_short", { minutes: state.minutes })}`),
        shown.length ? el("ol", { class: "duplicates" }, shown.map((row) => item(row))) : el("p", { class: "quiet" }, translate("assess.no_duplicates")),
        mine.length > mine.filter((row) => row.doubled).length
          ? el("button", { type: "button", class: "plain", onclick: () => { state.every = !state.every; update(); } },
            state.every ? translate("assess.only_doubled") : translate("assess.all_pairs", { count: mine.length }))
          : "",
        closing.length
          ? el("details", { class: "closing" }, el("summary", {}, translate("assess.closing_title")), el("ol", {}, closing.map((row) =>
            el("li", {}, named(places.name[row.place]), " ", el("span", { class: "quiet" },
              `${translate("assess.lost_only", { lost: format.whole(row.people_lost) })} · ${translate("assess.lost_in_all")} ${format.whole(row.people_lost_in_all)}`)))))
          : "");
    }
    function item(row) {
      const move = row.proposal === "move";
      const said = move
        ? translate("assess.lost_gained", { lost: format.whole(row.move_lost), gained: format.whole(row.move_gained) })
        : translate("assess.lost_only", { lost: format.whole(row.merge_lost) });
      return el("li", { "data-place": row.place_id, "data-proposal": row.proposal },
        el("button", { type: "button", onclick: () => go(row) },
          el("b", {}, named(places.name[row.place])),
          el("span", { class: "quiet" }, translate("assess.shared_line", { share: format.percent(row.shared_share), place: named(places.name[row.into]) })),
          el("span", {}, el("em", {}, translate(`assess.${row.proposal}`, { place: named(places.name[move ? row.to : row.into]) })), ` · ${said}`)));
    }
    update();
    return { element: section("assess-duplicates", translate("assess.duplicates_title"), el("p", { class: "quiet hint" }, translate("assess.duplicates_hint")), list), update };
  }

  function equity(run, communities) {
    const nameOf = (id) => named(communities.name[communities.id.indexOf(id)] || id);
    return section("assess-equity", translate("assess.equity_title"), run.services.map((service) => {
      const row = run.equity.find((one) => one.service === service.id);
      const known = row.facilities_with_capacity, all = row.facilities;
      const caution = !all ? translate("assess.no_facility") : !known ? translate("assess.no_capacity", { all }) : known < all ? translate("assess.some_capacity", { all, known }) : null;
      const worst = run.floors.filter((one) => one.service === service.id).map((one) => el("p", {},
        `${translate("minutes_short", { minutes: one.minutes })}: `,
        translate("assess.floor_line", { area: nameOf(one.area), share: format.percent(one.share), people: planner.people(format.whole(one.people), service), covered: format.whole(one.covered) })));
      const figure = (key, value) => (value === null ? null : el("p", {}, `${translate(key)} ${value.toFixed(2)}`));
      return el("div", { class: "cover" }, el("h3", {}, chip(service, true), ` ${service.name}`), worst,
        run.gaps.filter((one) => one.service === service.id).map((one) => el("p", {}, one.text)),
        figure("assess.gini", row.gini), figure("assess.palma", row.palma), caution ? el("p", { class: "caution" }, caution) : null);
    }), el("p", { class: "caution" }, translate("assess.load_estimate")));
  }

  /* One block for each standard: its requirement, source, and the measured value of every service or walker. */
  function benchmarks(run) {
    const names = [...new Set(run.benchmarks.map((row) => row.standard))];
    return section("assess-benchmarks", translate("assess.benchmarks_title"), names.map((name) => {
      const rows = run.benchmarks.filter((row) => row.standard === name), one = rows[0];
      return el("div", { class: "standard", "data-standard": name },
        el("h3", {}, one.name, el("span", { class: "required" }, one.required)),
        el("p", { class: "quiet" }, [one.source, one.derived ? `${translate("assess.derived")}: ${one.derived}` : null].filter(Boolean).join(" · ")),
        one.verified ? null : el("p", { class: "caution" }, translate("assess.unverified")),
        rows.map((row) => {
          const service = run.services.find((of) => of.id === row.service);
          const who = [service ? service.name : null, row.walker ? run.walkers[row.walker].name : null].filter(Boolean).join(" · ");
          return el("div", { class: `held verdict-${row.verdict || "none"}` },
            el("span", { class: "who" }, service ? chip(service, true) : null, who),
            el("b", { class: "measured" }, row.measured), el("span", { class: "verdict" }, translate(`assess.verdict.${row.verdict}`)),
            row.missing ? el("p", { class: "caution" }, row.missing) : null);
        }));
    }));
  }

  function assessPanel(run, ground, places, state, go) {
    const list = duplicates(run, places, state, go);
    const element = el("aside", { id: "panel", "aria-label": translate("summary") },
      header(run), opening(run), coverage(run), planner.compliance(run), compared(run), walks(run), list.element, equity(run, ground.communities), benchmarks(run),
      planner.evidence(run), planner.footer(run));
    return { element, update: list.update };
  }

  planner.assessPanel = assessPanel;
})(window.planner);
