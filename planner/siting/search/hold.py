"""What is held while goals are solved against the clock: the plan in hand, a bound for every goal, a status that is true.

A solver that is stopped may come back without a plan although it was given one, with a worse one, or without a bound. The
plan it was given is still one, and the bounds of the columns alone hold for every plan.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.programme.verified import in_hand, objective_at
from planner.siting.question.outcome import relative_gap

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.programme.linear import LinearModel
    from planner.siting.programme.solver import Solution
    from planner.siting.question.outcome import Outcome, Status, Stopped

__all__ = ["column_bound", "given_up", "held"]

SAME = 1e-6
"""Relative difference up to which two numbers of one plan are the same."""


def column_bound(model: LinearModel) -> float | None:
    """Return what no plan can beat, from the bounds of the columns alone; None where they allow anything."""
    used = np.flatnonzero(model.cost)
    cost = model.cost[used]
    at_best = np.where((cost > 0) == model.maximise, model.upper[used], model.lower[used])
    bound = float(cost @ at_best) + model.offset if np.isfinite(at_best).all() else np.inf
    return bound if np.isfinite(bound) else None


def held(model: LinearModel, solution: Solution, start: NDArray[np.float64] | None, gap: float) -> Solution:
    """Return ``solution``, or the plan ``start`` it began with where that is better, and with a bound in any case.

    ``start`` counts where it is a whole plan that keeps every row of ``model`` (`in_hand`). A bound of the solver that is worse than
    it proves nothing, and is left out.
    """
    outcome = solution.outcome
    if outcome.status not in {"feasible", "unknown"}:
        return solution
    values, objective = solution.values, outcome.objective
    sign = 1.0 if model.maximise else -1.0
    plan = in_hand(model, start)
    if plan is not None:
        known = objective_at(model, plan)
        if objective is None or sign * known > sign * objective:
            values, objective = plan, known
    bound = outcome.bound
    if bound is not None and objective is not None and sign * bound < sign * objective - SAME * abs(objective):
        bound = None
    if bound is None:
        bound = column_bound(model)
    if bound is not None and objective is not None:
        # Sums in another order differ in the last places.
        bound = sign * max(sign * bound, sign * objective)
    status: Status = "unknown" if values is None else "feasible"
    between = relative_gap(objective, bound)
    stopped: Stopped = outcome.stopped_by
    if stopped == "time" and objective != outcome.objective and between is not None and between <= gap:
        status, stopped = "optimal", "proof"
    ended = dataclasses.replace(
        outcome, status=status, objective=objective, bound=bound, gap=between, stopped_by=stopped
    )
    return dataclasses.replace(solution, values=values, outcome=ended)


def given_up(reached: Outcome, objective: float | None, gap: float) -> Outcome:
    """Return how a goal ended in the final plan, where it comes to ``objective``.

    What later goals were allowed to give up of it (its tolerance) is no longer proven: the status never says more than the gap.
    """
    between = relative_gap(objective, reached.bound)
    ended = dataclasses.replace(reached, objective=objective, gap=between)
    if reached.status != "optimal" or objective is None or reached.objective is None or between is None:
        return ended
    moved = abs(objective - reached.objective) > SAME * max(abs(reached.objective), abs(objective))
    if moved and between > gap:
        return dataclasses.replace(ended, status="feasible", stopped_by="tolerance")
    return ended
