"""PuLP and HiGHS: a `LinearModel` becomes a PuLP problem or a ``HighsLp``, and a warm-started LP.

PuLP's own bridge hands a model to HiGHS term by term and reports "Optimal" at a time limit. `ArrayHiGHS` is that
bridge with both mended: one pass of arrays in, and status, objective, bound and gap read from HiGHS itself. Any other
solver PuLP knows is driven through the ordinary PuLP model. All code that differs between PuLP 3 and 4 is here.

Tolerances of a solver are absolute: 1e-6 of a row, 1e-6 of an objective. Objective and rows are therefore scaled to their own
magnitude; factors are powers of two, so that no digit changes.
"""

from __future__ import annotations

import dataclasses
import signal
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import highspy
import numpy as np
import pulp

from planner.siting.model.plan import Outcome, Progress, Status, relative_gap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.siting.arrays import FloatArray, IntArray
    from planner.siting.mip.linear import LinearModel
    from planner.siting.model.data import SolverSettings


IS_PULP_4 = int(pulp.__version__.split(".", maxsplit=1)[0]) >= 4

LEAST_COST, MOST_COST = 1.0, 2.0**24
"""An objective whose largest coefficient is in this range is not scaled; any other is scaled to `COST`."""

COST = 2.0**9

LEAST_ROW = 0.5
"""Rows whose largest coefficient is smaller are scaled up to it; large ones are only kept more strictly."""

EXPAND_NONZEROS = 50_000
"""Up to this many coefficients the PuLP problem holds every term, at 200 bytes and about 2 µs each; beyond, HiGHS has only the arrays."""

PROGRESS_EVERY_S = 0.2

_ENDED: dict[Any, tuple[Status, Literal["proof", "time", "interrupt", "limit"]]] = {
    highspy.HighsModelStatus.kOptimal: ("optimal", "proof"),
    highspy.HighsModelStatus.kInfeasible: ("infeasible", "proof"),
    highspy.HighsModelStatus.kUnboundedOrInfeasible: ("infeasible", "proof"),
    highspy.HighsModelStatus.kUnbounded: ("unbounded", "proof"),
    highspy.HighsModelStatus.kTimeLimit: ("feasible", "time"),
    highspy.HighsModelStatus.kInterrupt: ("feasible", "interrupt"),
}


def _expand(problem: pulp.LpProblem, model: LinearModel) -> list[Any]:
    """Add every column, the objective and every row of ``model`` to ``problem``; return the variables."""
    types = (pulp.LpContinuous, pulp.LpInteger)
    variables = [
        problem.add_variable(name, lower, upper, types[integer])
        for name, lower, upper, integer in zip(
            _names(model.columns), _bounds(model.lower), _bounds(model.upper), model.integer.tolist(), strict=True
        )
    ]
    priced = np.flatnonzero(model.cost)
    pairs = [
        (variables[column], cost) for column, cost in zip(priced.tolist(), model.cost[priced].tolist(), strict=True)
    ]
    problem.setObjective(_expression(pairs, model.offset))
    columns, values, indptr = model.column.tolist(), model.value.tolist(), model.indptr.tolist()
    bounds = zip(_bounds(model.row_lower), _bounds(model.row_upper), strict=True)
    for row, (name, (lower, upper)) in enumerate(zip(_names(model.rows), bounds, strict=True)):
        terms = slice(indptr[row], indptr[row + 1])
        expression = _expression([(variables[c], v) for c, v in zip(columns[terms], values[terms], strict=True)])
        if lower is not None and lower == upper:
            problem.addConstraint(expression == lower, name)
            continue
        if lower is not None:
            problem.addConstraint(expression >= lower, name)
        if upper is not None:
            problem.addConstraint(expression <= upper, name if lower is None else f"{name}_upper")
    return variables


def _names(blocks: tuple[Any, ...]) -> list[str]:
    """Return a name for each column or row: that of its block and its own position, so that none repeats."""
    return [
        f"{block.name}_{position}" for block in blocks for position in range(block.start, block.start + block.count)
    ]


def _bounds(values: Any) -> list[float | None]:
    return [value if np.isfinite(value) else None for value in values.tolist()]


def _expression(pairs: list[tuple[Any, float]], constant: float = 0.0) -> Any:
    if IS_PULP_4:
        return pulp.LpAffineExpression.from_list(pairs, constant=constant)
    return pulp.LpAffineExpression(dict(pairs), constant=constant)


