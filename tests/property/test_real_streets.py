"""Thousands of walks in Porto and Wuhan equal networkx on the streets as read, bend by bend, split at every door."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from planner.access import compute_travel_times, snap
from planner.access.line_streets import node_lines
from planner.access.network import metric_crs
from planner.access.osm_streets import read_osm
from planner.access.segments import build_network
from planner.study import WalkingProfile
from tests.property.streets import oracle_seconds

pytestmark = pytest.mark.shared
WALKERS = {"adult": WalkingProfile(speed_m_s=1.25), "elder": WalkingProfile(speed_m_s=0.8, stairs_factor=1.8)}


def near(segments, middle, half_m):
    inside = (np.abs(segments.xy - middle) < half_m).all(axis=1)
    return segments.taken(inside[segments.tail] & inside[segments.head])


def porto(shared_data):
    segments = read_osm(shared_data / "porto/porto_region_2015_highways.osm.pbf", metric_crs("EPSG:3763"))
    return near(segments, np.array([-41_500.0, 165_200.0]), 2500), "EPSG:3763"


def wuhan(shared_data):
    streets = gpd.read_parquet(shared_data / "wuhan/wuhan_streets.parquet").cx[239_000:247_000, 3_381_000:3_389_000]
    lines = np.asarray(streets.geometry.array, dtype=object)
    segments = node_lines(
        lines[shapely.get_type_id(lines) == 1], np.zeros(len(lines), np.uint8), np.zeros(len(lines), np.uint8)
    )
    return segments, "EPSG:32650"


@pytest.mark.deep
@pytest.mark.parametrize("who", WALKERS)
@pytest.mark.parametrize("city", [pytest.param(porto, marks=pytest.mark.scale), wuhan])
def test_thousands_of_walks_equal_networkx(shared_data, city, who):
    segments, crs = city(shared_data)
    walker = WALKERS[who]
    network = build_network(segments, metric_crs(crs))
    rng = np.random.default_rng(11)
    spots = segments.xy[np.concatenate([segments.tail, segments.head])]
    middle = np.median(spots, axis=0)
    spots = spots[(np.abs(spots - middle) < 900).all(axis=1)]
    homes, sites = (rng.choice(spots, size) + rng.normal(0, 25, (size, 2)) for size in (150, 80))

    reach = compute_travel_times(
        network, *(snap(network, xy, max_connector_m=150, walker=walker) for xy in (homes, sites)), walker, 1500.0
    )

    streets = (segments.xy, segments.tail, segments.head, segments.kind, segments.flags)
    expected = oracle_seconds(streets, homes, sites, walker, max_connector_m=150, cutoff_s=1600.0)
    found = np.full(expected.shape, np.inf)
    found[reach.demand, reach.site] = reach.seconds
    expected[expected > 1500.0 + 1e-3] = np.inf
    np.testing.assert_array_equal(np.isfinite(found), np.isfinite(expected))
    assert np.isfinite(found).sum() > 2000
    both = np.isfinite(found)
    assert np.abs(found[both] - expected[both]).max() < 1e-3
