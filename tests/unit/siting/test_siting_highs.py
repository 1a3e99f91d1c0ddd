"""The adapter: same answer through every road, and never a better status than the solver's own."""

from __future__ import annotations

import os
import signal
import threading

import highspy
import numpy as np
import pulp
import pytest

from planner.errors import StudyError
from planner.siting.mip.highs import ArrayProblem, WarmLp, as_highs
from planner.siting.mip.linear import Expression, ModelBuilder
from planner.siting.mip.solver import solve_model
from planner.siting.model.data import SolverSettings
from planner.siting.model.plan import relative_gap


def knapsack(*, maximise=True):
    builder = ModelBuilder()
    sign = 1.0 if maximise else -1.0
    x = builder.add_columns("x", 4, upper=1.0, integer=True)
    builder.add_rows("weight", 1, [(0, x.positions, [5.0, 6.0, 4.0, 5.0])], upper=11.0)
    builder.add_rows("some", 1, [(0, x.positions, 1.0)], lower=1.0, upper=3.0)
    builder.add_rows("tie", 1, [(0, [x.start, x.start + 3], [1.0, 1.0])], upper=1.0)
    return builder.build(
        Expression(x.positions, sign * np.array([10.0, 13.0, 7.0, 8.0]), 100 * sign), maximise=maximise
    )


def hard(n=60, rows=30, seed=1):
    """Return a model that HiGHS cannot close in a moment."""
    rng = np.random.default_rng(seed)
    builder = ModelBuilder()
    x = builder.add_columns("x", n, upper=1.0, integer=True)
    worth = rng.integers(50, 100, n).astype(float)
    row, column = np.indices((rows, n)).reshape(2, -1)
    builder.add_rows("r", rows, [(row, x.start + column, rng.integers(1, 100, rows * n))], upper=25.0 * n / 2)
    return builder.build(Expression(x.positions, worth, 0.0))


@pytest.mark.parametrize("maximise", [True, False])
def test_objective_bound_and_offset_in_the_model_s_own_sense(maximise):
    solution = solve_model(knapsack(maximise=maximise), SolverSettings(gap=0.0))
    assert solution.outcome.status == "optimal"
    assert solution.outcome.objective == pytest.approx(123 if maximise else -123)
    assert solution.outcome.bound == pytest.approx(solution.outcome.objective)
    assert solution.outcome.gap == 0
    assert solution.values.round().tolist() == [1, 1, 0, 0]


def test_time_limit_is_never_called_optimal():
    outcome = solve_model(hard(), SolverSettings(time_limit_s=0.5, gap=0.0)).outcome
    assert outcome.status == "feasible"
    assert outcome.stopped_by == "time"
    assert outcome.bound > outcome.objective
    assert outcome.gap == pytest.approx((outcome.bound - outcome.objective) / outcome.objective)


@pytest.mark.deep
def test_progress_sees_the_incumbent_rise_and_the_bound_fall():
    told = []
    solve_model(hard(), SolverSettings(time_limit_s=1.5, gap=0.0), progress=lambda *numbers: told.append(numbers))
    incumbents = [incumbent for incumbent, _, _ in told if incumbent is not None]
    bounds = [bound for _, bound, _ in told if bound is not None]
    assert len(incumbents) > 1
    assert incumbents == sorted(incumbents)
    assert bounds == sorted(bounds, reverse=True)
    assert bounds[-1] >= incumbents[-1]