def _pulp_verdict(outcome: Outcome) -> tuple[Any, Any]:
    """Return the status pair that this version of PuLP expects from a solver bridge."""
    has_plan = outcome.objective is not None
    if IS_PULP_4:
        statuses = pulp.constants.LpSolveStatus
        early = {"time": statuses.TimeLimit, "interrupt": statuses.Interrupted}.get(
            outcome.stopped_by, statuses.Undefined
        )
        known = {"optimal": statuses.Optimal, "infeasible": statuses.Infeasible, "unbounded": statuses.Unbounded}
        return known.get(outcome.status, early), has_plan
    if outcome.status == "optimal":
        return pulp.LpStatusOptimal, pulp.LpSolutionOptimal
    if outcome.status == "infeasible":
        return pulp.LpStatusInfeasible, pulp.LpSolutionInfeasible
    if outcome.status == "unbounded":
        return pulp.LpStatusUnbounded, pulp.LpSolutionUnbounded
    return pulp.LpStatusNotSolved, (pulp.LpSolutionIntegerFeasible if has_plan else pulp.LpSolutionNoSolutionFound)


def _pulp_status(
    problem: pulp.LpProblem, returned: Any
) -> tuple[Status, Literal["proof", "time", "interrupt", "limit"]]:
    """Return status and reason of another solver from what PuLP keeps of it; a doubtful "optimal" counts as feasible."""
    if IS_PULP_4:
        statuses = pulp.constants.LpSolveStatus
        if returned.status == statuses.Optimal:
            return "optimal", "proof"
        if returned.status == statuses.Infeasible:
            return "infeasible", "proof"
        if returned.status == statuses.Unbounded:
            return "unbounded", "proof"
        stopped: Literal["time", "limit"] = "time" if returned.status == statuses.TimeLimit else "limit"
        return ("feasible" if returned.has_solution else "unknown"), stopped
    by_solution: dict[int, Status] = {
        pulp.LpSolutionOptimal: "optimal",
        pulp.LpSolutionIntegerFeasible: "feasible",
        pulp.LpSolutionInfeasible: "infeasible",
        pulp.LpSolutionUnbounded: "unbounded",
    }
    status = by_solution.get(problem.sol_status, "unknown")
    return status, "proof" if status in {"optimal", "infeasible", "unbounded"} else "limit"


def objective_factor(model: LinearModel) -> float:
    """Return the power of two by which the objective of ``model`` is scaled."""
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


