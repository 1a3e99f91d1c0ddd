/* Building blocks of every page: elements from text only, the spoken words, and figures as people read them.
   Nothing here ever assigns HTML: what a layer calls itself can be shown, never obeyed. */
"use strict";
window.planner = window.planner || {};

(function (planner) {
  function data(id) {
    return JSON.parse(document.getElementById(id).textContent);
  }

  let words = data("planner-words");

  /* Say everything in these words from now on. */
  function use(others) {
    words = others;
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

  function say(key, values) {
    return words[key].replace(/\{(\w+)(?::[^}]*)?\}/g, (_, name) => values[name]);
  }

  function grouped(whole) {
    return String(whole).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  }

  /* What sums of floats leave of a share that is exactly 0 or 1. */
  const NOISE = 1e-9;

  /* The same rounding as planner/words/amounts.py, so that page, workbook and terminal say the same. */
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
    yuan(value, language) {
      if (language === "zh" && value >= 10000) {
        const [whole, part] = (value / 10000).toFixed(2).split(".");
        const rest = part.replace(/0+$/, "");
        return grouped(whole) + (rest ? "." + rest : "") + " 万元";
      }
      return format.whole(value) + " " + say("yuan");
    },
    /* A class of whole numbers: "4", not "4–4". */
    span: (least, most) => (format.whole(least) === format.whole(most) ? format.whole(most) : `${format.whole(least)}–${format.whole(most)}`),
    square: (value) => format.whole(value) + " m²",
  };

  /* Names in a list: never empty, never longer than a line can bear (the popup shows them whole). */
  function named(name) {
    return name.trim() ? name : say("unnamed");
  }

  /* What the figures of a service count, [text, hint] each: reach and not places, weighted people and not heads. */
  function countedAs(service) {
    return [
      service.limited ? [say("meeting.reach_only"), say("meeting.reach_only_hint")] : null,
      service.weighted ? [say("weighted"), say("weighted_hint")] : null,
    ].filter(Boolean);
  }

  function chip(service, small) {
    return el(
      "span",
      { class: small ? "chip chip-small" : "chip", style: { backgroundColor: service.colour }, title: service.name },
      service.glyph
    );
  }

  Object.assign(planner, { data, use, el, svg, say, format, named, countedAs, chip });
})(window.planner);
