"""Checks of a solver's answer against the model itself: no status, number or plan is taken on trust.

Presolve has removed optimal solutions in several releases of HiGHS, has called models infeasible that have solutions, and has
returned the warm start as optimal without a bound. None of that is visible in a status. Visible are: an objective that is not
``cost · x`` of the values returned, a bound that is worse than the plan, no bound at all, values that violate a row, and an
"infeasible" beside an incumbent that satisfies every row. A solver that is stopped may also come back without the incumbent it was
given, or with a worse one: the incumbent still counts, and the bounds of the columns alone hold for every plan.
"""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.arrays import sums_by
from planner.siting.mip.linear import Block
from planner.siting.model.plan import relative_gap

if TYPE_CHECKING:
    from planner.siting.arrays import FloatArray, IntArray
    from planner.siting.mip.highs import Solution
    from planner.siting.mip.linear import LinearModel
    from planner.siting.model.plan import Outcome, Status, Stopped


ROW_TOLERANCE = 1e-5
"""Violation of a row relative to its largest coefficient or limit: ten times the solver's own tolerance."""

OBJECTIVE_TOLERANCE = 1e-6
"""Relative difference between two evaluations of one objective."""

SAME = 1e-6
"""Relative difference up to which two values of one plan are equal."""


def rounded_within_bounds(model: LinearModel, values: FloatArray) -> FloatArray:
    """Return ``values`` with integer columns rounded and every column within its bounds."""
    values = np.where(model.integer, np.round(values), values)
    return np.asarray(np.clip(values, model.lower, model.upper))


def objective_at(model: LinearModel, values: FloatArray) -> float:
    """Return ``cost · values + offset``."""
    return float(model.cost @ values + model.offset)


def is_feasible(model: LinearModel, values: FloatArray) -> bool:
    """Return whether ``values`` satisfy every row, bound and integrality, to the solver's tolerance."""
    if not np.isfinite(values).all():
        return False
    if (np.abs(values - np.round(values))[model.integer] > ROW_TOLERANCE).any():
        return False
    outside = np.maximum(model.lower - values, values - model.upper)
    if (outside > ROW_TOLERANCE * np.maximum(1.0, np.abs(values))).any():
        return False
    row = np.repeat(np.arange(model.n_rows), np.diff(model.indptr))
    size = np.zeros(model.n_rows)
    np.maximum.at(size, row, np.abs(model.value) * np.maximum(1.0, np.abs(values[model.column])))
    for limit in (model.row_lower, model.row_upper):
        size = np.maximum(size, np.where(np.isfinite(limit), np.abs(limit), 0.0))
    activity = model.activity(values)
    missed = np.maximum(model.row_lower - activity, activity - model.row_upper)
    return not bool((missed > ROW_TOLERANCE * size).any())


def feasible_incumbent(model: LinearModel, start: FloatArray | None) -> FloatArray | None:
    """Return ``start`` where it is complete and satisfies every row; else None."""
    if start is None or len(start) != model.n_columns or np.isnan(start).any() or not is_feasible(model, start):
        return None
    values = rounded_within_bounds(model, start)
    return values if is_feasible(model, values) and not violated_exact_rows(model, values) else None


def contradictions(
    model: LinearModel, outcome: Outcome, values: FloatArray | None, incumbent: float | None = None
) -> list[str]:
    """Return what in a solver's answer contradicts the model, the answer itself, or the incumbent.

    Parameters
    ----------
    model, outcome, values
        The model, the solver's outcome, and the values it returned, None for none.
    incumbent
        The objective of a known feasible plan.
    """
    faults: list[str] = []
    sign = 1.0 if model.maximise else -1.0
    if outcome.status == "infeasible":
        return ["infeasible beside a plan in hand"] if incumbent is not None else []
    if outcome.status == "unbounded":
        return [] if _can_be_unbounded(model) else ["unbounded although every priced column is bounded"]
    if values is None:
        return ["optimal without a plan"] if outcome.status == "optimal" else []
    reached = objective_at(model, values)
    slack = OBJECTIVE_TOLERANCE * max(float(np.abs(model.cost * values).sum()), abs(reached))
    if outcome.objective is None or abs(outcome.objective - reached) > slack:
        faults.append("objective is not that of the values")
    if not is_feasible(model, values):
        faults.append("values break a row")
    if outcome.status == "optimal" and outcome.bound is None:
        faults.append("optimal without a bound")
    if outcome.bound is not None and sign * outcome.bound < sign * reached - slack:
        faults.append("bound is worse than the plan")
    if outcome.status == "optimal" and incumbent is not None:
        short = sign * incumbent - sign * reached
        if short > slack + (outcome.gap or 0.0) * abs(reached) + OBJECTIVE_TOLERANCE * abs(incumbent):
            faults.append("optimal is worse than the plan in hand")
    return faults


