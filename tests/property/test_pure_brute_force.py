"""The bare question on tiny instances: every piece of the proof against all plans, tried one by one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from planner.siting.bare.bounds import climb, price, settle
from planner.siting.bare.branch import prove
from planner.siting.bare.pure import Pure, by_site, cost_of, restricted
from planner.siting.bare.swap import Search
from tests.depth import some


def tiny(seed):
    """Return a random question of at most 9 sites, with whole or broken costs, free choices and rows nobody reaches."""
    rng = np.random.default_rng(seed)
    n, sites = int(rng.integers(1, 14)), int(rng.integers(1, 10))
    broken = rng.random() < 0.5
    otherwise = rng.integers(1, 30, n).astype(float)
    rows = []
    for i in range(n):
        near = np.flatnonzero(rng.random(sites) < rng.choice([0.2, 0.5, 1.0]))
        cost = rng.integers(0, 30, len(near)) + (rng.random(len(near)) if broken else 0.0)
        near, cost = near[cost < otherwise[i]], cost[cost < otherwise[i]]
        order = np.argsort(cost, kind="stable")
        rows.append((near[order], cost[order]))
    indptr = np.concatenate([[0], np.cumsum([len(near) for near, _ in rows])]).astype(np.int64)
    site = np.concatenate([near for near, _ in rows]).astype(np.int32)
    cost = np.concatenate([cost for _, cost in rows]).astype(float)
    return Pure(indptr, site, cost, otherwise, sites, int(rng.integers(0, sites + 1)), float(rng.integers(0, 5)))


def costs(pure):
    """Return what every choice of exactly ``most`` sites costs, in plain Python."""
    table = {}
    for chosen in itertools.combinations(range(pure.n_sites), pure.most):
        total = pure.fixed
        for i in range(pure.n_rows):
            pairs = range(pure.indptr[i], pure.indptr[i + 1])
            total += min([pure.otherwise[i], *(pure.cost[k] for k in pairs if pure.site[k] in chosen)])
        table[chosen] = total
    return table


def better(pure):
    return lambda cost: cost - pure.step(cost)


@pytest.mark.parametrize("seed", some(range(150)))
def test_proof_equals_the_best_of_all_plans(seed):
    pure = tiny(seed)
    table = costs(pure)
    best = min(table.values())
    search = Search(pure, seed)
    assert search.run(5) == pytest.approx(table[tuple(sorted(search.chosen.tolist()))])
    proof = prove(pure, search.chosen, pure.otherwise / 2, target=better(pure), go_on=lambda *_: True, root_steps=20)
    assert proof.closed
    assert proof.cost == pytest.approx(best)
    assert table[tuple(sorted(proof.chosen.tolist()))] == pytest.approx(best)
    assert proof.bound <= best + 1e-9


@pytest.mark.parametrize("seed", some(range(150)))
def test_a_proof_that_is_stopped_says_what_it_knows(seed):
    pure = tiny(seed)
    best = min(costs(pure).values())
    start = np.arange(pure.most)
    proof = prove(pure, start, pure.otherwise, target=better(pure), go_on=lambda *_: False, root_steps=2)
    assert proof.nodes == 1
    assert proof.bound <= best + 1e-9 <= proof.cost + 2e-9


@pytest.mark.parametrize("seed", some(range(150)))
def test_any_prices_give_a_bound_and_what_it_settles_is_so(seed):
    pure = tiny(seed)
    table = costs(pure)
    prices = np.random.default_rng(seed).uniform(-5, 40, pure.n_rows)
    best, worst = min(table.values()), max(table.values())
    climbed = climb(pure, best, np.clip(prices, 0, pure.otherwise), 30).certificate
    for certificate in (price(pure, prices), climbed):
        assert certificate.bound <= best + 1e-9
        for target in (best, (best + worst) / 2):
            settled = settle(pure, certificate, target + 1e-9)
            for chosen, cost in table.items():
                if cost <= target:
                    is_open = np.isin(np.arange(pure.n_sites), chosen)
                    assert is_open[settled.open].all()
                    assert not is_open[settled.closed].any()


@pytest.mark.parametrize("seed", some(range(60)))
def test_what_is_left_after_some_choices_costs_the_same(seed):
    pure = tiny(seed)
    rng = np.random.default_rng(seed)
    state = rng.integers(0, 3, pure.n_sites)
    opened, free = np.flatnonzero(state == 1)[: pure.most], np.flatnonzero(state == 2)
    part, rows = restricted(pure, opened, free)
    assert part.most == pure.most - len(opened)
    assert len(rows) == part.n_rows
    for size in range(len(free) + 1):
        for chosen in itertools.combinations(range(len(free)), size):
            both = np.concatenate([opened, free[list(chosen)]]).astype(np.int64)
            assert cost_of(part, np.array(chosen, dtype=np.int64)) == pytest.approx(cost_of(pure, both))


def test_pairs_by_site_are_the_same_pairs():
    pure = tiny(3)
    indptr, row, cost = by_site(pure)
    site = np.repeat(np.arange(pure.n_sites), np.diff(indptr))
    mine = sorted(zip(row.tolist(), site.tolist(), cost.tolist(), strict=True))
    rows = np.repeat(np.arange(pure.n_rows), np.diff(pure.indptr))
    assert mine == sorted(zip(rows.tolist(), pure.site.tolist(), pure.cost.tolist(), strict=True))


@pytest.mark.parametrize("told", [False, True], ids=["alone", "beside a search"])
def test_a_proof_keeps_the_cheapest_plan_it_met_whatever_it_settles_afterwards(told):
    """Sites are settled against the cheapest plan met: what is left to open in the end may cost more than that plan."""
    wrong = []
    for seed in some(range(400)):
        pure = tiny(seed)
        table = costs(pure)
        best, worst = min(table, key=table.get), max(table, key=table.get)
        start, found = np.array(worst, dtype=np.int64), np.array(best, dtype=np.int64)
        beside = (lambda _, found=found: found) if told else None
        parts = {"target": better(pure), "go_on": lambda *_: True, "root_steps": 20, "node_steps": 5}
        proof = prove(pure, start, pure.otherwise / 2, beside=beside, **parts)
        if not proof.closed or proof.cost > table[best] + 1e-9:
            wrong.append((seed, proof.cost, table[best]))
    assert wrong == []
