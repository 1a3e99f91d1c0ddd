"""Base map of the pages: what is drawn of the ground, and where in a community people live."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import LineString, Point, box

from planner.report import base_map
from planner.report.base_map import built_up, packed_ground
from planner.report.encoding import unpack

CRS = "EPSG:32633"
WEST, SOUTH = 382_000.0, 5_935_000.0


def _frame(rows):
    kinds, names, shapes = zip(*rows, strict=True)
    return gpd.GeoDataFrame({"kind": list(kinds), "name": list(names)}, geometry=list(shapes), crs=CRS)


@pytest.fixture
def communities():
    shapes = [box(WEST, SOUTH, WEST + 1000, SOUTH + 1000), box(WEST + 1000, SOUTH, WEST + 2000, SOUTH + 1000)]
    return gpd.GeoDataFrame({"id": ["a", "b"]}, geometry=shapes, crs=CRS)


@pytest.fixture
def ground():
    return _frame(
        [
            ("green", "Park", box(WEST, SOUTH, WEST + 200, SOUTH + 200)),
            ("water", "Long lake", box(WEST - 5000, SOUTH + 500, WEST + 300, SOUTH + 700)),
            ("water", "", LineString([(WEST, SOUTH), (WEST + 900, SOUTH + 900)])),
            ("building", "", box(WEST + 500, SOUTH + 500, WEST + 520, SOUTH + 520)),
            ("building", "", box(WEST + 600, SOUTH + 600, WEST + 650, SOUTH + 650)),
            ("road", "Short street", LineString([(WEST, SOUTH), (WEST + 100, SOUTH)])),
            ("road", "Long street", LineString([(WEST, SOUTH), (WEST + 900, SOUTH)])),
            ("railway", "", LineString([(WEST + 90_000, SOUTH), (WEST + 91_000, SOUTH)])),
        ]
    )


def _around(shapes):
    return gpd.GeoSeries(shapes, crs=4326).to_crs(CRS)


def test_what_lies_around_is_packed_by_kind(ground, communities):
    packed = packed_ground(ground, communities)
    assert {kind: len(shapes["rings"]) for kind, shapes in packed["areas"].items()} == {
        "green": 1,
        "water": 1,
        "building": 2,
    }
    assert list(packed["lines"]) == ["water"]  # the railway is 90 km away
    assert packed["roads"]["name"] == ["Long street", "Short street"]
    (ring,) = unpack(packed["areas"]["water"])
    west = _around([Point(at) for at in ring]).x.min()
    assert west == pytest.approx(WEST - 1000, abs=1.0)  # cut at the margin


def test_names_of_water_lie_in_what_is_seen_of_it(ground, communities):
    ((name, *points),) = packed_ground(ground, communities)["waters"]
    assert name == "Long lake"
    seen = _around([Point(lon, lat) for lat, lon in points])
    lake = ground.geometry[1].buffer(1)
    assert all(lake.contains(at) for at in seen)
    assert any(at.x > WEST for at in seen)


def test_of_many_buildings_the_largest_are_drawn_and_none_for_the_public(ground, communities, monkeypatch):
    monkeypatch.setattr(base_map, "MAX_BUILDINGS", 1)
    (ring,) = unpack(packed_ground(ground, communities)["areas"]["building"])
    assert shapely.Polygon(_around([Point(at) for at in ring])).area == pytest.approx(2500, rel=0.02)
    assert "building" not in packed_ground(ground, communities, buildings=False)["areas"]


def test_a_run_without_a_ground_has_an_empty_one(ground, communities):
    packed = packed_ground(ground.iloc[:0], communities)
    assert (packed["areas"], packed["lines"], packed["waters"]) == ({}, {}, [])
    assert packed["roads"]["name"] == []


def test_people_live_near_homes_alone_and_anywhere_where_homes_are_not_known(communities):
    homes = [
        (WEST + 100, SOUTH + 100),
        (WEST + 140, SOUTH + 100),
        (WEST + 100, SOUTH + 160),
        (WEST + 1500, SOUTH + 500),
    ]
    demand = gpd.GeoDataFrame(
        {"community_id": ["a", "a", "a", "b"], "people_all": [1.0, 2.0, 3.0, 9.0]},
        geometry=gpd.points_from_xy(*zip(*homes, strict=True)),
        crs=CRS,
    )
    packed = built_up(demand, communities)
    assert packed["rings"] == [1, 1]
    near, whole = (shapely.Polygon(_around([Point(at) for at in ring])) for ring in unpack(packed))
    assert whole.area == pytest.approx(1e6, rel=0.01)
    assert 15_000 < near.area < 60_000
    assert all(near.contains(Point(at)) for at in homes[:3])
    nobody = demand.assign(people_all=0.0)
    assert built_up(nobody, communities)["rings"] == [0, 0]
    assert np.isfinite(near.area)