def _row_factors(model: LinearModel, row: IntArray) -> FloatArray:
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
    types = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    lp.integrality_ = [types[flag] for flag in model.integer.tolist()]
    return lp


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Values of the columns, float64[n], or None when no plan was found; and the outcome."""

    values: FloatArray | None
    outcome: Outcome


def run_highs(
    model: LinearModel, settings: SolverSettings, start: FloatArray | None, progress: Progress | None, *, presolve: bool
) -> Solution:
    """Return the answer of HiGHS, unchecked."""
    programme = ArrayProblem(model)
    bridge = ArrayHiGHS(settings, start=start, progress=progress, presolve=presolve)
    programme.solve(bridge)
    return bridge.solution(programme)


def feasible_point(model: LinearModel, seconds: float) -> FloatArray | None:
    """Return a feasible point of ``model``, found without presolve; None where there is none."""
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (("output_flag", False), ("presolve", "off"), ("threads", 0), ("time_limit", seconds)):
        highs.setOptionValue(option, value)
    highs.passModel(as_highs(model))
    highs.run()
    if highs.getInfo().primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return None
    return np.array(highs.getSolution().col_value) / model.unit


class ArrayProblem(pulp.LpProblem):  # type: ignore[misc]
    """A PuLP problem over the arrays of a `LinearModel`; its terms are expanded on demand."""

    def __init__(self, model: LinearModel) -> None:
        super().__init__("siting", pulp.LpMaximize if model.maximise else pulp.LpMinimize)
        self.arrays = model
        self.column_variables: list[Any] = []

    def solve(self, solver: Any = None, **kwargs: Any) -> Any:
        """Solve with any PuLP solver; only a very large model for HiGHS is not expanded."""
        if self.arrays.nonzeros <= EXPAND_NONZEROS or not isinstance(solver, ArrayHiGHS):
            self.expand()
        return super().solve(solver, **kwargs)

    def expand(self) -> list[Any]:
        """Add variables, objective and constraints to the problem; return the variables in column order."""
        if not self.column_variables:
            self.column_variables = _expand(self, self.arrays)
        return self.column_variables


class ArrayHiGHS(pulp.HiGHS):  # type: ignore[misc]
    """PuLP's HiGHS solver, given the arrays in one pass, with callbacks for progress and interruption."""

    def __init__(
        self,
        settings: SolverSettings,
        *,
        start: FloatArray | None = None,
        progress: Progress | None = None,
        presolve: bool = True,
    ) -> None:
        super().__init__(msg=False, gapRel=settings.gap, threads=settings.threads, timeLimit=settings.time_limit_s)
        self._seed = settings.seed
        self._start = start
        self._presolve = presolve
        self._watch = _Callback(progress)
        self._limit_s = settings.time_limit_s
        self._started = time.perf_counter()

    def buildSolverModel(self, lp: ArrayProblem) -> None:  # noqa: N802  # PuLP's name
        """Pass the whole scaled model to HiGHS in one call."""
        highs = lp.solverModel
        self._watch.factor = objective_factor(lp.arrays)
        highs.setOptionValue("random_seed", self._seed)
        highs.setOptionValue("mip_abs_gap", 1e-6)
        if not self._presolve:
            highs.setOptionValue("presolve", "off")
        highs.passModel(as_highs(scaled(lp.arrays)))
        if self._start is not None:
            known = np.flatnonzero(~np.isnan(self._start))
            highs.setSolution(len(known), known.astype(np.int32), (self._start * lp.arrays.unit)[known])

    def callSolver(self, lp: ArrayProblem) -> None:  # noqa: N802  # PuLP's name
        """Run HiGHS; Ctrl-C ends the search and keeps the incumbent."""
        highs = lp.solverModel
        highspy.Highs.resetGlobalScheduler(True)  # else a change of threads is ignored
        # Building the problem is part of the time limit.
        highs.setOptionValue("time_limit", max(self._limit_s - (time.perf_counter() - self._started), 0.0))
        highs.setCallback(self._watch, None)
        types = highspy.cb.HighsCallbackType
        for kind in (types.kCallbackMipInterrupt, types.kCallbackMipImprovingSolution, types.kCallbackSimplexInterrupt):
            highs.startCallback(kind)
        with stop_on_ctrl_c(self._watch):
            highs.run()

    def findSolutionValues(self, lp: ArrayProblem) -> tuple[Any, Any]:  # noqa: N802  # PuLP's name
        """Return PuLP's status pair and set the values of its variables."""
        solution = self.solution(lp)
        if solution.values is not None:
            for variable, value in zip(lp.column_variables, solution.values.tolist(), strict=False):
                variable.varValue = value
        return _pulp_verdict(solution.outcome)

    def solution(self, lp: ArrayProblem) -> Solution:
        """Return status, values, objective and bound as HiGHS reports them."""
        highs = lp.solverModel
        info = highs.getInfo()
        status, stopped_by = _ENDED.get(highs.getModelStatus(), ("feasible", "limit"))
        feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        has_plan = status in {"optimal", "feasible"} and feasible
        if status == "feasible" and not has_plan:
            status = "unknown"
        is_mip = bool(lp.arrays.integer.any())
        factor = objective_factor(lp.arrays)
        objective = info.objective_function_value / factor if has_plan else None
        dual_bound = _finite(info.mip_dual_bound)
        if is_mip:
            bound = None if dual_bound is None else dual_bound / factor
        else:
            bound = objective if status == "optimal" else None
        if status in {"infeasible", "unbounded"}:
            bound = None
        outcome = Outcome(
            status=status,
            objective=objective,
            bound=bound,
            gap=relative_gap(objective, bound),
            seconds=time.perf_counter() - self._started,
            solver="HiGHS",
            version=highs.version(),
            stopped_by=stopped_by,
            nodes=max(int(info.mip_node_count), 0) if is_mip else 0,
        )
        values = np.array(highs.getSolution().col_value) / lp.arrays.unit if has_plan else None
        return Solution(values, outcome)


class _Callback:
    """HiGHS callback: reports progress at most every `PROGRESS_EVERY_S`, and interrupts when ``stop`` is set."""

    def __init__(self, progress: Progress | None) -> None:
        self.stop = False
        self.factor = 1.0
        self._progress = progress
        self._reported_s = -PROGRESS_EVERY_S
        self._incumbent: float | None = None

    def __call__(self, kind: Any, _message: str, out: Any, back: Any, _user: Any) -> None:
        if kind == highspy.cb.HighsCallbackType.kCallbackMipImprovingSolution:
            self._report(out)
            return
        if back is not None and self.stop:
            back.user_interrupt = True
        if (
            kind == highspy.cb.HighsCallbackType.kCallbackMipInterrupt
            and out.running_time - self._reported_s >= PROGRESS_EVERY_S
        ):
            self._report(out)

    def _report(self, out: Any) -> None:
        self._reported_s = out.running_time
        if self._progress is not None:
            numbers = [_finite(out.mip_primal_bound), _finite(out.mip_dual_bound)]
            incumbent, bound = (None if number is None else number / self.factor for number in numbers)
            self._progress(incumbent, bound, out.running_time)


class Stoppable(Protocol):
    """Anything that ends when ``stop`` is set."""

    stop: bool


