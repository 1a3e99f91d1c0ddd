"""Maximum coverage, p-median and p-centre: tabu search, Lagrangian bounds, branch and bound.

The *p*-centre (goal ``furthest``) bisects the list of radii. Whether some units serve everybody within a radius is a set covering
problem (Minieka 1970): dominated points and units leave it; then tabu search finds a plan, or a bound on the number of points
left unserved proves that there is none.
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner._version import __version__
from planner.siting.mip.highs import stop_on_ctrl_c
from planner.siting.model.plan import Outcome, Plan, Step, relative_gap
from planner.siting.p_median.instance import (
    PMedianInstance,
    cost_of,
    coverage_instance,
    find_candidate_units,
    nearby,
    subinstance,
    walk_instance,
)
from planner.siting.p_median.lagrangian import branch_and_bound
from planner.siting.p_median.tabu_search import MultiStart, TabuSearch, two_best

if TYPE_CHECKING:
    from planner.siting.arrays import BoolArray, FloatArray, IntArray
    from planner.siting.model.data import SolverSettings
    from planner.siting.model.plan import Progress
    from planner.siting.model.problem import SitingProblem
    from planner.siting.p_median.instance import CandidateUnits


SEARCH_SHARE = 0.25
"""Share of the time limit for tabu search before the first bound."""

STALLED_ITERATIONS = 3
"""Iterations of tabu search without improvement after which branch and bound starts."""

EVERY, MAX_EVERY = 2, 64
"""Plans met by branch and bound between two iterations of tabu search; doubled after each without improvement, up to the second."""

DENSE = 4_000_000
"""Number of (point, unit) cells up to which dominated points and units are removed."""

PERTURBATIONS = 4
"""Perturbations of tabu search before branch and bound."""


def solve_by_counts(
    problem: SitingProblem, settings: SolverSettings, progress: Progress | None, share_of_time: float
) -> Plan | None:
    """Return a plan for the first goal of ``problem`` alone, or None where more than the number of openings binds."""
    goal = problem.goals[0]
    if not settings.shortcuts or settings.solver != "HiGHS" or goal.kind not in {"coverage", "walk", "furthest"}:
        return None
    started = time.perf_counter()
    units = find_candidate_units(problem)
    if units is None:
        return None
    left_s = share_of_time * settings.time_limit_s - (time.perf_counter() - started)
    settings = settings.within(max(left_s, 0.0))
    if goal.kind == "furthest":
        chosen, outcome = solve_centre(problem, units, settings, progress)
    else:
        chosen, outcome = solve_median(problem, units, goal.kind, settings, progress)
    outcome = dataclasses.replace(outcome, seconds=time.perf_counter() - started)
    return Plan((units.offers(chosen),), None, (Step(goal, 0, outcome),), outcome)


@dataclass(slots=True)
class StopRule:
    """Time limit, Ctrl-C and progress of a search."""

    settings: SolverSettings
    progress: Progress | None
    started: float
    stop: bool = False

    def seconds(self) -> float:
        """Return the seconds since the start."""
        return time.perf_counter() - self.started

    def time_left(self, share: float = 1.0) -> bool:
        """Return whether ``share`` of the time limit is left and no interrupt came."""
        return not self.stop and self.seconds() < share * self.settings.time_limit_s


def solve_median(
    problem: SitingProblem, units: CandidateUnits, kind: str, settings: SolverSettings, progress: Progress | None
) -> tuple[IntArray, Outcome]:
    """Return the chosen units and the outcome, for the goal ``coverage`` (most worth) or ``walk`` (fewest person-seconds)."""
    clock = StopRule(settings, progress, time.perf_counter())
    if kind == "coverage":
        full_instance, total_worth = coverage_instance(problem, units)
        sign = -1.0
    else:
        full_instance, total_worth, sign = walk_instance(problem, units), 0.0, 1.0
    free = np.setdiff1d(np.arange(units.count), units.forced)
    instance, _ = subinstance(full_instance, units.forced, free)

    def number(cost: float) -> float:
        return total_worth + sign * cost

    def target(cost: float) -> float:
        return cost - max(settings.gap * abs(number(cost)), apart)

    def keep_going(cost: float, bound: float) -> bool:
        if progress is not None:
            progress(number(cost), number(bound), clock.seconds())
        return clock.time_left()

    with stop_on_ctrl_c(clock):
        search = _initial_search(instance, clock)
        improve = _ImproveIncumbent(search)
        apart = instance.min_improvement(search.cost)
        # Midway between the best and second best cost of each row: good initial multipliers.
        _, first, second = two_best(instance, search.chosen)
        multipliers = (first + second) / 2
        proof = branch_and_bound(
            instance,
            search.chosen,
            multipliers,
            target=target,
            keep_going=keep_going,
            improve=improve,
            time_left=clock.time_left,
        )
    chosen = _without_idle_units(full_instance, np.concatenate([units.forced, free[proof.chosen]]), units)
    objective, bound = number(cost_of(full_instance, chosen)), number(proof.bound)
    return chosen, Outcome(
        status="optimal" if proof.closed else "feasible",
        objective=objective,
        bound=bound,
        gap=relative_gap(objective, bound),
        seconds=clock.seconds(),
        solver="planner",
        version=__version__,
        stopped_by="proof" if proof.closed else ("interrupt" if clock.stop else "time"),
        nodes=proof.nodes,
    )


def _initial_search(instance: PMedianInstance, clock: StopRule) -> MultiStart:
    """Return a tabu search that has stalled, or is out of time."""
    search = MultiStart(instance, clock.settings.seed, clock.time_left)
    while search.stagnation < STALLED_ITERATIONS and clock.time_left(SEARCH_SHARE):
        search.iterate()
    return search


class _ImproveIncumbent:
    """Improvement heuristic beside branch and bound, by count: it improves plans met, and the best."""

    def __init__(self, search: MultiStart) -> None:
        self._search = search
        self._interval = self._countdown = EVERY

    def __call__(self, met: IntArray) -> IntArray:
        """Improve a plan met; return the best of all."""
        self._search.improve(met)
        self._countdown -= 1
        if not self._countdown:
            self._interval = EVERY if self._search.iterate() else min(2 * self._interval, MAX_EVERY)
            self._countdown = self._interval
        return self._search.chosen


def _without_idle_units(instance: PMedianInstance, chosen: IntArray, units: CandidateUnits) -> IntArray:
    """Return ``chosen``, ascending, without units that improve nobody, as far as the rules allow fewer."""
    kept = np.sort(chosen)
    while len(kept) > units.least:
        best, first, second = two_best(instance, kept)
        saved = np.bincount(best[best >= 0], weights=(second - first)[best >= 0], minlength=len(kept))
        idle = np.flatnonzero((saved <= 0) & ~np.isin(kept, units.forced))
        if not len(idle):
            break
        kept = np.delete(kept, idle[0])
    return kept


@dataclass(frozen=True, slots=True, eq=False)
class _Reachable:
    """People within reach of any unit: the pairs of each row, nearest first, and the walk to what is open in any case."""

    indptr: IntArray
    unit: IntArray
    seconds: FloatArray
    base_s: FloatArray


def solve_centre(
    problem: SitingProblem, units: CandidateUnits, settings: SolverSettings, progress: Progress | None
) -> tuple[IntArray, Outcome]:
    """Return the chosen units and the outcome; the bound is the shortest radius not proven infeasible."""
    clock = StopRule(settings, progress, time.perf_counter())
    reachable = _reachable(problem, units)
    radii = _radii(reachable)
    chosen = _at_least_minimum(units.forced, units)
    low, high = 0, int(np.searchsorted(radii, _longest(reachable, chosen)))
    nodes, unproven = 0, False
    with stop_on_ctrl_c(clock):
        while low < high and not unproven:
            middle = (low + high) // 2
            found, proven, more = _cover_within(reachable, units, float(radii[middle]), clock)
            nodes += more
            if found is not None:
                chosen = _at_least_minimum(found, units)
                high = int(np.searchsorted(radii, _longest(reachable, chosen)))
            elif proven:
                low = middle + 1
            else:
                unproven = True
            if progress is not None:
                objective, bound = float(radii[high]), float(radii[low])
                progress(
                    None if np.isinf(objective) else objective, None if np.isinf(bound) else bound, clock.seconds()
                )
    objective, bound = float(radii[high]), float(radii[low])
    return chosen, Outcome(
        status="feasible" if unproven else "optimal",
        objective=objective,
        bound=bound,
        gap=relative_gap(objective, bound),
        seconds=clock.seconds(),
        solver="planner",
        version=__version__,
        stopped_by="proof" if not unproven else ("interrupt" if clock.stop else "time"),
        nodes=nodes,
    )


def _at_least_minimum(chosen: IntArray, units: CandidateUnits) -> IntArray:
    """Return ``chosen`` with further units up to the least number required."""
    missing = max(units.least - len(chosen), 0)
    others = np.setdiff1d(np.arange(units.count), chosen)[:missing]
    return np.sort(np.concatenate([chosen, others])).astype(np.int64)


def _reachable(problem: SitingProblem, units: CandidateUnits) -> _Reachable:
    size, unit, seconds, rest = [], [], [], []
    for demand in problem.demands:
        near = nearby(problem, demand, units)
        pairs = np.bincount(near.point, minlength=problem.n_demand)
        counted = (demand.people > 0) & near.reachable
        size.append(pairs[counted])
        unit.append(near.unit)
        seconds.append(near.seconds)
        rest.append(near.base_s[counted])
    indptr = np.concatenate([[0], np.cumsum(np.concatenate(size))])
    return _Reachable(indptr, np.concatenate(unit), np.concatenate(seconds), np.concatenate(rest))


def _radii(reachable: _Reachable) -> FloatArray:
    """Return every candidate radius, ascending; infinite at the end, for leaving somebody unserved."""
    nearest = reachable.base_s.copy()
    some = reachable.indptr[1:] > reachable.indptr[:-1]
    nearest[some] = reachable.seconds[reachable.indptr[:-1][some]]
    every = np.unique(np.concatenate([reachable.seconds, reachable.base_s, [np.inf]]))
    return every[every >= nearest.max(initial=0.0)] if len(nearest) else np.array([0.0, np.inf])


def _longest(reachable: _Reachable, chosen: IntArray) -> float:
    open_pair = np.isin(reachable.unit, chosen)
    walk = reachable.base_s.copy()
    row = np.repeat(np.arange(len(walk)), np.diff(reachable.indptr))
    np.minimum.at(walk, row[open_pair], reachable.seconds[open_pair])
    return float(walk.max(initial=0.0))


def _cover_within(
    reachable: _Reachable, units: CandidateUnits, radius_s: float, clock: StopRule
) -> tuple[IntArray | None, bool, int]:
    """Return units that leave nobody farther away than ``radius_s``, or None; whether that is proven; and the nodes."""
    rows = len(reachable.base_s)
    row = np.repeat(np.arange(rows), np.diff(reachable.indptr))
    served = reachable.base_s <= radius_s
    inside = reachable.seconds <= radius_s
    served[row[inside & np.isin(reachable.unit, units.forced)]] = True
    inside &= ~served[row]
    time_left = units.p - len(units.forced)
    if served.all():
        return units.forced, True, 0
    if (np.bincount(row[inside], minlength=rows)[~served] == 0).any() or time_left == 0:
        return None, True, 0
    instance, unit_ids = _covering_instance(np.cumsum(~served)[row[inside]] - 1, reachable.unit[inside], time_left)
    if instance.n_sites <= time_left:
        return np.concatenate([units.forced, unit_ids]), True, 0
    search = TabuSearch(instance, clock.settings.seed)
    search.run(2 * time_left)
    for iterate in range(PERTURBATIONS):
        if search.cost > 0:
            search.run(2 * time_left, 1 + iterate)
    if search.cost == 0:
        return np.concatenate([units.forced, unit_ids[search.chosen]]), True, 0
    _, first, second = two_best(instance, search.chosen)
    proof = branch_and_bound(
        instance,
        search.chosen,
        (first + second) / 2,
        target=lambda unserved: 1e-6 if unserved > 0 else -1.0,
        keep_going=lambda unserved, _: unserved > 0 and clock.time_left(),
    )
    if proof.cost == 0:
        return np.concatenate([units.forced, unit_ids[proof.chosen]]), True, proof.nodes
    return None, proof.closed, proof.nodes


def _covering_instance(row: IntArray, unit: IntArray, p: int) -> tuple[PMedianInstance, IntArray]:
    """Return the instance of leaving fewest rows unserved, without dominated rows and units; and the units."""
    unit_ids, local = np.unique(unit, return_inverse=True)
    local = local.ravel()
    n_rows = int(row.max()) + 1
    if n_rows * len(unit_ids) <= DENSE:
        serves = np.zeros((n_rows, len(unit_ids)), dtype=np.bool_)
        serves[row, local] = True
        rows, columns = np.arange(n_rows), np.arange(len(unit_ids))
        while True:
            size = len(rows) + len(columns)
            rows = rows[_minimal_sets(serves[np.ix_(rows, columns)])]
            columns = columns[_minimal_sets(~serves[np.ix_(rows, columns)].T)]
            if len(rows) + len(columns) == size:
                break
        row, local = np.nonzero(serves[np.ix_(rows, columns)])
        unit_ids, n_rows = unit_ids[columns], len(rows)
    order = np.lexsort((local, row))
    indptr = np.zeros(n_rows + 1, dtype=np.int64)
    np.cumsum(np.bincount(row, minlength=n_rows), out=indptr[1:])
    instance = PMedianInstance(
        indptr, local[order].astype(np.int32), np.zeros(len(row)), np.ones(n_rows), len(unit_ids), p
    )
    return instance, unit_ids


def _minimal_sets(sets: BoolArray) -> IntArray:
    """Return the positions of minimal sets (rows); of equal ones the first."""
    _, first = np.unique(np.packbits(sets, axis=1), axis=0, return_index=True)
    first = np.sort(first)
    kept = sets[first].astype(np.float32)
    inside = kept @ kept.T >= kept.sum(axis=1)[:, None]  # row a is inside row b
    np.fill_diagonal(inside, val=False)
    return np.asarray(first[~inside.any(axis=0)])
