"""Datum check of point layers against the streets: GCJ-02 or BD-09 shifts are reported, never converted.

The sign test asks of each large layer whether far more of its points lie beside a street once a shift is removed. The
random-shift test (`planner.district.checks.datum`) asks of small layers, and of all of them together, whether the shift fits
better than any other displacement of its size, by streets, roads, communities and buildings at once; weak evidence is a note.
"""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from planner.access.network import MIN_ROAD_CLASS
from planner.district.checks.datum import (
    HitCounts,
    declared_shift,
    displacements,
    random_shift_test,
    sign_test,
    standardised_fit,
)
from planner.district.crs import WGS84
from planner.district.gcj02 import in_china

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geopandas import GeoDataFrame
    from numpy.typing import NDArray

    from planner.access.network import WalkNetwork
    from planner.district.checks.datum import DatumSample, DisplacementSet, ShiftTest
    from planner.district.district import District
    from planner.district.findings import Findings
    from planner.study import Study


#: usual distance of a door from its street
STREET_DISTANCE_M = 30.0
#: no door is nearer to the axis of a road with motor traffic; where footways are dense, every place has a street within 30 m
ROADWAY_M = 5.0
#: minimum share of displaced points beside a road for which roads are asked instead of all streets
MIN_ROAD_SHARE = 0.1
#: points farther than this from every street, under any shift, are beyond the extract
MAX_STREET_DISTANCE_M = 500.0
#: neighbours share their street, so the sign test understates chance
MAX_P_VALUE = 0.001
#: the random-shift test has the dependence of neighbours in it: up to the first chance a warning, up to the second weak evidence
MAX_STRONG_P_VALUE, MAX_WEAK_P_VALUE = 0.005, 0.02
#: minimum standardised fit without a shift that rules a shift out
MIN_FIT_AS_IS = 2.0
#: borders of communities follow the axes of roads, to within the accuracy with which both are drawn
BORDER_M = 15.0
#: one place is taken of a border in each square of this side, from vertices at most so far apart, and at most so many
BORDER_SPACING_M, BORDER_STEP_M, MAX_BORDER_POINTS = 150.0, 50.0, 600
#: fewer places on borders are no evidence
MIN_BORDER_POINTS = 20
#: streets are known in squares of this side that hold a junction, and in their neighbours
_SQUARE_M = 250.0


def check_datum_by_streets(findings: Findings, study: Study, district: District, network: WalkNetwork) -> None:
    """Flag point layers of which far more lie within 30 m of a street once GCJ-02 or BD-09 is removed.

    Of a layer that declares a shift, those of which far more do with it kept. Only points near streets in every reading
    are tested, so that a layer that is larger than the street extract is no evidence.
    """
    tree = shapely.STRtree(network.lines) if district.datum_samples else None
    reported = {finding.layer for finding in district.findings if finding.code in ("probable-shift", "doubtful-shift")}
    reported |= {
        sample.layer for sample in district.datum_samples if _note_by_streets(findings, district, sample, tree)
    }
    for declared in sorted({sample.declared for sample in district.datum_samples}):
        samples = [
            p for p in district.datum_samples if p.declared == declared and p.layer not in reported and p.tallies
        ]
        if samples and tree is not None:
            _note_by_displacement(findings, district, network, tree, samples)
    _note_by_borders(findings, study, district, network)


