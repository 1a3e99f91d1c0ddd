"""What is said about a plan, recomputed by trying every plan: prices, marginals, swaps, frontier."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from every_plan import Tiny
from tiny_siting import tiny_problem

from planner.siting import SolverSettings, solve
from planner.siting.analysis.frontier import trace_frontier
from planner.siting.analysis.openings import best_swaps, evaluate_with_assignment, marginal_values
from planner.siting.analysis.rule_costs import rule_costs, unfunded
from planner.siting.model.ruleset import rules_of, with_limit, without_rules
from tests.depth import enough, some

EXACT = SolverSettings(gap=0.0)
KINDS = pytest.mark.parametrize("places", [False, True], ids=["plain", "places"])


def solved(seeds, **wishes):
    for seed in seeds:
        problem = tiny_problem(seed, **wishes)
        plan = solve(problem, EXACT)
        if plan.found:
            yield seed, problem, plan


def best(problem):
    return Tiny(problem).best()


def spot(problem, offer):
    return int(problem.offers.site[offer]), int(problem.offers.service[offer])


def stands(problem, offer):
    """What stands today and goes when ``offer`` opens: the facility it extends, and the one that moves there."""
    offers = problem.offers
    found = [c for c in range(offers.count) if offers.existing[c] and spot(problem, c) == spot(problem, offer)]
    return found + ([int(offers.moves[offer])] if offers.moves is not None and offers.moves[offer] >= 0 else [])


@pytest.mark.deep
@KINDS
def test_the_price_of_a_rule_is_what_the_best_plan_gains_without_it(places):
    judged = 0
    for seed, problem, plan in solved(some(range(300, 325)), places=places):
        for price in rule_costs(problem, plan, settings=EXACT):
            expected = best(without_rules(problem, [price.rule])) - best(problem)
            assert price.goal_gain == pytest.approx(expected, abs=1e-4), (seed, price.rule)
            assert price.gain_at_most >= expected - 1e-4
            judged += 1
    assert judged > enough(20)


def test_a_loosened_limit_is_priced_at_that_limit():
    for seed, problem, plan in solved(some(range(330, 345))):
        for price in rule_costs(problem, plan, settings=EXACT, loosen=True):
            if price.limit is not None:
                expected = best(with_limit(problem, price.rule, price.limit)) - best(problem)
                assert price.goal_gain == pytest.approx(expected, abs=1e-4), (seed, price.rule)


@KINDS
def test_alone_and_last_in_are_differences_between_plans_anybody_can_count(places):
    judged = 0
    for _, problem, plan in solved(some(range(360, 400)), places=places):
        tiny = Tiny(dataclasses.replace(problem, rules=dataclasses.replace(problem.rules, floors=())))
        new = [c for c in plan.offers.tolist() if not problem.offers.existing[c]]
        kept = [c for c in plan.offers.tolist() if problem.offers.existing[c]]
        kept += [c for one in new for c in stands(problem, one)]

        def worth(offers, tiny=tiny):
            found = tiny.served(tuple(sorted(offers)), last=True)
            return None if found is None else found["coverage"]

        if problem.rules.floors:
            continue
        for one in marginal_values(problem, plan):
            gone = stands(problem, one.offer)
            numbers = worth(kept), worth([*(c for c in kept if c not in gone), one.offer]), worth(plan.offers.tolist())
            rest = worth([*(c for c in plan.offers.tolist() if c != one.offer), *gone])
            if None in (*numbers, rest):
                continue  # a least load cannot be reached: there is no such plan to compare with
            assert one.worth_alone == pytest.approx(numbers[1] - numbers[0], abs=1e-4)
            assert one.worth_last == pytest.approx(numbers[2] - rest, abs=1e-4)
            judged += 1
    assert judged > enough(5)


def test_the_best_swaps_are_the_best_of_all_swaps():
    judged = 0
    for seed, problem, plan in solved(some(range(400, 440))):
        refused, allowed = best_swaps(problem, plan)
        now = evaluate_with_assignment(problem, plan.offers).worth
        gains = {True: [], False: []}
        new = [c for c in plan.offers.tolist() if not problem.offers.existing[c] and not stands(problem, c)]
        others = [
            c
            for c in range(problem.offers.count)
            if not problem.offers.existing[c] and c not in plan.offers and not stands(problem, c)
        ]
        for out in new:
            for into in others:
                if spot(problem, into) in {spot(problem, c) for c in plan.offers.tolist() if c != out}:
                    continue
                found = evaluate_with_assignment(
                    problem, np.sort([*(c for c in plan.offers.tolist() if c != out), into])
                )
                gains[bool(found.broken)].append(found.worth - now)
        for swap, broken in ((refused, True), (allowed, False)):
            if swap is None:
                assert not gains[broken], seed
            else:
                assert swap.gain == pytest.approx(max(gains[broken]), abs=1e-6), seed
                assert bool(swap.broken) is broken
                judged += 1
        if allowed is not None:
            assert allowed.gain <= 1e-6, "a proven plan has no allowed swap that gains"
    assert judged > enough(10)


@pytest.mark.deep
def test_unfunded_openings_are_in_the_plan_that_money_does_not_limit():
    judged = 0
    for _, problem, plan in solved(some(range(440, 520))):
        wanted, left_out = unfunded(problem, plan, EXACT)
        money = [rule for rule in rules_of(problem) if "capital" in rule.kind or "yearly" in rule.kind]
        assert wanted.outcome.objective == pytest.approx(best(without_rules(problem, money)), abs=1e-4)
        assert set(left_out.tolist()) <= set(wanted.offers.tolist())
        judged += len(left_out)
    assert judged > enough(3)


@KINDS
def test_the_frontier_is_exact_at_every_point_and_never_falls(places):
    judged = 0
    for seed, problem, _ in solved(some(range(500, 515)), places=places):
        frontier = trace_frontier(problem, [0.0, 3.0, 6.0, 9.0, 14.0, 25.0], settings=EXACT)
        known = [point for point in frontier.points if point.value is not None]
        assert [point.limit for point in frontier.points] == sorted(point.limit for point in frontier.points)
        values = [point.value for point in known]
        assert np.all(np.diff(values) >= -1e-6), seed
        for point in frontier.points:
            expected = best(with_limit(problem, frontier.along, point.limit))
            assert (expected is None) == (point.value is None)
            if expected is not None:
                assert point.value == pytest.approx(expected, abs=1e-4)
                assert point.bound >= expected - 1e-4
                assert point.recount.capital_cost <= point.limit + 1e-6
                judged += 1
        if frontier.knee is not None:
            assert 0 < frontier.knee < len(frontier.points) - 1
    assert judged > enough(20)
