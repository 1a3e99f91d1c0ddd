"""From a siting problem to a plan: reduce, build, solve goal after goal, read back."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.errors import StudyError
from planner.siting.bare.shortcut import shortcut
from planner.siting.programme.formulation import Formulation, formulate
from planner.siting.programme.solver import solve_model
from planner.siting.programme.states import bundle_values
from planner.siting.question.outcome import SolverSettings, relative_gap
from planner.siting.question.plan import Assignments, Plan, Step
from planner.siting.search.focus import Focused, beyond_shortcuts, focus, worth_focusing
from planner.siting.search.goals import Reached, accept, pursue
from planner.siting.search.hold import given_up, held
from planner.siting.search.seated import begun_with, seated
from planner.siting.search.settled import settled
from planner.siting.search.sized import sizes_of
from planner.siting.search.warm import first_offers
from planner.siting.search.years import first_years

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.programme.solver import Progress
    from planner.siting.question.outcome import Stopped
    from planner.siting.question.problem import Goal, SitingProblem

__all__ = ["read_assignments", "solve"]

SHARE_OF_TIME = 0.8
"""What part of the time left a goal may take while others follow it."""

WARM_FROM = 200
"""From this many bundles on a plan is looked for before the solver starts; below, the solver is as quick."""

WARM_SHARE = 0.08
"""What part of the time that may take."""

LATE = 0.04
"""With less of the time than this left after a large problem was looked at, its plan is completed and no better one looked for;
completing it may take as much, whatever is left."""

LEAST_SHARE = 0.004
"""What part of the whole time a goal may take at least, whatever those before it took."""

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
        The question.
    settings
        Of the solver; ``problem.settings`` where not given. The time is for the whole chain.
    progress
        Told ``(incumbent, bound, seconds)`` while the solver runs.
    start
        A plan to begin with, of this problem or of one with the same offers.
    """
    if not problem.goals:
        raise StudyError("nothing to optimise: give the problem at least one goal")
    settings = settings or problem.settings or SolverSettings()
    sizes = sizes_of(problem)
    if not sizes.ordinary:
        plan = solve(sizes.asked(problem), settings, sizes.told(problem, progress), start=start)
        return sizes.answered(problem, plan)
    began = time.perf_counter()
    clock = _Clock(began, settings.time_limit_s)
    own = settings.shortcuts and settings.solver == "HiGHS"
    form = formulate(problem) if own and beyond_shortcuts(problem) else None
    closer = form is not None and worth_focusing(form)
    quick = None
    if not closer:
        share = SHARE_OF_TIME if len(problem.goals) > 1 else 1.0
        quick = shortcut(problem, dataclasses.replace(settings, time_limit_s=clock.left_s()), progress, share)
    if quick is not None and (len(problem.goals) == 1 or quick.outcome.interrupted):
        steps = tuple(dataclasses.replace(step, outcome=step.outcome.finite()) for step in quick.steps)
        return dataclasses.replace(quick, steps=steps, outcome=quick.outcome.finite())
    form = form or formulate(problem)
    begin = quick or start
    values = None if begin is None or not begin.found else bundle_values(form, begin.states)
    reached: list[Reached] = []
    if quick is None and own and worth_focusing(form):
        form, values, reached = _focused(form, settings, clock, progress, start)
    elif values is None and own and form.bundles.count >= WARM_FROM:
        states = _first_states(form, settings)
        values = None if states is None else bundle_values(form, states)
    if values is not None and np.isnan(values).any():
        # Known in full, a plan stays in hand whatever ends the solver.
        values = seated(form, values)
    if quick is not None and values is not None:
        values = settled(form, values)
        reached.append(accept(form, problem.goals[0], values, quick.outcome))
    first = 1 if reached else 0
    for position, goal in enumerate(problem.goals[first:], first):
        if any(step.outcome.interrupted for step in reached):
            break
        more = position + 1 < len(problem.goals)
        slice_s = clock.left_s(SHARE_OF_TIME if more else 1.0)
        found = pursue(form, goal, dataclasses.replace(settings, time_limit_s=slice_s), values, progress)
        reached += found
        if found[-1].values is None:
            break
        values = found[-1].values
    return _plan(form, reached, time.perf_counter() - began, settings.gap)


@dataclass(frozen=True, slots=True)
class _Clock:
    """When the chain of goals began, and how long it may take."""

    began: float
    limit_s: float

    def left_s(self, share: float = 1.0) -> float:
        """Return that part of the seconds left; a little is left always, so that every goal is asked."""
        left = self.limit_s - (time.perf_counter() - self.began)
        return max(share * left, LEAST_SHARE * self.limit_s)


