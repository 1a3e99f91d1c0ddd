"""The cost–coverage frontier by ε-constraint: the best plan for every budget (or every floor), each with its gap."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.model.data import SolverSettings
from planner.siting.model.plan import relative_gap
from planner.siting.model.ruleset import Rule, with_limit
from planner.siting.optimiser import solve
from planner.siting.verify.evaluate import Evaluation, evaluate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.siting.model.plan import Plan, Progress
    from planner.siting.model.problem import SitingProblem


@dataclass(frozen=True, slots=True, eq=False)
class FrontierPoint:
    """The best plan at one limit: the first goal's number, its bound and gap, and the recount."""

    limit: float
    value: float | None
    bound: float | None
    gap: float | None
    plan: Plan
    recount: Evaluation | None


@dataclass(frozen=True, slots=True, eq=False)
class Frontier:
    """Points by ascending limit, and the knee of the curve.

    ``slopes`` hold the gain of each step to the next point, in the first goal's units per million of money (or per unit of
    share along a floor); NaN next to a limit for which no plan was found.
    """

    along: Rule
    points: tuple[FrontierPoint, ...]
    slopes: tuple[float, ...]
    knee: int | None


def trace_frontier(
    problem: SitingProblem,
    limits: Sequence[float] | int = 10,
    *,
    along: Rule | None = None,
    settings: SolverSettings | None = None,
    progress: Progress | None = None,
) -> Frontier:
    """Return the best plan at each limit, every solve warm-started from its neighbour's plan.

    Parameters
    ----------
    problem
        The problem; its own limit of the rule is ignored.
    limits
        Ascending limits; or the number to spread evenly between no new capital and the most capital that the first goal can use.
    along
        The rule whose limit varies: new capital if not given, or a floor of the problem.
    settings
        Of the solver, for each point.
    progress
        Called with ``(incumbent, bound, seconds)`` of each solve.

    Notes
    -----
    A plan for less money is feasible for more, and a bound for more money holds for less: each solve starts from the
    neighbour below, and each bound is tightened by the neighbours above (the other way round along a floor).
    """
    rule = along or Rule("capital")
    settings = settings or problem.settings or SolverSettings()
    steps = _spread(problem, rule, limits, settings) if isinstance(limits, int) else sorted(float(x) for x in limits)
    # From the tightest to the loosest limit, so that every plan remains one at the next.
    order: list[float] = steps[::-1] if rule.kind == "floor" else steps
    solved: dict[float, Plan] = {}
    start: Plan | None = None
    for limit in order:
        plan = solve(with_limit(problem, rule, limit), settings, progress, start=start)
        solved[limit] = plan
        start = plan if plan.found else start
    points = _with_bounds(problem, rule, order, solved)
    points.sort(key=lambda point: point.limit)
    slopes = _slopes(points, 1e6 if rule.kind != "floor" else 1.0)
    return Frontier(rule, tuple(points), slopes, _knee(points))


def _spread(problem: SitingProblem, rule: Rule, count: int, settings: SolverSettings) -> list[float]:
    if rule.kind == "floor":
        return [float(share) for share in np.linspace(0.0, 1.0, count)]
    endless = solve(with_limit(problem, rule, float("inf")), settings)
    if not endless.found:
        return [0.0]
    most = evaluate(with_limit(problem, rule, float("inf")), endless).capital_cost
    return [float(limit) for limit in np.linspace(0.0, max(most, 0.0), count)]


def _with_bounds(
    problem: SitingProblem, rule: Rule, order: list[float], solved: dict[float, Plan]
) -> list[FrontierPoint]:
    tighter = min if problem.goals[0].maximise else max
    points = []
    bound: float | None = None
    for limit in reversed(order):
        plan = solved[limit]
        if not plan.found:
            points.append(FrontierPoint(limit, None, None, None, plan, None))
            continue
        own = plan.outcome.bound
        if own is not None and bound is not None:
            own = tighter(own, bound)
        bound = own if own is not None else bound
        value = plan.outcome.objective
        recount = evaluate(with_limit(problem, rule, limit), plan)
        points.append(FrontierPoint(limit, value, bound, relative_gap(value, bound), plan, recount))
    return points


def _slopes(points: list[FrontierPoint], unit: float) -> tuple[float, ...]:
    found = []
    for one, two in itertools.pairwise(points):
        valid = one.value is not None and two.value is not None and two.limit > one.limit
        rise = (two.value or 0.0) - (one.value or 0.0)
        found.append(rise / (two.limit - one.limit) * unit if valid else float("nan"))
    return tuple(found)


def _knee(points: list[FrontierPoint]) -> int | None:
    """Return the point farthest from the chord between the ends, both axes scaled to 1; None on a straight line."""
    valid = [position for position, point in enumerate(points) if point.value is not None]
    if len(valid) < 3:
        return None
    x = np.array([points[position].limit for position in valid])
    y = np.array([points[position].value for position in valid], dtype=np.float64)
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    along, up = (x - x[0]) / (x[-1] - x[0]), (y - y[0]) / (y[-1] - y[0])
    distance = np.abs(up - along)
    best = int(np.argmax(distance))
    return valid[best] if distance[best] > 1e-9 else None
