"""Small files that would become large, pipes that never end, views of endless rows: refused by name, before they are read."""

import bz2
import contextlib
import gzip
import json
import os
import sqlite3
import struct
import sys
import time
import zlib
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Point

from planner.access.network import StreetsError
from planner.access.network_reading import read_network
from planner.io import osm_format, tabular, vector_checks
from planner.io.osm import TagQuery, read_extract
from planner.io.read import read_file
from planner.io.table import UnreadableError
from tests.unit.access.osm_street import CRS, STREET, nodes, way, written

HEAD = b'<?xml version="1.0"?><osm version="0.6">'
SECONDS = 10


@pytest.fixture(autouse=True)
def quick():
    began = time.process_time()
    yield
    assert time.process_time() - began < SECONDS


def refused_as_layer(path):
    with pytest.raises(UnreadableError) as fault:
        read_extract(path, [TagQuery({"amenity": []})])
    return fault.value.code


def refused_as_streets(path):
    with pytest.raises(StreetsError) as fault:
        read_network(path, CRS)
    return fault.value.finding.code


def _varint(number):
    out = b""
    while True:
        low, number = number & 127, number >> 7
        out += bytes([low | (128 if number else 0)])
        if not number:
            return out


def _field(key, content):
    return _varint(key << 3 | 2) + _varint(len(content)) + content


def _part(kind, content, claimed=None):
    packed = (
        _varint(2 << 3) + _varint(len(content) if claimed is None else claimed) + _field(3, zlib.compress(content, 9))
    )
    head = _field(1, kind) + _varint(3 << 3) + _varint(len(packed))
    return struct.pack(">I", len(head)) + head + packed


PBF_HEAD = _part(b"OSMHeader", _field(4, b"OsmSchema-V0.6") + _field(4, b"DenseNodes"))


def _gzip(path):
    with gzip.open(path, "wb") as file:
        file.write(HEAD)
        for _ in range(100):
            file.write(b" " * 1_000_000)


def _bzip2(path):
    with bz2.open(path, "wb") as file:
        file.write(HEAD)
        for _ in range(100):
            file.write(b" " * 1_000_000)


def _pbf(path):
    path.write_bytes(PBF_HEAD + _part(b"OSMData", b"\n\0" + _field(2, b"") * 16_000_000) * 20)


def _history(path):
    _gzip(path)


@pytest.mark.deep_after(1)
@pytest.mark.parametrize(
    ("name", "write"), [("x.osm.gz", _gzip), ("x.osm.bz2", _bzip2), ("x.osm.pbf", _pbf), ("x.osh.gz", _history)]
)
def test_an_extract_that_unpacks_to_more_than_a_map_is_refused(tmp_path, name, write):
    write(tmp_path / name)
    assert (tmp_path / name).stat().st_size < 2_000_000
    assert refused_as_layer(tmp_path / name) == refused_as_streets(tmp_path / name) == "osm-bomb"


@pytest.mark.deep
@pytest.mark.parametrize("claimed", [1000, 0, 1 << 40])
def test_a_part_that_lies_about_its_size_is_never_unpacked_whole(tmp_path, claimed):
    (tmp_path / "x.osm.pbf").write_bytes(PBF_HEAD + _part(b"OSMData", b"\0" * 200_000_000, claimed))
    code = "osm-bomb" if claimed > 1e6 else "unreadable-file"
    assert refused_as_layer(tmp_path / "x.osm.pbf") == code


def test_an_ordinary_map_is_no_bomb_whatever_it_packs_to(tmp_path, monkeypatch):
    text = nodes() + way(1, STREET)
    plain = written(tmp_path / "x.osm", text).read_bytes()
    monkeypatch.setattr(osm_format, "RATIO_FROM_BYTES", 100)
    for name, packed in (("x.osm.gz", gzip.compress(plain)), ("x.osm.bz2", bz2.compress(plain))):
        (tmp_path / name).write_bytes(packed)
        assert read_network(tmp_path / name, CRS).length_m.sum() == pytest.approx(1400, abs=0.1)


