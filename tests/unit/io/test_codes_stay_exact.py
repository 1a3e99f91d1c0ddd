"""Ids of many digits in every format, ids that formats keep beside the columns, lists, surfaces, tables that are no data."""

import json
import sqlite3
import struct

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from shapely.geometry import Point, box

from planner.io.cells import is_inexact_integer
from planner.io.geometry import footprint, is_surface
from planner.io.read import read_file

LONG = [1234567890123456789, 1234567890123456790]


def texts(column):
    from planner.io.cells import as_text

    return [as_text(value) for value in column]


@pytest.mark.parametrize("name", ["x.gpkg", "x.geojson", "x.fgb", "x.gdb", "x.parquet"])
def test_long_codes_with_one_gap_keep_their_digits(tmp_path, name):
    codes = pd.array([LONG[0], None, LONG[1]], dtype="Int64")
    layer = gpd.GeoDataFrame({"code": codes}, geometry=[Point(i, i) for i in range(3)], crs=4326)
    if name.endswith("parquet"):
        layer.to_parquet(tmp_path / name)
    else:
        driver = {"x.gdb": "OpenFileGDB"}.get(name)
        options = {"layer_options": {"TARGET_ARCGIS_VERSION": "ARCGIS_PRO_3_2_OR_LATER"}} if driver else {}
        pyogrio.write_dataframe(layer, tmp_path / name, driver=driver, use_arrow=True, **options)
    assert sorted(texts(read_file(tmp_path / name).frame["code"])) == ["", *map(str, LONG)]


def test_a_parquet_table_without_shapes_keeps_them_too(tmp_path):
    pd.DataFrame({"code": pd.array([LONG[0], None], dtype="Int64")}).to_parquet(tmp_path / "x.parquet")
    assert texts(read_file(tmp_path / "x.parquet").frame["code"]) == [str(LONG[0]), ""]


def dbf(path, rows, *, width=19, deleted=()):
    """Write a table with one numeric field of ``width`` digits, byte by byte."""
    fields = b"CODE".ljust(11, b"\0") + b"N" + bytes(4) + bytes([width, 0]) + bytes(14)
    records = b"".join(
        (b"*" if at in deleted else b" ") + str("" if row is None else row).rjust(width).encode()
        for at, row in enumerate(rows)
    )
    head = struct.pack("<BBBBIHH", 3, 124, 1, 1, len(rows), 32 + len(fields) + 1, width + 1) + bytes(20)
    path.write_bytes(head + fields + b"\r" + records + b"\x1a")


def test_nineteen_digits_of_a_shapefile_are_nineteen_digits(tmp_path):
    dbf(tmp_path / "x.dbf", [*LONG, None, LONG[0]], deleted=[1])
    assert texts(read_file(tmp_path / "x.dbf").frame["CODE"]) == [str(LONG[0]), "", str(LONG[0])]


def test_shorter_whole_numbers_of_a_shapefile_are_numbers(tmp_path):
    dbf(tmp_path / "x.dbf", [310111, None], width=12)
    assert texts(read_file(tmp_path / "x.dbf").frame["CODE"]) == ["310111", ""]


def collection(path, *features):
    shape = {"type": "Point", "coordinates": [13.0, 53.0]}
    told = [{"type": "Feature", "geometry": shape, "properties": {}, **feature} for feature in features]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": told}))
    return path


@pytest.mark.parametrize("ids", [[5, 7], [LONG[0], LONG[1]], ["a", "b"], ["a", 7], [5, None], [-3, 4]])
def test_top_level_ids_of_geojson_are_ids(tmp_path, ids):
    features = [{"properties": {"n": n}, **({} if i is None else {"id": i})} for n, i in enumerate(ids)]
    frame = read_file(collection(tmp_path / "x.geojson", *features)).frame
    assert texts(frame["id"]) == ["" if i is None else str(i) for i in ids]


def test_a_property_called_id_wins(tmp_path):
    path = collection(tmp_path / "x.geojson", {"id": 5, "properties": {"id": "a"}})
    assert texts(read_file(path).frame["id"]) == ["a"]


def test_a_property_that_stands_twice_is_known(tmp_path):
    path = tmp_path / "x.geojson"
    path.write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null,"properties":{"n":1,"n":2}}]}'
    )
    assert read_file(path).duplicate_headings == {"n": ("n",)}


@pytest.mark.parametrize("name", ["x.gpkg", "x.gdb"])
def test_a_database_that_numbers_its_rows_has_these_ids(tmp_path, name):
    layer = gpd.GeoDataFrame({"n": ["x", "y"]}, geometry=[Point(0, 0), Point(1, 1)], crs=4326)
    pyogrio.write_dataframe(layer, tmp_path / name, driver={"x.gdb": "OpenFileGDB"}.get(name))
    frame = read_file(tmp_path / name).frame
    assert texts(frame[{"x.gpkg": "fid", "x.gdb": "OBJECTID"}[name]]) == ["1", "2"]


@pytest.mark.parametrize("name", ["x.geojson", "x.parquet"])
def test_lists_are_texts_joined_by_semicolons(tmp_path, name):
    if name == "x.geojson":
        services = [["care", "canteen"], ["care"], []]
        path = collection(tmp_path / name, *({"properties": {"service": service}} for service in services))
    else:
        path = tmp_path / name
        pd.DataFrame({"service": [["care", "canteen"], ["care"], []]}).to_parquet(path)
    assert texts(read_file(path).frame["service"]) == ["care;canteen", "care", ""]


