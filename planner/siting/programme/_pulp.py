"""The only places where PuLP 3 and PuLP 4 are spoken to differently."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pulp

if TYPE_CHECKING:
    from planner.siting.programme.linear import LinearModel
    from planner.siting.question.outcome import Outcome, Status

__all__ = ["ended", "verdict", "write_out"]

IS_PULP_4 = int(pulp.__version__.split(".", maxsplit=1)[0]) >= 4


def write_out(problem: pulp.LpProblem, model: LinearModel) -> list[Any]:
    """Add every column, the objective and every row of ``model`` to ``problem``; return the variables."""
    kinds = (pulp.LpContinuous, pulp.LpInteger)
    variables = [
        problem.add_variable(name, lower, upper, kinds[integer])
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


def verdict(outcome: Outcome) -> tuple[Any, Any]:
    """Return the pair in which this PuLP's solver bridge reports how a solve ended."""
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


def ended(problem: pulp.LpProblem, returned: Any) -> tuple[Status, Literal["proof", "time", "interrupt", "limit"]]:
    """Read how another solver ended from what PuLP keeps of it; a doubtful "optimal" counts as feasible."""
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
