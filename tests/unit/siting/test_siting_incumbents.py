"""Time that is up loses no plan, leaves no goal without a bound, and makes no status better than its gap."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest

from benchmarks.instances import bare_problem, made_up_city
from planner.siting import Budgets, Goal, Outcome, Plan, SolverSettings, evaluate, lexicographic, solve
from planner.siting.heuristics import matheuristic
from planner.siting.heuristics.matheuristic import CoverageTabuSearch
from planner.siting.mip import highs
from planner.siting.mip.checks import bound_from_columns, final_outcome, keep_incumbent
from planner.siting.mip.highs import Solution
from planner.siting.mip.linear import Expression, ModelBuilder
from planner.siting.p_median.instance import coverage_instance, find_candidate_units
from planner.siting.p_median.tabu_search import MultiStart, TabuSearch

STOPPED = Outcome("unknown", None, None, None, 1.0, "HiGHS", "test", "time")


def model(cost=(2.0, 3.0), *, maximise=True, upper=1.0):
    builder = ModelBuilder()
    block = builder.add_columns("x", 2, upper=upper, integer=True)
    builder.add_rows("one", 1, [(0, block.positions, 1.0)], upper=1.0)
    return builder.build(Expression(block.positions, np.array(cost), 10.0), maximise=maximise)


def city(goal_chain=("coverage",), tolerance=0.0, p=5):
    made = made_up_city(300, 40, side_m=3000.0, clusters=4, seed=3)
    problem = bare_problem(made.within(500.0), made.people, "coverage", p, 500.0)
    offers = dataclasses.replace(problem.offers, capital_cost=1e5 + 1e3 * np.arange(problem.offers.count))
    chain = tuple(Goal(kind, tolerance) for kind in goal_chain)
    return dataclasses.replace(problem, offers=offers, goals=chain, budgets=Budgets(capital_cost=1e6))


def test_a_plan_that_the_solver_was_given_is_not_lost_when_its_time_is_up():
    found = keep_incumbent(model(), Solution(None, STOPPED), np.array([1.0, 0.0]), 0.0)
    assert found.values.tolist() == [1.0, 0.0]
    assert (found.outcome.status, found.outcome.objective, found.outcome.bound) == ("feasible", 12.0, 15.0)


def test_a_worse_plan_than_the_one_given_is_not_taken():
    worse = dataclasses.replace(STOPPED, status="feasible", objective=12.0, bound=14.0)
    found = keep_incumbent(model(), Solution(np.array([1.0, 0.0]), worse), np.array([0.0, 1.0]), 0.0)
    assert found.values.tolist() == [0.0, 1.0]
    assert (found.outcome.objective, found.outcome.bound) == (13.0, 14.0)


@pytest.mark.parametrize("start", [[1.0, 1.0], [2.0, -1.0], [np.nan, 0.0]], ids=["row", "bounds", "unknown"])
def test_what_breaks_a_rule_or_is_not_known_in_full_is_no_plan(start):
    found = keep_incumbent(model(), Solution(None, STOPPED), np.array(start), 0.0)
    assert found.values is None
    assert found.outcome.status == "unknown"
    assert found.outcome.bound == 15.0


def test_a_proof_of_the_solver_is_left_alone():
    proof = dataclasses.replace(STOPPED, status="infeasible", stopped_by="proof")
    assert keep_incumbent(model(), Solution(None, proof), np.array([0.0, 1.0]), 0.0).outcome is proof


def test_columns_alone_bound_every_plan_from_both_sides():
    assert bound_from_columns(model()) == 15.0
    assert bound_from_columns(model((2.0, -3.0))) == 12.0
    assert bound_from_columns(model((2.0, -3.0), maximise=False)) == 7.0
    assert bound_from_columns(model(upper=np.inf)) is None
    assert bound_from_columns(model(maximise=False, upper=np.inf)) == 10.0


@pytest.mark.parametrize(("bound", "proven", "final"), [(279.0, 279.0, 100.0), (50.0, 50.0, 100.0)])
def test_what_later_goals_gave_up_is_not_called_optimal(bound, proven, final):
    own = Outcome("optimal", proven, bound, 0.0, 1.0, "HiGHS", "test")
    ended = final_outcome(own, final, 1e-4)
    assert (ended.status, ended.stopped_by) == ("feasible", "tolerance")
    assert ended.gap == pytest.approx(abs(bound - final) / final)
    assert final_outcome(own, proven, 0.0).status == "optimal"
    assert final_outcome(own, final, 2.0).status == "optimal"


def test_step_tolerance_1_is_not_called_optimal_with_nothing_left_of_the_first_goal():
    exact = SolverSettings(gap=0.0)
    whole = solve(city(), exact)
    plan = solve(city(("coverage", "cost"), tolerance=1.0), exact)
    first, last = (step.outcome for step in plan.steps)
    assert whole.proven
    assert first.bound == pytest.approx(whole.outcome.objective)
    assert first.objective < whole.outcome.objective
    assert (first.status, first.stopped_by) == ("feasible", "tolerance")
    assert last.status == "optimal"
    assert not plan.proven
    strict = solve(city(("coverage", "cost")), exact)
    assert [step.outcome.status for step in strict.steps] == ["optimal", "optimal"]


def test_a_bound_that_is_worse_than_the_plan_in_hand_is_no_bound():
    wrong = dataclasses.replace(STOPPED, bound=12.5)
    found = keep_incumbent(model(), Solution(None, wrong), np.array([0.0, 1.0]), 1.0)
    assert (found.outcome.objective, found.outcome.bound) == (13.0, 15.0)


def test_a_plan_in_hand_is_proven_by_a_bound_that_time_left_and_by_none_that_is_in_doubt():
    near = dataclasses.replace(STOPPED, bound=13.0)
    assert keep_incumbent(model(), Solution(None, near), np.array([0.0, 1.0]), 0.0).outcome.status == "optimal"
    doubtful = dataclasses.replace(near, stopped_by="limit")
    assert keep_incumbent(model(), Solution(None, doubtful), np.array([0.0, 1.0]), 0.0).outcome.status == "feasible"


def test_a_plan_that_overspends_by_less_than_a_tolerance_is_not_held():
    builder = ModelBuilder()
    block = builder.add_columns("z", 2, upper=1.0, integer=True)
    costs = np.array([1e9, 1.0])
    builder.add_rows("budget", 1, [(0, block.positions, costs)], upper=1e9, exact=True)
    asked = builder.build(Expression(block.positions, np.array([1.0, 1.0]), 0.0))
    assert keep_incumbent(asked, Solution(None, STOPPED), np.array([1.0, 1.0]), 0.0).values is None
    assert keep_incumbent(asked, Solution(None, STOPPED), np.array([1.0, 0.0]), 0.0).outcome.objective == 1.0


def number_of(outcome):
    """Return what a goal comes to; the longest walk is without end where somebody reaches nothing, and has no number."""
    return np.inf if outcome.objective is None else outcome.objective


def with_shares(problem):
    """Return the city in three communities, which ``fair`` weighs up."""
    return dataclasses.replace(problem, community=np.arange(problem.n_demand) % 3)


@pytest.mark.parametrize(
    "chain",
    [
        ("coverage", "cost"),
        ("coverage", "sites", "cost"),
        ("cost", "coverage", "sites", "cost"),
        ("fair", "cost"),
        ("coverage", "fair", "walk"),
        ("furthest", "coverage"),
        ("walk", "furthest", "cost"),
    ],
)
def test_a_chain_whose_every_solve_uses_its_time_up_ends_in_time_with_a_bound_for_each_goal(chain, monkeypatch):
    now, asked = [0.0], []

    def stopped(_model, settings, **_):
        asked.append(settings.time_limit_s)
        now[0] += settings.time_limit_s
        return Solution(None, STOPPED)

    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(lexicographic, "solve_model", stopped)
    problem = with_shares(city(chain))
    begin = nothing_opened()
    plan = solve(problem, SolverSettings(time_limit_s=100.0, gap=0.0), start=begin)
    assert len(asked) == len(chain)
    assert sum(asked) <= 105.0
    assert plan.found
    assert len(plan.steps) == len(chain)
    for step in plan.steps:
        assert step.outcome.bound is not None
        sign = 1 if step.goal.kind in {"coverage", "fair"} else -1
        assert sign * step.outcome.bound >= sign * number_of(step.outcome)
    evaluate(problem, plan)


def test_the_shortest_radius_is_never_longer_than_that_of_the_plan_begun_with(monkeypatch):
    problem = dataclasses.replace(city(("furthest",)), budgets=Budgets())
    best = solve(problem, SolverSettings(gap=0.0))
    monkeypatch.setattr(lexicographic, "solve_model", lambda *_, **__: Solution(None, STOPPED))
    plan = solve(problem, SolverSettings(gap=0.0, shortcuts=False), start=best)
    assert plan.outcome.objective == best.outcome.objective
    assert (plan.outcome.status, plan.outcome.stopped_by) == ("feasible", "time")
    assert plan.outcome.bound <= number_of(best.outcome)
    evaluate(problem, plan)


def test_radii_are_asked_for_no_longer_than_there_is_time(monkeypatch):
    now, asked, original = [0.0], [], lexicographic.solve_model

    def slow(model, settings, **others):
        asked.append(settings.time_limit_s)
        now[0] += 30.0
        return original(model, dataclasses.replace(settings, time_limit_s=60.0), **others)

    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(lexicographic, "solve_model", slow)
    plan = solve(city(("furthest",)), SolverSettings(time_limit_s=50.0, gap=0.0, shortcuts=False))
    assert asked == [50.0, 20.0]
    assert (plan.outcome.status, plan.outcome.stopped_by) == ("feasible", "time")
    assert plan.outcome.bound <= number_of(plan.outcome)


def test_writing_the_problem_out_is_part_of_the_time_of_the_solver(monkeypatch):
    now, given = [0.0], []
    original, run = highs.ArrayProblem.expand, highs.highspy.Highs.run

    def slowly(programme):
        now[0] += 40.0
        return original(programme)

    def seen(highs):
        given.append(highs.getOptionValue("time_limit")[1])
        return run(highs)

    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(highs.ArrayProblem, "expand", slowly)
    monkeypatch.setattr(highs.highspy.Highs, "run", seen)
    highs.run_highs(model(), SolverSettings(time_limit_s=100.0), None, None, presolve=False)
    assert given == [60.0]


def nothing_opened():
    """Return a plan that opens nothing."""
    return Plan((np.zeros(0, dtype=np.int64),), None, (), STOPPED)


def city_instance():
    made = made_up_city(400, 60, side_m=3000.0, clusters=6, seed=5)
    problem = bare_problem(made.within(400.0), made.people, "coverage", 8, 400.0)
    instance, _ = coverage_instance(problem, find_candidate_units(problem))
    return problem, instance


def test_searches_that_begin_anew_find_the_same_every_time_and_never_less_than_one_search():
    _, instance = city_instance()
    alone = TabuSearch(instance, 1)
    alone.run(160)
    found = [MultiStart(instance, 1), MultiStart(instance, 1)]
    costs = []
    for _ in range(6):
        for one in found:
            one.iterate()
        costs.append(found[0].cost)
    assert found[0].chosen.tolist() == found[1].chosen.tolist()
    assert costs == sorted(costs, reverse=True)
    assert found[0].cost <= alone.cost
    assert len(np.unique(found[0].chosen)) == instance.p
    best = found[0].cost
    found[0].improve(np.arange(instance.p))
    assert found[0].cost <= best


def test_a_large_problem_is_never_worth_less_than_the_search_by_swaps_finds(monkeypatch):
    problem, _ = city_instance()
    monkeypatch.setattr(matheuristic, "LARGE", 0)
    monkeypatch.setattr(matheuristic, "BEYOND_SHORTCUTS", 0)
    # Neither the bound nor the tree has any time.
    monkeypatch.setattr(matheuristic, "bound_at_root", lambda *_, **__: None)
    seen, original = [], CoverageTabuSearch.best
    monkeypatch.setattr(CoverageTabuSearch, "best", lambda one: seen.append(original(one)) or seen[-1])
    plan = solve(problem, SolverSettings(gap=0.0))
    assert seen
    assert plan.outcome.objective >= max(one.worth for one in seen) - 1e-6
    assert plan.outcome.bound >= plan.outcome.objective - 1e-6
    evaluate(problem, plan)
