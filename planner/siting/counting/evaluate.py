"""The recount: what a plan gives and costs, counted from the reach alone; the solver and its model are not asked.

Nothing of `bundles`, `reduce` or `formulation` is used here on purpose: two ways of counting that share no code
disagree when either is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.errors import Fault, RecountError, raise_all
from planner.siting.arrays import sums_by
from planner.siting.counting import recount, rules

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.question.plan import Assignments, Plan, Step
    from planner.siting.question.problem import SitingProblem

__all__ = ["Evaluation", "count", "evaluate"]

TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What a set of offers gives and costs.

    Per demand: ``nearest_s`` float64[n], seconds to the nearest open opening that counts, infinite where none is within
    the largest circle; ``circle`` int64[n], its circle, the number of circles where none; ``covered`` float64[C],
    people within each circle or a narrower one; ``served`` float64[C], those of them with a place, where places are
    limited; ``served_at`` float64[n, C], the same by demand point; ``people``, everybody. Money is the change from today; ``capital_yuan`` and ``yearly_yuan`` leave outside payers out, the
    site columns float64[J] and department columns float64[D] hold everything. ``load`` float64[m] is what each offer
    serves where places are limited. ``broken`` lists every rule that is broken.
    """

    worth: float
    nearest_s: tuple[NDArray[np.float64], ...]
    circle: tuple[NDArray[np.int64], ...]
    covered: tuple[NDArray[np.float64], ...]
    served: tuple[NDArray[np.float64], ...]
    served_at: tuple[NDArray[np.float64], ...]
    people: tuple[float, ...]
    capital_yuan: float
    yearly_yuan: float
    department_capital_yuan: NDArray[np.float64]
    department_yearly_yuan: NDArray[np.float64]
    site_area_m2: NDArray[np.float64]
    site_capital_yuan: NDArray[np.float64]
    site_yearly_yuan: NDArray[np.float64]
    opened_sites: NDArray[np.int64]
    load: NDArray[np.float64]
    broken: tuple[Fault, ...]


def evaluate(problem: SitingProblem, plan: Plan) -> Evaluation:
    """Recount ``plan`` in every period and compare every goal with what the solver claimed; return the last period's.

    Raises
    ------
    planner.errors.RecountError
        When a rule is broken or a goal's number differs.
    """
    if not plan.found:
        raise RecountError("there is no plan to recount")
    periods = [
        count(problem, state, recount.in_period(plan.assignments, period), period=period)
        for period, state in enumerate(plan.states)
    ]
    faults = [fault for found in periods for fault in found.broken]
    faults += rules.broken_order(problem, plan.states, [found.capital_yuan for found in periods])
    for step in plan.steps:
        claimed, found = step.outcome.objective, _goal_value(problem, plan, step, periods)
        number = np.inf if claimed is None else claimed  # the longest walk, where somebody reaches nothing
        absolute = TOLERANCE * min(1.0, _size(problem, step))
        if not np.isclose(found, number, rtol=TOLERANCE, atol=absolute):
            faults.append(Fault(f"goal {step.goal.kind}", f"the solver says {claimed!r}, the recount {found!r}"))
    raise_all(faults, RecountError, "the plan does not stand up to a recount")
    return periods[-1]


def count(
    problem: SitingProblem,
    offers: NDArray[np.int64],
    assignments: Assignments | None = None,
    *,
    period: int | None = None,
) -> Evaluation:
    """Count what ``offers`` (positions, existing ones included) give and cost, and list the rules they break.

    Parameters
    ----------
    problem, offers
        The question, and what is open.
    assignments
        Who goes where, for services with limited places; without it their places count as endless.
    period
        Which period it is, for rules that only hold in the end; None is the end.
    """
    limited = recount.limited_places(problem) & (assignments is not None)
    nearest: list[NDArray[np.float64]] = []
    circle: list[NDArray[np.int64]] = []
    by_ring: list[NDArray[np.float64]] = []
    for demand in problem.demands:
        seconds = recount.nearest_s(problem, demand, offers)
        ring = np.searchsorted(np.asarray(demand.cutoffs_s), seconds, side="left").astype(np.int64)
        nearest.append(np.where(ring < len(demand.cutoffs_s), seconds, np.inf))
        circle.append(ring)
        by_ring.append(sums_by(ring, demand.people, len(demand.weights) + 1)[:-1])
    covered = [np.cumsum(people) for people in by_ring]
    within = _served_points(problem, circle, limited, assignments)
    served = [
        by_point.sum(axis=0) if limited[demand.service] else inside
        for demand, by_point, inside in zip(problem.demands, within, covered, strict=True)
    ]
    worth = sum(
        recount.in_order(
            np.asarray(demand.weights) * (np.diff(inside, prepend=0.0) if limited[demand.service] else people)
        )
        for demand, inside, people in zip(problem.demands, served, by_ring, strict=True)
    )
    money = recount.money(problem, offers)
    area = recount.area_m2(problem, offers)
    load = recount.load(problem, assignments)
    last = period is None or period == problem.n_periods - 1
    broken = [
        *rules.broken_choices(problem, offers),
        *rules.broken_area(problem, offers, area),
        *rules.broken_money(problem, money),
        *rules.broken_assignments(problem, offers, assignments, load),
    ]
    if last:
        broken += rules.broken_counts(problem, offers, area)
        broken += rules.broken_shares(problem, within)
    if period is not None and problem.phases is not None:
        broken += rules.broken_readiness(problem, offers, period)
    return Evaluation(
        worth=worth,
        nearest_s=tuple(nearest),
        circle=tuple(circle),
        covered=tuple(covered),
        served=tuple(served),
        served_at=tuple(within),
        people=tuple(recount.in_order(demand.people) for demand in problem.demands),
        capital_yuan=money.capital(problem),
        yearly_yuan=money.yearly(problem),
        department_capital_yuan=money.department_capital,
        department_yearly_yuan=money.department_yearly,
        site_area_m2=area,
        site_capital_yuan=money.site_capital,
        site_yearly_yuan=money.site_yearly,
        opened_sites=np.unique(problem.offers.site[offers[~problem.offers.existing[offers]]]).astype(np.int64),
        load=load,
        broken=tuple(broken),
    )


