"""What is dominated is needed by no best plan: the optimum stays, by every plan tried."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from every_plan import Tiny
from tiny_siting import TinyReach, tiny_problem

from benchmarks.instances import bare_problem, everybody_within, made_up_city
from planner.siting import (
    Budgets,
    Demand,
    Goal,
    Lock,
    Offers,
    Rules,
    Sites,
    SitingProblem,
    SolverSettings,
    evaluate,
    solve,
)
from planner.siting.mip import constraints
from planner.siting.mip.bundles import enumerate_bundles
from planner.siting.mip.constraints import formulate
from planner.siting.mip.presolve import dominated_bundles, dominated_sites
from tests.depth import enough, some

EXACT = SolverSettings(gap=0.0, shortcuts=False)


def cheap(problem, seed):
    """Make services cost the same more often, so that one bundle takes the place of another."""
    rng = np.random.default_rng(seed)
    count = problem.offers.count
    offers = dataclasses.replace(
        problem.offers,
        capital_cost=rng.integers(0, 2, count).astype(float),
        yearly_cost=np.zeros(count),
        capital_share=None,
        yearly_share=None,
    )
    return dataclasses.replace(problem, offers=offers)


@pytest.mark.deep_after(1)
@pytest.mark.parametrize("places", [False, True], ids=["plain", "places"])
@pytest.mark.parametrize("goal", ["coverage", "cost", "sites", "fair", "walk"])
def test_the_optimum_of_tiny_problems_stays(places, goal):
    dropped = 0
    for seed in some(range(60)):
        problem = cheap(tiny_problem(3_000 + seed, places=places, goal=goal), seed)
        bundles = enumerate_bundles(problem)
        dropped += int(dominated_bundles(problem, bundles).sum())
        best, plan = Tiny(problem).best(), solve(problem, EXACT)
        assert plan.found == (best is not None), seed
        if best is not None:
            assert plan.outcome.objective == pytest.approx(best, abs=1e-3, rel=1e-5), seed
            evaluate(problem, plan)
    assert dropped > enough(10)


def town(seed, **parts):
    city = made_up_city(60, 25, side_m=1800.0, clusters=3, seed=seed)
    reach = city.within(500.0)
    served = np.diff(reach.indptr) > 0
    money = np.random.default_rng(seed).integers(1, 4, 25).astype(float)
    problem = parts.pop("pose")(reach, city.people * served)
    return dataclasses.replace(problem, sites=dataclasses.replace(problem.sites, setup_cost=money), **parts)


POSED = {
    "most covered": lambda reach, people: bare_problem(reach, people, "coverage", None, 500.0),
    "fewest sites": lambda reach, people: everybody_within(reach, people, 500.0),
}


@pytest.mark.parametrize("posed", POSED)
def test_sites_that_another_one_replaces_change_no_optimum(posed, monkeypatch):
    left_out = 0
    for seed in some(range(25)):
        problem = town(seed, pose=POSED[posed], budgets=Budgets(capital_cost=9.0 if posed == "most covered" else 60.0))
        form = formulate(problem)
        gone = dominated_sites(problem, form.bundles, form.slots, form.cover_sets)
        left_out += int(gone.sum())
        plan = solve(problem, EXACT)
        with monkeypatch.context() as patch:
            patch.setattr(constraints, "dominated_sites", lambda _, bundles, *__: np.zeros(bundles.count, dtype=bool))
            whole = solve(problem, EXACT)
        assert plan.outcome.status == whole.outcome.status, seed
        assert plan.outcome.objective == pytest.approx(whole.outcome.objective), seed
        if plan.found:
            evaluate(problem, plan)
            assert not np.isin(form.bundles.offer[gone, 0], plan.states[0]).any(), seed
    assert left_out > enough(50)


def test_a_site_that_is_asked_for_or_costs_somebody_less_stays():
    problem = town(1, pose=POSED["most covered"])
    form = formulate(problem)
    gone = dominated_sites(problem, form.bundles, form.slots, form.cover_sets)
    site = int(form.bundles.site[np.flatnonzero(gone)[0]])
    asked = dataclasses.replace(problem, rules=Rules(locks=(Lock("must", site, None),)))
    assert not dominated_sites(asked, form.bundles, form.slots, form.cover_sets).any()
    assert site in form.problem.offers.site[solve(asked, EXACT).states[0]]
    setup = problem.sites.setup_cost.copy()
    setup[site] = 0.5
    cheaper = dataclasses.replace(problem, sites=dataclasses.replace(problem.sites, setup_cost=setup))
    form = formulate(cheaper)
    assert site not in form.bundles.site[dominated_sites(cheaper, form.bundles, form.slots, form.cover_sets)]


def one_that_moves(service_added):
    """Return a building where service 0 stands that may move away, and services ``service_added`` and 1 may come at no money.

    Two sites may open: service 0 moves to another building, and service 1 opens here, where some of it is needed.
    """
    reach = TinyReach(
        np.array([0, 1, 2]), np.array([0, 1], dtype=np.int32), np.array([100.0, 100.0], dtype=np.float32), 2
    )
    service = np.array([0, service_added, 1, 0], dtype=np.int32)
    nothing = np.zeros(4)
    return SitingProblem(
        n_demand=2,
        n_services=3,
        sites=Sites(np.zeros(2), np.full(2, np.inf), np.zeros(2)),
        offers=Offers(
            np.array([0, 0, 0, 1], dtype=np.int32),
            service,
            nothing,
            nothing,
            nothing,
            np.array([True, False, False, False]),
            moves=np.array([-1, -1, -1, 0]),
        ),
        demands=(
            Demand(0, np.array([0.0, 10.0]), reach, (300.0,), (1.0,)),
            Demand(1, np.array([5.0, 0.0]), reach, (300.0,), (1.0,)),
        ),
        budgets=Budgets(),
        rules=Rules(min_sites=2),
        goals=(Goal("coverage"),),
    )


@pytest.mark.parametrize(("service_added", "plan"), [(0, [2, 3]), (2, [1, 2, 3])])
def test_a_service_that_moves_away_is_not_added_again_where_it_stood(service_added, plan):
    problem = one_that_moves(service_added)
    found = solve(problem, EXACT)
    assert found.outcome.objective == 15.0
    assert set(plan) >= set(found.states[0].tolist()) >= {2, 3}
    bundles = enumerate_bundles(problem)
    alone = np.flatnonzero((bundles.offer == 2).any(axis=1) & ((bundles.offer >= 0).sum(axis=1) == 1))
    # With service 0 here it has not moved; any other service may come along for nothing.
    assert dominated_bundles(problem, bundles)[alone].tolist() == [service_added == 2]
