"""Does a layer of points lie where it says? Test it against the ground as it is, and with a map's shift taken back.

GCJ-02 moves points by 350 to 620 m, BD-09 by up to 1,400 m: a whole walking circle. Nobody can see that in a table, but
points that name their community, or that ought to stand in a building, fit better once the shift is taken back. The
test reports; it never converts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from scipy.stats import binomtest

from planner.district.check import stacked_points, stated_positions
from planner.district.crs import WGS84
from planner.district.gcj02 import bd09_to_wgs84, gcj02_to_wgs84, in_china, wgs84_to_bd09, wgs84_to_gcj02

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from planner.district.layers import LayerTable
    from planner.study import Study

    Degrees = NDArray[np.float64]
    Move = Callable[[Degrees, Degrees], tuple[Degrees, Degrees]]
    #: points → which of them can be tested, which of them lie where they should
    Test = Callable[[NDArray[np.object_]], tuple[NDArray[np.bool_], NDArray[np.bool_]]]

#: points that must change sides before anything is said
LEAST_CHANGES = 6
#: one-sided probability that chance alone makes so many more points fit
MOST_CHANCE = 0.005
_BACK: dict[str, Move] = {"gcj02": gcj02_to_wgs84, "bd09": bd09_to_wgs84}
_FORTH: dict[str, Move] = {"gcj02": wgs84_to_gcj02, "bd09": wgs84_to_bd09}


@dataclass(frozen=True)
class Fit:
    """How many points lie where they should, as they are and moved."""

    tested: int
    as_is: float
    """Share, 0 to 1."""
    moved: float
    chance: float
    """Probability that so many more fit by chance (sign test over the points that change sides)."""


def check_shift(study: Study, read: dict[str, LayerTable], tables: dict[str, LayerTable]) -> None:
    """Note layers of points that fit the ground much better with a shift taken back, or with a declared one kept."""
    communities = tables.get("layers.communities")
    if communities is None:
        return
    for label, metric in tables.items():
        if not label.startswith(("layers.facilities.", "layers.candidates.")) or label not in read:
            continue
        declared = (metric.spec.crs or "").lower().replace("-", "")
        points = shapely.point_on_surface(np.array(metric.frame.geometry.array, dtype=object))
        degrees = gpd.GeoSeries(points, crs=metric.frame.crs).to_crs(WGS84)
        lon, lat = degrees.x.to_numpy(), degrees.y.to_numpy()
        if not in_china(lon, lat).all():
            continue
        moves = _FORTH if declared in _FORTH else _BACK
        tried = [declared] if declared in _FORTH else ["gcj02", "bd09"]
        located = ~stacked_points(metric, points)[2]
        for evidence, test in _evidence(study, metric, tables).items():
            testable, before = test(points)
            testable &= located
            fits = {
                shift: _fit(before[testable], test(_moved(lon, lat, moves[shift], metric))[1][testable])
                for shift in tried
            }
            best = max(fits, key=lambda shift: fits[shift].moved)
            _say(metric, evidence, best, fits[best], declared=declared in _FORTH)


def _say(table: LayerTable, evidence: str, shift: str, fit: Fit, *, declared: bool) -> None:
    if fit.chance >= MOST_CHANCE:
        return
    table.flag(
        "warning", "doubtful-shift" if declared else "probable-shift", shift=shift, as_is=fit.as_is, moved=fit.moved,
        tested=fit.tested, evidence=evidence, chance=fit.chance,
    )  # fmt: skip


def _evidence(study: Study, table: LayerTable, tables: dict[str, LayerTable]) -> dict[str, Test]:
    """Return the tests there are, by the word for what points should lie in."""
    tests: dict[str, Test] = {}
    base = tables["layers.communities"]
    named = table.texts("community")
    if named is not None:
        tests["@community"] = _in_stated(study, base, named)
    buildings = tables.get("layers.buildings")
    if buildings is not None and buildings is not table:
        shapes = np.array(buildings.frame.geometry.array, dtype=object)
        if (shapely.get_dimensions(shapes) == 2).all():
            tree = shapely.STRtree(shapes)
            tests["@buildings"] = lambda points: (
                np.ones(len(points), dtype=bool),
                np.isin(np.arange(len(points)), tree.query(points, predicate="intersects")[0]),
            )
    return tests


def _in_stated(study: Study, base: LayerTable, named: list[str]) -> Test:
    columns = {"id": base.texts("id") or [], "name": base.texts("name") or []}
    columns |= {name: base.texts(name) or [] for name in study.layers.communities.roll_up}
    filled = {name: values for name, values in columns.items() if values}
    shapes = np.array(base.frame.geometry.array, dtype=object)
    meant = stated_positions(study, gpd.GeoDataFrame(filled, geometry=shapes), named)
    point = np.repeat(np.arange(len(named)), [len(m) for m in meant])
    community = np.concatenate([np.empty(0, np.int64), *meant])
    testable = np.bincount(point, minlength=len(named)) > 0

    def inside(points: NDArray[np.object_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        hit = shapely.intersects(points[point], shapes[community])
        return testable.copy(), np.bincount(point, hit, minlength=len(named)) > 0

    return inside


def _moved(lon: Degrees, lat: Degrees, move: Move, table: LayerTable) -> NDArray[np.object_]:
    moved = gpd.GeoSeries(shapely.points(*move(lon, lat)), crs=WGS84).to_crs(table.frame.crs)
    return np.array(moved.array, dtype=object)


def _fit(before: NDArray[np.bool_], after: NDArray[np.bool_]) -> Fit:
    better, worse = int((after & ~before).sum()), int((before & ~after).sum())
    enough = better + worse >= LEAST_CHANGES
    chance = float(binomtest(better, better + worse, 0.5, alternative="greater").pvalue) if enough else 1.0
    tested = max(len(before), 1)
    return Fit(len(before), float(before.sum()) / tested, float(after.sum()) / tested, chance)