def _served_points(
    problem: SitingProblem,
    circles: list[NDArray[np.int64]],
    limited: NDArray[np.bool_],
    assignments: Assignments | None,
) -> list[NDArray[np.float64]]:
    """Return, per demand, float64[n, C]: people of each point served within each circle or a narrower one."""
    served = []
    for position, demand in enumerate(problem.demands):
        rings = np.arange(len(demand.cutoffs_s))
        if not limited[demand.service] or assignments is None:
            served.append(demand.people[:, None] * (circles[position][:, None] <= rings))
            continue
        whole = position if demand.part_of is None else demand.part_of
        amount = np.zeros((problem.n_demand, len(rings) + 1))
        mine = recount.counting(problem, assignments) & (assignments.demand == whole)
        seconds = recount.walked_s(problem, demand, assignments.point[mine], assignments.offer[mine])
        ring = np.searchsorted(np.asarray(demand.cutoffs_s), seconds, side="left")
        np.add.at(amount, (assignments.point[mine], ring), assignments.people[mine])
        within = np.cumsum(amount[:, :-1], axis=1)
        if demand.part_of is not None:
            everybody = problem.demands[whole].people
            part = np.divide(demand.people, everybody, out=np.zeros(problem.n_demand), where=everybody > 0)
            within = within * part[:, None]
        served.append(within)
    return served


def _size(problem: SitingProblem, step: Step) -> float:
    """Return about the most that a goal could come to: in a question of billionths one in a million is no rounding."""
    goal, offers = step.goal, problem.offers
    people = sum(float(np.sum(demand.people)) for demand in problem.demands if demand.part_of is None)
    walks = people * max(demand.cutoffs_s[-1] for demand in problem.demands)
    if goal.kind == "coverage":
        return people * max(demand.weights[0] for demand in problem.demands)
    if goal.kind == "cost":
        yuan = np.abs(offers.capital_yuan).sum() + np.abs(problem.sites.setup_yuan).sum()
        rooms = sum(abs(room.capital_yuan) + goal.years * abs(room.yearly_yuan) for room in problem.rules.rooms)
        yearly = goal.years * np.abs(offers.yearly_yuan).sum()
        return float(yuan + yearly + rooms + goal.yuan_per_walked_s * walks)
    return walks if goal.kind == "walk" else 1.0


def _goal_value(problem: SitingProblem, plan: Plan, step: Step, periods: list[Evaluation]) -> float:
    goal, last = step.goal, periods[-1]
    worth = np.ones(1) if problem.phases is None else problem.phases.weights
    if goal.kind == "coverage":
        return float(sum(w * found.worth for w, found in zip(worth, periods, strict=True)))
    walked = 0.0
    if goal.walks:
        for period, (w, found) in enumerate(zip(worth, periods, strict=True)):
            walked += w * recount.walk_s(problem, found.nearest_s, recount.in_period(plan.assignments, period))
    if goal.kind == "walk":
        return float(walked)
    if goal.kind == "furthest":
        return recount.furthest_s(problem, last.nearest_s)
    if goal.kind == "cost":
        return float(last.capital_yuan + goal.years * last.yearly_yuan + goal.yuan_per_walked_s * walked)
    if goal.kind == "sites":
        return float(len(last.opened_sites))
    assignments = recount.in_period(plan.assignments, problem.n_periods - 1)
    limited = recount.limited_places(problem) & (assignments is not None)
    served = _served_points(problem, list(last.circle), limited, assignments)
    shares = np.sort([share for _, _, share in recount.community_shares(problem, served, goal.circle)])
    return float(shares[: step.rank + 1].sum())
