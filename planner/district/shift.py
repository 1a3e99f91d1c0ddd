"""Does a layer of points lie where it says? Test it against the ground as it is, and with a map's shift taken back.

GCJ-02 moves points by 350 to 620 m, BD-09 by up to 1,400 m: a whole walking circle. Nobody can see that in a table, but
points that name their community, or that ought to stand in a building or along a street, fit better once the shift is
taken back. The test reports; it never converts. The streets are read by `planner.access`, which tests the points that
are set apart here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer
from scipy.stats import binomtest

from planner.district.check import stacked_points, stated_positions
from planner.district.crs import WGS84
from planner.district.displacement import Tally, reference_displacements
from planner.district.files import is_extract
from planner.district.gcj02 import bd09_to_wgs84, gcj02_to_wgs84, in_china, wgs84_to_bd09, wgs84_to_gcj02

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pyproj import CRS

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
#: points nearer than this to each other say the same about a shift; of each such square one is kept for the streets
APART_M = 200.0
#: points kept for the streets at most: the test gains nothing by more
MOST_KEPT = 2_000
#: points of a layer that are displaced, and how far from the communities' extent they may lie
MOST_DISPLACED, NEARBY_M = 400, 1_500.0
_BACK: dict[str, Move] = {"gcj02": gcj02_to_wgs84, "bd09": bd09_to_wgs84}
_FORTH: dict[str, Move] = {"gcj02": wgs84_to_gcj02, "bd09": wgs84_to_bd09}


@dataclass(frozen=True, eq=False)
class Placed:
    """A layer of points in China as it was read: some of its points, far enough apart to speak for themselves."""

    layer: str
    where: str
    declared: str
    """``gcj02`` or ``bd09`` where the study says so (then it has been taken back), else empty."""
    xy: NDArray[np.float64]
    """float64[n, 2]: in the district's system."""
    near: NDArray[np.float64]
    """float64[m, 2]: points in or near the communities, for the test by displacements; none of an OpenStreetMap extract."""
    tallies: dict[str, Tally]
    """What they should lie in (``stated``, ``communities``, ``buildings``) → how many do, under each displacement."""

    def readings(self, crs: CRS) -> dict[str, NDArray[np.float64]]:
        """Return where the points would lie, float64[n, 2] each, by the shift taken back; or kept, if it is declared."""
        return _readings(self.xy, crs, self.declared)


