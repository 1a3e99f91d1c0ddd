"""Solve a siting problem: p-median shortcut, matheuristic, or the integer programme, goal after goal."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.errors import StudyError
from planner.siting.heuristics.matheuristic import (
    ReducedProblem,
    exceeds_shortcuts,
    reduce_large_problem,
    suits_matheuristic,
)
from planner.siting.heuristics.ruin_recreate import compile_loops, first_plan, first_plan_by_period
from planner.siting.lexicographic import GoalResult, accept_goal, optimise_goal
from planner.siting.mip.checks import final_outcome, keep_incumbent
from planner.siting.mip.constraints import formulate
from planner.siting.mip.repair import repaired, warm_start, with_greedy_flows
from planner.siting.mip.solver import solve_model
from planner.siting.mip.variables import Formulation, bundle_values
from planner.siting.model.data import SolverSettings
from planner.siting.model.plan import Assignments, Plan, Step, relative_gap
from planner.siting.model.scaling import scale_of
from planner.siting.p_median.solve import solve_by_counts

if TYPE_CHECKING:
    from planner.siting.arrays import FloatArray, IntArray
    from planner.siting.model.data import Goal
    from planner.siting.model.plan import Progress, Stopped
    from planner.siting.model.problem import SitingProblem


SHARE_OF_TIME = 0.8
"""Share of the time left for a goal that others follow."""

WARM_FROM = 200
"""Number of bundles from which a start is constructed; below, the solver is as quick."""

WARM_SHARE = 0.08
"""Share of the time limit for the construction of a start."""

LATE = 0.04
"""Share of the time limit below which the plan of the matheuristic is only completed; completing it may take as much in any case."""

LEAST_SHARE = 0.004
"""Least share of the time limit for a goal."""

ROUNDING = 1e-9
"""Relative difference of two sums of the same people in another order."""


def solve(
    problem: SitingProblem,
    settings: SolverSettings | None = None,
    progress: Progress | None = None,
    *,
    start: Plan | None = None,
) -> Plan:
    """Return the best plan by the problem's chain of goals, each with the solver's own bound.

    Parameters
    ----------
    problem
        The siting problem.
    settings
        Of the solver; ``problem.settings`` where not given. The time limit is for the whole chain.
    progress
        Called with ``(incumbent, bound, seconds)`` while the solver runs.
    start
        A plan to start from, of this problem or of one with the same offers.
    """
    if not problem.goals:
        raise StudyError("nothing to optimise: give the problem at least one goal")
    settings = settings or problem.settings or SolverSettings()
    scale = scale_of(problem)
    if not scale.is_identity:
        plan = solve(scale.apply(problem), settings, scale.scaled_progress(problem, progress), start=start)
        return scale.restore(problem, plan)
    began = time.perf_counter()
    clock = _Clock(began, settings.time_limit_s)
    own = settings.shortcuts and settings.solver == "HiGHS"
    form = formulate(problem) if own and exceeds_shortcuts(problem) else None
    large = form is not None and suits_matheuristic(form)
    shortcut_plan = None
    if not large:
        share = SHARE_OF_TIME if len(problem.goals) > 1 else 1.0
        shortcut_plan = solve_by_counts(problem, settings.within(clock.left_s()), progress, share)
    if shortcut_plan is not None and (len(problem.goals) == 1 or shortcut_plan.outcome.interrupted):
        steps = tuple(dataclasses.replace(step, outcome=step.outcome.finite()) for step in shortcut_plan.steps)
        return dataclasses.replace(shortcut_plan, steps=steps, outcome=shortcut_plan.outcome.finite())
    form = form or formulate(problem)
    start_plan = shortcut_plan or start
    values = None if start_plan is None or not start_plan.found else bundle_values(form, start_plan.states)
    reached: list[GoalResult] = []
    if shortcut_plan is None and own and suits_matheuristic(form):
        clock = clock.later(compile_loops())
        form, values, reached = _solve_large(form, settings, clock, progress, start)
    elif values is None and own and form.bundles.count >= WARM_FROM:
        clock = clock.later(compile_loops())
        states = _first_states(form, settings)
        values = None if states is None else bundle_values(form, states)
    if values is not None and np.isnan(values).any():
        # A complete start remains the incumbent whatever ends the solver.
        values = with_greedy_flows(form, values)
    if shortcut_plan is not None and values is not None:
        values = repaired(form, values)
        reached.append(accept_goal(form, problem.goals[0], values, shortcut_plan.outcome))
    first = 1 if reached else 0
    for position, goal in enumerate(problem.goals[first:], first):
        if any(step.outcome.interrupted for step in reached):
            break
        more = position + 1 < len(problem.goals)
        slice_s = clock.left_s(SHARE_OF_TIME if more else 1.0)
        found = optimise_goal(form, goal, settings.within(slice_s), values, progress)
        reached += found
        if found[-1].values is None:
            break
        values = found[-1].values
    return _plan(form, reached, time.perf_counter() - began, settings.gap)


@dataclass(frozen=True, slots=True)
class _Clock:
    """Start and time limit of the chain of goals."""

    began: float
    limit_s: float

    def left_s(self, share: float = 1.0) -> float:
        """Return that share of the seconds left; never less than `LEAST_SHARE`, so that every goal is solved."""
        left = self.limit_s - (time.perf_counter() - self.began)
        return max(share * left, LEAST_SHARE * self.limit_s)

    def later(self, seconds: float) -> _Clock:
        """Return the clock of a chain that began ``seconds`` later."""
        return dataclasses.replace(self, began=self.began + seconds)


def _first_states(form: Formulation, settings: SolverSettings) -> tuple[IntArray, ...] | None:
    """Return a constructed plan to start from."""
    seconds = WARM_SHARE * settings.time_limit_s
    if form.problem.phases is not None:
        return first_plan_by_period(form.problem, settings.seed, seconds)
    offers = first_plan(form, settings.seed, seconds)
    return None if offers is None else (offers,)


def _solve_large(
    form: Formulation, settings: SolverSettings, clock: _Clock, progress: Progress | None, start: Plan | None
) -> tuple[Formulation, FloatArray | None, list[GoalResult]]:
    """Run the matheuristic; return the reduced formulation, its values, and coverage where that is within the gap."""
    goal, began = form.problem.goals[0], time.perf_counter()
    progress = _monotone_progress(progress)
    slice_s = clock.left_s(SHARE_OF_TIME if len(form.problem.goals) > 1 else 1.0)
    # The reduced problem has to be formulated and completed within the same time: estimate by the time so far.
    after_s = min(began - clock.began, 0.5 * slice_s) + (LATE * slice_s if form.capacitated.any() else 0.0)
    looking_s = max(slice_s - after_s, LATE * slice_s)
    reduced = reduce_large_problem(form, settings.within(looking_s), progress, start)
    if reduced is None:
        return form, None if start is None or not start.found else bundle_values(form, start.states), []
    gap = relative_gap(reduced.worth, reduced.bound)
    late = time.perf_counter() - began >= looking_s - LATE * slice_s
    sufficient = reduced.interrupted or late or (gap is not None and gap <= settings.gap)
    # Without later goals only the plan itself is needed.
    alone = sufficient and len(form.problem.goals) == 1
    reduced_form = formulate(reduced.alone if alone else reduced.problem)
    values = with_greedy_flows(reduced_form, bundle_values(reduced_form, reduced.states))
    left_s = max(slice_s - (time.perf_counter() - began), LATE * slice_s)
    part_settings = settings.within(left_s)
    if sufficient:
        found = [_complete_assignment(reduced_form, goal, part_settings, values)]
    else:
        found = optimise_goal(reduced_form, goal, part_settings, values, _clamped_progress(progress, reduced))
    return (
        reduced_form,
        found[-1].values,
        [_with_bound(one, reduced, settings, proven_inside=not sufficient) for one in found],
    )


def _clamped_progress(progress: Progress | None, reduced: ReducedProblem) -> Progress | None:
    """Return a progress callback that never reports a worse plan or bound than is known already."""
    if progress is None:
        return None

    def report(found: float | None, bound: float | None, seconds: float) -> None:
        worth = reduced.worth if found is None else max(found, reduced.worth)
        progress(worth, reduced.bound if bound is None else min(bound, reduced.bound), seconds)

    return report


def _monotone_progress(progress: Progress | None) -> Progress | None:
    """Return a progress callback whose incumbents only improve and whose bounds only tighten."""
    if progress is None:
        return None
    best: list[float | None] = [None, None]

    def report(found: float | None, bound: float | None, seconds: float) -> None:
        best[0] = max((one for one in (found, best[0]) if one is not None), default=None)
        best[1] = min((one for one in (bound, best[1]) if one is not None), default=None)
        progress(best[0], best[1], seconds)

    return report


def _complete_assignment(form: Formulation, goal: Goal, settings: SolverSettings, start: FloatArray) -> GoalResult:
    """Return coverage with the bundles of ``start`` fixed: only the assignment of people is optimised."""
    checkpoint, measure = form.builder.checkpoint(), form.coverage()
    chosen = np.concatenate([z.start + np.flatnonzero(start[z.slice] > 0.5) for z in form.z])
    form.builder.add_rows("settled", len(chosen), [(np.arange(len(chosen)), chosen, 1.0)], lower=1.0)
    model = form.builder.build(measure)
    solution = solve_model(model, settings, start=warm_start(form, model, start))
    solution = keep_incumbent(model, solution, start, settings.gap)
    form.builder.rollback(checkpoint)
    if solution.values is None:
        return GoalResult(goal, 0, measure.at, None, solution.outcome)
    return accept_goal(form, goal, solution.values, solution.outcome)


def _with_bound(
    one: GoalResult, reduced: ReducedProblem, settings: SolverSettings, *, proven_inside: bool
) -> GoalResult:
    """Return a result with the bound on all plans: that of the tree, or of the reduced problem if that is lower.

    A plan outside the reduced problem is worth no more than the incumbent.
    """
    inside = one.outcome.bound
    own = proven_inside and inside is not None and max(inside, reduced.worth) < reduced.bound
    bound = max(inside, reduced.worth) if own and inside is not None else reduced.bound
    if one.outcome.objective is not None:
        bound = max(bound, one.outcome.objective)
    gap = relative_gap(one.outcome.objective, bound)
    proven = gap is not None and gap <= max(settings.gap, ROUNDING)
    outcome = dataclasses.replace(
        one.outcome,
        status="optimal" if proven else ("feasible" if one.values is not None else "unknown"),
        bound=bound,
        gap=gap,
        stopped_by=_stopped_by(one, reduced, proven=proven),
        bound_from="solver" if own else "tree",
        nodes=one.outcome.nodes + reduced.nodes,
    )
    return dataclasses.replace(one, outcome=outcome)


def _stopped_by(one: GoalResult, reduced: ReducedProblem, *, proven: bool) -> Stopped:
    if proven:
        return "proof"
    if reduced.interrupted:
        return "interrupt"
    # An optimal assignment of one plan proves nothing of the others.
    return "time" if one.outcome.stopped_by == "proof" else one.outcome.stopped_by


def _plan(form: Formulation, reached: list[GoalResult], seconds: float, gap: float) -> Plan:
    """Return the plan of the last values found; the value of each goal is that of the plan itself, the bound that of its own solve."""
    found = [one for one in reached if one.values is not None]
    if not found:
        return Plan((), None, (), dataclasses.replace(reached[0].outcome, seconds=seconds).finite())
    values = found[-1].values
    assert values is not None  # noqa: S101  # by the choice above
    values = repaired(form, values)
    steps = tuple(_step(one, values, gap) for one in reached if one.values is not None)
    states = tuple(form.chosen_offers(values, period) for period in range(form.problem.n_periods))
    stopped = next((one.outcome.stopped_by for one in reached if one.outcome.stopped_by == "interrupt"), None)
    outcome = dataclasses.replace(steps[0].outcome, seconds=seconds)
    if stopped is not None:
        outcome = dataclasses.replace(outcome, stopped_by=stopped)
    return Plan(states, read_assignments(form, values, states), steps, outcome)


def _step(one: GoalResult, values: FloatArray, gap: float) -> Step:
    """Return the goal with its value in the final plan, of which later goals may have given up some.

    An infinite longest walk has no number (`Outcome.finite`).
    """
    return Step(one.goal, one.rank, final_outcome(one.outcome, float(one.number(values)), gap).finite())


def read_assignments(form: Formulation, values: FloatArray, states: tuple[IntArray, ...]) -> Assignments | None:
    """Return the assignments: flows of each group divided over its points, in proportion to their people."""
    flows, problem = form.flows, form.problem
    if not form.capacitated.any():
        return None
    chunks = []
    by_group = np.argsort(flows.member_group, kind="stable")
    size = np.bincount(flows.member_group, minlength=flows.n_groups)
    first = np.cumsum(size) - size
    for period, state in enumerate(states):
        amount = values[form.y[period].slice]
        offer_of_slot = np.full(form.slots.count, -1, dtype=np.int64)
        offer_of_slot[form.slots.of_offer[state]] = state
        # Flows to closed slots within a solver's tolerance are no assignment.
        is_open = offer_of_slot[flows.slot] >= 0
        used = np.flatnonzero(is_open & (amount > 1e-7 * np.maximum(flows.group_people[flows.group], 1.0)))
        for flow in used.tolist():
            group = int(flows.group[flow])
            points = flows.member_point[by_group[first[group] : first[group] + size[group]]]
            demand = int(flows.group_demand[group])
            people = problem.demands[demand].people[points]
            share = people * (amount[flow] / flows.group_people[group])
            chunks.append((period, demand, points, int(offer_of_slot[flows.slot[flow]]), share))
    count = [len(points) for _, _, points, _, _ in chunks]
    return Assignments(
        period=np.repeat(np.array([chunk[0] for chunk in chunks], dtype=np.int64), count),
        demand=np.repeat(np.array([chunk[1] for chunk in chunks], dtype=np.int64), count),
        point=np.concatenate([np.zeros(0, dtype=np.int64), *(chunk[2] for chunk in chunks)]),
        offer=np.repeat(np.array([chunk[3] for chunk in chunks], dtype=np.int64), count),
        people=np.concatenate([np.zeros(0), *(chunk[4] for chunk in chunks)]),
    )
