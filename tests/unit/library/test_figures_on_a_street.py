"""Figures that a pencil finds, and networkx: one street, six homes, one facility and two rooms."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely

import planner
from planner.errors import InfeasibleError
from tests.unit.library import street


@pytest.fixture(scope="module")
def times():
    return street.times()


@pytest.fixture(scope="module")
def plan(times):
    model = planner.SitingModel(times, demand="elders")
    model.add_service("care", circles={5: 1}, existing=["F1"], capital_cost=100_000)
    return model.budget(max_sites=1).solve(time_limit=20, gap=0)


def test_seconds_are_those_along_the_street(times):
    """10 m from either door to the street; pairs beyond five minutes are absent."""
    found = times.to_frame().set_index(["origin", "destination"])["seconds"].to_dict()
    graph = nx.Graph()
    homes, places = street.homes(), street.places()
    along = sorted({*homes.geometry.x, *places.geometry.x})
    nx.add_path(graph, along)
    for a, b in graph.edges:
        graph.edges[a, b]["m"] = abs(a - b)
    metres = dict(nx.all_pairs_dijkstra_path_length(graph, weight="m"))
    walks = {(i, j): metres[h.x][p.x] + 20.0 for i, h in homes.geometry.items() for j, p in places.geometry.items()}
    assert found == pytest.approx({pair: walk for pair, walk in walks.items() if walk <= 300})


def test_absent_pairs_are_absent(times):
    assert ("h1000", "F1") not in set(times.to_frame()[["origin", "destination"]].itertuples(index=False, name=None))
    assert (times.to_frame()["seconds"] > 0).all()


def test_nearest_keeps_those_who_reach_nothing(times):
    found = planner.nearest(times.to(["F1"]))
    assert list(found.index) == list(street.homes().index)
    assert found["destination"].dropna().to_dict() == {"h0": "F1", "h200": "F1"}
    assert found["seconds"].tolist() == [20, 220, *[np.inf] * 4]
    assert found.crs == street.homes().crs


def test_unreached_people_stay_in_the_denominator(times):
    found = planner.coverage(times.to(["F1"]), "elders", minutes=[1, 5])
    assert found.loc[5.0].tolist() == [210, 30, pytest.approx(30 / 210)]
    assert found.loc[1.0, "covered"] == 10


def test_coverage_by_area(times):
    found = planner.coverage(times.to(["F1", "C2"]), "elders", minutes=5, by="side")
    assert found.loc[("west", 5.0)].tolist() == [60, 30, 0.5]
    assert found.loc[("east", 5.0)].tolist() == [150, 110, pytest.approx(110 / 150)]
    assert found.index.names == ["side", "minutes"]


def test_people_may_come_in_another_order(times):
    shuffled = street.homes()["elders"].iloc[::-1]
    pd.testing.assert_frame_equal(planner.coverage(times, shuffled, 5), planner.coverage(times, "elders", 5))


def test_floating_catchment_shares_places_among_those_who_reach_them(times):
    """F1's 15 places among 30 people; C2's 22 among 110; the others reach nothing."""
    capacity = pd.Series({"F1": 15, "C2": 22, "C1": 0})
    found = planner.floating_catchment(times, "elders", capacity)
    assert found.to_dict() == pytest.approx({"h0": 0.5, "h200": 0.5, "h400": 0, "h600": 0, "h800": 0.2, "h1000": 0.2})
    assert (found * street.homes()["elders"]).sum() == pytest.approx(37)


def test_zones_weigh_walks(times):
    """Within two minutes 1, beyond ½: C2's 22 places among 50 + 60 people of weight 1 each, F1's among 10 + 20 · ½."""
    zones = planner.floating_catchment(times, "elders", pd.Series({"F1": 10, "C1": 0, "C2": 22}), {2: 1.0, 5: 0.5})
    assert zones.to_dict() == pytest.approx({"h0": 0.5, "h200": 0.25, "h400": 0, "h600": 0, "h800": 0.2, "h1000": 0.2})


def test_equity_by_hand():
    have, people = pd.Series([0.0, 2.0], index=["a", "b"]), pd.Series([30, 10], index=["b", "a"])
    assert planner.gini(have, people) == pytest.approx(0.25)
    assert planner.palma(have, people) == pytest.approx(8 / 12)


def test_isochrones_lie_on_the_destinations_index_and_nest(times):
    found = planner.isochrones(times, minutes=[2, 5])
    assert list(found.index) == ["F1", "F1", "C1", "C1", "C2", "C2"]
    assert found["minutes"].tolist() == [2.0, 5.0] * 3
    assert found.is_valid.all()
    assert all(outer.covers(inner) for inner, outer in zip(found.geometry[::2], found.geometry[1::2], strict=True))


def test_one_room_brings_30_to_140_of_210(plan):
    assert list(plan.sites.index) == ["C2"]
    assert plan.status == "optimal"
    assert plan.proven
    assert (plan.objective, plan.bound, plan.gap) == (140, 140, 0)
    assert plan.coverage.loc[("care", 5.0)].tolist()[:4] == [210, 30, 140, 140]
    assert plan.capital_cost == 100_000
    assert plan.sites.loc["C2", "name"] == "Room C2"
    assert plan.sites.crs == street.places().crs
    assert plan.openings[["site", "service"]].to_numpy().tolist() == [["C2", "care"]]


def test_walks_before_and_after(plan):
    walks = plan.walks()
    assert walks["before_s"].tolist() == [20, 220, *[np.inf] * 4]
    assert walks["after_s"].tolist() == [20, 220, np.inf, np.inf, 120, 120]


def test_a_forbidden_room_leaves_the_other(times):
    model = planner.SitingModel(times, demand="elders").add_service("care", at=["C1", "C2"])
    plan = model.budget(max_sites=1).forbid("C2").solve(time_limit=20)
    assert list(plan.sites.index) == ["C1"]
    assert plan.objective == 30


def test_a_required_room_opens_although_another_covers_more(times):
    model = planner.SitingModel(times, demand="elders").add_service("care", existing=["F1"])
    plan = model.budget(max_sites=1).require("C1", "care").solve(time_limit=20)
    assert list(plan.sites.index) == ["C1"]
    assert plan.objective == 30


def test_a_need_weight_moves_the_plan_and_heads_stay_heads(times):
    need = pd.Series(1.0, index=street.homes().index)
    need["h200"] = 10.0
    model = planner.SitingModel(times, "elders", need_weight=need).add_service("care", at=["C1", "C2"])
    plan = model.budget(max_sites=1).solve(time_limit=20)
    assert list(plan.sites.index) == ["C1"]
    assert plan.objective == 10 + 20 * 10
    assert plan.coverage["covered_after"].tolist() == [30]


def test_capacity_limits_those_served(times):
    model = planner.SitingModel(times, "elders").add_service("care", existing=["F1"], capacity=40)
    plan = model.budget(max_sites=1).solve(time_limit=20)
    assert plan.objective == pytest.approx(70)
    assert plan.coverage["served_after"].tolist() == pytest.approx([70])


def test_two_services_share_a_site_and_its_setup(times):
    model = planner.SitingModel(
        times, "elders", setup_cost=50_000, floor_area_m2=pd.Series({"F1": 0, "C1": 90, "C2": 200})
    )
    model.add_service("care", capital_cost=100_000, area_m2=100).add_service(
        "canteen", capital_cost=60_000, area_m2=100
    )
    plan = model.budget(capital_cost=210_000).solve(time_limit=20)
    assert plan.sites[["services", "n_services", "area_m2_used", "capital_cost"]].to_numpy().tolist() == [
        ["care, canteen", 2, 200, 210_000]
    ]


def test_rules_that_conflict_are_named(times):
    model = planner.SitingModel(times, "elders").add_service("care", capital_cost=100_000)
    with pytest.raises(InfeasibleError, match=r"require\('C2', 'care'\); budget\(capital_cost\) = 50,000"):
        model.budget(capital_cost=50_000).require("C2", "care").solve(time_limit=20)


def test_the_map_opens_without_a_network(plan, tmp_path):
    plan.explore().save(tmp_path / "plan.html")
    text = (tmp_path / "plan.html").read_text(encoding="utf-8")
    assert "http" not in "".join(part.split('"')[0] for mark in ('src="', 'href="') for part in text.split(mark)[1:])
    assert "C2: care" in text


def test_names_on_the_map_never_become_markup():
    hostile = "</script><img src=x>`${1}"
    places = street.places().rename(index={"C2": hostile})
    network = planner.read_network(street.streets())
    times = planner.travel_times(network, street.homes(), places, walker=1.0, minutes=5)
    plan = planner.SitingModel(times, "elders").add_service("care").budget(max_sites=1).solve(time_limit=20)
    assert list(plan.sites.index) == [hostile]
    text = plan.explore().get_root().render()
    assert "<img" not in text
    assert "`${1}" not in text


def test_a_frame_of_streets_gives_the_network_of_a_file(tmp_path):
    street.streets().to_file(tmp_path / "streets.gpkg")
    read = planner.read_network(tmp_path / "streets.gpkg", crs=street.CRS)
    assert np.array_equal(read.xy, planner.read_network(street.streets()).xy)
    assert shapely.length(read.lines).sum() == 5200
