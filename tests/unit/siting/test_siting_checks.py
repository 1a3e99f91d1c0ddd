"""No solver is trusted: five columns on which presolve is wrong, and answers that contradict themselves."""

from __future__ import annotations

import dataclasses

import highspy
import numpy as np
import pytest

from planner.siting.mip import solver
from planner.siting.mip.checks import contradictions, cover_inequality, is_feasible, violated_exact_rows
from planner.siting.mip.highs import Solution, as_highs
from planner.siting.mip.linear import Expression, ModelBuilder
from planner.siting.mip.solver import solve_model, with_tightened_bounds
from planner.siting.model.data import SolverSettings

EXACT = SolverSettings(gap=0.0)


def five_columns(*, whole, doubled=1):
    """Return z0, z1, z2 binary beside x0 = z0, x1 = z1 + z2: HiGHS up to 1.15.1 calls it infeasible where x is continuous."""
    builder = ModelBuilder()
    for _ in range(doubled):
        z = builder.add_columns("z", 3, upper=1.0, integer=True)
        x = builder.add_columns("x", 2, upper=1.0, integer=whole)
        builder.add_rows("link", 2, [([0, 1], x.positions, 1.0), ([0, 1, 1], z.positions, -1.0)], lower=0.0, upper=0.0)
        builder.add_rows("one", 1, [(0, z.positions, 1.0)], lower=0.0, upper=1.0)
        builder.add_rows("any", 1, [(0, x.positions, 1.0)], lower=1.0)
        builder.add_rows("share", 1, [(0, x.positions, [0.266667, 0.733333])], lower=0.733)
    return builder.build(Expression(x.positions, np.array([-2405.0, -11835.0]), 0.0), maximise=False)


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("from_coefficients", [0, 5_000], ids=["with presolve", "without presolve"])
def test_five_columns_have_the_optimum_that_presolve_removes(monkeypatch, whole, from_coefficients):
    monkeypatch.setattr(solver, "PRESOLVE_FROM", from_coefficients)
    solution = solve_model(five_columns(whole=whole), EXACT)
    assert solution.outcome.status == "optimal"
    assert solution.outcome.objective == pytest.approx(-11835)
    assert solution.outcome.bound == pytest.approx(-11835)
    assert solution.values[[3, 4]].tolist() == [0.0, 1.0]


@pytest.mark.parametrize("sign", [1.0, -1.0], ids=["cost", "worth"])
def test_five_columns_twice_and_the_other_way_round(monkeypatch, sign):
    monkeypatch.setattr(solver, "PRESOLVE_FROM", 0)
    model = five_columns(whole=False, doubled=2)
    model = dataclasses.replace(model, cost=sign * model.cost, maximise=sign < 0)
    assert solve_model(model, EXACT).outcome.objective == pytest.approx(-11835 * sign)


def choice():
    """Return the choice of one or two of three; 7 + 5 = 12 is best."""
    builder = ModelBuilder()
    x = builder.add_columns("x", 3, upper=1.0, integer=True)
    builder.add_rows("two", 1, [(0, x.positions, 1.0)], lower=1.0, upper=2.0)
    return builder.build(Expression(x.positions, np.array([7.0, 5.0, 3.0]), 0.0))


def faked(monkeypatch, *changes):
    """Give the answers of HiGHS to `choice` with one change after the other; return what was asked."""
    asked, truth = [], solver.run_highs

    def ask(model, settings, start, progress, *, presolve):
        honest = truth(model, settings, start, progress, presolve=presolve)
        change = changes[len(asked)] if len(asked) < len(changes) else {}
        asked.append(presolve)
        values = change.get("values", honest.values)
        return Solution(
            None if values is None else np.asarray(values, dtype=float),
            dataclasses.replace(honest.outcome, **{key: new for key, new in change.items() if key != "values"}),
        )

    monkeypatch.setattr(solver, "run_highs", ask)
    monkeypatch.setattr(solver, "PRESOLVE_FROM", 0)
    return asked


INFEASIBLE = {"status": "infeasible", "values": None, "objective": None, "bound": None}
WRONG = {
    "objective is not cost times values": {"objective": 13.0, "bound": 13.0},
    "bound worse than the plan": {"bound": 11.0},
    "optimal without a bound": {"bound": None},
    "infeasible": INFEASIBLE,
    "unbounded": {**INFEASIBLE, "status": "unbounded"},
    "values break a row": {"values": [1.0, 1.0, 1.0], "objective": 15.0, "bound": 15.0},
    "values are not whole": {"values": [1.0, 0.5, 0.5], "objective": 11.0, "bound": 11.0},
    "values out of bounds": {"values": [2.0, 0.0, 0.0], "objective": 14.0, "bound": 14.0},
    "values are not numbers": {"values": [np.nan, 1.0, 0.0]},
    "optimal without a plan": {"values": None, "objective": None},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=list(WRONG))
