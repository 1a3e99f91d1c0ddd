"""A street along y = 0 with six homes, one facility and two candidate rooms: every figure can be found with a pencil.

Homes of 10, 20 … 60 elders stand at x = 0, 200 … 1000; the facility F1 at x = 0, the rooms C1 at 100 and C2 at 900. At 1 m/s and
with one circle of five minutes F1 reaches the homes at 0 and 200 (30 of 210 elders), C2 those at 800 and 1000: the home at 600 is 300 m
away along the street, and 20 m more from door to door. The one building allowed is C2: 30 → 140 of 210.
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

WEST_M, SOUTH_M, CRS = 384_000.0, 5_935_000.0, "EPSG:25833"
HOMES = ((0, 10), (200, 20), (400, 30), (600, 40), (800, 50), (1000, 60))

STUDY: dict[str, Any] = {
    "version": 1,
    "name": {"zh": "一条街", "en": "One street"},
    "language": "en",
    "crs": CRS,
    "layers": {
        "communities": {"path": "communities.geojson", "columns": {"id": "id", "name": "name"}, "roll_up": ["side"]},
        "people": [
            {
                "path": "homes.geojson",
                "columns": {"id": "id"},
                "groups": {"elders": "elders"},
                "basis": "resident",
                "year": 2024,
                "source": "counted by hand",
                "spread": "point",
            }
        ],
        "streets": {"path": "streets.geojson"},
        "facilities": [{"path": "facilities.geojson", "service": "care", "columns": {"id": "id", "name": "name"}}],
        "candidates": [
            {"path": "rooms.geojson", "kind": "room", "columns": {"id": "id", "name": "name", "area_m2": "area_m2"}}
        ],
    },
    "groups": {"elders": {"name": {"zh": "老人", "en": "elders"}, "from_age": 65}},
    "walking": {"profiles": {"elder": {"speed_m_s": 1.0}}},
    "services": [
        {
            "id": "care",
            "name": {"zh": "养老", "en": "Elder care"},
            "demand": {"elders": 1},
            "walker": "elder",
            "circles": [{"minutes": 5, "weight": 1}],
            "area_m2": 100,
            "fit_out_cost": 100_000,
        }
    ],
    "site_kinds": {"room": {"name": {"zh": "用房", "en": "Room"}}},
    "siting": {"max_sites": 1},
    "solver": {"time_limit_s": 20, "gap": 0, "threads": 1, "seed": 1},
}
"""The study as plain values; tests change a copy of it."""


TWO_STREETS: list[dict[str, Any]] = [
    {
        "by": "side",
        "name": "west",
        "services": {
            "care": {
                "circles": [{"minutes": 5, "weight": 1}, {"minutes": 10, "weight": 0.5}],
                "demand": {"elders": 0.5},
            }
        },
        "floors": [{"service": "care", "minutes": 10, "share": 1.0}],
    },
    {"by": "side", "name": "east", "budgets": {"capital_cost": 150_000}, "max_sites": 1, "min_area_m2": 50},
]
"""Areas that differ: the west counts half of its elders and walks up to ten minutes, the east has limits of its own."""


def study_of(**changes: Any) -> dict[str, Any]:
    """Return a copy of the study with whole blocks exchanged."""
    return {**copy.deepcopy(STUDY), **changes}


def care(**changes: Any) -> list[dict[str, Any]]:
    """Return the services of the study with keys of elder care changed."""
    return [{**copy.deepcopy(STUDY["services"][0]), **changes}]


def write_street(folder: Path, study: dict[str, Any] | None = None, **columns: dict[str, dict[str, Any]]) -> Path:
    """Write layers and study into ``folder`` and return the study file.

    ``columns`` adds columns to a layer (``rooms``, ``facilities``, ``homes``, ``communities``) by the id of its rows.
    """
    folder.mkdir(parents=True, exist_ok=True)
    layers: dict[str, list[tuple[dict[str, Any], str, Any]]] = {
        "communities": [
            ({"id": f"c{i}", "name": f"Block {i}", "side": side}, "Polygon", [_square(left, left + 600)])
            for i, (left, side) in enumerate(((-100, "west"), (500, "east")))
        ],
        "homes": [({"id": f"h{x}", "elders": n}, "Point", _at(x, 10)) for x, n in HOMES],
        "facilities": [({"id": "F1", "name": "Old centre"}, "Point", _at(0, -10))],
        "rooms": [
            ({"id": name, "name": f"Room {name}", "area_m2": 500}, "Point", _at(x, -10))
            for name, x in (("C1", 100), ("C2", 900))
        ],
        "streets": [({"id": "s1"}, "LineString", [_at(-2000, 0), _at(3200, 0)])],
    }
    for layer, features in layers.items():
        for feature in features:
            feature[0].update(columns.get(layer, {}).get(feature[0]["id"], {}))
        _write(folder / f"{layer}.geojson", features)
    path = folder / "street.yaml"
    path.write_text(json.dumps(study or study_of(), ensure_ascii=False, indent=1), encoding="utf-8")
    return path


def write_need(folder: Path, weight: float, left: float = -200, right: float = 1200) -> dict[str, Any]:
    """Write a polygon of need over the street between two x and return the layer's block."""
    _write(folder / "need.geojson", [({"id": "n", "weight": weight}, "Polygon", [_square(left, right)])])
    return {"path": "need.geojson", "columns": {"id": "id", "weight": "weight"}}


def _at(x: float, y: float) -> list[float]:
    return [WEST_M + x, SOUTH_M + y]


def _square(left: float, right: float) -> list[list[float]]:
    return [_at(x, y) for x, y in ((left, -300), (right, -300), (right, 300), (left, 300), (left, -300))]


def _write(path: Path, features: list[tuple[dict[str, Any], str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    told = {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::25833"}},
        "features": [
            {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": coordinates}}
            for properties, kind, coordinates in features
        ],
    }
    path.write_text(json.dumps(told), encoding="utf-8")
