"""Inputs that cannot be used: every fault at once, each with how to mend it."""

import numpy as np
import pandas as pd
import pytest

import planner
from planner.errors import LayerError, StudyError
from tests.unit.library import street


@pytest.fixture(scope="module")
def network():
    return planner.read_network(street.streets())


def without_crs(frame):
    return frame.set_crs(None, allow_override=True)


HOMES = {
    "without a system": (without_crs, r"origins\.crs: is missing → .*set_crs"),
    "in degrees": (lambda frame: frame.to_crs(4326), r"origins\.crs: is in degrees .*GCJ-02, then origins\.to_crs"),
    "in another system": (lambda frame: frame.to_crs(25832), r"is EPSG:25832, the network is in EPSG:25833"),
    "degrees said to be metres": (
        lambda frame: frame.to_crs(4326).set_crs(25833, allow_override=True),
        r"the coordinates look like degrees",
    ),
    "an id twice": (lambda frame: frame.rename(index={"h200": "h0"}), r"origins\.index: names rows twice: 'h0'"),
    "no id": (lambda frame: frame.rename(index={"h200": None}), r"1 rows without an id"),
    "no rows": (lambda frame: frame.iloc[:0], r"origins: has no rows"),
    "no point": (
        lambda frame: frame.set_geometry(frame.geometry.where(frame["elders"] > 10)),
        r"missing or empty in 'h0'",
    ),
    "polygons": (lambda frame: frame.set_geometry(frame.buffer(5)), r"is Polygon, not Point, .*representative_point"),
    "elsewhere": (
        lambda frame: frame.set_geometry(frame.translate(50_000)),
        r"origins: no street within 250 m of any of them",
    ),
    "no geometry": (lambda frame: pd.DataFrame(frame.drop(columns="geometry")), r"is a DataFrame, not a GeoDataFrame"),
}


@pytest.mark.parametrize("case", HOMES)
def test_origins(network, case):
    spoil, message = HOMES[case]
    with pytest.raises(LayerError, match=message):
        planner.travel_times(network, spoil(street.homes()), street.places(), walker=1.0)


def test_all_faults_at_once(network):
    homes = without_crs(street.homes()).rename(index={"h200": "h0"})
    with pytest.raises(LayerError) as caught:
        planner.travel_times(network, homes, street.places().to_crs(4326), walker=-1, minutes=-5)
    text = str(caught.value)
    for part in ("walker.speed_m_s", "minutes", "origins.index", "origins.crs", "destinations.crs"):
        assert part in text


def test_a_home_without_a_street_is_named_and_stays(network):
    homes = street.homes()
    homes.loc["h1000", "geometry"] = (
        homes.loc["h1000", "geometry"].buffer(0).centroid.__class__(street.WEST_M + 1000, street.SOUTH_M + 900)
    )
    with pytest.warns(UserWarning, match=r"origins: no street within 250 m of 'h1000'"):
        times = planner.travel_times(network, homes, street.places(), walker=1.0, minutes=5)
    assert not times.connected["h1000"]
    assert planner.coverage(times, "elders", 5).loc[5.0, "people"] == 210


def test_a_network_that_is_none():
    with pytest.raises(LayerError, match=r"network: is a str → give what planner\.read_network"):
        planner.travel_times("streets.osm", street.homes(), street.places(), walker=1.0)


def test_streets_need_a_system_in_metres(tmp_path):
    with pytest.raises(LayerError, match=r"crs: the lines are in degrees"):
        planner.read_network(street.streets().to_crs(4326))
    with pytest.raises(LayerError, match=r"the lines do not say their system"):
        planner.read_network(without_crs(street.streets()))
    with pytest.raises(LayerError, match=r"crs: a street file needs the system to compute in"):
        planner.read_network(tmp_path / "streets.osm")
    with pytest.raises(LayerError):
        planner.read_network(tmp_path / "none.osm", crs="EPSG:25833")


PEOPLE = {
    "no such column": ("elder", r"people: origins have no column 'elder' → they have 'elders', 'side'"),
    "of other ids": (pd.Series({"h0": 1, "x": 2}), r"has no value for .*h1000.*names 'x'"),
    "missing": (
        pd.Series([1, 2, 3, 4, 5, np.nan], index=street.homes().index),
        r"is missing \(NaN\) in 'h1000' → fill it",
    ),
    "negative": (pd.Series([1, 2, 3, 4, 5, -6], index=street.homes().index), r"is negative in 'h1000'"),
    "text": (pd.Series(list("abcdef"), index=street.homes().index), r"not numbers → pandas\.to_numeric"),
    "a list": ([1, 2, 3, 4, 5, 6], r"is a list → give a Series on the index of the origins"),
}


@pytest.mark.parametrize("case", PEOPLE)
def test_people(case):
    people, message = PEOPLE[case]
    with pytest.raises(LayerError) as caught:
        planner.coverage(street.times(), people, 5)
    assert pd.Series([" ".join(str(caught.value).split())]).str.contains(message).all(), caught.value


def test_cutoffs_beyond_the_times():
    times = street.times()
    with pytest.raises(LayerError, match=r"10 is asked for, the travel times end at 5 min"):
        planner.coverage(times, "elders", [5, 10])
    with pytest.raises(LayerError, match=r"decay: reaches 10 min"):
        planner.floating_catchment(times, "elders", 1, {10: 1.0})
    with pytest.raises(StudyError, match=r"circles: reach 10 min"):
        planner.SitingModel(times, "elders").add_service("care", circles={10: 1})


def test_seconds_of_the_unreached_have_no_gini():
    times = street.times()
    with pytest.raises(LayerError, match=r"values: is infinite in"):
        planner.gini(planner.nearest(times.to("F1"))["seconds"], street.homes()["elders"])


def test_a_model_names_every_fault_of_a_call():
    model = planner.SitingModel(street.times(), "elders")
    with pytest.raises(StudyError) as caught:
        model.add_service("care", circles={3: 0.5, 5: 1.0}, existing=["F2"], capacity="beds", area_m2=-1)
    text = str(caught.value)
    for part in (
        "circles: a wider circle",
        "existing: 'F2' is not among",
        "capacity: destinations have no column",
        "area_m2",
    ):
        assert part in text
    with pytest.raises(StudyError, match=r"services: there is none"):
        model.solve()
    model.add_service("care")
    with pytest.raises(StudyError, match=r"'care' is there already"):
        model.add_service("care")
    with pytest.raises(StudyError, match=r"site: 'C9' is not among .*\n.*service: 'cantine'"):
        model.require("C9", "cantine")
    with pytest.raises(StudyError, match=r"capital_cost: must be a number ≥ 0"):
        model.budget(capital_cost=-1)
    with pytest.raises(StudyError, match=r"objective: 'fairness' cannot be optimised"):
        model.solve(objective=["fairness"])


def test_the_library_is_loaded_when_it_is_used():
    import subprocess
    import sys

    code = "import planner, sys; print([n for n in ('numba', 'highspy', 'geopandas', 'folium', 'numpy') if n in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
    assert set(planner.__all__) == set(dir(planner))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = planner.nonsense
