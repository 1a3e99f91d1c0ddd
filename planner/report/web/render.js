/* Incremental rendering: a panel is described as plain values, and only what differs from the page is written. Elements stay, and
   with them the keyboard focus. */
"use strict";

(function (planner) {
  const SVG = "http://www.w3.org/2000/svg";

  /* {tag, space, attributes, children}: attributes as planner.el takes them, and `key` for rows that change places. */
  function describe(space, tag, attributes, children) {
    const nodes = [];
    gather(children, nodes);
    return { space, tag, attributes: attributes || {}, children: nodes };
  }

  function gather(children, into) {
    for (const child of children) {
      if (Array.isArray(child)) gather(child, into);
      else if (child !== null && child !== undefined && child !== false) into.push(typeof child === "object" ? child : String(child));
    }
  }

  const el = (tag, attributes, ...children) => describe(null, tag, attributes, children);
  const svg = (tag, attributes, ...children) => describe(SVG, tag, attributes, children);

  /* Update the children of an element to match the description. */
  function show(element, children) {
    const weightedPeople = [];
    gather(children, weightedPeople);
    const keyed = new Map();
    for (const child of element.childNodes) if (child.shown && child.shown.attributes.key !== undefined) keyed.set(child.shown.attributes.key, child);
    let at = element.firstChild;
    for (const want of weightedPeople) {
      const key = typeof want === "object" ? want.attributes.key : undefined;
      let node = key !== undefined ? keyed.get(key) : at;
      if (node && !reusable(node, want)) node = null;
      if (node) {
        if (node === at) at = at.nextSibling;
        else element.insertBefore(node, at);
        update(node, want);
      } else {
        element.insertBefore(create(want), at);
      }
    }
    while (at) {
      const next = at.nextSibling;
      at.remove();
      at = next;
    }
  }

  function reusable(node, want) {
    if (typeof want === "string") return node.nodeType === 3;
    return Boolean(node.shown) && node.shown.tag === want.tag && node.shown.space === want.space && node.shown.attributes.key === want.attributes.key;
  }

  function create(want) {
    if (typeof want === "string") return document.createTextNode(want);
    const node = want.space ? document.createElementNS(want.space, want.tag) : document.createElement(want.tag);
    node.shown = { tag: want.tag, space: want.space, attributes: {} };
    update(node, want);
    return node;
  }

  function update(node, want) {
    if (typeof want === "string") {
      if (node.data !== want) node.data = want;
      return;
    }
    const before = node.shown.attributes, now = want.attributes;
    for (const name of Object.keys(before)) if (!(name in now)) setAttribute(node, name, null, before[name]);
    for (const name of Object.keys(now)) setAttribute(node, name, now[name], before[name]);
    node.shown = want;
    show(node, want.children);
  }

  function setAttribute(node, name, value, before) {
    if (name === "key") return;
    if (name === "style") {
      for (const part of Object.keys(before || {})) if (!value || !(part in value)) node.style[part] = "";
      for (const part of Object.keys(value || {})) if (!before || before[part] !== value[part]) node.style[part] = value[part];
    } else if (name.startsWith("on")) {
      if (!node.listeners) node.listeners = {};
      if (!(name in node.listeners)) node.addEventListener(name.slice(2), (event) => node.listeners[name]?.(event));
      node.listeners[name] = value;
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

  planner.render = { el, svg, show, figure, chip };
})(window.planner);
