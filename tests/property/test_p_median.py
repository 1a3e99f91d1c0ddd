"""The bare question on tiny instances: every piece of the proof against all plans, tried one by one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from planner.siting.p_median.instance import PMedianInstance, columns_by_site, cost_of, subinstance
from planner.siting.p_median.lagrangian import branch_and_bound, fix_sites, lagrangian_bound, subgradient_ascent
from planner.siting.p_median.tabu_search import TabuSearch
from tests.depth import some


def tiny(seed):
    """Return a random question of at most 9 sites, with whole or broken costs, free choices and rows nobody reaches."""
    rng = np.random.default_rng(seed)
    n, sites = int(rng.integers(1, 14)), int(rng.integers(1, 10))
    broken = rng.random() < 0.5
    default_cost = rng.integers(1, 30, n).astype(float)
    rows = []
    for i in range(n):
        near = np.flatnonzero(rng.random(sites) < rng.choice([0.2, 0.5, 1.0]))
        cost = rng.integers(0, 30, len(near)) + (rng.random(len(near)) if broken else 0.0)
        near, cost = near[cost < default_cost[i]], cost[cost < default_cost[i]]
        order = np.argsort(cost, kind="stable")
        rows.append((near[order], cost[order]))
    indptr = np.concatenate([[0], np.cumsum([len(near) for near, _ in rows])]).astype(np.int64)
    site = np.concatenate([near for near, _ in rows]).astype(np.int32)
    cost = np.concatenate([cost for _, cost in rows]).astype(float)
    return PMedianInstance(
        indptr, site, cost, default_cost, sites, int(rng.integers(0, sites + 1)), float(rng.integers(0, 5))
    )


def costs(instance):
    """Return what every choice of exactly ``p`` sites costs, in plain Python."""
    table = {}
    for chosen in itertools.combinations(range(instance.n_sites), instance.p):
        total = instance.fixed
        for i in range(instance.n_rows):
            pairs = range(instance.indptr[i], instance.indptr[i + 1])
            total += min([instance.default_cost[i], *(instance.cost[k] for k in pairs if instance.site[k] in chosen)])
        table[chosen] = total
    return table


def better(instance):
    return lambda cost: cost - instance.min_improvement(cost)


@pytest.mark.parametrize("seed", some(range(150)))
def test_proof_equals_the_best_of_all_plans(seed):
    instance = tiny(seed)
    table = costs(instance)
    best = min(table.values())
    search = TabuSearch(instance, seed)
    assert search.run(5) == pytest.approx(table[tuple(sorted(search.chosen.tolist()))])
    proof = branch_and_bound(
        instance,
        search.chosen,
        instance.default_cost / 2,
        target=better(instance),
        keep_going=lambda *_: True,
        root_steps=20,
    )
    assert proof.closed
    assert proof.cost == pytest.approx(best)
    assert table[tuple(sorted(proof.chosen.tolist()))] == pytest.approx(best)
    assert proof.bound <= best + 1e-9


@pytest.mark.parametrize("seed", some(range(150)))
def test_a_proof_that_is_stopped_says_what_it_knows(seed):
    instance = tiny(seed)
    best = min(costs(instance).values())
    start = np.arange(instance.p)
    proof = branch_and_bound(
        instance, start, instance.default_cost, target=better(instance), keep_going=lambda *_: False, root_steps=2
    )
    assert proof.nodes == 1
    assert proof.bound <= best + 1e-9 <= proof.cost + 2e-9


@pytest.mark.parametrize("seed", some(range(150)))
def test_any_prices_give_a_bound_and_what_it_settles_is_so(seed):
    instance = tiny(seed)
    table = costs(instance)
    multipliers = np.random.default_rng(seed).uniform(-5, 40, instance.n_rows)
    best, worst = min(table.values()), max(table.values())
    climbed = subgradient_ascent(instance, best, np.clip(multipliers, 0, instance.default_cost), 30).certificate
    for certificate in (lagrangian_bound(instance, multipliers), climbed):
        assert certificate.bound <= best + 1e-9
        for target in (best, (best + worst) / 2):
            settled = fix_sites(instance, certificate, target + 1e-9)
            for chosen, cost in table.items():
                if cost <= target:
                    is_open = np.isin(np.arange(instance.n_sites), chosen)
                    assert is_open[settled.open].all()
                    assert not is_open[settled.closed].any()


@pytest.mark.parametrize("seed", some(range(60)))
def test_what_is_left_after_some_choices_costs_the_same(seed):
    instance = tiny(seed)
    rng = np.random.default_rng(seed)
    state = rng.integers(0, 3, instance.n_sites)
    opened, free = np.flatnonzero(state == 1)[: instance.p], np.flatnonzero(state == 2)
    part, rows = subinstance(instance, opened, free)
    assert part.p == instance.p - len(opened)
    assert len(rows) == part.n_rows
    for size in range(len(free) + 1):
        for chosen in itertools.combinations(range(len(free)), size):
            both = np.concatenate([opened, free[list(chosen)]]).astype(np.int64)
            assert cost_of(part, np.array(chosen, dtype=np.int64)) == pytest.approx(cost_of(instance, both))


def test_pairs_by_site_are_the_same_pairs():
    instance = tiny(3)
    indptr, row, cost = columns_by_site(instance)
    site = np.repeat(np.arange(instance.n_sites), np.diff(indptr))
    mine = sorted(zip(row.tolist(), site.tolist(), cost.tolist(), strict=True))
    rows = np.repeat(np.arange(instance.n_rows), np.diff(instance.indptr))
    assert mine == sorted(zip(rows.tolist(), instance.site.tolist(), instance.cost.tolist(), strict=True))


@pytest.mark.parametrize("told", [False, True], ids=["alone", "beside a search"])
def test_a_proof_keeps_the_cheapest_plan_it_met_whatever_it_settles_afterwards(told):
    """Sites are settled against the cheapest plan met: what is left to open in the end may cost more than that plan."""
    wrong = []
    for seed in some(range(400)):
        instance = tiny(seed)
        table = costs(instance)
        best, worst = min(table, key=table.get), max(table, key=table.get)
        start, found = np.array(worst, dtype=np.int64), np.array(best, dtype=np.int64)
        improve = (lambda _, found=found: found) if told else None
        parts = {"target": better(instance), "keep_going": lambda *_: True, "root_steps": 20, "node_steps": 5}
        proof = branch_and_bound(instance, start, instance.default_cost / 2, improve=improve, **parts)
        if not proof.closed or proof.cost > table[best] + 1e-9:
            wrong.append((seed, proof.cost, table[best]))
    assert wrong == []
