"""Recount of a plan: what it gives and costs, from travel times alone, without the solver or its model.

Nothing of `planner.siting.mip` is used here on purpose: two ways of counting that share no code disagree when either is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.errors import Fault, RecountError, raise_all
from planner.siting.arrays import sums_by
from planner.siting.verify import recount
from planner.siting.verify.areas import violated_area_years, violated_areas

if TYPE_CHECKING:
    from planner.siting.arrays import BoolArray, FloatArray, IntArray
    from planner.siting.model.plan import Assignments, Plan, Step
    from planner.siting.model.problem import SitingProblem


TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Value and cost of a set of offers.

    Per demand: ``nearest_s`` float64[n], seconds to the nearest own opening, infinite where none is within
    the largest circle; ``circle`` int64[n], its circle, the number of circles where none; ``covered`` float64[C],
    people within each circle or a narrower one; ``served`` float64[C], those of them assigned, where capacity is
    limited; ``served_at`` float64[n, C], the same by demand point; ``people``, everybody. Money is the change from today;
    ``capital_cost`` and ``yearly_cost`` exclude outside payers, the site columns float64[J] and department columns float64[D] hold
    everything. ``load`` float64[m] is the load of each offer where capacity is limited. ``broken`` lists every violated rule.
    """

    worth: float
    nearest_s: tuple[FloatArray, ...]
    circle: tuple[IntArray, ...]
    covered: tuple[FloatArray, ...]
    served: tuple[FloatArray, ...]
    served_at: tuple[FloatArray, ...]
    people: tuple[float, ...]
    capital_cost: float
    yearly_cost: float
    department_capital_cost: FloatArray
    department_yearly_cost: FloatArray
    site_area_m2: FloatArray
    site_capital_cost: FloatArray
    site_yearly_cost: FloatArray
    opened_sites: IntArray
    load: FloatArray
    broken: tuple[Fault, ...]

    def of_demands(self, demands: tuple[int, ...]) -> PeopleCount:
        """Return the people of demands for one service together, the circle at one position being as wide in all of them."""
        parts = [PeopleCount(self.people[d], self.covered[d], self.served[d], self.served_at[d]) for d in demands]
        if len(parts) == 1:
            return parts[0]
        circles = max(len(part.covered) for part in parts)

        def widened(values: FloatArray) -> FloatArray:
            # Beyond its own widest circle a demand has nobody to add.
            return np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, circles - values.shape[-1])], mode="edge")

        return PeopleCount(
            people=sum(part.people for part in parts),
            covered=np.sum([widened(part.covered) for part in parts], axis=0),
            served=np.sum([widened(part.served) for part in parts], axis=0),
            served_at=np.sum([widened(part.served_at) for part in parts], axis=0),
        )


@dataclass(frozen=True, slots=True, eq=False)
class PeopleCount:
    """People of one or several demands: all of them, and those within each circle or a narrower one, float64[C] and float64[n, C].

    ``covered`` are within reach, ``served`` find a place as well.
    """

    people: float
    covered: FloatArray
    served: FloatArray
    served_at: FloatArray


def evaluate(problem: SitingProblem, plan: Plan) -> Evaluation:
    """Recount ``plan`` in every period and compare every goal with the reported value; return the last period's evaluation.

    Raises
    ------
    planner.errors.RecountError
        When a rule is violated or a goal's value differs.
    """
    if not plan.found:
        raise RecountError("there is no plan to recount")
    periods = [
        evaluate_offers(problem, state, recount.in_period(plan.assignments, period), period=period)
        for period, state in enumerate(plan.states)
    ]
    faults = [fault for found in periods for fault in found.broken]
    faults += recount.violated_order(problem, plan.states, [found.capital_cost for found in periods])
    faults += violated_area_years(problem, plan.states)
    for step in plan.steps:
        reported, found = step.outcome.objective, _goal_value(problem, plan, step, periods)
        number = np.inf if reported is None else reported  # an infinite longest walk
        absolute = TOLERANCE * min(1.0, _magnitude(problem, step))
        if not np.isclose(found, number, rtol=TOLERANCE, atol=absolute):
            faults.append(Fault(f"goal {step.goal.kind}", f"the solver says {reported!r}, the recount {found!r}"))
    raise_all(faults, RecountError, "the plan does not stand up to a recount")
    return periods[-1]