@pytest.mark.parametrize("name", [".osm", ".osm.pbf", ".osm.gz", ".osm.bz2", ".osh", ".graphml", ".geojson"])
def test_pipes_devices_and_folders_are_no_maps(tmp_path, name):
    os.mkfifo(tmp_path / f"pipe{name}")
    (tmp_path / f"zero{name}").symlink_to("/dev/zero")
    (tmp_path / f"folder{name}").mkdir()
    for sort in ("pipe", "zero", "folder"):
        assert refused_as_streets(tmp_path / f"{sort}{name}") == "no-file"
        if name not in (".graphml", ".geojson"):
            assert refused_as_layer(tmp_path / f"{sort}{name}") == "no-file"


def _package(folder, *statements):
    path = folder / "x.gpkg"
    places = [Point(100 * i, 0) for i in range(50)]
    gpd.GeoDataFrame({"people": np.arange(50)}, geometry=places, crs=CRS).to_file(path, layer="homes")
    with contextlib.closing(sqlite3.connect(path)) as database:
        for trigger in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{trigger[0]}"')
        for statement in statements:
            database.execute(statement)
        database.commit()
    return path


LISTED = "INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('v', 'attributes', 'v')"


@pytest.mark.deep_after(3)
@pytest.mark.parametrize(
    "view",
    [
        "SELECT a.fid, a.people FROM homes a, homes b, homes c, homes d, homes e",
        "SELECT count(*) AS n FROM homes a, homes b, homes c, homes d, homes e, homes f",
        "SELECT fid, zeroblob(100000000) AS b FROM homes",
        "SELECT a.fid, hex(zeroblob(20000000)) AS b FROM homes a, homes b",
        "SELECT fid, no_such_function(people) AS b FROM homes",
    ],
)
def test_a_view_is_counted_before_it_is_read(tmp_path, view):
    path = _package(tmp_path, f"CREATE VIEW v AS {view}", LISTED)
    with pytest.raises(UnreadableError) as fault:
        read_file(path, "v")
    assert (fault.value.code, fault.value.evidence["table"]) == ("endless-view", "v")


def test_a_computed_column_is_counted_too(tmp_path):
    path = _package(tmp_path, "ALTER TABLE homes ADD COLUMN b BLOB GENERATED ALWAYS AS (zeroblob(900000000)) VIRTUAL")
    with pytest.raises(UnreadableError) as fault:
        read_file(path, "homes")
    assert fault.value.code == "endless-view"


def test_a_computed_column_of_a_districts_size_is_no_virtual_table(tmp_path):
    path = _package(tmp_path, "ALTER TABLE homes ADD COLUMN twice INTEGER GENERATED ALWAYS AS (people * 2) VIRTUAL")
    assert len(read_file(path, "homes").frame) == 50


def test_a_view_of_a_districts_size_is_read(tmp_path, monkeypatch):
    path = _package(tmp_path, "CREATE VIEW v AS SELECT fid, people * 2 AS twice FROM homes WHERE people > 9", LISTED)
    assert [int(cell) for cell in read_file(path, "v").frame["twice"]] == [2 * people for people in range(10, 50)]
    monkeypatch.setattr(vector_checks, "MAX_CELLS", 79)
    with pytest.raises(UnreadableError, match="endless-view"):
        read_file(path, "v")


@pytest.mark.parametrize(
    ("name", "module", "limit"),
    [
        ("x.geojson", vector_checks, "MAX_GEOJSON_BYTES"),
        ("x.json", vector_checks, "MAX_GEOJSON_BYTES"),
        ("x.csv", tabular, "MAX_CSV_BYTES"),
        ("x.tsv", tabular, "MAX_CSV_BYTES"),
    ],
)
def test_texts_beyond_the_limit_of_bytes_are_refused_and_those_within_it_read(
    tmp_path, monkeypatch, name, module, limit
):
    path = tmp_path / name
    if path.suffix in (".geojson", ".json"):
        places = gpd.GeoDataFrame({"id": ["a", "b"]}, geometry=[Point(1, 2), Point(3, 4)], crs="EPSG:4326")
        path.write_text(places.to_json(), encoding="utf-8")
    else:
        separator = "\t" if path.suffix == ".tsv" else ","
        path.write_text(pd.DataFrame({"id": ["a", "b"], "n": [1, 2]}).to_csv(sep=separator), encoding="utf-8")
    size = path.stat().st_size
    monkeypatch.setattr(module, limit, size)
    assert list(read_file(path).frame["id"]) == ["a", "b"]
    monkeypatch.setattr(module, limit, size - 1)
    with pytest.raises(UnreadableError) as fault:
        read_file(path)
    assert fault.value.code == "file-too-large"
    assert fault.value.evidence == {"megabytes": size / 1e6, "most": (size - 1) / 1e6}


