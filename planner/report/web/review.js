/* Review tab: the decisions of the meeting, their best completion, the optimum without them, and the cost of each decision. */
"use strict";

(function (planner) {
  const { translate, format, signed, formatMoney } = planner, { el, figure, chip } = planner.render;

  function reviewed(store) {
    const names = ["decided", "completed", "plan"].filter((name) => store.plans.includes(name));
    return [
      el("p", { class: "quiet hint" }, translate("meeting.review_hint")),
      names.includes("completed") ? null : el("p", { class: "message" }, translate("meeting.no_completion")),
      el("table", { class: "three" },
        el("thead", {}, el("tr", {}, el("td", {}), names.map((name) => el("th", { scope: "col" }, translate(name === "plan" ? "meeting.column_optimum" : `meeting.view_${name}`))))),
        el("tbody", {}, coverage(store, names), worth(store, names), money(store, names))),
      el("h3", { class: "prices-title" }, translate("meeting.prices")),
      el("p", { class: "quiet hint" }, translate("meeting.prices_hint")),
      el("ol", { class: "rows" }, store.facts.review.prices.map((price) => priced(store, price))),
    ];
  }

  function row(label, names, cell, attributes) {
    return el("tr", attributes, el("th", { scope: "row" }, label), names.map((name) => el("td", {}, cell(name))));
  }

  function coverage(store, names) {
    const { facts, problem } = store;
    return facts.services.flatMap((service, k) => problem.services[k].cutoffs_s.map((cutoff, c) =>
      row([c ? el("span", { class: "chip-gap" }) : chip(service, true), translate("minutes_short", { minutes: cutoff / 60 })], names,
        (name) => {
          const covered = store.counted(name).covered[k][c];
          return figure(`covered/${name}/${service.id}/${cutoff / 60}`, covered, format.percent(planner.shareOf(covered, store.people[k])), { title: format.whole(covered) });
        }, { class: c ? "" : "first" })));
  }

  function worth(store, names) {
    return row(translate("meeting.worth_unit"), names, (name) => figure(`worth/${name}`, store.counted(name).worth, format.whole(store.counted(name).worth)), { class: "first" });
  }

  function money(store, names) {
    return [
      ...["capital", "yearly"].map((kind) => row(translate(`meeting.${kind}`), names, (name) => figure(`money/${name}/${kind}`, store.counted(name)[kind], planner.shortMoney(store.counted(name)[kind]), { title: formatMoney(store.counted(name)[kind]) }))),
      row(translate("meeting.sites_open"), names, (name) => figure(`sites/${name}`, store.counted(name).opened.size, String(store.counted(name).opened.size))),
      row(translate("meeting.rules_kept_column"), names, (name) => {
        const { broken } = store.counted(name);
        return broken.length
          ? el("span", { class: "loss", title: planner.groupedRules(broken).map((one) => planner.ruleText(store, one)).join("\n") }, figure(`broken/${name}`, broken.length, String(broken.length)), ` ${translate("meeting.rules_broken_short")}`)
          : el("span", { class: "kept" }, "✓");
      }),
    ];
  }

  function priced(store, price) {
    const { facts, places, problem } = store;
    const site = places.id.indexOf(price.place_id), service = problem.services.findIndex((one) => one.id === price.service);
    const open = price.state === "open";
    const stance = translate(price.service === null ? (open ? "meeting.kept" : "meeting.site_closed") : open ? "meeting.opened" : "meeting.closed");
    return el("li", { key: `${price.place_id} ${price.service}`, class: "decision" },
      el("span", { class: `stance ${open ? "stance-open" : "stance-closed"}` }, stance),
      el("button", { type: "button", class: "row-button", "data-focus": `price-${site}-${service}`, onclick: () => store.choosePlace(site) },
        service < 0 ? null : chip(facts.services[service], true), el("b", { class: "row-name" }, store.placeName(site))),
      el("span", { class: "price-people" }, price.people === null ? "–" : peopleText(price)),
      price.people === null
        ? el("p", { class: "quiet price-money" }, translate(price.mends ? "meeting.price_mends" : "meeting.price_unknown"))
        : el("p", { class: "quiet price-money" }, `${translate("meeting.capital")} ${added(price.capital_cost)} · ${translate("meeting.yearly")} ${added(price.yearly_cost)}`));
  }

  function peopleText(price) {
    const least = format.whole(price.people), most = format.whole(price.people_most);
    return translate("meeting.price_people", { people: least === most ? signed(-price.people) : `−${least} … −${most}` });
  }

  const added = (value) => (Math.abs(value) < 0.5 ? "±0" : (value > 0 ? "+" : "") + formatMoney(value));

  planner.reviewed = reviewed;
})(window.planner);
