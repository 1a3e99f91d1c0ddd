"""Map for print: one circle of one service at a round scale, before or after the plan."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.patches import Circle, Wedge
from matplotlib.path import Path as Outline
from matplotlib.patheffects import withStroke
from matplotlib_scalebar.scalebar import ScaleBar

from planner.i18n import translate
from planner.report.cartography import (
    EMPTY,
    GROUND,
    INK,
    class_colour,
    class_limits,
    drawn_streets,
    focus_m,
    service_colour,
    street_class,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from planner.store.run import Run

When = Literal["before", "after"]
#: width of a street in points at 1 : 20,000, and the smallest scale (largest denominator) at which it is drawn
STREET_POINTS = {"path": (0.15, 15_000.0), "street": (0.28, 60_000.0), "main": (0.9, math.inf)}
#: line widths and fills of the circles, nearest first
CIRCLES = ((1.3, 0.12, "solid"), (0.9, 0.07, (0, (5, 3))), (0.7, 0.04, (0, (1.5, 2))))
SCALES = tuple(step * 10**power for power in range(3, 7) for step in (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5, 8))


@dataclass(frozen=True)
class MapSpec:
    """Extent, scale and classes of the maps of one circle of one service, shared by before and after."""

    service: int
    minutes: float
    limits: tuple[float, ...]
    scale: float
    """Denominator of the scale on paper."""
    frame: tuple[float, float, float, float]
    """Left, bottom, right, top in metres."""


def map_spec(run: Run, service: int, minutes: float, size_mm: tuple[float, float]) -> MapSpec:
    """Return the map with the largest round scale at which homes and sites fit on ``size_mm`` of paper."""
    left, bottom, right, top = focus_m(run)
    needed = max((right - left) / (size_mm[0] / 1000), (top - bottom) / (size_mm[1] / 1000))
    scale = next((step for step in SCALES if step >= needed), math.ceil(needed))
    half = scale * size_mm[0] / 2000, scale * size_mm[1] / 2000
    middle = (left + right) / 2, (bottom + top) / 2
    uncovered = [uncovered_people(run, service, circle.minutes, when)[0] for circle, when in _states(run, service)]
    return MapSpec(
        service=service,
        minutes=minutes,
        limits=class_limits(np.concatenate(uncovered)),
        scale=scale,
        frame=(middle[0] - half[0], middle[1] - half[1], middle[0] + half[0], middle[1] + half[1]),
    )


def uncovered_people(
    run: Run, service: int, minutes: float, when: When
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the people of each community outside the circle, and all its people of the service (in table order)."""
    table = run.tables.coverage_by_community
    studied = run.study.services[service]
    rows = table[(table["service"] == studied.id) & (table["minutes"] == minutes)].set_index("community_id")
    rows = rows.reindex(run.tables.communities["id"])
    people = rows["people"].fillna(0.0).to_numpy(dtype=float)
    covered = rows[f"covered_{when}"].fillna(0.0).to_numpy(dtype=float)
    return people - covered, people


def draw_map(axes: Axes, run: Run, spec: MapSpec, when: When) -> None:
    """Draw base map, people not covered, facilities, and (``after``) openings."""
    left, bottom, right, top = spec.frame
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal", xticks=[], yticks=[], facecolor=GROUND)
    for spine in axes.spines.values():
        spine.set(color=INK, linewidth=0.8)
    _communities(axes, run, spec, when)
    _streets(axes, run, spec)
    if when == "after":
        _circles(axes, run, spec)
    _facilities(axes, run, spec)
    _names(axes, run, spec)
    if when == "after":
        _pins(axes, run, spec)
    _furniture(axes, run)


def _communities(axes: Axes, run: Run, spec: MapSpec, when: When) -> None:
    left_out, people = uncovered_people(run, spec.service, spec.minutes, when)
    colours = [
        EMPTY if all_of_it <= 0 else class_colour(value, spec.limits)
        for value, all_of_it in zip(left_out, people, strict=True)
    ]
    shapes = run.tables.communities.geometry.to_numpy()
    fine = len(shapes) > 300
    axes.add_collection(
        PathCollection(
            [_outline(shape) for shape in shapes],
            facecolors=colours,
            edgecolors="#44535d",
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
                colors="white",
                linewidths=points * grow,
                zorder=2,
            )
        )


def _circles(axes: Axes, run: Run, spec: MapSpec) -> None:
    service = run.study.services[spec.service]
    opens = run.tables.openings.loc[run.tables.openings["service"] == service.id, "place_id"]
    table = run.tables.circles
    circles = table[table["place_id"].isin(opens) & (table["walker"] == service.walker)]
    colour = service_colour(spec.service)
    for rank, circle in reversed(list(enumerate(service.circles))):
        width, fill, dashes = CIRCLES[min(rank, len(CIRCLES) - 1)]
        shapes = [_outline(shape) for shape in circles.geometry[circles["minutes"] == circle.minutes]]
        axes.add_collection(PathCollection(shapes, facecolors=colour, edgecolors="none", alpha=fill, zorder=3))
        axes.add_collection(
            PathCollection(
                shapes, facecolors="none", edgecolors=colour, linewidths=width, linestyles=[dashes], alpha=0.9, zorder=3
            )
        )


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


def _names(axes: Axes, run: Run, spec: MapSpec) -> None:
    halo = [withStroke(linewidth=1.8, foreground="white")]
    frame = shapely.box(*spec.frame)
    for community in run.tables.communities.itertuples():
        name = one_line(community.name)
        shown = community.geometry.intersection(frame)
        if not name or name == community.id or shown.is_empty:
            continue
        left, bottom, right, top = (side / spec.scale * 1000 for side in shown.bounds)  # mm on paper
        if right - left < 1.7 * len(name) or top - bottom < 4:
            continue
        at = shown.representative_point()
        axes.text(
            at.x,
            at.y,
            name,
            size=6.5,
            weight="bold",
            ha="center",
            va="center",
            color=INK,
            path_effects=halo,
            zorder=5,
            parse_math=False,
            clip_on=True,
        )


def _pins(axes: Axes, run: Run, spec: MapSpec) -> None:
    places = run.tables.places.set_index("id").geometry
    position = {service.id: i for i, service in enumerate(run.study.services)}
    opened = run.tables.openings.groupby("place_id", sort=False)["service"].apply(list).to_dict()
    mm = spec.scale / 1000
    for number, place in enumerate(run.tables.opened_sites["place_id"], start=1):
        point, offered = places[place], sorted(position[service] for service in opened.get(place, []))
        axes.add_patch(Circle((point.x, point.y), 2.9 * mm, color="white", zorder=6))
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


def _states(run: Run, service: int) -> list[tuple[Any, When]]:
    whens: tuple[When, When] = ("before", "after")
    return [(circle, when) for circle in run.study.services[service].circles for when in whens]
