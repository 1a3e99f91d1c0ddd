"""One street with six homes, counted by hand: how figures of facilities and rooms change who is covered.

Homes of 10, 20 … 60 elders at x = 0, 200 … 1000, facility F1 at 0, rooms C1 at 100 and C2 at 900, 1 m/s, five minutes: F1 reaches
0 and 200 (30 elders), C1 the same two, C2 the homes at 800 and 1000 (110).
"""

import json

import openpyxl
import pandas as pd
import pytest
from pyproj import Transformer
from ruamel.yaml import YAML

from planner.cli import _run

X, Y = 384_000.0, 5_935_000.0


def point(x, y):
    return {"type": "Point", "coordinates": [X + x, Y + y]}


def write(path, features):
    told = [{"type": "Feature", "properties": properties, "geometry": shape} for properties, shape in features]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::25833"}}
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": told}), encoding="utf-8")


def street_town(folder, *, facility=None, rooms=None, siting=None, people=None, minutes=5, at_700=None):
    ring = [[X - 100, Y - 100], [X + 1100, Y - 100], [X + 1100, Y + 100], [X - 100, Y + 100], [X - 100, Y - 100]]
    write(folder / "communities.geojson", [({"id": "Q"}, {"type": "Polygon", "coordinates": [ring]})])
    homes = [({"id": f"h{i}", "elders": 10 * (i + 1)}, point(200 * i, 10)) for i in range(6)]
    write(folder / "homes.geojson", homes)
    write(folder / "facilities.geojson", [({"id": "F1", **(facility or {})}, point(0, -10))])
    sites = [
        ({"id": "C1", "area_m2": 500}, point(100, -10)),
        ({"id": "C2", "area_m2": 500, **(rooms or {})}, point(900, -10)),
    ]
    write(folder / "rooms.geojson", sites)
    to_degrees = Transformer.from_crs(25833, 4326, always_xy=True)
    places = [to_degrees.transform(X + x, Y) for x in (-2000, *range(0, 1001, 100), 3200)]
    said = "".join(f'<tag k="{key}" v="{value}"/>' for key, value in (at_700 or {}).items())
    nodes = "".join(
        f'<node id="{i}" version="1" lon="{x:.9f}" lat="{y:.9f}">{said if i == 9 else ""}</node>'
        for i, (x, y) in enumerate(places, 1)
    )
    refs = "".join(f'<nd ref="{i}"/>' for i in range(1, len(places) + 1))
    way = f'<way id="1" version="1">{refs}<tag k="highway" v="footway"/></way>'
    (folder / "streets.osm").write_text(f'<osm version="0.6">{nodes}{way}</osm>', encoding="utf-8")
    circles = [{"minutes": minutes, "weight": 1}]
    care = {"id": "care", "name": "care", "demand": {"elders": 1}, "walker": "w", "circles": circles, "area_m2": 100}
    study = {
        "version": 1,
        "name": "street",
        "language": "en",
        "crs": "EPSG:25833",
        "layers": {
            "communities": {"path": "communities.geojson"},
            "people": [
                {
                    "path": "homes.geojson",
                    "groups": {"elders": "elders"},
                    "basis": "resident",
                    "year": 2020,
                    "source": "made up",
                    **(people or {}),
                }
            ],
            "streets": {"path": "streets.osm"},
            "facilities": [{"path": "facilities.geojson", "service": "care"}],
            "candidates": [{"path": "rooms.geojson"}],
        },
        "groups": {"elders": {"name": "elders"}},
        "walking": {"profiles": {"w": {"speed_m_s": 1.0}}},
        "services": [{**care, "fit_out_cost": 1000}],
        "siting": {"max_sites": 1, **(siting or {})},
    }
    YAML().dump(study, folder / "study.yaml")
    return folder / "study.yaml"


def covered(folder, **changed):
    study = street_town(folder, **changed)
    assert _run(["plan", str(study), "--out", str(folder / "out"), "--quiet"]) == 0
    (table,) = (folder / "out").rglob("coverage.parquet")
    row = pd.read_parquet(table).iloc[0]
    return float(row["covered_before"]), float(row["covered_after"])


@pytest.mark.deep_after(1)
@pytest.mark.parametrize(
    ("capacity", "right"),
    [(None, (30, 140)), ("-", (30, 140)), ("20-30床", (30, 140)), (0, (0, 110)), ("0", (0, 110)), ("无", (0, 110))],
)
def test_a_facility_without_places_covers_nobody(tmp_path, capacity, right):
    facility = {} if capacity is None else {"capacity": capacity}
    assert covered(tmp_path, facility=facility) == right


@pytest.mark.deep
@pytest.mark.parametrize("ready", ["2031-07-01", "2031", "2029-2031", "2031年底"])
def test_a_room_that_is_ready_too_late_is_not_opened_at_once(tmp_path, ready):
    assert covered(tmp_path, rooms={"ready_year": ready}, siting={"open_by": 2030}) == (30, 30)


@pytest.mark.deep_after(1)
@pytest.mark.parametrize(
    ("at_700", "right"),
    [
        ({}, 210),
        ({"foot": "no"}, 170),  # the home at 600 is cut off from C2, and 580 m are walked to the one at 400
        ({"barrier": "gate", "locked": "yes"}, 170),
        ({"barrier": "wall"}, 170),
        ({"barrier": "lift_gate", "access": "private"}, 170),
        ({"barrier": "gate"}, 210),
        ({"barrier": "bollard"}, 210),
        ({"barrier": "lift_gate", "access": "private", "foot": "yes"}, 210),
    ],
    ids=str,
)
def test_a_barrier_on_the_street_decides_who_is_covered(tmp_path, at_700, right):
    # within ten minutes F1 reaches 0, 200 and 400 (60 elders), C2 those from 400 on; behind the barrier the last two (110)
    assert covered(tmp_path, minutes=10, at_700=at_700) == (60, right)


def test_an_area_of_zero_without_a_footprint_is_no_room(tmp_path):
    assert covered(tmp_path, rooms={"area_m2": 0}) == (30, 30)


def test_a_workbook_whose_sums_were_never_computed_is_refused(tmp_path, capsys):
    book = openpyxl.Workbook()
    book.active.append(["home", "elders", "x", "y"])
    for i, elders in enumerate([10, 20, 30, 40, "=20+30", "=10+50"]):
        book.active.append([f"h{i}", elders, X + 200 * i, Y + 10])
    book.save(tmp_path / "homes.xlsx")
    book.close()
    study = street_town(tmp_path, people={"path": "homes.xlsx", "crs": "EPSG:25833", "columns": {"id": "home"}})
    assert _run(["plan", str(study), "--out", str(tmp_path / "out"), "--quiet"]) == 4
    said = capsys.readouterr().err
    assert "formula-error" in said
    assert "=20+30 [B6]" in said
    assert "h4, h5" in said