@contextmanager
def stop_on_ctrl_c(watch: Stoppable) -> Iterator[None]:
    """While a solver runs, the first Ctrl-C asks it to stop; a second one is the usual KeyboardInterrupt."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask_to_stop(_signal: int, _frame: Any) -> None:
        watch.stop = True
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, ask_to_stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) and abs(value) < highspy.kHighsInf else None


def solve_with_pulp(programme: ArrayProblem, settings: SolverSettings) -> Solution:
    """Return the answer of any other PuLP solver; a bound at a time limit stays unknown."""
    model = programme.arrays
    started = time.perf_counter()
    solver = pulp.getSolver(settings.solver, msg=False, timeLimit=settings.time_limit_s, gapRel=settings.gap)
    status, stopped_by = _pulp_status(programme, programme.solve(solver))
    values = objective = bound = None
    if status in {"optimal", "feasible"}:
        values = np.array([variable.varValue or 0.0 for variable in programme.column_variables])
        objective = float(model.cost @ values + model.offset)
    if status == "optimal" and objective is not None:
        slack = settings.gap * abs(objective) if model.integer.any() else 0.0
        bound = objective + slack if model.maximise else objective - slack
    outcome = Outcome(
        status=status,
        objective=objective,
        bound=bound,
        gap=relative_gap(objective, bound),
        seconds=time.perf_counter() - started,
        solver=settings.solver,
        version=f"through PuLP {pulp.__version__}",
        stopped_by=stopped_by,
    )
    return Solution(values, outcome)


@dataclass(frozen=True, slots=True, eq=False)
class LpSolution:
    """Optimal value of a linear programme, an optimal point, its row duals, and its reduced costs (≤ 0 for columns at zero)."""

    value: float
    point: FloatArray
    row_dual: FloatArray
    reduced_cost: FloatArray


class WarmLp:
    """A linear programme that is re-solved from its last basis after changes of bounds and rows.

    Its columns are unscaled. ``infeasible`` tells whether the last solve proved infeasibility.
    """

    def __init__(self, model: LinearModel | WarmLp) -> None:
        """Begin with a model, or with the rows and basis of another LP."""
        self.infeasible = False
        self._highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        self._highs.setOptionValue("output_flag", False)
        # 0 keeps the number of threads of HiGHS's global scheduler: any other would be refused.
        self._highs.setOptionValue("threads", 0)
        self._highs.setOptionValue("parallel", "off")
        if isinstance(model, WarmLp):
            self._lower: FloatArray
            self._upper: FloatArray
            self._lower, self._upper = model._lower.copy(), model._upper.copy()  # noqa: SLF001  # of its own kind
            self._highs.passModel(model._highs.getLp())  # noqa: SLF001
            self._highs.setBasis(model._highs.getBasis())  # noqa: SLF001
            return
        self._lower, self._upper = model.lower.copy(), model.upper.copy()
        linear = as_highs(dataclasses.replace(model, unit=np.ones(model.n_columns)))
        linear.integrality_ = []
        self._highs.passModel(linear)

    def copy(self) -> WarmLp:
        """Return a copy with the same basis."""
        return WarmLp(self)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self._highs.getNumRow())

    def add_rows(self, indptr: IntArray, columns: IntArray, values: FloatArray, upper: FloatArray) -> None:
        """Add rows ``values · x[columns] ≤ upper``, divided by ``indptr`` int64[r + 1]."""
        free = np.full(len(upper), -highspy.kHighsInf)
        starts = indptr[:-1].astype(np.int32)
        self._highs.addRows(len(upper), free, upper, len(columns), starts, columns.astype(np.int32), values)

    def drop_rows(self, rows: IntArray) -> None:
        """Delete rows; those behind them move up."""
        self._highs.deleteRows(len(rows), rows.astype(np.int32))

    def set_bounds(self, lower: FloatArray, upper: FloatArray) -> None:
        """Set the bounds of every column."""
        changed = np.flatnonzero((lower != self._lower) | (upper != self._upper))
        if len(changed):
            self._highs.changeColsBounds(len(changed), changed.astype(np.int32), lower[changed], upper[changed])
            self._lower[changed], self._upper[changed] = lower[changed], upper[changed]

    def solve(self, seconds: float) -> LpSolution | None:
        """Return the optimum; None where it is infeasible or ``seconds`` do not suffice."""
        highs, status = self._highs, highspy.HighsModelStatus
        highs.setOptionValue("time_limit", highs.getRunTime() + max(seconds, 0.0))
        highs.run()
        if highs.getModelStatus() not in {status.kOptimal, status.kInfeasible, status.kTimeLimit}:
            # The warm start may have failed: once more from scratch.
            highs.clearSolver()
            highs.run()
        self.infeasible = highs.getModelStatus() == status.kInfeasible
        if highs.getModelStatus() == status.kNotset:
            raise AssertionError("HiGHS refused to solve a linear programme")
        if highs.getModelStatus() != status.kOptimal:
            return None
        found = highs.getSolution()
        return LpSolution(
            float(highs.getInfo().objective_function_value),
            np.array(found.col_value),
            np.array(found.row_dual),
            np.array(found.col_dual),
        )
