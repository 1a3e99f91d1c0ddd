/* Toolbar, map legend, map controls and keyboard shortcuts of the meeting page. */
"use strict";

(function (planner) {
  const { translate, format } = planner, { el, chip } = planner.render, dom = planner.el;

  function group(label, ...buttons) {
    return el("div", { class: "group", role: "group", "aria-label": label }, buttons);
  }

  function press(name, face, pressed, act, attributes) {
    return el("button", { type: "button", "data-focus": name, "aria-pressed": pressed === null ? null : String(pressed), onclick: act, ...attributes }, face);
  }

  function toolbar(store, act) {
    const { ui, facts, problem } = store;
    const minutes = problem.services[ui.service].cutoffs_s.map((cutoff) => cutoff / 60);
    const views = ui.compare ? [] : [...store.plans, "room", "change"];
    return [
      el("div", { class: "bar-title" },
        el("h1", {}, facts.names[planner.language]),
        el("p", {}, [translate("meeting.title"), facts.scenario === "base" ? null : facts.scenarioNames[planner.language], facts.date].filter(Boolean).join(" · "),
          facts.publication.classification ? el("b", { class: "stamp" }, facts.publication.classification) : null)),
      el("div", { class: "bar-tools" },
        group(translate("meeting.steps"),
          press("undo", "↶", null, () => store.history.undo() && act.refresh(), { title: translate("meeting.undo"), "aria-label": translate("meeting.undo"), disabled: store.history.canUndo() ? null : "", "data-action": "undo" }),
          press("redo", "↷", null, () => store.history.redo() && act.refresh(), { title: translate("meeting.redo"), "aria-label": translate("meeting.redo"), disabled: store.history.canRedo() ? null : "", "data-action": "redo" }),
          press("reset-today", translate("meeting.reset_today"), null, () => store.reset("today"), { "data-action": "reset-today" }),
          press("reset-plan", translate("meeting.reset_plan"), null, () => store.reset("plan"), { "data-action": "reset-plan" })),
        group(translate("meeting.page"),
          press("large", "A⁺", document.body.classList.contains("large"), () => {
            document.body.classList.toggle("large");
            planner.map.invalidateSize();
            act.refresh();
          }, { title: translate("meeting.large"), "aria-label": translate("meeting.large"), "data-action": "large" }),
          press("language", planner.locales[planner.nextLanguage()].name, null, () => act.language(planner.nextLanguage()), { "data-action": "language" }),
          press("print", "A3", null, act.print, { title: translate("meeting.print"), "aria-label": translate("meeting.print"), "data-action": "print" }),
          press("export", translate("meeting.export_short"), null, () => store.export(), { class: "loud", title: translate("meeting.export") }))),
      el("div", { class: "bar-choices" },
        group(translate("service"), facts.services.map((service, k) =>
          press(`service-${k}`, [chip(service, true), el("span", {}, service.name)], k === ui.service, () => store.look({ service: k }), { class: "service", title: service.name, "data-service": service.id }))),
        group(translate("circle"), minutes.map((value, c) =>
          press(`circle-${c}`, translate("minutes_short", { minutes: value }), c === ui.circle, () => store.look({ circle: c }), { "data-minutes": value }))),
        views.length ? group(translate("meeting.view"), views.map((view) =>
          press(`view-${view}`, translate(`meeting.view_${view}`), ui.view === view, () => store.look({ view }), { "data-view": view }))) : null,
        compareChoice(store, act), walkerChoice(store)),
    ];
  }

  function compareChoice(store, act) {
    const names = [...store.plans, ...store.snapshots.map((one) => one.name)];
    const label = (name) => (store.plans.includes(name) ? translate(`meeting.view_${name}`) : name);
    return el("label", { class: "pick" }, el("span", { class: "quiet" }, translate("meeting.compare")),
      el("select", { "data-focus": "compare", "data-action": "compare", onchange: (event) => act.compare(event.target.value || null) },
        el("option", { value: "" }, translate("meeting.compare_off")),
        names.map((name) => el("option", { value: name, selected: store.ui.compare === name ? "" : null }, label(name)))));
  }

  /* Who walks: each service's own walker, or the same person to all of them. */
  function walkerChoice(store) {
    const { walkers } = store.problem, names = Object.keys(walkers).filter((name) => !walkers[name].byArea);
    if (names.length < 2) return null;
    return el("label", { class: "pick" }, el("span", { class: "quiet" }, translate("meeting.walker")),
      el("select", { "data-focus": "walker", "data-action": "walker", onchange: (event) => store.look({ walker: event.target.value || null }) },
        el("option", { value: "" }, translate("meeting.own_walker")),
        names.map((name) => el("option", { value: name, selected: store.ui.walker === name ? "" : null, title: walkers[name].source }, store.walkerName(name)))));
  }

  /* ---- the legend ---- */

  function legendCard(store, meetingMap) {
    const { ui, facts } = store, service = facts.services[ui.service];
    const values = { service: service.name, minutes: planner.minutesAt(store, ui.service, ui.circle) };
    const view = ui.compare ? "room" : ui.view, homes = ui.measure === "homes";
    const title = ui.place !== null ? translate("meeting.circles_of", { site: store.placeName(ui.place), service: service.name }) : view === "change" ? translate(`meeting.legend_change_${store.reference()}`, values) : homes ? translate("legend_homes", values) : translate("uncovered_in", values);
    return [
      el("p", { class: "ramp-title" }, title), planner.labels(store, ui.service),
      ui.place !== null ? circleKey(store, meetingMap)
        : homes ? homesKey(store, view)
          : ui.measure === "people" ? peopleKey(store, meetingMap, view)
            : [el("div", { class: "ramp" }, meetingMap.legend().map(([colour, text]) => el("div", {}, el("i", { style: { backgroundColor: colour } }), text))), el("p", { class: "quiet hint" }, translate("share_where"))],
      el("div", { class: "options", role: "group", "aria-label": translate("colour_by") }, ["homes", "people", "share"].map((measure) =>
        press(`measure-${measure}`, translate(`meeting.by_${measure}`), ui.measure === measure, () => store.look({ measure }), { "data-measure": measure }))),
      view === "change" ? el("div", { class: "options", role: "group", "aria-label": translate("meeting.compare") }, ["today", "plan"].map((reference) =>
        press(`reference-${reference}`, translate(`meeting.against_${reference}`), store.reference() === reference, () => store.look({ reference })))) : null,
      el("details", { class: "symbols", open: (window.innerHeight > 900 && window.innerWidth > 1700) || document.body.classList.contains("sheet") ? "" : null }, el("summary", {}, translate("meeting.symbols")),
        [["pin-symbol", "meeting.symbol_open"], ["pin-symbol pin-new", "meeting.symbol_new"], ["ghost", "meeting.symbol_ghost"], ["may", "meeting.symbol_may"], ["may may-not", "meeting.symbol_may_not"],
          ["stand", "meeting.symbol_stand"], ["stand stand-closed", "meeting.symbol_stand_closed"], ["may may-touched", "meeting.symbol_touched"]].map(([kind, key]) =>
          el("div", {}, el("span", { class: "symbol" }, el("i", { class: kind })), translate(key)))),
    ].filter(Boolean);
  }

  function homesKey(store, view) {
    const { homes } = store.facts.palette;
    const rows = { today: ["reached", "left"], change: ["gained", "lost"] }[view] || ["reached", "gained", "left", ...(view === "room" ? ["lost"] : [])];
    return el("div", { class: "circle-key" }, rows.map((key) => dotRow(homes[key], translate(`homes_${key}`))), areaRow(store), el("p", { class: "quiet hint" }, translate("homes_size")));
  }

  function peopleKey(store, meetingMap, view) {
    const { homes } = store.facts.palette;
    return el("div", { class: "circle-key" }, planner.sizeKey(el, meetingMap.most(), view === "change" ? homes.gained : homes.left),
      view === "change" ? dotRow(homes.lost, translate("meeting.lost")) : null, areaRow(store));
  }

  const dotRow = (colour, text) => el("div", {}, el("i", { class: "symbol-dot", style: { backgroundColor: colour } }), text);

  /* The line around what the open places reach. */
  function areaRow(store) {
    const { ui, facts } = store;
    return el("div", {}, el("i", { class: "symbol-area", style: { borderColor: facts.services[ui.service].outline } }), translate("area_line", { minutes: planner.minutesAt(store, ui.service, ui.circle) }));
  }

  function circleKey(store, meetingMap) {
    const { ui, facts, problem } = store, cutoffs = problem.services[ui.service].cutoffs_s;
    const shades = planner.shades(facts.services[ui.service].colour, cutoffs.length);
    const reach = store.reachOf(ui.place, ui.service);
    return el("div", { class: "circle-key" },
      cutoffs.map((cutoff, c) => el("div", {}, el("i", { class: "symbol-dot", style: { backgroundColor: shades[c] } }),
        translate("meeting.circle_row", { minutes: cutoff / 60, people: planner.people(format.whole(reach[c]), facts.services[ui.service]) }))),
      areaRow(store),
      el("div", {}, el("i", { class: "symbol-dot", style: { backgroundColor: "#aab3b9" } }), translate("meeting.circle_outside")),
      el("p", { class: "quiet hint" }, translate(meetingMap.outlined(ui.place) ? "meeting.circles_outlined" : "meeting.circles_dots")));
  }

  /* ---- what every map on a wall must carry ---- */

  function furniture(map, facts, fit) {
    const zoom = L.control.zoom({ position: "topleft" }).addTo(map);
    const Home = L.Control.extend({
      onAdd() {
        const button = dom("button", { type: "button", class: "home", onclick: () => fit(true) }, "⌂");
        const holder = dom("div", { class: "leaflet-bar" }, button);
        L.DomEvent.disableClickPropagation(holder);
        return holder;
      },
    });
    const back = new Home({ position: "topleft" }).addTo(map);
    L.control.scale({ imperial: false, position: "bottomleft", maxWidth: 160 }).addTo(map);
    let north = planner.northArrow().addTo(map);
    planner.sourcesControl(facts.publication.sources).addTo(map);
    function relabel() {
      const label = (element, key) => {
        element.title = translate(key);
        element.setAttribute("aria-label", translate(key));
      };
      const [more, less] = zoom.getContainer().querySelectorAll("a");
      label(more, "zoom_in");
      label(less, "zoom_out");
      label(back.getContainer().querySelector("button"), "whole_district");
      north.remove();
      north = planner.northArrow().addTo(map);
    }
    relabel();
    return { relabel };
  }

  /* ---- keys ---- */

  function keys(store, refresh) {
    document.addEventListener("keydown", (event) => {
      const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && event.target.type !== "checkbox";
      const command = event.ctrlKey || event.metaKey;
      if (command && !typing && event.key.toLowerCase() === "z") {
        event.preventDefault();
        if (event.shiftKey ? store.history.redo() : store.history.undo()) refresh();
      } else if (command && !typing && event.key.toLowerCase() === "y") {
        event.preventDefault();
        if (store.history.redo()) refresh();
      } else if (event.key === "Escape" && (store.ui.place !== null || store.ui.part !== null || store.ui.square !== null)) {
        store.leave();
      } else if (!typing && !command && event.key === "/") {
        event.preventDefault();
        const search = document.querySelector(".search");
        if (search) search.focus();
      } else if (!typing && !command && /^[1-9]$/.test(event.key) && Number(event.key) <= store.problem.services.length) {
        store.look({ service: Number(event.key) - 1 });
      }
    });
  }

  Object.assign(planner, { toolbar, legendCard, furniture, keys });
})(window.planner);
