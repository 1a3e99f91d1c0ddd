"""Very small or very large people, weights and loads, in units that leave the numbers of a question of ordinary size.

Every method compares with something: a solver with a tolerance of a row, a search with the least gain worth a move, a cut with what
it cuts off. All of these are meant for people and worth between ones and billions. A question in billionths is asked in other
units; its answer comes back in its own. Units are powers of two, so that no number changes in its last place.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from planner.siting.programme.solver import Progress
    from planner.siting.question.outcome import Outcome
    from planner.siting.question.plan import Plan, Step
    from planner.siting.question.problem import Demand, Goal, SitingProblem

__all__ = ["Sizes", "sizes_of"]

PEOPLE, WEIGHTS, LOADS = (2.0**0, 2.0**40), (2.0**-3, 2.0**20), (2.0**-12, 2.0**12)
"""Between these everybody of the largest demand, the largest weight and the largest load of a person are of ordinary size."""

MEANT = 10
"""Everybody of a question in other units is about so many doublings of one."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many units make one person, one unit of worth per person, one place per person: powers of two."""

    people: float = 1.0
    weight: float = 1.0
    load: float = 1.0

    @property
    def ordinary(self) -> bool:
        """Whether the question is of ordinary size as it stands."""
        return self.people == self.weight == self.load == 1.0

    def asked(self, problem: SitingProblem) -> SitingProblem:
        """Return the question in these units."""
        offers, places = problem.offers, self.people * self.load
        return dataclasses.replace(
            problem,
            offers=dataclasses.replace(
                offers,
                capacity=None if offers.capacity is None else offers.capacity * places,
                min_load=None if offers.min_load is None else offers.min_load * places,
            ),
            demands=tuple(self._of_demand(demand) for demand in problem.demands),
            goals=tuple(
                dataclasses.replace(goal, yuan_per_walked_s=goal.yuan_per_walked_s / self.people)
                for goal in problem.goals
            ),
        )

    def _of_demand(self, demand: Demand) -> Demand:
        return dataclasses.replace(
            demand,
            people=demand.people * self.people,
            weights=tuple(weight * self.weight for weight in demand.weights),
            load_per_person=demand.load_per_person * self.load,
        )

    def of_goal(self, goal: Goal) -> float:
        """Return how many units make one of what a goal is counted in."""
        return {"coverage": self.people * self.weight, "walk": self.people}.get(goal.kind, 1.0)

    def told(self, problem: SitingProblem, progress: Progress | None) -> Progress | None:
        """Return a progress that passes numbers on in the question's own units; none where its goals have different ones."""
        if progress is None:
            return None
        units = {self.of_goal(goal) for goal in problem.goals}
        unit = units.pop() if len(units) == 1 else None

        def tell(incumbent: float | None, bound: float | None, seconds: float) -> None:
            own = [None if unit is None or value is None else value / unit for value in (incumbent, bound)]
            progress(own[0], own[1], seconds)

        return tell

    def answered(self, problem: SitingProblem, plan: Plan) -> Plan:
        """Return the plan of the question asked in these units, in the question's own."""
        sent = plan.assignments
        steps = tuple(self._own(step, goal) for step, goal in zip(plan.steps, _goals(problem, plan), strict=True))
        return dataclasses.replace(
            plan,
            assignments=None if sent is None else dataclasses.replace(sent, people=sent.people / self.people),
            steps=steps,
            outcome=self._outcome(plan.outcome, problem.goals[0]),
        )

    def _own(self, step: Step, goal: Goal) -> Step:
        return dataclasses.replace(step, goal=goal, outcome=self._outcome(step.outcome, goal))

    def _outcome(self, outcome: Outcome, goal: Goal) -> Outcome:
        unit = self.of_goal(goal)
        objective, bound = (None if value is None else value / unit for value in (outcome.objective, outcome.bound))
        return dataclasses.replace(outcome, objective=objective, bound=bound)


def _goals(problem: SitingProblem, plan: Plan) -> list[Goal]:
    """Return the question's own goal of every step: goals in order, each with as many steps as its ranks."""
    found, position = list[int](), -1
    for step in plan.steps:
        position += step.rank == 0
        found.append(position)
    return [problem.goals[at] for at in found]


def sizes_of(problem: SitingProblem) -> Sizes:
    """Return the units in which ``problem`` is of ordinary size."""
    demands = problem.demands
    people = max((float(np.sum(demand.people)) for demand in demands), default=0.0)
    weight = max((demand.weights[0] for demand in demands), default=0.0)
    load = max((demand.load_per_person for demand in demands), default=0.0)
    return Sizes(_unit(people, PEOPLE, MEANT), _unit(weight, WEIGHTS, 0), _unit(load, LOADS, 0))


def _unit(size: float, ordinary: tuple[float, float], meant: int) -> float:
    """Return one where ``size`` is ordinary, else the power of two that makes it about two to the ``meant``."""
    if size == 0.0 or ordinary[0] <= size <= ordinary[1]:
        return 1.0
    return float(2.0 ** (meant - np.floor(np.log2(size))))