def _first_states(form: Formulation, settings: SolverSettings) -> tuple[NDArray[np.int64], ...] | None:
    """Return a plan to begin with, found before the solver starts."""
    seconds = WARM_SHARE * settings.time_limit_s
    if form.problem.phases is not None:
        return first_years(form.problem, settings.seed, seconds)
    offers = first_offers(form, settings.seed, seconds)
    return None if offers is None else (offers,)


def _focused(
    form: Formulation, settings: SolverSettings, clock: _Clock, progress: Progress | None, start: Plan | None
) -> tuple[Formulation, NDArray[np.float64] | None, list[Reached]]:
    """Look at a large problem over its buildings alone; return the narrower one, and coverage if it is reached well enough."""
    goal, began = form.problem.goals[0], time.perf_counter()
    progress = _closing(progress)
    slice_s = clock.left_s(SHARE_OF_TIME if len(form.problem.goals) > 1 else 1.0)
    # What comes after has to be posed and completed within the same time: posing took what it took so far.
    after_s = min(began - clock.began, 0.5 * slice_s) + (LATE * slice_s if form.limited.any() else 0.0)
    looking_s = max(slice_s - after_s, LATE * slice_s)
    focused = focus(form, dataclasses.replace(settings, time_limit_s=looking_s), progress, start)
    if focused is None:
        return form, None if start is None or not start.found else bundle_values(form, start.states), []
    gap = relative_gap(focused.worth, focused.bound)
    late = time.perf_counter() - began >= looking_s - LATE * slice_s
    enough = focused.interrupted or late or (gap is not None and gap <= settings.gap)
    # Nothing but the plan itself is needed where no later goal chooses among its equals.
    alone = enough and len(form.problem.goals) == 1
    narrow = formulate(focused.alone if alone else focused.problem)
    values = seated(narrow, bundle_values(narrow, focused.states))
    left_s = max(slice_s - (time.perf_counter() - began), LATE * slice_s)
    part_settings = dataclasses.replace(settings, time_limit_s=left_s)
    if enough:
        found = [_completed(narrow, goal, part_settings, values)]
    else:
        found = pursue(narrow, goal, part_settings, values, _within(progress, focused))
    return narrow, found[-1].values, [_with_bound(one, focused, settings, proven_inside=not enough) for one in found]


def _within(progress: Progress | None, focused: Focused) -> Progress | None:
    """Return a progress that never tells a worse plan or bound than is known already."""
    if progress is None:
        return None

    def tell(found: float | None, bound: float | None, seconds: float) -> None:
        worth = focused.worth if found is None else max(found, focused.worth)
        progress(worth, focused.bound if bound is None else min(bound, focused.bound), seconds)

    return tell


def _closing(progress: Progress | None) -> Progress | None:
    """Return a progress of coverage whose plans only get better and whose bounds only tighter, whatever they allow for rounding."""
    if progress is None:
        return None
    best: list[float | None] = [None, None]

    def tell(found: float | None, bound: float | None, seconds: float) -> None:
        best[0] = max((one for one in (found, best[0]) if one is not None), default=None)
        best[1] = min((one for one in (bound, best[1]) if one is not None), default=None)
        progress(best[0], best[1], seconds)

    return tell


def _completed(form: Formulation, goal: Goal, settings: SolverSettings, start: NDArray[np.float64]) -> Reached:
    """Return coverage with the bundles of ``start``: only who goes where is left to find."""
    mark, measure = form.builder.mark(), form.coverage()
    chosen = np.concatenate([z.start + np.flatnonzero(start[z.slice] > 0.5) for z in form.z])
    form.builder.add_rows("settled", len(chosen), [(np.arange(len(chosen)), chosen, 1.0)], lower=1.0)
    model = form.builder.build(measure)
    solution = solve_model(model, settings, start=begun_with(form, model, start))
    solution = held(model, solution, start, settings.gap)
    form.builder.release(mark)
    if solution.values is None:
        return Reached(goal, 0, measure.at, None, solution.outcome)
    return accept(form, goal, solution.values, solution.outcome)