def _can_be_unbounded(model: LinearModel) -> bool:
    """Return whether some column has a cost in a direction in which it has no bound."""
    better = model.cost if model.maximise else -model.cost
    return bool(((better > 0) & np.isposinf(model.upper)).any() or ((better < 0) & np.isneginf(model.lower)).any())


def without_proof(model: LinearModel, outcome: Outcome, values: FloatArray | None) -> Outcome:
    """Return ``outcome`` reduced to ``values``, checked: a feasible plan, and the bound unless they contradict it."""
    objective = None if values is None else objective_at(model, values)
    sign = 1.0 if model.maximise else -1.0
    bound = outcome.bound
    if bound is not None and objective is not None and sign * bound < sign * objective:
        bound = None
    return dataclasses.replace(
        outcome,
        status="unknown" if values is None else "feasible",
        objective=objective,
        bound=bound,
        gap=relative_gap(objective, bound),
        stopped_by="limit" if outcome.stopped_by == "proof" else outcome.stopped_by,
    )


def violated_exact_rows(model: LinearModel, values: FloatArray) -> list[tuple[int, bool]]:
    """Return the exact rows that rounded ``values`` violate by any amount, each with whether the upper limit is violated.

    Where floating point cannot decide, sums are evaluated as fractions: every coefficient is an integer times a power of two.
    """
    rows = np.flatnonzero(model.exact)
    if not len(rows):
        return []
    row = np.repeat(np.arange(model.n_rows), np.diff(model.indptr))
    inside = model.exact[row]
    terms = model.value[inside] * values[model.column[inside]]
    activity = sums_by(row[inside], terms, model.n_rows)[rows]
    doubt = 1e-12 * (sums_by(row[inside], np.abs(terms), model.n_rows)[rows] + 1e-300)
    lower, upper = model.row_lower[rows], model.row_upper[rows]
    close = (activity > upper - doubt) | (activity < lower + doubt)
    broken = []
    for one in rows[close].tolist():
        entries = slice(int(model.indptr[one]), int(model.indptr[one + 1]))
        total = sum(
            (
                Fraction(a) * Fraction(x)
                for a, x in zip(model.value[entries].tolist(), values[model.column[entries]].tolist(), strict=True)
            ),
            Fraction(0),
        )
        if np.isfinite(model.row_upper[one]) and total > Fraction(float(model.row_upper[one])):
            broken.append((one, True))
        if np.isfinite(model.row_lower[one]) and total < Fraction(float(model.row_lower[one])):
            broken.append((one, False))
    return broken


def cover_inequality(
    model: LinearModel, row: int, values: FloatArray, *, upper: bool
) -> tuple[IntArray, FloatArray, float] | None:
    """Return (columns, coefficients, limit) of an extended cover inequality that ``values`` violate and the exact row implies.

    A cover is a set of choices that together exceed the limit. It is made minimal by
    removing the smallest first, and extended by every choice at least as large as its largest. None where
    a column of the row is not binary.
    """
    entries = slice(int(model.indptr[row]), int(model.indptr[row + 1]))
    column = model.column[entries].astype(np.int64)
    value = model.value[entries] if upper else -model.value[entries]
    limit = Fraction(float(model.row_upper[row] if upper else -model.row_lower[row]))
    if (model.lower[column] < 0).any() or (model.upper[column] > 1).any():
        return None
    # In choices: a column with a negative coefficient is a choice where it is zero.
    negative = value < 0
    limit -= sum((Fraction(a) for a in value[negative].tolist()), Fraction(0))
    amount = [Fraction(abs(a)) for a in value.tolist()]
    chosen = np.flatnonzero(np.where(negative, values[column] < 0.5, values[column] > 0.5))
    cover = sorted(chosen.tolist(), key=lambda at: amount[at])
    total = sum((amount[at] for at in cover), Fraction(0))
    if total <= limit:
        return None
    kept = []
    for at in cover:
        if total - amount[at] > limit:
            total -= amount[at]
        else:
            kept.append(at)
    largest = max(amount[at] for at in kept)
    extended = sorted({*kept, *(at for at in range(len(amount)) if amount[at] >= largest)})
    sign = np.where(negative[extended], -1.0, 1.0)
    return column[extended], sign, float(len(kept) - 1 - int(negative[extended].sum()))


