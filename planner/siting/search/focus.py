"""Large problems: bound every plan over the buildings alone, grow and merge plans, and close in from both sides.

1. The relaxation over buildings (`cuts`) bounds every plan, and shows how far each building is wanted.
2. Plans are grown and merged with what is wanted (`merge`).
3. The tree is searched for what no plan is worth more than; now and then plans are merged again.

Where that would be too large, or the rules are none that it knows, prices (`prices`) bound every plan and show the way to a small
problem that a solver plans. In either case what remains is the problem of all that is not proven useless.
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from planner.siting.arrays import sums_by
from planner.siting.cuts.buildings import Buildings, lay_out, needs_counting
from planner.siting.cuts.root import bound_at_root
from planner.siting.cuts.tree import Search, Tree
from planner.siting.programme.formulation import Formulation, formulate
from planner.siting.programme.solver import solve_model
from planner.siting.programme.states import bundle_values
from planner.siting.search.merge import Merging, among
from planner.siting.search.prices import Priced, Prices, can_price
from planner.siting.search.warm import Grower

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.cuts.part import Candidate
    from planner.siting.cuts.root import Root
    from planner.siting.programme.solver import Progress
    from planner.siting.question.outcome import SolverSettings
    from planner.siting.question.problem import SitingProblem

__all__ = ["Focused", "beyond_shortcuts", "focus", "worth_focusing"]

LARGE = 60_000
"""From so many flows and set members on, a problem is looked at this way first."""

FIRST_STEPS, MORE_STEPS = 250, 600
SPARE_SITES = ((5, 0.25), (12, 0.25))
"""How many sites are looked at beyond as many as are wanted on average, and for what part of the time; then wider."""

MOST_BUNDLES = 20_000
"""Beyond so many bundles a plan takes too long to grow and the relaxation to solve; prices show the way alone."""

MOST_MEMBERS = 2_400_000
"""The same for pairs of people and sites within the circles."""

BOUND_SHARE = 0.35
"""What part of the time the first bound may take."""

STILL_MERGES = 1
"""Merges without a better plan after which the tree is searched."""

FIRST_SLICE, LONGER = 20, 2
"""Parts of the tree looked at before plans are merged again, and by how much longer each time."""

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
    bound_from: Literal["tree", "prices"]
    nodes: int
    interrupted: bool


def beyond_shortcuts(problem: SitingProblem) -> bool:
    """Say whether coverage is asked of so many people and sites that the tree closes in on it sooner than searches by swaps."""
    return problem.goals[0].kind == "coverage" and LARGE <= _members(problem) <= MOST_MEMBERS


def _members(problem: SitingProblem) -> int:
    return sum(len(demand.reach.site) * len(demand.cutoffs_s) for demand in problem.demands) * problem.n_periods


def worth_focusing(form: Formulation) -> bool:
    """Say whether the problem is large, and one that is understood here, for coverage first and costs after."""
    problem = form.problem
    kinds = [goal.kind for goal in problem.goals]
    walks = any(goal.walks for goal in problem.goals)
    if kinds[0] != "coverage" or "furthest" in kinds or walks:
        return False
    size = form.flows.count + len(form.needs.sets_slot)
    return size * problem.n_periods >= LARGE and (can_price(problem) or _can_cut(form))


def _can_cut(form: Formulation) -> bool:
    """Say whether the programme over buildings understands the rules of ``form``, and is small enough."""
    problem = form.problem
    if problem.rules.spreads or form.slots.competitor.any():
        return False
    if form.limited.any() and not can_price(problem):
        return False
    small = _members(problem) <= MOST_MEMBERS and form.bundles.count * problem.n_periods <= MOST_BUNDLES
    return bool(small and form.bundles.count)


def focus(form: Formulation, settings: SolverSettings, progress: Progress | None) -> Focused | None:
    """Return the narrower problem; None when no plan was found among the buildings looked at."""
    if _can_cut(form):
        return _ByTree(form, settings, progress).narrowed()
    return _ByPrices(form, settings, progress).narrowed()


class _ByTree:
    """One look at a large problem through the tree."""

    def __init__(self, form: Formulation, settings: SolverSettings, progress: Progress | None) -> None:
        self._form = form
        self._settings = settings
        self._progress = progress
        self._began = time.perf_counter()
        self._ends = self._began + settings.time_limit_s
        self._judge = self._counted if needs_counting(form) else None
        self._bound = np.inf
        self._nodes = 0
        self._merging: Merging | None = None

    def narrowed(self) -> Focused | None:
        """Bound, merge, and search until the gap is closed or time is up; Ctrl-C ends it with the best plan, once there is one."""
        buildings = Buildings(lay_out(self._form))
        root = bound_at_root(buildings, seconds=BOUND_SHARE * self._settings.time_limit_s, told=self._told)
        if root is None:
            return None
        self._bound = root.bound
        tree = Tree([buildings, *(buildings.copy() for _ in range(1, max(self._settings.threads, 1)))])
        gap = self._settings.gap
        merging = self._merging = Merging(
            self._form, tree, Grower.on(self._form), seed=self._settings.seed, gap=gap / 4, judge=self._judge
        )
        interrupted = False
        try:
            self._close_in(root, tree, merging)
        except KeyboardInterrupt:
            if merging.best is None:
                raise
            interrupted = True
        best = merging.best
        if best is None:
            return None
        problem = self._form.problem
        # A hair below the plan in hand, so that it and its equals stay inside.
        needed = best.worth - (1e-6 + problem.goals[0].tolerance) * abs(best.worth)
        opened = _opened(problem, best.states)
        kept = _offers_in(self._form, root.reach >= needed) | opened
        bound = max(self._bound, best.worth)
        return Focused(
            problem=among(problem, kept),
            alone=among(problem, opened),
            states=best.states,
            worth=best.worth,
            bound=bound,
            bound_from="tree",
            nodes=self._nodes,
            interrupted=interrupted,
        )

    def _close_in(self, root: Root, tree: Tree, merging: Merging) -> None:
        wanted = _offers_in(self._form, root.often >= SELDOM)
        while merging.still < STILL_MERGES and not self._done():
            merging.turn(wanted, self._ends)
            self._told(self._bound)
        search = Search(tree, gap=self._settings.gap, judge=self._judge)
        parts = FIRST_SLICE
        while not self._done() and not search.over:
            if merging.best is not None:
                search.know(merging.best.worth)
            search.run(self._ends, parts, lambda: self._seen(search, merging))
            self._seen(search, merging)
            parts *= LONGER
            if not self._done() and not search.over:
                merging.turn(wanted, self._ends)

    def _seen(self, search: Search, merging: Merging) -> None:
        self._bound, self._nodes = min(self._bound, search.bound), search.nodes
        if search.best is not None and (merging.best is None or search.best.worth > merging.best.worth):
            merging.take(search.best)
        self._told(self._bound)

    def _done(self) -> bool:
        best = None if self._merging is None else self._merging.best
        closed = best is not None and self._bound - best.worth <= self._settings.gap * abs(best.worth)
        return closed or time.perf_counter() > self._ends

    def _counted(self, plan: Candidate) -> float | None:
        """Return what a plan is worth when every rule about who goes where is kept, too."""
        alone = formulate(among(self._form.problem, _opened(self._form.problem, plan.states)))
        part = dataclasses.replace(self._settings, time_limit_s=max(self._ends - time.perf_counter(), 1.0))
        start = bundle_values(alone, plan.states)
        solution = solve_model(alone.builder.build(alone.coverage()), part, start=start)
        if solution.outcome.interrupted:
            raise KeyboardInterrupt
        return solution.outcome.objective

    def _told(self, bound: float) -> None:
        if self._progress is not None:
            best = None if self._merging is None or self._merging.best is None else self._merging.best.worth
            self._progress(best, bound, time.perf_counter() - self._began)


class _ByPrices:
    """One look at a large problem through prices."""

    def __init__(self, form: Formulation, settings: SolverSettings, progress: Progress | None) -> None:
        self._form = form
        self._settings = settings
        self._progress = progress
        self._began = time.perf_counter()
        self._prices = Prices(form, form.coverage())
        self._priced: Priced | None = None
        self._states: tuple[NDArray[np.int64], ...] = ()
        self._best: float | None = None
        self._interrupted = False

    def narrowed(self) -> Focused | None:
        """Bound, plan, bound again, and leave out what is proven not to help; about three quarters of the time are used at most."""
        seconds = 0.2 * self._settings.time_limit_s
        self._priced = self._prices.descend(FIRST_STEPS, seconds=seconds, told=self._told)
        if self._priced is None:
            return None
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
            problem=among(problem, kept),
            alone=among(problem, opened),
            states=self._states,
            worth=best,
            bound=self._priced.bound,
            bound_from="prices",
            nodes=0,
            interrupted=self._interrupted,
        )

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
        """Let prices descend further, now that a plan says how far."""
        seconds = 0.1 * self._settings.time_limit_s
        try:
            self._priced = self._prices.descend(MORE_STEPS, plan_worth=self._best, seconds=seconds, told=self._told)
        except KeyboardInterrupt:
            self._interrupted = True

    def _closed(self) -> bool:
        best, priced = self._best, self._priced
        return best is not None and priced is not None and priced.bound - best <= self._settings.gap * abs(best)

    def _told(self, bound: float) -> None:
        if self._progress is not None:
            self._progress(self._best, bound, time.perf_counter() - self._began)


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
