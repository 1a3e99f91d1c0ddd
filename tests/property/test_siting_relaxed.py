"""The relaxed programme bounds every plan, is the linear relaxation itself, and only ever comes down."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from every_plan import Tiny
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array
from tiny_siting import tiny_problem

from benchmarks.instances import district_problem
from planner.siting.programme.formulation import formulate
from planner.siting.search.prices import can_price
from planner.siting.search.relaxed import relaxed, worth_relaxing

KINDS = pytest.mark.parametrize("places", [False, True], ids=["plain", "places"])
PLENTY_S = 60.0

ROUNDED = 2e-5
"""What trying everything may find too much: it lets each place, and each floor, give way by a millionth."""


def relaxable(seeds, *, places, **rules):
    for seed in seeds:
        problem = tiny_problem(seed, places=places)
        changed = dataclasses.replace(problem.rules, assignment=(), spreads=(), **rules)
        problem = dataclasses.replace(problem, rules=changed)
        form = formulate(problem)
        if can_price(problem) and worth_relaxing(form) and form.bundles.count:
            yield seed, problem, form


def bound_of(form):
    told = []
    return relaxed(form, seconds=PLENTY_S, told=told.append), told


def linear_optimum(form):
    """Return the optimum of the whole programme with nothing asked to be whole, None where there is none."""
    model = form.builder.build(form.coverage())
    rows = csr_array((model.value, model.column, model.indptr), (model.n_rows, model.n_columns))
    limits = [LinearConstraint(rows, model.row_lower, model.row_upper)] if model.n_rows else []
    found = milp(-model.cost, constraints=limits, bounds=Bounds(model.lower, model.upper))
    return None if found.x is None else float(model.cost @ found.x) + model.offset


@KINDS
def test_no_plan_beats_the_bound_and_no_plan_with_a_bundle_beats_what_it_can_reach(places):
    problems = judged = 0
    for seed, problem, form in relaxable(range(800, 860), places=places):
        tiny = Tiny(problem)
        worths = {}
        for (state,) in tiny.sequences():
            found = tiny.served(state, last=True)
            if found is not None:
                worths[frozenset(state)] = found["coverage"]
        if not worths:
            continue
        problems += 1
        priced, told = bound_of(form)
        assert priced is not None, seed
        assert priced.bound == told[-1], seed
        assert priced.bound >= max(worths.values()) - ROUNDED, seed
        assert ((priced.often >= 0) & (priced.often <= 1)).all(), seed
        for bundle in range(form.bundles.count):
            inside = {int(offer) for offer in form.bundles.offer[bundle] if offer >= 0}
            site = form.bundles.site[bundle]
            mine = [
                worth
                for state, worth in worths.items()
                if {c for c in state if problem.offers.site[c] == site} == inside
            ]
            assert max(mine, default=-np.inf) <= priced.reach[bundle] + ROUNDED, (seed, bundle)
            judged += bool(mine)
    assert problems >= 20
    assert judged > 60


def test_without_places_and_floors_the_bound_is_the_linear_relaxation():
    compared = 0
    for seed, _, form in relaxable(range(900, 940), places=False, floors=()):
        priced, _ = bound_of(form)
        best = linear_optimum(form)
        assert (priced is None) == (best is None), seed
        if priced is not None:
            assert priced.bound == pytest.approx(best, rel=1e-6, abs=1e-6), seed
            compared += 1
    assert compared > 20


def test_a_district_without_places_is_bounded_by_its_linear_relaxation():
    form = formulate(district_problem(300, 40, side_m=2500.0, places=False, floors=False))
    priced, _ = bound_of(form)
    assert priced.bound == pytest.approx(linear_optimum(form), rel=1e-6)


def test_cuts_for_places_only_lower_the_bound_and_never_below_the_linear_relaxation():
    lowered = 0
    for seed, _, form in relaxable(range(800, 860), places=True):
        priced, told = bound_of(form)
        if priced is None:
            continue
        assert told == sorted(set(told), reverse=True), seed
        best = linear_optimum(form)
        assert best is None or priced.bound >= best - 1e-6, seed
        lowered += told[-1] < told[0] - 1e-6
    assert lowered > 5


@pytest.mark.parametrize("floors", [False, True], ids=["no floors", "floors"])
def test_the_last_bound_of_a_district_is_next_to_its_linear_relaxation(floors):
    form = formulate(district_problem(300, 40, side_m=2500.0, floors=floors))
    priced, told = bound_of(form)
    assert told == sorted(set(told), reverse=True)
    assert told[0] > 1.005 * told[-1]
    best = linear_optimum(form)
    assert priced.bound == told[-1]
    assert best <= priced.bound <= 1.001 * best


def test_plans_with_a_bundle_of_a_district_reach_no_further_than_it_says():
    form = formulate(district_problem(300, 40, side_m=2500.0))
    priced, _ = bound_of(form)
    z = form.z[0]
    for bundle in np.argsort(priced.reach)[:: max(form.bundles.count // 6, 1)].tolist():
        forced = form.builder.mark()
        form.builder.add_rows("forced", 1, [(0, z.start + bundle, 1.0)], lower=1.0)
        best = linear_optimum(form)
        form.builder.release(forced)
        assert best is None or best <= priced.reach[bundle] + 1e-6, bundle


@KINDS
def test_no_time_gives_no_bound(places):
    told = []
    form = formulate(district_problem(300, 40, side_m=2500.0, places=places))
    assert relaxed(form, seconds=0.0, told=told.append) is None
    assert not told
