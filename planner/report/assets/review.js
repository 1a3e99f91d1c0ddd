/* What became of the decisions: the room's choice, the best completion, what was possible without them; and what each one costs. */
"use strict";

(function (planner) {
  const { say, format, signed, yuan } = planner, { el, figure, chip } = planner.view;

  function reviewed(room) {
    const names = ["decided", "completed", "plan"].filter((name) => room.plans.includes(name));
    return [
      el("p", { class: "quiet hint" }, say("meeting.review_hint")),
      names.includes("completed") ? null : el("p", { class: "message" }, say("meeting.no_completion")),
      el("table", { class: "three" },
        el("thead", {}, el("tr", {}, el("td", {}), names.map((name) => el("th", { scope: "col" }, say(name === "plan" ? "meeting.column_optimum" : `meeting.view_${name}`))))),
        el("tbody", {}, coverage(room, names), worth(room, names), money(room, names))),
      el("h3", { class: "prices-title" }, say("meeting.prices")),
      el("p", { class: "quiet hint" }, say("meeting.prices_hint")),
      el("ol", { class: "rows" }, room.facts.review.prices.map((price) => priced(room, price))),
    ];
  }

  function row(label, names, cell, attributes) {
    return el("tr", attributes, el("th", { scope: "row" }, label), names.map((name) => el("td", {}, cell(name))));
  }

  function coverage(room, names) {
    const { facts, question } = room;
    return facts.services.flatMap((service, k) => question.services[k].cutoffs_s.map((cutoff, c) =>
      row([c ? el("span", { class: "chip-gap" }) : chip(service, true), say("minutes_short", { minutes: cutoff / 60 })], names,
        (name) => {
          const covered = room.counted(name).covered[k][c];
          return figure(`covered/${name}/${service.id}/${cutoff / 60}`, covered, format.percent(planner.shareOf(covered, room.people[k])), { title: format.whole(covered) });
        }, { class: c ? "" : "first" })));
  }

  function worth(room, names) {
    return row(say("meeting.worth_unit"), names, (name) => figure(`worth/${name}`, room.counted(name).worth, format.whole(room.counted(name).worth)), { class: "first" });
  }

  function money(room, names) {
    return [
      ...["capital", "yearly"].map((kind) => row(say(`meeting.${kind}`), names, (name) => figure(`money/${name}/${kind}`, room.counted(name)[kind], planner.shortYuan(room.counted(name)[kind]), { title: yuan(room.counted(name)[kind]) }))),
      row(say("meeting.sites_open"), names, (name) => figure(`sites/${name}`, room.counted(name).opened.size, String(room.counted(name).opened.size))),
      row(say("meeting.rules_kept_column"), names, (name) => {
        const { broken } = room.counted(name);
        return broken.length
          ? el("span", { class: "loss", title: planner.toldRules(broken).map((one) => planner.ruleText(room, one)).join("\n") }, figure(`broken/${name}`, broken.length, String(broken.length)), ` ${say("meeting.rules_broken_short")}`)
          : el("span", { class: "kept" }, "✓");
      }),
    ];
  }

  function priced(room, price) {
    const { facts, places, question } = room;
    const site = places.id.indexOf(price.place_id), service = question.services.findIndex((one) => one.id === price.service);
    const open = price.state === "open";
    const stance = say(price.service === null ? (open ? "meeting.kept" : "meeting.site_closed") : open ? "meeting.opened" : "meeting.closed");
    return el("li", { key: `${price.place_id} ${price.service}`, class: "decision" },
      el("span", { class: `stance ${open ? "stance-open" : "stance-closed"}` }, stance),
      el("button", { type: "button", class: "row-button", "data-focus": `price-${site}-${service}`, onclick: () => room.choosePlace(site) },
        service < 0 ? null : chip(facts.services[service], true), el("b", { class: "row-name" }, room.placeName(site))),
      el("span", { class: "price-people" }, price.people === null ? "–" : peopleText(price)),
      price.people === null
        ? el("p", { class: "quiet price-money" }, say(price.mends ? "meeting.price_mends" : "meeting.price_unknown"))
        : el("p", { class: "quiet price-money" }, `${say("meeting.capital")} ${added(price.capital_yuan)} · ${say("meeting.yearly")} ${added(price.yearly_yuan)}`));
  }

  function peopleText(price) {
    const least = format.whole(price.people), most = format.whole(price.people_most);
    return say("meeting.price_people", { people: least === most ? signed(-price.people) : `−${least} … −${most}` });
  }

  const added = (value) => (Math.abs(value) < 0.5 ? "±0" : (value > 0 ? "+" : "") + yuan(value));

  planner.reviewed = reviewed;
})(window.planner);
