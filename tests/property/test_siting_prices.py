"""Prices bound every plan, whatever they are; and looking at large problems through them changes no answer."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from every_plan import Tiny
from tiny_siting import tiny_problem

from planner.siting import SolverSettings, evaluate, solve
from planner.siting.programme.formulation import formulate
from planner.siting.search import focus as focus_module
from planner.siting.search import optimise
from planner.siting.search.prices import Prices, can_price

EXACT = SolverSettings(gap=0.0)
KINDS = pytest.mark.parametrize("places", [False, True], ids=["plain", "places"])


def priceable(seeds, *, places):
    for seed in seeds:
        problem = tiny_problem(seed, places=places)
        split = dataclasses.replace(problem.rules, assignment=(), spreads=())
        problem = dataclasses.replace(problem, rules=split)
        assert can_price(problem)
        yield seed, problem


@KINDS
def test_no_plan_beats_the_bound_and_no_plan_with_a_bundle_beats_what_it_can_reach(places):
    judged = 0
    for seed, problem in priceable(range(800, 830), places=places):
        tiny = Tiny(problem)
        form = formulate(problem)
        worths = {}
        for (state,) in tiny.sequences():
            found = tiny.served(state, last=True)
            if found is not None:
                worths[frozenset(state)] = found["coverage"]
        if not worths or not form.bundles.count:
            continue
        priced = Prices(form, form.coverage()).descend(40)
        assert priced is not None
        assert priced.bound >= max(worths.values()) - 1e-6, seed
        for bundle in range(form.bundles.count):
            inside = {int(offer) for offer in form.bundles.offer[bundle] if offer >= 0}
            site = form.bundles.site[bundle]
            mine = [
                worth
                for state, worth in worths.items()
                if {c for c in state if problem.offers.site[c] == site} == inside
            ]
            assert max(mine, default=-np.inf) <= priced.reach[bundle] + 1e-6, (seed, bundle)
            judged += 1
    assert judged > 60


WAYS = pytest.mark.parametrize("way", ["tree", "tree, no plan grown", "prices"])


def look_at_everything(monkeypatch, way):
    """Take every problem for a large one, and look at it in one way alone."""
    for name, value in (("LARGE", 0), ("FIRST_STEPS", 30), ("MORE_STEPS", 30)):
        monkeypatch.setattr(focus_module, name, value)
    if way == "prices":
        monkeypatch.setattr(focus_module, "MOST_MEMBERS", -1)
    if way.endswith("no plan grown"):
        monkeypatch.setattr(focus_module.Grower, "on", lambda _: None)


@KINDS
@WAYS
def test_a_large_problem_has_the_same_optimum(places, way, monkeypatch):
    look_at_everything(monkeypatch, way)
    looked = []
    original = optimise.focus
    monkeypatch.setattr(optimise, "focus", lambda *given: looked.append(original(*given)) or looked[-1])
    for seed, problem in priceable(range(860, 900), places=places):
        plan = solve(problem, EXACT)
        best = Tiny(problem).best()
        if best is None:
            assert plan.outcome.status == "infeasible", seed
            continue
        assert plan.outcome.status == "optimal", seed
        assert plan.outcome.objective == pytest.approx(best, abs=1e-4), seed
        assert plan.outcome.bound >= best - 1e-5, seed
        evaluate(problem, plan)
    assert sum(found is not None for found in looked) > 10


@KINDS
@WAYS
def test_what_is_told_on_the_way_holds_the_optimum_between_and_never_loosens(places, way, monkeypatch):
    look_at_everything(monkeypatch, way)
    told, plans = [], 0
    for seed, problem in priceable(range(860, 900), places=places):
        told.clear()
        alone = dataclasses.replace(problem, goals=problem.goals[:1])
        plan = solve(alone, EXACT, lambda found, bound, _: told.append((found, bound)))
        if not plan.found:
            continue
        plans += bool(told)
        for found, bound in told:
            assert found is None or found <= plan.outcome.objective + 1e-4, seed
            assert bound is None or bound >= plan.outcome.objective - 1e-4, seed
        bounds = [bound for _, bound in told if bound is not None]
        assert bounds == sorted(bounds, reverse=True), seed
    assert plans > 12
