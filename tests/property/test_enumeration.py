"""The enumeration of `tests.oracle` itself: its programme in whole numbers against scipy, its numbers against plans by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from every_plan import Tiny
from scipy.optimize import LinearConstraint, milp
from tiny_siting import tiny_problem

from planner.siting import Budgets, Demand, Goal, Offers, Rules, Sites, SitingProblem
from tests.oracle.drawn import Reach
from tests.oracle.enumeration import Enumeration
from tests.oracle.simplex import maximise


@pytest.mark.parametrize("whole", [False, True])
def test_programmes_in_whole_numbers_end_at_the_optimum(whole):
    rng, none = np.random.default_rng(5), 0
    for number in range(60):
        n, m = int(rng.integers(1, 9)), int(rng.integers(1, 8))
        matrix = np.vstack([rng.integers(-3, 6, (m, n)), np.eye(n, dtype=int)])
        most = np.concatenate([rng.integers(-4, 12, m), np.ones(n, dtype=int)])
        worth = rng.integers(-5, 9, n)
        rows = [
            ({j: int(a) for j, a in enumerate(row) if a}, int(limit)) for row, limit in zip(matrix, most, strict=True)
        ]
        found = maximise(dict(enumerate(worth.tolist())), rows, range(n) if whole else ())
        right = milp(
            -worth,
            constraints=LinearConstraint(matrix, -np.inf, most),
            integrality=np.full(n, int(whole)),
            options={"presolve": False},
        )
        assert (found is None) == (right.x is None), number
        none += found is None
        if found is not None:
            assert float(found[0]) == pytest.approx(-right.fun, abs=1e-7), number
    assert 0 < none < 60


def street(goals, **rules):
    """Return six homes of 10 to 60 elders at 0 … 1000 m, what stands at 0, rooms at 100 and 900; 1 m/s and five minutes."""
    homes, places = np.arange(6) * 200.0, np.array([0.0, 100.0, 900.0])
    seconds = np.abs(homes[:, None] - places)
    order = np.argsort(seconds, axis=1, kind="stable")
    reach = Reach(
        np.arange(7, dtype=np.int64) * 3,
        order.ravel().astype(np.int32),
        np.take_along_axis(seconds, order, axis=1).ravel().astype(np.float32),
        3,
    )
    return SitingProblem(
        n_demand=6,
        n_services=1,
        sites=Sites(np.array([0.0, 5.0, 7.0]), np.full(3, np.inf)),
        offers=Offers(
            np.arange(3, dtype=np.int32),
            np.zeros(3, dtype=np.int32),
            np.array([0.0, 10.0, 20.0]),
            np.zeros(3),
            np.zeros(3),
            np.array([True, False, False]),
        ),
        demands=(Demand(0, np.arange(10.0, 70.0, 10.0), reach, (300.0,), (1.0,)),),
        budgets=Budgets(),
        rules=Rules(**rules),
        goals=goals,
    )


def test_the_street_town_counts_as_by_hand():
    chain = Enumeration(street((Goal("coverage"), Goal("cost")), max_sites=1)).chain()
    # Homes at 0 and 200 have what stands; 600, 800 and 1000 lie within 300 m of 900.
    assert [float(step.best) for step in chain] == [10 + 20 + 40 + 50 + 60, 27.0]
    chain = Enumeration(street((Goal("cost"), Goal("coverage")), min_sites=1)).chain()
    assert [float(step.best) for step in chain] == [15.0, 10 + 20 + 30]
    chain = Enumeration(street((Goal("walk", 1.0), Goal("sites")))).chain()
    assert [float(step.best) for step in chain] == [10 * 0 + 20 * 100 + 30 * 300 + 40 * 300 + 50 * 100 + 60 * 100, 0.0]


@pytest.mark.deep_after(1)
@pytest.mark.parametrize("goal", ["coverage", "walk", "sites", "cost", "furthest", "fair"])
@pytest.mark.parametrize("places", [False, True])
def test_two_enumerations_written_apart_agree(goal, places):
    ended = 0
    for seed in range(3000, 3025):
        problem = tiny_problem(seed, places=places, goal=goal)
        first = dataclasses.replace(problem.goals[0], depth=1)
        problem = dataclasses.replace(problem, goals=(first,))
        chain, best = Enumeration(problem).chain(), Tiny(problem).best()
        assert (chain is None) == (best is None), seed
        if best is not None:
            assert float(chain[0].best) == pytest.approx(best, rel=1e-5, abs=1e-4), seed
            ended += 1
    assert ended >= 8
