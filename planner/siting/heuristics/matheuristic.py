"""Matheuristic for large coverage problems: Benders bound, CMSA, tabu search and branch and cut.

1. The relaxation over buildings (`planner.siting.benders`) bounds every plan, and shows how far each bundle is chosen.
2. Plans are constructed and merged (`planner.siting.heuristics.cmsa`), beside a tabu search where only numbers bind.
3. The tree is searched; now and then plans are merged again.

The goals after coverage are solved on the problem of all offers that are not proven useless.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.benders.master import MasterProblem, build_master, needs_recount
from planner.siting.benders.node import Candidate
from planner.siting.benders.tree import MasterPool, TreeSearch, bound_at_root
from planner.siting.heuristics.cmsa import EVALUATIONS, Cmsa, restricted_to
from planner.siting.heuristics.ruin_recreate import PlanConstructor
from planner.siting.mip.checks import bound_from_columns, feasible_incumbent, keep_incumbent, objective_at
from planner.siting.mip.constraints import formulate
from planner.siting.mip.linear import Expression
from planner.siting.mip.repair import warm_start, with_greedy_flows
from planner.siting.mip.solver import solve_model
from planner.siting.mip.variables import Formulation, bundle_values
from planner.siting.p_median.instance import coverage_instance, find_candidate_units, subinstance
from planner.siting.p_median.tabu_search import MultiStart
from planner.siting.verify.evaluate import evaluate_offers

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.siting.arrays import BoolArray, IntArray
    from planner.siting.benders.tree import Root
    from planner.siting.model.data import SolverSettings
    from planner.siting.model.plan import Plan, Progress
    from planner.siting.model.problem import SitingProblem
    from planner.siting.p_median.instance import CandidateUnits, PMedianInstance


LARGE = 10_000
"""Number of flows and set members, over all periods, from which the matheuristic is used. Below, HiGHS is as quick."""

BEYOND_SHORTCUTS = 60_000
"""Number of pairs and circles from which pure coverage uses the matheuristic instead of p-median methods."""

BOUND_SHARE = 0.35
"""Share of the time limit for the root bound."""

ANY_PLAN_SHARE = 0.1
"""Share of the time limit to find any feasible plan, where CMSA has found none."""

STALLED_MERGES = 1
"""Merges without improvement after which the tree is searched."""

COUNTING_SHARE = 0.01
"""Share of the time limit, up to a second, for the assignment of a plan found at the deadline."""

START_SHARE = 0.15
"""Share of the time limit for the assignment of the first plan."""

MANY_FLOWS = 100_000
"""Number of flows from which the greedy assignment of the first plan is kept: the optimal one takes too long."""

CONSTRUCT_SHARE = 0.3
"""Share of the time limit for the construction of the first plan."""

FIRST_ITERATIONS, TABU_SHARE = 12, 0.15
"""Tabu iterations before the root bound and again after it, and their share of the time limit each time."""

NODES_PER_TABU, MERGES_PER_TABU = 4, 1
"""Nodes of the tree, and merges, between two tabu iterations."""

FIRST_NODES, NODES_FACTOR = 20, 2
"""Nodes of the tree before plans are merged again, and the factor by which they grow each time."""

MIN_SHARE = 0.01
"""Relaxation value from which a bundle is a candidate."""


@dataclass(frozen=True, slots=True, eq=False)
class ReducedProblem:
    """The reduced problem that holds every plan as good as ``states``, the problem of that plan ``alone``, and the bound on all plans."""

    problem: SitingProblem
    alone: SitingProblem
    states: tuple[IntArray, ...]
    worth: float
    bound: float
    nodes: int
    interrupted: bool


def exceeds_shortcuts(problem: SitingProblem) -> bool:
    """Return whether coverage is asked of so many people and sites that the tree is quicker than p-median methods."""
    members = sum(len(demand.reach.site) * len(demand.cutoffs_s) for demand in problem.demands) * problem.n_periods
    return problem.goals[0].kind == "coverage" and members >= BEYOND_SHORTCUTS


def suits_matheuristic(form: Formulation) -> bool:
    """Return whether the problem is large, coverage comes first, and the master problem represents its every rule."""
    problem = form.problem
    kinds = [goal.kind for goal in problem.goals]
    walks = any(goal.walks for goal in problem.goals)
    if kinds[0] != "coverage" or "furthest" in kinds or walks or form.slots.competitor.any():
        return False
    if not problem.assigned_by("split")[form.capacitated].all():
        return False
    size = form.flows.count + len(form.cover_sets.sets_slot)
    return bool(form.bundles.count) and size * problem.n_periods >= LARGE


def reduce_large_problem(
    form: Formulation, settings: SolverSettings, progress: Progress | None, start: Plan | None = None
) -> ReducedProblem | None:
    """Return the reduced problem; None when no plan was found. ``start`` is a known plan."""
    start_offers = None if start is None or not start.found else np.unique(np.concatenate(start.states))
    return _Matheuristic(form, settings, progress, start_offers).run()


class _Matheuristic:
    """One run of the matheuristic on a large problem."""

    def __init__(
        self, form: Formulation, settings: SolverSettings, progress: Progress | None, start_offers: IntArray | None
    ) -> None:
        self._form = form
        self._start = start_offers
        self._settings = settings
        self._progress = progress
        self._started = time.perf_counter()
        self._deadline = self._started + settings.time_limit_s
        self._evaluate = self._value_with_assignment if needs_recount(form) else None
        self._least_s = min(1.0, COUNTING_SHARE * settings.time_limit_s)
        self._bound = np.inf
        self._nodes = 0
        self._cmsa: Cmsa | None = None
        self._incumbent: Candidate | None = None
        self._root: Root | None = None
        self._infeasible = False
        self._tabu: CoverageTabuSearch | None = None
        self._next_tabu_node = self._rounds = 0

    def run(self) -> ReducedProblem | None:
        """Run; Ctrl-C ends it with the best plan, once there are one and a bound."""
        interrupted = False
        try:
            self._run()
        except KeyboardInterrupt:
            if self._best is None or np.isinf(self._bound):
                raise
            interrupted = True
        best = self._best
        if best is None or np.isinf(self._bound):
            return None
        problem = self._form.problem
        # Slightly below the incumbent, so that it and its equals stay inside.
        needed = best.worth - (1e-6 + problem.goals[0].tolerance) * abs(best.worth)
        opened = _offers_of_plan(problem, best.states)
        # Without a root bound no bundle can be excluded.
        needed_bundles = (
            np.ones(self._form.bundles.count, dtype=bool) if self._root is None else self._root.bound_with >= needed
        )
        kept = _offers_in(self._form, needed_bundles) | opened
        return ReducedProblem(
            problem=restricted_to(problem, kept),
            alone=restricted_to(problem, opened),
            states=best.states,
            worth=best.worth,
            bound=max(self._bound, best.worth),
            nodes=self._nodes,
            interrupted=interrupted,
        )

    @property
    def _best(self) -> Candidate | None:
        """The incumbent."""
        return self._incumbent if self._cmsa is None else self._cmsa.best

    def _run(self) -> None:
        """Bound, merge, and search until the gap is closed or time is up."""
        self._tabu = CoverageTabuSearch.for_problem(
            self._form.problem, self._settings.seed, lambda: not self._timed_out()
        )
        if self._tabu is not None:
            self._run_tabu(self._tabu, FIRST_ITERATIONS, time.perf_counter() + TABU_SHARE * self._settings.time_limit_s)
        constructor = PlanConstructor.for_form(self._form)
        if constructor is not None and self._start is None:
            self._construct(constructor)
        base = build_master(self._form)
        master = MasterProblem(base)
        seconds = min(BOUND_SHARE * self._settings.time_limit_s, self._deadline - time.perf_counter())
        root = bound_at_root(master, seconds=seconds, on_bound=self._report)
        if root is None and not master.infeasible and (column_bound := bound_from_columns(base.model)) is not None:
            self._report(column_bound)
        if root is None:
            return
        self._root = root
        pool = MasterPool([master, *(master.copy() for _ in range(1, max(self._settings.threads, 1)))])
        self._cmsa = Cmsa(
            self._form,
            pool,
            constructor,
            seed=self._settings.seed,
            gap=self._settings.gap / 4,
            evaluate=self._evaluate,
            start=self._start,
            first=self._incumbent,
            on_step=self._on_merge,
        )
        self._close_gap(root, pool, self._cmsa)

    def _construct(self, constructor: PlanConstructor) -> None:
        """Construct the first plan: it is the incumbent at once where capacity does not bind."""
        constructed = constructor.construct_feasible(
            self._settings.seed, EVALUATIONS, self._started + CONSTRUCT_SHARE * self._settings.time_limit_s
        )
        if constructed is None:
            return
        self._start = constructed.offers
        plan = Candidate((constructed.offers,), 0.0)
        counted = evaluate_offers(self._form.problem, constructed.offers)
        if counted.broken:
            return
        if self._form.capacitated.any():
            worth = self._value_with_assignment(plan, START_SHARE * self._settings.time_limit_s, approximate=True)
        else:
            worth = counted.worth
        if worth is not None:
            self._incumbent = Candidate(plan.states, worth)
            self._report(np.inf)

    def _run_tabu(self, tabu: CoverageTabuSearch, iterations: int, deadline: float) -> None:
        """Run so many tabu iterations, or until the clock is at ``deadline``, and adopt improvements."""
        for _ in range(iterations):
            self._adopt_swapped(tabu)
            if self._done() or time.perf_counter() > deadline:
                return
            tabu.iterate()
        self._adopt_swapped(tabu)

    def _on_merge(self) -> None:
        """Continue the tabu search between merges."""
        self._report(self._bound)
        self._rounds += 1
        if self._tabu is not None and self._cmsa is not None and self._rounds % MERGES_PER_TABU == 0:
            self._tabu.adopt(self._best)
            self._run_tabu(self._tabu, 1, self._deadline)

    def _adopt_swapped(self, tabu: CoverageTabuSearch) -> None:
        found, best = tabu.best(), self._best
        if best is not None and found.worth <= best.worth:
            return
        if self._cmsa is None:
            self._incumbent, self._start = found, found.states[0]
        else:
            self._cmsa.adopt(found)
        self._report(self._bound)

    def _timed_out(self) -> bool:
        return time.perf_counter() > self._deadline

    def _close_gap(self, root: Root, pool: MasterPool, cmsa: Cmsa) -> None:
        candidates = _offers_in(self._form, root.chosen_share >= MIN_SHARE)
        if self._tabu is not None:
            self._run_tabu(self._tabu, FIRST_ITERATIONS, time.perf_counter() + TABU_SHARE * self._settings.time_limit_s)
        while cmsa.stagnation < STALLED_MERGES and not self._done():
            cmsa.iterate(candidates, self._deadline)
        if cmsa.best is None and not self._done():
            any_plan = self._any_plan()
            if any_plan is None and self._infeasible:
                return
            if any_plan is not None:
                cmsa.adopt(any_plan)
        search = TreeSearch(pool, gap=self._settings.gap, evaluate=self._evaluate)
        nodes = FIRST_NODES
        while not self._done() and not search.exhausted:
            if cmsa.best is not None:
                search.update_incumbent(cmsa.best.worth)
            search.run(self._deadline, nodes, lambda: self._on_nodes(search, cmsa))
            self._on_nodes(search, cmsa)
            nodes *= NODES_FACTOR
            if not self._done() and not search.exhausted:
                cmsa.iterate(candidates, self._deadline)

    def _any_plan(self) -> Candidate | None:
        """Return any feasible plan from HiGHS, which is quick to find one or to prove that there is none."""
        form = self._form
        limited_settings = self._settings.within(ANY_PLAN_SHARE * self._settings.time_limit_s)
        solution = solve_model(form.builder.build(Expression.total([])), limited_settings)
        if solution.outcome.interrupted:
            raise KeyboardInterrupt
        self._infeasible = solution.outcome.status == "infeasible"
        if solution.values is None:
            return None
        states = tuple(form.chosen_offers(solution.values, period) for period in range(form.problem.n_periods))
        worth = self._value_with_assignment(Candidate(states, 0.0))
        return None if worth is None else Candidate(states, worth)

    def _on_nodes(self, search: TreeSearch, cmsa: Cmsa) -> None:
        self._nodes = search.nodes
        if self._tabu is not None and search.nodes >= self._next_tabu_node and not self._done():
            self._tabu.adopt(cmsa.best)
            self._run_tabu(self._tabu, 1, self._deadline)
            self._next_tabu_node = search.nodes + NODES_PER_TABU
            if cmsa.best is not None:
                search.update_incumbent(cmsa.best.worth)
        if search.best is not None and (cmsa.best is None or search.best.worth > cmsa.best.worth):
            cmsa.adopt(search.best)
        self._report(search.bound)

    def _done(self) -> bool:
        best = self._best
        closed = best is not None and self._bound - best.worth <= self._settings.gap * abs(best.worth)
        return closed or self._timed_out()

    def _value_with_assignment(
        self, plan: Candidate, seconds: float = np.inf, *, approximate: bool = False
    ) -> float | None:
        """Return the worth of a plan with every rule of assignment kept; with ``approximate`` a lower bound where that takes long."""
        alone = formulate(restricted_to(self._form.problem, _offers_of_plan(self._form.problem, plan.states)))
        limited_settings = self._settings.within(min(max(self._deadline - time.perf_counter(), self._least_s), seconds))
        bundles = bundle_values(alone, plan.states)
        chosen = np.flatnonzero(bundles > 0.5)
        alone.builder.add_rows("settled", len(chosen), [(np.arange(len(chosen)), chosen, 1.0)], lower=1.0)
        model, start = alone.builder.build(alone.coverage()), with_greedy_flows(alone, bundles)
        if (
            approximate
            and alone.flows.count > MANY_FLOWS
            and (incumbent := feasible_incumbent(model, start)) is not None
        ):
            return objective_at(model, incumbent)
        solution = solve_model(model, limited_settings, start=warm_start(alone, model, start))
        solution = keep_incumbent(model, solution, start, self._settings.gap)
        if solution.outcome.interrupted:
            raise KeyboardInterrupt
        return solution.outcome.objective

    def _report(self, bound: float) -> None:
        self._bound = min(self._bound, bound)
        if self._progress is not None:
            found = None if self._best is None else self._best.worth
            known_bound = None if np.isinf(self._bound) else self._bound
            self._progress(found, known_bound, time.perf_counter() - self._started)


def _offers_of_plan(problem: SitingProblem, states: tuple[IntArray, ...]) -> BoolArray:
    """Return bool[m]: the offers of the incumbent."""
    opened = np.zeros(problem.offers.count, dtype=bool)
    for state in states:
        opened[state] = True
    return opened


def _offers_in(form: Formulation, kept: BoolArray) -> BoolArray:
    """Return bool[m]: the offers of the bundles kept."""
    inside = np.zeros(form.problem.offers.count, dtype=bool)
    chosen = form.bundles.offer[kept]
    inside[chosen[chosen >= 0]] = True
    return inside


class CoverageTabuSearch:
    """Tabu search with restarts for a coverage problem; iterations are counted, so results are deterministic."""

    def __init__(
        self, problem: SitingProblem, units: CandidateUnits, instance: PMedianInstance, search: MultiStart
    ) -> None:
        self._problem = problem
        self._units = units
        self._instance = instance
        self._search = search
        self._free = np.setdiff1d(np.arange(units.count), units.forced)
        self._adopted: Candidate | None = None

    @staticmethod
    def for_problem(problem: SitingProblem, seed: int, time_left: Callable[[], bool]) -> CoverageTabuSearch | None:
        """Return the search; None where more than the number of openings binds. ``time_left`` tells whether time is left."""
        units = find_candidate_units(problem)
        if units is None or problem.goals[0].kind != "coverage":
            return None
        whole, _ = coverage_instance(problem, units)
        instance, _ = subinstance(whole, units.forced, np.setdiff1d(np.arange(units.count), units.forced))
        return CoverageTabuSearch(problem, units, instance, MultiStart(instance, seed, time_left))

    def iterate(self) -> None:
        """Run one iteration."""
        self._search.iterate()

    def adopt(self, plan: Candidate | None) -> None:
        """Continue from a plan found elsewhere, where it opens as many units as may open."""
        if plan is None or plan is self._adopted:
            return
        self._adopted = plan
        opened = np.isin(self._units.bundle, self._bundles_of(plan.states[-1]))
        chosen = np.flatnonzero(opened[self._free])
        if len(chosen) == self._instance.p:
            self._search.improve(chosen)

    def best(self) -> Candidate:
        """Return the best plan so far, recounted."""
        offers = self._units.offers(np.concatenate([self._units.forced, self._free[self._search.chosen]]))
        return Candidate((offers,), evaluate_offers(self._problem, offers).worth)

    def _bundles_of(self, offers: IntArray) -> IntArray:
        """Return the bundles of which every offer is open."""
        table = self._units.bundles.offer
        inside = (table < 0) | np.isin(table, offers)
        return np.flatnonzero(inside.all(axis=1))
