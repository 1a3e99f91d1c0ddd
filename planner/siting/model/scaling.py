"""Numerical scaling: money and floor area in integer units, people and weights of ordinary magnitude.

Amounts arrive as decimals that binary fractions do not hold (0.1 three times is more than 0.3). In units of a cent, or of the
thirteenth digit of the largest amount where that is finer, they are integers, and so are their sums.

Tolerances are absolute: of a solver's rows, of the least gain worth a move, of the violation worth a cut. All are meant for people
and worth between ones and billions, so a problem in billionths is solved in other units. Units are powers of two: no digit changes.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from planner.siting.arrays import BoolArray, FloatArray
    from planner.siting.model.data import AreaLimits, Demand, Goal
    from planner.siting.model.plan import Outcome, Plan, Progress, Step
    from planner.siting.model.problem import SitingProblem


DIGITS = 12
"""Digits after the first of the largest amount."""

DECIMALS = 2
"""Decimals of a cent; units are never larger while sums of ten thousand amounts fit 64 bits."""

MOST_DIGITS = 15

SNAP = 1e-6
"""Part of a unit by which a limit may miss an integer."""

ROUNDING = 4 * float(np.finfo(np.float64).eps)
"""The same relative to the limit: its own rounding and that of its product with the units, which is more from a billion units on."""

PEOPLE, WEIGHTS, LOADS = (2.0**0, 2.0**26), (2.0**-3, 2.0**20), (2.0**-12, 2.0**12)
"""Ordinary ranges of the people of the largest demand, the largest weight and the largest load of a person.