def test_styles_of_a_geopackage_are_no_layer(tmp_path):
    layer = gpd.GeoDataFrame({"id": ["a"]}, geometry=[Point(0, 0)], crs=4326)
    pyogrio.write_dataframe(layer, tmp_path / "x.gpkg", layer="rooms")
    pyogrio.write_dataframe(pd.DataFrame({"styleName": ["x"]}), tmp_path / "x.gpkg", layer="layer_styles")
    assert texts(read_file(tmp_path / "x.gpkg").frame["id"]) == ["a"]
    assert list(read_file(tmp_path / "x.gpkg", "layer_styles").frame["styleName"]) == ["x"]


@pytest.mark.parametrize(("value", "lost"), [(2.0**53, True), (2.0**53 - 1, False), (2**60, False), (1.5, False)])
def test_floats_beyond_whole_numbers_are_nobodys_code(value, lost):
    assert is_inexact_integer(value) is lost


def polygon_z(code, *rings):
    body = b"".join(
        struct.pack("<I", len(ring)) + b"".join(struct.pack("<ddd", *point) for point in ring) for ring in rings
    )
    return struct.pack("<BI", 1, code) + struct.pack("<I", len(rings)) + body


def surface(code, *faces):
    return struct.pack("<BI", 1, code) + struct.pack("<I", len(faces)) + b"".join(faces)


FLOOR = [[(0, 0, 0), (10, 0, 0), (10, 10, 0), (0, 0, 0)], [(0, 0, 0), (10, 10, 0), (0, 10, 0), (0, 0, 0)]]
SQUARE = [(0, 0, 0), (10, 0, 0), (10, 10, 0), (0, 10, 0), (0, 0, 0)]
ROOF = [(x, y, 6.0) for x, y, _ in SQUARE]
WALL = [(0, 0, 0), (10, 0, 0), (10, 0, 6), (0, 0, 6), (0, 0, 0)]


@pytest.mark.parametrize(
    "wkb",
    [
        surface(1016, *(polygon_z(1017, ring) for ring in FLOOR)),
        surface(1015, polygon_z(1003, SQUARE), polygon_z(1003, WALL), polygon_z(1003, ROOF)),
        surface(1007, surface(1016, *(polygon_z(1017, ring) for ring in FLOOR)), polygon_z(1003, ROOF)),
        surface(0x80000000 | 16, *(polygon_z(0x80000000 | 17, r) for r in FLOOR)),
    ],
    ids=["tin", "polyhedral surface", "collection", "old codes"],
)
def test_a_building_of_surfaces_covers_its_footprint(wkb):
    assert is_surface(wkb)
    assert footprint(wkb).equals(box(0, 0, 10, 10))


def test_damaged_surfaces_are_no_shapes():
    whole = surface(1016, *(polygon_z(1017, ring) for ring in FLOOR))
    for cut in range(9, len(whole), 7):
        assert footprint(whole[:cut]) is None or footprint(whole[:cut]).area <= 100


def test_a_tin_in_a_geopackage_is_a_footprint(tmp_path):
    path = tmp_path / "x.gpkg"
    layer = gpd.GeoDataFrame({"id": ["a", "b"]}, geometry=[box(0, 0, 1, 1), box(20, 0, 21, 1)], crs="EPSG:25833")
    pyogrio.write_dataframe(layer, path, layer_options={"SPATIAL_INDEX": "NO"}, geometry_type="Unknown")
    wkb = surface(1016, *(polygon_z(1017, ring) for ring in FLOOR))
    with sqlite3.connect(path) as database:
        database.execute("UPDATE x SET geom = ? WHERE id = 'a'", (b"GP\x00\x01" + struct.pack("<i", 25833) + wkb,))
    database.close()
    read = read_file(path)
    assert shapely.area(np.array(read.frame.geometry)).tolist() == [100, 1]
    assert [(remark.code, remark.rows) for remark in read.issues] == [("surfaces-flattened", (1,))]


def test_a_multipatch_shapefile_is_a_footprint(tmp_path):
    layer = gpd.GeoDataFrame({"id": ["a"]}, geometry=[box(0, 0, 1, 1)], crs="EPSG:25833")
    pyogrio.write_dataframe(layer, tmp_path / "x.shp")
    points = [point for ring in FLOOR for point in ring[:3]]
    parts, kinds = [0, 3], [0, 0]  # two triangle strips
    content = struct.pack("<i4dii", 31, 0, 0, 10, 10, len(parts), len(points))
    content += struct.pack("<2i", *parts) + struct.pack("<2i", *kinds)
    content += b"".join(struct.pack("<dd", x, y) for x, y, _ in points)
    content += struct.pack("<2d", 0, 0) + b"".join(struct.pack("<d", z) for _, _, z in points)
    words = len(content) // 2

    def head(length):
        return (
            struct.pack(">i20xi", 9994, length)
            + struct.pack("<ii", 1000, 31)
            + struct.pack("<8d", 0, 0, 10, 10, 0, 0, 0, 0)
        )

    (tmp_path / "x.shp").write_bytes(head(50 + 4 + words) + struct.pack(">ii", 1, words) + content)
    (tmp_path / "x.shx").write_bytes(head(54) + struct.pack(">ii", 50, words))
    read = read_file(tmp_path / "x.shp")
    assert shapely.area(np.array(read.frame.geometry)).tolist() == [100]
