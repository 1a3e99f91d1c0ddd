"""A small district whose few rooms carry an undeclared shift: layers pooled, communities asked too, weak evidence said."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from planner.access import read_network
from planner.access.checks import check_streets
from planner.district import read_district
from planner.district.gcj02 import wgs84_to_bd09, wgs84_to_gcj02
from tests.unit.district.conftest import CRS, HandDrawn, X, Y

SHIFTS = {"gcj02": wgs84_to_gcj02, "bd09": wgs84_to_bd09}
#: half the side of the district, and how far its streets go on
HALF_M, STREETS_M = 700.0, 2500.0


def irregular_streets(random):
    """Streets at uneven distances, slightly askew, cut at their crossings: no displacement maps them onto themselves."""
    along = np.cumsum(random.uniform(80, 330, 60)) - STREETS_M
    across = np.cumsum(random.uniform(80, 330, 60)) - STREETS_M
    along, across = along[along < STREETS_M], across[across < STREETS_M]
    bend = random.uniform(-0.06, 0.06, (2, 60))
    knots = np.array(
        [[(x + bend[0, i] * y, y + bend[1, j] * x) for j, y in enumerate(across)] for i, x in enumerate(along)]
    ).round(1)
    rows = [[tuple(p) for p in knots[i]] for i in range(len(along))]
    return rows + [[tuple(p) for p in knots[:, j]] for j in range(len(across))]


def doors(random, streets, n):
    """Points 5 to 25 m beside the streets inside the district."""
    lines = shapely.linestrings([shapely.get_coordinates(shapely.LineString(s)) for s in streets[0:0]]) if 0 else None
    lines = np.array([shapely.LineString(street) for street in streets], dtype=object)
    found = []
    while len(found) < n:
        line = lines[random.integers(len(lines))]
        at = random.uniform(0, line.length - 1)
        (x, y), (x1, y1) = (line.interpolate(at + more).coords[0] for more in (0, 1))
        off = random.uniform(5, 25) * random.choice([-1, 1])
        point = (x - (y1 - y) * off, y + (x1 - x) * off)
        if max(np.abs(point)) < HALF_M:
            found.append(point)
    return np.array(found)


def shifted(xy, shift):
    degrees = gpd.GeoSeries(shapely.points(xy + np.array([X, Y])), crs=CRS).to_crs(4326)
    lon, lat = degrees.x.to_numpy(), degrees.y.to_numpy()
    return gpd.GeoSeries(shapely.points(*(SHIFTS[shift](lon, lat) if shift else (lon, lat))), crs=4326)


def found_in(folder, *, shift, rooms=60, facilities=5, seed=1, **of_layers):
    """Findings about shifts in a district of four communities, its rooms and facilities as a map would hand them out."""
    random = np.random.default_rng(seed)
    drawn = HandDrawn(folder)
    drawn.streets = irregular_streets(random)
    quarter = [(-HALF_M, -HALF_M), (0, -HALF_M), (-HALF_M, 0), (0, 0)]
    drawn.communities = drawn.communities.set_geometry(
        [shapely.box(X + x, Y + y, X + x + HALF_M, Y + y + HALF_M) for x, y in quarter], crs=CRS
    )
    drawn.buildings = None
    drawn.layers.pop("buildings")
    at = shifted(doors(random, drawn.streets, rooms + facilities), shift)
    drawn.candidates = gpd.GeoDataFrame(
        {"id": [f"s{i}" for i in range(rooms)], "kind": "school", "area_m2": 300.0}, geometry=at[:rooms].array, crs=4326
    )
    drawn.facilities = gpd.GeoDataFrame(
        {"id": [f"f{i}" for i in range(facilities)], "service": "canteen"}, geometry=at[rooms:].array, crs=4326
    )
    for name in ("candidates", "facilities"):
        drawn.layers[name] = [{"path": f"{name}.gpkg", **of_layers}]
    study = drawn.study()
    district = read_district(study, drawn.folder)
    network = read_network(drawn.folder / "streets.osm", district.crs)
    every = [*district.findings, *check_streets(study, district, network)]
    return [finding for finding in every if "shift" in finding.code]


@pytest.mark.deep_after(1)
@pytest.mark.parametrize("shift", ["gcj02", "bd09"])
def test_sixty_rooms_and_five_facilities_betray_an_undeclared_shift(tmp_path, shift):
    found = found_in(tmp_path, shift=shift)
    assert {finding.evidence["shift"] for finding in found} == {shift}
    assert {finding.severity for finding in found} <= {"warning"}
    for finding in found:
        assert "shift" in finding.what("en") or "taken back" in finding.what("en")
        assert f"crs: {shift}" in finding.hint("zh")


def test_the_same_rooms_where_they_belong_raise_no_alarm(tmp_path):
    assert found_in(tmp_path, shift="") == []


@pytest.mark.deep
def test_rooms_that_declare_the_shift_raise_no_alarm(tmp_path):
    assert found_in(tmp_path, shift="gcj02", crs="gcj02") == []


def extract_of(points, **tags):
    """An OpenStreetMap file of points in degrees, as an editor saves what it imported from a map's places."""
    text = "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
    nodes = "".join(
        f'<node id="{number}" version="1" lon="{point.x:.9f}" lat="{point.y:.9f}">{text}</node>'
        for number, point in enumerate(points, start=1)
    )
    return f'<osm version="0.6">{nodes}</osm>'


