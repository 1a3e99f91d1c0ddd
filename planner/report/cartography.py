"""Colours, colour classes, letters, street classes and extents shared by the pages and the print.

Warm is need, cool is provision: the ramp runs from paper to rust with the people a service does not reach; services are blue,
green, violet and so on. Lightness falls steadily along the ramp and every service also carries a letter, so that the maps can be
read by colour-blind readers and on weak projectors.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from planner.store.run import Run
    from planner.store.tables import AssessmentTables, Tables
    from planner.study import Language, Study


#: no people uncovered, then five classes of increasing need
RAMP = ("#fbf7ee", "#fbe0b5", "#f5bb7b", "#e58a4e", "#c25a2e", "#86301c")
#: no people of the group
EMPTY = "#d3dade"
#: one per service, in the order of the study; further services repeat them and differ by their letter
SERVICES = ("#0b5ea8", "#00795f", "#7a3aa6", "#b0175f", "#3d4f5c", "#0097a7")
#: diverging ramp from deficit to surplus
DIVERGING = ("#86301c", "#f5bb7b", "#fbf7ee", "#a9cbe3", "#0b5ea8")
#: class limits of the balance (−1 … 1)
DIVERGING_LIMITS = (-0.6, -0.2, 0.2, 0.6)
#: homes: within reach today, newly with the plan, left out, no longer with the plan
HOMES = {"reached": "#6fa3cf", "gained": "#0b3c8c", "left": "#cc4a1a", "lost": "#6b1606"}
#: under homes and circles
MUTED = "#f4f4f0"
INK = "#1d2a33"
GROUND = "#eef1f2"
#: beneath communities and marks; buildings are laid over shares, which are seen through them
BASE_MAP = {
    "green": "#d8e6cf",
    "water": "#b4d0e2",
    "building": "#1d2a33",
    "buildingOpacity": 0.2,
    "wall": "#6f6253",
    "railway": "#5d666c",
    "border": "#6d5a80",
}
#: a street is white inside its edge: one of both has a contrast of 3 to every colour of the map
STREET = {"line": "#ffffff", "casing": "#3f4a51"}


def service_colour(position: int) -> str:
    """Return the colour of the service at ``position`` in the study."""
    return SERVICES[position % len(SERVICES)]


def relative_luminance(colour: str) -> float:
    """Return the relative luminance (0–1) of ``#rrggbb`` by WCAG 2.1.

    >>> round(relative_luminance("#ffffff"), 3), round(relative_luminance("#0b5ea8"), 3)
    (1.0, 0.109)
    """
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


#: of the line of a walking area: so dark that with its white casing it has a contrast of 3 to every colour
OUTLINE_LUMINANCE = 0.06


def outline_colour(position: int) -> str:
    """Return the colour of the line around what the service at ``position`` reaches: its own, darkened.

    >>> outline_colour(0)
    '#08467e'
    """
    colour, share = service_colour(position), 1.0
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    darkened = colour
    while relative_luminance(darkened) > OUTLINE_LUMINANCE:
        share -= 0.01
        darkened = f"#{round(red * share):02x}{round(green * share):02x}{round(blue * share):02x}"
    return darkened


def class_limits(values: NDArray[np.float64] | Sequence[float], classes: int = len(RAMP) - 1) -> tuple[float, ...]:
    """Return upper limits of at most ``classes`` classes of the positive values, round numbers, ascending.

    Quantiles rounded to one or two leading digits, the last limit at or above the largest value; equal limits fall together.
    Values of 0.5 and less (less than one person when shown) do not make classes.
    """
    array = np.asarray(values, dtype=float)
    positive = array[array > 0.5]
    if positive.size == 0:
        return ()
    inner = np.quantile(positive, np.arange(1, classes) / classes)
    last = _round_number(float(positive.max()), up=True)
    limits = {_round_number(float(limit), up=False) for limit in inner}
    return (*sorted(limit for limit in limits if limit < last), last)


def _round_number(value: float, *, up: bool) -> float:
    """Return 1, 1.5, 2, 2.5, 3, 4, 5, 6 or 8 × 10^k: the nearest to ``value``, or the smallest not below it."""
    scale = 10.0 ** math.floor(math.log10(value))
    steps = [step * scale for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)]
    chosen = (
        next(step for step in steps if value <= step * (1 + 1e-12))
        if up
        else min(steps, key=lambda step: abs(step - value))
    )
    return max(1.0, chosen)


#: words in names of services → the letter that planners know them by
KNOWN_GLYPHS = {
    "食堂": "餐",
    "餐": "餐",
    "饭堂": "餐",
    "养老": "养",
    "托育": "托",
    "托幼": "托",
    "卫生": "医",
    "医疗": "医",
}


def glyphs(names: Sequence[str], chosen: Sequence[str | None] = ()) -> tuple[str, ...]:
    """Return distinct letters for names.

    ``chosen`` where it is given; else the letter that a known word stands for; else the first letter, the first two where
    several names share it, and the position where these are shared too.

    >>> glyphs(["Elder care", "Canteen", "Childcare"])
    ('E', 'Ca', 'Ch')
    >>> glyphs(["养老服务", "社区食堂"], [None, "饭"])
    ('养', '饭')
    """
    given = [*chosen, *[None] * (len(names) - len(chosen))]
    short, long = [], []
    for name, own in zip(names, given, strict=True):
        known = next((letter for word, letter in KNOWN_GLYPHS.items() if word in name), None)
        letters = "".join(letter for letter in name if letter.isalnum())
        short.append(own or known or letters[:1].upper())
        long.append(own or known or letters[:2].capitalize())
    found: list[str] = []
    for position, (one, two) in enumerate(zip(short, long, strict=True), start=1):
        free = (text for text, among in ((one, short), (two, long)) if text and among.count(text) == 1)
        found.append(next((text for text in free if text not in found), str(position)))
    return tuple(found)


def service_glyphs(study: Study, language: Language) -> tuple[str, ...]:
    """Return the letters of the services of a study in a language."""
    own = [None if service.glyph is None else service.glyph.text(language) for service in study.services]
    return glyphs([service.name.text(language) for service in study.services], own)


#: drawing classes of OpenStreetMap highway values; others are drawn as ``street``
STREET_CLASSES = {
    "main": ("motorway", "trunk", "primary", "secondary", "tertiary"),
    "path": ("footway", "path", "steps", "cycleway", "track", "bridleway", "corridor", "service"),
}
FOCUS_MARGIN_M = 150.0
#: of the longer side of a district, around it on paper
DISTRICT_MARGIN = 0.015


def focus_m(run: Run) -> tuple[float, float, float, float]:
    """Return the extent (left, bottom, right, top in metres) of 98 % of the people and of every opened site."""
    places = run.tables.places
    return around(run.tables.demand, places[places["id"].isin(run.tables.opened_sites["place_id"])])


def district_m(tables: Tables | AssessmentTables) -> tuple[float, float, float, float]:
    """Return the extent (left, bottom, right, top in metres) of all communities, homes and opened sites, with a margin."""
    places = tables.places
    opened = places[places["opened"].to_numpy(dtype=bool)] if "opened" in places else places.iloc[:0]
    frames = (tables.communities, tables.demand, opened)
    boxes = np.array([frame.total_bounds for frame in frames if len(frame)])
    (left, bottom), (right, top) = np.nanmin(boxes[:, :2], axis=0), np.nanmax(boxes[:, 2:], axis=0)
    margin = DISTRICT_MARGIN * max(right - left, top - bottom)
    return float(left - margin), float(bottom - margin), float(right + margin), float(top + margin)


def around(demand: gpd.GeoDataFrame, sites: gpd.GeoDataFrame) -> tuple[float, float, float, float]:
    """Return the extent (left, bottom, right, top in metres) of 98 % of the people and of ``sites``, with a margin.

    Forests and fields of a district would shrink the map otherwise.
    """
    people = demand[[name for name in demand if str(name).startswith("people_")]].sum(axis=1).to_numpy(dtype=float)
    sides = []
    for homes, places in ((demand.geometry.x, sites.geometry.x), (demand.geometry.y, sites.geometry.y)):
        order = np.argsort(homes.to_numpy(), kind="stable")
        share = np.cumsum(people[order]) / max(people.sum(), 1e-9)
        ends = homes.to_numpy()[order][np.clip(np.searchsorted(share, [0.01, 0.99]), 0, len(order) - 1)]
        sides.append((min([ends[0], *places]) - FOCUS_MARGIN_M, max([ends[1], *places]) + FOCUS_MARGIN_M))
    (left, right), (bottom, top) = sides
    return float(left), float(bottom), float(right), float(top)


def middles_of_homes(demand: gpd.GeoDataFrame, least: int = 1) -> dict[str, shapely.Point]:
    """Return community → mean of its homes, of communities that have ``least`` of them: on a shore most of a community is water."""
    by_community = pd.DataFrame({"x": demand.geometry.x, "y": demand.geometry.y}).groupby(
        demand["community_id"].astype(str)
    )
    at = by_community.mean()[by_community.size() >= least]
    return dict(zip(at.index, shapely.points(at.to_numpy()), strict=True))


def street_class(highway: pd.Series[str]) -> pd.Series[str]:
    """Return ``main``, ``path`` or ``street`` for OpenStreetMap highway values (links count as their road)."""
    plain = highway.astype(str).str.removesuffix("_link")
    classes = pd.Series("street", index=highway.index)
    for name, values in STREET_CLASSES.items():
        classes[plain.isin(values)] = name
    return classes


def drawn_streets(streets: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the streets without the straight paths across squares, which are not mapped; tables from before 2026-12 have none."""
    return streets[~streets["across"]] if "across" in streets else streets
