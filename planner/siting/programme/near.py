"""The walk to the nearest opening as rings of savings, for the ``walk`` goal.

Let D₁ < D₂ < … be the distinct seconds from a point to the slots that could serve it, all shorter than what it has
today (or than ``beyond_s``). Its walk is today's, less (D_{r+1} − D_r) for every ring r within which something is open.
The sets of a point are nested, so a ring needs only what it adds: ``w_r ≤ w_{r−1} + Σ_{added} x``, one coefficient per
pair. Points (and groups) that have a set in common share its column. The bound is that of the usual p-median model
with one assignment variable per pair, with far fewer columns (the nested form of Cornuéjols, Nemhauser and Wolsey 1980;
the chain is Elloumi's, 2010).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.arrays import ranges, sums_by
from planner.siting.programme.reduce import Slots, pairs_within

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from planner.siting.question.problem import SitingProblem

__all__ = ["Nearness", "trace_nearness"]


@dataclass(frozen=True, slots=True, eq=False)
class Nearness:
    """Savings in person-seconds by column, and how the sets hang together.

    ``total_s`` is the sum of walks with nothing decided open. A code below ``n_slots`` is a slot, from there on a set;
    ``saving_s`` float64[n_slots + sets] is per code. Set g is its ``parent`` code (−1: none) and its added slots.
    """

    total_s: float
    saving_s: NDArray[np.float64]
    parent: NDArray[np.int64]
    added_indptr: NDArray[np.int64]
    added_slot: NDArray[np.int64]

    @property
    def n_sets(self) -> int:
        """How many sets of two or more slots there are."""
        return len(self.parent)


def trace_nearness(problem: SitingProblem, slots: Slots, demands: Iterable[int]) -> Nearness:
    """Return the savings of all given demands together."""
    total_s = 0.0
    slot_parts, start_parts, end_parts, row_parts, gain_parts = [], [], [], [], []
    shift = row_shift = 0
    for position in demands:
        demand = problem.demands[position]
        beyond_s = demand.cutoffs_s[-1] if demand.beyond_s is None else demand.beyond_s
        pairs = pairs_within(problem, demand, slots)
        today_s = np.full(problem.n_demand, beyond_s)
        standing = slots.always[pairs.slot]
        np.minimum.at(today_s, pairs.point[standing], pairs.seconds[standing])
        total_s += float(demand.people @ today_s)
        pairs = pairs[~standing & (pairs.seconds < today_s[pairs.point]) & (demand.people[pairs.point] > 0)]
        if not len(pairs.point):
            continue
        breaks = (np.diff(pairs.point, prepend=-1) != 0) | (np.diff(pairs.seconds, prepend=-1) != 0)
        start = np.flatnonzero(breaks)
        end = np.append(start[1:], len(pairs.point))
        point = pairs.point[start]
        following = np.append(pairs.seconds[start[1:]], 0.0)
        last = np.append(point[1:] != point[:-1], True)  # a value, not a flag
        following[last] = today_s[point[last]]
        gain_parts.append(demand.people[point] * (following - pairs.seconds[start]))
        slot_parts.append(pairs.slot)
        start_parts.append(start + shift)
        end_parts.append(end + shift)
        row_parts.append(point + row_shift)
        shift += len(pairs.point)
        row_shift += problem.n_demand
    if not slot_parts:
        nothing = np.zeros(0, dtype=np.int64)
        return Nearness(total_s, np.zeros(slots.count), nothing, np.zeros(1, dtype=np.int64), nothing)
    rings = _Rings(*(np.concatenate(part) for part in (slot_parts, start_parts, end_parts, row_parts)))
    return _chained(total_s, slots.count, rings, np.concatenate(gain_parts))


@dataclass(frozen=True, slots=True, eq=False)
class _Rings:
    """Slots nearest first, and where each ring starts and ends in them and which row (point of a demand) it is of."""

    slot: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    row: NDArray[np.int64]


def _chained(total_s: float, n_slots: int, rings: _Rings, gain: NDArray[np.float64]) -> Nearness:
    """Name every prefix of every row by the sums of its slots' random marks, and keep one ring of each name."""
    slot, start, end, row = rings.slot, rings.start, rings.end, rings.row
    marks = np.random.default_rng(0).integers(0, 2**64, size=(2, n_slots), dtype=np.uint64)
    opens_row = np.diff(row, prepend=-1) != 0
    row_start = start[np.flatnonzero(opens_row)][np.cumsum(opens_row) - 1]
    running = np.concatenate(
        [np.zeros((2, 1), dtype=np.uint64), np.cumsum(marks[:, slot], axis=1, dtype=np.uint64)], axis=1
    )
    sums = (running[:, end] - running[:, row_start]).T
    size = end - row_start
    code = np.empty(len(start), dtype=np.int64)
    single = size == 1
    code[single] = slot[start[single]]
    several = np.flatnonzero(~single)
    keys = np.concatenate([sums[several], size[several, None].astype(np.uint64)], axis=1)
    _, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    code[several] = n_slots + inverse.ravel()
    ring = several[first]
    parent = np.where(opens_row[ring], -1, code[ring - 1])
    added = end[ring] - start[ring]
    saving = sums_by(code, gain, n_slots + len(ring))
    return Nearness(total_s, saving, parent, np.concatenate([[0], np.cumsum(added)]), slot[ranges(start[ring], added)])
