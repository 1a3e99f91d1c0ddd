"""The plan over years to begin with keeps money and readiness in every year, and helps the solver to the same optimum."""

from __future__ import annotations

import numpy as np
import pytest
from every_plan import Tiny
from tiny_siting import tiny_problem

from planner.siting import SolverSettings, evaluate, evaluate_offers, optimiser, solve
from planner.siting.heuristics.ruin_recreate import first_plan_by_period
from tests.depth import enough, some


@pytest.mark.deep
def test_first_years_open_what_is_ready_and_paid_for_and_keep_it_open():
    found = opened = late = 0
    for seed in some(range(150)):
        problem = tiny_problem(seed, phases=True)
        states = first_plan_by_period(problem, seed, 0.01)
        if states is None:
            continue
        found += 1
        phases, offers = problem.phases, problem.offers
        assert len(states) == phases.count, seed
        before, spent = np.flatnonzero(offers.existing), 0.0
        for period, state in enumerate(states):
            new = state[~offers.existing[state]]
            assert (phases.ready[offers.site[new]] <= period).all(), seed
            assert np.isin(before[~offers.existing[before]], new).all(), seed
            assert np.isin(state[offers.existing[state]], before[offers.existing[before]]).all(), seed
            capital = evaluate_offers(problem, state).capital_cost
            money = float(np.sum(phases.capital_cost[: period + 1]))
            assert capital <= money + 1e-6, seed
            if not phases.carry_over:
                assert capital - spent <= phases.capital_cost[period] + 1e-6, seed
            late += bool(period) and len(new) > len(before[~offers.existing[before]])
            before, spent = state, capital
        opened += bool((~offers.existing[states[-1]]).any())
    assert found > enough(20)
    assert opened > enough(10)
    assert late > enough(3)


@pytest.mark.deep
def test_a_start_over_years_changes_no_optimum(monkeypatch):
    monkeypatch.setattr(optimiser, "WARM_FROM", 1)
    monkeypatch.setattr(optimiser, "WARM_SHARE", 1e-4)
    for seed in some(range(60)):
        problem = tiny_problem(seed, phases=True, places=seed % 3 == 1)
        best = Tiny(problem).best()
        plan = solve(problem, SolverSettings(gap=0.0))
        assert plan.found == (best is not None), seed
        if plan.found:
            assert plan.outcome.objective == pytest.approx(best, abs=1e-3, rel=1e-5), seed
            evaluate(problem, plan)
