"""Budgets are kept to the last unit at any scale, goals after ``fair`` are pursued, and tolerances are what they say."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from tiny_siting import TinyReach, tiny_problem

from planner.siting import Budgets, Demand, Goal, Offers, Sites, SitingProblem, SolverSettings, evaluate, solve
from planner.siting.verify.evaluate import evaluate_offers
from tests.depth import some

EXACT = SolverSettings(gap=0.0)
COVERAGE = (Goal("coverage"),)


def rooms_in_a_row(setup_cost, people, budget, goals=COVERAGE, seconds=None):
    """Return homes that each reach the room beside them alone; fit-out costs nothing."""
    n = len(people)
    seconds = np.zeros(n) if seconds is None else seconds
    reach = TinyReach(np.arange(n + 1), np.arange(n, dtype=np.int32), np.asarray(seconds, np.float32), n)
    nothing = np.zeros(n)
    return SitingProblem(
        n_demand=n,
        n_services=1,
        sites=Sites(np.asarray(setup_cost, dtype=float), np.full(n, np.inf), nothing, None),
        offers=Offers(
            np.arange(n, dtype=np.int32), np.zeros(n, np.int32), nothing, nothing, nothing, np.zeros(n, np.bool_)
        ),
        demands=(Demand(0, np.asarray(people, dtype=float), reach, (300.0,), (1.0,)),),
        budgets=Budgets(capital_cost=budget),
        goals=goals,
    )


@pytest.mark.parametrize("shortcuts", [False, True])
def test_a_budget_of_twelve_million_is_not_exceeded_by_one_unit_of_money(shortcuts):
    problem = rooms_in_a_row([4_000_000, 4_000_000, 4_000_001], [100, 101, 102], 12_000_000.0)
    plan = solve(problem, replace(EXACT, shortcuts=shortcuts))
    found = evaluate(problem, plan)
    assert (found.worth, found.capital_cost, plan.outcome.status) == (203.0, 8_000_001.0, "optimal")


@pytest.mark.parametrize("power", range(-9, 13, 3))
def test_a_budget_is_kept_to_the_unit_at_any_scale(power):
    rng = np.random.default_rng(power + 20)
    scale = 10.0**power
    for _ in range(4):
        cost = (rng.integers(1, 5, 6) + rng.integers(0, 2, 6) * 1e-7).round(7)
        budget = float(rng.integers(3, 12))
        people = rng.integers(1, 9, 6).astype(float)
        within = [
            chosen
            for size in range(7)
            for chosen in itertools.combinations(range(6), size)
            if sum(round(cost[j] * 10**7) for j in chosen) <= budget * 10**7
        ]
        best = max(people[list(chosen)].sum() for chosen in within)
        plan = solve(rooms_in_a_row(cost * scale, people, budget * scale), EXACT)
        assert plan.outcome.status == "optimal"
        assert plan.outcome.objective == pytest.approx(best)
        assert tuple(plan.offers.tolist()) in within


def test_the_recount_has_no_tolerance_for_money():
    problem = rooms_in_a_row([4_000_000, 4_000_000, 4_000_001], [100, 101, 102], 12_000_000.0)
    assert "12000001" in str(evaluate_offers(problem, np.arange(3)).broken[0])
    assert not evaluate_offers(replace(problem, budgets=Budgets(capital_cost=12_000_001.0)), np.arange(3)).broken


def test_three_tenths_are_three_times_one_tenth():
    problem = rooms_in_a_row([0.1, 0.1, 0.1], [1, 1, 1], 0.3)
    assert solve(problem, EXACT).outcome.objective == 3.0


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_goals_after_fair_are_pursued(depth):
    goals = (Goal("fair", depth=depth), Goal("cost"))
    problem = rooms_in_a_row([900_000, 0, 0], [0, 5, 5], np.inf, goals)
    plan = solve(problem, EXACT)
    assert plan.steps[-1].goal.kind == "cost"
    assert evaluate(problem, plan).capital_cost == 0.0


def test_furthest_gives_up_what_its_tolerance_allows():
    reach = TinyReach(np.array([0, 2]), np.array([0, 1], np.int32), np.array([100.0, 104.0], np.float32), 2)
    problem = rooms_in_a_row([49.0, 0.0], [1, 0], np.inf)
    demand = replace(problem.demands[0], people=np.array([1.0]), reach=reach)
    for tolerance, cost in ((0.0, 49.0), (0.05, 0.0), (0.03, 49.0)):
        asked = replace(
            problem, n_demand=1, demands=(demand,), goals=(Goal("furthest", tolerance=tolerance), Goal("cost"))
        )
        plan = solve(asked, EXACT)
        assert plan.steps[-1].outcome.objective == pytest.approx(cost)
        assert plan.steps[0].outcome.objective == (100.0 if cost else 104.0)
        evaluate(asked, plan)


@pytest.mark.parametrize("tolerance", [0.0, 0.1, 0.5])
def test_numbers_of_fair_are_those_of_the_final_plan(tolerance):
    found = 0
    for seed in some(range(30)):
        problem = tiny_problem(seed, goal="fair", places=seed % 2 == 0)
        goals = (Goal("coverage", tolerance=tolerance), Goal("fair", depth=2, tolerance=tolerance), Goal("cost"))
        problem = replace(problem, goals=goals)
        plan = solve(problem, EXACT)
        if plan.found:
            evaluate(problem, plan)
            found += 1
    assert found


@pytest.mark.parametrize("power", range(-12, 13, 4))
def test_weights_of_any_size_have_the_same_plan(power):
    problem = rooms_in_a_row([1, 1, 1, 1], [265.5, 740.0, 12.0, 700.0], 2.0)
    demand = replace(problem.demands[0], weights=(10.0**power,))
    plan = solve(replace(problem, demands=(demand,)), replace(EXACT, shortcuts=False))
    assert plan.offers.tolist() == [1, 3]
    assert plan.outcome.objective == pytest.approx(1440.0 * 10.0**power)
    assert plan.outcome.bound == pytest.approx(1440.0 * 10.0**power)
