"""Datum check: tests of point layers for an undeclared or wrongly declared GCJ-02 or BD-09 shift.

GCJ-02 moves points by 350 to 620 m, BD-09 by up to 1,400 m: a whole walking circle. Points that name their community, or that
should stand in a building or along a street, fit better once the shift is removed. The checks report; they never convert.
The tests against streets are in `planner.access.datum_check`.

Two tests are used: a sign test over the points whose fit changes, and a random-shift test after Lotwick and Silverman (1982).
Two patterns that are independent fit equally well under any displacement of one of them, so the fit of the points under many
displacements of the size of the datum shift is the null distribution, with the dependence of neighbours in it. Let Z(v) be the
fit under displacement v, standardised over the reference displacements. Where points are correctly placed, Z(0) is high and Z(s)
ordinary; where they are unrelated, both are ordinary; where they carry the shift s, Z(0) is ordinary and Z(s) high. Z(s) is
the statistic; Z(s) > Z(0) is required besides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.special import bdtrc

from planner.district.checks.locations import coincident_points, stated_communities
from planner.district.crs import WGS84, transformer
from planner.district.gcj02 import bd09_to_wgs84, gcj02_to_wgs84, in_china, wgs84_to_bd09, wgs84_to_gcj02

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from pyproj import CRS

    from planner.district.layer_table import LayerTable
    from planner.study import Study

    Degrees = NDArray[np.float64]
    Move = Callable[[Degrees, Degrees], tuple[Degrees, Degrees]]
    #: points → mask of testable points, mask of correctly located ones
    Test = Callable[[NDArray[np.object_]], tuple[NDArray[np.bool_], NDArray[np.bool_]]]
    Floats = NDArray[np.float64]

#: minimum number of points whose fit changes
MIN_CHANGES = 6
#: significance level of the one-sided sign test
MAX_P_VALUE = 0.005
#: points within a square of this side are dependent; one of each is kept for the streets
SAMPLE_SPACING_M = 200.0
#: points kept for the test against streets at most
MAX_SAMPLE = 2_000
#: points of a layer that are displaced, and their maximum distance from the communities' extent
MAX_DISPLACED, NEARBY_M = 400, 1_500.0
_INVERSE: dict[str, Move] = {"gcj02": gcj02_to_wgs84, "bd09": bd09_to_wgs84}
_FORWARD: dict[str, Move] = {"gcj02": wgs84_to_gcj02, "bd09": wgs84_to_bd09}
#: reference displacements, spread over all directions
REFERENCES = 399
#: minimum distance of reference displacements from zero and from the shifts tested
MIN_DISPLACEMENT_M = 120.0
#: a displacement with fewer testable points, or a smaller share, is not evaluated
MIN_POINTS = 8
MIN_SHARE = 0.4
#: minimum gain of a shift over no shift, in standard deviations
MIN_GAIN = 1.0
_GOLDEN_ANGLE = np.pi * (3.0 - np.sqrt(5.0))


@dataclass(frozen=True, eq=False)
class DatumSample:
    """Sample of a point layer in China, spaced so that points are independent."""

    layer: str
    where: str
    declared: str
    """``gcj02`` or ``bd09`` if the study declares it (then it has been removed), else empty."""
    xy: NDArray[np.float64]
    """float64[n, 2]: in the district's system."""
    near: NDArray[np.float64]
    """float64[m, 2]: points in or near the communities, for the random-shift test; none of the file of the streets."""
    tallies: dict[str, HitCounts]
    """Evidence (``stated``, ``communities``, ``buildings``) → points located correctly under each displacement."""

    def readings(self, crs: CRS) -> dict[str, NDArray[np.float64]]:
        """Return the points under each shift tested, float64[n, 2] each: removed, or kept if declared."""
        return _shifted_positions(self.xy, crs, self.declared)


