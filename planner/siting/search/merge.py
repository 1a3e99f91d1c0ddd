"""Large problems: grow many plans, put what they open together, and let the solver find the best plan among it.

A plan grown in a second is a few parts in a thousand from the best, and so is the next one, but not in the same places. The
programme of what several of them open is small enough to be solved (construct, merge, solve and adapt: Blum and others
2016), and its plan is where the next ones begin.
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.programme.formulation import formulate
from planner.siting.programme.solver import solve_model
from planner.siting.programme.states import bundle_values
from planner.siting.question.rules import Lock

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from planner.siting.programme.formulation import Formulation
    from planner.siting.question.outcome import SolverSettings
    from planner.siting.question.problem import SitingProblem
    from planner.siting.search.warm import Grower

__all__ = ["Merged", "among", "merged"]

LOOKS = 25_000_000
"""Bundles weighed for one plan: about a second."""

FIRST_PLANS, PLANS = 3, 2
"""How many plans are grown before the first merge, and before each of the next."""

KEPT_ROUNDS = 3
"""For how many merges an opening stays in without being chosen."""

STILL_ROUNDS, HARD = 4, 150_000
"""Merges without a better plan after which nothing more is expected, from so many flows and set members on; one below, where
the solver soon finds by itself what is still missing."""

FRUITLESS_ROUNDS = 2
"""Merges without any plan after which another way is tried."""

SOLVE_SHARE = 0.4
"""What part of the time left one merge may take."""


@dataclass(frozen=True, slots=True, eq=False)
class Merged:
    """The offers of the best plan, ascending, what it is worth, and whether somebody asked to stop."""

    offers: NDArray[np.int64]
    worth: float
    interrupted: bool


def merged(
    form: Formulation,
    grower: Grower,
    settings: SolverSettings,
    *,
    seconds: float,
    bound: float,
    wanted: NDArray[np.bool_],
    told: Callable[[float | None], None],
) -> Merged | None:
    """Return a good plan after about ``seconds``, earlier when it is within the gap of ``bound``; None where none was found.

    ``wanted`` bool[m] are offers to look at in the first merges besides those that plans open. ``told`` is called with the
    worth of the best plan so far whenever a merge ends. Ctrl-C ends it with the best plan, once there is one.
    """
    merging = _Merging(form, grower, settings, time.perf_counter() + seconds, 0.02 * seconds)
    try:
        while True:
            merging.turn(wanted)
            told(None if merging.best is None else merging.best.worth)
            if merging.ended(bound):
                return merging.best
    except KeyboardInterrupt:
        if merging.best is None:
            raise
        return dataclasses.replace(merging.best, interrupted=True)


class _Merging:
    """The openings still looked at, and the best plan among them so far."""

    def __init__(
        self, form: Formulation, grower: Grower, settings: SolverSettings, ends: float, least_s: float
    ) -> None:
        self.best: Merged | None = None
        self._problem = form.problem
        self._grower = grower
        self._settings = settings
        self._ends = ends
        self._least_s = least_s
        self._turn = 0
        self._still = 0
        self._patience = STILL_ROUNDS if form.flows.count + len(form.needs.sets_slot) >= HARD else 1
        self._seed = settings.seed
        self._begin: NDArray[np.int64] | None = None
        self._last_chosen = np.full(form.problem.offers.count, -KEPT_ROUNDS - 1)

    def turn(self, wanted: NDArray[np.bool_]) -> None:
        """Grow plans and solve the programme of all that is still looked at."""
        if self._turn == 0:
            # One plan alone may do, where the gap asked for is wide.
            first = self._grower.keeping_floors(self._seed, LOOKS, self._ends)
            self._begin = None if first is None else first.offers
        if self._turn == 1:
            self._last_chosen[wanted] = np.maximum(self._last_chosen[wanted], 0)
        if self._begin is not None:
            self._last_chosen[self._begin] = self._turn
        if self._turn or self._begin is None:
            for _ in range(PLANS if self._turn > 1 else FIRST_PLANS):
                self._seed += 1
                # From the best plan on and from nothing in turn, so that what is put together differs.
                begin = self._begin if self._turn > 1 and self._seed % 2 else None
                grown = self._grower.grown(self._seed, LOOKS, begin=begin, ends=self._ends).offers
                self._last_chosen[grown] = np.maximum(self._last_chosen[grown], self._turn - 1)
        self._merge()
        self._turn += 1

    def _merge(self) -> None:
        narrow = formulate(among(self._problem, self._last_chosen >= self._turn - KEPT_ROUNDS))
        seconds = max(SOLVE_SHARE * (self._ends - time.perf_counter()), self._least_s)
        part = dataclasses.replace(self._settings, gap=self._settings.gap / 4, time_limit_s=seconds)
        values = None if self._begin is None else bundle_values(narrow, (self._begin,))
        solution = solve_model(narrow.builder.build(narrow.coverage()), part, start=values)
        found, stopped = solution.outcome.objective, solution.outcome.interrupted
        self._still += 1
        if solution.values is not None and found is not None:
            if self.best is None or found > self.best.worth + 1e-7 * abs(found):
                self._still, self._begin = 0, narrow.chosen_offers(solution.values, 0)
                self.best = Merged(self._begin, found, stopped)
            self._last_chosen[self.best.offers] = self._turn
        if stopped:
            raise KeyboardInterrupt

    def ended(self, bound: float) -> bool:
        """Say whether the plan is good enough, nothing better comes, or time is up."""
        if self.best is None:
            return self._turn > FRUITLESS_ROUNDS or time.perf_counter() > self._ends
        closed = bound - self.best.worth <= self._settings.gap * abs(self.best.worth)
        return closed or self._still >= self._patience or time.perf_counter() > self._ends


def among(problem: SitingProblem, offers: NDArray[np.bool_]) -> SitingProblem:
    """Return ``problem`` with only those new services at sites that have one of ``offers``; nothing that is locked goes."""
    table = problem.offers
    cells = table.site.astype(np.int64) * problem.n_services + table.service
    must = np.zeros(table.count, dtype=bool)
    for lock in problem.rules.locks:
        if lock.kind == "must":
            must |= (table.site == lock.site) & ((lock.service is None) | (table.service == lock.service))
    struck = np.setdiff1d(cells[~table.existing], cells[offers | table.existing | must])
    locks = tuple(
        Lock("never", int(cell) // problem.n_services, int(cell) % problem.n_services) for cell in struck.tolist()
    )
    return dataclasses.replace(problem, rules=dataclasses.replace(problem.rules, locks=(*problem.rules.locks, *locks)))
