"""A `LinearModel` as HiGHS takes it, objective and rows scaled to their own size.

Tolerances of a solver are absolute: 1e-6 of a row, 1e-6 of an objective. An objective in billionths is optimal to it wherever it
looks, a budget in billionths is never overspent. Factors are powers of two, so that no number changes in the last place.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.programme.linear import LinearModel

__all__ = ["as_highs", "objective_factor", "scaled"]

LEAST_COST, MOST_COST = 1.0, 2.0**24
"""An objective whose largest coefficient is between these is left as it is; any other gets one of `COST`."""

COST = 2.0**9

LEAST_ROW = 0.5
"""Rows whose largest coefficient is smaller are scaled up to it; large ones are only kept more strictly."""


def objective_factor(model: LinearModel) -> float:
    """Return the power of two by which the objective of ``model`` is handed over."""
    largest = float(np.abs(model.cost / model.unit).max(initial=0.0))
    if largest == 0.0 or LEAST_COST <= largest <= MOST_COST:
        return 1.0
    return float(2.0 ** (np.log2(COST) - np.floor(np.log2(largest))))


def scaled(model: LinearModel) -> LinearModel:
    """Return ``model`` with objective and rows times powers of two, so that absolute tolerances mean the same at any scale."""
    factor = objective_factor(model)
    row = np.repeat(np.arange(model.n_rows), np.diff(model.indptr))
    factors = _row_factors(model, row)
    return dataclasses.replace(
        model,
        cost=model.cost * factor,
        offset=model.offset * factor,
        value=model.value * factors[row],
        row_lower=model.row_lower * factors,
        row_upper=model.row_upper * factors,
    )


def _row_factors(model: LinearModel, row: NDArray[np.int64]) -> NDArray[np.float64]:
    largest = np.zeros(model.n_rows)
    np.maximum.at(largest, row, np.abs(model.value))
    small = (largest > 0.0) & (largest < LEAST_ROW)
    exponent = -np.floor(np.log2(np.where(small, largest, 1.0)))
    return np.where(small, 2.0**exponent, 1.0)


def as_highs(model: LinearModel) -> Any:
    """Return ``model`` as a ``HighsLp``, its columns in their units."""
    lp = highspy.HighsLp()
    lp.num_col_ = model.n_columns
    lp.num_row_ = model.n_rows
    lp.sense_ = highspy.ObjSense.kMaximize if model.maximise else highspy.ObjSense.kMinimize
    lp.offset_ = model.offset
    lp.col_cost_ = model.cost / model.unit
    lp.col_lower_ = model.lower * model.unit
    lp.col_upper_ = model.upper * model.unit
    lp.row_lower_ = model.row_lower
    lp.row_upper_ = model.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.num_col_ = model.n_columns
    lp.a_matrix_.num_row_ = model.n_rows
    lp.a_matrix_.start_ = model.indptr.astype(np.int32)
    lp.a_matrix_.index_ = model.column
    lp.a_matrix_.value_ = model.value / model.unit[model.column]
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    lp.integrality_ = [kinds[flag] for flag in model.integer.tolist()]
    return lp
