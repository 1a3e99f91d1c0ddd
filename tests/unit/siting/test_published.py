"""Published instances, through the same problem that planners' studies become: proven, and equal to the published optima."""

from __future__ import annotations

import pytest

from benchmarks.instances import cap_problem, pmed_problem, published_optima, read_pmed
from planner.siting import SolverSettings, evaluate, solve

QUICK = (1, 3, 6, 10, 13, 16, 20)
SLOW = tuple(number for number in range(1, 21) if number not in QUICK)
NUMBERS = [*QUICK, *(pytest.param(number, marks=pytest.mark.scale) for number in SLOW)]
EXACT = SolverSettings(gap=0.0, time_limit_s=120)


@pytest.mark.shared
@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(("goal", "column"), [("walk", 0), ("furthest", 1)])
def test_p_median_and_p_centre(shared_data, number, goal, column):
    folder = shared_data / "orlib"
    best = published_optima(folder)[f"pmed{number}"][column]
    distance, p = read_pmed(folder / f"pmed{number}.txt")
    problem = pmed_problem(distance, p, goal)
    plan = solve(problem, EXACT)
    assert plan.outcome.status == "optimal"
    assert plan.outcome.objective == best
    assert plan.outcome.bound == best
    found = evaluate(problem, plan)
    assert len(found.opened_sites) <= p
    walks = distance[:, found.opened_sites].min(axis=1)
    assert (walks.max() if goal == "furthest" else walks.sum()) == best


@pytest.mark.shared
@pytest.mark.parametrize("name", ["cap61", "cap62", "cap63", "cap64", "cap71", "cap72", "cap73", "cap74"])
def test_capacitated_warehouses(shared_data, name):
    folder = shared_data / "orlib"
    problem = cap_problem(folder / "cap" / f"{name}.txt")
    plan = solve(problem, EXACT)
    assert plan.outcome.status == "optimal"
    assert plan.outcome.objective == pytest.approx(published_optima(folder)[name][0], abs=0.01)
    assert plan.outcome.bound <= plan.outcome.objective + 0.01
    evaluate(problem, plan)
    assert plan.assignments.people.sum() == pytest.approx(problem.demands[0].people.sum())
