"""Do points lie along the streets as they are, or only with a web map's shift taken back? Reported, never converted.

Two tests. The sign test asks of each large layer whether far more of its points lie beside a street once a shift is taken
back. The random-shift test (`planner.district.displacement`) asks of small layers, and of all of them together, whether the
shift fits better than any other displacement as large, by streets, communities and buildings at once; its weaker answers
are notes.
"""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import TYPE_CHECKING

import numpy as np
import shapely

from planner.district.displacement import Tally, best_shift, standardised
from planner.district.shift import displacements, fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planner.access.network import WalkNetwork
    from planner.district import District, Findings
    from planner.district.displacement import Verdict
    from planner.district.shift import Displacements, Placed

#: a door is this near to its street, most often; a point elsewhere in a town is in one case of two or three
ALONG_M = 30.0
#: points farther than this from every street, in any reading, say nothing: they lie beyond the extract
BEYOND_M = 500.0
#: neighbours share their street, so that less is left to chance than the sign test says
MOST_CHANCE = 0.001
#: the random-shift test has the dependence of neighbours in it: up to the first chance a warning, up to the second weak evidence
STRONG_CHANCE, WEAK_CHANCE = 0.005, 0.02
#: points that fit so much better as they are than displaced (standard deviations) carry no shift
AT_HOME = 2.0
#: the streets are known in squares of this size that hold a junction, and in those beside them
_KNOWN_M = 250.0


def note_shifts(findings: Findings, district: District, network: WalkNetwork) -> None:
    """Note layers of points of which far more lie within 30 m of a street once GCJ-02 or BD-09 is taken back.

    Of a layer that declares a shift, those of which far more do with it kept. Only points near streets in every reading
    are tested, so that a layer that is larger than the street extract is no evidence.
    """
    tree = shapely.STRtree(network.lines) if district.placed else None
    said = {finding.layer for finding in district.findings if finding.code in ("probable-shift", "doubtful-shift")}
    said |= {placed.layer for placed in district.placed if _note_by_streets(findings, district, placed, tree)}
    for declared in sorted({placed.declared for placed in district.placed}):
        group = [p for p in district.placed if p.declared == declared and p.layer not in said and p.tallies]
        if group and tree is not None:
            _note_by_displacement(findings, district, network, tree, group)


def _note_by_streets(findings: Findings, district: District, placed: Placed, tree: shapely.STRtree | None) -> bool:
    readings = {"as_is": placed.xy, **placed.readings(district.crs)}
    apart_m = {name: _to_street_m(tree, xy) for name, xy in readings.items()}
    testable = np.all([apart <= BEYOND_M for apart in apart_m.values()], axis=0)
    apart_m = {name: apart[testable] for name, apart in apart_m.items()}
    as_is = apart_m.pop("as_is")
    fits = {shift: fit(as_is <= ALONG_M, apart <= ALONG_M) for shift, apart in apart_m.items()}
    shift = max(fits, key=lambda name: fits[name].moved)
    if fits[shift].chance >= MOST_CHANCE:
        return False
    code = "doubtful-shift-by-streets" if placed.declared else "probable-shift-by-streets"
    evidence: dict[str, str | float] = {
        "shift": shift,
        "tested": fits[shift].tested,
        "within_m": ALONG_M,
        "as_is": fits[shift].as_is,
        "as_is_m": float(np.median(as_is)),
        "moved": fits[shift].moved,
        "moved_m": float(np.median(apart_m[shift])),
        "chance": fits[shift].chance,
    }
    for name, apart in apart_m.items():
        evidence |= {name: fits[name].moved, f"{name}_m": float(np.median(apart))}
    findings.warn(code, placed.layer, placed.where, (), **evidence)
    return True


