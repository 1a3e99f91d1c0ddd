"""Large problems: find the few buildings that matter, plan among them, and prove that the rest could not help.

1. Prices (`prices`) bound every plan and show how often each building is wanted.
2. The buildings wanted most make a small problem, whose demand points fall into far fewer kinds; a solver plans it.
3. With that plan in hand, prices prove for most buildings that no plan with them can be better. They are left out for
   good, which changes nothing, and what remains is the problem that is solved further, if the gap is not closed yet.
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.formulation import Formulation, formulate
from planner.siting.prices import Prices, can_price
from planner.siting.rules import Lock
from planner.siting.solver import solve_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.outcome import SolverSettings
    from planner.siting.problem import SitingProblem
    from planner.siting.solver import Progress

__all__ = ["Focused", "focus", "worth_focusing"]

LARGE = 60_000
"""From so many flows and set members on, a problem is looked at through prices first."""

FIRST_STEPS, MORE_STEPS = 300, 400
WANTED = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Focused:
    """The narrower problem that holds every plan as good as ``states``, that plan, and the bound on all plans."""

    problem: SitingProblem
    states: tuple[NDArray[np.int64], ...]
    worth: float
    bound: float
    interrupted: bool


def worth_focusing(form: Formulation) -> bool:
    """Say whether the problem is large, and one that pricing understands, for coverage first and costs after."""
    problem = form.problem
    kinds = [goal.kind for goal in problem.goals]
    walks = any(goal.walks for goal in problem.goals)
    understood = kinds[0] == "coverage" and "furthest" not in kinds and not walks and can_price(problem)
    return understood and form.flows.count + len(form.needs.sets_slot) >= LARGE


def focus(form: Formulation, settings: SolverSettings, progress: Progress | None) -> Focused | None:
    """Return the narrower problem; None when no plan was found among the buildings looked at.

    About two thirds of the time in ``settings`` is used at most.
    """
    began = time.perf_counter()
    best: float | None = None

    def told(bound: float) -> None:
        if progress is not None:
            progress(best, bound, time.perf_counter() - began)

    prices = Prices(form, form.coverage())
    priced = prices.descend(FIRST_STEPS, seconds=0.25 * settings.time_limit_s, told=told)
    problem = form.problem
    tried = formulate(_among(problem, _wanted(form, priced.often)))
    part = dataclasses.replace(settings, time_limit_s=0.3 * settings.time_limit_s, gap=settings.gap / 4)
    solution = solve_model(tried.builder.build(tried.coverage()), part, progress=_onward(progress, priced.bound, began))
    if solution.values is None or solution.outcome.objective is None:
        return None
    best = solution.outcome.objective
    interrupted = solution.outcome.interrupted
    if not interrupted:
        try:
            priced = prices.descend(MORE_STEPS, plan_worth=best, seconds=0.15 * settings.time_limit_s, told=told)
        except KeyboardInterrupt:
            interrupted = True
    # A hair below the plan in hand, so that it and its equals stay inside.
    needed = best - (1e-6 + problem.goals[0].tolerance) * abs(best)
    narrow = _among(problem, _offers_in(form, priced.reach >= needed))
    return Focused(narrow, (tried.chosen_offers(solution.values, 0),), best, priced.bound, interrupted)


def _onward(progress: Progress | None, bound: float, began: float) -> Progress | None:
    """Return a progress that tells incumbents of a narrower problem beside the bound on all plans."""
    if progress is None:
        return None
    return lambda found, _bound, _seconds: progress(found, bound, time.perf_counter() - began)


def _wanted(form: Formulation, often: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return bool[m]: the offers at sites that are opened often enough."""
    bundles, problem = form.bundles, form.problem
    by_site = np.bincount(bundles.site, weights=often * bundles.opens, minlength=problem.sites.count)
    return np.asarray(by_site[problem.offers.site] >= WANTED)


def _offers_in(form: Formulation, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return bool[m]: the offers of the bundles kept."""
    inside = np.zeros(form.problem.offers.count, dtype=bool)
    chosen = form.bundles.offer[kept]
    inside[chosen[chosen >= 0]] = True
    return inside


def _among(problem: SitingProblem, offers: NDArray[np.bool_]) -> SitingProblem:
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
