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
from planner.siting import Budgets, Demand, Goal, Offers, Sites, SitingProblem, SolverSettings, evaluate_offers, solve
from planner.siting.benders.master import MasterProblem, build_master
from planner.siting.benders.tree import MasterPool
from planner.siting.heuristics import cmsa
from planner.siting.heuristics.assignment import assign
from planner.siting.heuristics.cmsa import Cmsa, restricted_to
from planner.siting.heuristics.ruin_recreate import PlanConstructor, load_plan, ruin_and_recreate
from planner.siting.heuristics.state import empty_state
from planner.siting.mip.constraints import formulate
from tests.depth import enough, some

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
        constructor = PlanConstructor.for_form(form)
        if constructor is not None and begins_within_limits(constructor):
            yield seed, problem, form, constructor


def begins_within_limits(constructor):
    # Else something has to close that nobody can pay for, and there is no plan.
    g = constructor._instance
    return (g.use[g.base[g.base >= 0]].sum(axis=0) <= g.limit + 1e-6).all()


def district(**parts):
    problem = district_problem(300, 40, side_m=2500.0, **parts)
    form = formulate(problem)
    constructor = PlanConstructor.for_form(form)
    assert constructor is not None
    return problem, form, constructor


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
    here = s.bundle_at[s.bundle_at >= 0]
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
    assert (s.open_capacity == places).all()
    nobody_has_two_places(g, s)
    counted = (places >= 0) & (places < UNLIMITED)
    assert np.allclose(s.residual[counted], (places - taken(g, s))[counted], atol=1e-6)
    assert (s.residual[places < 0] == -1).all()
    return float(g.set_worth[covered > 0].sum() + s.served @ g.flow_worth)


def nobody_has_two_places(g, s):
    by_group = np.bincount(g.flow_group, s.served, len(g.people))
    assert (s.served >= 0).all()
    assert np.allclose(by_group + s.unserved, g.people, atol=1e-6)
    assert (by_group <= g.people + 1e-6).all()
    assert (taken(g, s) <= np.maximum(s.open_capacity, 0.0) + 1e-6).all()
    assigned = np.flatnonzero(s.current >= 0)
    assert (g.flow_group[s.current[assigned]] == assigned).all()
    assert (s.served[s.current[assigned]] > 0).all()
    assert (by_group[s.current < 0] <= 1e-6).all()


def taken(g, s):
    return np.bincount(g.flow_slot, s.served * g.flow_load, len(s.open_capacity))


def sat_down(constructor, offers, seed=1):
    """Return the ground, and what stands on it once ``offers`` are open and all places are given out; and their worth."""
    standing = empty_state(constructor._instance, seed)
    sets = load_plan(constructor._instance, standing, constructor._bundles_of(offers))
    nobody_has_two_places(constructor._instance, standing)
    return constructor._instance, standing, sets, assign(constructor._instance, standing)


@KINDS
def test_grown_plans_keep_every_limit_and_the_same_seed_grows_the_same_plan(places):
    grown = opened = 0
    for seed, problem, form, constructor in growable(some(range(100)), places=places):
        # What asks for at least so much is left to the solver.
        never = tuple(lock for lock in problem.rules.locks if lock.kind == "never")
        relaxed = {"floors": (), "min_sites": 0, "min_openings": (), "min_hubs": 0, "locks": never}
        rules = dataclasses.replace(problem.rules, **relaxed)
        eased = dataclasses.replace(problem, rules=rules)
        for start in (seed, seed + 1):
            plan = constructor.construct(start, 3_000).offers
            found = evaluate_offers(eased, plan)
            assert not found.broken, (seed, found.broken)
            assert plan.tolist() == PlanConstructor.for_form(form).construct(start, 3_000).offers.tolist(), seed
            assert plan.tolist() == constructor.construct(start, 3_000).offers.tolist(), seed
            opened += bool(len(found.opened_sites))
        grown += 1
    assert grown > enough(20)
    assert opened > enough(20)


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
        closing_cost=np.array([2.0]),
    )
    problem = SitingProblem(
        n_demand=1,
        n_services=1,
        sites=Sites(none, np.full(1, np.inf)),
        offers=offers,
        demands=(Demand(0, none, everywhere, (300.0,), (1.0,)),),
        budgets=Budgets(capital_cost=1.0),
        goals=(Goal("coverage"),),
    )
    assert not evaluate_offers(problem, np.array([0])).broken
    constructor = PlanConstructor.for_form(formulate(problem))
    assert constructor is not None
    assert not evaluate_offers(problem, constructor.construct(1, 1_000).offers).broken


