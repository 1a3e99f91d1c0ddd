/* The meeting page: wires the room to the map, the score and the lists. */
"use strict";

(function (planner) {
  const { el, say, decisions } = planner, { show } = planner.view;

  planner.start = function (map) {
    const facts = planner.data("planner-run"), ground = planner.data("planner-ground"), places = planner.data("planner-places");
    const question = planner.engine.unpackQuestion(planner.data("planner-question"));
    const room = planner.makeRoom(question, facts, places, ground);
    room.people = question.services.map((service) => planner.engine.inOrder(service.people));
    room.coverageObjective = facts.coverageObjective;
    const home = L.latLngBounds(ground.focus);
    map.setMinZoom(8).setMaxZoom(19);
    translate(facts.language);

    const frame = map.getContainer();
    const bar = el("header", { id: "bar" }), board = el("aside", { id: "board" }), lists = el("aside", { id: "lists" });
    const legend = el("aside", { id: "legend", class: "card" });
    frame.parentElement.prepend(bar, board);
    frame.parentElement.append(lists, legend);

    /* ---- what people can do ---- */

    const stamp = () => new Date().toISOString();
    room.look = (changes) => {
      Object.assign(room.ui, "search" in changes || "tab" in changes ? { every: false } : {}, changes);
      refresh();
    };
    room.decide = (state) => {
      room.history.to(state);
      room.message = "";
      refresh();
    };
    room.toggle = (site, service) => {
      const open = room.isOpen("room", service)[site] === 1;
      const ways = decisions.offersAt(question, site, service), stands = decisions.standing(question, site, service);
      const planned = question.plans.plan.find((offer) => ways.includes(offer));
      const offer = open ? -1 : planned !== undefined ? planned : stands >= 0 && !ways.length ? stands : ways[0];
      room.decide(decisions.forced(room.state(), { site, service, open: !open, offer, when: stamp() }));
    };
    room.resize = (site, service, offer) => room.decide(decisions.forced(room.state(), { site, service, open: true, offer, exact: true, when: stamp() }));
    room.free = (site, service) => room.decide(decisions.freed(room.state(), site, service));
    room.lockSite = (site, open) => {
      const before = room.state().forced.get(decisions.keyOf(site, null));
      room.decide(before && before.open === open
        ? decisions.freed(room.state(), site, null)
        : decisions.forced(room.state(), { site, service: null, open, offer: -1, when: stamp() }));
    };
    room.choosePlace = (site) => {
      if (room.ui.place !== site) chart.goTo(site);
      room.look({ place: site, part: null, tab: "sites" });
    };
    room.choosePart = (part) => {
      chart.goToPart(room.ui.level, part);
      room.look({ part, place: null, tab: "parts" });
    };
    room.chooseSquare = (square) => {
      chart.goToSquare(square);
      room.look({ square, part: null, place: null, tab: "gaps" });
    };
    room.chooseCommunity = (community) => {
      const part = room.parts.levels[room.ui.level].ofCommunity[community];
      room.look({ part: part < 0 ? null : part, place: null, tab: "parts" });
    };
    room.reset = (base) => room.decide({ ...decisions.nothing(base), remark: room.state().remark });
    room.keep = () => {
      const name = `${say("meeting.variant")} ${room.snapshots.length + 1}`;
      room.snapshots.push({ name, state: room.state() });
      room.message = say("meeting.kept_as", { name });
      refresh();
    };
    room.reference = () => (room.state().base === "today" ? "today" : room.ui.reference || "today");
    room.export = () => {
      const file = decisions.exported(question, facts, places.id, room.state(), room.ui.who || "", stamp());
      const link = el("a", { download: "decisions.json" });
      link.href = URL.createObjectURL(new Blob([JSON.stringify(file, null, 2) + "\n"], { type: "application/json" }));
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
      room.message = say("meeting.exported");
      refresh();
    };
    room.import = async (file) => {
      if (!file) return;
      try {
        const state = decisions.imported(question, facts, places.id, JSON.parse(await file.text()));
        room.decide(state);
        room.message = say("meeting.imported", { number: state.forced.size });
      } catch (fault) {
        room.message = say(`meeting.${fault.message === "stale_decisions" ? "stale_decisions" : "not_decisions"}`);
      }
      refresh();
    };

    /* ---- what people see ---- */

    if (facts.review) {
      room.history = decisions.history(decisions.imported(question, facts, places.id, facts.review.file));
      room.ui.who = facts.review.file.who;
      room.ui.tab = "review";
    }

    const chart = planner.makeChart(map, room, ground, room.choosePlace, room.chooseCommunity);

    function refresh() {
      const { ui } = room;
      const cutoffs = question.services[ui.service].cutoffs_s;
      if (ui.circle >= cutoffs.length) ui.circle = cutoffs.length - 1;
      document.body.dataset.view = ui.view;
      keepingFocus(() => {
        show(bar, planner.bar(room, { refresh, language, print: () => sheet.open(), compare }));
        show(board, planner.board(room));
        show(lists, planner.lists(room));
        show(legend, planner.legendCard(room, chart));
      });
      if (ui.compare) chart.swipe.say(viewName(ui.compare), say("meeting.view_room"));
      chart.refresh();
    }

    /* A row that changes places loses the focus on the way; it is given back. */
    function keepingFocus(redraw) {
      const active = document.activeElement, name = active && active.dataset ? active.dataset.focus : undefined;
      redraw();
      if (name === undefined || document.activeElement === active) return;
      const again = [...document.querySelectorAll("[data-focus]")].find((one) => one.dataset.focus === name);
      if (again) again.focus({ preventScroll: true });
    }

    function compare(name) {
      room.look({ compare: name });
    }

    const viewName = (name) => (room.plans.includes(name) ? say(`meeting.view_${name}`) : name);

    function translate(spoken) {
      planner.speak(spoken);
      facts.language = spoken;
      facts.services.forEach((service) => {
        service.name = service.names[spoken];
        service.glyph = service.glyphs[spoken];
      });
      places.kind = places.kinds.map((kind) => kind[spoken]);
      room.placeName = (site) => (places.name[site].trim() ? places.name[site] : places.id[site]);
      document.title = `${facts.names[spoken]} · ${say("meeting.title")}`;
    }

    function language(spoken) {
      translate(spoken);
      furniture.relabel();
      refresh();
    }

    const furniture = planner.furniture(map, facts, home);
    const sheet = planner.makeSheet(map, room, chart, home);
    planner.keys(room, refresh);
    refresh();
    map.invalidateSize();
    map.fitBounds(home, { padding: [24, 24], animate: false });
    planner.room = room;
    planner.map = map;
    document.body.dataset.ready = "true";
    performance.mark("ready");
  };
})(window.planner);
