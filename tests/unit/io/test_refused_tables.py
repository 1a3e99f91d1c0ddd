"""One table of a GeoPackage that cannot be read is refused within seconds; its other layers are read."""

import contextlib
import sqlite3
import time

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import Point

from planner.io import vector_checks
from planner.io.read import read_file
from planner.io.table import UnreadableError

NEVER = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"
#: views that never end, each as another kind of statement
ENDLESS = {
    "rows": f"{NEVER} i AS fid FROM n",
    "no row at all": f"{NEVER} i AS fid FROM n WHERE i < 0",
    "one row": f"{NEVER} count(*) AS n FROM n",
    "distinct": f"{NEVER} DISTINCT i % 2 AS fid FROM n ORDER BY fid DESC",
    "joined": f"{NEVER} homes.fid, homes.geom, i FROM n JOIN homes ON homes.fid = i + 1000000",
    "view of a view": "SELECT * FROM u",
    "a row beyond the limit": "SELECT fid, hex(zeroblob(900000000)) AS b FROM homes",
}
MOST_S = 10.0


def package(folder, *statements):
    """Fifty homes, and what the statements make."""
    path = folder / "x.gpkg"
    places = [Point(100 * i, 0) for i in range(50)]
    gpd.GeoDataFrame({"people": np.arange(50)}, geometry=places, crs="EPSG:25833").to_file(path, layer="homes")
    with contextlib.closing(sqlite3.connect(path)) as database:
        for statement in ("PRAGMA writable_schema = ON", *statements):
            database.execute(statement)
        database.commit()
    return path


def listed(name, kind="attributes"):
    return f"INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('{name}', '{kind}', '{name}')"  # noqa: S608 - a test's own


@pytest.fixture(autouse=True)
def _few_steps(request, monkeypatch):
    if "every_step" not in request.fixturenames:
        monkeypatch.setattr(vector_checks, "MAX_SQLITE_STEPS", 4_000_000)


@pytest.fixture
def every_step():
    """Leave the limit of steps as it is, and hold the reader to its time."""
    began = time.process_time()
    yield
    assert time.process_time() - began < MOST_S


def people(path, table):
    return [int(cell) for cell in read_file(path, table).frame["people"]]


@pytest.mark.deep_after(4)
@pytest.mark.parametrize("is_listed", [True, False], ids=["listed", "not listed"])
@pytest.mark.parametrize("view", ENDLESS)
def test_only_the_view_that_never_ends_is_refused(tmp_path, view, is_listed):
    more = [f"CREATE VIEW u AS {ENDLESS['rows']}"] if view == "view of a view" else []
    path = package(tmp_path, *more, f"CREATE VIEW v AS {ENDLESS[view]}", *([listed("v")] if is_listed else []))
    with pytest.raises(UnreadableError) as fault:
        read_file(path, "v")
    assert (fault.value.code, fault.value.evidence["table"]) == ("endless-view", "v")
    assert people(path, "homes") == list(range(50))


def test_the_only_layer_that_is_left_is_read_and_the_view_is_said(tmp_path):
    path = package(tmp_path, f"CREATE VIEW v AS {ENDLESS['rows']}", listed("v"))
    read = read_file(path)
    assert len(read.frame) == 50
    (issue,) = read.issues
    assert (issue.severity, issue.code, issue.evidence["table"]) == ("warning", "endless-view", "v")


def test_a_view_of_geometries_that_ends_is_read_beside_one_that_does_not(tmp_path):
    path = package(
        tmp_path,
        f"CREATE VIEW v AS {ENDLESS['no row at all']}",
        "CREATE VIEW few AS SELECT fid, geom, people FROM homes WHERE people < 3",
        listed("v"),
        listed("few", "features"),
        "INSERT INTO gpkg_geometry_columns VALUES ('few', 'geom', 'POINT', 25833, 0, 0)",
    )
    assert people(path, "few") == [0, 1, 2]
    assert read_file(path, "few").frame.geometry.x.tolist() == [0, 100, 200]


def test_a_recursive_view_that_ends_is_read(tmp_path):
    view = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT i AS fid, i * i AS people FROM n"
    path = package(tmp_path, f"CREATE VIEW squares AS {view}", listed("squares"))
    assert people(path, "squares") == [i * i for i in range(1, 10)]


@pytest.mark.deep
@pytest.mark.usefixtures("every_step")
def test_twenty_views_that_never_end_take_no_longer_than_one(tmp_path):
    views = [f"CREATE VIEW v{n} AS {ENDLESS['no row at all']}" for n in range(20)]
    path = package(tmp_path, *views, "CREATE VIEW few AS SELECT fid, people FROM homes WHERE people < 3", listed("few"))
    assert people(path, "few") == [0, 1, 2]


@pytest.mark.parametrize("name", ["x.csv", "other.gpkg"])
def test_a_virtual_table_over_another_file_is_refused_alone(tmp_path, name):
    (tmp_path / name).write_text("people\n7\n", encoding="utf-8")
    made = f"CREATE VIRTUAL TABLE y USING VirtualOGR('{tmp_path / name}', 0)"
    quoted = made.replace("'", "''")
    path = package(tmp_path, f"INSERT INTO sqlite_master VALUES ('table', 'y', 'y', 0, '{quoted}')", listed("y"))  # noqa: S608 - a test's own
    with pytest.raises(UnreadableError, match="virtual-table"):
        read_file(path, "y")
    assert people(path, "homes") == list(range(50))


@pytest.mark.deep_after(4)
@pytest.mark.parametrize("event", ["INSERT", "UPDATE", "DELETE"])
@pytest.mark.parametrize("table", ["homes", "gpkg_contents", "gpkg_geometry_columns"])
def test_a_trigger_that_never_ends_is_never_fired(tmp_path, event, table):
    path = package(
        tmp_path,
        f"CREATE VIEW v AS {ENDLESS['rows']}",
        listed("v"),
        f"CREATE TRIGGER t AFTER {event} ON {table} BEGIN SELECT count(*) FROM v; END",  # noqa: S608 - a test's own
    )
    content = path.read_bytes()
    assert people(path, "homes") == list(range(50))
    assert path.read_bytes() == content


def test_a_style_table_that_is_a_view_does_not_hide_the_layer(tmp_path):
    path = package(tmp_path, f"CREATE VIEW layer_styles AS {ENDLESS['rows']}")
    assert people(path, None) == list(range(50))


def test_where_nothing_else_is_left_the_view_is_the_reason(tmp_path):
    path = package(tmp_path, f"CREATE VIEW v AS {ENDLESS['rows']}", listed("v"), "DELETE FROM gpkg_contents WHERE table_name = 'homes'",
                   "DELETE FROM gpkg_geometry_columns", "DROP TABLE rtree_homes_geom", "DROP TABLE homes")  # fmt: skip
    with pytest.raises(UnreadableError, match="endless-view"):
        read_file(path)
