"""Faults of place: coordinate systems, axes, shifts, shapes, communities, points."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from planner.district.gcj02 import wgs84_to_bd09, wgs84_to_gcj02
from tests.data.broken.catalogue import PEOPLE, at, case
from tests.data.broken.sound import draw_cross, write_geojson, write_shapefile, write_table

#: where the small district is set down in China: CGCS2000 / 3-degree, zone 40, in Shanghai
IN_CHINA = "EPSG:4528"
IN_CHINA_LAYERS = {
    "buildings": None,
    "streets": at("streets.osm"),
    "communities": at("communities.shp"),
    "people.0": at("communities.shp", **PEOPLE),
    "candidates.0": at("facilities.csv", crs="EPSG:4326", kind="school"),
}


def without(frame, path, *suffixes):
    write_shapefile(frame, path)
    for suffix in suffixes:
        path.with_suffix(suffix).unlink()


def moved(frame, crs, dx, dy):
    """Set a layer down elsewhere, as if it had been drawn there."""
    return gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=frame.translate(dx, dy).array).set_crs(
        crs, allow_override=True
    )


def to_china(frame):
    return moved(frame, IN_CHINA, 40_500_000 + 135_000 - 384_000, 3_460_000 - 5_935_000)


def with_xy(frame, **columns):
    points = frame.geometry.representative_point()
    return pd.DataFrame(frame.drop(columns="geometry")).assign(x=points.x, y=points.y, **columns)


@case("missing-prj", "facilities.0", at("facilities.shp"), "missing-crs")
def _(sound, folder):
    without(sound.facilities, folder / "facilities.shp", ".prj")


@case("missing-prj-in-degrees", "facilities.0", at("facilities.shp"), "missing-crs")
def _(sound, folder):
    without(sound.facilities.to_crs(4326), folder / "facilities.shp", ".prj")


@case("missing-prj-with-zone-number", "communities", at("communities.shp"), "missing-crs")
def _(sound, folder):
    without(to_china(sound.communities), folder / "communities.shp", ".prj")


@case("garbage-prj", "facilities.0", at("facilities.shp"), "missing-crs")
def _(sound, folder):
    without(sound.facilities, folder / "facilities.shp", ".prj")
    (folder / "facilities.prj").write_text("Xian 1980, ask Mr Wang")


@case("csv-without-crs", "facilities.0", at("facilities.csv"), "missing-crs")
def _(sound, folder):
    write_table(with_xy(sound.facilities), folder / "facilities.csv")


@case("unknown-crs", "facilities.0", at("facilities.csv", crs="EPSG:999999"), "unknown-crs")
def _(sound, folder):
    write_table(with_xy(sound.facilities), folder / "facilities.csv")


@case("metres-called-degrees", "facilities.0", at("facilities.csv", crs="EPSG:4326"), "coordinates-outside-crs")
def _(sound, folder):
    write_table(with_xy(sound.facilities), folder / "facilities.csv")


@case("degrees-called-metres", "facilities.0", at("facilities.csv", crs="EPSG:25833"), "coordinates-outside-crs")
def _(sound, folder):
    write_table(with_xy(sound.facilities.to_crs(4326)), folder / "facilities.csv")


@case("zone-number-not-in-crs", "communities", at("communities.shp", crs="EPSG:4549"), "coordinates-outside-crs")
def _(sound, folder):
    without(to_china(sound.communities), folder / "communities.shp", ".prj")


@case(
    "swapped-axes",
    "facilities.0",
    at("facilities.csv", crs="EPSG:25833", columns={"x": "北", "y": "东"}),
    "swapped-axes",
)
def _(sound, folder):
    write_table(with_xy(sound.facilities).rename(columns={"x": "东", "y": "北"}), folder / "facilities.csv")


@case(
    "latitude-first-in-china",
    "facilities.0",
    at("facilities.csv", crs="EPSG:4490", columns={"x": "lat", "y": "lng"}),
    "swapped-axes",
)
def _(sound, folder):
    degrees = to_china(sound.facilities).to_crs(4490)
    write_table(with_xy(degrees).rename(columns={"x": "lng", "y": "lat"}), folder / "facilities.csv")


@case(
    "latitude-first-in-europe",
    "facilities.0",
    at("facilities.csv", crs="EPSG:4326", columns={"x": "lat", "y": "lng"}),
    "no-overlap",
)
def _(sound, folder):
    write_table(
        with_xy(sound.facilities.to_crs(4326)).rename(columns={"x": "lng", "y": "lat"}), folder / "facilities.csv"
    )


@case("wrong-zone", "facilities.0", at("facilities.csv", crs="EPSG:25832"), "no-overlap")
def _(sound, folder):
    write_table(with_xy(sound.facilities), folder / "facilities.csv")


@case(
    "feet",
    "facilities.0",
    at("facilities.csv", crs="+proj=utm +zone=33 +ellps=GRS80 +units=us-ft"),
    "not-metres",
    "note",
)
def _(sound, folder):
    feet = sound.facilities.to_crs("+proj=utm +zone=33 +ellps=GRS80 +units=us-ft")
    write_table(with_xy(feet), folder / "facilities.csv")


def _shifted(sound, folder, shift):
    homes = to_china(sound.buildings.iloc[:40])
    quarters = to_china(sound.communities)
    write_shapefile(quarters, folder / "communities.shp")
    draw_cross(quarters, folder / "streets.osm")
    inside = gpd.sjoin(homes.assign(geometry=homes.representative_point()), quarters[["name", "geometry"]])
    degrees = inside.to_crs(4326)
    lon, lat = shift(degrees.geometry.x.to_numpy(), degrees.geometry.y.to_numpy())
    rows = pd.DataFrame({"id": degrees["id"], "service": "childcare", "community": degrees["name"], "area_m2": 300})
    write_table(rows.assign(lng=np.round(lon, 6), lat=np.round(lat, 6)), folder / "facilities.csv")


@case(
    "gcj02-unsaid",
    "facilities.0",
    at("facilities.csv", crs="EPSG:4326"),
    "probable-shift",
    "warning",
    layers=IN_CHINA_LAYERS,
)
def _(sound, folder):
    _shifted(sound, folder, wgs84_to_gcj02)


@case(
    "bd09-unsaid",
    "facilities.0",
    at("facilities.csv", crs="EPSG:4326"),
    "probable-shift",
    "warning",
    layers=IN_CHINA_LAYERS,
)
def _(sound, folder):
    _shifted(sound, folder, wgs84_to_bd09)


@case(
    "called-gcj02-but-is-not",
    "facilities.0",
    at("facilities.csv", crs="gcj02"),
    "doubtful-shift",
    "warning",
    layers=IN_CHINA_LAYERS,
)
def _(sound, folder):
    _shifted(sound, folder, lambda lon, lat: (lon, lat))


@case("null-geometry", "facilities.0", at("facilities.geojson"), "null-geometry", "warning")
def _(sound, folder):
    shapes = [None, *sound.facilities.geometry.iloc[1:]]
    write_geojson(
        sound.facilities.set_geometry(gpd.GeoSeries(shapes, crs=sound.facilities.crs)), folder / "facilities.geojson"
    )


@case("nothing-drawn", "communities", at("communities.geojson"), "nothing-drawn")
def _(sound, folder):
    shapes = gpd.GeoSeries([None] * len(sound.communities), crs=sound.communities.crs)
    write_geojson(sound.communities.set_geometry(shapes), folder / "communities.geojson")


@case("bow-tie", "communities", at("communities.geojson"), "invalid-geometry", "warning")
def _(sound, folder):
    shapes = list(sound.communities.geometry)
    x0, y0, x1, y1 = shapes[0].bounds
    shapes[0] = shapely.Polygon([(x0, y0), (x1, y1), (x1, y0), (x0, y1)])
    write_geojson(
        sound.communities.set_geometry(gpd.GeoSeries(shapes, crs=sound.communities.crs)), folder / "communities.geojson"
    )


@case("ring-not-closed", "communities", at("communities.geojson"), "unreadable-geometry", "warning")
def _(sound, folder):
    write_geojson(
        sound.communities.simplify(50).to_frame("geometry").join(sound.communities.drop(columns="geometry")),
        folder / "communities.geojson",
    )
    text = (folder / "communities.geojson").read_text()
    start = text.index("[ [ [") + 4
    ring_end = text.index("] ] ]", start)
    last = text.rindex(", [", start, ring_end)
    (folder / "communities.geojson").write_text(text[:last] + " " + text[ring_end:][1:])


@case("heights", "facilities.0", at("facilities.geojson"), "heights-dropped", "note")
def _(sound, folder):
    write_geojson(
        sound.facilities.set_geometry(shapely.force_3d(sound.facilities.geometry, 20.0)), folder / "facilities.geojson"
    )


@case("mixed-shapes", "facilities.0", at("facilities.geojson"), "mixed-geometry", "note")
def _(sound, folder):
    shapes = [sound.facilities.geometry.iloc[0].buffer(10), *sound.facilities.geometry.iloc[1:]]
    write_geojson(
        sound.facilities.set_geometry(gpd.GeoSeries(shapes, crs=sound.facilities.crs)), folder / "facilities.geojson"
    )


@case("communities-as-lines", "communities", at("communities.shp"), "wrong-geometry")
def _(sound, folder):
    write_shapefile(sound.communities.set_geometry(sound.communities.boundary), folder / "communities.shp")


@case("communities-as-points", "communities", at("communities.shp"), "wrong-geometry")
def _(sound, folder):
    write_shapefile(
        sound.communities.set_geometry(sound.communities.representative_point()), folder / "communities.shp"
    )


@case(
    "unreadable-coordinates",
    "facilities.0",
    at("facilities.csv", crs="EPSG:25833"),
    "unreadable-coordinates",
    "warning",
)
def _(sound, folder):
    rows = with_xy(sound.facilities).astype({"x": object})
    rows.loc[0, "x"] = "见附图"
    write_table(rows, folder / "facilities.csv")


@case("communities-overlap", "communities", at("communities.shp"), "communities-overlap", "warning")
def _(sound, folder):
    shapes = [sound.communities.geometry.iloc[0].buffer(40), *sound.communities.geometry.iloc[1:]]
    write_shapefile(
        sound.communities.set_geometry(gpd.GeoSeries(shapes, crs=sound.communities.crs)), folder / "communities.shp"
    )


@case("communities-with-gap", "communities", at("communities.shp"), "communities-gap", "warning")
def _(sound, folder):
    whole = shapely.union_all(sound.communities.geometry)
    hole = max(sound.communities.geometry, key=lambda shape: shape.area).representative_point().buffer(60)
    assert whole.contains(hole)
    write_shapefile(sound.communities.set_geometry(sound.communities.difference(hole)), folder / "communities.shp")


@case("buildings-outside", "buildings", at("buildings.shp"), "buildings-outside", "note")
def _(sound, folder):
    far = sound.buildings.iloc[:20].assign(id=[f"far{i}" for i in range(20)]).translate(9000, 0)
    some = sound.buildings.iloc[:40].copy()
    some.loc[some.index[:20], "geometry"] = far.array
    write_shapefile(some, folder / "buildings.shp")


@case("stacked-on-a-fallback", "facilities.0", at("facilities.csv", crs="EPSG:25833"), "stacked-points", "warning")
def _(sound, folder):
    rows = with_xy(sound.facilities)
    rows.loc[:4, ["x", "y"]] = rows.loc[0, ["x", "y"]].to_numpy()
    write_table(rows, folder / "facilities.csv")


@case("doubled-rows", "facilities.0", at("facilities.csv", crs="EPSG:25833"), "duplicate-points", "warning")
def _(sound, folder):
    rows = with_xy(sound.facilities)
    write_table(pd.concat([rows, rows.iloc[:2].assign(id=["again1", "again2"])]), folder / "facilities.csv")


@case("two-at-one-door", "facilities.0", at("facilities.csv", crs="EPSG:25833"), "shared-points", "note")
def _(sound, folder):
    rows = with_xy(sound.facilities)
    rows.loc[1, ["x", "y"]] = rows.loc[0, ["x", "y"]].to_numpy()
    write_table(rows, folder / "facilities.csv")


@case(
    "outside-stated-community",
    "facilities.0",
    at("facilities.csv", crs="EPSG:25833"),
    "outside-stated-community",
    "warning",
)
def _(sound, folder):
    write_table(with_xy(sound.facilities, community="Am Oberbach"), folder / "facilities.csv")


@case("stated-community-unknown", "facilities.0", at("facilities.csv", crs="EPSG:25833"), "unknown-community", "note")
def _(sound, folder):
    write_table(with_xy(sound.facilities, community="五角场镇"), folder / "facilities.csv")


@case("stated-community-blank", "facilities.0", at("facilities.csv", crs="EPSG:25833"), "blank-community", "note")
def _(sound, folder):
    write_table(with_xy(sound.facilities, community=""), folder / "facilities.csv")


@case("facilities-outside", "facilities.0", at("facilities.csv", crs="EPSG:25833"), "places-outside", "note")
def _(sound, folder):
    rows = with_xy(sound.facilities)
    rows.loc[0, "x"] += 5000
    write_table(rows, folder / "facilities.csv")


@case(
    "estate-without-gate",
    "estates",
    at("estates.geojson"),
    "estate-without-gate",
    "warning",
    layers={"gates": at("gates.geojson")},
)
def _(sound, folder):
    estates = sound.communities.iloc[:2].set_geometry(sound.communities.iloc[:2].representative_point().buffer(80))
    write_geojson(estates[["id", "name", "geometry"]], folder / "estates.geojson")
    gate = estates.iloc[:1].set_geometry(estates.iloc[:1].representative_point().translate(80, 0))
    write_geojson(gate[["id", "geometry"]], folder / "gates.geojson")


@case("some-at-zero-zero", "facilities.0", at("facilities.csv", crs="EPSG:4326"), "stray-coordinates", "warning")
def _(sound, folder):
    rows = with_xy(sound.facilities.to_crs(4326))
    rows.loc[:1, ["x", "y"]] = 0.0
    write_table(rows, folder / "facilities.csv")