def _note_by_borders(findings: Findings, study: Study, district: District, network: WalkNetwork) -> None:
    """Random-shift test of the communities: whether their borders, and the points in them, follow the roads.

    Where communities and points carry the same shift, the points lie in the communities as they should, so that only the
    roads tell. Two tests are made, of the borders alone and with the points; the chance is that of the better one, doubled.
    """
    spec = study.layers.communities
    if spec.cells is not None or declared_shift(spec.crs) or spec.path == study.layers.streets.path:
        return
    borders = border_points(district.communities)
    degrees = gpd.GeoSeries(shapely.points(borders), crs=district.crs).to_crs(WGS84)
    if len(borders) < MIN_BORDER_POINTS or not in_china(degrees.x.to_numpy(), degrees.y.to_numpy()).all():
        return
    west, south, east, north = (float(v) for v in district.communities.total_bounds)
    tried = displacements(district.crs, np.array([west + east, south + north]) / 2, "")
    on_road = border_hits(tried.of(borders), network)
    layers = [sample for sample in district.datum_samples if not sample.declared and len(sample.near)]
    counts = [_hits_along_streets(tried.of(sample.near), network, network.tree) for sample in layers]
    scores = standardised_fit(on_road, tried.first_reference)
    if scores is None:
        return
    of_points = _street_scores(_sum_counts(counts), tried) if layers else []
    evidence_sets = [[scores], [scores, *of_points]] if of_points else [[scores]]
    tests = [test for one in evidence_sets if (test := random_shift_test(one, tried.first_reference)) is not None]
    if not tests:
        return
    test = min(tests, key=lambda one: one.chance)
    chance = min(1.0, test.chance * len(tests))
    if chance > MAX_WEAK_P_VALUE:
        return
    strong, moved = chance <= MAX_STRONG_P_VALUE, 1 + test.shift
    evidence: dict[str, str | float] = {
        "shift": tried.shift(test.shift),
        "tested": len(borders),
        "within_m": BORDER_M,
        "as_is": on_road.share(0),
        "moved": on_road.share(moved),
        "layers": ", ".join(sample.layer for sample in layers) or "–",
        "points": sum(len(sample.near) for sample in layers),
        "beside_as_is": 0.0,
        "beside_moved": 0.0,
        "others": len(tried.references),
        "chance": chance,
    }
    if layers:
        added = _sum_counts(counts)
        beside = added["roads" if _enough_roads(added["roads"]) else "streets"]
        evidence |= {"beside_as_is": beside.share(0), "beside_moved": beside.share(moved)}
    say = findings.warn if strong else findings.note
    code = "communities-shifted" if strong else "communities-possibly-shifted"
    say(code, "layers.communities", spec.path.as_posix(), (), **evidence)


def border_points(communities: GeoDataFrame) -> NDArray[np.float64]:
    """Return points along the borders of communities, float64[n, 2]: one in a square of `BORDER_SPACING_M`, spread evenly."""
    lines = shapely.segmentize(shapely.boundary(np.array(communities.geometry.array, dtype=object)), BORDER_STEP_M)
    xy = shapely.get_coordinates(lines)
    squares = np.floor(xy / BORDER_SPACING_M).astype(np.int64)
    first = np.sort(np.unique(squares, axis=0, return_index=True)[1])
    return np.asarray(xy[first[np.linspace(0, len(first) - 1, min(len(first), MAX_BORDER_POINTS)).astype(np.int64)]])


def border_hits(moved: NDArray[np.float64], network: WalkNetwork) -> HitCounts:
    """Return how many places on borders lie on a road under each displacement, to within `BORDER_M`, where streets are known.

    On a street of any class where few lie on a road.
    """
    points = shapely.points(moved.reshape(-1, 2))
    known = _near_junctions(moved.reshape(-1, 2), network)
    for lines in (network.lines[network.kind >= MIN_ROAD_CLASS], network.lines):
        on_line = _within(shapely.STRtree(lines), points, BORDER_M)
        if on_line.sum() >= MIN_ROAD_SHARE * max(int((on_line | known).sum()), 1):
            break
    hits, tested = (rows.reshape(moved.shape[:2]).sum(axis=1).astype(np.float64) for rows in (on_line, on_line | known))
    return HitCounts(hits, tested, moved.shape[1])


