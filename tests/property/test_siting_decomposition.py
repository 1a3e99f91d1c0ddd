"""A programme that falls apart has the same optimum solved piece by piece, and ends as honestly."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from every_plan import Tiny
from tiny_siting import tiny_problem

from benchmarks.instances import bare_problem, everybody_within, made_up_city
from planner.siting import Budgets, SolverSettings, evaluate, solve
from planner.siting.mip import solver
from planner.siting.mip.constraints import formulate
from planner.siting.mip.linear import Expression, ModelBuilder
from planner.siting.mip.solver import independent_blocks, solve_model, submodel, with_tightened_bounds
from tests.depth import enough, some

EXACT = SolverSettings(gap=0.0, shortcuts=False)


def random_model(seed):
    """Return a programme of a few groups of columns; some rows tie groups, some hold anyway, some columns are fixed."""
    rng = np.random.default_rng(seed)
    builder, groups = ModelBuilder(), []
    for _ in range(rng.integers(1, 5)):
        size = int(rng.integers(1, 5))
        lower = np.where(rng.random(size) < 0.15, 1.0, 0.0)
        groups.append(builder.add_columns("group", size, lower=lower, upper=1.0, integer=bool(rng.random() < 0.8)))
        for _ in range(rng.integers(0, 4)):
            value = rng.integers(-3, 4, size).astype(float)
            builder.add_rows("own", 1, [(0, groups[-1].positions, value)], upper=float(rng.integers(-1, 4)))
    for _ in range(rng.integers(0, 3)):
        chosen = [group for group in groups if rng.random() < 0.6]
        columns = np.concatenate([np.zeros(0, dtype=np.int64), *(group.positions for group in chosen)])
        value = rng.integers(-2, 3, len(columns)).astype(float)
        limit = float(np.abs(value).sum()) if rng.random() < 0.5 else float(rng.integers(0, 3))
        builder.add_rows("shared", 1, [(0, columns, value)], upper=limit)
    cost = Expression(np.arange(builder.n_columns), rng.integers(-5, 6, builder.n_columns).astype(float), 2.5)
    return builder.build(cost, maximise=bool(rng.random() < 0.5))


@pytest.mark.deep
def test_piece_by_piece_is_as_good_as_all_at_once(monkeypatch):
    apart = infeasible = 0
    for seed in some(range(400)):
        model = random_model(seed)
        found = independent_blocks(with_tightened_bounds(model))
        assert np.array_equal(np.sort(np.concatenate(found)), np.arange(model.n_columns)), seed
        split = solve_model(model, EXACT)
        with monkeypatch.context() as patch:
            patch.setattr(solver, "independent_blocks", lambda _: [])
            whole = solve_model(model, EXACT)
        assert split.outcome.status == whole.outcome.status, seed
        apart += len(found) > 1
        if whole.values is None:
            infeasible += 1
            continue
        assert split.outcome.objective == pytest.approx(whole.outcome.objective, abs=1e-6), seed
        assert split.outcome.bound == pytest.approx(whole.outcome.bound, abs=1e-6), seed
        activity = model.activity(split.values)
        assert (activity <= model.row_upper + 1e-6).all(), seed
        assert (activity >= model.row_lower - 1e-6).all(), seed
        assert model.cost @ split.values + model.offset == pytest.approx(split.outcome.objective, abs=1e-6), seed
    assert apart > enough(30)
    assert infeasible > enough(10)


def test_rows_of_a_piece_keep_what_fixed_columns_of_others_use():
    builder = ModelBuilder()
    one = builder.add_columns("one", 2, upper=1.0, integer=True)
    fixed = builder.add_columns("fixed", 1, lower=1.0, upper=1.0)
    builder.add_columns("two", 3, upper=1.0, integer=True)
    columns = np.concatenate([one.positions, fixed.positions])
    builder.add_rows("room", 1, [(0, columns, np.array([1.0, 1.0, 2.0]))], upper=3.0)
    builder.add_rows("other", 1, [(0, np.array([3, 4, 5]), 1.0)], upper=2.0)
    model = builder.build()
    small, large = independent_blocks(model)
    assert small.tolist() == [0, 1]
    assert large.tolist() == [2, 3, 4, 5]
    assert submodel(model, small).row_upper.tolist() == [1.0]


def two_towns(money):
    """Two towns out of reach of each other, everybody to be served by fewest sites."""
    city = made_up_city(120, 30, side_m=3000.0, clusters=3, seed=4)
    far = dataclasses.replace(
        city,
        homes=np.concatenate([city.homes, city.homes + 50_000.0]),
        sites=np.concatenate([city.sites, city.sites + 50_000.0]),
        people=np.tile(city.people, 2),
    )
    problems = [everybody_within(one.within(700.0), one.people, 700.0) for one in (city, far)]
    return [dataclasses.replace(problem, budgets=Budgets(capital_cost=money)) for problem in problems]


def reachable(problem):
    """Ask for everybody whom some site serves."""
    served = np.diff(problem.demands[0].reach.indptr) > 0
    demand = dataclasses.replace(problem.demands[0], people=problem.demands[0].people * served)
    return dataclasses.replace(problem, demands=(demand,))


def test_two_towns_need_twice_the_sites_of_one_and_are_two_pieces_where_money_ties_nothing():
    one, two = (reachable(problem) for problem in two_towns(1.0))
    alone, both = solve(one, EXACT), solve(two, EXACT)
    assert alone.proven
    assert both.proven
    assert both.outcome.objective == pytest.approx(2 * alone.outcome.objective)
    evaluate(two, both)
    form = formulate(two)
    assert len(independent_blocks(with_tightened_bounds(form.builder.build(form.opened_sites(), maximise=False)))) >= 2


def test_money_for_everything_is_no_row_and_money_for_less_is():
    reach = made_up_city(40, 8, side_m=1500.0, seed=2).within(700.0)
    problem = bare_problem(reach, np.ones(40), "coverage", 3, 700.0)
    limit_price = dataclasses.replace(problem, sites=dataclasses.replace(problem.sites, setup_cost=np.full(8, 10.0)))

    def rows(money):
        form = formulate(dataclasses.replace(limit_price, budgets=Budgets(capital_cost=money)))
        return [block.name for block in form.builder.build().rows]

    assert "budget_capital" not in rows(80.0)
    assert "budget_capital" in rows(79.0)


@pytest.mark.deep
def test_tiny_problems_have_the_optimum_of_every_plan_whether_they_fall_apart_or_not():
    apart = 0
    for seed in some(range(2_000, 2_120)):
        problem = tiny_problem(seed, goal="sites")
        best, plan = Tiny(problem).best(), solve(problem, EXACT)
        assert plan.found == (best is not None), seed
        if best is not None:
            assert plan.outcome.objective == pytest.approx(best, abs=1e-4), seed
        form = formulate(problem)
        apart += (
            len(independent_blocks(with_tightened_bounds(form.builder.build(form.opened_sites(), maximise=False)))) > 1
        )
    assert apart > 0
