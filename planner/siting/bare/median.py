"""The goals coverage and walk of a problem that only asks how many: search, price, settle, prove.

A search by swaps finds a plan, Lagrangian prices a bound; what they settle leaves a smaller question, which branch and
bound closes. Plan and bound are counted again by whoever calls `evaluate`, like those of any other solver.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner._version import __version__
from planner.siting.bare.branch import prove
from planner.siting.bare.pure import cost_of, restricted
from planner.siting.bare.restarts import Restarts
from planner.siting.bare.swap import two_best
from planner.siting.bare.units import coverage_question, walk_question
from planner.siting.programme.solver import ctrl_c
from planner.siting.question.outcome import Outcome, relative_gap

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.bare.pure import Pure
    from planner.siting.bare.units import Units
    from planner.siting.programme.solver import Progress
    from planner.siting.question.outcome import SolverSettings
    from planner.siting.question.problem import SitingProblem

__all__ = ["best_units"]

SEARCH_SHARE = 0.25
"""What part of the time the search for a plan may take before the first bound."""

STILL = 3
"""Turns of the search without a better plan after which it gives way to the proof."""

EACH, SELDOM = 2, 64
"""The search goes on beside the proof: a turn after so many plans that the proof met, twice as many after each turn without a
better plan, up to so many."""


@dataclass(slots=True)
class Clock:
    """When to stop, and whom to tell."""

    settings: SolverSettings
    progress: Progress | None
    began: float
    stop: bool = False

    def seconds(self) -> float:
        """Return the seconds since the start."""
        return time.perf_counter() - self.began

    def left(self, share: float = 1.0) -> bool:
        """Say whether ``share`` of the time is not used up and nobody asked to stop."""
        return not self.stop and self.seconds() < share * self.settings.time_limit_s


def best_units(
    problem: SitingProblem, units: Units, kind: str, settings: SolverSettings, progress: Progress | None
) -> tuple[NDArray[np.int64], Outcome]:
    """Return the chosen units and how it ended, for the goal ``coverage`` (most worth) or ``walk`` (fewest seconds)."""
    clock = Clock(settings, progress, time.perf_counter())
    if kind == "coverage":
        whole, everything = coverage_question(problem, units)
        sign = -1.0
    else:
        whole, everything, sign = walk_question(problem, units), 0.0, 1.0
    free = np.setdiff1d(np.arange(units.count), units.forced)
    pure, _ = restricted(whole, units.forced, free)

    def number(cost: float) -> float:
        return everything + sign * cost

    def target(cost: float) -> float:
        return cost - max(settings.gap * abs(number(cost)), apart)

    def go_on(cost: float, bound: float) -> bool:
        if progress is not None:
            progress(number(cost), number(bound), clock.seconds())
        return clock.left()

    with ctrl_c(clock):
        search = _searched(pure, clock)
        beside = _Beside(search)
        apart = pure.step(search.cost)
        # Half way between what a row has and what it would fall back to: prices the bound need not search for.
        _, first, second = two_best(pure, search.chosen)
        prices = (first + second) / 2
        proof = prove(pure, search.chosen, prices, target=target, go_on=go_on, beside=beside, left=clock.left)
    chosen = _without_idlers(whole, np.concatenate([units.forced, free[proof.chosen]]), units)
    objective, bound = number(cost_of(whole, chosen)), number(proof.bound)
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


def _searched(pure: Pure, clock: Clock) -> Restarts:
    """Return a search that has been still for a while, or is out of time."""
    search = Restarts(pure, clock.settings.seed, clock.left)
    while search.still < STILL and clock.left(SEARCH_SHARE):
        search.turn()
    return search


class _Beside:
    """The search for plans while the proof goes on, by count: what the proof meets is made better, and so is the best."""

    def __init__(self, search: Restarts) -> None:
        self._search = search
        self._every = self._wait = EACH

    def __call__(self, met: NDArray[np.int64]) -> NDArray[np.int64]:
        """Take a plan that the proof met; return the best of all."""
        self._search.take(met)
        self._wait -= 1
        if not self._wait:
            self._every = EACH if self._search.turn() else min(2 * self._every, SELDOM)
            self._wait = self._every
        return self._search.chosen


def _without_idlers(pure: Pure, chosen: NDArray[np.int64], units: Units) -> NDArray[np.int64]:
    """Return ``chosen``, ascending, without units that save nobody anything, as far as the rules allow fewer."""
    kept = np.sort(chosen)
    while len(kept) > units.least:
        best, first, second = two_best(pure, kept)
        saved = np.bincount(best[best >= 0], weights=(second - first)[best >= 0], minlength=len(kept))
        idle = np.flatnonzero((saved <= 0) & ~np.isin(kept, units.forced))
        if not len(idle):
            break
        kept = np.delete(kept, idle[0])
    return kept
