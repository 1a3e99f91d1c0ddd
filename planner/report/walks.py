"""Who reaches which place in how many seconds, small enough to travel with a page and exact where it matters.

Seconds are replaced by the number of a line on a grid of seconds: the first line at or above them. Every circle's cutoff is
itself a line of the grid, so ``seconds <= cutoff`` and ``line <= line of the cutoff`` are the same statement for every pair,
whatever the spacing of the other lines. What a page shows as a walking time is the line: at most one spacing too long.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.report.numbers import pack_bytes, pack_counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

#: a line's number is one byte
MOST_LINES = 256


def grid_s(cutoffs_s: Sequence[float]) -> NDArray[np.float64]:
    """Return the lines of the grid in seconds, ascending: every cutoff, and whole multiples of the least spacing that fits.

    Raises
    ------
    ValueError
        if there are more cutoffs than lines.
    """
    cutoffs = np.unique(np.asarray(cutoffs_s, dtype=np.float64))
    if len(cutoffs) > MOST_LINES:
        msg = f"{len(cutoffs)} different circles for one walker; a page can tell {MOST_LINES} apart"
        raise ValueError(msg)
    spacing = max(1, math.floor(cutoffs[-1] / MOST_LINES))
    while True:
        lines = np.union1d(np.arange(spacing, cutoffs[-1], spacing, dtype=np.float64), cutoffs)
        if len(lines) <= MOST_LINES:
            return lines
        spacing += 1


def line_of(seconds: NDArray[np.floating], grid: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the number of the first line at or above each walk; ``len(grid)`` beyond the last."""
    return np.searchsorted(grid, np.asarray(seconds, dtype=np.float64), side="left").astype(np.int64)


def pack_walks(
    reach: pd.DataFrame, demand_ids: Sequence[str], place_ids: Sequence[str], cutoffs_s: Sequence[float]
) -> dict[str, Any]:
    """Return the walks of one walker, place by place, for the page.

    Parameters
    ----------
    reach
        ``demand_id, place_id, seconds`` of one walker, as the table ``reach`` holds them.
    demand_ids, place_ids
        What the positions of the page stand for.
    cutoffs_s
        Every cutoff of every service that this walker may be asked about.

    Returns
    -------
    dict
        ``grid``: seconds of the lines; ``pairs``: how many; ``perPlace``: pairs of each place; ``demand``: within a place,
        steps from one demand point to the next; ``lines``: one byte per pair.
    """
    grid = grid_s(cutoffs_s)
    line = line_of(reach["seconds"].to_numpy(), grid)
    kept = line < len(grid)
    demand = _positions(reach["demand_id"], demand_ids)[kept]
    place = _positions(reach["place_id"], place_ids)[kept]
    order = np.lexsort((demand, place))
    demand, place = demand[order], place[order]
    steps = np.diff(demand, prepend=0)
    first = np.flatnonzero(np.diff(place, prepend=-1))
    steps[first] = demand[first]
    return {
        "grid": grid.tolist(),
        "pairs": len(demand),
        "perPlace": pack_counts(np.bincount(place, minlength=len(place_ids))),
        "demand": pack_counts(steps),
        "lines": pack_bytes(line[kept][order].astype(np.uint8)),
    }


def _positions(ids: pd.Series[Any], known: Sequence[str]) -> NDArray[np.int64]:
    """Return where each id stands in ``known``."""
    at = {name: position for position, name in enumerate(known)}
    categories = ids.astype("category").cat
    where = np.array([at[str(name)] for name in categories.categories], dtype=np.int64)
    return where[categories.codes.to_numpy()] if len(ids) else np.zeros(0, dtype=np.int64)