def _note_by_streets(findings: Findings, district: District, sample: DatumSample, tree: shapely.STRtree | None) -> bool:
    readings = {"as_is": sample.xy, **sample.readings(district.crs)}
    distance_m = {name: _street_distance_m(tree, xy) for name, xy in readings.items()}
    testable = np.all([distance <= MAX_STREET_DISTANCE_M for distance in distance_m.values()], axis=0)
    distance_m = {name: distance[testable] for name, distance in distance_m.items()}
    as_is = distance_m.pop("as_is")
    fits = {
        shift: sign_test(as_is <= STREET_DISTANCE_M, distance <= STREET_DISTANCE_M)
        for shift, distance in distance_m.items()
    }
    shift = max(fits, key=lambda name: fits[name].moved)
    if fits[shift].chance >= MAX_P_VALUE:
        return False
    code = "doubtful-shift-by-streets" if sample.declared else "probable-shift-by-streets"
    evidence: dict[str, str | float] = {
        "shift": shift,
        "tested": fits[shift].tested,
        "within_m": STREET_DISTANCE_M,
        "as_is": fits[shift].as_is,
        "as_is_m": float(np.median(as_is)),
        "moved": fits[shift].moved,
        "moved_m": float(np.median(distance_m[shift])),
        "chance": fits[shift].chance,
    }
    for name, distance in distance_m.items():
        evidence |= {name: fits[name].moved, f"{name}_m": float(np.median(distance))}
    findings.warn(code, sample.layer, sample.where, (), **evidence)
    return True


def _note_by_displacement(
    findings: Findings, district: District, network: WalkNetwork, tree: shapely.STRtree, samples: Sequence[DatumSample]
) -> None:
    """Random-shift test of layers with the same declaration: of each alone, then of all others together.

    By roads (beside a carriageway, but not on it), where there are few by streets of any class, by communities and by
    buildings.
    """
    west, south, east, north = (float(v) for v in district.communities.total_bounds)
    tried = displacements(district.crs, np.array([west + east, south + north]) / 2, samples[0].declared)
    counts = [{**_hits_along_streets(tried.of(sample.near), network, tree), **sample.tallies} for sample in samples]
    tests = [_shift_test([count], tried) for count in counts]
    strong = [test is not None and test.chance <= MAX_STRONG_P_VALUE for test in tests]
    for sample, count, test, strong_evidence in zip(samples, counts, tests, strong, strict=True):
        if test is not None and strong_evidence:
            _note_shift(findings, [sample], [count], test, tried)
    undecided = [
        position
        for position, test in enumerate(tests)
        if not strong[position] and (test is None or test.as_is < MIN_FIT_AS_IS)
    ]
    combined = _shift_test([counts[position] for position in undecided], tried) if len(undecided) > 1 else None
    if combined is not None and combined.chance <= MAX_WEAK_P_VALUE:
        _note_shift(findings, [samples[i] for i in undecided], [counts[i] for i in undecided], combined, tried)
        return
    for position in undecided:
        test = tests[position]
        if test is not None and test.chance <= MAX_WEAK_P_VALUE:
            _note_shift(findings, [samples[position]], [counts[position]], test, tried)


def _shift_test(counts: Sequence[dict[str, HitCounts]], tried: DisplacementSet) -> ShiftTest | None:
    return random_shift_test(_street_scores(_sum_counts(counts), tried), tried.first_reference)


def _street_scores(added: dict[str, HitCounts], tried: DisplacementSet) -> list[NDArray[np.float64]]:
    """Return the standardised fit of every source that can be tested: roads instead of streets where there are enough."""
    scores = {
        source: score
        for source, count in added.items()
        if (score := standardised_fit(count, tried.first_reference)) is not None
    }
    if "roads" in scores and _enough_roads(added["roads"]):
        scores.pop("streets", None)  # they tell less, and would dilute what roads tell
    return list(scores.values())


def _enough_roads(roads: HitCounts) -> bool:
    return bool(roads.hits.sum() >= MIN_ROAD_SHARE * roads.tested.sum())


