"""Who goes where in a plan of which only the openings are known: a plan in hand where no solver has time."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.instances import Pairs, district_problem
from planner.siting import (
    Demand,
    Floor,
    Goal,
    Offers,
    Outcome,
    Plan,
    Rules,
    Sites,
    SitingProblem,
    SolverSettings,
    evaluate,
    lexicographic,
    solve,
)
from planner.siting.mip.checks import feasible_incumbent, objective_at
from planner.siting.mip.constraints import formulate
from planner.siting.mip.highs import Solution
from planner.siting.mip.repair import warm_start, with_greedy_flows
from planner.siting.mip.variables import bundle_values

STOPPED = Outcome("unknown", None, None, None, 1.0, "HiGHS", "test", "time")


def three_homes(assignment="split", **rules):
    """Return homes of 10, 20 and 30: the first within reach of both sites (25 and 15 places), each other of one."""
    reach = Pairs(np.array([0, 2, 3, 4]), np.array([0, 1, 0, 1], dtype=np.int32), np.array([60.0, 90.0, 60.0, 60.0]), 2)
    nothing = np.zeros(2)
    return SitingProblem(
        n_demand=3,
        n_services=1,
        sites=Sites(nothing, np.full(2, np.inf)),
        offers=Offers(
            np.arange(2, dtype=np.int32),
            np.zeros(2, dtype=np.int32),
            nothing,
            nothing,
            nothing,
            np.zeros(2, dtype=bool),
            capacity=np.array([25.0, 15.0]),
        ),
        demands=(Demand(0, np.array([10.0, 20.0, 30.0]), reach, (300.0,), (1.0,)),),
        goals=(Goal("coverage"),),
        rules=Rules(assignment=(assignment,), **rules),
    )


def filled(problem, offers=(0, 1)):
    form = formulate(problem)
    values = with_greedy_flows(form, bundle_values(form, (np.array(offers),)))
    model = form.builder.build(form.coverage())
    return form, model, values


def test_people_with_fewer_places_in_reach_go_first():
    form, model, values = filled(three_homes())
    # 20 of the second home and 5 of the first to the 25 places, 15 of the third to the 15.
    sent = values[form.y[0].slice]
    by_hand = {(0, 0): 5.0, (0, 1): 0.0, (1, 0): 20.0, (2, 1): 15.0}
    member = dict(zip(form.flows.member_group.tolist(), form.flows.member_point.tolist(), strict=True))
    found = {
        (member[g], int(form.problem.offers.site[s])): sent[f]
        for f, (g, s) in enumerate(zip(form.flows.group.tolist(), form.flows.slot.tolist(), strict=True))
    }
    assert found == by_hand
    assert objective_at(model, feasible_incumbent(model, values)) == 40.0


def test_closed_sites_take_nobody():
    _, model, values = filled(three_homes(), offers=(1,))
    assert objective_at(model, feasible_incumbent(model, values)) == 15.0


@pytest.mark.parametrize("way", ["whole", "nearest"])
def test_who_may_not_be_divided_is_left_to_the_solver(way):
    form, _, values = filled(three_homes(way))
    assert values[form.z[0].slice].sum() == 2.0
    assert np.isnan(values[form.y[0].slice]).all()


def test_what_misses_a_floor_is_no_plan_and_the_solver_completes_its_openings():
    form, model, values = filled(three_homes(floors=(Floor(0, 0.9),)))
    assert feasible_incumbent(model, values) is None
    begins = warm_start(form, model, values)
    assert begins[form.z[0].slice].tolist() == values[form.z[0].slice].tolist()
    assert np.isnan(np.delete(begins, np.arange(form.z[0].start, form.z[0].start + form.z[0].count))).all()
    form, model, values = filled(three_homes(floors=(Floor(0, 0.6),)))
    assert warm_start(form, model, values) is values
    assert warm_start(form, model, None) is None


@pytest.mark.parametrize("seed", range(3))
def test_places_are_given_out_where_the_solver_has_no_time(monkeypatch, seed):
    problem = district_problem(200, 24, side_m=2000.0, seed=seed, floors=False)
    # Of the limited service, each at a site of its own; what another bundle of a site makes needless is no part of the model.
    offers = np.flatnonzero(problem.offers.service == 0)[:4]
    monkeypatch.setattr(lexicographic, "solve_model", lambda *_, **__: Solution(None, STOPPED))
    plan = solve(problem, SolverSettings(shortcuts=False), start=Plan((offers,), None, (), STOPPED))
    assert 0 < len(plan.offers) == np.isin(plan.offers, offers).sum()
    assert (plan.outcome.status, plan.outcome.stopped_by) == ("feasible", "time")
    assert 0.0 < plan.outcome.objective <= plan.outcome.bound
    counted = evaluate(problem, plan)
    assert counted.worth == pytest.approx(plan.outcome.objective)
    # Nobody is left over beside a free place that would serve.
    limited, people = problem.demands[0], np.bincount(plan.assignments.point, plan.assignments.people, problem.n_demand)
    load = np.bincount(plan.assignments.offer, plan.assignments.people, problem.offers.count)
    free = np.isin(np.arange(problem.offers.count), plan.offers) & (problem.offers.service == 0)
    free &= load < problem.offers.capacity - 1e-6
    reach, open_sites = limited.reach, problem.offers.site[free]
    for point in np.flatnonzero(people < limited.people - 1e-6).tolist():
        near = slice(reach.indptr[point], reach.indptr[point + 1])
        assert not np.isin(reach.site[near][reach.seconds[near] <= limited.cutoffs_s[-1]], open_sites).any()