@KINDS
def test_what_openings_are_counted_for_is_never_more_than_they_give(places):
    judged = full = 0
    for seed, problem, form, constructor in growable(some(range(100)), places=places):
        plan = constructor.construct(seed, 2_000).offers
        g, s, sets, seats = sat_down(constructor, plan)
        assert stands_up_to_a_recount(g, s) == pytest.approx(sets + seats), seed
        best = worth_of_places(problem, plan)
        assert seats <= best + 1e-6, seed
        covered = Tiny(problem).served([int(offer) for offer in plan], last=False)["coverage"] - best
        assert form.coverage().constant + sets == pytest.approx(covered, abs=1e-4), seed
        judged += best > 0 or not places
        full += bool((s.unserved > 1e-6).any())
    assert judged > enough(20)
    assert full > enough(10) or not places


def test_the_places_of_a_district_are_given_out_nearly_as_well_as_can_be():
    problem, _, constructor = district()
    for seed in some(range(6)):
        plan = constructor.construct(seed, 100_000).offers
        g, s, _, seats = sat_down(constructor, plan)
        stands_up_to_a_recount(g, s)
        best = worth_of_places(problem, plan)
        assert 0.97 * best <= seats <= best + 1e-6, seed


def test_a_few_openings_of_a_district_leave_people_without_a_place():
    problem, _, constructor = district()
    alone = constructor._instance.offer[(constructor._instance.offer >= 0).sum(axis=1) == 1].max(axis=1)
    limited = np.intersect1d(np.flatnonzero(np.isfinite(problem.offers.capacity)), alone)
    for few in (1, 2, 3, 5):
        plan = limited[:: len(limited) // few][:few]
        g, s, _, seats = sat_down(constructor, plan)
        stands_up_to_a_recount(g, s)
        best = worth_of_places(problem, plan)
        assert 0.97 * best <= seats <= best + 1e-6, few
        assert (s.unserved > 1.0).any()


def torn_down_and_grown(constructor, seed, turns, looks=10**7):
    g, s = constructor._instance, empty_state(constructor._instance, seed)
    begin, best = constructor._base.copy(), constructor._base.copy()
    record, _, _ = ruin_and_recreate(g, s, begin, best, -np.inf, 0.01, turns, 6, looks)
    worth = stands_up_to_a_recount(g, s)
    assert (s.bundle_at == begin).all()
    assert worth <= record + 1e-6
    assert worth >= record * (1 - 0.01) - 1e-6
    again = empty_state(g, seed)
    assert record == pytest.approx(load_plan(g, again, best) + assign(g, again))
    return record


@KINDS
def test_all_is_still_counted_right_after_tearing_down_and_growing(places):
    grown = 0
    for seed, _, _, constructor in growable(some(range(100)), places=places):
        torn_down_and_grown(constructor, seed, 15)
        grown += 1
    assert grown > enough(20)


@KINDS
def test_a_district_is_still_counted_right_after_tearing_down_and_growing(places):
    _, _, constructor = district(places=places)
    first = [torn_down_and_grown(constructor, seed, 1) for seed in some(range(4))]
    later = [torn_down_and_grown(constructor, seed, 60) for seed in some(range(4))]
    assert all(long >= short for long, short in zip(later, first, strict=True))
    assert sum(later) > sum(first)
    torn_down_and_grown(constructor, 9, 60, looks=20_000)


@KINDS
def test_a_problem_among_some_offers_has_the_plans_that_open_nothing_else(places):
    struck = 0
    for seed in some(range(80)):
        problem = tiny_problem(seed, places=places)
        table = problem.offers
        kept = np.random.default_rng(seed).random(table.count) < 0.4
        narrow = restricted_to(problem, kept)
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
    assert struck > enough(20)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(cmsa, "EVALUATIONS", 60_000)


def merging(form, constructor, *, gap=0.0, evaluate=None, workers=1):
    first = MasterProblem(build_master(form))
    tree = MasterPool([first, *(first.copy() for _ in range(1, workers))])
    return Cmsa(form, tree, constructor, seed=0, gap=gap, evaluate=evaluate)


def turned(found, turns, *, wanted=False):
    mask = np.full(len(found._last_used), wanted)
    for _ in range(turns):
        found.iterate(mask, time.perf_counter() + 60.0)
        yield found.best


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("workers", [1, 2])
def test_merged_plans_are_worth_what_is_said_and_at_least_the_best_grown(monkeypatch, workers):
    problem, form, constructor = district(places=False)
    grown, original = [], PlanConstructor.construct

    def watched(self, *given, **named):
        found = original(self, *given, **named)
        grown.append(found.offers)
        return found

    monkeypatch.setattr(PlanConstructor, "construct", watched)
    bests = list(turned(merging(form, constructor, workers=workers), 5))
    recount = evaluate_offers(problem, bests[-1].states[0])
    assert not recount.broken
    assert recount.worth == pytest.approx(bests[-1].worth, rel=1e-6)
    worths = [evaluate_offers(problem, offers).worth for offers in grown if constructor.is_feasible(offers)]
    assert len(worths) > 4
    assert bests[-1].worth >= max(worths) * (1 - 1e-6)
    assert [best.worth for best in bests] == sorted(best.worth for best in bests)


@pytest.mark.usefixtures("quick")
@KINDS
def test_merged_with_everything_wanted_is_the_best_plan(places, monkeypatch):
    monkeypatch.setattr(cmsa, "NODES", 2_000)
    problem, form, constructor = district(places=places, floors=False)
    best = solve(problem, SolverSettings(gap=1e-6)).outcome
    assert best.status == "optimal"
    *_, found = turned(merging(form, constructor, gap=1e-6), 2, wanted=True)
    assert found.worth == pytest.approx(best.objective, rel=1e-5)
    offers = found.states[0]
    seats = worth_of_places(problem, offers)
    g, s, sets, _ = sat_down(constructor, offers)
    assert found.worth == pytest.approx(form.coverage().constant + sets + seats, rel=1e-6)
    assert (s.used <= g.limit + 1e-6).all()


@pytest.mark.usefixtures("quick")
def test_what_nobody_opens_is_left_out_and_without_a_grower_only_what_is_wanted_is_looked_at():
    problem, form, _ = district(places=False, floors=False)
    wanted = np.random.default_rng(3).random(problem.offers.count) < 0.3
    found = merging(form, None)
    found.iterate(wanted, time.perf_counter() + 60.0)
    cells = set(zip(problem.offers.site[wanted].tolist(), problem.offers.service[wanted].tolist(), strict=True))
    opened = found.best.states[0]
    assert len(opened)
    assert set(zip(problem.offers.site[opened].tolist(), problem.offers.service[opened].tolist(), strict=True)) <= cells
    assert not evaluate_offers(problem, opened).broken


@pytest.mark.usefixtures("quick")
def test_a_plan_that_breaks_a_rule_is_no_plan():
    _, form, constructor = district()
    asked = []
    found = merging(form, constructor, evaluate=asked.append)
    assert list(turned(found, 2)) == [None, None]
    assert asked


@pytest.mark.usefixtures("quick")
def test_floors_that_nothing_can_reach_leave_nothing_to_merge():
    problem = district_problem(200, 30, side_m=6000.0, places=False)
    floors = (dataclasses.replace(problem.rules.floors[0], share=1.0),)
    form = formulate(dataclasses.replace(problem, rules=dataclasses.replace(problem.rules, floors=floors)))
    assert list(turned(merging(form, PlanConstructor.for_form(form)), 2)) == [None, None]
