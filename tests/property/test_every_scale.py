"""Money, areas, places, shares, people and weights at any scale: the plan, its statuses and bounds are those of the question in ones."""

from __future__ import annotations

import numpy as np
import pytest

from planner.siting import evaluate
from tests.depth import ALL, some
from tests.oracle.disagreements import PATHS, disagreements, solved
from tests.oracle.drawn import drawn_problem
from tests.oracle.enumeration import Enumeration
from tests.oracle.scales import Scale, plan_in_ones, problem_at

POWERS = (-6, 12)
"""Amounts are multiplied by powers of ten from millionths to billions of thousands."""

ORDERS = (-12, 12)
"""Weights and money go over 24 orders of magnitude."""


def drawn_scale(seed, low, high):
    rng = np.random.default_rng(seed)
    money, m2, people, weight = rng.integers(low, high + 1, 4).tolist()
    return Scale(money, m2, people, weight, int(rng.integers(-3, 4)))


def wrong(seeds, path, scale_of, **wishes):
    """Return (seed, scale, text) of every disagreement with the question in ones, and how many had a plan."""
    found, feasible = [], 0
    for seed in seeds:
        problem = drawn_problem(seed, **wishes)
        oracle, scale = Enumeration(problem), scale_of(seed)
        chain = oracle.chain()
        feasible += chain is not None
        asked = problem_at(problem, scale)
        plan = solved(asked, path, oracle, seed)
        if plan.found:
            evaluate(asked, plan)
        texts = disagreements(problem, plan_in_ones(problem, plan, scale), oracle, chain)
        found += [(seed, scale, text) for text in texts]
    return found, feasible


@pytest.mark.parametrize("path", ["plain", "tree"])
@pytest.mark.parametrize(
    ("seed", "scale"),
    [
        (300200, Scale(people=8)),  # a share of two billion people: solvers drop coefficients of half a billionth
        (300286, Scale(people=11)),
        (300231, Scale(money=-4)),  # a budget of six ten-thousandths is six hundred billion units, less its rounding
        (300355, Scale(m2=-4)),
    ],
)
def test_problems_that_were_wrong_at_their_scale(seed, scale, path):
    assert wrong([seed], path, lambda _: scale) == ([], 1)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("turn", range(2))
def test_every_amount_at_its_own_scale(path, turn):
    found, feasible = wrong(some(range(40_000 + turn, 40_040, 2)), path, lambda seed: drawn_scale(seed, *POWERS))
    assert found == []
    assert feasible > (5 if ALL else 1)


@pytest.mark.deep_after(5)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("power", range(ORDERS[0], ORDERS[1] + 1, 6))
def test_weights_and_money_over_24_orders_of_magnitude(path, power):
    scale = Scale(money=-power, weight=power)
    found, feasible = wrong(some(range(41_000 + 10 * power, 41_010 + 10 * power), 2), path, lambda _: scale)
    assert found == []
    assert feasible > (1 if ALL else 0)


@pytest.mark.deep_after(5)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "scale",
    [Scale(people=-9), Scale(people=9), Scale(load=-9), Scale(people=-6, weight=-6), Scale(m2=-9), Scale(m2=9)],
    ids=["few", "many", "small loads", "few of little weight", "small rooms", "large rooms"],
)
def test_one_amount_alone_at_another_scale(path, scale):
    found, feasible = wrong(some(range(42_000, 42_008), 2), path, lambda _: scale)
    assert found == []
    assert feasible > (1 if ALL else 0)


@pytest.mark.parametrize("path", ["plain", "tree"])
def test_amounts_that_differ_by_one_in_millions_at_other_scales(path):
    scales = [Scale(money=power, people=-power, m2=power) for power in (-6, 0, 3, 6)]
    found, feasible = wrong(some(range(43_000, 43_024)), path, lambda seed: scales[seed % 4], large_numbers=True)
    assert found == []
    assert feasible > (4 if ALL else 1)


@pytest.mark.scale
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("turn", range(20))
def test_a_thousand_problems_at_scales_of_their_own(path, turn):
    found, feasible = wrong(some(range(300_000 + turn, 301_000, 20)), path, lambda seed: drawn_scale(seed, *POWERS))
    assert found == []
    assert feasible > 10