def _note_by_displacement(
    findings: Findings, district: District, network: WalkNetwork, tree: shapely.STRtree, group: Sequence[Placed]
) -> None:
    """Note a shift of layers that declare the same one, or none: of each by itself, then of all the others together."""
    west, south, east, north = (float(v) for v in district.communities.total_bounds)
    tried = displacements(district.crs, np.array([west + east, south + north]) / 2, group[0].declared)
    tallies = [{"streets": _along_streets(tried.of(placed.near), network, tree), **placed.tallies} for placed in group]
    verdicts = [_verdict([tally], tried) for tally in tallies]
    strong = [verdict is not None and verdict.chance <= STRONG_CHANCE for verdict in verdicts]
    for placed, tally, verdict, certain in zip(group, tallies, verdicts, strong, strict=True):
        if verdict is not None and certain:
            _say(findings, [placed], [tally], verdict, tried)
    open_ = [
        position
        for position, verdict in enumerate(verdicts)
        if not strong[position] and (verdict is None or verdict.as_is < AT_HOME)
    ]
    together = _verdict([tallies[position] for position in open_], tried) if len(open_) > 1 else None
    if together is not None and together.chance <= WEAK_CHANCE:
        _say(findings, [group[i] for i in open_], [tallies[i] for i in open_], together, tried)
        return
    for position in open_:
        verdict = verdicts[position]
        if verdict is not None and verdict.chance <= WEAK_CHANCE:
            _say(findings, [group[position]], [tallies[position]], verdict, tried)


def _verdict(tallies: Sequence[dict[str, Tally]], tried: Displacements) -> Verdict | None:
    scores = [standardised(tally, tried.first_reference) for tally in _added(tallies).values()]
    return best_shift([score for score in scores if score is not None], tried.first_reference)


def _added(tallies: Sequence[dict[str, Tally]]) -> dict[str, Tally]:
    """Add up the tallies of several layers, source by source."""
    sources = dict.fromkeys(source for tally in tallies for source in tally)
    return {source: reduce(add, [tally[source] for tally in tallies if source in tally]) for source in sources}


def _say(
    findings: Findings,
    layers: Sequence[Placed],
    tallies: Sequence[dict[str, Tally]],
    verdict: Verdict,
    tried: Displacements,
) -> None:
    added = _added(tallies)
    certain = verdict.chance <= STRONG_CHANCE
    code = {
        (True, ""): "probable-shift-by-displacement",
        (False, ""): "possible-shift",
        (True, "declared"): "doubtful-shift-by-displacement",
        (False, "declared"): "possibly-no-shift",
    }[certain, "declared" if layers[0].declared else ""]
    evidence: dict[str, str | float] = {
        "shift": tried.shift(verdict.shift),
        "layers": ", ".join(placed.layer for placed in layers),
        "tested": sum(len(placed.near) for placed in layers),
        "within_m": ALONG_M,
        "others": len(tried.references),
        "chance": verdict.chance,
    }
    for source, tally in added.items():
        evidence |= {f"{source}_as_is": tally.share(0), f"{source}_moved": tally.share(1 + verdict.shift)}
    say = findings.warn if certain else findings.note
    say(
        code,
        layers[0].layer if len(layers) == 1 else "layers",
        layers[0].where if len(layers) == 1 else "",
        (),
        **evidence,
    )


def _along_streets(moved: NDArray[np.float64], network: WalkNetwork, tree: shapely.STRtree) -> Tally:
    """Return how many points lie within 30 m of a street under each displacement, of those where streets are known."""
    points = shapely.points(moved.reshape(-1, 2))
    along = np.zeros(len(points), dtype=bool)
    along[tree.query(points, predicate="dwithin", distance=ALONG_M)[0]] = True
    known = (along | _where_known(moved.reshape(-1, 2), network)).reshape(moved.shape[:2])
    hits = along.reshape(moved.shape[:2]).sum(axis=1).astype(np.float64)
    return Tally(hits, known.sum(axis=1).astype(np.float64), moved.shape[1])


def _where_known(xy: NDArray[np.float64], network: WalkNetwork) -> NDArray[np.bool_]:
    """Return which points lie in a square that holds a junction of the streets, or in one beside such a square."""
    squares = np.unique(np.floor(network.xy / _KNOWN_M).astype(np.int64), axis=0)
    around = (squares[:, None, :] + np.array([[i, j] for i in (-1, 0, 1) for j in (-1, 0, 1)])[None]).reshape(-1, 2)
    wide = 1 << 32
    known: NDArray[np.bool_] = np.isin(
        (np.floor(xy / _KNOWN_M).astype(np.int64) * [wide, 1]).sum(axis=1), (around * [wide, 1]).sum(axis=1)
    )
    return known


def _to_street_m(tree: shapely.STRtree | None, xy: NDArray[np.float64]) -> NDArray[np.float64]:
    apart = np.full(len(xy), np.inf)
    if tree is not None and len(xy):
        (point, _), near = tree.query_nearest(
            shapely.points(xy), max_distance=BEYOND_M, return_distance=True, all_matches=False
        )
        apart[point] = near
    return apart
