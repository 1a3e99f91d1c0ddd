import geopandas as gpd
import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, MultiPolygon, Polygon, box

from planner.report.encoding import ALPHABET, PER_DEGREE, pack_lines, pack_polygons, unpack

degrees = st.tuples(st.floats(-180, 180), st.floats(-90, 90))


@given(st.lists(st.lists(degrees, min_size=2, max_size=6), min_size=1, max_size=5))
def test_lines_come_back_within_half_a_millionth_of_a_degree(lines):
    packed = pack_lines(gpd.GeoSeries([LineString(line) for line in lines]))
    back = unpack(packed)
    assert len(back) == len(lines)
    for line, found in zip(lines, back, strict=True):
        rounded = np.round(np.array(line) * PER_DEGREE)
        kept = np.concatenate([[True], (rounded[1:] != rounded[:-1]).any(axis=1)])
        np.testing.assert_allclose(found * PER_DEGREE, rounded[kept], atol=0.01)


def test_the_text_needs_no_escaping():
    packed = pack_lines(gpd.GeoSeries([LineString([(-179.9, 89.9), (179.9, -89.9), (0, 0)])]))
    assert set(packed["points"]) <= set(ALPHABET)


def test_rings_of_a_feature_stay_together():
    ring = Polygon(box(0, 0, 10, 10).exterior, [box(2, 2, 4, 4).exterior])
    two = MultiPolygon([box(20, 0, 21, 1), box(22, 0, 23, 1)])
    packed = pack_polygons(gpd.GeoSeries([ring, two, Polygon(), box(30, 0, 31, 1)]))
    assert packed["rings"] == [2, 2, 0, 1]
    rings = unpack(packed)
    assert shapely.polygons(rings[0]).area == 100
    assert shapely.polygons(rings[1]).area == 4


def test_nothing_packs_to_nothing():
    assert pack_lines(gpd.GeoSeries([], dtype="geometry")) == {"points": "", "counts": []}
    assert pack_polygons(gpd.GeoSeries([], dtype="geometry")) == {"points": "", "counts": [], "rings": []}
    assert unpack({"points": "", "counts": []}) == []


def test_multi_lines_fall_apart_and_empty_ones_vanish():
    series = gpd.GeoSeries([shapely.MultiLineString([[(0, 0), (1, 1)], [(2, 2), (3, 3)]]), LineString(), None])
    assert pack_lines(series)["counts"] == [2, 2]
