"""Map for print: one circle of one service at a round scale, before or after the plan."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Circle, PathPatch, Wedge
from matplotlib.path import Path as Outline
from matplotlib.patheffects import withStroke
from matplotlib_scalebar.scalebar import ScaleBar
from shapely.ops import substring

from planner.i18n import translate
from planner.report.base_map import ground_within
from planner.report.cartography import (
    BASE_MAP,
    EMPTY,
    GROUND,
    HOMES,
    INK,
    MUTED,
    district_m,
    drawn_streets,
    focus_m,
    middles_of_homes,
    outline_colour,
    service_colour,
    street_class,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from planner.store.run import Run

When = Literal["before", "after"]
#: width of a street in points at 1 : 20,000, and the smallest scale (largest denominator) at which it is drawn
STREET_POINTS = {"path": (0.15, 15_000.0), "street": (0.28, 60_000.0), "main": (0.9, math.inf)}
STREET_COLOURS = {"path": "#b4bec4", "street": "#b4bec4", "main": "#7f8d95"}
#: least side of a building on paper, and the smallest scale at which buildings and walls are drawn
BUILDING_MM, BUILDINGS_FROM, WALLS_FROM = 0.2, 60_000.0, 15_000.0
#: what is simplified on paper is so by this
FINE_MM = 0.05
#: width of the line around a walking area and of its white casing, in points, and the tint inside
AREA_POINTS, CASING_POINTS, AREA_TINT = 1.7, 3.6, 0.1
#: radius of the mark of an opened site
PIN_MM = 2.9
SCALES = tuple(step * 10**power for power in range(3, 7) for step in (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5, 8))


@dataclass(frozen=True)
class MapSpec:
    """Extent and scale of the maps of one circle of one service, shared by before and after."""

    service: int
    minutes: float
    scale: float
    """Denominator of the scale on paper."""
    frame: tuple[float, float, float, float]
    """Left, bottom, right, top in metres."""
    detail: bool = False
    """Whether it shows only the part where people live."""


def map_spec(run: Run, service: int, minutes: float, size_mm: tuple[float, float], *, detail: bool = False) -> MapSpec:
    """Return the map with the largest round scale at which the whole district fits on ``size_mm`` of paper.

    With ``detail`` the part where 98 % of the people live and sites open.
    """
    left, bottom, right, top = focus_m(run) if detail else district_m(run.tables)
    needed = max((right - left) / (size_mm[0] / 1000), (top - bottom) / (size_mm[1] / 1000))
    scale = next((step for step in SCALES if step >= needed), math.ceil(needed))
    half = scale * size_mm[0] / 2000, scale * size_mm[1] / 2000
    middle = (left + right) / 2, (bottom + top) / 2
    return MapSpec(
        service=service,
        minutes=minutes,
        scale=scale,
        frame=(middle[0] - half[0], middle[1] - half[1], middle[0] + half[0], middle[1] + half[1]),
        detail=detail,
    )


def classes_of_homes(run: Run, service: int, minutes: float, when: When) -> NDArray[np.str_]:
    """Return the class of every demand point, a key of `HOMES`; empty where nobody of the service lives."""
    studied, demand = run.study.services[service], run.tables.demand
    walks = run.tables.nearest[run.tables.nearest["service"] == studied.id].set_index("demand_id").reindex(demand["id"])
    was = (walks["before_s"] <= 60 * minutes).to_numpy()
    now = (walks[f"{when}_s"] <= 60 * minutes).to_numpy()
    classes = np.select([was & now, now, was], ["reached", "gained", "lost"], "left")
    lived = sum(demand[f"people_{group}"].to_numpy(dtype=float) for group in studied.demand) > 0
    return np.where(lived, classes, "")


def walking_area(run: Run, service: int, minutes: float, when: When) -> BaseGeometry:
    """Return the union of the stored circles of the places where the service is open, in the run's CRS."""
    studied, tables = run.study.services[service], run.tables
    existing = tables.existing.loc[tables.existing["service"] == studied.id, "place_id"]
    places = set(existing)
    if when == "after":
        places -= set(tables.closed.loc[tables.closed["service"] == studied.id, "place_id"])
        places |= set(tables.openings.loc[tables.openings["service"] == studied.id, "place_id"])
    circles = tables.circles
    chosen = circles["place_id"].isin(places) & (circles["walker"] == studied.walker) & (circles["minutes"] == minutes)
    return shapely.union_all(circles.geometry[chosen].to_numpy())


