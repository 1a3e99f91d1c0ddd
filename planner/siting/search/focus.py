"""Large problems: bound every plan over the buildings alone, grow and merge plans, and close in from both sides.

1. The relaxation over buildings (`cuts`) bounds every plan, and shows how far each building is wanted.
2. Plans are grown and merged with what is wanted (`merge`).
3. The tree is searched for what no plan is worth more than; now and then plans are merged again.

What remains for the goals after coverage is the problem of all that is not proven useless.
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.counting.evaluate import count
from planner.siting.cuts.buildings import Buildings
from planner.siting.cuts.ground import lay_out, needs_counting
from planner.siting.cuts.part import Candidate
from planner.siting.cuts.root import bound_at_root
from planner.siting.cuts.tree import Search, Tree
from planner.siting.programme.flows import limited_services
from planner.siting.programme.formulation import Formulation, formulate
from planner.siting.programme.linear import Expression
from planner.siting.programme.solver import solve_model
from planner.siting.programme.states import bundle_values
from planner.siting.programme.verified import in_hand, objective_at
from planner.siting.search.hold import column_bound, held
from planner.siting.search.merge import LOOKS, Merging, among
from planner.siting.search.seated import begun_with, seated
from planner.siting.search.swaps import Swaps
from planner.siting.search.warm import Grower

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.cuts.root import Root
    from planner.siting.programme.solver import Progress
    from planner.siting.question.outcome import SolverSettings
    from planner.siting.question.plan import Plan
    from planner.siting.question.problem import SitingProblem

__all__ = ["Focused", "beyond_shortcuts", "focus", "worth_focusing"]

LARGE = 10_000
"""From so many flows and set members on, over all periods, a problem is looked at this way first. Below, HiGHS is as quick."""

BEYOND_SHORTCUTS = 60_000
"""From so many people, sites and circles on, pure coverage is looked at this way before the searches by swaps."""

BOUND_SHARE = 0.35
"""What part of the time the first bound may take."""

ANY_PLAN_SHARE = 0.1
"""What part of the time any plan is looked for with, where none was met while plans were merged."""

STILL_MERGES = 1
"""Merges without a better plan after which the tree is searched."""

COUNTING_SHARE = 0.01
"""What part of the time, up to a second, a plan may be counted with that was met when time was up."""

BEGUN_SHARE = 0.15
"""What part of the time may be taken to see who goes where in the plan begun with, so that there is one in hand."""

MANY_FLOWS = 100_000
"""From so many ways to go somewhere on, in one plan alone, greedy places do for the plan begun with: the best ones take too long."""

GROWN_SHARE = 0.3
"""What part of the time has passed at most when the plan to begin with is grown."""

FIRST_TURNS, SWAP_SHARE = 12, 0.15
"""Turns of the search by swaps before the first bound and again after it, and what part of the time they may take each time."""

PARTS_PER_TURN, LOOKS_PER_TURN = 4, 1
"""A turn of the search by swaps follows on each so many parts of the tree, and on so many looks at parts while plans are merged."""

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
    nodes: int
    interrupted: bool


def beyond_shortcuts(problem: SitingProblem) -> bool:
    """Say whether coverage is asked of so many people and sites that the tree closes in on it sooner than searches by swaps."""
    members = sum(len(demand.reach.site) * len(demand.cutoffs_s) for demand in problem.demands) * problem.n_periods
    return problem.goals[0].kind == "coverage" and members >= BEYOND_SHORTCUTS


def worth_focusing(form: Formulation) -> bool:
    """Say whether the problem is large, and one whose every rule the programme over buildings understands, coverage first."""
    problem = form.problem
    kinds = [goal.kind for goal in problem.goals]
    walks = any(goal.walks for goal in problem.goals)
    if kinds[0] != "coverage" or "furthest" in kinds or walks or form.slots.competitor.any():
        return False
    limited = limited_services(problem)
    ways = problem.rules.assignment or ("split",) * problem.n_services
    divided = all(way == "split" for way, limits in zip(ways, limited, strict=True) if limits)
    if not divided:
        return False
    size = form.flows.count + len(form.needs.sets_slot)
    return bool(form.bundles.count) and size * problem.n_periods >= LARGE


def focus(
    form: Formulation, settings: SolverSettings, progress: Progress | None, start: Plan | None = None
) -> Focused | None:
    """Return the narrower problem; None when no plan was found among the buildings looked at. ``start`` is a plan in hand."""
    begin = None if start is None or not start.found else np.unique(np.concatenate(start.states))
    return _Look(form, settings, progress, begin).narrowed()


class _Look:
    """One look at a large problem through the tree."""

    def __init__(
        self,
        form: Formulation,
        settings: SolverSettings,
        progress: Progress | None,
        begin: NDArray[np.int64] | None,
    ) -> None:
        self._form = form
        self._begin = begin
        self._settings = settings
        self._progress = progress
        self._began = time.perf_counter()
        self._ends = self._began + settings.time_limit_s
        self._judge = self._counted if needs_counting(form) else None
        self._least_s = min(1.0, COUNTING_SHARE * settings.time_limit_s)
        self._bound = np.inf
        self._nodes = 0
        self._merging: Merging | None = None
        self._first: Candidate | None = None
        self._root: Root | None = None
        self._hopeless = False
        self._swaps: Swaps | None = None
        self._swaps_at = self._looks = 0

    def narrowed(self) -> Focused | None:
        """Look; Ctrl-C ends it with the best plan, once there are one and a bound."""
        interrupted = False
        try:
            self._look()
        except KeyboardInterrupt:
            if self._best is None or np.isinf(self._bound):
                raise
            interrupted = True
        best = self._best
        if best is None or np.isinf(self._bound):
            return None
        problem = self._form.problem
        # A hair below the plan in hand, so that it and its equals stay inside.
        needed = best.worth - (1e-6 + problem.goals[0].tolerance) * abs(best.worth)
        opened = _opened(problem, best.states)
        # Without a root nothing is known of the others, and all of them stay.
        reach = np.ones(self._form.bundles.count, dtype=bool) if self._root is None else self._root.reach >= needed
        kept = _offers_in(self._form, reach) | opened
        return Focused(
            problem=among(problem, kept),
            alone=among(problem, opened),
            states=best.states,
            worth=best.worth,
            bound=max(self._bound, best.worth),
            nodes=self._nodes,
            interrupted=interrupted,
        )

    @property
    def _best(self) -> Candidate | None:
        """The best plan in hand."""
        return self._first if self._merging is None else self._merging.best

    def _look(self) -> None:
        """Bound, merge, and search until the gap is closed or time is up."""
        self._swaps = Swaps.on(self._form.problem, self._settings.seed, lambda: not self._over())
        if self._swaps is not None:
            self._swap(self._swaps, FIRST_TURNS, time.perf_counter() + SWAP_SHARE * self._settings.time_limit_s)
        grower = Grower.on(self._form)
        if grower is not None and self._begin is None:
            self._grow(grower)
        ground = lay_out(self._form)
        buildings = Buildings(ground)
        seconds = min(BOUND_SHARE * self._settings.time_limit_s, self._ends - time.perf_counter())
        root = bound_at_root(buildings, seconds=seconds, told=self._told)
        if root is None and not buildings.infeasible and (sure := column_bound(ground.model)) is not None:
            self._told(sure)
        if root is None:
            return
        self._root = root
        tree = Tree([buildings, *(buildings.copy() for _ in range(1, max(self._settings.threads, 1)))])
        self._merging = Merging(
            self._form,
            tree,
            grower,
            seed=self._settings.seed,
            gap=self._settings.gap / 4,
            judge=self._judge,
            begin=self._begin,
            first=self._first,
            told=self._merged,
        )
        self._close_in(root, tree, self._merging)

    def _grow(self, grower: Grower) -> None:
        """Grow a plan to begin with: it is in hand at once where nobody has to find a place."""
        grown = grower.keeping_floors(
            self._settings.seed, LOOKS, self._began + GROWN_SHARE * self._settings.time_limit_s
        )
        if grown is None:
            return
        self._begin = grown.offers
        plan = Candidate((grown.offers,), 0.0)
        counted = count(self._form.problem, grown.offers)
        if counted.broken:
            return
        if self._form.limited.any():
            worth = self._counted(plan, BEGUN_SHARE * self._settings.time_limit_s, quickly=True)
        else:
            worth = counted.worth
        if worth is not None:
            self._first = Candidate(plan.states, worth)
            self._told(np.inf)

    def _swap(self, swaps: Swaps, turns: int, ends: float) -> None:
        """Search by swaps for so many turns, or until the clock stands at ``ends``, and take over what is better."""
        for _ in range(turns):
            self._take_swapped(swaps)
            if self._done() or time.perf_counter() > ends:
                return
            swaps.turn()
        self._take_swapped(swaps)

    def _merged(self) -> None:
        """Go on with the search by swaps while plans are merged."""
        self._told(self._bound)
        self._looks += 1
        if self._swaps is not None and self._merging is not None and self._looks % LOOKS_PER_TURN == 0:
            self._swaps.take(self._best)
            self._swap(self._swaps, 1, self._ends)

    def _take_swapped(self, swaps: Swaps) -> None:
        found, best = swaps.best(), self._best
        if best is not None and found.worth <= best.worth:
            return
        if self._merging is None:
            self._first, self._begin = found, found.states[0]
        else:
            self._merging.take(found)
        self._told(self._bound)

    def _over(self) -> bool:
        return time.perf_counter() > self._ends

    def _close_in(self, root: Root, tree: Tree, merging: Merging) -> None:
        wanted = _offers_in(self._form, root.often >= SELDOM)
        if self._swaps is not None:
            self._swap(self._swaps, FIRST_TURNS, time.perf_counter() + SWAP_SHARE * self._settings.time_limit_s)
        while merging.still < STILL_MERGES and not self._done():
            merging.turn(wanted, self._ends)
        if merging.best is None and not self._done():
            any_plan = self._any_plan()
            if any_plan is None and self._hopeless:
                return
            if any_plan is not None:
                merging.take(any_plan)
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

    def _any_plan(self) -> Candidate | None:
        """Return any plan that keeps every rule, from HiGHS, which is quick to find one or to prove that there is none."""
        form = self._form
        part = dataclasses.replace(self._settings, time_limit_s=ANY_PLAN_SHARE * self._settings.time_limit_s)
        solution = solve_model(form.builder.build(Expression.total([])), part)
        if solution.outcome.interrupted:
            raise KeyboardInterrupt
        self._hopeless = solution.outcome.status == "infeasible"
        if solution.values is None:
            return None
        states = tuple(form.chosen_offers(solution.values, period) for period in range(form.problem.n_periods))
        worth = self._counted(Candidate(states, 0.0))
        return None if worth is None else Candidate(states, worth)

    def _seen(self, search: Search, merging: Merging) -> None:
        self._nodes = search.nodes
        if self._swaps is not None and search.nodes >= self._swaps_at and not self._done():
            self._swaps.take(merging.best)
            self._swap(self._swaps, 1, self._ends)
            self._swaps_at = search.nodes + PARTS_PER_TURN
            if merging.best is not None:
                search.know(merging.best.worth)
        if search.best is not None and (merging.best is None or search.best.worth > merging.best.worth):
            merging.take(search.best)
        self._told(search.bound)

    def _done(self) -> bool:
        best = self._best
        closed = best is not None and self._bound - best.worth <= self._settings.gap * abs(best.worth)
        return closed or self._over()

    def _counted(self, plan: Candidate, seconds: float = np.inf, *, quickly: bool = False) -> float | None:
        """Return what a plan is worth when every rule about who goes where is kept, too; ``quickly`` what it is at least, if that takes long."""
        alone = formulate(among(self._form.problem, _opened(self._form.problem, plan.states)))
        part = dataclasses.replace(
            self._settings, time_limit_s=min(max(self._ends - time.perf_counter(), self._least_s), seconds)
        )
        bundles = bundle_values(alone, plan.states)
        chosen = np.flatnonzero(bundles > 0.5)
        alone.builder.add_rows("settled", len(chosen), [(np.arange(len(chosen)), chosen, 1.0)], lower=1.0)
        model, start = alone.builder.build(alone.coverage()), seated(alone, bundles)
        if quickly and alone.flows.count > MANY_FLOWS and (known := in_hand(model, start)) is not None:
            return objective_at(model, known)
        solution = solve_model(model, part, start=begun_with(alone, model, start))
        solution = held(model, solution, start, self._settings.gap)
        if solution.outcome.interrupted:
            raise KeyboardInterrupt
        return solution.outcome.objective

    def _told(self, bound: float) -> None:
        self._bound = min(self._bound, bound)
        if self._progress is not None:
            found = None if self._best is None else self._best.worth
            known = None if np.isinf(self._bound) else self._bound
            self._progress(found, known, time.perf_counter() - self._began)


def _opened(problem: SitingProblem, states: tuple[NDArray[np.int64], ...]) -> NDArray[np.bool_]:
    """Return bool[m]: the offers of the plan in hand."""
    opened = np.zeros(problem.offers.count, dtype=bool)
    for state in states:
        opened[state] = True
    return opened


def _offers_in(form: Formulation, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return bool[m]: the offers of the bundles kept."""
    inside = np.zeros(form.problem.offers.count, dtype=bool)
    chosen = form.bundles.offer[kept]
    inside[chosen[chosen >= 0]] = True
    return inside
