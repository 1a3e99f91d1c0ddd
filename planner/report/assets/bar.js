/* The bar over the map, the legend on it, and the keys. */
"use strict";

(function (planner) {
  const { say, format } = planner, { el, chip } = planner.view, dom = planner.el;

  function group(label, ...buttons) {
    return el("div", { class: "group", role: "group", "aria-label": label }, buttons);
  }

  function press(name, face, pressed, act, attributes) {
    return el("button", { type: "button", "data-focus": name, "aria-pressed": pressed === null ? null : String(pressed), onclick: act, ...attributes }, face);
  }

  function bar(room, act) {
    const { ui, facts, question } = room;
    const minutes = question.services[ui.service].cutoffs_s.map((cutoff) => cutoff / 60);
    const views = ui.compare ? [] : [...room.plans, "room", "change"];
    return [
      el("div", { class: "bar-title" },
        el("h1", {}, facts.names[planner.language]),
        el("p", {}, [say("meeting.title"), facts.scenario === "base" ? null : facts.scenario, facts.date].filter(Boolean).join(" · "),
          facts.publication.classification ? el("b", { class: "stamp" }, facts.publication.classification) : null)),
      el("div", { class: "bar-tools" },
        group(say("meeting.steps"),
          press("undo", "↶", null, () => room.history.undo() && act.refresh(), { title: say("meeting.undo"), "aria-label": say("meeting.undo"), disabled: room.history.canUndo() ? null : "", "data-action": "undo" }),
          press("redo", "↷", null, () => room.history.redo() && act.refresh(), { title: say("meeting.redo"), "aria-label": say("meeting.redo"), disabled: room.history.canRedo() ? null : "", "data-action": "redo" }),
          press("reset-today", say("meeting.reset_today"), null, () => room.reset("today"), { "data-action": "reset-today" }),
          press("reset-plan", say("meeting.reset_plan"), null, () => room.reset("plan"), { "data-action": "reset-plan" })),
        group(say("meeting.page"),
          press("large", "A⁺", document.body.classList.contains("large"), () => {
            document.body.classList.toggle("large");
            planner.map.invalidateSize();
            act.refresh();
          }, { title: say("meeting.large"), "aria-label": say("meeting.large"), "data-action": "large" }),
          press("language", planner.language === "zh" ? "EN" : "中文", null, () => act.language(planner.language === "zh" ? "en" : "zh"), { "data-action": "language" }),
          press("print", "A3", null, act.print, { title: say("meeting.print"), "aria-label": say("meeting.print"), "data-action": "print" }),
          press("export", say("meeting.export_short"), null, () => room.export(), { class: "loud", title: say("meeting.export") }))),
      el("div", { class: "bar-choices" },
        group(say("service"), facts.services.map((service, k) =>
          press(`service-${k}`, [chip(service, true), el("span", {}, service.name)], k === ui.service, () => room.look({ service: k }), { class: "service", title: service.name, "data-service": service.id }))),
        group(say("circle"), minutes.map((value, c) =>
          press(`circle-${c}`, say("minutes_short", { minutes: value }), c === ui.circle, () => room.look({ circle: c }), { "data-minutes": value }))),
        views.length ? group(say("meeting.view"), views.map((view) =>
          press(`view-${view}`, say(`meeting.view_${view}`), ui.view === view, () => room.look({ view }), { "data-view": view }))) : null,
        compareChoice(room, act), walkerChoice(room)),
    ];
  }

  function compareChoice(room, act) {
    const names = [...room.plans, ...room.snapshots.map((one) => one.name)];
    const label = (name) => (room.plans.includes(name) ? say(`meeting.view_${name}`) : name);
    return el("label", { class: "pick" }, el("span", { class: "quiet" }, say("meeting.compare")),
      el("select", { "data-focus": "compare", "data-action": "compare", onchange: (event) => act.compare(event.target.value || null) },
        el("option", { value: "" }, say("meeting.compare_off")),
        names.map((name) => el("option", { value: name, selected: room.ui.compare === name ? "" : null }, label(name)))));
  }

  /* Who walks: each service's own walker, or the same person to all of them. */
  function walkerChoice(room) {
    const { walkers } = room.question, names = Object.keys(walkers);
    if (names.length < 2) return null;
    return el("label", { class: "pick" }, el("span", { class: "quiet" }, say("meeting.walker")),
      el("select", { "data-focus": "walker", "data-action": "walker", onchange: (event) => room.look({ walker: event.target.value || null }) },
        el("option", { value: "" }, say("meeting.own_walker")),
        names.map((name) => el("option", { value: name, selected: room.ui.walker === name ? "" : null, title: walkers[name].source },
          `${name} · ${walkers[name].speed_m_s} m/s`))));
  }

  /* ---- the legend ---- */

  function legendCard(room, chart) {
    const { ui, facts } = room, service = facts.services[ui.service];
    const values = { service: service.name, minutes: planner.minutesAt(room, ui.service, ui.circle) };
    const view = ui.compare ? "room" : ui.view, homes = ui.measure === "homes";
    const title = ui.place !== null ? say("meeting.circles_of", { site: room.placeName(ui.place), service: service.name }) : view === "change" ? say(`meeting.legend_change_${room.reference()}`, values) : homes ? say("meeting.legend_homes", values) : say("uncovered_in", values);
    return [
      el("p", { class: "ramp-title" }, title), planner.labels(room, ui.service),
      ui.place !== null ? circleKey(room, chart)
        : homes ? homesKey(room, view)
          : el("div", { class: "ramp" }, chart.legend().map(([colour, text]) => el("div", {}, el("i", { style: { backgroundColor: colour } }), text))),
      el("div", { class: "options", role: "group", "aria-label": say("colour_by") }, (facts.homes ? ["people", "share", "homes"] : ["people", "share"]).map((measure) =>
        press(`measure-${measure}`, say(`meeting.by_${measure}`), ui.measure === measure, () => room.look({ measure }), { "data-measure": measure }))),
      view === "change" ? el("div", { class: "options", role: "group", "aria-label": say("meeting.compare") }, ["today", "plan"].map((reference) =>
        press(`reference-${reference}`, say(`meeting.against_${reference}`), room.reference() === reference, () => room.look({ reference })))) : null,
      el("details", { class: "symbols", open: window.innerHeight > 800 || document.body.classList.contains("sheet") ? "" : null }, el("summary", {}, say("meeting.symbols")),
        [["pin-symbol", "meeting.symbol_open"], ["pin-symbol pin-new", "meeting.symbol_new"], ["ghost", "meeting.symbol_ghost"], ["may", "meeting.symbol_may"], ["stand", "meeting.symbol_stand"]].map(([kind, key]) =>
          el("div", {}, el("span", { class: "symbol" }, el("i", { class: kind })), say(key)))),
    ].filter(Boolean);
  }

  function homesKey(room, view) {
    const { colours } = planner.homes;
    const rows = view === "change" ? ["gained", "lost_homes"] : ["reached", "left"];
    return el("div", { class: "circle-key" }, rows.map((key) =>
      el("div", {}, el("i", { class: "symbol-dot", style: { backgroundColor: colours[key] } }), say(`meeting.homes_${key}`))));
  }

  function circleKey(room, chart) {
    const { ui, facts, question } = room, cutoffs = question.services[ui.service].cutoffs_s;
    const shades = planner.shades(facts.services[ui.service].colour, cutoffs.length);
    const reach = room.reachOf(ui.place, ui.service);
    return el("div", { class: "circle-key" },
      cutoffs.map((cutoff, c) => el("div", {}, el("i", { class: "symbol-dot", style: { backgroundColor: shades[c] } }),
        say("meeting.circle_row", { minutes: cutoff / 60, people: format.whole(reach[c]) }))),
      el("div", {}, el("i", { class: "symbol-dot", style: { backgroundColor: "#aab3b9" } }), say("meeting.circle_outside")),
      el("p", { class: "quiet hint" }, say(chart.outlined(ui.place) ? "meeting.circles_outlined" : "meeting.circles_dots")));
  }

  /* ---- what every map on a wall must carry ---- */

  function furniture(map, facts, home) {
    const zoom = L.control.zoom({ position: "topleft" }).addTo(map);
    const Home = L.Control.extend({
      onAdd() {
        const button = dom("button", { type: "button", class: "home", onclick: () => map.fitBounds(home, { padding: [24, 24] }) }, "⌂");
        const holder = dom("div", { class: "leaflet-bar" }, button);
        L.DomEvent.disableClickPropagation(holder);
        return holder;
      },
    });
    const back = new Home({ position: "topleft" }).addTo(map);
    L.control.scale({ imperial: false, position: "bottomleft", maxWidth: 160 }).addTo(map);
    let north = planner.northArrow().addTo(map);
    const Sources = L.Control.extend({
      onAdd: () => dom("div", { class: "leaflet-control-attribution" }, [...facts.publication.sources, "Leaflet"].join(" · ")),
    });
    new Sources({ position: "bottomright" }).addTo(map);
    function relabel() {
      const label = (element, key) => {
        element.title = say(key);
        element.setAttribute("aria-label", say(key));
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

  function keys(room, refresh) {
    document.addEventListener("keydown", (event) => {
      const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && event.target.type !== "checkbox";
      const command = event.ctrlKey || event.metaKey;
      if (command && !typing && event.key.toLowerCase() === "z") {
        event.preventDefault();
        if (event.shiftKey ? room.history.redo() : room.history.undo()) refresh();
      } else if (command && !typing && event.key.toLowerCase() === "y") {
        event.preventDefault();
        if (room.history.redo()) refresh();
      } else if (event.key === "Escape" && (room.ui.place !== null || room.ui.part !== null)) {
        room.look({ place: null, part: null });
      } else if (!typing && !command && event.key === "/") {
        event.preventDefault();
        const search = document.querySelector(".search");
        if (search) search.focus();
      } else if (!typing && !command && /^[1-9]$/.test(event.key) && Number(event.key) <= room.question.services.length) {
        room.look({ service: Number(event.key) - 1 });
      }
    });
  }

  Object.assign(planner, { bar, legendCard, furniture, keys });
})(window.planner);
