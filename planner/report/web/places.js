/* Marks of the map page, and what a click on a place or community tells. */
"use strict";

(function (planner) {
  const { el, translate, format, named, chip } = planner;
  /* The number of a site and the letters of its services. */
  const pin = (number, ofSite) => el("div", { class: "pin" }, el("b", {}, String(number)), ofSite.map((service) => chip(service, true)));

  /* rank of marks: the higher one stays where two would overlap */
  const RANK = { site: 900, offered: 300, facility: 200, candidate: 100 };

  /* Marks of the map page: existing facilities as squares, in the colour of the service looked at where they offer it, candidates
     as rings, opened sites as numbered pins. */
  function placeItems(places, services, { service, when }) {
    const opened = new Map(places.sites.map((site, n) => [site.place, n]));
    return places.id.flatMap((_, i) => {
      const at = { id: i, lat: places.lat[i], lon: places.lon[i], title: named(places.name[i]) };
      const n = opened.get(i);
      if (n !== undefined && when === "after") {
        const news = places.sites[n].services.map((s) => services[s]);
        return [{ ...at, category: "opened_sites", rank: RANK.site, pin: true, key: "site", title: `${n + 1} ${at.title}`, face: () => pin(n + 1, news) }];
      }
      if (places.role[i] === "facility") {
        const offered = places.offers[i].includes(service), colour = offered ? services[service].colour : "#5f6e78";
        return [{
          ...at, category: "existing_facilities", rank: offered ? RANK.offered : RANK.facility, key: colour,
          face: () => el("div", { class: offered ? "stand" : "stand stand-other", style: { backgroundColor: colour } }),
        }];
      }
      return [{ ...at, category: "candidates", rank: RANK.candidate, key: "candidate", face: () => el("div", { class: "may" }) }];
    });
  }

  function rows(pairs) {
    return el("table", { class: "facts" }, el("tbody", {},
      pairs.filter(([, value]) => value !== null).map(([label, value]) =>
        el("tr", {}, el("th", { scope: "row" }, label), el("td", {}, value)))));
  }

  function offered(title, services) {
    return services.length
      ? el("p", { class: "offered" }, el("span", { class: "quiet" }, title), services.map((service) =>
          el("span", { class: "offer" }, chip(service, true), service.name)))
      : null;
  }

  /* Popup of a place. */
  function placeDetail(run, places, i) {
    const { services, language } = run;
    const n = places.sites.findIndex((site) => site.place === i);
    const role = n >= 0 ? "opened_site" : places.role[i] === "facility" ? "existing_facility" : "candidate";
    const money = (value) => (value === null ? null : format.money(value, language));
    const site = places.sites[n];
    const facts = site
      ? [
          [translate("area_used"), `${format.square(site.area_m2)}` + (site.area_offered_m2 === null ? "" : ` / ${format.square(site.area_offered_m2)}`)],
          [translate("setup"), money(site.setup_cost)],
          [translate("fit_out"), money(site.fit_out_cost)],
          [translate("capital"), money(site.capital_cost)],
          [translate("yearly"), money(site.yearly_cost)],
        ]
      : [[translate("area_m2"), places.area_m2[i] === null ? null : format.square(places.area_m2[i])]];
    return el("article", { class: "detail" },
      el("p", { class: "eyebrow" }, (site ? `${n + 1} · ` : "") + translate(role)),
      planner.heading(places.name[i]),
      offered(translate("opened_site"), (site ? site.services : []).map((s) => services[s])),
      offered(translate("existing_facility"), places.offers[i].map((s) => services[s])),
      rows([
        [translate("kind"), places.kind[i] || null],
        [translate("storey"), places.role[i] === "facility" || places.storey[i] === null ? null : String(places.storey[i])],
        ...facts,
        [translate("ready_year"), places.ready_year[i] === null ? null : String(places.ready_year[i])],
        [translate("id"), places.id[i]],
      ]));
  }

  /* Popup of a community: people of each service and those inside its circles, before and after. */
  function communityDetail(run, ground, i) {
    const limited = run.services.some((service) => service.limited);
    const titles = [translate("service"), "", translate("people"), translate("today"), translate("with_plan"), translate("by_people"), limited ? translate("place_found") : null];
    const head = el("tr", {}, titles.filter((text) => text !== null).map((text) => el(text ? "th" : "td", text ? { scope: "col" } : {}, text)));
    const lines = run.services.flatMap((service) =>
      service.minutes.map((minutes, k) => {
        const figures = ground.cover[`${service.id} ${minutes}`];
        const [people, before, after] = [figures.people[i], figures.before[i], figures.after[i]];
        return el("tr", { class: k ? "" : "first" },
          el("th", { scope: "row" }, k ? "" : chip(service, true), k ? "" : service.name),
          el("td", {}, translate("minutes_short", { minutes })),
          el("td", {}, format.whole(people)),
          el("td", {}, format.whole(before)),
          el("td", { class: after > before ? "up" : "" }, format.whole(after)),
          el("td", {}, format.whole(people - after)),
          limited ? el("td", {}, service.limited ? `${format.whole(figures.servedBefore[i])} → ${format.whole(figures.servedAfter[i])}` : "") : null);
      }));
    return el("article", { class: "detail" },
      el("p", { class: "eyebrow" }, translate("community")),
      planner.heading(ground.communities.name[i]),
      el("table", { class: "figures" }, el("thead", {}, head), el("tbody", {}, lines)),
      run.services.map((service) => [service, planner.labels(service)]).filter(([, labels]) => labels !== null)
        .map(([service, labels]) => el("div", { class: "quiet" }, service.name, labels)));
  }

  Object.assign(planner, { placeItems, pin, placeDetail, communityDetail });
})(window.planner);