def test_a_wrong_answer_is_asked_again_without_presolve(monkeypatch, wrong):
    asked = faked(monkeypatch, wrong)
    solution = solve_model(choice(), EXACT)
    assert asked == [True, False]
    assert solution.outcome.status == "optimal"
    assert solution.outcome.objective == solution.outcome.bound == 12.0
    assert solution.values.tolist() == [1.0, 1.0, 0.0]


@pytest.mark.parametrize(
    "wrong", [w for w in WRONG.values() if w is not INFEASIBLE], ids=[w for w in WRONG if w != "infeasible"]
)
def test_twice_a_wrong_answer_is_never_called_optimal(monkeypatch, wrong):
    faked(monkeypatch, wrong, wrong)
    solution = solve_model(choice(), EXACT)
    assert solution.outcome.status in {"feasible", "unknown"}
    assert solution.outcome.stopped_by != "proof"
    if solution.values is None:
        assert solution.outcome.objective is None
    else:
        assert is_feasible(choice(), solution.values)
        assert solution.outcome.objective == choice().cost @ solution.values
        assert solution.outcome.bound is None or solution.outcome.bound >= solution.outcome.objective


def test_twice_infeasible_is_believed_where_no_plan_is_known(monkeypatch):
    asked = faked(monkeypatch, INFEASIBLE, INFEASIBLE)
    assert solve_model(choice(), EXACT).outcome.status == "infeasible"
    assert asked == [True, False]


@pytest.mark.parametrize("start", [[0.0, 1.0, 1.0], [np.nan, 1.0, np.nan]], ids=["whole", "in part"])
def test_a_plan_in_hand_contradicts_infeasible(monkeypatch, start):
    faked(monkeypatch, INFEASIBLE, INFEASIBLE)
    solution = solve_model(choice(), EXACT, start=np.array(start))
    assert solution.outcome.status == "feasible"
    assert solution.outcome.bound is None
    assert solution.values[1] == 1.0
    assert is_feasible(choice(), solution.values)


def test_a_plan_in_hand_that_is_better_contradicts_optimal(monkeypatch):
    worse = {"values": [0.0, 1.0, 1.0], "objective": 8.0, "bound": 8.0}
    faked(monkeypatch, worse, worse)
    solution = solve_model(choice(), EXACT, start=np.array([1.0, 1.0, 0.0]))
    assert (solution.outcome.status, solution.outcome.objective, solution.outcome.bound) == ("feasible", 12.0, None)


def test_a_small_model_is_asked_without_and_with_presolve(monkeypatch):
    asked = faked(monkeypatch)
    monkeypatch.setattr(solver, "PRESOLVE_FROM", 5_000)
    assert solve_model(choice(), EXACT).outcome.proven
    assert asked == [False, True]


@pytest.mark.parametrize(
    "first", [{"values": [0.0, 1.0, 1.0], "objective": 8.0, "bound": 8.0}, INFEASIBLE], ids=["worse", "none"]
)
def test_a_better_plan_with_presolve_contradicts_what_was_proven_without(monkeypatch, first):
    asked = faked(monkeypatch, first)
    monkeypatch.setattr(solver, "PRESOLVE_FROM", 5_000)
    solution = solve_model(choice(), EXACT)
    assert (solution.outcome.status, solution.outcome.objective, solution.outcome.bound) == ("optimal", 12.0, 12.0)
    assert asked == [False, True]


@pytest.mark.parametrize(
    "second", [{"values": [0.0, 1.0, 1.0], "objective": 8.0, "bound": 8.0}, INFEASIBLE], ids=["worse", "none"]
)
def test_a_worse_answer_with_presolve_changes_nothing(monkeypatch, second):
    faked(monkeypatch, {}, second)
    monkeypatch.setattr(solver, "PRESOLVE_FROM", 5_000)
    solution = solve_model(choice(), EXACT)
    assert (solution.outcome.status, solution.outcome.objective, solution.outcome.bound) == ("optimal", 12.0, 12.0)


def test_an_honest_answer_raises_no_doubt():
    model = choice()
    solution = solve_model(model, EXACT)
    assert contradictions(model, solution.outcome, solution.values, 12.0) == []


def money(amounts, limit):
    builder = ModelBuilder()
    x = builder.add_columns("x", len(amounts), upper=1.0, integer=True)
    builder.add_rows("budget", 1, [(0, x.positions, amounts)], upper=limit, exact=True)
    return builder.build(Expression(x.positions, np.ones(len(amounts)), 0.0))


@pytest.mark.parametrize("power", range(13))
def test_an_exact_row_is_kept_to_the_last_unit_whatever_its_scale(power):
    unit = 10.0**power
    model = money([4 * unit, 4 * unit, 4 * unit + 1, 4 * unit], 12 * unit)
    solution = solve_model(model, EXACT)
    assert solution.outcome.status == "optimal"
    assert solution.values.tolist() == [1.0, 1.0, 0.0, 1.0]
    assert violated_exact_rows(model, np.array([1.0, 1.0, 1.0, 0.0])) == [(0, True)]


