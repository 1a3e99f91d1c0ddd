"""A town of nine blocks, written as the files a planner would have: small enough for a run in the blink of an eye.

Streets are a grid of 5 × 5 junctions, 150 m apart; each community is a square of 200 m with people at one inner point;
candidates stand beside the junctions. Nothing is drawn at random without a seed.
"""

import json
from pathlib import Path

import numpy as np

ORIGIN = (500_000.0, 4_649_776.0)  # EPSG:32633, the middle of its zone at 42° N
STEP_M = 150.0

STUDY = """\
version: 1
name: {{zh: 小镇, en: Tiny town}}
language: en
crs: EPSG:32633
layers:
  communities: {{path: communities.geojson, columns: {{id: id, name: name}}, roll_up: [side]}}
  people:
    - {{path: communities.geojson, columns: {{id: id}}, groups: {{elder: elder, child: child}}, basis: resident, year: 2020, source: made up, spread: point}}
  facilities:
    - {{path: facilities.geojson, service: canteen, columns: {{id: id, name: name}}}}
  candidates:
    - {{path: candidates.geojson, kind: room, columns: {{id: id, name: name, area_m2: area_m2}}}}
  streets: {{path: streets.osm}}
groups:
  elder: {{name: {{zh: 老人, en: elders}}, protected: true}}
  child: {{name: {{zh: 儿童, en: children}}}}
walking:
  profiles:
    slow: {{speed_m_s: 0.8}}
    quick: {{speed_m_s: 1.1}}
services:
  - {{id: canteen, name: {{zh: 食堂, en: Canteen}}, demand: {{elder: 1}}, walker: slow, circles: [{{minutes: 3, weight: 1}}, {{minutes: 6, weight: 0.5}}], area_m2: 100, fit_out_cost: 300000, yearly_cost: 50000}}
  - {{id: childcare, name: {{zh: 托育, en: Childcare}}, demand: {{child: 1}}, walker: quick, circles: [{{minutes: 3, weight: 1}}, {{minutes: 6, weight: 0.5}}], area_m2: 120, fit_out_cost: 400000, yearly_cost: 80000}}
site_kinds:
  room: {{name: {{zh: 用房, en: Room}}, setup_cost: 100000}}
budgets: {{capital_cost: 1200000}}
siting: {{max_sites: 3}}
solver: {{time_limit_s: 30, gap: 0, threads: 1, seed: 1}}
scenarios:
{scenarios}
"""

SCENARIOS = """\
  - {name: rich, set: {budgets.capital_cost: 2400000}}
  - {name: frail, set: {walking.profiles.slow.speed_m_s: 0.64}}
  - name: grid
    matrix:
      budgets.capital_cost: [800000, 1200000, 1600000]
      walking.profiles.slow.speed_m_s: [0.7, 0.9]
"""


def write_town(
    folder: Path, *, scenarios: str = SCENARIOS, seed: int = 0, name: str = "town", east_m: float = 0.0
) -> Path:
    """Write layers and study into ``folder``, ``east_m`` beside the first town, and return the study file."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(seed)
    x0, y0 = ORIGIN[0] + east_m, ORIGIN[1]
    squares = [
        (
            {
                "id": f"c{i}{j}",
                "name": f"Block {i}{j}",
                "side": "west" if i == 0 else "east",
                "elder": int(draw.integers(20, 200)),
                "child": int(draw.integers(5, 60)),
            },
            [[x0 + 200 * (i + a), y0 + 200 * (j + b)] for a, b in ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))],
        )
        for i in range(3)
        for j in range(3)
    ]
    rooms = [
        (
            {"id": f"r{k}", "name": f"Room {k}", "area_m2": float(draw.integers(110, 300))},
            [x0 + STEP_M * (k % 4) + 40.0, y0 + STEP_M * (k // 4) + 12.0],
        )
        for k in range(12)
    ]
    _geojson(folder / "communities.geojson", "Polygon", [(told, [ring]) for told, ring in squares])
    _geojson(folder / "candidates.geojson", "Point", rooms)
    _geojson(folder / "facilities.geojson", "Point", [({"id": "f0", "name": "Old canteen"}, [x0 + 310.0, y0 + 455.0])])
    (folder / "streets.osm").write_text(_streets(east_m), encoding="utf-8")
    path = folder / f"{name}.yaml"
    path.write_text(STUDY.format(scenarios=scenarios), encoding="utf-8")
    return path


def _geojson(path: Path, kind: str, features: list) -> None:
    told = {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32633"}},
        "features": [
            {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": coordinates}}
            for properties, coordinates in features
        ],
    }
    path.write_text(json.dumps(told), encoding="utf-8")


def _streets(east_m: float) -> str:
    from pyproj import Transformer

    to_degrees = Transformer.from_crs(32633, 4326, always_xy=True)
    nodes, ways = [], []
    for i in range(5):
        for j in range(5):
            lon, lat = to_degrees.transform(ORIGIN[0] + east_m + STEP_M * i, ORIGIN[1] + STEP_M * j)
            nodes.append(f'<node id="{1 + 5 * i + j}" version="1" lon="{lon:.9f}" lat="{lat:.9f}"/>')
    for line in range(5):
        for k, refs in enumerate(([1 + 5 * line + j for j in range(5)], [1 + 5 * i + line for i in range(5)])):
            inside = "".join(f'<nd ref="{ref}"/>' for ref in refs)
            ways.append(f'<way id="{1 + 2 * line + k}" version="1">{inside}<tag k="highway" v="residential"/></way>')
    return f'<?xml version="1.0"?><osm version="0.6">{"".join(nodes)}{"".join(ways)}</osm>'