def draw_map(axes: Axes, run: Run, spec: MapSpec, when: When) -> None:
    """Draw base map, homes by whether they are reached, the walking area, facilities, and (``after``) openings."""
    left, bottom, right, top = spec.frame
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal", xticks=[], yticks=[], facecolor=GROUND)
    for spine in axes.spines.values():
        spine.set(color=INK, linewidth=0.8)
    near = ground_within(run.tables.ground, spec.frame)
    _communities(axes, run, spec)
    _ground(axes, near, spec)
    _streets(axes, run, spec)
    _homes(axes, run, spec, when)
    _area(axes, run, spec, when)
    _facilities(axes, run, spec)
    _names(axes, run, spec, near=near, when=when)
    if when == "after":
        _pins(axes, run, spec)
    _furniture(axes, run)


def _communities(axes: Axes, run: Run, spec: MapSpec) -> None:
    groups = run.study.services[spec.service].demand
    people = sum(run.tables.communities[f"people_{group}"].to_numpy(dtype=float) for group in groups)
    colours = [MUTED if lived else EMPTY for lived in people > 0]
    shapes = [_outline(shape) for shape in run.tables.communities.geometry.to_numpy()]
    width = 0.15 if len(shapes) > 300 else 0.4
    axes.add_collection(PathCollection(shapes, facecolors=colours, edgecolors="none", zorder=1))
    axes.add_collection(PathCollection(shapes, facecolors="none", edgecolors="#8a979f", linewidths=width, zorder=1.7))


def _ground(axes: Axes, near: gpd.GeoDataFrame, spec: MapSpec) -> None:
    """Draw green, water, buildings, walls and railways above the communities, below streets and homes."""
    fine_m, grow = FINE_MM * spec.scale / 1000, min(1.5, max(0.6, 20_000 / spec.scale))
    shapes = shapely.simplify(np.asarray(near.geometry.array), fine_m)
    kinds, is_area = near["kind"].to_numpy(), shapely.get_dimensions(shapes) == 2
    large = shapely.area(shapes) > (BUILDING_MM * spec.scale / 1000) ** 2
    for order, kind in enumerate(("green", "water", "building")):
        mine = is_area & (kinds == kind)
        style: dict[str, Any] = {"color": BASE_MAP[kind]}
        if kind == "building":
            mine &= large & (spec.scale <= BUILDINGS_FROM)
            style["alpha"] = BASE_MAP["buildingOpacity"]
        if mine.any():
            axes.add_patch(PathPatch(_outline(shapes[mine]), linewidth=0, zorder=1.1 + 0.1 * order, **style))
    rails = {"colors": "white", "linewidths": 0.6 * grow, "linestyles": (0, (4, 4))}
    drawn: tuple[tuple[str, dict[str, Any], float], ...] = (
        ("water", {"colors": BASE_MAP["water"], "linewidths": 0.8 * grow}, 1.2),
        ("wall", {"colors": BASE_MAP["wall"], "linewidths": 0.6 * grow}, 1.4),
        ("railway", {"colors": BASE_MAP["railway"], "linewidths": 1.1 * grow}, 1.5),
        ("railway", rails, 1.6),
    )
    for kind, style, rank in drawn:
        if kind == "wall" and spec.scale > WALLS_FROM:
            continue
        lines = shapely.get_parts(shapes[~is_area & (kinds == kind)])
        parts = [shapely.get_coordinates(line) for line in lines if shapely.get_dimensions(line) == 1]
        axes.add_collection(LineCollection(parts, zorder=rank, **style))


def _streets(axes: Axes, run: Run, spec: MapSpec) -> None:
    streets = drawn_streets(run.tables.streets)
    near = streets[streets.intersects(shapely.box(*spec.frame))]
    classes = street_class(near["highway"])
    grow = min(2.0, max(0.7, 20_000 / spec.scale))
    for name, (points, smallest) in STREET_POINTS.items():
        if spec.scale > smallest:
            continue
        lines = shapely.get_parts(near.geometry[classes == name].to_numpy())
        axes.add_collection(
            LineCollection(
                [shapely.get_coordinates(line) for line in shapely.simplify(lines, spec.scale / 20_000)],
                colors=STREET_COLOURS[name],
                linewidths=points * grow,
                zorder=2,
            )
        )


