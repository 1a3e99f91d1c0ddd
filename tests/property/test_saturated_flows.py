"""People who find a place are recounted at the vertex the solver meant: whole sums, never a solver's tolerance.

On the street the facility F1 has 25 places; C1 and C2 have as many as each case says, and both are opened. Within five minutes
F1 and C1 are reached by the homes at 0, 200 and (C1 not) 400; within ten minutes C2 is reached by those at 400 … 1000.
"""

import itertools

import numpy as np
import pandas as pd
import pytest

from planner.cli import _run
from planner.siting.mip.repair import TransportProblem, saturated_flows
from planner.study.load import load_study
from tests.street_town import care, study_of, write_street
from tests.verbs import compute_run

CIRCLES = [{"minutes": 5, "weight": 1}, {"minutes": 10, "weight": 0.5}]


def run_of(folder, capacity, goals, *, participation=1.0, min_load=0.0, assignment="split"):
    service = care(capacity=capacity, participation=participation, min_load=min_load, circles=CIRCLES)
    siting = {"objective": goals, "max_sites": 2, "assignment": assignment}
    path = write_street(folder, study_of(services=service, siting=siting), facilities={"F1": {"capacity": 25}})
    return compute_run(load_study(path), folder, scenario="base")


@pytest.mark.deep_after(1)
@pytest.mark.parametrize("goals", [["coverage", "cost"], ["coverage", "walk", "cost"], ["coverage", "fair", "cost"]])
@pytest.mark.parametrize("capacity", [75, 65])
def test_who_finds_a_place_is_a_whole_number(tmp_path, goals, capacity):
    run = run_of(tmp_path, capacity, goals)
    served = run.tables.served.set_index("minutes")["served"]
    # all 25 + 2 × capacity places are taken within ten minutes; within five, C2's by the homes at 800 and 1000 (110 elders),
    # and 30 elders live within five minutes of F1 or C1
    assert served[10] == 25 + 2 * capacity
    assert served[5] == 30 + capacity
    assert run.tables.loads["load"].sum() == 25 + 2 * capacity
    assert run.manifest.result.goals[0].objective == 0.5 * (25 + 2 * capacity) + 0.5 * (30 + capacity)


def test_loads_by_participation_fill_the_places_exactly(tmp_path):
    run = run_of(tmp_path, 65, ["coverage", "cost"], participation=0.8)
    # loads are 0.8 of the people: C2's 65 places hold 81.25 elders
    loads = run.tables.loads.set_index("place_id")["load"]
    assert loads["C2"] == 65
    assert run.tables.served.set_index("minutes")["served"][10] == pytest.approx(181.25, abs=1e-12)


@pytest.mark.deep
def test_the_workbook_shows_the_whole_number(tmp_path):
    run_of(tmp_path, 75, ["coverage", "cost"])
    assert _run(["plan", str(tmp_path / "street.yaml"), "--out", str(tmp_path / "out"), "--quiet"]) == 0
    sheets = pd.read_excel(tmp_path / "out" / "plan.xlsx", sheet_name=None, header=None)
    numbers = [
        float(cell)
        for sheet in sheets.values()
        for cell in sheet.to_numpy().ravel().tolist()
        if isinstance(cell, int | float) and not isinstance(cell, bool)
    ]
    near = [number for number in numbers if 0 < abs(number - np.round(number)) < 1e-3]
    assert 175.0 in numbers
    assert near == []


def transport(people, places, least=None, links=None, load=1.0):
    links = links or list(itertools.product(range(len(people)), range(len(places))))
    group, slot = (np.array(column, dtype=np.int64) for column in zip(*links, strict=True))
    return TransportProblem(
        group,
        slot,
        np.full(len(links), load),
        np.array(people, dtype=float),
        np.array(places, dtype=float),
        np.array(least or [0.0] * len(places), dtype=float),
    )


def test_a_chain_of_shortages_is_closed_along_the_tree():
    # 30, 40 and 50 people; 45 places and endless ones: the first group fills the first slot with part of the second
    problem = transport([30, 40, 50], [45, np.inf], links=[(0, 0), (1, 0), (1, 1), (2, 1)])
    flow = saturated_flows(problem, np.array([29.99999, 14.99999, 25.00001, 49.99998]))
    assert flow.tolist() == [30, 15, 25, 50]


def test_a_trickle_to_another_place_is_no_flow():
    problem = transport([50], [50, 50])
    assert saturated_flows(problem, np.array([49.999995, 0.000005])).tolist() == [50, 0]


def test_a_place_at_its_least_load_stays_at_it():
    problem = transport([100], [np.inf, np.inf], least=[0, 20])
    assert saturated_flows(problem, np.array([80.00001, 19.99999])).tolist() == [80, 20]


def test_who_has_no_place_gets_none():
    problem = transport([60], [40])
    assert saturated_flows(problem, np.array([39.999999])).tolist() == [40]
    assert saturated_flows(problem, np.array([25.0])).tolist() == [25]


def test_flows_of_which_it_cannot_be_told_stay():
    # a ring: two groups at two places, no flow of which is saturated by itself
    problem = transport([10, 10], [10, 10])
    flow = np.array([3.3, 6.7, 6.7, 3.3])
    assert saturated_flows(problem, flow).tolist() == flow.tolist()


def test_no_random_vertex_gains_people_or_places_it_has_not():
    random = np.random.default_rng(7)
    for _ in range(300):
        groups, slots = random.integers(1, 7, 2)
        people, places = random.integers(1, 90, groups).astype(float), random.integers(1, 150, slots).astype(float)
        problem = transport(people, places)
        exact = np.zeros((groups, slots))
        left, room = people.copy(), places.copy()
        for i, j in random.permutation(
            list(itertools.product(range(groups), range(slots)))
        ):  # a vertex, filled greedily
            exact[i, j] = min(left[i], room[j])
            left[i], room[j] = left[i] - exact[i, j], room[j] - exact[i, j]
        noise = 1e-8 * people.sum() * random.random(groups * slots)
        flow = saturated_flows(problem, np.maximum(exact.ravel() - noise, 0.0))
        assert np.abs(flow - exact.ravel()).max() <= 1e-12 * people.sum()
        assert (problem.assigned(flow) <= people).all()
        assert (problem.taken(flow) <= places).all()
