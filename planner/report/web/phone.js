/* On a phone the map fills the screen and everything else is a sheet below it, which is scrolled over the map. */
"use strict";

(function (planner) {
  const { el, translate } = planner;

  /* The grip of the sheet: each press raises it, from its top edge to half the screen to the whole, and down again.
     title() → what the sheet is about, or null where its first line says so. */
  function bottomSheet(title = () => null) {
    const grip = el("button", { type: "button", class: "grip", onclick: raise }), sheet = el("nav", { id: "grip" }, grip);
    document.body.prepend(sheet);
    function label() {
      sheet.setAttribute("aria-label", translate("sheet"));
      grip.setAttribute("aria-label", translate(window.scrollY > 10 ? "sheet_lower" : "sheet_raise"));
      const text = title();
      grip.replaceChildren(el("i", { "aria-hidden": "true" }), ...(text ? [el("b", {}, text)] : []));
    }
    function raise() {
      const top = sheet.getBoundingClientRect().top + window.scrollY, stops = [0, Math.round(0.5 * window.innerHeight), Math.round(top)];
      const next = stops.find((stop) => stop > window.scrollY + 10);
      window.scrollTo({ top: next === undefined ? 0 : next });
    }
    window.addEventListener("scroll", label, { passive: true });
    label();
    return { label, lower: () => window.scrollTo({ top: 0 }) };
  }

  /* Whether the page is laid out for a phone. */
  const onPhone = () => window.matchMedia("(max-width: 760px)").matches;

  Object.assign(planner, { bottomSheet, onPhone });
})(window.planner);