In a row of shares a person is one part of all people, and solvers drop coefficients below 1e-9.
"""

TARGET_EXPONENT = 10
"""Binary exponent of the people of the largest demand after scaling."""


@dataclass(frozen=True, slots=True)
class IntegerUnits:
    """Units per unit of money, or per square metre: a power of ten."""

    per_one: float

    @staticmethod
    def of(*amounts: ArrayLike) -> IntegerUnits:
        """Return the units in which all of ``amounts`` are integers."""
        largest = 0.0
        for some in amounts:
            values = np.abs(np.asarray(some, dtype=np.float64))
            largest = max(largest, float(values[np.isfinite(values)].max(initial=0.0)))
        if largest == 0.0:
            return IntegerUnits(10.0**DECIMALS)
        first = int(np.floor(np.log10(largest)))
        return IntegerUnits(10.0 ** min(max(DECIMALS, DIGITS - first), MOST_DIGITS - first))

    def to_units(self, amounts: ArrayLike) -> FloatArray:
        """Return ``amounts`` in units, integers as float64."""
        return np.asarray(np.rint(np.asarray(amounts, dtype=np.float64) * self.per_one))

    def floor_limit(self, limits: ArrayLike) -> FloatArray:
        """Return upper ``limits`` rounded down to units; infinite where there is none."""
        units = np.asarray(limits, dtype=np.float64) * self.per_one
        return np.where(self._is_whole(units), np.rint(units), np.floor(units))

    def ceil_limit(self, limits: ArrayLike) -> FloatArray:
        """Return lower ``limits`` rounded up to units."""
        units = np.asarray(limits, dtype=np.float64) * self.per_one
        return np.where(self._is_whole(units), np.rint(units), np.ceil(units))

    @staticmethod
    def _is_whole(units: FloatArray) -> BoolArray:
        finite = np.where(np.isfinite(units), units, 0.0)
        return np.asarray(np.abs(finite - np.rint(finite)) <= np.maximum(SNAP, ROUNDING * np.abs(finite)))


def money_units(problem: SitingProblem) -> IntegerUnits:
    """Return the units of every amount of money of ``problem``."""
    offers, sites = problem.offers, problem.sites
    optional = [some for some in (offers.closing_cost, sites.setup_yearly_cost) if some is not None]
    rooms = [[room.capital_cost, room.yearly_cost] for room in problem.rules.rooms]
    if sites.setup_cost_per_m2 is not None:
        optional.append(sites.setup_cost_per_m2[offers.site] * offers.area_m2)
    return IntegerUnits.of(offers.capital_cost, offers.yearly_cost, sites.setup_cost, *optional, *rooms)


def area_units(problem: SitingProblem) -> IntegerUnits:
    """Return the units of every floor area that is used in ``problem``."""
    return IntegerUnits.of(problem.offers.area_m2, *([room.area_m2] for room in problem.rules.rooms))


@dataclass(frozen=True, slots=True)
class Scale:
    """Units per person, per unit of weight, per unit of load: powers of two."""

    people: float = 1.0
    weight: float = 1.0
    load: float = 1.0

    @property
    def is_identity(self) -> bool:
        """Whether the problem is of ordinary magnitude as it is."""
        return self.people == self.weight == self.load == 1.0

    def apply(self, problem: SitingProblem) -> SitingProblem:
        """Return the scaled problem."""
        offers, places = problem.offers, self.people * self.load
        return dataclasses.replace(
            problem,
            offers=dataclasses.replace(
                offers,
                capacity=None if offers.capacity is None else offers.capacity * places,
                min_load=None if offers.min_load is None else offers.min_load * places,
            ),
            demands=tuple(self._of_demand(demand) for demand in problem.demands),
            rules=dataclasses.replace(
                problem.rules, areas=tuple(self._of_area(area, places) for area in problem.rules.areas)
            ),
            goals=tuple(
                dataclasses.replace(goal, cost_per_walked_s=goal.cost_per_walked_s / self.people)
                for goal in problem.goals
            ),
        )

    @staticmethod
    def _of_area(area: AreaLimits, places: float) -> AreaLimits:
        least = tuple(None if capacity is None else capacity * places for capacity in area.min_capacity)
        return dataclasses.replace(area, min_capacity=least)

    def _of_demand(self, demand: Demand) -> Demand:
        return dataclasses.replace(
            demand,
            people=demand.people * self.people,
            weights=tuple(weight * self.weight for weight in demand.weights),
            load_per_person=demand.load_per_person * self.load,
        )

    def goal_unit(self, goal: Goal) -> float:
        """Return the units of a goal's value."""
        return {"coverage": self.people * self.weight, "walk": self.people}.get(goal.kind, 1.0)

    def scaled_progress(self, problem: SitingProblem, progress: Progress | None) -> Progress | None:
        """Return a progress callback in the problem's own units; without numbers where its goals have different units."""
        if progress is None:
            return None
        units = {self.goal_unit(goal) for goal in problem.goals}
        unit = units.pop() if len(units) == 1 else None

        def report(incumbent: float | None, bound: float | None, seconds: float) -> None:
            own = [None if unit is None or value is None else value / unit for value in (incumbent, bound)]
            progress(own[0], own[1], seconds)

        return report

    def restore(self, problem: SitingProblem, plan: Plan) -> Plan:
        """Return the plan of the scaled problem in the problem's own units."""
        sent = plan.assignments
        steps = tuple(
            self._restored_step(step, goal) for step, goal in zip(plan.steps, _goals(problem, plan), strict=True)
        )
        return dataclasses.replace(
            plan,
            assignments=None if sent is None else dataclasses.replace(sent, people=sent.people / self.people),
            steps=steps,
            outcome=self._outcome(plan.outcome, problem.goals[0]),
        )

    def _restored_step(self, step: Step, goal: Goal) -> Step:
        return dataclasses.replace(step, goal=goal, outcome=self._outcome(step.outcome, goal))

    def _outcome(self, outcome: Outcome, goal: Goal) -> Outcome:
        unit = self.goal_unit(goal)
        objective, bound = (None if value is None else value / unit for value in (outcome.objective, outcome.bound))
        return dataclasses.replace(outcome, objective=objective, bound=bound)


def _goals(problem: SitingProblem, plan: Plan) -> list[Goal]:
    """Return the problem's own goal of every step: goals in order, each with as many steps as its ranks."""
    found, position = list[int](), -1
    for step in plan.steps:
        position += step.rank == 0
        found.append(position)
    return [problem.goals[at] for at in found]


def scale_of(problem: SitingProblem) -> Scale:
    """Return the scale at which ``problem`` is of ordinary magnitude."""
    demands = problem.demands
    people = max((float(np.sum(demand.people)) for demand in demands), default=0.0)
    weight = max((demand.weights[0] for demand in demands), default=0.0)
    load = max((demand.load_per_person for demand in demands), default=0.0)
    return Scale(
        _power_of_two(people, PEOPLE, TARGET_EXPONENT), _power_of_two(weight, WEIGHTS, 0), _power_of_two(load, LOADS, 0)
    )


def _power_of_two(size: float, is_identity: tuple[float, float], meant: int) -> float:
    """Return 1 where ``size`` is ordinary, else the power of two that scales it to about two to the ``meant``."""
    if size == 0.0 or is_identity[0] <= size <= is_identity[1]:
        return 1.0
    return float(2.0 ** (meant - np.floor(np.log2(size))))
