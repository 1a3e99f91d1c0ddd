"""Problems that only ask how many: their own methods find what enumeration finds, and are only used where they are right."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from every_plan import Tiny
from tiny_siting import tiny_problem

from planner.siting import Budgets, Goal, SolverSettings, evaluate, solve
from planner.siting.p_median.instance import find_candidate_units
from tests.depth import enough, some

EXACT = SolverSettings(gap=0.0)
KINDS = ("coverage", "walk", "furthest")


def lean(seed, kind):
    """Return a tiny problem with few rules left: counts, locks, rooms, incompatible services, buildings that are full."""
    rng = np.random.default_rng(seed)
    problem = tiny_problem(seed, goal=kind)
    roomy = {} if rng.random() < 0.4 else {"hub_only": None, "min_services": None, "min_area_m2": None}
    floor = problem.sites.floor_area_m2 if rng.random() < 0.4 else np.full(problem.sites.count, np.inf)
    return replace(
        problem,
        budgets=Budgets(),
        sites=replace(problem.sites, floor_area_m2=floor, storey_area_m2=None, setup_share=None, **roomy),
        offers=replace(problem.offers, moves=None, capital_share=None, yearly_share=None),
        rules=replace(
            problem.rules,
            floors=(),
            spreads=(),
            min_hubs=0,
            rooms=tuple(replace(room, share=None) for room in problem.rules.rooms[: seed % 2]),
        ),
        goals=(Goal(kind),),
    )


def compare(seed, kind):
    problem = lean(seed, kind)
    best = Tiny(problem).best()
    plan = solve(problem, EXACT)
    where = (seed, kind)
    assert (plan.outcome.solver == "planner") == (find_candidate_units(problem) is not None), where
    if best is None:
        assert plan.outcome.status == "infeasible", where
        return "general"
    assert plan.outcome.status == "optimal", where
    # the longest walk has no number where somebody reaches nothing, and no end in the enumeration
    expected = None if math.isinf(best) else pytest.approx(best, abs=1e-3, rel=1e-5)
    assert plan.outcome.objective == expected, where
    evaluate(problem, plan)
    if plan.outcome.bound is None:
        assert expected is None, where
        return plan.outcome.solver
    sign = 1 if kind == "coverage" else -1
    assert sign * plan.outcome.bound >= sign * best - 1e-6 - 1e-9 * abs(best), where
    return plan.outcome.solver


@pytest.mark.deep
@pytest.mark.parametrize("kind", KINDS)
def test_lean_problems(kind):
    ended = [compare(seed, kind) for seed in some(range(60))]
    assert ended.count("planner") > enough(20)
    assert ended.count("planner") < 60


@pytest.mark.scale
@pytest.mark.parametrize("kind", KINDS)
def test_thousands_of_lean_problems(kind):
    for seed in some(range(1000, 2000)):
        compare(seed, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_chain_of_goals_goes_on_from_the_shortcut(kind):
    taken = 0
    for seed in some(range(40)):
        problem = replace(lean(seed, kind), goals=(Goal(kind), Goal("cost")))
        if find_candidate_units(problem) is None:
            continue
        taken += 1
        quick, slow = solve(problem, EXACT), solve(problem, replace(EXACT, shortcuts=False))
        for mine, general in zip(quick.steps, slow.steps, strict=True):
            number = general.outcome.objective
            expected = None if number is None else pytest.approx(number, abs=1e-3, rel=1e-5)
            assert mine.outcome.objective == expected, seed
        evaluate(problem, quick)
    assert taken > enough(10)
