"""The optimum of thousands of tiny problems equals the best of all plans, tried one by one."""

from __future__ import annotations

import pytest
from tiny_siting import every_plan, tiny_problem, worth

from planner.siting import SolverSettings, evaluate, solve

EXACT = SolverSettings(gap=0.0)


def compare(seed):
    problem = tiny_problem(seed)
    best = max((worth(problem, chosen) for chosen in every_plan(problem)), default=None)
    plan = solve(problem, EXACT)
    if best is None:
        assert plan.outcome.status == "infeasible", seed
        assert not plan.found
        return "infeasible"
    assert plan.outcome.status == "optimal", seed
    assert plan.outcome.objective == pytest.approx(best, abs=1e-6), seed
    assert evaluate(problem, plan).worth == pytest.approx(best, abs=1e-6), seed
    assert plan.outcome.bound >= best - 1e-6
    return "optimal"


def test_three_hundred_tiny_problems():
    ended = [compare(seed) for seed in range(300)]
    assert ended.count("optimal") > 100
    assert ended.count("infeasible") > 10


@pytest.mark.scale
def test_three_thousand_tiny_problems():
    for seed in range(1000, 4000):
        compare(seed)
