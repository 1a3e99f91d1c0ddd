"""The street town with every block of the study given: three services, two kinds of rooms, budgets, rules, all layers."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pyproj

from tests.street_town import CRS, HOMES, SOUTH_M, STUDY, WEST_M, write_street

if TYPE_CHECKING:
    from pathlib import Path

_EVIDENCE = {"source": "counted by hand", "clause": "table 1", "verified": True}
_NAMED = {"id": "id", "name": "name"}


def _service(name: str, demand: dict[str, float], walker: str, **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "name": {"zh": name, "en": name},
        "level": "basic",
        "demand": demand,
        "walker": walker,
        "circles": [{"minutes": 5, "weight": 1}, {"minutes": 10, "weight": 0.5}],
        "area_m2": 100,
        "fit_out_cost": 100_000,
        "yearly_cost": 20_000,
        "figures": {"area_m2": _EVIDENCE},
        **more,
    }


FULL: dict[str, Any] = {
    **copy.deepcopy(STUDY),
    "date": "2025-01",
    "layers": {
        "communities": {
            "path": "communities.geojson",
            "columns": {**_NAMED, "households": "households"},
            "roll_up": ["side"],
            "roll_up_names": {"side": {"zh": "方位", "en": "Side"}},
            "renamed": {"Old block": "Block 0"},
        },
        "people": [
            {
                "path": "homes.geojson",
                "columns": {"id": "id"},
                "groups": {"elders": "elders", "toddlers": {"column": "toddlers", "unit": 1.0}},
                "stated": {"elders": 210},
                "total": "everybody",
                "basis": "resident",
                "year": 2024,
                "source": "counted by hand",
                "spread": "point",
            },
            {
                "path": "residents.csv",
                "columns": {"id": "id"},
                "groups": {"residents": {"column": "residents", "share": 0.5, "estimate": "half of the register"}},
                "join": {"column": "id", "to": "id"},
                "basis": "registered",
                "year": 2023,
                "source": "counted by hand",
                "spread": "buildings",
                "whole_people": True,
            },
        ],
        "streets": {"path": "streets.geojson", "join_gaps_m": 1, "least_piece_m": 1},
        "buildings": {"path": "buildings.geojson", "columns": {"id": "id", "storeys": "storeys"}},
        "facilities": [
            {"path": "facilities.geojson", "service": "care", "columns": {**_NAMED, "capacity": "capacity"}},
            {
                "path": "others.geojson",
                "columns": {**_NAMED, "service": "sort"},
                "services": {"a table": "canteen", "a nursery": "childcare"},
            },
        ],
        "candidates": [
            {"path": "rooms.geojson", "kind": "room", "columns": {**_NAMED, "area_m2": "area_m2"}},
            {
                "path": "plots.geojson",
                "columns": {**_NAMED, "kind": "kind", "area_m2": "area_m2", "ready_year": "ready_year"},
            },
        ],
        "gates": {"path": "gates.geojson", "columns": {"id": "id"}},
        "estates": {"path": "estates.geojson", "columns": {"id": "id"}},
        "barriers": {"path": "barriers.geojson", "columns": {"id": "id"}},
        "need": {"path": "need.geojson", "columns": {"id": "id", "weight": "weight"}},
        "elevation": {"path": "heights.asc"},
        "ground": [
            {"path": "ground.geojson", "columns": {"kind": "sort", "name": "name"}},
            {"path": "park.geojson", "kind": "green"},
        ],
        "entrances": {"path": "entrances.geojson", "columns": {"id": "id", "place": "place"}},
    },
    "groups": {
        "elders": {"name": {"zh": "老人", "en": "elders"}, "from_age": 65, "protected": True},
        "toddlers": {"name": {"zh": "幼儿", "en": "toddlers"}, "from_age": 0, "to_age": 2},
        "residents": {"name": {"zh": "居民", "en": "residents"}, "from_age": 3, "to_age": 64},
    },
    "walking": {
        "profiles": {
            "elder": {
                "name": {"zh": "老人", "en": "Elder"},
                "speed_m_s": 1.0,
                "stairs": "allowed",
                "stairs_factor": 2.0,
                "crossing_delay_s": {"primary": 20},
                "signal_delay_s": 10,
                "slope": "tobler",
                "source": "measured",
            },
            "adult": {"speed_m_s": 1.2},
        },
        "closed_gates": ["g1"],
        "open_gates": ["g1"],
        "compare": ["adult", "elder"],
    },
    "services": [
        _service(
            "care",
            {"elders": 1, "residents": 0.1},
            "elder",
            capacity=120,
            min_load=5,
            participation=0.8,
            glyph={"zh": "养", "en": "E"},
            sizes=[
                {
                    "id": "small",
                    "name": {"zh": "小型", "en": "Small"},
                    "area_m2": 80,
                    "fit_out_cost": 80_000,
                    "yearly_cost": 10_000,
                    "capacity": 60,
                    "staff": 4,
                },
                {"id": "large", "area_m2": 160, "fit_out_cost": 150_000, "yearly_cost": 30_000, "capacity": 120},
            ],
            department="civil",
            operator={"zh": "第三方机构", "en": "Provider"},
            staff=6,
            tasks={"families": {"zh": "参与管理", "en": "sit on the board"}},
            permits=[{"zh": "养老机构备案", "en": "Registration"}],
            standards=["elder_care_in_5", "elder_beds", "elder_m2", "seats"],
            capacity_counts="places",
            function="elder_care",
        ),
        _service("canteen", {"elders": 1}, "elder", level="quality", mode="joint", standards=["canteen_meals"]),
        _service("childcare", {"toddlers": 1}, "adult", max_storey=2, min_storey=1, needs_lift_from_storey=3),
    ],
    "site_kinds": {
        "room": {
            "name": {"zh": "用房", "en": "Room"},
            "setup_cost": 50_000,
            "setup_cost_per_m2": 10,
            "yearly_cost": 5_000,
            "services": ["care", "canteen", "childcare"],
            "figures": {"setup_cost": _EVIDENCE},
        },
        "plot": {
            "name": {"zh": "地块", "en": "Plot"},
            "min_area_m2": 50,
            "assumed_area_m2": 300,
            "setup_cost": 90_000,
            "change_of_use_years": 6,
        },
    },
    "co_location": {
        "incompatible": [["care", "childcare"]],
        "shared_rooms": [{"services": ["care", "canteen"], "area_m2": 20, "fit_out_cost": 5_000, "yearly_cost": 500}],
        "hub": {"min_area_m2": 120, "min_services": 2, "of": ["care", "canteen"], "min_of": 1},
    },
    "budgets": {
        "capital_cost": 900_000,
        "yearly_cost": 400_000,
        "departments": {
            "civil": {"name": {"zh": "民政", "en": "Civil affairs"}, "capital_cost": 800_000, "yearly_cost": 300_000},
            "families": {"name": {"zh": "家庭", "en": "Families"}, "outside": True},
        },
        "modes": {"joint": {"name": {"zh": "共建", "en": "Joint"}, "payers": {"civil": 0.6, "families": 0.4}}},
        "building_department": "civil",
    },
    "siting": {
        "objective": ["coverage", "cost"],
        "max_sites": 3,
        "must": [{"site": "C2", "service": "canteen"}],
        "never": [{"site": "C1", "service": "childcare"}],
        "floors": [{"service": "canteen", "minutes": 10, "share": 0.2, "group": "elders", "per": "all"}],
        "spreads": [{"service": "canteen", "minutes": 10, "most": 1.0}],
        "existing": {
            "may_close": True,
            "close_cost": 1_000,
            "may_extend": True,
            "extend_cost": 30_000,
            "extend_capacity": 30,
            "may_move": True,
            "move_cost": 2_000,
        },
        "target": 0.3,
        "assignment": "split",
    },
    "areas": [
        {
            "by": "side",
            "name": "east",
            # As everywhere else: the street's figures stay what they are, counted in two parts.
            "services": {
                "canteen": {"min_openings": 1, "max_openings": 3},
                "childcare": {
                    "circles": [{"minutes": 5, "weight": 1}, {"minutes": 10, "weight": 0.5}],
                    "demand": {"toddlers": 1},
                    "walker": "adult",
                },
            },
            "floors": [{"service": "canteen", "minutes": 10, "share": 0.1, "group": "elders", "per": "all"}],
            "budgets": {"capital_cost": 900_000, "yearly_cost": 400_000},
            "max_sites": 3,
            "min_area_m2": 50,
        }
    ],
    "standards": {
        "catalogues": ["national", "shanghai", "anhui"],
        "context": {"estates": "new", "able_city": True, "level": "quality"},
        "override": {
            "community_m2": {"low": 25, "source": "the town", "per": {"side": {"west": {"low": 40, "high": 400}}}},
            "elder_m2": {"high": 900},
        },
        "own": [
            {
                "id": "seats",
                "name": {"zh": "席位", "en": "seats"},
                "measure": "places",
                "unit": "seats per 100 people",
                "low": 5,
                "high": 500,
                "cases": [
                    {"estates": "new", "able_city": True, "level": "quality", "low": 6, "high": 600, "from_m2": 1}
                ],
                "per_area": {"side": {"east": 7}},
                "minutes": 5,
                "per": 100,
                "ages": [65, None],
                "counts": ["places"],
                "from_m2": 1,
                "to_m2": 1000,
                "min_services": 2,
                "core": ["elder_care"],
                "min_core": 1,
                "named": True,
                "by_default": True,
                "document": "counted by hand",
                "clause": "table 2",
                "verified": True,
                "kind": "duty",
                "note": {"zh": "说明", "en": "a note"},
                "derived": "by hand",
            },
        ],
    },
    "approvals": [
        {
            "kinds": ["room"],
            "steps": [
                {"id": "fire", "name": {"zh": "消防验收", "en": "Fire approval"}, "authority": "civil", "months": 4},
                {
                    "id": "licence",
                    "name": {"zh": "备案", "en": "Licence"},
                    "authority": "civil",
                    "months": 2,
                    "after": ["fire"],
                    "acts": "families",
                },
            ],
        }
    ],
    "programme": {
        "opening_month": 9,
        "lots": {"min_openings": 2, "max_openings": 4, "within_m": 1_000, "months": 6},
    },
    "solver": {"time_limit_s": 20, "gap": 0, "threads": 1, "seed": 1},
    "publication": {
        "review_number": "S 1",
        "classification": "",
        "author": "the town",
        "sources": ["the town"],
        "comments_to": "Town hall, room 3",
        "comments_period": "1 to 30 June",
    },
    "scenarios": [{"name": "poor", "set": {"budgets.capital_cost": 300_000}}],
    "notes": [{"zh": "说明", "en": "A caution"}],
}
"""A study that gives every block there is; changed key by key."""


def write_full_street(folder: Path, study: dict[str, Any] | None = None) -> Path:
    """Write the street with all layers and the study; return the study file."""
    path = write_street(
        folder,
        study or FULL,
        homes={f"h{x}": {"toddlers": n // 10, "everybody": 2 * n, "kind": "home"} for x, n in HOMES},
        communities={f"c{i}": {"households": 60 + i} for i in range(2)},
        facilities={"F1": {"capacity": 25}},
        streets={"s1": {"highway": "residential"}},
    )
    old = [("F2", 420, {"name": "Old hall", "sort": "a table"}), ("F3", 1000, {"name": "Nursery", "sort": "a nursery"})]
    _points(folder, "others", old)
    _points(folder, "plots", [("C3", 500, {"name": "Plot C3", "kind": "plot", "area_m2": 400, "ready_year": 2028})])
    _points(folder, "gates", [("g1", 660, {})], y=4)
    _points(folder, "entrances", [("e1", 880, {"place": "C2"}), ("e2", 920, {"place": "C2"})])
    _squares(folder, "buildings", [(f"b{x}", x - 20, x + 20, 5, 25, {"storeys": 2}) for x, _ in HOMES])
    _squares(folder, "estates", [("estate", 560, 760, 2, 60, {})])
    _squares(folder, "ground", [("pond", 300, 380, -90, -40, {"sort": "water", "name": "Pond"})])
    _squares(folder, "park", [("park", 420, 540, -90, -40, {})])
    _squares(folder, "need", [("n", 700, 1200, -300, 300, {"weight": 1.5})])
    _written(folder / "barriers.geojson", [_feature("w", "LineString", [_at(250, 3), _at(350, 3)], {})])
    rows = "\n".join(f"c{i},{100 + 20 * i}" for i in range(2))
    (folder / "residents.csv").write_text(f"id,residents\n{rows}\n", encoding="utf-8")
    (folder / "heights.asc").write_text(_heights(), encoding="ascii")
    (folder / "heights.prj").write_text(pyproj.CRS.from_user_input(CRS).to_wkt("WKT1_ESRI"), encoding="ascii")
    return path


def _heights() -> str:
    """A plain of 10 m, rising by one in twenty east of x = 600."""
    columns = range(-2400, 3600, 100)
    row = " ".join(f"{10 + max(0, x - 600) / 20:g}" for x in columns)
    head = f"ncols {len(columns)}\nnrows 20\nxllcorner {WEST_M - 2450}\nyllcorner {SOUTH_M - 1000}\ncellsize 100\nNODATA_value -9999\n"
    return head + "\n".join([row] * 20) + "\n"


def _at(x: float, y: float) -> list[float]:
    return [WEST_M + x, SOUTH_M + y]


def _points(folder: Path, layer: str, rows: list[tuple[str, float, dict[str, Any]]], y: float = -10) -> None:
    _written(folder / f"{layer}.geojson", [_feature(name, "Point", _at(x, y), more) for name, x, more in rows])


def _squares(folder: Path, layer: str, rows: list[tuple[str, float, float, float, float, dict[str, Any]]]) -> None:
    _written(
        folder / f"{layer}.geojson",
        [
            _feature(
                name,
                "Polygon",
                [[_at(west, south), _at(east, south), _at(east, north), _at(west, north), _at(west, south)]],
                more,
            )
            for name, west, east, south, north, more in rows
        ],
    )


def _feature(name: str, kind: str, coordinates: Any, more: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"id": name, **more},
        "geometry": {"type": kind, "coordinates": coordinates},
    }


def _written(path: Path, features: list[dict[str, Any]]) -> None:
    system = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{CRS.removeprefix('EPSG:')}"}}
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": system, "features": features}), encoding="utf-8")
