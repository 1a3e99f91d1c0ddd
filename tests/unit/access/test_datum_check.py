"""Points that lie along the streets only once a web map's shift is taken back: reported with the evidence, never moved."""

from itertools import product
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pytest
import shapely

from planner.access import read_network
from planner.access.checks import check_streets
from planner.access.datum_check import _hits_along_streets, _shift_test
from planner.district import read_district
from planner.district.checks.datum import (
    MAX_SAMPLE,
    SAMPLE_SPACING_M,
    HitCounts,
    random_shift_test,
    standardised_fit,
)
from planner.district.gcj02 import wgs84_to_bd09, wgs84_to_gcj02
from tests.unit.access.osm_street import CRS as STREET_CRS
from tests.unit.access.osm_street import STREET, node, nodes, spots, tags, way, written
from tests.unit.district.conftest import CRS, HandDrawn, X, Y

pytestmark = pytest.mark.deep

SHIFTS = {"gcj02": wgs84_to_gcj02, "bd09": wgs84_to_bd09}
LANES_M = 230.0


def doors(n_side=9, off_m=12.0):
    """Points beside the lanes of a town, each in another block and on another part of it."""
    row, column = np.divmod(np.arange(n_side * n_side), n_side)
    along = (column + 0.2 + 0.07 * (row % 9)) * LANES_M
    return np.column_stack([along, row * LANES_M + off_m]) - 1000


def shifted(xy, shift):
    """Return points in degrees, as a map with that shift would hand them out."""
    degrees = gpd.GeoSeries(shapely.points(xy + np.array([X, Y])), crs=CRS).to_crs(4326)
    lon, lat = degrees.x.to_numpy(), degrees.y.to_numpy()
    return gpd.GeoSeries(shapely.points(*(SHIFTS[shift](lon, lat) if shift else (lon, lat))), crs=4326)


def town(tmp_path, points, **facilities):
    """Lanes 230 m apart from west to east, a few across, and facilities at ``points``."""
    drawn = HandDrawn(tmp_path)
    drawn.streets = [[(-3000, y), (0, y), (4000, y)] for y in np.arange(-13, 18) * LANES_M - 1000]
    drawn.streets += [[(x, -3990), (x, 2910)] for x in np.arange(-3000, 4001, 6 * LANES_M)]
    drawn.facilities = gpd.GeoDataFrame(
        {"id": [f"f{i}" for i in range(len(points))], "name": "食堂", "service": "canteen"}, geometry=points
    )
    drawn.layers["facilities"] = [{"path": "facilities.gpkg", **facilities}]
    study = drawn.study()
    district = read_district(study, drawn.folder)
    network = read_network(drawn.folder / "streets.osm", district.crs)
    found = {finding.code: finding for finding in check_streets(study, district, network)}
    return district, {code: finding for code, finding in found.items() if "shift" in code}


@pytest.mark.parametrize("shift", ["gcj02", "bd09"])
def test_an_undeclared_shift_is_seen_by_the_streets(tmp_path, shift):
    points = shifted(doors(), shift)
    district, found = town(tmp_path, points)
    seen = found.pop("probable-shift-by-streets")
    assert not found
    assert seen.severity == "warning"
    assert seen.layer == "layers.facilities.0"
    said = seen.evidence
    assert said["shift"] == shift
    assert said["tested"] == len(points)
    assert said[shift] == said["moved"] == 1.0
    assert said["as_is"] < 0.5
    assert said[f"{shift}_m"] == pytest.approx(12, abs=1.5)
    assert said["as_is_m"] > 30
    for language, words in (("zh", "距道路不到 30 m"), ("en", "within 30 m of a street as they are")):
        assert words in seen.what(language)
        assert f"crs: {shift}" in seen.hint(language)
    # reported, not converted: the points are where the file says
    as_read = points.to_crs(CRS)
    np.testing.assert_allclose(district.facilities.geometry.x, as_read.x, atol=1e-3)
    np.testing.assert_allclose(district.facilities.geometry.y, as_read.y, atol=1e-3)


def test_points_where_they_belong_are_not_suspected(tmp_path):
    assert town(tmp_path, shifted(doors(), ""))[1] == {}


def test_a_shift_that_is_declared_is_taken_back_and_not_suspected(tmp_path):
    assert town(tmp_path, shifted(doors(), "gcj02"), crs="gcj02")[1] == {}


