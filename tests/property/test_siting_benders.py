"""The programme over buildings bounds every plan, is the linear relaxation itself, only ever comes down, and its tree ends at the best."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest
from every_plan import Tiny
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array
from tiny_siting import tiny_problem

from benchmarks.instances import district_problem
from planner.siting import SolverSettings, Spread, evaluate_offers, solve
from planner.siting.benders.master import MasterProblem, build_master, needs_recount
from planner.siting.benders.tree import MasterPool, TreeSearch, bound_at_root
from planner.siting.mip.constraints import formulate
from tests.depth import ALL, enough, some

KINDS = pytest.mark.parametrize("places", [False, True], ids=["plain", "places"])
PLENTY_S = 60.0

ROUNDED = 2e-5
"""What trying everything may find too much: it lets each place, and each floor, give way by a millionth."""


def relaxable(seeds, *, places, phases=False, **rules):
    for seed in seeds:
        problem = tiny_problem(seed, places=places, phases=phases)
        changed = dataclasses.replace(problem.rules, assignment=(), **rules)
        problem = dataclasses.replace(problem, rules=changed)
        form = formulate(problem)
        if not form.slots.competitor.any() and form.bundles.count:
            yield seed, problem, form


def bound_of(form):
    on_bound = []
    return bound_at_root(MasterProblem(build_master(form)), seconds=PLENTY_S, on_bound=on_bound.append), on_bound


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
    for seed, problem, form in relaxable(some(range(800, 860)), places=places):
        tiny = Tiny(problem)
        worths = {}
        for (state,) in tiny.sequences():
            found = tiny.served(state, last=True)
            if found is not None:
                worths[frozenset(state)] = found["coverage"]
        if not worths:
            continue
        problems += 1
        priced, on_bound = bound_of(form)
        assert priced is not None, seed
        assert priced.bound == on_bound[-1], seed
        assert priced.bound >= max(worths.values()) - ROUNDED, seed
        assert ((priced.chosen_share >= 0) & (priced.chosen_share <= 1)).all(), seed
        for bundle in range(form.bundles.count):
            inside = {int(offer) for offer in form.bundles.offer[bundle] if offer >= 0}
            site = form.bundles.site[bundle]
            mine = [
                worth
                for state, worth in worths.items()
                if {c for c in state if problem.offers.site[c] == site} == inside
            ]
            assert max(mine, default=-np.inf) <= priced.bound_with[bundle] + ROUNDED, (seed, bundle)
            judged += bool(mine)
    assert problems >= enough(20)
    assert judged > enough(60)


@pytest.mark.parametrize("phases", [False, True], ids=["at once", "over years"])
def test_without_places_the_bound_is_the_linear_relaxation(phases):
    compared = 0
    for seed, _, form in relaxable(some(range(900, 970)), places=False, phases=phases):
        priced, _ = bound_of(form)
        best = linear_optimum(form)
        assert (priced is None) == (best is None), seed
        if priced is not None:
            assert priced.bound == pytest.approx(best, rel=1e-6, abs=1e-6), seed
            compared += 1
    assert compared > enough(20)


def test_a_district_without_places_is_bounded_by_its_linear_relaxation():
    form = formulate(district_problem(300, 40, side_m=2500.0, places=False, floors=False))
    priced, _ = bound_of(form)
    assert priced.bound == pytest.approx(linear_optimum(form), rel=1e-6)


@pytest.mark.parametrize("phases", [False, True], ids=["at once", "over years"])
def test_cuts_for_places_only_lower_the_bound_and_never_below_the_linear_relaxation(phases):
    lowered = 0
    for seed, _, form in relaxable(some(range(800, 860)), places=True, phases=phases):
        priced, on_bound = bound_of(form)
        if priced is None:
            continue
        assert on_bound == sorted(set(on_bound), reverse=True), seed
        best = linear_optimum(form)
        assert best is None or priced.bound >= best - 1e-6, seed
        lowered += on_bound[-1] < on_bound[0] - 1e-6
    assert lowered > enough(5)


@pytest.mark.parametrize("floors", [False, True], ids=["no floors", "floors"])
def test_the_last_bound_of_a_district_is_next_to_its_linear_relaxation(floors):
    form = formulate(district_problem(300, 40, side_m=2500.0, floors=floors))
    priced, on_bound = bound_of(form)
    assert on_bound == sorted(set(on_bound), reverse=True)
    assert on_bound[0] > 1.005 * on_bound[-1]
    best = linear_optimum(form)
    assert priced.bound == on_bound[-1]
    assert best <= priced.bound <= 1.001 * best


@pytest.mark.deep
def test_plans_with_a_bundle_of_a_district_reach_no_further_than_it_says():
    form = formulate(district_problem(300, 40, side_m=2500.0))
    priced, _ = bound_of(form)
    z = form.z[0]
    for bundle in np.argsort(priced.bound_with)[:: max(form.bundles.count // 6, 1)].tolist():
        forced = form.builder.checkpoint()
        form.builder.add_rows("forced", 1, [(0, z.start + bundle, 1.0)], lower=1.0)
        best = linear_optimum(form)
        form.builder.rollback(forced)
        assert best is None or best <= priced.bound_with[bundle] + 1e-6, bundle


@KINDS
def test_no_time_gives_no_bound(places):
    on_bound = []
    form = formulate(district_problem(300, 40, side_m=2500.0, places=places))
    assert bound_at_root(MasterProblem(build_master(form)), seconds=0.0, on_bound=on_bound.append) is None
    assert not on_bound


def searched(form, *, workers=1, gap=0.0, parts=np.inf, **named):
    first = MasterProblem(build_master(form))
    search = TreeSearch(MasterPool([first, *(first.copy() for _ in range(1, workers))]), gap=gap, **named)
    search.run(time.perf_counter() + PLENTY_S, parts)
    return search


def even(problem, most):
    """Return the problem with a spread for the first demand whose places do not run out; None where there is none."""
    capacitated = formulate(problem).capacitated
    demands = [position for position, demand in enumerate(problem.demands) if not capacitated[demand.service]]
    if not demands or problem.n_communities < 2:
        return None
    rules = dataclasses.replace(problem.rules, spreads=(Spread(demands[0], most),), floors=())
    return dataclasses.replace(problem, rules=rules)


def every_form(seeds, *, places, phases, spread=None):
    for seed in seeds:
        problem = tiny_problem(seed, places=places, phases=phases)
        problem = problem if spread is None else even(problem, spread)
        if problem is None:
            continue
        rules = dataclasses.replace(problem.rules, assignment=())
        offers = dataclasses.replace(problem.offers, min_load=None)
        problem = dataclasses.replace(problem, rules=rules, offers=offers)
        form = formulate(problem)
        if problem.goals[0].kind == "coverage" and form.bundles.count and not form.slots.competitor.any():
            yield seed, problem, form


@pytest.mark.deep_after(1)
@pytest.mark.parametrize(
    ("places", "phases"),
    [(False, False), (True, False), (False, True), (True, True)],
    ids=["plain", "places", "phases", "places and phases"],
)
@pytest.mark.parametrize("workers", [1, 2])
def test_the_tree_ends_at_the_best_plan(places, phases, workers):
    ended = divided = 0
    for seed, problem, form in every_form(some(range(700, 800), 2), places=places, phases=phases):
        if needs_recount(form):
            continue
        search = searched(form, workers=workers)
        best = Tiny(problem).best()
        assert search.exhausted, seed
        assert (search.best is None) == (best is None), seed
        if best is None:
            continue
        assert search.best.worth == pytest.approx(best, abs=1e-4, rel=1e-6), seed
        assert search.bound == pytest.approx(best, abs=1e-4, rel=1e-6), seed
        assert search.bound >= best - ROUNDED, seed
        if not places and not phases:
            recount = evaluate_offers(problem, search.best.states[0])
            assert not recount.broken, seed
            assert recount.worth == pytest.approx(best, abs=1e-5), seed
        ended += 1
        divided += search.nodes > 1
    assert ended > enough(20)
    assert divided >= 1 or places or phases


@pytest.mark.deep
@pytest.mark.parametrize("phases", [False, True], ids=["at once", "over years"])
def test_the_tree_ends_at_the_best_plan_in_which_every_opening_has_its_least_load(phases):
    ended = held = 0
    for seed in some(range(700, 900)):
        problem = tiny_problem(seed, places=True, phases=phases)
        rules = dataclasses.replace(problem.rules, assignment=(), spreads=(), floors=())
        problem = dataclasses.replace(problem, rules=rules)
        form = formulate(problem)
        if problem.offers.min_load is None or not form.bundles.count or form.slots.competitor.any():
            continue
        search, best = searched(form), Tiny(problem).best()
        assert search.exhausted, seed
        assert (search.best is None or search.best.worth < 0) == (best is None), seed
        easier = dataclasses.replace(problem, offers=dataclasses.replace(problem.offers, min_load=None))
        held += best != Tiny(easier).best()
        if best is None:
            continue
        assert search.best.worth == pytest.approx(best, abs=1e-4, rel=1e-6), seed
        assert search.bound >= best - ROUNDED, seed
        ended += 1
    assert ended > enough(10)
    assert held > enough(3)


@pytest.mark.deep
@pytest.mark.parametrize("phases", [False, True], ids=["at once", "over years"])
@KINDS
def test_the_tree_ends_at_the_best_plan_that_leaves_no_community_far_behind(places, phases):
    ended = held = 0
    for seed, problem, form in every_form(
        some(range(700, 1100 if places else 860), 4), places=places, phases=phases, spread=0.25
    ):
        if needs_recount(form):
            continue
        search, best = searched(form), Tiny(problem).best()
        assert search.exhausted, seed
        assert (search.best is None) == (best is None), seed
        far = Tiny(dataclasses.replace(problem, rules=dataclasses.replace(problem.rules, spreads=()))).best()
        held += best != far
        if best is None:
            continue
        assert search.best.worth == pytest.approx(best, abs=1e-4, rel=1e-6), seed
        assert search.bound >= best - ROUNDED, seed
        ended += 1
    assert ended > enough(5 if places else 15, 4)
    assert held > (1 if places else 5) or not ALL
    assert held >= (not places)


@pytest.mark.deep_after(1)
@KINDS
def test_at_every_part_the_best_plan_is_between_what_is_in_hand_and_the_bound(places):
    problem = district_problem(300, 40, side_m=2500.0, places=places)
    best = solve(problem, SolverSettings(gap=1e-6, shortcuts=False)).outcome
    assert best.proven
    bounds = []
    for gap in (0.0, 0.004):
        search = searched(formulate(problem), gap=gap, parts=0)
        while not search.exhausted:
            search.run(time.perf_counter() + PLENTY_S, 1)
            assert search.bound >= best.objective * (1 - 1e-6), (gap, search.nodes)
            bounds.append(search.bound)
            if search.best is not None and not needs_recount(formulate(problem)):
                assert search.best.worth <= best.bound * (1 + 1e-6), (gap, search.nodes)
            if search.nodes >= 40:
                break
    assert len(bounds) > 4


def test_a_district_is_proven_within_the_gap_that_is_asked_for():
    problem = district_problem(600, 80, side_m=3000.0, places=False)
    tight, wide = (searched(formulate(problem), gap=gap) for gap in (1e-4, 5e-3))
    for search, gap in ((tight, 1e-4), (wide, 5e-3)):
        assert search.exhausted
        assert search.bound - search.best.worth <= gap * search.best.worth * (1 + 1e-9)
        recount = evaluate_offers(problem, search.best.states[0])
        assert not recount.broken
        assert recount.worth == pytest.approx(search.best.worth, rel=1e-6)
    assert wide.nodes < tight.nodes
    assert tight.best.worth <= wide.bound
    assert wide.best.worth <= tight.bound


def test_what_is_closed_stays_closed_and_a_plan_in_hand_is_only_beaten():
    problem = district_problem(300, 40, side_m=2500.0, places=False, floors=False)
    form = formulate(problem)
    free = searched(form, gap=1e-6)
    bundle, offer = form.bundles.pairs()
    used = np.flatnonzero(np.isin(np.arange(form.bundles.count), bundle[np.isin(offer, free.best.states[0][:3])]))
    without = searched(form, gap=1e-6, closed=used)
    assert without.best.worth < free.best.worth
    assert without.bound < free.best.worth
    assert not np.isin(free.best.states[0][:3], without.best.states[0]).all()
    again = searched(form, gap=1e-6, incumbent=free.best.worth)
    assert again.best is None
    assert again.bound == pytest.approx(free.best.worth, rel=2e-6)
    assert again.exhausted


@pytest.mark.deep
def test_equal_questions_have_equal_answers_however_many_look():
    form = formulate(district_problem(600, 80, side_m=3000.0))
    for workers in (1, 2):
        one, two = (searched(form, workers=workers, parts=30) for _ in range(2))
        assert one.bound == two.bound
        assert one.nodes == two.nodes
        assert (one.best is None) == (two.best is None)
        if one.best is not None:
            assert one.best.states[0].tolist() == two.best.states[0].tolist()