def _with_bound(one: Reached, focused: Focused, settings: SolverSettings, *, proven_inside: bool) -> Reached:
    """Return what was reached with the bound on all plans: the tree's own, or the narrower problem's if that is lower.

    A plan outside the narrower problem is worth no more than the one in hand.
    """
    inside = one.outcome.bound
    own = proven_inside and inside is not None and max(inside, focused.worth) < focused.bound
    bound = max(inside, focused.worth) if own and inside is not None else focused.bound
    if one.outcome.objective is not None:
        bound = max(bound, one.outcome.objective)
    gap = relative_gap(one.outcome.objective, bound)
    proven = gap is not None and gap <= max(settings.gap, ROUNDING)
    outcome = dataclasses.replace(
        one.outcome,
        status="optimal" if proven else ("feasible" if one.values is not None else "unknown"),
        bound=bound,
        gap=gap,
        stopped_by=_stopped_by(one, focused, proven=proven),
        bound_from="solver" if own else "tree",
        nodes=one.outcome.nodes + focused.nodes,
    )
    return dataclasses.replace(one, outcome=outcome)


def _stopped_by(one: Reached, focused: Focused, *, proven: bool) -> Stopped:
    if proven:
        return "proof"
    if focused.interrupted:
        return "interrupt"
    # That who goes where was solved for one plan proves nothing of the others.
    return "time" if one.outcome.stopped_by == "proof" else one.outcome.stopped_by


def _plan(form: Formulation, reached: list[Reached], seconds: float, gap: float) -> Plan:
    """Read the last values found; every goal's number is that of the plan itself, its bound that of its own solve."""
    found = [one for one in reached if one.values is not None]
    if not found:
        return Plan((), None, (), dataclasses.replace(reached[0].outcome, seconds=seconds).finite())
    values = found[-1].values
    assert values is not None  # noqa: S101  # by the choice above
    values = settled(form, values)
    steps = tuple(_step(one, values, gap) for one in reached if one.values is not None)
    states = tuple(form.chosen_offers(values, period) for period in range(form.problem.n_periods))
    stopped = next((one.outcome.stopped_by for one in reached if one.outcome.stopped_by == "interrupt"), None)
    outcome = dataclasses.replace(steps[0].outcome, seconds=seconds)
    if stopped is not None:
        outcome = dataclasses.replace(outcome, stopped_by=stopped)
    return Plan(states, read_assignments(form, values, states), steps, outcome)


def _step(one: Reached, values: NDArray[np.float64], gap: float) -> Step:
    """Return the goal with its number in the final plan, of which later goals may have given up some.

    The longest walk has no number where somebody who could be served reaches nothing (`Outcome.finite`).
    """
    return Step(one.goal, one.rank, given_up(one.outcome, float(one.number(values)), gap).finite())


def read_assignments(
    form: Formulation, values: NDArray[np.float64], states: tuple[NDArray[np.int64], ...]
) -> Assignments | None:
    """Share the flows of each group out over its points, in proportion to their people."""
    flows, problem = form.flows, form.problem
    if not form.limited.any():
        return None
    parts = []
    by_group = np.argsort(flows.member_group, kind="stable")
    size = np.bincount(flows.member_group, minlength=flows.n_groups)
    first = np.cumsum(size) - size
    for period, state in enumerate(states):
        amount = values[form.y[period].slice]
        offer_of_slot = np.full(form.slots.count, -1, dtype=np.int64)
        offer_of_slot[form.slots.of_offer[state]] = state
        # What a solver's tolerance lets trickle to closed places is no assignment.
        is_open = offer_of_slot[flows.slot] >= 0
        used = np.flatnonzero(is_open & (amount > 1e-7 * np.maximum(flows.group_people[flows.group], 1.0)))
        for flow in used.tolist():
            group = int(flows.group[flow])
            points = flows.member_point[by_group[first[group] : first[group] + size[group]]]
            demand = int(flows.group_demand[group])
            people = problem.demands[demand].people[points]
            share = people * (amount[flow] / flows.group_people[group])
            parts.append((period, demand, points, int(offer_of_slot[flows.slot[flow]]), share))
    count = [len(points) for _, _, points, _, _ in parts]
    return Assignments(
        period=np.repeat(np.array([part[0] for part in parts], dtype=np.int64), count),
        demand=np.repeat(np.array([part[1] for part in parts], dtype=np.int64), count),
        point=np.concatenate([np.zeros(0, dtype=np.int64), *(part[2] for part in parts)]),
        offer=np.repeat(np.array([part[3] for part in parts], dtype=np.int64), count),
        people=np.concatenate([np.zeros(0), *(part[4] for part in parts)]),
    )