def test_a_cover_cuts_off_every_choice_that_uses_as_much():
    model = money([5e12, 5e12, 5e12 + 1, 5e12 + 2, 1.0], 1.5e13)
    column, value, limit = cover_inequality(model, 0, np.array([1.0, 1.0, 1.0, 0.0, 0.0]), upper=True)
    assert (column.tolist(), value.tolist(), limit) == ([0, 1, 2, 3], [1.0, 1.0, 1.0, 1.0], 2.0)


def test_a_cover_with_money_that_comes_back():
    # 10 − 4 x2 is spent where x2 closes something: 10 + 3 − 4 = 9 is over 8 unless x1 is left out or x0 is.
    model = money([10.0, 3.0, -4.0], 8.0)
    column, value, limit = cover_inequality(model, 0, np.array([1.0, 1.0, 1.0]), upper=True)
    allowed = [p for p in np.ndindex(2, 2, 2) if 10 * p[0] + 3 * p[1] - 4 * p[2] <= 8]
    assert all(value @ np.array(p)[column] <= limit for p in allowed)
    assert value @ np.ones(3)[column] > limit


@pytest.mark.parametrize("seed", range(40))
def test_random_exact_rows_against_every_choice(seed):
    rng = np.random.default_rng(seed)
    scale = 10.0 ** rng.integers(0, 13)
    amounts = np.rint(rng.choice([1.0, 2.0, 3.0, -1.0], 8) * scale) + rng.integers(-2, 3, 8)
    limit = float(np.rint(rng.integers(1, 6) * scale) + rng.integers(-2, 3))
    model = money(amounts, limit)
    worth = rng.integers(1, 9, 8).astype(float)
    model = dataclasses.replace(model, cost=worth)
    every = np.array(list(np.ndindex(*[2] * 8)), dtype=float)
    kept = every[every @ amounts <= limit]
    solution = solve_model(model, EXACT)
    if not len(kept):
        assert solution.outcome.status == "infeasible"
        return
    assert solution.outcome.status == "optimal"
    assert solution.outcome.objective == (kept @ worth).max()
    assert solution.values @ amounts <= limit


def test_the_installed_solver_without_presolve_is_right_about_the_five_columns():
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("presolve", "off")
    highs.passModel(as_highs(five_columns(whole=False)))
    highs.run()
    assert highs.getInfo().objective_function_value == pytest.approx(-11835)


@pytest.mark.parametrize("power", range(10, 13))
def test_the_last_unit_of_a_budget_is_a_choice_however_large_the_rest(power):
    # What must be spent leaves one unit of 1,024 / 10^power, which the third choice costs: not none, and not two.
    unit = 1024.0 / 2.0 ** round(power * np.log2(10))
    for cost, chosen in ((unit, 1.0), (2 * unit, 0.0)):
        model = money([512.0, 512.0 - unit, cost], 1024.0)
        model = dataclasses.replace(model, lower=np.array([1.0, 1.0, 0.0]))
        assert solve_model(model, EXACT).values.tolist() == [1.0, 1.0, chosen]
        assert with_tightened_bounds(model).upper[2] == 1.0


@pytest.mark.parametrize("size", [1e-6, 1.0, 4096.0, 1e12])
@pytest.mark.parametrize("side", ["lower", "upper"])
def test_a_row_that_is_kept_anyway_asks_nothing_by_rounding(size, side):
    # Five sixths less a half and a third are 1e-16, or −1e-16, and not zero.
    parts = (size / 2 + size / 3, size * (5 / 6))
    for constant, limit in (parts, parts[::-1], (np.nextafter(size, 2 * size), size), (size, np.nextafter(size, 0))):
        builder = ModelBuilder()
        x = builder.add_columns("x", 1, upper=1.0, integer=True)
        builder.add_expression_row("floor", Expression(np.zeros(0, np.int64), np.zeros(0), constant), **{side: limit})
        solution = solve_model(builder.build(Expression(x.positions, np.ones(1), 0.0)), EXACT)
        assert (solution.outcome.status, solution.outcome.objective) == ("optimal", 1.0)


@pytest.mark.parametrize(("side", "asked"), [("lower", 1.000001), ("upper", 0.999999)])
def test_a_row_of_nothing_that_asks_for_a_millionth_has_no_plan(side, asked):
    builder = ModelBuilder()
    x = builder.add_columns("x", 1, upper=1.0, integer=True)
    builder.add_expression_row(
        "floor", Expression(np.zeros(0, np.int64), np.zeros(0), 4096.0), **{side: 4096.0 * asked}
    )
    assert solve_model(builder.build(Expression(x.positions, np.ones(1), 0.0)), EXACT).outcome.status == "infeasible"