def _homes(axes: Axes, run: Run, spec: MapSpec, when: When) -> None:
    demand, classes = run.tables.demand, classes_of_homes(run, spec.service, spec.minutes, when)
    people = sum(demand[f"people_{group}"].to_numpy(dtype=float) for group in run.study.services[spec.service].demand)
    grow = min(1.6, max(0.5, 20_000 / spec.scale))
    points = np.minimum(7.0, (2.6 + 0.45 * np.sqrt(people)) * grow)  # diameters
    size = np.round(4 * points) / 4  # of few sizes, each of which a PDF holds once
    for order, name in enumerate(("reached", "left", "gained", "lost")):  # those that change lie on top
        for diameter in np.unique(size[classes == name]):
            mine = (classes == name) & (size == diameter)
            style = {"color": HOMES[name], "markersize": diameter, "markeredgewidth": 0, "zorder": 2.3 + 0.01 * order}
            axes.plot(demand.geometry.x[mine], demand.geometry.y[mine], "o", scalex=False, scaley=False, **style)


def _area(axes: Axes, run: Run, spec: MapSpec, when: When) -> None:
    shape = _outline(walking_area(run, spec.service, spec.minutes, when))
    colour = outline_colour(spec.service)
    axes.add_collection(PathCollection([shape], facecolors=colour, edgecolors="none", alpha=AREA_TINT, zorder=2.4))
    for width, line in ((CASING_POINTS, "white"), (AREA_POINTS, colour)):
        axes.add_collection(PathCollection([shape], facecolors="none", edgecolors=line, linewidths=width, zorder=3))


def _facilities(axes: Axes, run: Run, spec: MapSpec) -> None:
    service = run.study.services[spec.service]
    offers = run.tables.existing.loc[run.tables.existing["service"] == service.id, "place_id"]
    places = run.tables.places
    standing = places.geometry[places["id"].isin(offers)]
    axes.scatter(
        standing.x,
        standing.y,
        s=26,
        marker="s",
        color=service_colour(spec.service),
        edgecolor="white",
        lw=0.8,
        zorder=4,
    )
    unused = places.geometry[(places["role"] == "candidate") & ~places["id"].isin(run.tables.opened_sites["place_id"])]
    axes.scatter(unused.x, unused.y, s=7, marker="o", color="white", edgecolor=INK, lw=0.5, zorder=4)


def _names(axes: Axes, run: Run, spec: MapSpec, *, near: gpd.GeoDataFrame, when: When) -> None:
    """Write names of communities, water and roads where they cover neither a mark nor another name; those without room not at all."""
    renderer: Any = axes.figure.canvas.get_renderer()  # type: ignore[attr-defined]  # the sheet's canvas is Agg
    taken = [shapely.box(*box) for box in (*_marks_mm(run, spec, when), FURNITURE_MM)]
    paper = shapely.box(0, 0, *_size_mm(spec)).buffer(-1)
    for text, style, boxes in (
        *_community_names(run, spec, renderer),
        *_water_names(near, spec, renderer),
        *_road_names(near, spec, renderer),
    ):
        free = (box for box in boxes if paper.contains(box) and not shapely.intersects(box, taken).any())
        box = next(free, None)
        if box is None:
            continue
        taken.append(box)
        x, y = shapely.get_coordinates(box.centroid)[0]
        axes.text(
            spec.frame[0] + x * spec.scale / 1000,
            spec.frame[1] + y * spec.scale / 1000,
            text,
            rotation=_turn_deg(box),
            rotation_mode="anchor",
            ha="center",
            va="center",
            path_effects=[withStroke(linewidth=1.8, foreground="white")],
            parse_math=False,
            clip_on=True,
            **style,
        )


Box = tuple[float, float, float, float]
"""Left, bottom, right, top in millimetres on paper from the lower left corner of the map."""
Name = tuple[str, dict[str, Any], "Iterator[BaseGeometry]"]
"""Text, style, and the boxes in millimetres on paper in which it could stand, the best first."""
NAME_POINTS, NAME_MM = 6.5, 2.8
WATER_POINTS, ROAD_POINTS = 6.0, 5.0
WATER_STYLE: dict[str, Any] = {"size": WATER_POINTS, "style": "italic", "color": "#1f5379", "zorder": 4.9}
ROAD_STYLE: dict[str, Any] = {"size": ROAD_POINTS, "color": "#3f4a51", "zorder": 4.8}
ROAD_MM = 2.1
#: how far a road may bend under its name, and the steps in which a place for it is sought
BEND_MM, STEP_MM = 0.5, 4.0
#: north arrow and scale bar
FURNITURE_MM: Box = (0.0, 0.0, 46.0, 42.0)
#: where a name goes if its place is taken: above, below, beside
SHIFTS_MM = ((0, 0), (0, 4.5), (0, -4.5), (0, 8), (0, -8), (9, 3.5), (-9, 3.5), (9, -3.5), (-9, -3.5))


