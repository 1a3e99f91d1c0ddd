"""The optimum of thousands of tiny problems equals the best of all plans, tried one by one."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from every_plan import Tiny
from tiny_siting import tiny_problem

from planner.siting import Lock, SolverSettings, evaluate, solve
from tests.depth import some

EXACT = SolverSettings(gap=0.0)
GOALS = ("coverage", "walk", "furthest", "fair", "cost", "sites")
FAMILIES = [
    pytest.param(
        {"goal": goal, "places": places, "phases": phases}, id=f"{goal}{' places' * places}{' phases' * phases}"
    )
    for goal in GOALS
    for places in (False, True)
    for phases in (False, True)
]


def priced_walks(problem):
    """Return the problem with money and walks weighed up in one sum."""
    return replace(problem, goals=(replace(problem.goals[0], cost_per_walked_s=0.002),))


def compare(seed, wishes, change=lambda problem: problem):
    problem = change(tiny_problem(seed, **wishes))
    best = Tiny(problem).best()
    plan = solve(problem, EXACT)
    where = (seed, wishes)
    if best is None:
        assert plan.outcome.status == "infeasible", where
        assert not plan.found, where
        return "infeasible"
    assert plan.outcome.status == "optimal", where
    # the longest walk has no number where somebody reaches nothing, and no end in the enumeration
    expected = None if math.isinf(best) else pytest.approx(best, abs=1e-3, rel=1e-5)
    assert plan.outcome.objective == expected, where
    evaluate(problem, plan)
    if plan.outcome.bound is None:
        assert expected is None, where
        return "optimal"
    sign = 1 if wishes["goal"] in {"coverage", "fair"} else -1
    assert sign * plan.outcome.bound >= sign * best - 1e-4 - 1e-6 * abs(best), where
    return "optimal"


@pytest.mark.deep_after(4)
@pytest.mark.parametrize("wishes", FAMILIES)
def test_tiny_problems(wishes):
    ended = [compare(seed, wishes) for seed in some(range(25), 2)]
    assert "optimal" in ended


@pytest.mark.deep_after(2)
@pytest.mark.parametrize("wishes", [wish for wish in FAMILIES if wish.values[0]["goal"] == "cost"])
def test_tiny_problems_with_walks_at_a_price(wishes):
    ended = [compare(seed, wishes, priced_walks) for seed in some(range(25), 2)]
    assert "optimal" in ended


def named_offers(seed):
    """Return what locks one or two offers of a problem by name: this size, this extension, or what stands closed."""

    def change(problem):
        offers, chance = problem.offers, np.random.default_rng(seed)
        stays = offers.existing & ~(offers.may_close if offers.may_close is not None else False)
        locks = []
        for offer in chance.permutation(offers.count)[:2].tolist():
            kind = "must" if stays[offer] or chance.random() < 0.5 else "never"
            locks.append(Lock(kind, int(offers.site[offer]), int(offers.service[offer]), (offer,)))
        return replace(problem, rules=replace(problem.rules, locks=(*problem.rules.locks, *locks)))

    return change


@pytest.mark.deep_after(2)
@pytest.mark.parametrize("wishes", FAMILIES)
def test_tiny_problems_with_ways_decided_by_name(wishes):
    ended = [compare(seed, wishes, named_offers(seed)) for seed in some(range(30), 2)]
    assert "optimal" in ended


@pytest.mark.scale
@pytest.mark.parametrize("wishes", FAMILIES)
def test_thousands_of_tiny_problems(wishes):
    for seed in some(range(1000, 1250)):
        compare(seed, wishes)
