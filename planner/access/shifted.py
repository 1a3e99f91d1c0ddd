"""Do points lie along the streets as they are, or only with a web map's shift taken back? Reported, never converted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from planner.district.shift import fit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.access.network import WalkNetwork
    from planner.district import District, Findings

#: a door is this near to its street, most often; a point elsewhere in a town is in one case of two or three
ALONG_M = 30.0
#: points farther than this from every street, in any reading, say nothing: they lie beyond the extract
BEYOND_M = 500.0
#: neighbours share their street, so that less is left to chance than the sign test says
MOST_CHANCE = 0.001


def note_shifts(findings: Findings, district: District, network: WalkNetwork) -> None:
    """Note layers of points of which far more lie within 30 m of a street once GCJ-02 or BD-09 is taken back.

    Of a layer that declares a shift, those of which far more do with it kept. Only points near streets in every reading
    are tested, so that a layer that is larger than the street extract is no evidence.
    """
    tree = shapely.STRtree(network.lines) if district.placed else None
    for placed in district.placed:
        readings = {"as_is": placed.xy, **placed.readings(district.crs)}
        apart_m = {name: _to_street_m(tree, xy) for name, xy in readings.items()}
        testable = np.all([apart <= BEYOND_M for apart in apart_m.values()], axis=0)
        apart_m = {name: apart[testable] for name, apart in apart_m.items()}
        as_is = apart_m.pop("as_is")
        fits = {shift: fit(as_is <= ALONG_M, apart <= ALONG_M) for shift, apart in apart_m.items()}
        shift = max(fits, key=lambda name: fits[name].moved)
        if fits[shift].chance >= MOST_CHANCE:
            continue
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


def _to_street_m(tree: shapely.STRtree | None, xy: NDArray[np.float64]) -> NDArray[np.float64]:
    apart = np.full(len(xy), np.inf)
    if tree is not None and len(xy):
        (point, _), near = tree.query_nearest(
            shapely.points(xy), max_distance=BEYOND_M, return_distance=True, all_matches=False
        )
        apart[point] = near
    return apart
