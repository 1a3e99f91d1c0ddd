"""What a solver answers is checked against the model itself: no status, number or plan is taken on trust.

Presolve has removed optimal solutions in several releases of HiGHS, has called models infeasible that have solutions, and has
returned the warm start as optimal without a bound. None of that is visible in a status. Visible are: an objective that is not
``cost · x`` of the values returned, a bound that is worse than the plan, no bound at all, values that break a row, and an
"infeasible" beside a plan that keeps every row.
"""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.arrays import sums_by
from planner.siting.programme.linear import Block
from planner.siting.question.outcome import relative_gap

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.programme.linear import LinearModel
    from planner.siting.question.outcome import Outcome

__all__ = [
    "broken_rows",
    "cover_inequality",
    "doubts",
    "in_hand",
    "keeps_rows",
    "objective_at",
    "rounded",
    "with_row",
    "without_proof",
]

ROW_TOLERANCE = 1e-5
"""By what part of its largest coefficient or limit a row may be missed: ten times the solver's own tolerance."""

OBJECTIVE_TOLERANCE = 1e-6
"""Relative difference between two readings of one objective."""


def rounded(model: LinearModel, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``values`` with whole columns rounded and no column outside its bounds by a tolerance."""
    values = np.where(model.integer, np.round(values), values)
    return np.asarray(np.clip(values, model.lower, model.upper))


def objective_at(model: LinearModel, values: NDArray[np.float64]) -> float:
    """Return ``cost · values + offset``."""
    return float(model.cost @ values + model.offset)


def keeps_rows(model: LinearModel, values: NDArray[np.float64]) -> bool:
    """Say whether ``values`` keep every row and every whole column, to the solver's tolerance."""
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


def in_hand(model: LinearModel, start: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
    """Return ``start`` where it is a whole plan, known in full, that keeps every row."""
    if start is None or len(start) != model.n_columns or np.isnan(start).any() or not keeps_rows(model, start):
        return None
    values = rounded(model, start)
    return values if keeps_rows(model, values) and not broken_rows(model, values) else None


def doubts(
    model: LinearModel,
    outcome: Outcome,
    values: NDArray[np.float64] | None,
    known: float | None = None,
) -> list[str]:
    """Return what in a solver's answer contradicts the model, the answer itself, or the objective of a plan in hand.

    Parameters
    ----------
    model, outcome, values
        What was asked, what the solver says, and the values it returned, None for none.
    known
        The objective of a plan in hand, which keeps every row.
    """
    found: list[str] = []
    sign = 1.0 if model.maximise else -1.0
    if outcome.status == "infeasible":
        return ["infeasible beside a plan in hand"] if known is not None else []
    if outcome.status == "unbounded":
        return [] if _can_be_unbounded(model) else ["unbounded although every priced column is bounded"]
    if values is None:
        return ["optimal without a plan"] if outcome.status == "optimal" else []
    reached = objective_at(model, values)
    slack = OBJECTIVE_TOLERANCE * max(float(np.abs(model.cost * values).sum()), abs(reached))
    if outcome.objective is None or abs(outcome.objective - reached) > slack:
        found.append("objective is not that of the values")
    if not keeps_rows(model, values):
        found.append("values break a row")
    if outcome.status == "optimal" and outcome.bound is None:
        found.append("optimal without a bound")
    if outcome.bound is not None and sign * outcome.bound < sign * reached - slack:
        found.append("bound is worse than the plan")
    if outcome.status == "optimal" and known is not None:
        short = sign * known - sign * reached
        if short > slack + (outcome.gap or 0.0) * abs(reached) + OBJECTIVE_TOLERANCE * abs(known):
            found.append("optimal is worse than the plan in hand")
    return found


def _can_be_unbounded(model: LinearModel) -> bool:
    """Say whether some column has a price in a direction in which it has no bound."""
    better = model.cost if model.maximise else -model.cost
    return bool(((better > 0) & np.isposinf(model.upper)).any() or ((better < 0) & np.isneginf(model.lower)).any())


def without_proof(model: LinearModel, outcome: Outcome, values: NDArray[np.float64] | None) -> Outcome:
    """Return ``outcome`` as it stands when only ``values``, checked, are left of it: a plan, and no bound that it contradicts."""
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


def broken_rows(model: LinearModel, values: NDArray[np.float64]) -> list[tuple[int, bool]]:
    """Return the rows marked exact that rounded ``values`` break by any amount, each with whether its upper limit is broken.

    What floating point cannot tell is added up in fractions: every coefficient is a whole number times a power of two.
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
    near = (activity > upper - doubt) | (activity < lower + doubt)
    broken = []
    for one in rows[near].tolist():
        mine = slice(int(model.indptr[one]), int(model.indptr[one + 1]))
        total = sum(
            (
                Fraction(a) * Fraction(x)
                for a, x in zip(model.value[mine].tolist(), values[model.column[mine]].tolist(), strict=True)
            ),
            Fraction(0),
        )
        if np.isfinite(model.row_upper[one]) and total > Fraction(float(model.row_upper[one])):
            broken.append((one, True))
        if np.isfinite(model.row_lower[one]) and total < Fraction(float(model.row_lower[one])):
            broken.append((one, False))
    return broken


def cover_inequality(
    model: LinearModel, row: int, values: NDArray[np.float64], *, upper: bool
) -> tuple[NDArray[np.int64], NDArray[np.float64], float] | None:
    """Return (columns, coefficients, limit) of an extended cover inequality that ``values`` break and the exact row implies.

    A cover is a set of choices that together use more than the limit: not all of them can be made. It is made minimal by
    leaving out the smallest first, and extended by every choice that uses at least as much as the largest of it. None where
    a column of the row is not 0 or 1.
    """
    mine = slice(int(model.indptr[row]), int(model.indptr[row + 1]))
    column = model.column[mine].astype(np.int64)
    value = model.value[mine] if upper else -model.value[mine]
    limit = Fraction(float(model.row_upper[row] if upper else -model.row_lower[row]))
    if (model.lower[column] < 0).any() or (model.upper[column] > 1).any():
        return None
    # In choices: a column with a negative coefficient is a choice where it is zero.
    negative = value < 0
    limit -= sum((Fraction(a) for a in value[negative].tolist()), Fraction(0))
    amount = [Fraction(abs(a)) for a in value.tolist()]
    made = np.flatnonzero(np.where(negative, values[column] < 0.5, values[column] > 0.5))
    cover = sorted(made.tolist(), key=lambda at: amount[at])
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


def with_row(model: LinearModel, column: NDArray[np.int64], value: NDArray[np.float64], upper: float) -> LinearModel:
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
