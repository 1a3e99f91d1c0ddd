"""The plan to begin with keeps every rule, is never better than the best, and helps the solver to the same optimum."""

from __future__ import annotations

import itertools
from dataclasses import replace
from types import SimpleNamespace

import pytest
from every_plan import Tiny
from tiny_siting import tiny_problem

from benchmarks.instances import district_problem
from planner.siting import SolverSettings, evaluate, evaluate_offers, optimiser, solve
from planner.siting.heuristics import ruin_recreate
from planner.siting.heuristics.ruin_recreate import first_plan
from planner.siting.mip.constraints import formulate
from tests.depth import enough, some


@pytest.mark.parametrize("places", [False, True])
def test_first_plans_of_tiny_problems(places):
    found = 0
    for seed in some(range(60)):
        problem = tiny_problem(seed, places=places)
        offers = first_plan(formulate(problem), seed, 0.01)
        if offers is None:
            continue
        found += 1
        reached = evaluate_offers(problem, offers)
        assert not reached.broken, seed
        best = Tiny(problem).best()
        if not places:
            assert reached.worth <= best + 1e-6, seed
    assert found > enough(6)


def test_a_start_changes_no_optimum(monkeypatch):
    monkeypatch.setattr(optimiser, "WARM_FROM", 1)
    monkeypatch.setattr(optimiser, "WARM_SHARE", 1e-4)
    for seed in some(range(40)):
        problem = tiny_problem(seed, places=seed % 2 == 1)
        best = Tiny(problem).best()
        plan = solve(problem, SolverSettings(gap=0.0))
        assert plan.found == (best is not None), seed
        if plan.found:
            assert plan.outcome.objective == pytest.approx(best, abs=1e-3, rel=1e-5), seed
            evaluate(problem, plan)


def test_a_district_has_a_good_plan_before_the_solver_starts():
    problem = district_problem(600, 80, side_m=3000.0, places=False)
    form = formulate(problem)
    offers = first_plan(form, 1, 0.5)
    assert offers is not None
    best = solve(problem, SolverSettings(gap=0.01, time_limit_s=60))
    assert evaluate_offers(problem, offers).worth >= 0.97 * best.outcome.bound


def test_a_busy_machine_finds_the_same_first_plan(monkeypatch):
    form = formulate(district_problem(600, 80, side_m=3000.0, places=False))
    at_ease = first_plan(form, 1, 0.05)
    monkeypatch.setattr(ruin_recreate, "time", SimpleNamespace(perf_counter=itertools.count(0.0, 0.001).__next__))
    busy = first_plan(form, 1, 0.05)
    assert at_ease is not None
    assert busy.tolist() == at_ease.tolist()


def test_floors_that_nothing_can_reach_leave_no_first_plan():
    problem = district_problem(200, 30, side_m=6000.0, places=False)
    hopeless = replace(problem, rules=replace(problem.rules, floors=(replace(problem.rules.floors[0], share=1.0),)))
    assert first_plan(formulate(hopeless), 1, 0.5) is None
