"""A siting problem in other units: the same question, whatever its numbers are counted in."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import numpy as np

__all__ = ["Scale", "plan_in_ones", "problem_at"]


@dataclasses.dataclass(frozen=True)
class Scale:
    """Powers of ten by which money, areas, people, weights and loads are multiplied."""

    money: int = 0
    m2: int = 0
    people: int = 0
    weight: int = 0
    load: int = 0

    def of_goal(self, goal):
        """Return the power of ten of a goal's number."""
        return {"coverage": self.people + self.weight, "walk": self.people, "cost": self.money}.get(goal.kind, 0)


def times(values, power):
    """Return the decimals ``values`` times a power of ten, each the float nearest to it: three millionths are 3e-6."""
    if values is None:
        return None
    array = np.asarray(values, dtype=float)
    shifted = [
        value if np.isinf(value) else float(Decimal(repr(value)).scaleb(power)) for value in array.ravel().tolist()
    ]
    found = np.array(shifted).reshape(array.shape)
    return float(found) if np.ndim(values) == 0 else found


def problem_at(problem, scale):
    """Return ``problem`` with its amounts at ``scale``."""
    offers, sites, budgets, rules = problem.offers, problem.sites, problem.budgets, problem.rules
    money, m2 = scale.money, scale.m2
    places = scale.people + scale.load

    def changed(of, power, *names):
        return {name: times(getattr(of, name), power) for name in names}

    hub = rules.hub
    return dataclasses.replace(
        problem,
        offers=dataclasses.replace(
            offers,
            **changed(offers, money, "capital_cost", "yearly_cost", "closing_cost"),
            **changed(offers, m2, "area_m2"),
            **changed(offers, places, "capacity", "min_load"),
        ),
        sites=dataclasses.replace(
            sites,
            **changed(sites, money, "setup_cost", "setup_yearly_cost"),
            **changed(sites, money - m2, "setup_cost_per_m2"),
            **changed(sites, m2, "floor_area_m2", "storey_area_m2", "min_area_m2"),
        ),
        demands=tuple(
            dataclasses.replace(
                demand,
                people=times(demand.people, scale.people),
                weights=tuple(times(demand.weights, scale.weight).tolist()),
                load_per_person=times(demand.load_per_person, scale.load),
            )
            for demand in problem.demands
        ),
        budgets=dataclasses.replace(
            budgets,
            **changed(
                budgets, money, "capital_cost", "yearly_cost", "department_capital_cost", "department_yearly_cost"
            ),
        ),
        rules=dataclasses.replace(
            rules,
            rooms=tuple(
                dataclasses.replace(
                    room, **changed(room, money, "capital_cost", "yearly_cost"), **changed(room, m2, "area_m2")
                )
                for room in rules.rooms
            ),
            hub=None if hub is None else dataclasses.replace(hub, **changed(hub, m2, "min_area_m2")),
        ),
        goals=tuple(
            dataclasses.replace(goal, **changed(goal, money - scale.people, "cost_per_walked_s"))
            for goal in problem.goals
        ),
        phases=None
        if problem.phases is None
        else dataclasses.replace(problem.phases, **changed(problem.phases, money, "capital_cost")),
    )


def plan_in_ones(problem, plan, scale):
    """Return the plan of ``problem_at(problem, scale)`` with its numbers at the scale of ``problem``."""

    def own(outcome, goal):
        power = scale.of_goal(goal)
        numbers = {name: getattr(outcome, name) for name in ("objective", "bound")}
        return dataclasses.replace(
            outcome, **{name: None if v is None else v / 10.0**power for name, v in numbers.items()}
        )

    sent, goals = plan.assignments, {goal.kind: goal for goal in problem.goals}
    return dataclasses.replace(
        plan,
        steps=tuple(
            dataclasses.replace(step, goal=goals[step.goal.kind], outcome=own(step.outcome, step.goal))
            for step in plan.steps
        ),
        assignments=None if sent is None else dataclasses.replace(sent, people=sent.people / 10.0**scale.people),
    )
