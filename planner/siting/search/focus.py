"""Large problems: find the few buildings that matter, plan among them, and prove that the rest could not help.

1. A relaxed programme (`relaxed`) or, where that would be too large, prices (`prices`) bound every plan and show how
   often each building is wanted.
2. Plans are grown and merged with what is wanted (`merge`). Where none can be grown, the buildings wanted most make a small
   problem, whose demand points fall into far fewer kinds; a solver plans it.
3. With that plan in hand, the bound proves for many buildings that no plan with them can be better. They are left out for
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
from planner.siting.search.merge import among, merged
from planner.siting.search.prices import Priced, Prices, can_price
from planner.siting.search.relaxed import relaxed, worth_relaxing
from planner.siting.search.warm import Grower

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.programme.solver import Progress
    from planner.siting.question.outcome import SolverSettings
    from planner.siting.question.problem import SitingProblem

__all__ = ["Focused", "focus", "worth_focusing"]

LARGE = 60_000
"""From so many flows and set members on, a problem is looked at this way first."""

FIRST_STEPS, MORE_STEPS = 250, 600
SPARE_SITES = ((5, 0.25), (12, 0.25))
"""How many sites are looked at beyond as many as are wanted on average, and for what part of the time; then wider."""

MOST_BUNDLES = 20_000
"""Beyond so many bundles a plan takes too long to grow and the relaxed programme to solve; prices show the way alone."""

BOUND_SHARE = 0.35
"""What part of the time the first bound may take."""

MERGE_SHARE, PLACES_MERGE_SHARE = 0.5, 0.9
"""What part of what is left after it merging plans may take. Where places are limited the programme of all that is not proven
useless is too slow to add anything in the time after."""

SELDOM = 0.01
"""What is wanted less often than this at a site is not looked at there."""


@dataclass(frozen=True, slots=True, eq=False)
class Focused:
    """The narrower problem that holds every plan as good as ``states``, that plan ``alone``, and the bound on all plans."""

    problem: SitingProblem
    alone: SitingProblem
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
    return _Focus(form, settings, progress).narrowed()


class _Focus:
    """One look at a large problem: the bound and the best plan as they stand."""

    def __init__(self, form: Formulation, settings: SolverSettings, progress: Progress | None) -> None:
        self._form = form
        self._settings = settings
        self._progress = progress
        self._began = time.perf_counter()
        self._prices: Prices | None = None
        self._priced: Priced | None = None
        self._states: tuple[NDArray[np.int64], ...] = ()
        self._best: float | None = None
        self._interrupted = False

    def narrowed(self) -> Focused | None:
        """Bound, plan, bound again, and leave out what is proven not to help."""
        self._bound()
        if self._priced is None:
            return None
        grower = Grower.on(self._form) if self._form.bundles.count <= MOST_BUNDLES else None
        if grower is None or not self._plan_by_merging(grower, self._priced):
            self._plan_among_wanted()
        best = self._best
        if best is None or self._priced is None:
            return None
        problem = self._form.problem
        # A hair below the plan in hand, so that it and its equals stay inside.
        needed = best - (1e-6 + problem.goals[0].tolerance) * abs(best)
        opened = _opened(problem, self._states)
        kept = _offers_in(self._form, self._priced.reach >= needed) | opened
        return Focused(
            among(problem, kept), among(problem, opened), self._states, best, self._priced.bound, self._interrupted
        )

    def _bound(self) -> None:
        seconds = self._settings.time_limit_s
        if self._form.bundles.count <= MOST_BUNDLES and worth_relaxing(self._form):
            self._priced = relaxed(self._form, seconds=BOUND_SHARE * seconds, told=self._told)
        if self._priced is None:
            self._prices = Prices(self._form, self._form.coverage())
            self._priced = self._prices.descend(FIRST_STEPS, seconds=0.2 * seconds, told=self._told)

    def _plan_by_merging(self, grower: Grower, priced: Priced) -> bool:
        left_s = self._settings.time_limit_s - (time.perf_counter() - self._began)
        # Where places are limited every further offer brings rows for all who may go there, and the merge is too slow.
        few = not self._form.flows.count
        wanted = _offers_in(self._form, (priced.often >= SELDOM) & few)
        found = merged(
            self._form,
            grower,
            self._settings,
            seconds=(MERGE_SHARE if few else PLACES_MERGE_SHARE) * left_s,
            bound=priced.bound,
            wanted=wanted,
            told=lambda worth: self._told(priced.bound, worth),
        )
        if found is None:
            return False
        self._states, self._best, self._interrupted = (found.offers,), found.worth, found.interrupted
        if not self._interrupted and not self._closed():
            self._bound_again()
        return True

    def _plan_among_wanted(self) -> None:
        settings, problem = self._settings, self._form.problem
        for spare, share in SPARE_SITES:
            if self._priced is None:
                return
            wanted = _wanted(self._form, self._priced.often, spare)
            tried = formulate(among(problem, wanted | _opened(problem, self._states)))
            part = dataclasses.replace(settings, time_limit_s=share * settings.time_limit_s, gap=settings.gap / 4)
            start = bundle_values(tried, self._states) if self._states else None
            onward = _onward(self._progress, self._priced.bound, self._began)
            solution = solve_model(tried.builder.build(tried.coverage()), part, start=start, progress=onward)
            self._interrupted = solution.outcome.interrupted
            found = solution.outcome.objective
            if solution.values is not None and found is not None and (self._best is None or found > self._best):
                self._states, self._best = (tried.chosen_offers(solution.values, 0),), found
            if self._best is None or self._interrupted:
                return
            self._bound_again()
            if self._interrupted or self._closed():
                return

    def _bound_again(self) -> None:
        """Let prices descend further, now that a plan says how far; a relaxed programme has said all it can."""
        if self._prices is None:
            return
        seconds = 0.1 * self._settings.time_limit_s
        try:
            self._priced = self._prices.descend(MORE_STEPS, plan_worth=self._best, seconds=seconds, told=self._told)
        except KeyboardInterrupt:
            self._interrupted = True

    def _closed(self) -> bool:
        best, priced = self._best, self._priced
        return best is not None and priced is not None and priced.bound - best <= self._settings.gap * abs(best)

    def _told(self, bound: float, worth: float | None = None) -> None:
        if self._progress is not None:
            self._progress(self._best if worth is None else worth, bound, time.perf_counter() - self._began)


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
