/* Meeting page: connects the store with the map, the scorecard and the tabs. */
"use strict";

(function (planner) {
  const { el, translate, decisions } = planner, { show } = planner.render;

  planner.start = function (map) {
    const facts = planner.data("planner-run"), ground = planner.data("planner-ground"), places = planner.data("planner-places");
    const problem = planner.evaluation.unpackProblem(planner.data("planner-problem"));
    const store = planner.makeStore(problem, facts, places, ground);
    store.people = problem.services.map((service) => planner.evaluation.inOrder(service.people));
    store.coverageObjective = facts.coverageObjective;
    const home = L.latLngBounds(ground.focus);
    map.setMinZoom(8).setMaxZoom(19);
    const frame = map.getContainer();
    const bar = el("header", { id: "bar" }), board = el("aside", { id: "board" }), lists = el("aside", { id: "lists" });
    const legend = el("aside", { id: "legend", class: "card over-map" }), notices = el("div", { id: "notices", "aria-live": "polite" });
    frame.parentElement.prepend(bar, notices, board);
    frame.parentElement.append(lists, legend);
    setLanguage(facts.language);
    const phone = planner.bottomSheet();

    /* ---- what people can do ---- */

    const stamp = () => new Date().toISOString();
    store.look = (changes) => {
      Object.assign(store.ui, "search" in changes || "tab" in changes ? { every: false } : {}, changes);
      refresh();
    };
    store.decide = (state) => {
      store.history.to(state);
      store.message = "";
      refresh();
    };
    /* Follow the decisions that the page opened with. */
    const opening = () => (facts.review ? decisions.imported(problem, facts, places.id, facts.review.file) : decisions.nothing("plan"));
    store.toggle = (site, service) => {
      const open = store.isOpen("room", service)[site] === 1;
      const ways = decisions.offersAt(problem, site, service), stands = decisions.standing(problem, site, service);
      const planned = problem.plans.plan.find((offer) => ways.includes(offer));
      const offer = open ? -1 : planned !== undefined ? planned : stands >= 0 && !ways.length ? stands : ways[0];
      store.decide(decisions.forced(store.state(), { site, service, open: !open, offer, when: stamp() }));
    };
    store.resize = (site, service, offer) => store.decide(decisions.forced(store.state(), { site, service, open: true, offer, exact: true, when: stamp() }));
    store.free = (site, service) => store.decide(decisions.freed(store.state(), site, service));
    store.lockSite = (site, open) => {
      const before = store.state().forced.get(decisions.keyOf(site, null));
      store.decide(before && before.open === open
        ? decisions.freed(store.state(), site, null)
        : decisions.forced(store.state(), { site, service: null, open, offer: -1, when: stamp() }));
    };
    store.choosePlace = (site) => {
      if (store.ui.place !== site) meetingMap.goTo(site);
      store.look({ place: site, part: null, tab: "sites" });
    };
    store.choosePart = (part) => {
      meetingMap.goToPart(store.ui.level, part);
      store.look({ part, place: null, tab: "parts" });
    };
    store.chooseSquare = (square) => {
      meetingMap.goToSquare(square);
      store.look({ square, part: null, place: null, tab: "gaps" });
    };
    /* Close the card of a place or community and return to the view before it was chosen. */
    store.leave = () => {
      meetingMap.goBack();
      store.look({ place: null, part: null, square: null });
    };
    store.chooseCommunity = (community) => {
      const part = store.parts.levels[store.ui.level].ofCommunity[community];
      store.look({ part: part < 0 ? null : part, place: null, tab: "parts" });
    };
    store.reset = (base) => store.decide({ ...decisions.nothing(base), remark: store.state().remark });
    store.keep = () => {
      const name = `${translate("meeting.variant")} ${store.snapshots.length + 1}`;
      store.snapshots.push({ name, state: store.state() });
      store.message = translate("meeting.kept_as", { name });
      refresh();
    };
    store.reference = () => (store.state().base === "today" ? "today" : store.ui.reference || "today");
    store.export = () => {
      const file = decisions.exported(problem, facts, places.id, store.state(), store.ui.who || "", stamp());
      const link = el("a", { download: "decisions.json" });
      link.href = URL.createObjectURL(new Blob([JSON.stringify(file, null, 2) + "\n"], { type: "application/json" }));
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
      autosave.exported();
      store.message = translate("meeting.exported", { number: store.state().forced.size });
      refresh();
    };
    store.startAgain = () => {
      store.restored = null;
      store.decide(opening());
    };
    store.import = async (file) => {
      if (!file) return;
      try {
        const state = decisions.imported(problem, facts, places.id, JSON.parse(await file.text()));
        store.decide(state);
        store.message = translate("meeting.imported", { number: state.forced.size });
      } catch (fault) {
        store.message = translate(`meeting.${fault.message === "stale_decisions" ? "stale_decisions" : "not_decisions"}`);
      }
      refresh();
    };

    /* ---- what people see ---- */

    if (facts.review) {
      store.history = decisions.history(opening());
      store.ui.who = facts.review.file.who;
      store.ui.tab = "review";
    }

    const autosave = planner.makeAutosave(store, places.id);
    store.restored = autosave.restored;

    const meetingMap = planner.makeMeetingMap(map, store, ground, store.choosePlace, store.chooseCommunity);

    function refresh() {
      const { ui } = store;
      const cutoffs = problem.services[ui.service].cutoffs_s;
      if (ui.circle >= cutoffs.length) ui.circle = cutoffs.length - 1;
      document.body.dataset.view = ui.view;
      keepingFocus(() => {
        show(bar, planner.toolbar(store, { refresh, language, print: () => sheet.open(), compare }));
        show(notices, planner.notices(store));
        show(board, planner.scorecard(store));
        show(lists, planner.tabs(store));
        show(legend, planner.legendCard(store, meetingMap));
      });
      autosave.save();
      if (ui.compare) meetingMap.swipe.label(viewName(ui.compare), translate("meeting.view_room"));
      meetingMap.refresh();
    }

    /* A row that changes places loses the focus while it moves; restore it. */
    function keepingFocus(redraw) {
      const active = document.activeElement, name = active?.dataset ? active.dataset.focus : undefined;
      redraw();
      if (name === undefined || document.activeElement === active) return;
      const again = [...document.querySelectorAll("[data-focus]")].find((one) => one.dataset.focus === name);
      if (again) again.focus({ preventScroll: true });
    }

    function compare(name) {
      store.look({ compare: name });
    }

    const viewName = (name) => (store.plans.includes(name) ? translate(`meeting.view_${name}`) : name);

    function setLanguage(code) {
      planner.useLanguage(code);
      facts.language = code;
      facts.services.forEach((service) => {
        service.name = service.names[code];
        service.glyph = service.glyphs[code];
      });
      places.kind = places.kinds.map((kind) => kind[code]);
      store.walkerName = (walker) => `${facts.walkers[walker].names[code]} · ${translate("metres_a_second", { speed: facts.walkers[walker].speed_m_s })}`;
      store.placeName = (site) => (places.name[site].trim() ? places.name[site] : places.id[site]);
      document.title = `${facts.names[code]} · ${translate("meeting.title")}`;
      for (const [element, name] of [[board, "summary"], [lists, "meeting.lists"], [legend, "legend"], [map.getContainer(), "map_label"]]) element.setAttribute("aria-label", translate(name));
    }

    function language(code) {
      setLanguage(code);
      furniture.relabel();
      phone.label();
      refresh();
    }

    const fit = (animate) => planner.fitFree(map, home, animate);
    const furniture = planner.furniture(map, facts, fit);
    const sheet = planner.makePrint(map, store, meetingMap, L.latLngBounds(ground.district));
    planner.keys(store, refresh);
    refresh();
    map.invalidateSize();
    fit(false);
    planner.store = store;
    planner.autosave = autosave;
    planner.map = map;
    document.body.dataset.ready = "true";
    performance.mark("ready");
  };
})(window.planner);
