"""The goal furthest of a problem that only asks how many: the *p*-centre, by halving the list of radii.

Whether some units serve everybody within a radius is a question about sets (Minieka 1970): points that are served whenever
another one is, and units that serve no more than another one, leave it; then a search by swaps finds a plan, or a bound
on how many points stay unserved proves that there is none.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner._version import __version__
from planner.siting.bare.branch import prove
from planner.siting.bare.median import Clock
from planner.siting.bare.pure import Pure
from planner.siting.bare.swap import Search, two_best
from planner.siting.bare.units import nearby
from planner.siting.programme.solver import ctrl_c
from planner.siting.question.outcome import Outcome, relative_gap

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.bare.units import Units
    from planner.siting.programme.solver import Progress
    from planner.siting.question.outcome import SolverSettings
    from planner.siting.question.problem import SitingProblem

__all__ = ["best_radius"]

DENSE = 4_000_000
"""Up to this many (point, unit) cells dominated points and units are looked for."""

TRIES = 4
"""Shakes of the search before the proof is asked."""


@dataclass(frozen=True, slots=True, eq=False)
class _Walkers:
    """Everybody who can be served at all: the pairs of each row, nearest first, and the walk to what is open anyway."""

    indptr: NDArray[np.int64]
    unit: NDArray[np.int64]
    seconds: NDArray[np.float64]
    rest_s: NDArray[np.float64]


def best_radius(
    problem: SitingProblem, units: Units, settings: SolverSettings, progress: Progress | None
) -> tuple[NDArray[np.int64], Outcome]:
    """Return the chosen units and how it ended; the bound is the shortest radius not proven impossible."""
    clock = Clock(settings, progress, time.perf_counter())
    walkers = _walkers(problem, units)
    radii = _radii(walkers)
    chosen = _filled(units.forced, units)
    low, high = 0, int(np.searchsorted(radii, _longest(walkers, chosen)))
    nodes, open_end = 0, False
    with ctrl_c(clock):
        while low < high and not open_end:
            middle = (low + high) // 2
            found, proven, more = _served_within(walkers, units, float(radii[middle]), clock)
            nodes += more
            if found is not None:
                chosen = _filled(found, units)
                high = int(np.searchsorted(radii, _longest(walkers, chosen)))
            elif proven:
                low = middle + 1
            else:
                open_end = True
            if progress is not None:
                objective, bound = float(radii[high]), float(radii[low])
                progress(
                    None if np.isinf(objective) else objective, None if np.isinf(bound) else bound, clock.seconds()
                )
    objective, bound = float(radii[high]), float(radii[low])
    return chosen, Outcome(
        status="feasible" if open_end else "optimal",
        objective=objective,
        bound=bound,
        gap=relative_gap(objective, bound),
        seconds=clock.seconds(),
        solver="planner",
        version=__version__,
        stopped_by="proof" if not open_end else ("interrupt" if clock.stop else "time"),
        nodes=nodes,
    )


def _filled(chosen: NDArray[np.int64], units: Units) -> NDArray[np.int64]:
    """Return ``chosen`` with as many more units as the rules ask for at least."""
    missing = max(units.least - len(chosen), 0)
    others = np.setdiff1d(np.arange(units.count), chosen)[:missing]
    return np.sort(np.concatenate([chosen, others])).astype(np.int64)


def _walkers(problem: SitingProblem, units: Units) -> _Walkers:
    size, unit, seconds, rest = [], [], [], []
    for demand in problem.demands:
        near = nearby(problem, demand, units)
        pairs = np.bincount(near.point, minlength=problem.n_demand)
        counted = (demand.people > 0) & near.hope
        size.append(pairs[counted])
        unit.append(near.unit)
        seconds.append(near.seconds)
        rest.append(near.rest_s[counted])
    indptr = np.concatenate([[0], np.cumsum(np.concatenate(size))])
    return _Walkers(indptr, np.concatenate(unit), np.concatenate(seconds), np.concatenate(rest))


def _radii(walkers: _Walkers) -> NDArray[np.float64]:
    """Return every radius that could be the answer, ascending; infinite at the end, for leaving somebody unserved."""
    nearest = walkers.rest_s.copy()
    some = walkers.indptr[1:] > walkers.indptr[:-1]
    nearest[some] = walkers.seconds[walkers.indptr[:-1][some]]
    every = np.unique(np.concatenate([walkers.seconds, walkers.rest_s, [np.inf]]))
    return every[every >= nearest.max(initial=0.0)] if len(nearest) else np.array([0.0, np.inf])


def _longest(walkers: _Walkers, chosen: NDArray[np.int64]) -> float:
    open_pair = np.isin(walkers.unit, chosen)
    walk = walkers.rest_s.copy()
    row = np.repeat(np.arange(len(walk)), np.diff(walkers.indptr))
    np.minimum.at(walk, row[open_pair], walkers.seconds[open_pair])
    return float(walk.max(initial=0.0))


def _served_within(
    walkers: _Walkers, units: Units, radius_s: float, clock: Clock
) -> tuple[NDArray[np.int64] | None, bool, int]:
    """Return units that leave nobody farther away than ``radius_s``, or None; whether None is proven; and the nodes."""
    rows = len(walkers.rest_s)
    row = np.repeat(np.arange(rows), np.diff(walkers.indptr))
    served = walkers.rest_s <= radius_s
    inside = walkers.seconds <= radius_s
    served[row[inside & np.isin(walkers.unit, units.forced)]] = True
    inside &= ~served[row]
    left = units.most - len(units.forced)
    if served.all():
        return units.forced, True, 0
    if (np.bincount(row[inside], minlength=rows)[~served] == 0).any() or left == 0:
        return None, True, 0
    pure, names = _smaller(np.cumsum(~served)[row[inside]] - 1, walkers.unit[inside], left)
    if pure.n_sites <= left:
        return np.concatenate([units.forced, names]), True, 0
    search = Search(pure, clock.settings.seed)
    search.run(2 * left)
    for turn in range(TRIES):
        if search.cost > 0:
            search.run(2 * left, 1 + turn)
    if search.cost == 0:
        return np.concatenate([units.forced, names[search.chosen]]), True, 0
    _, first, second = two_best(pure, search.chosen)
    proof = prove(
        pure,
        search.chosen,
        (first + second) / 2,
        target=lambda unserved: 1e-6 if unserved > 0 else -1.0,
        go_on=lambda unserved, _: unserved > 0 and clock.left(),
    )
    if proof.cost == 0:
        return np.concatenate([units.forced, names[proof.chosen]]), True, proof.nodes
    return None, proof.closed, proof.nodes


def _smaller(row: NDArray[np.int64], unit: NDArray[np.int64], most: int) -> tuple[Pure, NDArray[np.int64]]:
    """Return the question of leaving fewest rows unserved, over what neither rows nor units make superfluous; and the units."""
    names, local = np.unique(unit, return_inverse=True)
    local = local.ravel()
    n_rows = int(row.max()) + 1
    if n_rows * len(names) <= DENSE:
        serves = np.zeros((n_rows, len(names)), dtype=np.bool_)
        serves[row, local] = True
        rows, columns = np.arange(n_rows), np.arange(len(names))
        while True:
            size = len(rows) + len(columns)
            rows = rows[_least(serves[np.ix_(rows, columns)])]
            columns = columns[_least(~serves[np.ix_(rows, columns)].T)]
            if len(rows) + len(columns) == size:
                break
        row, local = np.nonzero(serves[np.ix_(rows, columns)])
        names, n_rows = names[columns], len(rows)
    order = np.lexsort((local, row))
    indptr = np.zeros(n_rows + 1, dtype=np.int64)
    np.cumsum(np.bincount(row, minlength=n_rows), out=indptr[1:])
    pure = Pure(indptr, local[order].astype(np.int32), np.zeros(len(row)), np.ones(n_rows), len(names), most)
    return pure, names


def _least(sets: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the positions of sets (rows) that hold no other of the rows; of equal ones the first."""
    _, first = np.unique(np.packbits(sets, axis=1), axis=0, return_index=True)
    first = np.sort(first)
    kept = sets[first].astype(np.float32)
    inside = kept @ kept.T >= kept.sum(axis=1)[:, None]  # row a is inside row b
    np.fill_diagonal(inside, val=False)
    return np.asarray(first[~inside.any(axis=0)])
