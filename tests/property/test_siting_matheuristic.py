"""Looking at large problems over their buildings alone changes no answer."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from every_plan import Tiny
from tiny_siting import tiny_problem

from benchmarks.instances import bare_problem, district_problem, made_up_city
from planner.siting import Lock, SolverSettings, evaluate, optimiser, solve
from planner.siting.heuristics import matheuristic
from tests.depth import enough, some

EXACT = SolverSettings(gap=0.0)
KINDS = pytest.mark.parametrize("places", [False, True], ids=["plain", "places"])


def splittable(seeds, *, places, phases=None):
    for seed in seeds:
        problem = tiny_problem(seed, places=places, phases=phases)
        split = dataclasses.replace(problem.rules, assignment=())
        problem = dataclasses.replace(problem, rules=split)
        yield seed, problem


WAYS = pytest.mark.parametrize("way", ["plans grown", "no plan grown"])


def look_at_everything(monkeypatch, way):
    """Take every problem for a large one, and look at it in one way alone."""
    monkeypatch.setattr(matheuristic, "LARGE", 0)
    monkeypatch.setattr(matheuristic, "BEYOND_SHORTCUTS", 0)
    if way == "no plan grown":
        monkeypatch.setattr(matheuristic.PlanConstructor, "for_form", lambda _: None)


@pytest.mark.deep_after(1)
@KINDS
@WAYS
def test_a_large_problem_has_the_same_optimum(places, way, monkeypatch):
    look_at_everything(monkeypatch, way)
    looked = []
    original = optimiser.reduce_large_problem
    monkeypatch.setattr(optimiser, "reduce_large_problem", lambda *given: looked.append(original(*given)) or looked[-1])
    for seed, problem in splittable(some(range(860, 900)), places=places):
        plan = solve(problem, EXACT)
        best = Tiny(problem).best()
        if best is None:
            assert plan.outcome.status == "infeasible", seed
            continue
        assert plan.outcome.status == "optimal", seed
        assert plan.outcome.objective == pytest.approx(best, abs=1e-4), seed
        assert plan.outcome.bound >= best - 1e-5, seed
        evaluate(problem, plan)
    assert sum(found is not None for found in looked) > enough(10)


@pytest.mark.deep_after(3)
@KINDS
@WAYS
def test_what_is_told_on_the_way_holds_the_optimum_between_and_never_loosens(places, way, monkeypatch):
    look_at_everything(monkeypatch, way)
    told, plans = [], 0
    for seed, problem in splittable(some(range(860, 900)), places=places):
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
    assert plans > enough(12)


@pytest.mark.deep_after(1)
@KINDS
def test_a_large_problem_over_years_has_the_same_optimum(places, monkeypatch):
    look_at_everything(monkeypatch, "no plan grown")
    looked, original = [], optimiser.reduce_large_problem
    monkeypatch.setattr(optimiser, "reduce_large_problem", lambda *given: looked.append(original(*given)) or looked[-1])
    for seed, problem in splittable(some(range(60)), places=places, phases=True):
        plan = solve(problem, EXACT)
        best = Tiny(problem).best()
        assert plan.found == (best is not None), seed
        if best is not None:
            assert plan.outcome.objective == pytest.approx(best, abs=1e-4), seed
            assert plan.outcome.bound >= best - 1e-5, seed
            evaluate(problem, plan)
    assert sum(found is not None for found in looked) > enough(10)


@KINDS
def test_where_merging_meets_no_plan_one_from_elsewhere_does_and_what_has_none_is_soon_known(places, monkeypatch):
    look_at_everything(monkeypatch, "no plan grown")

    def met_nothing(merging, *_):
        merging.stagnation += 1

    monkeypatch.setattr(matheuristic.Cmsa, "iterate", met_nothing)
    searched, original = [], matheuristic.TreeSearch.run
    monkeypatch.setattr(matheuristic.TreeSearch, "run", lambda *given: searched.append(1) or original(*given))
    found = refused = 0
    for seed, problem in splittable(some(range(860, 920)), places=places):
        searched.clear()
        plan, best = solve(problem, EXACT), Tiny(problem).best()
        assert plan.found == (best is not None), seed
        if best is None:
            refused += not searched
        else:
            assert plan.outcome.objective == pytest.approx(best, abs=1e-4), seed
            evaluate(problem, plan)
            found += bool(searched)
    assert found > enough(10)
    assert refused > enough(2)


@pytest.mark.deep
@KINDS
def test_a_plan_in_hand_changes_no_optimum_even_where_it_is_no_longer_allowed(places, monkeypatch):
    look_at_everything(monkeypatch, "plans grown")
    begun = struck = 0
    for seed, problem in splittable(some(range(860, 890), 2), places=places):
        first = solve(problem, EXACT)
        if not first.found:
            continue
        new = first.offers[~problem.offers.existing[first.offers]]
        locks = tuple(Lock("never", int(problem.offers.site[one])) for one in new[:1])
        forbidden = dataclasses.replace(problem.rules, locks=(*problem.rules.locks, *locks))
        for asked in (problem, dataclasses.replace(problem, rules=forbidden)):
            plan, best = solve(asked, EXACT, start=first), Tiny(asked).best()
            assert plan.found == (best is not None), seed
            if best is not None:
                assert plan.outcome.objective == pytest.approx(best, abs=1e-4), seed
                evaluate(asked, plan)
        begun += 1
        struck += len(new) > 0
    assert begun > enough(10)
    assert struck > enough(2)


@pytest.mark.deep
def test_coverage_of_many_people_that_few_kinds_of_places_serve_still_meets_the_short_way(monkeypatch):
    monkeypatch.setattr(matheuristic, "LARGE", 500)
    monkeypatch.setattr(matheuristic, "BEYOND_SHORTCUTS", 500)
    city = made_up_city(400, 40, side_m=3000.0, clusters=4, seed=3)
    several = bare_problem(city.within(700.0), city.people, "coverage", 5, 700.0)
    alike = dataclasses.replace(city, homes=np.repeat(city.homes[:20], 20, axis=0))
    few = bare_problem(alike.within(700.0), alike.people, "coverage", 5, 700.0)
    for problem, solver in ((several, "HiGHS"), (few, "planner")):
        assert matheuristic.exceeds_shortcuts(problem)
        plan = solve(problem, EXACT)
        assert plan.proven
        assert plan.outcome.solver == solver
        evaluate(problem, plan)
        plain = solve(problem, dataclasses.replace(EXACT, shortcuts=False))
        assert plan.outcome.objective == pytest.approx(plain.outcome.objective)


@pytest.mark.deep_after(1)
@pytest.mark.parametrize("where", ["root", "merge", "tree"])
def test_an_interrupt_gives_the_plan_in_hand_with_the_bound_known_by_then(where, monkeypatch):
    look_at_everything(monkeypatch, "plans grown")
    problem = district_problem(300, 40, side_m=2500.0, places=False)
    best = solve(problem, EXACT).outcome.objective
    module, name = {
        "root": (matheuristic, "bound_at_root"),
        "merge": (matheuristic.Cmsa, "iterate"),
        "tree": (matheuristic.TreeSearch, "run"),
    }[where]
    original = getattr(module, name)

    def interrupted(*given, **named):
        original(*given, **named)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, name, interrupted)
    told = []
    plan = solve(problem, EXACT, lambda found, bound, _: told.append((found, bound)))
    assert plan.outcome.interrupted
    assert plan.found
    assert told[0][0] is not None
    assert told[0][1] is None
    assert plan.outcome.objective >= told[0][0] - 1e-6
    assert plan.outcome.objective <= best + 1e-6
    assert plan.outcome.bound >= best - 1e-6
    assert plan.outcome.bound < np.inf
    evaluate(problem, plan)


def test_an_interrupt_before_any_bound_is_one(monkeypatch):
    look_at_everything(monkeypatch, "plans grown")

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(matheuristic, "bound_at_root", interrupted)
    with pytest.raises(KeyboardInterrupt):
        solve(district_problem(300, 40, side_m=2500.0, places=False), EXACT)