def _community_names(run: Run, spec: MapSpec, renderer: Any) -> Iterator[Name]:
    """Yield the names of communities, most people first."""
    communities, frame = run.tables.communities, shapely.box(*spec.frame)
    people = communities[[name for name in communities if str(name).startswith("people_")]].sum(axis=1).to_numpy()
    style = {"size": NAME_POINTS, "weight": "bold", "color": INK, "zorder": 5}
    middles = middles_of_homes(run.tables.demand)
    for i in np.argsort(-people, kind="stable"):
        name, shape = one_line(communities["name"].iloc[i]), communities.geometry.iloc[i].intersection(frame)
        if not name or name == communities["id"].iloc[i] or shape.is_empty:
            continue
        width = text_width_mm(renderer, name, NAME_POINTS, bold=True)
        left, bottom, right, top = (side / spec.scale * 1000 for side in shape.bounds)  # mm on paper
        if right - left >= width and top - bottom >= 4:
            middle = middles.get(communities["id"].iloc[i])
            at = middle if middle is not None and shape.contains(middle) else shape.representative_point()
            yield name, style, _around(_on_paper(at, spec), width)


def _water_names(near: gpd.GeoDataFrame, spec: MapSpec, renderer: Any) -> Iterator[Name]:
    """Yield the names of water that is wide enough on paper, the largest first."""
    named = near[(near["kind"] == "water") & (near["name"].fillna("") != "") & (near.geometry.area > 0)]
    named = named.iloc[np.argsort(-named.geometry.area.to_numpy(), kind="stable")].drop_duplicates("name")
    for name, shape in zip(named["name"], named.geometry, strict=True):
        text = one_line(name)
        width, drawn = text_width_mm(renderer, text, WATER_POINTS), _on_paper(shape, spec)
        if drawn.bounds[2] - drawn.bounds[0] > width / 2:
            yield text, WATER_STYLE, _around(drawn.representative_point(), width)


def _road_names(near: gpd.GeoDataFrame, spec: MapSpec, renderer: Any) -> Iterator[Name]:
    """Yield the names of roads, the longest first."""
    roads = near[(near["kind"] == "road") & (near["name"].fillna("") != "")]
    lines = {
        name: _on_paper(shapely.line_merge(shapely.union_all(of.to_numpy())), spec)
        for name, of in roads.groupby("name").geometry
    }
    for name, line in sorted(lines.items(), key=lambda one: -one[1].length):
        text = one_line(name)
        yield text, ROAD_STYLE, _along(line, text_width_mm(renderer, text, ROAD_POINTS))


def _around(at: BaseGeometry, width_mm: float) -> Iterator[BaseGeometry]:
    """Yield the boxes of a name around a point."""
    for across, up in SHIFTS_MM:
        x, y = at.x + across, at.y + up
        yield shapely.box(x - width_mm / 2, y - NAME_MM / 2, x + width_mm / 2, y + NAME_MM / 2)


def _along(line: BaseGeometry, width_mm: float) -> Iterator[BaseGeometry]:
    """Yield the turned boxes of a name along the straight stretches of a line, those of its longest part first, from the middle on."""
    for part in sorted(shapely.get_parts(line), key=lambda one: -one.length):
        starts = np.arange(1.0, part.length - width_mm - 1.0, STEP_MM)
        for start in starts[np.argsort(np.abs(starts + (width_mm - part.length) / 2), kind="stable")]:
            ends = shapely.line_interpolate_point(part, [start, start + width_mm])
            chord = shapely.LineString(ends)
            if (
                shapely.hausdorff_distance(chord, substring(part, start, start + width_mm)) <= BEND_MM
                and chord.length > 0
            ):
                yield chord.buffer(ROAD_MM / 2, cap_style="flat")


def _turn_deg(box: BaseGeometry) -> float:
    """Return by how much the long side of a box is turned, so that a text in it is read from the left."""
    corners = shapely.get_coordinates(box)[:3]
    one, two = np.diff(corners, axis=0)
    across, up = max(one, two, key=lambda side: float(np.hypot(*side)))
    turn = math.degrees(math.atan2(up, across))
    return turn - 180 if turn > 90 else turn + 180 if turn <= -90 else turn


def _size_mm(spec: MapSpec) -> tuple[float, float]:
    left, bottom, right, top = spec.frame
    return (right - left) * 1000 / spec.scale, (top - bottom) * 1000 / spec.scale


