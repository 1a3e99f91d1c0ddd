"""Plans and outcomes: what opens when, who is assigned where, and how close to the optimum."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from planner.siting.arrays import FloatArray, IntArray
    from planner.siting.model.data import Goal
    from planner.siting.model.problem import SitingProblem


Stopped = Literal["proof", "time", "interrupt", "limit", "tolerance"]

Progress: TypeAlias = "Callable[[float | None, float | None, float], None]"
"""Called with ``(incumbent, bound, seconds)``; None stands for not yet known."""

Status = Literal["optimal", "feasible", "infeasible", "unbounded", "unknown"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of a solve.

    ``status`` is ``optimal`` only when the solver itself closed the requested gap; ``feasible`` is a plan
    whose optimality is not proven (``stopped_by`` says what ended the search; ``tolerance`` that the goal's own search ended
    in proof, and later goals gave up part of it within its tolerance); ``infeasible`` is proven;
    ``unknown`` means that the search ended before any plan was found. ``objective``, ``bound`` and ``gap`` are None
    where there is none, the longest walk infinite where somebody is unserved who could be served (`finite`); ``bound`` is the best any
    plan could reach. ``bound_from`` tells whether the solver proved it, or branch and cut over buildings (`planner.siting.benders`).
    """

    status: Status
    objective: float | None
    bound: float | None
    gap: float | None
    seconds: float
    solver: str
    version: str
    stopped_by: Stopped = "proof"
    nodes: int = 0
    bound_from: Literal["solver", "tree"] = "solver"

    @property
    def proven(self) -> bool:
        """Whether the plan is optimal within the gap asked for."""
        return self.status == "optimal"

    @property
    def interrupted(self) -> bool:
        """Whether somebody pressed Ctrl-C."""
        return self.stopped_by == "interrupt"

    def finite(self) -> Outcome:
        """Return the outcome as it is stored: None for an infinite longest walk."""
        objective, bound = (
            None if value is None or not math.isfinite(value) else value for value in (self.objective, self.bound)
        )
        gap = None if objective is None or bound is None else self.gap
        return replace(self, objective=objective, bound=bound, gap=gap)

    def __str__(self) -> str:
        """One line with status, both numbers, gap and time."""
        numbers = ", ".join(
            f"{name} {value:,.6g}"
            for name, value in (("objective", self.objective), ("bound", self.bound))
            if value is not None
        )
        gap = "" if self.gap is None else f", gap {self.gap:.3%}"
        ended = "" if self.stopped_by == "proof" else f" (stopped by {self.stopped_by})"
        return f"{self.status}{ended}: {numbers}{gap}, {self.seconds:.1f} s, {self.solver} {self.version}"


def relative_gap(objective: float | None, bound: float | None) -> float | None:
    """Return ``|bound − objective| / |objective|``; None where either is missing, 0 where they are equal."""
    if objective is None or bound is None:
        return None
    if objective == bound:
        return 0.0
    if math.isinf(objective):
        return float("inf")
    return abs(bound - objective) / abs(objective) if objective else float("inf")


@dataclass(frozen=True, slots=True, eq=False)
class Assignments:
    """Assignment of people to offers of capacitated services: one row per (period, demand, point, offer)."""

    period: IntArray
    demand: IntArray
    point: IntArray
    offer: IntArray
    people: FloatArray


@dataclass(frozen=True, slots=True)
class Step:
    """Result of one goal of the chain: its value in the final plan, the bound of its own solve.

    ``rank`` counts the steps of a ``fair`` goal, whose value is the sum of the rank + 1 smallest shares.
    """

    goal: Goal
    rank: int
    outcome: Outcome


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The open offers in each period (existing ones included), assignments, and the outcome of each goal.

    ``states`` holds one ascending array of positions into ``problem.offers`` per period; it is empty when no plan was found
    (``outcome`` says whether there is none or the time ran out). ``outcome`` is that of the first goal.
    """

    states: tuple[IntArray, ...]
    assignments: Assignments | None
    steps: tuple[Step, ...]
    outcome: Outcome

    @property
    def found(self) -> bool:
        """Whether there is a plan at all."""
        return bool(self.states)

    @property
    def offers(self) -> IntArray:
        """The open offers in the last period; empty when there is no plan."""
        return self.states[-1] if self.states else np.zeros(0, dtype=np.int64)

    @property
    def proven(self) -> bool:
        """Whether every goal of the chain is proven."""
        return bool(self.steps) and all(step.outcome.proven for step in self.steps)

    def openings(self, problem: SitingProblem) -> Openings:
        """Return the new openings of the plan with their period."""
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
            offers.capital_cost[new],
            offers.yearly_cost[new],
        )

    def closed(self, problem: SitingProblem) -> IntArray:
        """Return the existing offers that are closed in the last period: closed, moved or extended."""
        return np.setdiff1d(np.flatnonzero(problem.offers.existing), self.offers)


@dataclass(frozen=True, slots=True, eq=False)
class Openings:
    """New openings, one row each, sorted by offer; money is the service's own, without the building's set-up."""

    offer: IntArray
    site: NDArray[np.int32]
    service: NDArray[np.int32]
    period: IntArray
    area_m2: FloatArray
    capital_cost: FloatArray
    yearly_cost: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """New openings in time, one row each, by period of opening.

    ``ready`` is the first period in which the site could open if its approval started now: how long that takes.
    ``latest_start`` is the period in which approval has to start for the opening to be in time; 0 is now. Both count periods
    of equal length: where the years of a study lie unevenly, calendar years say when approval has to start.
    """

    offer: IntArray
    opens: IntArray
    ready: IntArray
    latest_start: IntArray

    def start_now(self, by: int | None = None) -> IntArray:
        """Return the offers whose approval must start in the first period to open as planned, by period ``by``."""
        selected = self.latest_start <= 0
        if by is not None:
            selected &= self.opens <= by
        return self.offer[selected]


def schedule(problem: SitingProblem, plan: Plan) -> Schedule:
    """Return when each new opening of ``plan`` opens and must be started."""
    new = plan.openings(problem)
    ready = np.zeros(problem.sites.count, dtype=np.int64)
    if problem.phases is not None:
        ready = problem.phases.ready.astype(np.int64)
    order = np.lexsort((new.offer, new.period))
    opens, ready_of = new.period[order], ready[new.site[order]]
    return Schedule(new.offer[order], opens, ready_of, opens - ready_of)
