"""Districts on both sides of 180°: drawn in one piece on every page, and stored in the metres of one zone."""

import base64
import dataclasses

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Transformer

from planner.report import meeting, payload, public, web_map
from planner.report.encoding import continuous_degrees, unpack
from planner.report.geopackage import write_geopackage
from tests.unit.report.small_run import small_run


def moved(run, zone, east, north):
    """The town of the run where the zone's system has its corner at these degrees."""
    x, y = Transformer.from_crs(4326, zone, always_xy=True).transform(east, north)
    west, south = run.tables.communities.total_bounds[:2]
    tables = {}
    for part in dataclasses.fields(run.tables):
        frame = getattr(run.tables, part.name)
        if isinstance(frame, gpd.GeoDataFrame):
            shapes = frame.geometry.translate(x - west - 1200, y - south).set_crs(zone, allow_override=True)
            frame = frame.set_geometry(shapes)
        tables[part.name] = frame
    return dataclasses.replace(run, tables=type(run.tables)(**tables))


def longitudes(run):
    """Longitudes of everything that pages draw."""
    ground, room = web_map.ground(run), meeting.ground(run)
    asked = payload.problem_data(run)["demand"]
    steps = np.cumsum(_numbers(asked["lon"])) / 1e6
    packed = [ground["communities"]["shapes"], room["communities"]["shapes"], payload.square_shapes(run)]
    streets = payload.packed_streets(run.tables.streets, run.tables.communities)
    packed += [streets[name] for name in ("path", "street", "main")]
    found = [line[:, 0] for layer in packed for line in unpack(layer)]
    focus = payload.focus(run)
    public_points = public._communities(run)["lon"]
    return np.concatenate(
        [
            *found,
            steps,
            web_map.places(run)["lon"],
            meeting.places(run)["lon"],
            public_points,
            [focus[0][1], focus[1][1]],
        ]
    )


def _numbers(text):
    """Differences out of the page's own text: zigzag numbers in digits of seven bits, least first."""
    found, number, place = [], 0, 0
    for byte in base64.b64decode(text):
        number, place = number | (byte & 127) << place, place + 7
        if byte < 128:
            found.append((number >> 1) ^ -(number & 1))
            number = place = 0
    return np.array(found)


@pytest.mark.deep_after(1)
@pytest.mark.parametrize(("zone", "east"), [(32660, 180.0), (32601, 180.0), (32760, 180.0), (32701, -180.0)], ids=str)
def test_every_page_draws_the_district_in_one_piece(zone, east):
    north = -16.8 if zone > 32700 else 66.0
    run = moved(small_run(), zone, east, north)
    drawn = longitudes(run)
    side = 180.0 if str(zone).endswith("60") else -180.0
    assert drawn.min() < side < drawn.max()
    assert drawn.max() - drawn.min() < 0.2
    # as many on either side as lie there
    homes = run.tables.demand.geometry.to_crs(4326).x
    steps = continuous_degrees(run.tables.demand.geometry).x
    assert ((homes < 0) == (steps > 180 if side > 0 else steps > -180)).all()


@pytest.mark.deep_after(1)
@pytest.mark.parametrize("zone", [32660, 32701])
def test_the_geopackage_holds_metres_of_one_zone(tmp_path, zone):
    run = moved(small_run(), zone, 180.0, -16.8 if zone > 32700 else 66.0)
    write_geopackage(run, tmp_path / "plan.gpkg")
    for layer in ("communities", "demand", "candidates", "openings", "circles", "streets"):
        stored = gpd.read_file(tmp_path / "plan.gpkg", layer=layer)
        assert stored.crs.to_epsg() == zone
        west, _, east, _ = stored.total_bounds
        assert east - west < 20_000
    communities = gpd.read_file(tmp_path / "plan.gpkg", layer="communities")
    # not mirrored: what lies east in the tables lies east in the file
    assert np.array_equal(communities.centroid.x.argsort(kind="stable"), run.tables.communities.centroid.x.argsort(kind="stable"))  # fmt: skip


def test_elsewhere_no_degree_changes():
    run = small_run()
    for frame in (run.tables.communities, run.tables.demand, run.tables.streets):
        assert continuous_degrees(frame.geometry).geom_equals_exact(frame.geometry.to_crs(4326), 0).all()


@pytest.mark.parametrize(("crs", "turned"), [(3832, True), (3460, True), (32633, False), (3413, False)])
def test_the_choice_is_that_of_the_projection(crs, turned):
    east, west = (179.9, -179.9) if turned else (14.0, 16.0)
    there = gpd.GeoSeries(
        shapely.points([[east, -17.0 if crs == 3460 else 60.0], [west, -17.0 if crs == 3460 else 60.0]]), crs=4326
    )
    drawn = continuous_degrees(there.to_crs(crs)).x
    assert list(drawn.round(6)) == [east, west + 360 if turned else west]