@dataclass(frozen=True, eq=False)
class DisplacementSet:
    """What points are displaced by: nothing, each shift that is tried (exactly, point by point), references."""

    crs: CRS
    declared: str
    references: NDArray[np.float64]

    @property
    def first_reference(self) -> int:
        """Position of the first reference; before it no displacement and the shifts."""
        return 1 + len(_shifts_tested(self.declared))

    def shift(self, position: int) -> str:
        """Return the name of a shift that is tried."""
        return list(_shifts_tested(self.declared))[position]

    def of(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the points under every displacement, float64[v, n, 2]."""
        shifted = [xy, *_shifted_positions(xy, self.crs, self.declared).values()]
        return np.concatenate([np.stack(shifted), xy[None] + self.references[:, None]])


def displacements(crs: CRS, middle: NDArray[np.float64], declared: str) -> DisplacementSet:
    """Return the displacements for layers that declare a shift, or none (empty), of a district around ``middle`` (x, y)."""
    centre = middle.reshape(1, 2)
    shifts = np.concatenate(list(_shifted_positions(centre, crs, declared).values())) - centre
    return DisplacementSet(crs, declared, reference_displacements(shifts))


def _shifted_positions(xy: NDArray[np.float64], crs: CRS, declared: str) -> dict[str, NDArray[np.float64]]:
    to_wgs84, from_wgs84 = transformer(crs, WGS84), transformer(WGS84, crs)
    lon, lat = to_wgs84.transform(*xy.T)
    return {
        shift: np.column_stack(from_wgs84.transform(*move(lon, lat)))
        for shift, move in _shifts_tested(declared).items()
    }


def datum_samples(study: Study, tables: dict[str, LayerTable]) -> tuple[DatumSample, ...]:
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
                continue  # areas of population are no point locations
            points = shapely.point_on_surface(points)
        rows = np.ones(len(points), dtype=bool)
        if label.startswith(("layers.facilities.", "layers.candidates.")):
            rows = ~coincident_points(table, points)[2]
        degrees = gpd.GeoSeries(points[rows], crs=table.frame.crs).to_crs(WGS84)
        if not rows.any() or not in_china(degrees.x.to_numpy(), degrees.y.to_numpy()).all():
            continue
        sample = points[rows][:0] if label == "layers.buildings" else _thin(points[rows])
        near_xy, counts = _count_hits(study, table, points, rows, tables)
        found.append(
            DatumSample(label, table.where, _declared_shift(table), shapely.get_coordinates(sample), near_xy, counts)
        )
    return tuple(found)


def _count_hits(
    study: Study,
    table: LayerTable,
    points: NDArray[np.object_],
    rows: NDArray[np.bool_],
    tables: dict[str, LayerTable],
) -> tuple[NDArray[np.float64], dict[str, HitCounts]]:
    """Return the points in or near the communities, and the hits under every displacement."""
    base = tables.get("layers.communities")
    # points of the file of the streets lie as the streets do; other extracts may hold what an editor imported
    if base is None or table.spec.path == study.layers.streets.path:
        return np.empty((0, 2)), {}
    shapes = np.array(base.frame.geometry.array, dtype=object)
    west, south, east, north = (float(v) for v in shapely.total_bounds(shapes))
    x, y = shapely.get_coordinates(points).T
    nearby = (x > west - NEARBY_M) & (x < east + NEARBY_M) & (y > south - NEARBY_M) & (y < north + NEARBY_M)
    at = np.flatnonzero(rows & nearby)
    at = at[np.linspace(0, len(at) - 1, min(len(at), MAX_DISPLACED)).astype(np.int64)]
    middle = np.array([west + east, south + north]) / 2
    displaced = displacements(base.frame.crs, middle, _declared_shift(table)).of(shapely.get_coordinates(points[at]))
    inside = np.zeros(displaced.shape[:2], dtype=bool)
    inside.flat[shapely.STRtree(shapes).query(shapely.points(displaced).ravel(), predicate="intersects")[0]] = True
    counts = {"communities": _hit_counts(inside, np.ones(len(at), dtype=bool))}
    for evidence, test in _location_tests(study, table, tables, at).items():
        tested = [test(row) for row in shapely.points(displaced)]
        fits = np.array([hit for _, hit in tested])
        counts[evidence.removeprefix("@")] = _hit_counts(fits, tested[0][0])
    return shapely.get_coordinates(points[at]), counts


def _hit_counts(fits: NDArray[np.bool_], testable: NDArray[np.bool_]) -> HitCounts:
    """Return the tally of bool[v, n] over the points that can be tested."""
    hits = fits[:, testable].sum(axis=1).astype(np.float64)
    return HitCounts(hits, np.full(len(fits), float(testable.sum())), int(testable.sum()))


def _thin(points: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the first point of every square, evenly sampled to the limit."""
    squares = pd.DataFrame(np.floor(shapely.get_coordinates(points) / SAMPLE_SPACING_M))
    sample: NDArray[np.object_] = points[~squares.duplicated().to_numpy(dtype=np.bool_)]
    sample_rows = np.linspace(0, len(sample) - 1, min(len(sample), MAX_SAMPLE)).astype(np.int64)
    return np.asarray(sample[sample_rows], dtype=object)


def _declared_shift(table: LayerTable) -> str:
    return declared_shift(table.spec.crs)


def declared_shift(crs: str | None) -> str:
    """Return ``gcj02`` or ``bd09`` where a study's ``crs`` declares one of them, else an empty text."""
    declared = (crs or "").strip().lower().replace("-", "")
    return {"gcj": "gcj02", "bd09ll": "bd09"}.get(declared, declared if declared in _INVERSE else "")


def _shifts_tested(declared: str) -> dict[str, Move]:
    return {declared: _FORWARD[declared]} if declared else _INVERSE


@dataclass(frozen=True)
class SignTest:
    """Sign test of the fit of points without and with a shift."""

    tested: int
    as_is: float
    """Share, 0 to 1."""
    moved: float
    chance: float
    """Probability that so many more fit by chance (sign test over the points that change sides)."""


def check_datum(study: Study, read: dict[str, LayerTable], tables: dict[str, LayerTable]) -> None:
    """Flag point layers that fit much better with a shift removed, or with a declared one kept."""
    communities = tables.get("layers.communities")
    if communities is None:
        return
    for label, metric in tables.items():
        if not label.startswith(("layers.facilities.", "layers.candidates.")) or label not in read:
            continue
        declared = _declared_shift(metric)
        points = shapely.point_on_surface(np.array(metric.frame.geometry.array, dtype=object))
        degrees = gpd.GeoSeries(points, crs=metric.frame.crs).to_crs(WGS84)
        lon, lat = degrees.x.to_numpy(), degrees.y.to_numpy()
        if not in_china(lon, lat).all():
            continue
        located = ~coincident_points(metric, points)[2]
        for evidence, test in _location_tests(study, metric, tables, np.arange(len(points))).items():
            testable, before = test(points)
            testable &= located
            fits = {
                shift: sign_test(before[testable], test(_shift_points(lon, lat, move, metric))[1][testable])
                for shift, move in _shifts_tested(declared).items()
            }
            best = max(fits, key=lambda shift: fits[shift].moved)
            _flag_shift(metric, evidence, best, fits[best], declared=bool(declared))


def _flag_shift(table: LayerTable, evidence: str, shift: str, result: SignTest, *, declared: bool) -> None:
    if result.chance >= MAX_P_VALUE:
        return
    table.flag(
        "warning", "doubtful-shift" if declared else "probable-shift", shift=shift, as_is=result.as_is, moved=result.moved,
        tested=result.tested, evidence=evidence, chance=result.chance,
    )  # fmt: skip


def _location_tests(
    study: Study, table: LayerTable, tables: dict[str, LayerTable], rows: NDArray[np.int64]
) -> dict[str, Test]:
    """Return the available location tests of some rows, by the glossary word for their evidence."""
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
    stated = stated_communities(study, gpd.GeoDataFrame(filled, geometry=shapes), named)
    point = np.repeat(np.arange(len(named)), [len(m) for m in stated])
    community = np.concatenate([np.empty(0, np.int64), *stated])
    testable = np.bincount(point, minlength=len(named)) > 0

    def inside(points: NDArray[np.object_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        hit = shapely.intersects(points[point], shapes[community])
        return testable.copy(), np.bincount(point, hit, minlength=len(named)) > 0

    return inside


def _shift_points(lon: Degrees, lat: Degrees, move: Move, table: LayerTable) -> NDArray[np.object_]:
    displaced = gpd.GeoSeries(shapely.points(*move(lon, lat)), crs=WGS84).to_crs(table.frame.crs)
    return np.array(displaced.array, dtype=object)


def sign_test(before: NDArray[np.bool_], after: NDArray[np.bool_]) -> SignTest:
    """Return how much better points fit after a move, by the sign test over those that change sides."""
    better, worse = int((after & ~before).sum()), int((before & ~after).sum())
    enough = better + worse >= MIN_CHANGES
    chance = float(bdtrc(better - 1, better + worse, 0.5)) if enough else 1.0
    tested = max(len(before), 1)
    return SignTest(len(before), float(before.sum()) / tested, float(after.sum()) / tested, chance)


def reference_displacements(shifts: Floats) -> Floats:
    """Return displacements in metres, float64[n, 2]: of half to one and a half times the size of ``shifts``, in all directions.

    The same ones every time: golden angles, sizes evenly spread.
    """
    sizes = np.hypot(*shifts.T)
    size = np.linspace(max(0.5 * sizes.min(), MIN_DISPLACEMENT_M), 1.5 * sizes.max(), REFERENCES)
    angle = _GOLDEN_ANGLE * np.arange(REFERENCES)
    # a permutation of the sizes, as equal order would form a spiral
    size = size[(np.arange(REFERENCES) * 137) % REFERENCES]
    vectors = np.column_stack([size * np.cos(angle), size * np.sin(angle)])
    apart = np.hypot(*(vectors[:, None, :] - shifts[None, :, :]).transpose(2, 0, 1)).min(axis=1) > MIN_DISPLACEMENT_M
    return np.ascontiguousarray(vectors[apart])


@dataclass(frozen=True, eq=False)
class HitCounts:
    """Points located correctly under each displacement; counts of several layers add up."""

    hits: Floats
    """float64[v]."""
    tested: Floats
    """float64[v]: points that can be tested there."""
    points: int
    """Points in all."""

    def __add__(self, other: HitCounts) -> HitCounts:
        """Return the tally of both layers' points."""
        return HitCounts(self.hits + other.hits, self.tested + other.tested, self.points + other.points)

    def share(self, displacement: int) -> float:
        """Return the share of the testable points located correctly, 0 to 1."""
        return float(self.hits[displacement] / max(float(self.tested[displacement]), 1.0))


def standardised_fit(tally: HitCounts, first_reference: int) -> Floats | None:
    """Return the fit of the points under each displacement, float64[v], in standard deviations of the references.

    Parameters
    ----------
    tally
        Points that lie where they should, by displacement.
    first_reference
        Displacements before it are the points as they are and the shifts to be tried.

    Returns
    -------
    None
        if it cannot be tested: too few points, or a fit that no displacement changes. NaN for a displacement under
        which too few points can be tested.
    """
    count = tally.tested
    enough = count >= max(MIN_POINTS, MIN_SHARE * tally.points)
    references = enough.copy()
    references[:first_reference] = False
    if references.sum() < REFERENCES // 4 or not enough[0]:
        return None
    usual = float(tally.hits[references].sum() / count[references].sum())
    # the number of points that can be tested differs: a sum of deviations grows with its root
    total = (tally.hits - usual * count) / np.sqrt(np.maximum(count, 1))
    spread = float(total[references].std())
    if not spread > 1e-9:
        return None
    scores: Floats = np.where(enough, (total - total[references].mean()) / spread, np.nan)
    return scores


@dataclass(frozen=True)
class ShiftTest:
    """Result of the random-shift test for one shift."""

    shift: int
    """Position among the shifts tried."""
    chance: float
    """Probability that points without this shift fit so much better with it, over all shifts tried (Bonferroni)."""
    as_is: float
    """Standardised fit without a shift."""
    moved: float
    """Standardised fit with the shift."""


def random_shift_test(scores: Sequence[Floats], first_reference: int) -> ShiftTest | None:
    """Return the shift with the best fit over all evidence; None where it cannot be tested.

    Parameters
    ----------
    scores
        One float64[v] for each source (`standardised_fit`); their sum is used, so that sources which depend on each other
        are not taken for independent.
    first_reference
        Position of the first reference displacement; 0 is the points as they are.
    """
    if not scores:
        return None
    total = np.sum(scores, axis=0)
    references = total[first_reference:]
    references = references[np.isfinite(references)]
    tried = total[1:first_reference]
    if len(references) < REFERENCES // 4 or not np.isfinite(total[0]) or not np.isfinite(tried).any():
        return None
    centre, spread = references.mean(), references.std()
    total, references = (total - centre) / spread, np.sort((references - centre) / spread)
    tried = np.where(np.isfinite(tried), total[1:first_reference], -np.inf)
    best = int(np.argmax(tried))
    chance = _tail_probability(references, float(tried[best])) if tried[best] - total[0] >= MIN_GAIN else 1.0
    return ShiftTest(best, min(1.0, chance * len(tried)), float(total[0]), float(tried[best]))


def _tail_probability(references: Floats, value: float) -> float:
    """Return the probability that a reference (ascending) reaches ``value``.

    By rank; beyond the ninth decile an exponential tail with the mean excess of the references there, which is longer
    than that of a sum of bounded terms (Knijnenburg et al. 2009 fit the generalised Pareto distribution, of which it is the
    case of shape 0).
    """
    decile = float(np.quantile(references, 0.9))
    by_rank = (1 + int((references >= value).sum())) / (1 + len(references))
    if value <= decile:
        return by_rank
    excess = float((references[references > decile] - decile).mean())
    by_tail = 0.1 * float(np.exp(-(value - decile) / excess))
    return by_tail if value > references[-1] else max(by_rank, by_tail)