def _on_paper(shape: BaseGeometry, spec: MapSpec) -> BaseGeometry:
    """Return a shape in millimetres on paper from the lower left corner of the map."""
    return shapely.transform(shape, lambda xy: (xy - spec.frame[:2]) * 1000 / spec.scale)


def _marks_mm(run: Run, spec: MapSpec, when: When) -> list[Box]:
    """Return the boxes of facilities of the service and of the pins of a plan."""
    places = run.tables.places.set_index("id").geometry
    service = run.study.services[spec.service].id
    standing = run.tables.existing.loc[run.tables.existing["service"] == service, "place_id"]
    marks = [(place, 1.2) for place in standing]
    marks += [(place, PIN_MM) for place in run.tables.opened_sites["place_id"] if when == "after"]
    points = [(_on_paper(places[place], spec), half) for place, half in marks]
    return [(at.x - half, at.y - half, at.x + half, at.y + half) for at, half in points]


def text_width_mm(renderer: Any, text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a text in points ``size`` as ``renderer`` draws it."""
    properties = FontProperties(size=size, weight="bold" if bold else "normal")
    width = max(renderer.get_text_width_height_descent(line, properties, False)[0] for line in text.split("\n"))
    return float(width) * 25.4 / float(renderer.dpi)


def is_wide(letter: str) -> bool:
    """Return whether a letter is an East Asian wide one, before and after which a line may break."""
    return unicodedata.east_asian_width(letter) in "WF"


def _pins(axes: Axes, run: Run, spec: MapSpec) -> None:
    places = run.tables.places.set_index("id").geometry
    position = {service.id: i for i, service in enumerate(run.study.services)}
    opened = run.tables.openings.groupby("place_id", sort=False)["service"].apply(list).to_dict()
    mm = spec.scale / 1000
    for number, place in enumerate(run.tables.opened_sites["place_id"], start=1):
        point, offered = places[place], sorted(position[service] for service in opened.get(place, []))
        axes.add_patch(Circle((point.x, point.y), PIN_MM * mm, color="white", zorder=6))
        for k, service in enumerate(offered):
            turn = 360 / len(offered)
            ring = Wedge(
                (point.x, point.y), 2.6 * mm, 90 - (k + 1) * turn, 90 - k * turn, color=service_colour(service)
            )
            ring.set(zorder=7, linewidth=0)
            axes.add_patch(ring)
        axes.add_patch(Circle((point.x, point.y), 1.85 * mm, color=INK, zorder=8, linewidth=0))
        axes.text(
            point.x,
            point.y,
            str(number),
            size=7,
            weight="bold",
            color="white",
            ha="center",
            va="center_baseline",
            zorder=9,
            clip_on=True,
        )


def _furniture(axes: Axes, run: Run) -> None:
    bar = ScaleBar(
        1,
        "m",
        length_fraction=0.22,
        location="lower left",
        box_alpha=0.75,
        color=INK,
        font_properties={"size": 7.5},
        border_pad=0.6,
        scale_loc="top",
    )
    axes.add_artist(bar)
    arrow = {"arrowstyle": "-|>,head_width=0.35,head_length=0.9", "color": INK, "lw": 1.4}
    axes.annotate("", (0.03, 0.185), (0.03, 0.115), xycoords="axes fraction", arrowprops=arrow, zorder=10)
    axes.text(
        0.03,
        0.19,
        translate("report.north", run.study.language),
        transform=axes.transAxes,
        size=9,
        weight="bold",
        ha="center",
        va="bottom",
        color=INK,
        path_effects=[withStroke(linewidth=2, foreground="white")],
        zorder=10,
    )


def one_line(text: object, longest: int = 60) -> str:
    """Return a name that fits a line: white space as single spaces, cut with an ellipsis."""
    plain = " ".join("".join(letter if letter.isprintable() else " " for letter in str(text)).split())
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"


def _outline(shapes: Any) -> Outline:
    """Return the rings of one or more polygons as one path; holes turn against their polygon."""
    parts = shapely.get_parts(shapely.normalize(shapes))
    rings = shapely.get_rings(parts[shapely.get_dimensions(parts) == 2])
    xy, of = shapely.get_coordinates(rings, return_index=True)
    codes = np.full(len(xy), Outline.LINETO, dtype=Outline.code_type)
    codes[np.flatnonzero(np.diff(of, prepend=-1))] = Outline.MOVETO
    codes[np.flatnonzero(np.diff(of, append=-1))] = Outline.CLOSEPOLY
    return Outline(xy, codes)