def test_a_shift_that_is_declared_but_not_there_is_doubted(tmp_path):
    _, found = town(tmp_path, shifted(doors(), ""), crs="GCJ-02")
    doubted = found.pop("doubtful-shift-by-streets")
    assert not found
    assert doubted.evidence["shift"] == "gcj02"
    assert doubted.evidence["moved"] == 1.0
    assert "unconverted" in doubted.what("en")


def test_points_anywhere_are_not_suspected(tmp_path):
    random = np.random.default_rng(3)
    anywhere = random.uniform(-1000, 1000, (200, 2))
    assert town(tmp_path, shifted(anywhere, ""))[1] == {}


def test_a_layer_far_larger_than_the_streets_is_no_evidence(tmp_path):
    # most points lie beyond the extract; with a shift taken back other ones would lie in it
    random = np.random.default_rng(4)
    assert town(tmp_path, shifted(random.uniform(-20_000, 20_000, (2000, 2)), ""))[1] == {}


def test_what_is_kept_for_the_streets_is_thinned_alike_every_time(tmp_path):
    random = np.random.default_rng(5)
    everywhere = shifted(random.uniform(-50_000, 50_000, (9000, 2)), "")
    (tmp_path / "again").mkdir()
    once, again = (town(folder, everywhere)[0].datum_samples for folder in (tmp_path, tmp_path / "again"))
    kept = {placed.layer: placed.xy for placed in once}["layers.facilities.0"]
    assert len(kept) == MAX_SAMPLE
    assert len(np.unique(kept // SAMPLE_SPACING_M, axis=0)) == len(kept)
    for one, other in zip(once, again, strict=True):
        np.testing.assert_array_equal(one.xy, other.xy)


def test_points_on_a_fallback_and_points_outside_china_are_not_tested(tmp_path, monkeypatch):
    district, found = town(tmp_path, shifted(np.full((9, 2), 5.0), ""))
    assert "layers.facilities.0" not in {placed.layer for placed in district.datum_samples}
    assert found == {}
    assert {placed.layer for placed in district.datum_samples} == {"layers.candidates.0", "layers.buildings"}
    (tmp_path / "abroad").mkdir()
    monkeypatch.setattr("planner.district.checks.datum.in_china", lambda lon, _: np.zeros(len(lon), dtype=bool))
    assert town(tmp_path / "abroad", shifted(doors(), "gcj02"))[0].datum_samples == ()


def test_beside_a_street_and_beside_a_road_are_counted_apart(tmp_path):
    text = nodes() + way(1, STREET) + node(90, -200, 200) + node(91, 1200, 200)
    path = written(tmp_path / "town.osm", text + way(2, [90, 91], said=tags(highway="footway")))
    network = read_network(path, STREET_CRS)
    # on the carriageway, at a door, just within 30 m, beyond, beside the footway, nowhere near
    places = np.concatenate([spots(500, y=y) for y in (3, 12, 29, 31, 212, 900)])
    hits = _hits_along_streets(places[:, None], network, shapely.STRtree(network.lines))
    assert hits["streets"].hits.tolist() == [1, 1, 1, 0, 1, 0]
    assert hits["roads"].hits.tolist() == [0, 1, 1, 0, 0, 0]
    assert hits["streets"].tested.tolist() == hits["roads"].tested.tolist()


@pytest.mark.parametrize(("share", "asked"), [(0.4, "roads"), (0.02, "streets")])
def test_roads_are_asked_instead_of_streets_unless_they_are_few(share, asked):
    random, first, n = np.random.default_rng(1), 3, 400
    tried = SimpleNamespace(first_reference=first)

    def hits(usual, shift):
        found = random.binomial(100, usual, n).astype(np.float64)
        found[:first] = 100 * usual
        found[shift] = min(100.0, 100 * usual + 40)
        return HitCounts(found, np.full(n, 100.0), 100)

    # streets fit better with the second shift by a little, roads with the first
    counts = {"streets": hits(0.5, 2), "roads": hits(share, 1)}
    test = _shift_test([counts], tried)
    alone = _shift_test([{"streets": counts["streets"], "roads": hits(0.0, 0)}], tried)
    assert alone.shift == 1
    scores = [standardised_fit(count, first) for count in counts.values()]
    expected = random_shift_test(scores[1:] if asked == "roads" else scores, first)
    assert (test.shift, test.chance) == (expected.shift, expected.chance)


#: where lanes cross the town of blocks: unevenly, for an even grid fits under many displacements (metres)
CROSSES_M = np.cumsum(np.random.default_rng(8).uniform(120, 420, (2, 34)), axis=1) - 4500


def blocks(shift):
    """Communities of two by two blocks between the lanes, as a map with that shift would hand them out."""
    x, y = ([cross for cross in lines if -1600 < cross < 1600][::2] for lines in CROSSES_M)
    boxes = [shapely.box(*low, *high) for low, high in zip(product(x[:-1], y[:-1]), product(x[1:], y[1:]), strict=True)]
    xy, owner = shapely.get_coordinates([shapely.segmentize(one, 60) for one in boxes], return_index=True)
    moved = shapely.get_coordinates(shifted(xy, shift).array)
    return [shapely.Polygon(moved[owner == i]) for i in range(len(boxes))]


def uneven_doors(shift):
    """Points 12 m beside the lanes of the town of blocks."""
    random = np.random.default_rng(9)
    y = random.choice(CROSSES_M[1][np.abs(CROSSES_M[1]) < 1300], 60) + 12
    return shifted(np.column_stack([random.uniform(-1300, 1300, 60), y]), shift)


def town_of_blocks(tmp_path, shift, points, **block):
    """Lanes that cross unevenly, with communities that carry ``shift`` and facilities at ``points``."""
    drawn = HandDrawn(tmp_path)
    across, along = CROSSES_M.tolist()
    drawn.streets = [[(x, y) for x in across] for y in along] + [[(x, y) for y in along] for x in across]
    shapes = blocks(shift)
    drawn.communities = gpd.GeoDataFrame(
        {"id": [f"c{i}" for i in range(len(shapes))], "name": "甲", "street": "一街", "elders": 10, "toddlers": 5},
        geometry=shapes,
        crs=4326,
    )
    drawn.facilities = gpd.GeoDataFrame(
        {"id": [f"f{i}" for i in range(len(points))], "name": "食堂", "service": "canteen"}, geometry=points
    )
    drawn.candidates = drawn.facilities.assign(id=[f"s{i}" for i in range(len(points))], kind="school", area_m2=400.0)
    drawn.layers |= {
        "communities": {"path": "communities.gpkg", "roll_up": ["street"], **block},
        "people": [{**drawn.layers["people"][0], **block}],
        "facilities": [{"path": "facilities.gpkg", **block}],
        "candidates": [{"path": "candidates.gpkg", "kind": "school", **block}],
    }
    drawn.layers.pop("buildings")
    study = drawn.study()
    district = read_district(study, drawn.folder)
    network = read_network(drawn.folder / "streets.osm", district.crs)
    return {f.code: f for f in check_streets(study, district, network) if f.code.startswith("communities-")}


@pytest.mark.parametrize("shift", ["gcj02", "bd09"])
def test_communities_that_carry_the_shift_of_their_points_are_seen(tmp_path, shift):
    found = town_of_blocks(tmp_path, shift, uneven_doors(shift))
    (seen,) = found.values()
    assert (seen.code, seen.severity, seen.layer) == ("communities-shifted", "warning", "layers.communities")
    assert seen.evidence["shift"] == shift
    assert seen.evidence["moved"] > 0.95
    assert seen.evidence["as_is"] < 0.6
    assert seen.evidence["beside_moved"] == 1.0
    assert f"crs: {shift}" in seen.hint("en")
    assert "偏移" in seen.what("zh")


def test_communities_alone_that_are_shifted_are_seen(tmp_path):
    assert list(town_of_blocks(tmp_path, "gcj02", uneven_doors(""))) == ["communities-shifted"]


def test_communities_where_they_belong_are_not_suspected(tmp_path):
    assert town_of_blocks(tmp_path, "", uneven_doors("")) == {}
    (tmp_path / "shifted points").mkdir()
    assert town_of_blocks(tmp_path / "shifted points", "", uneven_doors("gcj02")) == {}


def test_communities_that_declare_their_shift_are_not_suspected(tmp_path):
    assert town_of_blocks(tmp_path, "gcj02", uneven_doors("gcj02"), crs="gcj02") == {}
