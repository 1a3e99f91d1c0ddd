"""Linear programmes that are solved again and again from where they stand: with other bounds, with more rows."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np

from planner.siting.programme.highs_model import as_highs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.programme.linear import LinearModel

__all__ = ["GrowingLp", "LpAnswer"]


@dataclass(frozen=True, slots=True, eq=False)
class LpAnswer:
    """The best value of a linear programme, a point that has it, and its prices (zero or negative for columns left at zero)."""

    value: float
    point: NDArray[np.float64]
    row_price: NDArray[np.float64]
    reduced_cost: NDArray[np.float64]


class GrowingLp:
    """A linear programme that is given other bounds and more rows, and is solved again each time from where it stands.

    Its columns are taken in the unit of the question. ``infeasible`` says whether the last solve proved that nothing is allowed.
    """

    def __init__(self, model: LinearModel | GrowingLp) -> None:
        """Begin with a model, or where another one stands."""
        self.infeasible = False
        self._highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        self._highs.setOptionValue("output_flag", False)
        # Whatever number of threads the last solve left to all of HiGHS: any other would be refused.
        self._highs.setOptionValue("threads", 0)
        self._highs.setOptionValue("parallel", "off")
        if isinstance(model, GrowingLp):
            self._lower: NDArray[np.float64]
            self._upper: NDArray[np.float64]
            self._lower, self._upper = model._lower.copy(), model._upper.copy()  # noqa: SLF001  # of its own kind
            self._highs.passModel(model._highs.getLp())  # noqa: SLF001
            self._highs.setBasis(model._highs.getBasis())  # noqa: SLF001
            return
        self._lower, self._upper = model.lower.copy(), model.upper.copy()
        linear = as_highs(dataclasses.replace(model, unit=np.ones(model.n_columns)))
        linear.integrality_ = []
        self._highs.passModel(linear)

    def copy(self) -> GrowingLp:
        """Return another one that stands where this one does."""
        return GrowingLp(self)

    @property
    def n_rows(self) -> int:
        """How many rows there are by now."""
        return int(self._highs.getNumRow())

    def add_rows(
        self,
        indptr: NDArray[np.int64],
        columns: NDArray[np.int64],
        values: NDArray[np.float64],
        upper: NDArray[np.float64],
    ) -> None:
        """Ask for ``values · x[columns] ≤ upper`` too, row by row as ``indptr`` int64[r + 1] divides them."""
        free = np.full(len(upper), -highspy.kHighsInf)
        starts = indptr[:-1].astype(np.int32)
        self._highs.addRows(len(upper), free, upper, len(columns), starts, columns.astype(np.int32), values)

    def drop_rows(self, rows: NDArray[np.int64]) -> None:
        """Take some rows out; those behind them move up."""
        self._highs.deleteRows(len(rows), rows.astype(np.int32))

    def set_bounds(self, lower: NDArray[np.float64], upper: NDArray[np.float64]) -> None:
        """Keep every column within new bounds."""
        changed = np.flatnonzero((lower != self._lower) | (upper != self._upper))
        if len(changed):
            self._highs.changeColsBounds(len(changed), changed.astype(np.int32), lower[changed], upper[changed])
            self._lower[changed], self._upper[changed] = lower[changed], upper[changed]

    def solve(self, seconds: float) -> LpAnswer | None:
        """Return the optimum; None where ``seconds`` or the programme itself do not allow one."""
        highs, status = self._highs, highspy.HighsModelStatus
        highs.setOptionValue("time_limit", highs.getRunTime() + max(seconds, 0.0))
        highs.run()
        if highs.getModelStatus() not in {status.kOptimal, status.kInfeasible, status.kTimeLimit}:
            # Where it stood may have led it astray: once more from the beginning.
            highs.clearSolver()
            highs.run()
        self.infeasible = highs.getModelStatus() == status.kInfeasible
        if highs.getModelStatus() == status.kNotset:
            raise AssertionError("HiGHS refused to solve a linear programme")
        if highs.getModelStatus() != status.kOptimal:
            return None
        found = highs.getSolution()
        return LpAnswer(
            float(highs.getInfo().objective_function_value),
            np.array(found.col_value),
            np.array(found.row_dual),
            np.array(found.col_dual),
        )
