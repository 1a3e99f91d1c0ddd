"""A programme that falls apart is solved piece by piece: no row ties the pieces, so that the best of each is the best of all.

Districts that share no budget, people who share no site: a search that does not know it tries every plan of one beside every
plan of the other.
"""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from planner.siting.arrays import sums_by
from planner.siting.programme.linear import Block
from planner.siting.question.outcome import relative_gap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from planner.siting.programme.linear import LinearModel
    from planner.siting.question.outcome import Outcome, SolverSettings, Status, Stopped

__all__ = ["added_up", "forced", "pieces", "restricted", "time_for"]

FORCED = 1e-12
"""Relative difference of two sums of the same numbers in another order."""

LEAST_WHOLE = 2
"""Pieces with fewer free whole columns than this stay with the largest: there is nothing to search."""


def forced(model: LinearModel) -> LinearModel:
    """Return ``model`` with the columns settled that a row leaves no choice: everybody is to be served, so each set is covered."""
    row, least, most = _activity(model)
    slack = _rounding(model, model.row_lower)
    none_left = np.isfinite(model.row_lower) & np.isfinite(most) & (np.abs(most - model.row_lower) <= slack)
    at_most = none_left[row]
    slack = _rounding(model, model.row_upper)
    none_left = np.isfinite(model.row_upper) & np.isfinite(least) & (np.abs(least - model.row_upper) <= slack)
    at_least = none_left[row]
    up = (at_most & (model.value > 0)) | (at_least & (model.value < 0))
    down = (at_most & (model.value < 0)) | (at_least & (model.value > 0))
    lower, upper = model.lower.copy(), model.upper.copy()
    lower[model.column[up]] = model.upper[model.column[up]]
    upper[model.column[down]] = model.lower[model.column[down]]
    if (lower > upper).any():
        return model
    return dataclasses.replace(model, lower=lower, upper=upper)


def _rounding(model: LinearModel, limit: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by how much the sums of each row may differ by their order; those of exact rows are whole units and do not."""
    return np.where(model.exact, 0.0, FORCED * np.maximum(np.abs(limit), 1.0))


def _activity(model: LinearModel) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the row of each coefficient, and the least and the most that each row can come to."""
    row = np.repeat(np.arange(model.n_rows), np.diff(model.indptr))
    low = np.where(model.value > 0, model.lower[model.column], model.upper[model.column])
    high = np.where(model.value > 0, model.upper[model.column], model.lower[model.column])
    return row, sums_by(row, model.value * low, model.n_rows), sums_by(row, model.value * high, model.n_rows)


def pieces(model: LinearModel) -> list[NDArray[np.int64]]:
    """Return the columns of each piece, ascending, the smallest piece first; one piece where all hangs together.

    Rows that hold whatever the columns do tie nothing, nor do columns that can have one value only.
    """
    n, m = model.n_columns, model.n_rows
    row, least, most = _activity(model)
    free = (least >= model.row_lower) & (most <= model.row_upper)
    if (~free & (np.diff(model.indptr) == 0)).any():
        # A row of nothing that asks for something: there is no plan, whichever piece is asked.
        return [np.arange(n)]
    ties = ~free[row] & (model.lower < model.upper)[model.column]
    shape = (n + m, n + m)
    graph = csr_matrix((np.ones(int(ties.sum())), (model.column[ties], n + row[ties])), shape)
    _, label = connected_components(graph, directed=False)
    whole = np.bincount(label[:n], model.integer & (model.lower < model.upper), n + m)
    # An equation leaves one column less to decide: an open slot follows from its bundles.
    whole -= np.bincount(label[n:], ~free & (model.row_lower == model.row_upper), n + m)
    size = np.bincount(label[:n], minlength=n + m)
    largest = int(np.lexsort((-size, -whole))[0])
    label = np.where(whole[label[:n]] >= LEAST_WHOLE, label[:n], largest)
    order = np.argsort(label, kind="stable")
    found = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
    return sorted(found, key=len)


def restricted(model: LinearModel, columns: NDArray[np.int64]) -> LinearModel:
    """Return the rows of ``model`` that speak of ``columns``, over these alone.

    Every other column in them has one value only, which is taken to the other side. The constant of the goal stays out.
    """
    position = np.full(model.n_columns, -1, dtype=np.int64)
    position[columns] = np.arange(len(columns))
    row = np.repeat(np.arange(model.n_rows), np.diff(model.indptr))
    inside = position[model.column] >= 0
    used = np.unique(row[inside])
    place = np.full(model.n_rows, -1, dtype=np.int64)
    place[used] = np.arange(len(used))
    outside = ~inside & (place[row] >= 0)
    sure = np.bincount(row[outside], model.value[outside] * model.lower[model.column[outside]], model.n_rows)[used]
    # What others add to a row that holds anyway is left out with the row.
    alone = np.bincount(row[outside], (model.lower < model.upper)[model.column[outside]], model.n_rows)[used] == 0
    size = np.bincount(place[row[inside]], minlength=len(used))
    return dataclasses.replace(
        model,
        offset=0.0,
        cost=model.cost[columns],
        lower=model.lower[columns],
        upper=model.upper[columns],
        integer=model.integer[columns],
        unit=model.unit[columns],
        indptr=np.concatenate([[0], np.cumsum(size)]),
        column=position[model.column[inside]].astype(np.int32),
        value=model.value[inside],
        row_lower=np.where(alone, model.row_lower[used] - sure, -np.inf),
        row_upper=np.where(alone, model.row_upper[used] - sure, np.inf),
        exact=model.exact[used],
        columns=(Block("piece", 0, len(columns)),),
        rows=(Block("piece", 0, len(used)),),
    )


def time_for(found: Sequence[NDArray[np.int64]], position: int, ends: float) -> float:
    """Return the seconds for a piece: its part of what is left for it and those after it, by their columns."""
    left = sum(len(columns) for columns in found[position:])
    return max(ends - time.perf_counter(), 0.0) * len(found[position]) / max(left, 1)


def added_up(outcomes: Sequence[Outcome], offset: float, settings: SolverSettings) -> Outcome:
    """Return how all pieces together ended: as well as the worst of them, and proven only where the sum is within the gap."""

    def total(read: Callable[[Outcome], float | None]) -> float | None:
        numbers = [read(outcome) for outcome in outcomes]
        return None if None in numbers else offset + sum(number for number in numbers if number is not None)

    last = outcomes[-1]
    objective, bound = total(lambda one: one.objective), total(lambda one: one.bound)
    gap = relative_gap(objective, bound)
    worst: tuple[Status, ...] = ("infeasible", "unbounded", "unknown")
    for status in worst:
        if any(one.status == status for one in outcomes):
            return dataclasses.replace(last, status=status, objective=None, bound=None, gap=None)
    within = gap is not None and gap <= max(settings.gap, *(one.gap or 0.0 for one in outcomes))
    proven = all(one.status == "optimal" for one in outcomes) and within
    early = [one.stopped_by for one in outcomes if one.stopped_by != "proof"]
    otherwise: Stopped = "proof" if proven else "limit"
    return dataclasses.replace(
        last,
        status="optimal" if proven else "feasible",
        objective=objective,
        bound=bound,
        gap=gap,
        seconds=sum(one.seconds for one in outcomes),
        nodes=sum(one.nodes for one in outcomes),
        stopped_by=early[0] if early else otherwise,
    )
