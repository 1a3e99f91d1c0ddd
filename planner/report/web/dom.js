/* DOM elements, translated texts and formatted figures for every page. Elements are built from text, never from HTML, so that a
   name from a layer cannot become markup. */
"use strict";
window.planner = window.planner || {};

(function (planner) {
  function data(id) {
    return JSON.parse(document.getElementById(id).textContent);
  }

  let texts = data("planner-words");
  /* Tag, name, separators and layouts of money of every installed language. */
  const locales = JSON.parse(document.documentElement.dataset.locales);

  /* Replace the texts by those of another language. */
  function setTexts(replacement) {
    texts = replacement;
  }

  /* el("button", {class: "chip", onclick: f, "aria-pressed": "true"}, "text", otherElement, …) */
  function el(tag, attributes, ...children) {
    return fill(document.createElement(tag), attributes, children);
  }

  function svg(tag, attributes, ...children) {
    return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
  }

  function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name === "style") Object.assign(element.style, value);
      else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== null && value !== undefined) element.setAttribute(name, value);
    }
    for (const child of children.flat(Infinity)) {
      if (child !== null && child !== undefined) element.append(child);
    }
    return element;
  }

  function translate(key, values) {
    return texts[key].replace(/\{(\w+)(?::[^}]*)?\}/g, (_, name) => values[name]);
  }

  function grouped(whole) {
    return String(whole).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  }

  /* What sums of floats leave of a share that is exactly 0 or 1. */
  const NOISE = 1e-9;

  /* The same rounding as planner/i18n/formats.py, so that page, workbook and terminal agree. */
  const format = {
    whole: (value) => grouped(Math.floor(value + 0.500001)),
    percent(share) {
      let tenths = Math.floor(share * 1000 + 0.5);
      if (share < 1 - NOISE) tenths = Math.min(tenths, 999);
      if (share > NOISE) tenths = Math.max(tenths, 1);
      return (tenths / 10).toFixed(1) + " %";
    },
    signed(value) {
      const text = format.whole(Math.abs(value));
      return text === "0" ? "0" : (value > 0 ? "+" : "−") + text;
    },
    /* As planner/i18n/money.py. */
    money(value, language) {
      if (value < 0) return "−" + format.money(-value, language);
      const { plain, large, large_unit: unit } = locales[language].money;
      if (unit > 1 && value >= unit) {
        const [whole, part] = (value / unit).toFixed(2).split(".");
        const rest = part.replace(/0+$/, "");
        return large.replace("{amount}", grouped(whole) + (rest ? "." + rest : ""));
      }
      return plain.replace("{amount}", format.whole(value));
    },
    /* A class of whole numbers: "4", not "4–4". */
    span: (least, most) => (format.whole(least) === format.whole(most) ? format.whole(most) : `${format.whole(least)}–${format.whole(most)}`),
    square: (value) => format.whole(value) + " m²",
  };

  /* Names in a list: never empty, never longer than a line can bear (the popup shows them whole). */
  function named(name) {
    return name.trim() ? name : translate("unnamed");
  }

  /* A name as the heading of a popup; one that is too long for it is scrolled, by keys as well. */
  function heading(name) {
    return el("h3", name.length > 80 ? { tabindex: "0" } : {}, named(name));
  }

  /* What the figures of a service count, [text, hint] each: reach and not places, weighted people and not heads. */
  function countedAs(service) {
    return [
      service.limited ? [translate("meeting.reach_only"), translate("meeting.reach_only_hint")] : null,
      service.weighted ? [translate("weighted"), translate("weighted_hint")] : null,
    ].filter(Boolean);
  }

  /* "+4 people", "1 person": a formatted number with its unit. */
  function people(text, service) {
    const unit = service.weighted ? "unit_weighted" : /^[+−]?1$/.test(text) ? "unit_person" : "unit_people";
    return `${text} ${translate(unit)}`;
  }

  function chip(service, small) {
    return el(
      "span",
      { class: small ? "chip chip-small" : "chip", style: { backgroundColor: service.colour }, title: service.name },
      service.glyph
    );
  }

  Object.assign(planner, { data, locales, setTexts, el, svg, translate, format, named, heading, countedAs, people, chip });
})(window.planner);
