"""Rules of areas: status, goals and rules of the plan are those of an enumeration in exact numbers, on every path."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from planner.siting import find_iis, rules_of, solve, with_limit, without_rules
from planner.siting.model.ruleset import SUMS
from tests.oracle.disagreements import PATHS, disagreements, settings_of, solved
from tests.oracle.drawn import drawn_problem
from tests.oracle.enumeration import Enumeration


def wrong(seeds, path, **wishes):
    """Return every disagreement, how many problems have a plan, and how many of them have a worse one for their areas."""
    found, feasible, bound = [], 0, 0
    for seed in seeds:
        problem = drawn_problem(seed, areas=True, **wishes)
        oracle = Enumeration(problem)
        chain = oracle.chain()
        feasible += chain is not None
        free = without_rules(problem, [rule for rule in rules_of(problem) if rule.area >= 0])
        bound += value_of(chain) != value_of(Enumeration(free).chain())
        plan = solved(problem, path, oracle, seed)
        found += [(seed, path, text) for text in disagreements(problem, plan, oracle, chain)]
    return found, feasible, bound


def value_of(chain):
    return None if chain is None else [step.best for step in chain]


@pytest.mark.parametrize(
    "path", [pytest.param(path, marks=pytest.mark.deep) if path in {"grown", "warm"} else path for path in PATHS]
)
def test_tiny_problems_with_areas_end_as_the_enumeration_does(path):
    first = 1_000 * PATHS.index(path)
    found, feasible, bound = wrong(range(first, first + 24), path)
    assert found == []
    assert feasible > 6
    assert bound > 4


@pytest.mark.deep
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("large_numbers", [False, True], ids=["small", "large numbers"])
def test_hundreds_of_tiny_problems_with_areas(path, large_numbers):
    found, feasible, _ = wrong(range(40_000, 40_080), path, large_numbers=large_numbers)
    assert found == []
    assert feasible > 20


@pytest.mark.scale
@pytest.mark.parametrize("path", ["plain", "warm", "tree"])
def test_problems_of_middle_size_with_areas(path):
    found, feasible, _ = wrong(range(60_000, 60_020), path, middle=True)
    assert found == []
    assert feasible > 4


def test_without_areas_the_problem_is_the_same_as_ever():
    for seed in range(20):
        one, other = drawn_problem(seed), drawn_problem(seed, areas=True)
        assert one.rules.areas == ()
        assert one.rules.floors == other.rules.floors[: len(one.rules.floors)] or other.rules.floors[0].also
        np.testing.assert_array_equal(one.offers.capital_cost, other.offers.capital_cost)


def test_a_dropped_limit_of_an_area_is_one_rule_fewer():
    seen = set()
    for seed in range(60):
        problem = drawn_problem(seed, areas=True)
        for rule in rules_of(problem):
            if rule.area >= 0:
                seen.add(rule.kind)
                left = rules_of(without_rules(problem, [rule]))
                assert len(left) == len(rules_of(problem)) - 1, (seed, rule)
                more = with_limit(problem, rule, rule.limit + 1)
                assert dataclasses.replace(rule, limit=rule.limit + 1) in rules_of(more)
    assert seen >= {
        "min_openings",
        "max_openings",
        "min_sites",
        "max_sites",
        "capital",
        "yearly",
        "period_capital",
        *SUMS,
    }


@pytest.mark.deep
def test_infeasible_sets_name_the_areas_they_need():
    judged = 0
    for seed in range(300):
        problem = drawn_problem(seed, areas=True)
        if Enumeration(problem).chain() is not None or not any(rule.area >= 0 for rule in rules_of(problem)):
            continue
        conflict = find_iis(problem)
        others = [rule for rule in rules_of(problem) if rule not in conflict.rules]
        assert Enumeration(without_rules(problem, others)).chain() is None, seed
        for rule in conflict.rules:
            assert Enumeration(without_rules(problem, [*others, rule])).chain() is not None, (seed, rule)
        judged += any(rule.area >= 0 for rule in conflict.rules)
        if judged == 6:
            break
    assert judged == 6


def test_a_looser_limit_is_never_worse():
    compared = 0
    for seed in range(40):
        problem = drawn_problem(seed, areas=True)
        area_rules = [rule for rule in rules_of(problem) if rule.area >= 0]
        before = solve(problem, settings_of("plain"))
        if not before.found or not area_rules:
            continue
        rule = area_rules[seed % len(area_rules)]
        after = solve(
            with_limit(problem, rule, rule.limit + (-1 if rule.kind.startswith("min_") else 1)), settings_of("plain")
        )
        goal, old, new = problem.goals[0], before.steps[0].outcome.objective, after.steps[0].outcome.objective
        assert after.found
        if old is not None and new is not None and not goal.tolerance:
            assert goal.sign * new >= goal.sign * old - 1e-6 * max(1.0, abs(old)), (seed, rule)
            compared += 1
    assert compared > 5
