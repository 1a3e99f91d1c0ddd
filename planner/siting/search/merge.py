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

STILL_ROUNDS = 4
"""Merges without a better plan after which nothing more is expected."""

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

    ``wanted`` bool[m] are offers to look at in the first merges besides those that plans open. ``told`` is called with the worth of the best plan so far whenever a merge ends.
    """
    problem, ends = form.problem, time.perf_counter() + seconds
    last_chosen = np.where(wanted, 0, -KEPT_ROUNDS - 1)
    best: Merged | None = None
    still, seed = 0, settings.seed
    first = grower.keeping_floors(seed, LOOKS, ends)
    start = None if first is None else first.offers
    grown = [] if start is None else [start]
    for turn in range(1_000):
        begin = start if turn else None
        for _ in range(PLANS if turn else FIRST_PLANS):
            seed += 1
            grown.append(grower.grown(seed, LOOKS, begin=begin if seed % 2 else None, ends=ends).offers)
        for offers in grown:
            last_chosen[offers] = np.maximum(last_chosen[offers], turn - 1)
        grown = []
        narrow = formulate(among(problem, last_chosen >= turn - KEPT_ROUNDS))
        left_s = ends - time.perf_counter()
        part = dataclasses.replace(
            settings, gap=settings.gap / 4, time_limit_s=max(SOLVE_SHARE * left_s, 0.02 * seconds)
        )
        values = None if start is None else bundle_values(narrow, (start,))
        solution = solve_model(narrow.builder.build(narrow.coverage()), part, start=values)
        found, stopped = solution.outcome.objective, solution.outcome.interrupted
        still += 1
        if solution.values is not None and found is not None:
            if best is None or found > best.worth + 1e-7 * abs(found):
                still, start = 0, narrow.chosen_offers(solution.values, 0)
                best = Merged(start, found, stopped)
            assert start is not None  # noqa: S101  # there is a plan
            last_chosen[start] = turn
        if stopped:
            return None if best is None else dataclasses.replace(best, interrupted=True)
        told(None if best is None else best.worth)
        closed = best is not None and bound - best.worth <= settings.gap * abs(best.worth)
        if closed or still >= STILL_ROUNDS or time.perf_counter() > ends or (best is None and turn > 1):
            break
    return best


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