def found_in_extracts(folder, *, shift, seed=1, same_file=False, **of_layers):
    """Findings about shifts where rooms and facilities are OpenStreetMap files and no buildings are known."""
    random = np.random.default_rng(seed)
    drawn = HandDrawn(folder)
    drawn.streets = irregular_streets(random)
    drawn.communities = drawn.communities.iloc[:1].set_geometry(
        [shapely.box(X - HALF_M, Y - HALF_M, X + HALF_M, Y + HALF_M)], crs=CRS
    )
    drawn.buildings = drawn.candidates = drawn.facilities = None
    drawn.layers.pop("buildings")
    at = shifted(doors(random, drawn.streets, 30), shift)
    if same_file:
        of_layers |= {"path": "streets.osm"}
    drawn.layers["candidates"] = [
        {
            "path": "rooms.osm",
            "tags": {"building": ["school"]},
            "kind": "school",
            "columns": {"area_m2": "floor_m2"},
            **of_layers,
        }
    ]
    drawn.layers["facilities"] = [
        {"path": "places.osm", "tags": {"amenity": ["canteen"]}, "service": "canteen", **of_layers}
    ]
    (folder / "rooms.osm").write_text(extract_of(at[:25], building="school", floor_m2="300"))
    (folder / "places.osm").write_text(extract_of(at[25:], amenity="canteen"))
    study = drawn.study()
    if same_file:
        offset = extract_of(at, building="school", amenity="canteen", floor_m2="300").replace(
            '<node id="', '<node id="9000'
        )
        streets = (folder / "streets.osm").read_text()
        nodes = offset.removeprefix('<osm version="0.6">').removesuffix("</osm>")
        (folder / "streets.osm").write_text(streets.replace("<way", f"{nodes}<way", 1))
    district = read_district(study, drawn.folder)
    network = read_network(drawn.folder / "streets.osm", district.crs)
    every = [*district.findings, *check_streets(study, district, network)]
    return [finding for finding in every if "shift" in finding.code]


@pytest.mark.parametrize("shift", ["gcj02", "bd09"])
def test_extracts_of_places_without_buildings_betray_an_undeclared_shift(tmp_path, shift):
    found = found_in_extracts(tmp_path, shift=shift)
    assert {finding.evidence["shift"] for finding in found} == {shift}
    assert f"crs: {shift}" in found[0].hint("en")


def test_extracts_of_places_where_they_belong_raise_no_alarm(tmp_path):
    assert found_in_extracts(tmp_path, shift="") == []


def test_places_of_the_file_of_the_streets_lie_as_the_streets_do(tmp_path):
    assert found_in_extracts(tmp_path, shift="", same_file=True) == []