@dataclass(frozen=True, eq=False)
class Displacements:
    """What points are displaced by: nothing, each shift that is tried (exactly, point by point), references."""

    crs: CRS
    declared: str
    references: NDArray[np.float64]

    @property
    def first_reference(self) -> int:
        """Position of the first reference; before it the points as they are and the shifts."""
        return 1 + len(_to_try(self.declared))

    def shift(self, position: int) -> str:
        """Return the name of a shift that is tried."""
        return list(_to_try(self.declared))[position]

    def of(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the points under every displacement, float64[v, n, 2]."""
        shifted = [xy, *_readings(xy, self.crs, self.declared).values()]
        return np.concatenate([np.stack(shifted), xy[None] + self.references[:, None]])


def displacements(crs: CRS, middle: NDArray[np.float64], declared: str) -> Displacements:
    """Return the displacements for layers that declare a shift, or none (empty), of a district around ``middle`` (x, y)."""
    here = middle.reshape(1, 2)
    shifts = np.concatenate(list(_readings(here, crs, declared).values())) - here
    return Displacements(crs, declared, reference_displacements(shifts))


def _readings(xy: NDArray[np.float64], crs: CRS, declared: str) -> dict[str, NDArray[np.float64]]:
    there, back = (Transformer.from_crs(*pair, always_xy=True) for pair in ((crs, WGS84), (WGS84, crs)))
    lon, lat = there.transform(*xy.T)
    return {shift: np.column_stack(back.transform(*move(lon, lat))) for shift, move in _to_try(declared).items()}


def placed_points(study: Study, tables: dict[str, LayerTable]) -> tuple[Placed, ...]:
    """Return the layers of points that a shift may be found in: facilities, candidates, people, gates, entrances, homes."""
    found = []
    for label, table in tables.items():
        if not label.removeprefix("layers.").startswith(
            ("facilities.", "candidates.", "people.", "gates", "entrances", "buildings")
        ):
            continue
        points = np.asarray(table.frame.geometry.array, dtype=object)
        if (shapely.get_type_id(points) != shapely.GeometryType.POINT).any():
            if label.startswith("layers.people."):
                continue  # areas of people are no places
            points = shapely.point_on_surface(points)
        rows = np.ones(len(points), dtype=bool)
        if label.startswith(("layers.facilities.", "layers.candidates.")):
            rows = ~stacked_points(table, points)[2]
        degrees = gpd.GeoSeries(points[rows], crs=table.frame.crs).to_crs(WGS84)
        if not rows.any() or not in_china(degrees.x.to_numpy(), degrees.y.to_numpy()).all():
            continue
        kept = points[rows][:0] if label == "layers.buildings" else _thinned(points[rows])
        near, tallies = _tallied(study, table, points, rows, tables)
        found.append(Placed(label, table.where, _declared(table), shapely.get_coordinates(kept), near, tallies))
    return tuple(found)


def _tallied(
    study: Study,
    table: LayerTable,
    points: NDArray[np.object_],
    rows: NDArray[np.bool_],
    tables: dict[str, LayerTable],
) -> tuple[NDArray[np.float64], dict[str, Tally]]:
    """Return the points in or near the communities, and how many lie where they should under every displacement."""
    base = tables.get("layers.communities")
    if base is None or is_extract(table.spec.path):  # OpenStreetMap is in WGS 84, whatever its points fit
        return np.empty((0, 2)), {}
    shapes = np.array(base.frame.geometry.array, dtype=object)
    west, south, east, north = (float(v) for v in shapely.total_bounds(shapes))
    x, y = shapely.get_coordinates(points).T
    about = (x > west - NEARBY_M) & (x < east + NEARBY_M) & (y > south - NEARBY_M) & (y < north + NEARBY_M)
    at = np.flatnonzero(rows & about)
    at = at[np.linspace(0, len(at) - 1, min(len(at), MOST_DISPLACED)).astype(np.int64)]
    middle = np.array([west + east, south + north]) / 2
    moved = displacements(base.frame.crs, middle, _declared(table)).of(shapely.get_coordinates(points[at]))
    inside = np.zeros(moved.shape[:2], dtype=bool)
    inside.flat[shapely.STRtree(shapes).query(shapely.points(moved).ravel(), predicate="intersects")[0]] = True
    tallies = {"communities": _tally(inside, np.ones(len(at), dtype=bool))}
    for evidence, test in _evidence(study, table, tables, at).items():
        tested = [test(row) for row in shapely.points(moved)]
        fits = np.array([fit for _, fit in tested])
        tallies[evidence.removeprefix("@")] = _tally(fits, tested[0][0])
    return shapely.get_coordinates(points[at]), tallies


def _tally(fits: NDArray[np.bool_], testable: NDArray[np.bool_]) -> Tally:
    """Return the tally of bool[v, n] over the points that can be tested."""
    hits = fits[:, testable].sum(axis=1).astype(np.float64)
    return Tally(hits, np.full(len(fits), float(testable.sum())), int(testable.sum()))


def _thinned(points: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the first point of every square, and of those at most so many, evenly taken from first to last."""
    squares = pd.DataFrame(np.floor(shapely.get_coordinates(points) / APART_M))
    kept: NDArray[np.object_] = points[~squares.duplicated().to_numpy(dtype=np.bool_)]
    evenly = np.linspace(0, len(kept) - 1, min(len(kept), MOST_KEPT)).astype(np.int64)
    return np.asarray(kept[evenly], dtype=object)


def _declared(table: LayerTable) -> str:
    declared = (table.spec.crs or "").strip().lower().replace("-", "")
    return {"gcj": "gcj02", "bd09ll": "bd09"}.get(declared, declared if declared in _BACK else "")


def _to_try(declared: str) -> dict[str, Move]:
    return {declared: _FORTH[declared]} if declared else _BACK


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
        declared = _declared(metric)
        points = shapely.point_on_surface(np.array(metric.frame.geometry.array, dtype=object))
        degrees = gpd.GeoSeries(points, crs=metric.frame.crs).to_crs(WGS84)
        lon, lat = degrees.x.to_numpy(), degrees.y.to_numpy()
        if not in_china(lon, lat).all():
            continue
        located = ~stacked_points(metric, points)[2]
        for evidence, test in _evidence(study, metric, tables, np.arange(len(points))).items():
            testable, before = test(points)
            testable &= located
            fits = {
                shift: fit(before[testable], test(_moved(lon, lat, move, metric))[1][testable])
                for shift, move in _to_try(declared).items()
            }
            best = max(fits, key=lambda shift: fits[shift].moved)
            _say(metric, evidence, best, fits[best], declared=bool(declared))


def _say(table: LayerTable, evidence: str, shift: str, fit: Fit, *, declared: bool) -> None:
    if fit.chance >= MOST_CHANCE:
        return
    table.flag(
        "warning", "doubtful-shift" if declared else "probable-shift", shift=shift, as_is=fit.as_is, moved=fit.moved,
        tested=fit.tested, evidence=evidence, chance=fit.chance,
    )  # fmt: skip


def _evidence(
    study: Study, table: LayerTable, tables: dict[str, LayerTable], rows: NDArray[np.int64]
) -> dict[str, Test]:
    """Return the tests there are of some rows, by the word for what points should lie in."""
    tests: dict[str, Test] = {}
    base = tables["layers.communities"]
    named = table.texts("community")
    if named is not None:
        tests["@community"] = _in_stated(study, base, [named[int(row)] for row in rows])
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


def fit(before: NDArray[np.bool_], after: NDArray[np.bool_]) -> Fit:
    """Return how much better points fit after a move, by the sign test over those that change sides."""
    better, worse = int((after & ~before).sum()), int((before & ~after).sum())
    enough = better + worse >= LEAST_CHANGES
    chance = float(binomtest(better, better + worse, 0.5, alternative="greater").pvalue) if enough else 1.0
    tested = max(len(before), 1)
    return Fit(len(before), float(before.sum()) / tested, float(after.sum()) / tested, chance)
