"""Conflicts of infeasible tiny problems, judged by trying every plan: really a conflict, really the smallest, and the ways out lead out."""

from __future__ import annotations

import itertools

import pytest
from every_plan import Tiny
from tiny_siting import tiny_problem

from planner.siting.analysis.iis import find_iis
from planner.siting.model.ruleset import rules_of, with_limit, without_rules
from tests.depth import enough, some


def has_plan(problem):
    tiny = Tiny(problem)
    return any(tiny.score(states) is not None for states in tiny.sequences())


def judged(seed, **wishes):
    """Return whether the problem of ``seed`` had a conflict to judge."""
    problem = tiny_problem(seed, **wishes)
    if has_plan(problem):
        assert find_iis(problem) is None, seed
        return False
    conflict = find_iis(problem)
    rules = rules_of(problem)
    others = [rule for rule in rules if rule not in conflict.rules]
    assert not has_plan(without_rules(problem, others)), (seed, conflict)
    if not conflict.rules:
        assert not has_plan(without_rules(problem, rules))
        return False
    for rule in conflict.rules:
        assert has_plan(without_rules(problem, [*others, rule])), (seed, rule)
    if conflict.smallest and len(conflict.rules) <= 3:
        for fewer in itertools.combinations(rules, len(conflict.rules) - 1):
            assert has_plan(without_rules(problem, [rule for rule in rules if rule not in fewer])), (seed, fewer)
    for way in conflict.relaxations:
        eased = without_rules(problem, [r for r, limit in zip(way.rules, way.limits, strict=True) if limit is None])
        for rule, limit in zip(way.rules, way.limits, strict=True):
            if limit is not None:
                counted = rule.kind.startswith(("min_", "max_"))
                slack = 0.0 if counted else (-1e-4 if rule.kind == "floor" else 1e-4)
                eased = with_limit(eased, rule, limit + slack)
        assert has_plan(eased), (seed, way)
    return True


@pytest.mark.deep
@pytest.mark.parametrize("wishes", [{}, {"places": True}, {"phases": True}], ids=["plain", "places", "phases"])
def test_conflicts_of_tiny_problems(wishes):
    assert sum(judged(seed, **wishes) for seed in some(range(40))) > enough(5)


@pytest.mark.scale
@pytest.mark.parametrize("wishes", [{}, {"places": True}, {"phases": True}], ids=["plain", "places", "phases"])
def test_hundreds_of_conflicts(wishes):
    for seed in some(range(5000, 5400)):
        judged(seed, **wishes)