def _sum_counts(counts: Sequence[dict[str, HitCounts]]) -> dict[str, HitCounts]:
    """Add up the tallies of several layers, source by source."""
    sources = dict.fromkeys(source for count in counts for source in count)
    return {source: reduce(add, [count[source] for count in counts if source in count]) for source in sources}


def _note_shift(
    findings: Findings,
    layers: Sequence[DatumSample],
    counts: Sequence[dict[str, HitCounts]],
    test: ShiftTest,
    tried: DisplacementSet,
) -> None:
    added = _sum_counts(counts)
    strong_evidence = test.chance <= MAX_STRONG_P_VALUE
    code = {
        (True, ""): "probable-shift-by-displacement",
        (False, ""): "possible-shift",
        (True, "declared"): "doubtful-shift-by-displacement",
        (False, "declared"): "possibly-no-shift",
    }[strong_evidence, "declared" if layers[0].declared else ""]
    evidence: dict[str, str | float] = {
        "shift": tried.shift(test.shift),
        "layers": ", ".join(sample.layer for sample in layers),
        "tested": sum(len(sample.near) for sample in layers),
        "within_m": STREET_DISTANCE_M,
        "others": len(tried.references),
        "chance": test.chance,
    }
    for source, count in added.items():
        evidence |= {f"{source}_as_is": count.share(0), f"{source}_moved": count.share(1 + test.shift)}
    say = findings.warn if strong_evidence else findings.note
    say(
        code,
        layers[0].layer if len(layers) == 1 else "layers",
        layers[0].where if len(layers) == 1 else "",
        (),
        **evidence,
    )


def _hits_along_streets(
    moved: NDArray[np.float64], network: WalkNetwork, tree: shapely.STRtree
) -> dict[str, HitCounts]:
    """Return how many points lie beside a street (``streets``) and beside a road (``roads``) under each displacement.

    Among those where streets are known. Beside is within 30 m; of roads also no nearer to the axis than a door can be.
    """
    points = shapely.points(moved.reshape(-1, 2))
    along = _within(tree, points, STREET_DISTANCE_M)
    known = along | _near_junctions(moved.reshape(-1, 2), network)
    roads = shapely.STRtree(network.lines[network.kind >= MIN_ROAD_CLASS])
    beside = _within(roads, points, STREET_DISTANCE_M) & ~_within(roads, points, ROADWAY_M)
    tested = known.reshape(moved.shape[:2]).sum(axis=1).astype(np.float64)
    return {
        source: HitCounts(hit.reshape(moved.shape[:2]).sum(axis=1).astype(np.float64), tested, moved.shape[1])
        for source, hit in (("streets", along), ("roads", beside))
    }


def _within(tree: shapely.STRtree, points: NDArray[np.object_], distance_m: float) -> NDArray[np.bool_]:
    near = np.zeros(len(points), dtype=np.bool_)
    near[tree.query(points, predicate="dwithin", distance=distance_m)[0]] = True
    return near


def _near_junctions(xy: NDArray[np.float64], network: WalkNetwork) -> NDArray[np.bool_]:
    """Return which points lie in a square with a junction, or in one beside it."""
    squares = np.unique(np.floor(network.xy / _SQUARE_M).astype(np.int64), axis=0)
    around = (squares[:, None, :] + np.array([[i, j] for i in (-1, 0, 1) for j in (-1, 0, 1)])[None]).reshape(-1, 2)
    wide = 1 << 32
    known: NDArray[np.bool_] = np.isin(
        (np.floor(xy / _SQUARE_M).astype(np.int64) * [wide, 1]).sum(axis=1), (around * [wide, 1]).sum(axis=1)
    )
    return known


def _street_distance_m(tree: shapely.STRtree | None, xy: NDArray[np.float64]) -> NDArray[np.float64]:
    distance = np.full(len(xy), np.inf)
    if tree is not None and len(xy):
        (point, _), near = tree.query_nearest(
            shapely.points(xy), max_distance=MAX_STREET_DISTANCE_M, return_distance=True, all_matches=False
        )
        distance[point] = near
    return distance