def evaluate_offers(
    problem: SitingProblem, offers: IntArray, assignments: Assignments | None = None, *, period: int | None = None
) -> Evaluation:
    """Return value and cost of ``offers`` (positions, existing ones included), and the rules they violate.

    Parameters
    ----------
    problem, offers
        The problem, and what is open.
    assignments
        Assignment of people for capacitated services; without it their capacity counts as infinite.
    period
        The period, for rules that hold in the last one only; None is the last.
    """
    capacitated = recount.capacitated_services(problem) & (assignments is not None)
    nearest: list[FloatArray] = []
    circle: list[IntArray] = []
    by_ring: list[FloatArray] = []
    for demand in problem.demands:
        seconds = recount.nearest_s(problem, demand, offers)
        ring = np.searchsorted(np.asarray(demand.cutoffs_s), seconds, side="left").astype(np.int64)
        nearest.append(np.where(ring < len(demand.cutoffs_s), seconds, np.inf))
        circle.append(ring)
        by_ring.append(sums_by(ring, demand.people, len(demand.weights) + 1)[:-1])
    covered = [np.cumsum(people) for people in by_ring]
    within = _served_points(problem, circle, capacitated, assignments)
    served = [
        by_point.sum(axis=0) if capacitated[demand.service] else inside
        for demand, by_point, inside in zip(problem.demands, within, covered, strict=True)
    ]
    worth = sum(
        recount.sequential_sum(
            np.asarray(demand.weights) * (np.diff(inside, prepend=0.0) if capacitated[demand.service] else people)
        )
        for demand, inside, people in zip(problem.demands, served, by_ring, strict=True)
    )
    money = recount.money(problem, offers)
    area = recount.area_m2(problem, offers)
    load = recount.load(problem, assignments)
    last = period is None or period == problem.n_periods - 1
    broken = [
        *recount.violated_choices(problem, offers),
        *recount.violated_area(problem, offers, area),
        *recount.violated_budgets(problem, money),
        *violated_areas(problem, offers, money, last=last),
        *recount.violated_assignments(problem, offers, assignments, load),
    ]
    if last:
        broken += recount.violated_counts(problem, offers, area)
        broken += recount.violated_shares(problem, within)
    if period is not None and problem.phases is not None:
        broken += recount.violated_readiness(problem, offers, period)
    return Evaluation(
        worth=worth,
        nearest_s=tuple(nearest),
        circle=tuple(circle),
        covered=tuple(covered),
        served=tuple(served),
        served_at=tuple(within),
        people=tuple(recount.sequential_sum(demand.people) for demand in problem.demands),
        capital_cost=money.capital(problem),
        yearly_cost=money.yearly(problem),
        department_capital_cost=money.department_capital,
        department_yearly_cost=money.department_yearly,
        site_area_m2=area,
        site_capital_cost=money.site_capital,
        site_yearly_cost=money.site_yearly,
        opened_sites=np.unique(problem.offers.site[offers[~problem.offers.existing[offers]]]).astype(np.int64),
        load=load,
        broken=tuple(broken),
    )


def _served_points(
    problem: SitingProblem, circles: list[IntArray], capacitated: BoolArray, assignments: Assignments | None
) -> list[FloatArray]:
    """Return, per demand, float64[n, C]: people of each point served within each circle or a narrower one."""
    served = []
    for position, demand in enumerate(problem.demands):
        rings = np.arange(len(demand.cutoffs_s))
        if not capacitated[demand.service] or assignments is None:
            served.append(demand.people[:, None] * (circles[position][:, None] <= rings))
            continue
        whole = position if demand.part_of is None else demand.part_of
        amount = np.zeros((problem.n_demand, len(rings) + 1))
        selected = recount.own_offers(problem, assignments) & (assignments.demand == whole)
        seconds = recount.walked_s(problem, demand, assignments.point[selected], assignments.offer[selected])
        ring = np.searchsorted(np.asarray(demand.cutoffs_s), seconds, side="left")
        np.add.at(amount, (assignments.point[selected], ring), assignments.people[selected])
        within = np.cumsum(amount[:, :-1], axis=1)
        if demand.part_of is not None:
            everybody = problem.demands[whole].people
            part = np.divide(demand.people, everybody, out=np.zeros(problem.n_demand), where=everybody > 0)
            within = within * part[:, None]
        served.append(within)
    return served


def _magnitude(problem: SitingProblem, step: Step) -> float:
    """Return an upper estimate of a goal's value: the scale of its absolute tolerance."""
    goal, offers = step.goal, problem.offers
    people = sum(float(np.sum(demand.people)) for demand in problem.demands if demand.part_of is None)
    walks = people * max(demand.cutoffs_s[-1] for demand in problem.demands)
    if goal.kind == "coverage":
        return people * max(demand.weights[0] for demand in problem.demands)
    if goal.kind == "cost":
        capital = np.abs(offers.capital_cost).sum() + np.abs(problem.sites.setup_cost).sum()
        rooms = sum(abs(room.capital_cost) + goal.years * abs(room.yearly_cost) for room in problem.rules.rooms)
        yearly = goal.years * np.abs(offers.yearly_cost).sum()
        return float(capital + yearly + rooms + goal.cost_per_walked_s * walks)
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
        return float(last.capital_cost + goal.years * last.yearly_cost + goal.cost_per_walked_s * walked)
    if goal.kind == "sites":
        return float(len(last.opened_sites))
    assignments = recount.in_period(plan.assignments, problem.n_periods - 1)
    capacitated = recount.capacitated_services(problem) & (assignments is not None)
    served = _served_points(problem, list(last.circle), capacitated, assignments)
    shares = np.sort([share for _, _, share in recount.community_shares(problem, served, goal.circle)])
    return float(shares[: step.rank + 1].sum())