def test_ctrl_c_returns_the_incumbent_with_its_bound():
    before = signal.getsignal(signal.SIGINT)
    timer = threading.Timer(0.7, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    solution = solve_model(hard(), SolverSettings(time_limit_s=30, gap=0.0))
    assert solution.outcome.interrupted
    assert solution.outcome.status == "feasible"
    assert solution.outcome.seconds < 10
    assert solution.outcome.bound >= solution.outcome.objective
    assert signal.getsignal(signal.SIGINT) is before


def test_infeasible_has_no_values_and_no_bound():
    builder = ModelBuilder()
    x = builder.add_columns("x", 2, upper=1.0, integer=True)
    builder.add_rows("too_many", 1, [(0, x.positions, 1.0)], lower=3.0)
    solution = solve_model(builder.build(), SolverSettings())
    assert solution.outcome.status == "infeasible"
    assert solution.values is None
    assert solution.outcome.bound is None


@pytest.mark.deep
def test_warm_start_is_the_first_incumbent():
    told = []
    model = hard()
    good = solve_model(model, SolverSettings(time_limit_s=2, gap=0.0))
    solve_model(
        model,
        SolverSettings(time_limit_s=0.3, gap=0.0),
        start=good.values,
        progress=lambda *numbers: told.append(numbers),
    )
    assert next(value for value, _, _ in told if value is not None) == pytest.approx(good.outcome.objective)


def test_pulp_s_own_bridge_builds_the_same_model():
    model = knapsack()
    programme = ArrayProblem(model)
    variables = programme.expand()
    own = pulp.HiGHS(msg=False, gapRel=0.0)
    programme.solve(own)
    assert [round(variable.varValue) for variable in variables] == [1, 1, 0, 0]
    assert pulp.value(programme.objective) == pytest.approx(123)


def test_pulp_sees_the_values_after_our_bridge():
    programme = ArrayProblem(knapsack())
    from planner.siting.mip.highs import ArrayHiGHS

    programme.solve(ArrayHiGHS(SolverSettings(gap=0.0)))
    assert pulp.value(programme.objective) == pytest.approx(123)
    assert programme.valid(1e-6)


@pytest.mark.skipif("PULP_CBC_CMD" not in pulp.listSolvers(onlyAvailable=True), reason="this PuLP ships no CBC")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_another_solver_by_name():
    outcome = solve_model(knapsack(), SolverSettings(gap=0.0, solver="PULP_CBC_CMD")).outcome
    assert outcome.status == "optimal"
    assert outcome.objective == pytest.approx(123)


def test_a_solver_that_is_not_there_is_a_study_fault():
    with pytest.raises(StudyError, match="not installed"):
        solve_model(knapsack(), SolverSettings(solver="NO_SUCH"))


def test_highs_gets_rows_and_columns_unchanged():
    model = knapsack()
    lp = as_highs(model)
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.passModel(lp)
    back = highs.getLp()
    assert list(back.col_cost_) == model.cost.tolist()
    assert list(back.row_upper_) == model.row_upper.tolist()
    assert back.offset_ == model.offset


def test_gap_is_relative_to_the_incumbent():
    assert relative_gap(200.0, 210.0) == pytest.approx(0.05)
    assert relative_gap(0.0, 0.0) == 0.0
    assert relative_gap(0.0, 1.0) == float("inf")
    assert relative_gap(None, 1.0) is None


@pytest.mark.parametrize("threads", [1, 2])
def test_a_growing_programme_is_solved_whatever_threads_the_last_solve_had(threads):
    solve_model(knapsack(), SolverSettings(gap=0.0, threads=threads))
    lp = WarmLp(knapsack())
    first = lp.solve(10.0)
    assert first is not None
    assert lp.copy().solve(10.0).value == pytest.approx(first.value)
    solve_model(knapsack(), SolverSettings(gap=0.0, threads=3 - threads))
    lp.add_rows(np.array([0, 1]), np.array([0]), np.array([1.0]), np.array([0.0]))
    second = lp.solve(10.0)
    assert second.point[0] == pytest.approx(0.0)
    assert second.value <= first.value
    lp.drop_rows(np.array([lp.n_rows - 1]))
    assert lp.solve(10.0).value == pytest.approx(first.value)
    lp.set_bounds(np.ones(knapsack().n_columns), np.ones(knapsack().n_columns))
    assert lp.solve(10.0) is None
    assert lp.infeasible
