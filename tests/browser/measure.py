"""What a reader of a map trips over: names and marks that overlap, measured in a page as it is drawn."""

#: overlaps of names and marks of the map: [one, other, whether one of them is a name]; boxes of turned names are measured turned
OVERLAPS = """() => {
  const corners = (x, y, wide, high, matrix) => [[x, y], [x + wide, y], [x + wide, y + high], [x, y + high]].map(([a, b]) => {
    const at = new DOMPoint(a, b).matrixTransform(matrix);
    return [at.x, at.y];
  });
  const shapes = [];
  for (const text of document.querySelectorAll(".map-names text")) {
    const of = text.getBBox();
    shapes.push({ name: text.textContent, label: true, points: corners(of.x, of.y, of.width, of.height, text.getScreenCTM()) });
  }
  for (const mark of document.querySelectorAll(".mark")) {
    if (!mark.checkVisibility({ visibilityProperty: true })) continue;
    const of = mark.getBoundingClientRect();
    shapes.push({ name: mark.parentElement.title, points: corners(of.x, of.y, of.width, of.height, new DOMMatrix()) });
  }
  for (const dot of document.querySelectorAll(".leaflet-facilities-pane path")) {
    const of = dot.getBoundingClientRect();
    shapes.push({ name: dot.getAttribute("aria-label"), sized: true, points: corners(of.x, of.y, of.width, of.height, new DOMMatrix()) });
  }
  const spans = (points, [x, y]) => {
    const along = points.map(([a, b]) => a * x + b * y);
    return [Math.min(...along), Math.max(...along)];
  };
  const normals = (points) => [[points[1][0] - points[0][0], points[1][1] - points[0][1]], [points[2][0] - points[1][0], points[2][1] - points[1][1]]];
  const overlap = (one, other) => [...normals(one), ...normals(other)].every((axis) => {
    const size = Math.hypot(...axis), unit = axis.map((value) => value / size), [a, b] = spans(one, unit), [c, d] = spans(other, unit);
    return Math.min(b, d) - Math.max(a, c) > 0.5;
  });
  const found = [];
  shapes.forEach((one, i) => shapes.slice(i + 1).forEach((other) => {
    if (one.sized && other.sized) return;
    if (overlap(one.points, other.points)) found.push([one.name, other.name, Boolean(one.label || other.label)]);
  }));
  return found;
}"""

#: names that the map shows, and marks that stand for places: [names, marks, places behind them]
SHOWN = """() => [
  document.querySelectorAll(".map-names text").length,
  [...document.querySelectorAll(".mark")].filter((mark) => mark.checkVisibility({ visibilityProperty: true })).length,
  document.querySelectorAll(".mark").length,
]"""

#: whether what the page opens with lies within the map, and clear of the cards over it
IN_SIGHT = """() => {
  const { focus } = JSON.parse(document.getElementById("planner-ground").textContent), frame = planner.map.getContainer().getBoundingClientRect();
  const [low, high] = focus.map((at) => planner.map.latLngToContainerPoint(at));
  const of = { left: frame.left + low.x, right: frame.left + high.x, top: frame.top + high.y, bottom: frame.top + low.y };
  const cards = [...document.querySelectorAll(".over-map")].filter((card) => card.checkVisibility()).map((card) => card.getBoundingClientRect());
  return {
    whole: of.left >= frame.left && of.right <= frame.right && of.top >= frame.top && of.bottom <= frame.bottom,
    covered: cards.some((card) => of.left < card.right - 1 && card.left < of.right - 1 && of.top < card.bottom - 1 && card.top < of.bottom - 1),
  };
}"""

#: the next frame but one: what follows a move has been drawn
DRAWN = "() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
