"""A plan: which offers open and when, who goes where, and how sure we are that none is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.question.outcome import Outcome
    from planner.siting.question.problem import Goal, SitingProblem

__all__ = ["Assignments", "Openings", "Plan", "Step"]


@dataclass(frozen=True, slots=True, eq=False)
class Assignments:
    """Who goes where, for services with limited places: one row per (period, demand, point, offer)."""

    period: NDArray[np.int64]
    demand: NDArray[np.int64]
    point: NDArray[np.int64]
    offer: NDArray[np.int64]
    people: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Step:
    """What one goal of the chain reached: the number of the final plan, the bound of the goal's own solve.

    ``rank`` counts the steps of a ``fair`` goal, whose number is the sum of the rank + 1 smallest shares.
    """

    goal: Goal
    rank: int
    outcome: Outcome


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The chosen offers in each period (what stands and stays included), assignments, and how each goal ended.

    ``states`` holds one ascending array of positions into ``problem.offers`` per period; it is empty when the solver
    found no plan (``outcome`` says whether there is none or the time ran out). ``outcome`` is that of the first goal.
    """

    states: tuple[NDArray[np.int64], ...]
    assignments: Assignments | None
    steps: tuple[Step, ...]
    outcome: Outcome

    @property
    def found(self) -> bool:
        """Whether there is a plan at all."""
        return bool(self.states)

    @property
    def offers(self) -> NDArray[np.int64]:
        """The chosen offers in the end; empty when there is no plan."""
        return self.states[-1] if self.states else np.zeros(0, dtype=np.int64)

    @property
    def proven(self) -> bool:
        """Whether every goal of the chain is proven."""
        return bool(self.steps) and all(step.outcome.proven for step in self.steps)

    def openings(self, problem: SitingProblem) -> Openings:
        """Return what the plan newly opens, and in which period."""
        offers, chosen = problem.offers, self.offers
        new = chosen[~offers.existing[chosen]]
        first = np.full(len(new), len(self.states), dtype=np.int64)
        for period, state in reversed(list(enumerate(self.states))):
            first[np.isin(new, state)] = period
        return Openings(
            new,
            offers.site[new],
            offers.service[new],
            first,
            offers.area_m2[new],
            offers.capital_yuan[new],
            offers.yearly_yuan[new],
        )

    def closed(self, problem: SitingProblem) -> NDArray[np.int64]:
        """Return the existing offers that are gone in the end: closed, moved or extended."""
        return np.setdiff1d(np.flatnonzero(problem.offers.existing), self.offers)


@dataclass(frozen=True, slots=True, eq=False)
class Openings:
    """New openings, one row each, sorted by offer; money is the service's own, without the building's set-up."""

    offer: NDArray[np.int64]
    site: NDArray[np.int32]
    service: NDArray[np.int32]
    period: NDArray[np.int64]
    area_m2: NDArray[np.float64]
    capital_yuan: NDArray[np.float64]
    yearly_yuan: NDArray[np.float64]