def add_row(model: LinearModel, column: IntArray, value: FloatArray, upper: float) -> LinearModel:
    """Return ``model`` with one more row ``value · x[column] ≤ upper``."""
    return dataclasses.replace(
        model,
        indptr=np.append(model.indptr, model.indptr[-1] + len(column)),
        column=np.append(model.column, column.astype(np.int32)),
        value=np.append(model.value, value),
        row_lower=np.append(model.row_lower, -np.inf),
        row_upper=np.append(model.row_upper, upper),
        exact=np.append(model.exact, False),  # a value, not a flag
        rows=(*model.rows, Block("cover", model.n_rows, 1)),
    )


def bound_from_columns(model: LinearModel) -> float | None:
    """Return the bound on the objective from the bounds of the columns alone; None where it is infinite."""
    used = np.flatnonzero(model.cost)
    cost = model.cost[used]
    at_best = np.where((cost > 0) == model.maximise, model.upper[used], model.lower[used])
    bound = float(cost @ at_best) + model.offset if np.isfinite(at_best).all() else np.inf
    return bound if np.isfinite(bound) else None


def keep_incumbent(model: LinearModel, solution: Solution, start: FloatArray | None, gap: float) -> Solution:
    """Return ``solution``, or the incumbent ``start`` where that is better, with a bound in any case.

    ``start`` counts where it is complete and satisfies every row of ``model`` (`feasible_incumbent`). A solver bound worse than it
    proves nothing, and is dropped.
    """
    outcome = solution.outcome
    if outcome.status not in {"feasible", "unknown"}:
        return solution
    values, objective = solution.values, outcome.objective
    sign = 1.0 if model.maximise else -1.0
    plan = feasible_incumbent(model, start)
    if plan is not None:
        incumbent = objective_at(model, plan)
        if objective is None or sign * incumbent > sign * objective:
            values, objective = plan, incumbent
    bound = outcome.bound
    if bound is not None and objective is not None and sign * bound < sign * objective - SAME * abs(objective):
        bound = None
    if bound is None:
        bound = bound_from_columns(model)
    if bound is not None and objective is not None:
        # Sums in another order differ in the last places.
        bound = sign * max(sign * bound, sign * objective)
    status: Status = "unknown" if values is None else "feasible"
    gap_now = relative_gap(objective, bound)
    stopped: Stopped = outcome.stopped_by
    if stopped == "time" and objective != outcome.objective and gap_now is not None and gap_now <= gap:
        status, stopped = "optimal", "proof"
    outcome_now = dataclasses.replace(
        outcome, status=status, objective=objective, bound=bound, gap=gap_now, stopped_by=stopped
    )
    return dataclasses.replace(solution, values=values, outcome=outcome_now)


def final_outcome(reached: Outcome, objective: float | None, gap: float) -> Outcome:
    """Return the outcome of a goal at its value ``objective`` in the final plan.

    What later goals gave up of it (its tolerance) is no longer proven: the status never claims more than the gap.
    """
    gap_now = relative_gap(objective, reached.bound)
    outcome_now = dataclasses.replace(reached, objective=objective, gap=gap_now)
    if reached.status != "optimal" or objective is None or reached.objective is None or gap_now is None:
        return outcome_now
    moved = abs(objective - reached.objective) > SAME * max(abs(reached.objective), abs(objective))
    if moved and gap_now > gap:
        return dataclasses.replace(outcome_now, status="feasible", stopped_by="tolerance")
    return outcome_now
