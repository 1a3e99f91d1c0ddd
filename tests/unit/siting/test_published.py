"""Published instances, through the same problem that planners' studies become: proven, and equal to the published optima."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.instances import (
    bare_problem,
    cap_problem,
    everybody_within,
    pairs_of,
    pmed_problem,
    published_optima,
    read_pmed,
    san_francisco,
)
from planner.siting import SolverSettings, evaluate, solve

QUICK = (1, 3, 6, 10, 13, 16, 20)
SLOW = tuple(number for number in range(1, 21) if number not in QUICK)
NUMBERS = [*QUICK, *(pytest.param(number, marks=pytest.mark.scale) for number in SLOW)]
EXACT = SolverSettings(gap=0.0, time_limit_s=120)


@pytest.mark.deep_after(4)
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


# Objectives that spopt 0.7.0 (PuLP 3.3.2, HiGHS 1.15.1) proves on the same 205 × 16 distances, in its own environment;
# coverage and set cover by radius in metres, people as in the file.
SAN_FRANCISCO = {
    ("coverage", 2): 671938.0,
    ("coverage", 4): 875247.0,
    ("coverage", 6): 941462.0,
    ("walk", 2): 4009098972.1349096,
    ("walk", 4): 2848268129.7145104,
    ("walk", 6): 2347055166.677381,
    ("furthest", 2): 9130.758740990761,
    ("furthest", 4): 7403.063810849859,
    ("furthest", 6): 5903.667154450696,
    ("sites", 5000): 8.0,
    ("sites", 6000): 5.0,
    ("sites", 8000): 3.0,
}


@pytest.mark.shared
@pytest.mark.parametrize("shortcuts", [True, False])
@pytest.mark.parametrize(("goal", "number"), list(SAN_FRANCISCO))
def test_san_francisco_agrees_with_spopt(shared_data, goal, number, shortcuts):
    metres, people = san_francisco(shared_data / "sf")
    reach = pairs_of(metres)
    if goal == "sites":
        problem = everybody_within(reach, people, float(number))
    else:
        cutoff = 5000.0 if goal == "coverage" else float(metres.max()) + 1
        problem = bare_problem(reach, people, goal, number, cutoff)
    plan = solve(problem, replace(EXACT, shortcuts=shortcuts))
    assert plan.outcome.status == "optimal"
    assert plan.outcome.objective == pytest.approx(SAN_FRANCISCO[goal, number], rel=1e-9)
    evaluate(problem, plan)
