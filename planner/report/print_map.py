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
from matplotlib.patches import Circle, Wedge
from matplotlib.path import Path as Outline
from matplotlib.patheffects import withStroke
from matplotlib_scalebar.scalebar import ScaleBar

from planner.i18n import translate
from planner.report.cartography import (
    EMPTY,
    GROUND,
    HOMES,
    INK,
    MUTED,
    district_m,
    drawn_streets,
    focus_m,
    outline_colour,
    service_colour,
    street_class,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from planner.store.run import Run

When = Literal["before", "after"]
#: width of a street in points at 1 : 20,000, and the smallest scale (largest denominator) at which it is drawn
STREET_POINTS = {"path": (0.15, 15_000.0), "street": (0.28, 60_000.0), "main": (0.9, math.inf)}
STREET_COLOURS = {"path": "#b4bec4", "street": "#b4bec4", "main": "#7f8d95"}
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
    _communities(axes, run, spec)
    _streets(axes, run, spec)
    _homes(axes, run, spec, when)
    _area(axes, run, spec, when)
    _facilities(axes, run, spec)
    _names(axes, run, spec, when)
    if when == "after":
        _pins(axes, run, spec)
    _furniture(axes, run)


def _communities(axes: Axes, run: Run, spec: MapSpec) -> None:
    groups = run.study.services[spec.service].demand
    people = sum(run.tables.communities[f"people_{group}"].to_numpy(dtype=float) for group in groups)
    colours = [MUTED if lived else EMPTY for lived in people > 0]
    shapes = run.tables.communities.geometry.to_numpy()
    fine = len(shapes) > 300
    axes.add_collection(
        PathCollection(
            [_outline(shape) for shape in shapes],
            facecolors=colours,
            edgecolors="#8a979f",
            linewidths=0.15 if fine else 0.4,
            zorder=1,
        )
    )


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
    for name in ("reached", "left", "gained", "lost"):  # those that change lie on top
        mine = classes == name
        axes.scatter(
            demand.geometry.x[mine],
            demand.geometry.y[mine],
            s=points[mine] ** 2,
            color=HOMES[name],
            linewidths=0,
            zorder=2.5,
        )


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


def _names(axes: Axes, run: Run, spec: MapSpec, when: When) -> None:
    """Write the names of communities where they cover neither a mark nor another name; most people first, else not at all."""
    halo = [withStroke(linewidth=1.8, foreground="white")]
    frame = shapely.box(*spec.frame)
    communities = run.tables.communities
    people = communities[[name for name in communities if str(name).startswith("people_")]].sum(axis=1).to_numpy()
    taken = [*_marks_mm(run, spec, when), FURNITURE_MM]
    renderer: Any = axes.figure.canvas.get_renderer()  # type: ignore[attr-defined]  # the sheet's canvas is Agg
    for i in np.argsort(-people, kind="stable"):
        name, shape = one_line(communities["name"].iloc[i]), communities.geometry.iloc[i].intersection(frame)
        if not name or name == communities["id"].iloc[i] or shape.is_empty:
            continue
        width = text_width_mm(renderer, name, NAME_POINTS, bold=True)
        left, bottom, right, top = (side / spec.scale * 1000 for side in shape.bounds)  # mm on paper
        if right - left < width or top - bottom < 4:
            continue
        at = shape.representative_point()
        x, y = ((at.x - spec.frame[0]) * 1000 / spec.scale, (at.y - spec.frame[1]) * 1000 / spec.scale)
        box = next((box for box in _boxes(x, y, width, spec) if not any(_overlap(box, other) for other in taken)), None)
        if box is None:
            continue
        taken.append(box)
        axes.text(
            spec.frame[0] + (box[0] + box[2]) / 2 * spec.scale / 1000,
            spec.frame[1] + (box[1] + box[3]) / 2 * spec.scale / 1000,
            name,
            size=NAME_POINTS,
            weight="bold",
            ha="center",
            va="center",
            color=INK,
            path_effects=halo,
            zorder=5,
            parse_math=False,
            clip_on=True,
        )


Box = tuple[float, float, float, float]
"""Left, bottom, right, top in millimetres on paper from the lower left corner of the map."""
NAME_POINTS, NAME_MM = 6.5, 2.8
#: north arrow and scale bar
FURNITURE_MM: Box = (0.0, 0.0, 46.0, 42.0)
#: where a name goes if its place is taken: above, below, beside
SHIFTS_MM = ((0, 0), (0, 4.5), (0, -4.5), (0, 8), (0, -8), (9, 3.5), (-9, 3.5), (9, -3.5), (-9, -3.5))


def _boxes(x: float, y: float, width: float, spec: MapSpec) -> Iterable[Box]:
    """Yield the places of a name around a point, those inside the frame."""
    high = (spec.frame[3] - spec.frame[1]) * 1000 / spec.scale
    wide = (spec.frame[2] - spec.frame[0]) * 1000 / spec.scale
    for across, up in SHIFTS_MM:
        box = (x + across - width / 2, y + up - NAME_MM / 2, x + across + width / 2, y + up + NAME_MM / 2)
        if box[0] > 1 and box[1] > 1 and box[2] < wide - 1 and box[3] < high - 1:
            yield box


def _overlap(one: Box, two: Box) -> bool:
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]


def _marks_mm(run: Run, spec: MapSpec, when: When) -> list[Box]:
    """Return the boxes of facilities of the service and of the pins of a plan."""
    places = run.tables.places.set_index("id").geometry
    service = run.study.services[spec.service].id
    standing = run.tables.existing.loc[run.tables.existing["service"] == service, "place_id"]
    marks = [(place, 1.2) for place in standing]
    marks += [(place, PIN_MM) for place in run.tables.opened_sites["place_id"] if when == "after"]
    boxes = []
    for place, half in marks:
        x = (places[place].x - spec.frame[0]) * 1000 / spec.scale
        y = (places[place].y - spec.frame[1]) * 1000 / spec.scale
        boxes.append((x - half, y - half, x + half, y + half))
    return boxes


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


def _outline(shape: Any) -> Outline:
    """Return polygon rings as one path (filled even-odd by their opposite turns)."""
    parts: Iterable[Any] = shapely.get_parts(shapely.normalize(shape))
    rings = [ring for part in parts for ring in (part.exterior, *part.interiors)] if not shape.is_empty else []
    if not rings:
        return Outline(np.empty((0, 2)))
    return Outline.make_compound_path(*[Outline(shapely.get_coordinates(ring), closed=True) for ring in rings])
