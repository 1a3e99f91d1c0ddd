"""Relations between problems that need no known optimum: what more money, locks, order and merging may and may not change."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from tiny_siting import TinyReach, tiny_problem

from planner.siting import Lock, SolverSettings, evaluate, solve
from planner.siting.model.ruleset import rules_of, with_limit, without_rules
from tests.depth import enough, some

EXACT = SolverSettings(gap=0.0)
WISHES = [
    pytest.param({}, id="plain"),
    pytest.param({"places": True}, id="places"),
    pytest.param({"phases": True}, id="phases"),
    pytest.param({"goal": "walk"}, id="walk"),
    pytest.param({"goal": "fair", "places": True}, id="fair places"),
]
SEEDS = some(range(700, 715))


def value(problem):
    """Return the goal so that more is better, minus infinity where there is no plan."""
    plan = solve(problem, EXACT)
    if not plan.found:
        assert plan.outcome.status == "infeasible"
        return -np.inf
    evaluate(problem, plan)
    sign = 1 if problem.goals[0].kind in {"coverage", "fair"} else -1
    return sign * plan.outcome.objective


@pytest.mark.deep_after(2)
@pytest.mark.parametrize("wishes", WISHES)
def test_more_money_never_gives_less(wishes):
    judged = 0
    for seed in SEEDS:
        problem = tiny_problem(seed, **wishes)
        for rule in rules_of(problem):
            if rule.kind in {"capital", "yearly", "department_capital", "period_capital"}:
                more = value(with_limit(problem, rule, rule.limit + 3.0))
                assert more >= value(problem) - 1e-6, (seed, rule)
                judged += 1
    assert judged > enough(5)


@pytest.mark.deep_after(1)
@pytest.mark.parametrize("wishes", WISHES)
def test_no_rule_ever_helps(wishes):
    for seed in SEEDS:
        problem = tiny_problem(seed, **wishes)
        before = value(problem)
        for rule in rules_of(problem):
            if rule.kind == "never" and problem.goals[0].kind == "furthest":
                continue
            assert value(without_rules(problem, [rule])) >= before - 1e-6, (seed, rule)


@pytest.mark.deep
@pytest.mark.parametrize("wishes", WISHES)
def test_a_lock_never_helps_and_the_plan_s_own_openings_cost_nothing_to_lock(wishes):
    for seed in SEEDS:
        problem = tiny_problem(seed, **wishes)
        plan = solve(problem, EXACT)
        if not plan.found:
            continue
        new = plan.openings(problem)
        own = tuple(Lock("must", int(j), int(k)) for j, k in zip(new.site, new.service, strict=True))
        every = tuple(Lock(kind, j) for kind in ("must", "never") for j in range(problem.sites.count))
        locked = dataclasses.replace(
            problem, rules=dataclasses.replace(problem.rules, locks=(*problem.rules.locks, *own))
        )
        assert value(locked) == pytest.approx(value(problem), abs=1e-6), seed
        for lock in every:
            one = dataclasses.replace(problem.rules, locks=(*problem.rules.locks, lock))
            assert value(dataclasses.replace(problem, rules=one)) <= value(problem) + 1e-6, (seed, lock)


def reordered(problem, points, sites, offers):
    """Return ``problem`` with points, sites and offers in another order."""
    new_site, new_offer = np.argsort(sites), np.argsort(offers)

    def reach(old):
        rows = [np.arange(old.indptr[i], old.indptr[i + 1]) for i in points]
        rows = [row[np.lexsort((new_site[old.site[row]], old.seconds[row]))] for row in rows]
        flat = np.concatenate(rows)
        indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
        return TinyReach(indptr, new_site[old.site[flat]].astype(np.int32), old.seconds[flat], old.n_sites)

    def taken(table, order):
        columns = {
            field.name: None if (values := getattr(table, field.name)) is None else values[order]
            for field in dataclasses.fields(table)
        }
        return type(table)(**columns)

    table = taken(problem.offers, offers)
    moves = (
        table.moves if table.moves is None else np.where(table.moves < 0, -1, new_offer[table.moves]).astype(np.int32)
    )
    locks = tuple(
        dataclasses.replace(
            lock, site=int(new_site[lock.site]), offers=tuple(int(new_offer[offer]) for offer in lock.offers)
        )
        for lock in problem.rules.locks
    )
    phases = problem.phases
    return dataclasses.replace(
        problem,
        n_demand=len(points),
        sites=taken(problem.sites, sites),
        offers=dataclasses.replace(table, site=new_site[table.site].astype(np.int32), moves=moves),
        demands=tuple(
            dataclasses.replace(demand, people=demand.people[points], reach=reach(demand.reach))
            for demand in problem.demands
        ),
        rules=dataclasses.replace(problem.rules, locks=locks),
        community=None if problem.community is None else problem.community[points],
        phases=None if phases is None else dataclasses.replace(phases, ready=phases.ready[sites]),
    )


@pytest.mark.parametrize("wishes", WISHES)
def test_the_order_of_points_sites_and_offers_changes_nothing(wishes):
    for seed in SEEDS:
        problem = tiny_problem(seed, **wishes)
        if "nearest" in problem.rules.assignment:
            continue  # equally near places are told apart by their order, so there the order is part of the question
        rng = np.random.default_rng(seed)
        orders = [rng.permutation(count) for count in (problem.n_demand, problem.sites.count, problem.offers.count)]
        assert value(reordered(problem, *orders)) == pytest.approx(value(problem), abs=1e-6), seed


@pytest.mark.parametrize("wishes", WISHES)
def test_people_at_one_door_may_stand_in_two_rows(wishes):
    for seed in SEEDS:
        problem = tiny_problem(seed, **wishes)
        if "whole" in problem.rules.assignment:
            continue  # there a row is what may not be divided
        points = np.append(np.arange(problem.n_demand), 0)
        twice = reordered(problem, points, np.arange(problem.sites.count), np.arange(problem.offers.count))
        part = np.ones(len(points))
        part[[0, -1]] = 0.25, 0.75
        demands = tuple(dataclasses.replace(demand, people=demand.people * part) for demand in twice.demands)
        divided = dataclasses.replace(twice, demands=demands)
        assert value(divided) == pytest.approx(value(problem), abs=1e-6), seed


def test_equal_settings_give_equal_plans():
    for seed in SEEDS:
        problem = tiny_problem(seed, places=True)
        one, two = solve(problem, EXACT), solve(problem, EXACT)
        assert one.outcome.status == two.outcome.status
        assert np.array_equal(one.offers, two.offers)
