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

from planner.siting.arrays import sums_by
from planner.siting.programme.formulation import Formulation, formulate
from planner.siting.programme.solver import solve_model
from planner.siting.programme.states import bundle_values
from planner.siting.question.rules import Lock
from planner.siting.search.prices import Prices, can_price

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.programme.solver import Progress
    from planner.siting.question.outcome import SolverSettings
    from planner.siting.question.problem import SitingProblem

__all__ = ["Focused", "focus", "worth_focusing"]

LARGE = 60_000
"""From so many flows and set members on, a problem is looked at through prices first."""

FIRST_STEPS, MORE_STEPS = 250, 600
SPARE_SITES = ((5, 0.25), (12, 0.25))
"""How many sites are looked at beyond as many as are wanted on average, and for what part of the time; then wider."""

SELDOM = 0.01
"""What is wanted less often than this at a site is not looked at there."""


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

    About three quarters of the time in ``settings`` is used at most.
    """
    began = time.perf_counter()
    best: float | None = None

    def told(bound: float) -> None:
        if progress is not None:
            progress(best, bound, time.perf_counter() - began)

    problem = form.problem
    prices = Prices(form, form.coverage())
    priced = prices.descend(FIRST_STEPS, seconds=0.2 * settings.time_limit_s, told=told)
    states: tuple[NDArray[np.int64], ...] = ()
    interrupted = False
    for spare, share in SPARE_SITES:
        if priced is None:
            return None
        tried = formulate(_among(problem, _wanted(form, priced.often, spare) | _opened(problem, states)))
        part = dataclasses.replace(settings, time_limit_s=share * settings.time_limit_s, gap=settings.gap / 4)
        start = bundle_values(tried, states) if states else None
        model = tried.builder.build(tried.coverage())
        solution = solve_model(model, part, start=start, progress=_onward(progress, priced.bound, began))
        interrupted = solution.outcome.interrupted
        found = solution.outcome.objective
        if solution.values is not None and found is not None and (best is None or found > best):
            states, best = (tried.chosen_offers(solution.values, 0),), found
        if best is None or interrupted:
            break
        try:
            priced = prices.descend(MORE_STEPS, plan_worth=best, seconds=0.1 * settings.time_limit_s, told=told)
        except KeyboardInterrupt:
            interrupted = True
        if interrupted or (priced is not None and priced.bound - best <= settings.gap * abs(best)):
            break
    if best is None or priced is None:
        return None
    # A hair below the plan in hand, so that it and its equals stay inside.
    needed = best - (1e-6 + problem.goals[0].tolerance) * abs(best)
    narrow = _among(problem, _offers_in(form, priced.reach >= needed) | _opened(problem, states))
    return Focused(narrow, states, best, priced.bound, interrupted)


def _opened(problem: SitingProblem, states: tuple[NDArray[np.int64], ...]) -> NDArray[np.bool_]:
    """Return bool[m]: the offers of the plan in hand."""
    opened = np.zeros(problem.offers.count, dtype=bool)
    for state in states:
        opened[state] = True
    return opened


def _onward(progress: Progress | None, bound: float, began: float) -> Progress | None:
    """Return a progress that tells incumbents of a narrower problem beside the bound on all plans."""
    if progress is None:
        return None
    return lambda found, _bound, _seconds: progress(found, bound, time.perf_counter() - began)


def _wanted(form: Formulation, often: NDArray[np.float64], spare: int) -> NDArray[np.bool_]:
    """Return bool[m]: the offers wanted now and then at the sites that are opened most often."""
    bundles, problem = form.bundles, form.problem
    by_site = sums_by(bundles.site, often * bundles.opens, problem.sites.count)
    count = round(float(by_site.sum())) + spare
    looked_at = np.zeros(problem.sites.count, dtype=bool)
    looked_at[np.argsort(-by_site, kind="stable")[:count]] = True
    return _offers_in(form, looked_at[bundles.site] & (often >= SELDOM))


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
