"""Every rule at once: status, goals step by step, bounds and rules of the plan are those of an enumeration in exact numbers."""

from __future__ import annotations

import pytest

from tests.oracle.disagreements import PATHS, disagreements, solved
from tests.oracle.drawn import drawn_problem
from tests.oracle.enumeration import Enumeration

KEPT = {
    "a hair of people past the nearest place": 1_000_177,
    "a service added where one that moves stands": 1_001_104,
    "a floor reached anyway, to the last person but for rounding": 1_001_513,
    "a dear plan proven optimal without presolve": 41_128,
}
"""Problems that were once answered wrongly."""

SHARED_OUT = 10
"""So many tests take turns with the seeds: one that fails names few."""


def wrong(seeds, paths, **wishes):
    """Return (seed, path, text) of every disagreement, how many problems have a plan, and how many steps there were."""
    found, feasible, steps = [], 0, 0
    for seed in seeds:
        problem = drawn_problem(seed, **wishes)
        oracle = Enumeration(problem)
        chain = oracle.chain()
        feasible += chain is not None
        steps += len(chain or ())
        for path in paths:
            plan = solved(problem, path, oracle, seed)
            found += [(seed, path, text) for text in disagreements(problem, plan, oracle, chain)]
    return found, feasible, steps


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("seed", KEPT.values(), ids=list(KEPT))
def test_problems_once_answered_wrongly(seed, path):
    assert wrong([seed], [path])[0] == []


@pytest.mark.deep_after(3)
@pytest.mark.parametrize("turn", range(SHARED_OUT))
def test_tiny_problems_end_as_the_enumeration_does(turn):
    found, feasible, steps = wrong(range(turn, 240, SHARED_OUT), ("shortcuts", "tree", "warm")[turn % 3 :][:1])
    assert found == []
    assert feasible > 8
    assert steps > feasible


@pytest.mark.deep
@pytest.mark.parametrize("turn", range(4))
def test_amounts_in_millions_that_differ_by_one(turn):
    found, feasible, _ = wrong(range(20_000 + turn, 20_080, 4), ("plain", "tree")[turn % 2 :][:1], large_numbers=True)
    assert found == []
    assert feasible > 6


@pytest.mark.deep
@pytest.mark.parametrize("path", ["shortcuts", "tree"])
def test_problems_of_middle_size(path):
    found, feasible, _ = wrong(range(30_000, 30_006), (path,), middle=True)
    assert found == []
    assert feasible >= 2


@pytest.mark.scale
@pytest.mark.parametrize("turn", range(100))
@pytest.mark.parametrize("large_numbers", [False, True], ids=["small", "large numbers"])
def test_ten_thousand_tiny_problems(turn, large_numbers):
    seeds = range(100_000 + turn, 105_000, 100)
    found, feasible, _ = wrong(seeds, ("plain", "shortcuts", "warm", "grown", "tree"), large_numbers=large_numbers)
    assert found == []
    assert feasible > 10


@pytest.mark.scale
@pytest.mark.parametrize("turn", range(20))
def test_hundreds_of_middle_size(turn):
    found, feasible, _ = wrong(range(200_000 + turn, 200_200, 20), ("plain", "warm", "tree"), middle=True)
    assert found == []
    assert feasible > 1
