"""Coordinate systems that a layer may be in, tried against what is known to lie there; offered with evidence, never used.

A layer without a system, or one that lies elsewhere, is put down in every projected system that EPSG knows for the
district, in degrees, and with its axes exchanged. A system is offered by the share of the layer's rows that would lie in the
communities, or near the streets where the communities themselves have no place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_crs_info
from pyproj.enums import PJType
from pyproj.exceptions import CRSError, ProjError

from planner.district.crs import WGS84
from planner.district.gcj02 import in_china

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    Points = NDArray[np.float64]

#: a system under which fewer of the rows lie where they should is not offered
LEAST_SHARE = 0.5
#: a row lies near the streets if a street is within this distance of it
NEAR_STREETS_M = 500.0
#: systems that put a layer down within this distance of each other are one offer: nobody can tell them apart here
SAME_PLACE_M = 5.0
#: rows of a layer that are tried, taken evenly from first to last
_TRIED = 300
#: offers made, and systems named in each
_OFFERED, _NAMED = 3, 3
#: EPSG codes that are usual for data of planners, most usual first: CGCS2000, ETRS89 / UTM, WGS 84 / UTM
_USUAL = (range(4513, 4555), range(25828, 25839), range(32601, 32661), range(32701, 32761))


@dataclass(frozen=True, eq=False)
class Known:
    """What is known to lie in the district."""

    word: Literal["@in_communities", "@near_streets", "@near_layers"]
    """What a row must meet, as the glossary calls it."""
    shapes: NDArray[np.object_]
    """In metres, in ``crs``."""
    crs: CRS
    degrees: tuple[float, float, float, float]
    """Extent: west, south, east, north."""


@dataclass(frozen=True)
class Offer:
    """Systems in which a layer's coordinates would lie where they should; all of them put it down at the same place."""

    names: tuple[str, ...]
    share: float
    """Of the rows tried, 0 to 1."""

    def text(self) -> str:
        """Return the systems with the share of rows: ``EPSG:25833 = EPSG:32633 (100%)``."""
        return f"{' = '.join(self.names[:_NAMED])}{' …' if len(self.names) > _NAMED else ''} ({self.share:.0%})"


def known_by(word: Literal["@in_communities", "@near_streets", "@near_layers"], frame: gpd.GeoSeries) -> Known | None:
    """Return what shapes with a place make known; for streets and other layers all within 500 m of them."""
    frame = frame[~(frame.is_empty | frame.isna())]
    if frame.empty:
        return None
    west, south, east, north = (float(v) for v in frame.to_crs(WGS84).total_bounds)
    if not np.isfinite([west, south, east, north]).all():
        return None
    metric = frame.estimate_utm_crs()
    shapes = np.asarray(frame.to_crs(metric).array, dtype=object)
    return Known(word, shapes, CRS(metric), (west, south, east, north))


def offers(shapes: NDArray[np.object_], known: Known) -> tuple[list[Offer], int]:
    """Return the systems in which ``shapes`` would lie where they should, the best first, and how many rows were tried."""
    there = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    if not len(there):
        return [], 0
    evenly = np.linspace(0, len(there) - 1, min(len(there), _TRIED)).astype(np.int64)
    xy = shapely.get_coordinates(shapely.point_on_surface(there[evenly]))
    tree = shapely.STRtree(known.shapes)
    found: list[tuple[float, str, Points]] = []
    for name, crs in _candidates(xy, known):
        for axes, turned in (("", xy), (", axes: yx", xy[:, ::-1])):
            placed = _placed(turned, crs, known.crs)
            share = _share(placed, tree, known)
            if share >= LEAST_SHARE:
                found.append((share, name + axes, placed))
    return _grouped(found)[:_OFFERED], len(xy)


def _candidates(xy: Points, known: Known) -> list[tuple[str, CRS]]:
    """Return the systems worth trying: degrees for what can be degrees, else what EPSG has for the district."""
    if (np.abs(xy) <= 180).all():
        west, south, east, north = known.degrees
        china = bool(in_china(np.array([west, east]), np.array([south, north])).all())
        return [("EPSG:4326, gcj02, bd09" if china else "EPSG:4326", WGS84)]
    infos = query_crs_info(
        auth_name="EPSG",
        pj_types=[PJType.PROJECTED_CRS],
        area_of_interest=AreaOfInterest(*known.degrees),
        contains=True,
    )
    codes = sorted({int(info.code) for info in infos} | {3857}, key=_by_use)
    return [(f"EPSG:{code}", CRS.from_epsg(code)) for code in codes]


def _by_use(code: int) -> tuple[int, int]:
    return next((i for i, usual in enumerate(_USUAL) if code in usual), len(_USUAL)), code


def _placed(xy: Points, crs: CRS, metric: CRS) -> Points:
    try:
        x, y = Transformer.from_crs(crs, metric, always_xy=True).transform(xy[:, 0], xy[:, 1])
    except (CRSError, ProjError):
        return np.full_like(xy, np.nan)
    placed = np.column_stack([x, y])
    placed[~np.isfinite(placed).all(axis=1)] = np.nan
    return placed


def _share(placed: Points, tree: shapely.STRtree, known: Known) -> float:
    """Return the share of points that lie in the communities, or near what else is known."""
    finite = np.isfinite(placed).all(axis=1)
    within = 0.0 if known.word == "@in_communities" else NEAR_STREETS_M
    points = shapely.points(placed[finite])
    hit = np.unique(tree.query(points, predicate="dwithin", distance=within)[0])
    return len(hit) / len(placed)


def _grouped(found: Sequence[tuple[float, str, Points]]) -> list[Offer]:
    """Join the systems that put the layer down at the same place."""
    groups: list[tuple[float, list[str], Points]] = []
    for share, name, placed in found:
        for _, names, at in groups:
            if float(np.nanmedian(np.hypot(*(placed - at).T))) < SAME_PLACE_M:
                names.append(name)
                break
        else:
            groups.append((share, [name], placed))
    groups.sort(key=lambda group: -group[0])
    return [Offer(tuple(names), share) for share, names, _ in groups]
