"""Grown plans keep every limit, nobody has two places, and merging plans loses none of what they are worth."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest
from every_plan import Tiny, value
from scipy.optimize import linprog
from scipy.sparse import csr_array
from tiny_siting import TinyReach, tiny_problem

from benchmarks.instances import district_problem
from planner.siting import Budgets, Demand, Goal, Offers, Sites, SitingProblem, SolverSettings, count, solve
from planner.siting.cuts.buildings import Buildings
from planner.siting.cuts.ground import lay_out
from planner.siting.cuts.tree import Tree
from planner.siting.programme.formulation import formulate
from planner.siting.search import merge
from planner.siting.search.ground import empty
from planner.siting.search.merge import Merging, among
from planner.siting.search.regrow import rebuild, settle_in
from planner.siting.search.seats import assign
from planner.siting.search.warm import Grower
from tests.depth import some

KINDS = pytest.mark.parametrize("places", [False, True], ids=["plain", "places"])
UNLIMITED = 1e14


def growable(seeds, *, places):
    """Yield problems whose plans can be grown, people split as it suits, nothing to serve at least."""
    for seed in seeds:
        problem = tiny_problem(seed, places=places)
        rules = dataclasses.replace(problem.rules, assignment=(), spreads=())
        offers = dataclasses.replace(problem.offers, min_load=None)
        problem = dataclasses.replace(problem, rules=rules, offers=offers)
        form = formulate(problem)
        grower = Grower.on(form)
        if grower is not None and begins_within_limits(grower):
            yield seed, problem, form, grower


def begins_within_limits(grower):
    # Else something has to close that nobody can pay for, and there is no plan.
    g = grower._ground
    return (g.use[g.rest[g.rest >= 0]].sum(axis=0) <= g.limit + 1e-6).all()


def district(**parts):
    problem = district_problem(300, 40, side_m=2500.0, **parts)
    form = formulate(problem)
    grower = Grower.on(form)
    assert grower is not None
    return problem, form, grower


def worth_of_places(problem, offers):
    """Return what the places of ``offers`` are worth at best: who goes where as one linear programme."""
    tiny = Tiny(problem)
    flows = list(tiny.flows([int(offer) for offer in offers]))
    if not flows:
        return 0.0
    demands = [problem.demands[d] for d, _, _, _ in flows]
    gives = [demand.weights[tiny.ring(d, s)] for demand, (d, _, _, s) in zip(demands, flows, strict=True)]
    who = np.array([d * problem.n_demand + i for d, i, _, _ in flows])
    where = np.array([c for _, _, c, _ in flows])
    everybody = np.concatenate([demand.people for demand in problem.demands])
    most = np.array([value(problem.offers.capacity, c, np.inf) for c in range(problem.offers.count)])
    rows = np.append(who, len(everybody) + where)
    load = np.append(np.ones(len(flows)), [demand.load_per_person for demand in demands])
    shape = (len(everybody) + len(most), len(flows))
    matrix = csr_array((load, (rows, np.tile(np.arange(len(flows)), 2))), shape)
    # Places without a limit are more than everybody needs.
    upper = np.append(everybody, np.minimum(most, 2 * everybody.sum() * load.max()))
    found = linprog(-np.array(gives), matrix, upper)
    assert found.status == 0
    return -float(found.fun)


def stands_up_to_a_recount(g, s):
    """Compare all that is counted on the way with a count from the bundles of the sites and from who sits where."""
    here = s.at[s.at >= 0]
    offers, slots = g.offer[here].ravel(), g.slot[here].ravel()
    offers, slots = offers[offers >= 0], slots[offers >= 0]
    covered, gain = np.zeros(len(g.set_worth), dtype=np.int64), np.zeros(len(g.slot_ptr) - 1)
    for slot in slots.tolist():
        covered[g.slot_set[g.slot_ptr[slot] : g.slot_ptr[slot + 1]]] += 1
    for one in np.flatnonzero(covered == 0).tolist():
        gain[g.set_slot[g.set_ptr[one] : g.set_ptr[one + 1]]] += g.set_worth[one]
    assert (s.covered == covered).all()
    assert np.allclose(s.gain, gain)
    assert np.allclose(s.used, g.use[here].sum(axis=0))
    assert (s.used <= g.limit * (1 + 1e-9) + 1e-6).all()
    asked = np.diff(g.slot_flow_ptr)[slots] > 0
    places = np.full(len(gain), -1.0)
    places[slots[asked]] = g.capacity[offers[asked]]
    assert (s.places == places).all()
    nobody_has_two_places(g, s)
    counted = (places >= 0) & (places < UNLIMITED)
    assert np.allclose(s.spare[counted], (places - taken(g, s))[counted], atol=1e-6)
    assert (s.spare[places < 0] == -1).all()
    return float(g.set_worth[covered > 0].sum() + s.served @ g.flow_worth)


def nobody_has_two_places(g, s):
    by_group = np.bincount(g.flow_group, s.served, len(g.people))
    assert (s.served >= 0).all()
    assert np.allclose(by_group + s.left, g.people, atol=1e-6)
    assert (by_group <= g.people + 1e-6).all()
    assert (taken(g, s) <= np.maximum(s.places, 0.0) + 1e-6).all()
    seated = np.flatnonzero(s.current >= 0)
    assert (g.flow_group[s.current[seated]] == seated).all()
    assert (s.served[s.current[seated]] > 0).all()
    assert (by_group[s.current < 0] <= 1e-6).all()


def taken(g, s):
    return np.bincount(g.flow_slot, s.served * g.flow_load, len(s.places))


def sat_down(grower, offers, seed=1):
    """Return the ground, and what stands on it once ``offers`` are open and all places are given out; and their worth."""
    standing = empty(grower._ground, seed)
    sets = settle_in(grower._ground, standing, grower._bundles_of(offers))
    nobody_has_two_places(grower._ground, standing)
    return grower._ground, standing, sets, assign(grower._ground, standing)


@KINDS
def test_grown_plans_keep_every_limit_and_the_same_seed_grows_the_same_plan(places):
    grown = opened = 0
    for seed, problem, form, grower in growable(some(range(100)), places=places):
        # What asks for at least so much is left to the solver.
        never = tuple(lock for lock in problem.rules.locks if lock.kind == "never")
        least = {"floors": (), "min_sites": 0, "min_openings": (), "min_hubs": 0, "locks": never}
        rules = dataclasses.replace(problem.rules, **least)
        eased = dataclasses.replace(problem, rules=rules)
        for luck in (seed, seed + 1):
            plan = grower.grown(luck, 3_000).offers
            found = count(eased, plan)
            assert not found.broken, (seed, found.broken)
            assert plan.tolist() == Grower.on(form).grown(luck, 3_000).offers.tolist(), seed
            assert plan.tolist() == grower.grown(luck, 3_000).offers.tolist(), seed
            opened += bool(len(found.opened_sites))
        grown += 1
    assert grown > 20
    assert opened > 20


def test_what_cannot_be_paid_for_is_not_closed():
    everywhere = TinyReach(np.array([0, 1]), np.zeros(1, dtype=np.int32), np.zeros(1, dtype=np.float32), 1)
    none = np.zeros(1)
    offers = Offers(
        np.zeros(1, dtype=np.int32),
        np.zeros(1, dtype=np.int32),
        none,
        none,
        none,
        np.ones(1, dtype=bool),
        may_close=np.ones(1, dtype=bool),
        closing_yuan=np.array([2.0]),
    )
    problem = SitingProblem(
        n_demand=1,
        n_services=1,
        sites=Sites(none, np.full(1, np.inf)),
        offers=offers,
        demands=(Demand(0, none, everywhere, (300.0,), (1.0,)),),
        budgets=Budgets(capital_yuan=1.0),
        goals=(Goal("coverage"),),
    )
    assert not count(problem, np.array([0])).broken
    grower = Grower.on(formulate(problem))
    assert grower is not None
    assert not count(problem, grower.grown(1, 1_000).offers).broken


@KINDS
def test_what_openings_are_counted_for_is_never_more_than_they_give(places):
    judged = full = 0
    for seed, problem, form, grower in growable(some(range(100)), places=places):
        plan = grower.grown(seed, 2_000).offers
        g, s, sets, seats = sat_down(grower, plan)
        assert stands_up_to_a_recount(g, s) == pytest.approx(sets + seats), seed
        best = worth_of_places(problem, plan)
        assert seats <= best + 1e-6, seed
        covered = Tiny(problem).served([int(offer) for offer in plan], last=False)["coverage"] - best
        assert form.coverage().constant + sets == pytest.approx(covered, abs=1e-4), seed
        judged += best > 0 or not places
        full += bool((s.left > 1e-6).any())
    assert judged > 20
    assert full > 10 or not places


def test_the_places_of_a_district_are_given_out_nearly_as_well_as_can_be():
    problem, _, grower = district()
    for seed in some(range(6)):
        plan = grower.grown(seed, 100_000).offers
        g, s, _, seats = sat_down(grower, plan)
        stands_up_to_a_recount(g, s)
        best = worth_of_places(problem, plan)
        assert 0.97 * best <= seats <= best + 1e-6, seed


def test_a_few_openings_of_a_district_leave_people_without_a_place():
    problem, _, grower = district()
    alone = grower._ground.offer[(grower._ground.offer >= 0).sum(axis=1) == 1].max(axis=1)
    limited = np.intersect1d(np.flatnonzero(np.isfinite(problem.offers.capacity)), alone)
    for few in (1, 2, 3, 5):
        plan = limited[:: len(limited) // few][:few]
        g, s, _, seats = sat_down(grower, plan)
        stands_up_to_a_recount(g, s)
        best = worth_of_places(problem, plan)
        assert 0.97 * best <= seats <= best + 1e-6, few
        assert (s.left > 1.0).any()


def torn_down_and_grown(grower, seed, turns, looks=10**7):
    g, s = grower._ground, empty(grower._ground, seed)
    begin, best = grower._rest.copy(), grower._rest.copy()
    record, _, _ = rebuild(g, s, begin, best, -np.inf, 0.01, turns, 6, looks)
    worth = stands_up_to_a_recount(g, s)
    assert (s.at == begin).all()
    assert worth <= record + 1e-6
    assert worth >= record * (1 - 0.01) - 1e-6
    again = empty(g, seed)
    assert record == pytest.approx(settle_in(g, again, best) + assign(g, again))
    return record


@KINDS
def test_all_is_still_counted_right_after_tearing_down_and_growing(places):
    grown = 0
    for seed, _, _, grower in growable(some(range(100)), places=places):
        torn_down_and_grown(grower, seed, 15)
        grown += 1
    assert grown > 20


@KINDS
def test_a_district_is_still_counted_right_after_tearing_down_and_growing(places):
    _, _, grower = district(places=places)
    first = [torn_down_and_grown(grower, seed, 1) for seed in some(range(4))]
    later = [torn_down_and_grown(grower, seed, 60) for seed in some(range(4))]
    assert all(long >= short for long, short in zip(later, first, strict=True))
    assert sum(later) > sum(first)
    torn_down_and_grown(grower, 9, 60, looks=20_000)


@KINDS
def test_a_problem_among_some_offers_has_the_plans_that_open_nothing_else(places):
    struck = 0
    for seed in some(range(80)):
        problem = tiny_problem(seed, places=places)
        table = problem.offers
        kept = np.random.default_rng(seed).random(table.count) < 0.4
        narrow = among(problem, kept)
        tiny = Tiny(problem)
        cells = {tiny.cell(c) for c in range(table.count) if kept[c] or table.existing[c]}
        cells |= {
            tiny.cell(c)
            for c in range(table.count)
            if any(lock.kind == "must" and tiny.means(lock, c) for lock in problem.rules.locks)
        }
        every = {states[0] for states in tiny.sequences()}
        expected = {state for state in every if all(tiny.cell(c) in cells for c in state if tiny.is_new(c))}
        assert {states[0] for states in Tiny(narrow).sequences()} == expected, seed
        struck += len(expected) < len(every)
    assert struck > 20


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(merge, "LOOKS", 60_000)


def merging(form, grower, *, gap=0.0, judge=None, workers=1):
    first = Buildings(lay_out(form))
    tree = Tree([first, *(first.copy() for _ in range(1, workers))])
    return Merging(form, tree, grower, seed=0, gap=gap, judge=judge)


def turned(found, turns, *, wanted=False):
    mask = np.full(len(found._last_chosen), wanted)
    for _ in range(turns):
        found.turn(mask, time.perf_counter() + 60.0)
        yield found.best


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("workers", [1, 2])
def test_merged_plans_are_worth_what_is_said_and_at_least_the_best_grown(monkeypatch, workers):
    problem, form, grower = district(places=False)
    grown, original = [], Grower.grown

    def watched(self, *given, **named):
        found = original(self, *given, **named)
        grown.append(found.offers)
        return found

    monkeypatch.setattr(Grower, "grown", watched)
    bests = list(turned(merging(form, grower, workers=workers), 5))
    recount = count(problem, bests[-1].states[0])
    assert not recount.broken
    assert recount.worth == pytest.approx(bests[-1].worth, rel=1e-6)
    worths = [count(problem, offers).worth for offers in grown if grower.allowed(offers)]
    assert len(worths) > 4
    assert bests[-1].worth >= max(worths) * (1 - 1e-6)
    assert [best.worth for best in bests] == sorted(best.worth for best in bests)


@pytest.mark.usefixtures("quick")
@KINDS
def test_merged_with_everything_wanted_is_the_best_plan(places, monkeypatch):
    monkeypatch.setattr(merge, "PARTS", 2_000)
    problem, form, grower = district(places=places, floors=False)
    best = solve(problem, SolverSettings(gap=1e-6)).outcome
    assert best.status == "optimal"
    *_, found = turned(merging(form, grower, gap=1e-6), 2, wanted=True)
    assert found.worth == pytest.approx(best.objective, rel=1e-5)
    offers = found.states[0]
    seats = worth_of_places(problem, offers)
    g, s, sets, _ = sat_down(grower, offers)
    assert found.worth == pytest.approx(form.coverage().constant + sets + seats, rel=1e-6)
    assert (s.used <= g.limit + 1e-6).all()


@pytest.mark.usefixtures("quick")
def test_what_nobody_opens_is_left_out_and_without_a_grower_only_what_is_wanted_is_looked_at():
    problem, form, _ = district(places=False, floors=False)
    wanted = np.random.default_rng(3).random(problem.offers.count) < 0.3
    found = merging(form, None)
    found.turn(wanted, time.perf_counter() + 60.0)
    cells = set(zip(problem.offers.site[wanted].tolist(), problem.offers.service[wanted].tolist(), strict=True))
    opened = found.best.states[0]
    assert len(opened)
    assert set(zip(problem.offers.site[opened].tolist(), problem.offers.service[opened].tolist(), strict=True)) <= cells
    assert not count(problem, opened).broken


@pytest.mark.usefixtures("quick")
def test_a_plan_that_breaks_a_rule_is_no_plan():
    _, form, grower = district()
    asked = []
    found = merging(form, grower, judge=asked.append)
    assert list(turned(found, 2)) == [None, None]
    assert asked


@pytest.mark.usefixtures("quick")
def test_floors_that_nothing_can_reach_leave_nothing_to_merge():
    problem = district_problem(200, 30, side_m=6000.0, places=False)
    floors = (dataclasses.replace(problem.rules.floors[0], share=1.0),)
    form = formulate(dataclasses.replace(problem, rules=dataclasses.replace(problem.rules, floors=floors)))
    assert list(turned(merging(form, Grower.on(form)), 2)) == [None, None]
