/* What a panel should look like, as plain values, and the least change that makes it so. A toggle in a meeting must not rebuild
   the page: elements stay, only what differs is written, and whoever holds the focus keeps it. */
"use strict";

(function (planner) {
  const SVG = "http://www.w3.org/2000/svg";

  /* {tag, space, attributes, children}: attributes as planner.el takes them, and `key` for rows that change places. */
  function described(space, tag, attributes, children) {
    const kept = [];
    gather(children, kept);
    return { space, tag, attributes: attributes || {}, children: kept };
  }

  function gather(children, into) {
    for (const child of children) {
      if (Array.isArray(child)) gather(child, into);
      else if (child !== null && child !== undefined && child !== false) into.push(typeof child === "object" ? child : String(child));
    }
  }

  const el = (tag, attributes, ...children) => described(null, tag, attributes, children);
  const svg = (tag, attributes, ...children) => described(SVG, tag, attributes, children);

  /* Make the children of an element what they should be. */
  function show(element, children) {
    const wanted = [];
    gather(children, wanted);
    const keyed = new Map();
    for (const child of element.childNodes) if (child.planned && child.planned.attributes.key !== undefined) keyed.set(child.planned.attributes.key, child);
    let at = element.firstChild;
    for (const want of wanted) {
      const key = typeof want === "object" ? want.attributes.key : undefined;
      let node = key !== undefined ? keyed.get(key) : at;
      if (node && !fits(node, want)) node = null;
      if (node) {
        if (node === at) at = at.nextSibling;
        else element.insertBefore(node, at);
        renew(node, want);
      } else {
        element.insertBefore(made(want), at);
      }
    }
    while (at) {
      const next = at.nextSibling;
      at.remove();
      at = next;
    }
  }

  function fits(node, want) {
    if (typeof want === "string") return node.nodeType === 3;
    return Boolean(node.planned) && node.planned.tag === want.tag && node.planned.space === want.space && node.planned.attributes.key === want.attributes.key;
  }

  function made(want) {
    if (typeof want === "string") return document.createTextNode(want);
    const node = want.space ? document.createElementNS(want.space, want.tag) : document.createElement(want.tag);
    node.planned = { tag: want.tag, space: want.space, attributes: {} };
    renew(node, want);
    return node;
  }

  function renew(node, want) {
    if (typeof want === "string") {
      if (node.data !== want) node.data = want;
      return;
    }
    const before = node.planned.attributes, now = want.attributes;
    for (const name of Object.keys(before)) if (!(name in now)) write(node, name, null, before[name]);
    for (const name of Object.keys(now)) write(node, name, now[name], before[name]);
    node.planned = want;
    show(node, want.children);
  }

  function write(node, name, value, before) {
    if (name === "key") return;
    if (name === "style") {
      for (const part of Object.keys(before || {})) if (!value || !(part in value)) node.style[part] = "";
      for (const part of Object.keys(value || {})) if (!before || before[part] !== value[part]) node.style[part] = value[part];
    } else if (name.startsWith("on")) {
      if (!node.answers) node.answers = {};
      if (!(name in node.answers)) node.addEventListener(name.slice(2), (event) => node.answers[name] && node.answers[name](event));
      node.answers[name] = value;
    } else if (value === before) {
      if (name === "value" && node.value !== value && node !== document.activeElement) node.value = value;
    } else if (value === null || value === undefined) {
      node.removeAttribute(name);
      if (name === "checked" || name === "selected") node[name] = false;
    } else {
      node.setAttribute(name, value);
      if (name === "checked" || name === "selected") node[name] = true;
      if (name === "value" && "value" in node && node !== document.activeElement) node.value = value;
    }
  }

  /* A number on the page: its exact value beside the text, so that a test can hold it against the planner's own. */
  function figure(name, value, text, attributes) {
    return el("data", { "data-figure": name, value: String(value), ...attributes }, text);
  }

  function chip(service, small) {
    return el("span", { class: small ? "chip chip-small" : "chip", style: { backgroundColor: service.colour }, title: service.name }, service.glyph);
  }

  planner.view = { el, svg, show, figure, chip };
})(window.planner);
