"""Mixed-integer linear models as arrays, built in blocks of columns and rows without loops over pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from planner.siting.arrays import sums_by

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from planner.siting.arrays import BoolArray, FloatArray, IntArray


Terms: TypeAlias = "Sequence[tuple[ArrayLike, ArrayLike, ArrayLike]]"
"""Coefficients as triples of arrays: row in the block, column, value."""

ROUNDING = 1e-12
"""Relative difference of two sums of the same numbers in another order."""

IMPLIED_UNIT = 0.6180339887
"""An irrational unit: no integer multiple of it is an integer."""


@dataclass(frozen=True, slots=True)
class Block:
    """A named range of columns or rows: ``start … start + count``."""

    name: str
    start: int
    count: int

    @property
    def stop(self) -> int:
        """The first position after the block."""
        return self.start + self.count

    @property
    def positions(self) -> IntArray:
        """The positions in the block."""
        return np.arange(self.start, self.stop)

    @property
    def slice(self) -> slice:
        """The block as a slice."""
        return slice(self.start, self.stop)


@dataclass(frozen=True, slots=True, eq=False)
class LinearModel:
    """Optimise ``cost · x + offset`` with ``row_lower ≤ A x ≤ row_upper`` and ``lower ≤ x ≤ upper``.

    ``A`` is in compressed rows: ``indptr`` int64[m+1], ``column`` int32[nnz], ``value`` float64[nnz]. A solver is given
    ``unit · x`` in the place of ``x`` (see `ModelBuilder.add_columns`). ``exact`` bool[m] marks rows over integer columns that
    hold without any tolerance: money.
    """

    maximise: bool
    offset: float
    cost: FloatArray
    lower: FloatArray
    upper: FloatArray
    integer: BoolArray
    unit: FloatArray
    indptr: IntArray
    column: NDArray[np.int32]
    value: FloatArray
    row_lower: FloatArray
    row_upper: FloatArray
    exact: BoolArray
    columns: tuple[Block, ...]
    rows: tuple[Block, ...]

    @property
    def n_columns(self) -> int:
        """Number of columns."""
        return len(self.cost)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.row_lower)

    @property
    def nonzeros(self) -> int:
        """Number of coefficients."""
        return len(self.value)

    def activity(self, point: FloatArray) -> FloatArray:
        """Return ``A x``, float64[m]."""
        running = np.concatenate([[0.0], np.cumsum(self.value * point[self.column])])
        return np.asarray(running[self.indptr[1:]] - running[self.indptr[:-1]])


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """``value · x[column] + constant``; repeated columns add up."""

    column: IntArray
    value: FloatArray
    constant: float

    @staticmethod
    def total(parts: Sequence[Expression]) -> Expression:
        """Return the sum of ``parts``."""
        return Expression(
            np.concatenate([np.zeros(0, dtype=np.int64), *(part.column for part in parts)]),
            np.concatenate([np.zeros(0), *(part.value for part in parts)]),
            sum(part.constant for part in parts),
        )

    def scaled(self, factor: float) -> Expression:
        """Return the expression times ``factor``."""
        return Expression(self.column, self.value * factor, self.constant * factor)

    def plus(self, block: Block, coefficient: float) -> Expression:
        """Return the expression plus ``coefficient`` times every column of ``block``."""
        more = Expression(block.positions, np.full(block.count, coefficient), 0.0)
        return Expression.total([self, more])

    def at(self, point: FloatArray) -> float:
        """Return the value of the expression at ``point``."""
        return float(self.value @ point[self.column]) + self.constant


class ModelBuilder:
    """Builder of a `LinearModel` from blocks of columns and rows, reusable for several objectives."""

    def __init__(self) -> None:
        self._lower: list[FloatArray] = []
        self._upper: list[FloatArray] = []
        self._integer: list[BoolArray] = []
        self._unit: list[FloatArray] = []
        self._columns: list[Block] = []
        self._row_of: list[IntArray] = []
        self._column_of: list[IntArray] = []
        self._value: list[FloatArray] = []
        self._row_lower: list[FloatArray] = []
        self._row_upper: list[FloatArray] = []
        self._exact: list[BoolArray] = []
        self._rows: list[Block] = []
        self._n_columns = 0
        self._n_rows = 0

    @property
    def n_columns(self) -> int:
        """Number of columns."""
        return self._n_columns

    def add_columns(
        self,
        name: str,
        count: int,
        *,
        lower: ArrayLike = 0.0,
        upper: ArrayLike = np.inf,
        integer: bool = False,
        implied: bool = False,
    ) -> Block:
        """Append ``count`` columns and return their block.

        Columns implied by others (``implied``) are passed in an irrational unit. In their own unit
        they are 0 or 1 whenever the others are, which a solver detects, and then branches on them too: on ten
        thousand covering sets in the place of three hundred buildings.
        """
        block = Block(name, self._n_columns, count)
        self._columns.append(block)
        self._n_columns += count
        for store, values in ((self._lower, lower), (self._upper, upper)):
            store.append(np.broadcast_to(np.asarray(values, dtype=np.float64), count).copy())
        self._integer.append(np.full(count, integer))
        self._unit.append(np.full(count, IMPLIED_UNIT if implied else 1.0))
        return block

    def checkpoint(self) -> tuple[int, int, int]:
        """Return the current number of rows, for `rollback`."""
        return len(self._rows), len(self._row_of), self._n_rows

    def rollback(self, checkpoint: tuple[int, int, int]) -> None:
        """Remove every row added since `checkpoint`."""
        blocks, terms, self._n_rows = checkpoint
        del self._rows[blocks:], self._row_lower[blocks:], self._row_upper[blocks:], self._exact[blocks:]
        del self._row_of[terms:], self._column_of[terms:], self._value[terms:]

    def set_upper(self, columns: IntArray, upper: float) -> None:
        """Lower the upper bound of some columns."""
        joined = np.concatenate(self._upper)
        joined[columns] = np.minimum(joined[columns], upper)
        self._upper = [joined]

    def add_rows(
        self,
        name: str,
        count: int,
        terms: Terms,
        *,
        lower: ArrayLike = -np.inf,
        upper: ArrayLike = np.inf,
        exact: bool = False,
    ) -> Block:
        """Append ``count`` rows; ``terms`` are triples (row in the block, column, coefficient), broadcast together.

        ``exact`` rows are over integer columns alone and hold without a tolerance.
        """
        block = Block(name, self._n_rows, count)
        self._rows.append(block)
        for row, column, value in terms:
            rows, columns, values = np.broadcast_arrays(
                np.asarray(row, dtype=np.int64), np.asarray(column, dtype=np.int64), np.asarray(value, dtype=np.float64)
            )
            keep = values != 0
            self._row_of.append(rows[keep] + self._n_rows)
            self._column_of.append(columns[keep])
            self._value.append(values[keep])
        self._n_rows += count
        self._row_lower.append(np.broadcast_to(np.asarray(lower, dtype=np.float64), count).copy())
        self._row_upper.append(np.broadcast_to(np.asarray(upper, dtype=np.float64), count).copy())
        self._exact.append(np.full(count, exact))
        return block

    def add_expression_row(
        self, name: str, expression: Expression, *, lower: float = -np.inf, upper: float = np.inf
    ) -> Block:
        """Append one row ``lower ≤ expression ≤ upper``."""
        terms = [(0, expression.column, expression.value)]
        lower, upper = (_less_constant(limit, expression.constant) for limit in (lower, upper))
        return self.add_rows(name, 1, terms, lower=lower, upper=upper)

    def build(self, goal: Expression | None = None, *, maximise: bool = True) -> LinearModel:
        """Return the model with ``goal`` as its objective (None: feasibility only); equal cells are summed."""
        row = _joined(self._row_of, np.int64)
        column = _joined(self._column_of, np.int64)
        value = _joined(self._value, np.float64)
        indptr, column, value = _compressed(row, column, value, self._n_rows, self._n_columns)
        cost = np.zeros(self._n_columns)
        if goal is not None:
            cost = sums_by(goal.column, goal.value, self._n_columns)
        return LinearModel(
            maximise=maximise,
            offset=0.0 if goal is None else goal.constant,
            cost=cost,
            lower=_joined(self._lower, np.float64),
            upper=_joined(self._upper, np.float64),
            integer=_joined(self._integer, np.bool_),
            unit=_joined(self._unit, np.float64),
            indptr=indptr,
            column=column.astype(np.int32),
            value=value,
            row_lower=_joined(self._row_lower, np.float64),
            row_upper=_joined(self._row_upper, np.float64),
            exact=_joined(self._exact, np.bool_),
            columns=tuple(self._columns),
            rows=tuple(self._rows),
        )


def _less_constant(limit: float, constant: float) -> float:
    """Return ``limit - constant``; 0 where they differ by no more than the rounding of their own sums.

    A floor that permanent facilities reach to the last person requires nothing of the others, not 1e-13 of them.
    """
    left = limit - constant
    return 0.0 if abs(left) <= ROUNDING * abs(constant) else left


def _joined(parts: Sequence[NDArray[Any]], kind: type) -> NDArray[Any]:
    return np.concatenate(parts).astype(kind, copy=False) if parts else np.zeros(0, dtype=kind)


def _compressed(
    row: IntArray, column: IntArray, value: FloatArray, n_rows: int, n_columns: int
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return coefficients in compressed rows, columns ascending in each row, equal cells summed."""
    key = row * n_columns + column
    order = np.argsort(key, kind="stable")
    key, value = key[order], value[order]
    starts = np.flatnonzero(np.diff(key, prepend=-1))
    if len(starts) < len(key):
        value = np.add.reduceat(value, starts)
        key = key[starts]
    row, column = np.divmod(key, max(n_columns, 1))
    indptr = np.zeros(n_rows + 1, dtype=np.int64)
    np.cumsum(np.bincount(row, minlength=n_rows), out=indptr[1:])
    return indptr, column, value