def test_geojson_that_has_to_be_parsed_is_bounded_too(tmp_path, monkeypatch):
    path = tmp_path / "x.geojson"
    path.write_text('{"crs": {"type": "link"}, "type": "FeatureCollection", "features": []}', encoding="utf-8")
    monkeypatch.setattr(vector_checks, "_MAX_PARSED_BYTES", path.stat().st_size - 1)
    with pytest.raises(UnreadableError, match="file-too-large"):
        read_file(path)


def test_a_pbf_file_is_held_in_memory_and_therefore_bounded(tmp_path, monkeypatch):
    (tmp_path / "x.osm.pbf").write_bytes(PBF_HEAD)
    monkeypatch.setattr(osm_format, "MAX_PBF_BYTES", len(PBF_HEAD) - 1)
    assert refused_as_layer(tmp_path / "x.osm.pbf") == refused_as_streets(tmp_path / "x.osm.pbf") == "file-too-large"


@pytest.mark.parametrize("out", ["out json", "out center", "out geom"])
@pytest.mark.parametrize("name", ["x.json", "x.geojson"])
def test_json_of_overpass_is_refused_by_name(tmp_path, out, name):
    element = {"type": "way", "id": 1, "tags": {"amenity": "cafe"}}
    if out == "out center":
        element["center"] = {"lat": 53.5, "lon": 13.2}
    if out == "out geom":
        element["geometry"] = [{"lat": 53.5, "lon": 13.2}, {"lat": 53.6, "lon": 13.2}]
    answer = {"version": 0.6, "generator": "Overpass API", "osm3s": {}, "elements": [element]}
    (tmp_path / name).write_text(json.dumps(answer), encoding="utf-8")
    with pytest.raises(UnreadableError) as fault:
        read_file(tmp_path / name)
    assert (fault.value.code, dict(fault.value.evidence)) == ("overpass-json", {"elements": 1})
    assert refused_as_streets(tmp_path / name) == "overpass-json"


def test_places_called_elements_are_no_answer_of_overpass(tmp_path):
    places = gpd.GeoDataFrame({"id": ["a"], "elements": ["osm3s"]}, geometry=[Point(1, 2)], crs="EPSG:4326")
    (tmp_path / "x.geojson").write_text(places.to_json(), encoding="utf-8")
    assert list(read_file(tmp_path / "x.geojson").frame["elements"]) == ["osm3s"]


def _held():
    held = []
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            held.append(str(entry.readlink()))
    return held


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted where the system has /proc")
@pytest.mark.parametrize("damage", ["cut", "no head", "part", "text"])
def test_no_damaged_extract_is_left_open(tmp_path, damage):
    whole = PBF_HEAD + _part(b"OSMData", b"\n\0" + _field(2, b"") * 9)
    content = {
        "cut": whole[:-9],
        "no head": whole[len(PBF_HEAD) :],
        "part": PBF_HEAD + _part(b"OSMData", b"\xff" * 99),
        "text": b"<osm>",
    }[damage]
    for suffix in (".osm.pbf", ".osm", ".osm.gz"):
        path = tmp_path / f"x{suffix}"
        path.write_bytes(content)
        for read in (refused_as_layer, refused_as_streets):
            # no collector helps, and what was raised is still in hand
            with contextlib.suppress(AssertionError):
                read(path)
            assert str(path) not in _held(), sys.exc_info()


@pytest.mark.parametrize("claimed", [51, 2_000_000_000])
def test_a_table_that_claims_more_rows_than_it_holds_is_refused(tmp_path, claimed):
    places = [Point(i, 0) for i in range(50)]
    gpd.GeoDataFrame({"people": np.arange(50)}, geometry=places, crs=CRS).to_file(tmp_path / "x.shp")
    table = tmp_path / "x.dbf"
    assert len(read_file(table).frame) == 50
    content = table.read_bytes()
    table.write_bytes(content[:4] + struct.pack("<I", claimed) + content[8:])
    (tmp_path / "x.shp").unlink()
    with pytest.raises(UnreadableError) as fault:
        read_file(table)
    assert (fault.value.code, fault.value.evidence["reason"]) == ("unreadable-file", f"dBASE: {claimed} > 50 rows")
