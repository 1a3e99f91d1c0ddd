/* Notices between toolbar and map: what was restored, what was just done, and that somebody else walks than the plan assumes. */
"use strict";

(function (planner) {
  const { translate } = planner, { el } = planner.render;

  function notices(store) {
    const { ui } = store;
    return [
      store.restored ? notice("restored", "information", translate("meeting.restored", { when: moment(store.restored), number: store.state().forced.size }),
        button("start-again", "meeting.start_again", () => store.startAgain()),
        button("keep-restored", "meeting.go_on", () => {
          store.restored = null;
          store.look({});
        })) : null,
      store.message ? notice("message", "information", store.message, button("close-message", "close", () => {
        store.message = "";
        store.look({});
      })) : null,
      ui.walker === null ? null : notice("walker", "warned", translate("meeting.other_walker_banner", { walker: store.walkerName(ui.walker) }) + own(store),
        button("own-walker", "meeting.back_to_own", () => store.look({ walker: null }))),
    ];
  }

  /* Services whose circles are wider than the travel times of the chosen walker keep their own. */
  function own(store) {
    const kept = store.facts.services.filter((_, k) => store.walkerOf(k) !== store.ui.walker).map((service) => service.name);
    return kept.length ? translate("meeting.keeps_own_walker", { services: kept.join(planner.locales[planner.language].list) }) : "";
  }

  function notice(key, kind, text, ...buttons) {
    return el("div", { key, class: `notice notice-${kind}`, "data-notice": key }, el("p", { role: "status" }, text), buttons);
  }

  function button(name, key, act) {
    return el("button", { type: "button", "data-focus": name, "data-action": name, onclick: act }, translate(key));
  }

  const two = (number) => String(number).padStart(2, "0");
  const moment = (date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;

  planner.notices = notices;
})(window.planner);
