"""A district drawn by hand, written as a planner would hand it in.

Four square communities of 100 m, in EPSG:32650 at (400000, 3400000)::

    ┌────────┬────────┐
    │ C      │ D      │   people  A 10, B 7, C 3, D 0 elders
    │   b3   │        │   b1 100 m² × 2 storeys, b2 100 m² × 1: A's ten go 20/3 : 10/3
    ├────────┼────────┤   B has no building: its seven live at an inner point
    │ A      │ B      │
    │ b1 b2  │    f1  │   f1 a canteen, s1 a school with 400 m²
    │        │ s1     │
    └────────┴────────┘
"""

import warnings
from pathlib import Path

import geopandas as gpd
import pytest
from shapely.geometry import Point, box

from planner.study import Study

X, Y, CRS = 400_000.0, 3_400_000.0, "EPSG:32650"


def square(x, y, side):
    return box(X + x, Y + y, X + x + side, Y + y + side)


def streets_xml(lines):
    """Draw footways between points in metres from the corner of the district as an OpenStreetMap file."""
    nodes = {point: number for number, point in enumerate(dict.fromkeys(p for line in lines for p in line), start=1)}
    degrees = gpd.GeoSeries([Point(X + x, Y + y) for x, y in nodes], crs=CRS).to_crs(4326)
    parts = [
        f'<node id="{number}" lon="{point.x:.9f}" lat="{point.y:.9f}" version="1"/>'
        for number, point in zip(nodes.values(), degrees, strict=True)
    ]
    for number, line in enumerate(lines, start=1):
        refs = "".join(f'<nd ref="{nodes[point]}"/>' for point in line)
        parts.append(f'<way id="{number}" version="1">{refs}<tag k="highway" v="footway"/></way>')
    return f'<osm version="0.6">{"".join(parts)}</osm>'


class HandDrawn:
    """Writes the layers into a folder; a test changes a frame before `study` is called."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.communities = gpd.GeoDataFrame(
            {
                "id": ["A", "B", "C", "D"],
                "name": ["甲", "乙", "丙", "丁"],
                "street": ["一街", "一街", "二街", "二街"],
                "elders": [10, 7, 3, 0],
                "toddlers": [1, 0, 2, 4],
            },
            geometry=[square(0, 0, 100), square(100, 0, 100), square(0, 100, 100), square(100, 100, 100)],
            crs=CRS,
        )
        self.buildings = gpd.GeoDataFrame(
            {"id": ["b1", "b2", "b3"], "storeys": [2.0, 1.0, None]},
            geometry=[square(10, 40, 10), square(50, 40, 10), square(50, 150, 10)],
            crs=CRS,
        )
        self.facilities = gpd.GeoDataFrame(
            {"id": ["f1"], "name": ["食堂"], "service": ["canteen"], "capacity": ["约120"]},
            geometry=[Point(X + 150, Y + 50)],
            crs=CRS,
        )
        self.candidates = gpd.GeoDataFrame(
            {"id": ["s1"], "name": ["小学"], "kind": ["school"]}, geometry=[square(110, 10, 20)], crs=CRS
        )
        self.layers = {
            "communities": {"path": "communities.gpkg", "roll_up": ["street"]},
            "people": [
                {
                    "path": "communities.gpkg",
                    "groups": {"elders": "elders", "toddlers": "toddlers"},
                    "basis": "resident",
                    "year": 2020,
                    "source": "drawn by hand",
                }
            ],
            "buildings": {"path": "buildings.gpkg", "assumed_storeys": 1.0},
            "streets": {"path": "streets.osm"},
            "facilities": [{"path": "facilities.gpkg"}],
            "candidates": [{"path": "candidates.gpkg"}],
        }
        self.settings = {}
        self.streets = [[(-900, 60), (1100, 60)], [(100, -900), (100, 60), (100, 1100)], [(-900, 1100), (1100, -900)]]

    def study(self) -> Study:
        for name in ("communities", "buildings", "facilities", "candidates"):
            frame = getattr(self, name)
            if frame is not None:
                with warnings.catch_warnings():
                    warnings.filterwarnings("ignore", "'crs' was not provided")
                    frame.to_file(self.folder / f"{name}.gpkg")
        (self.folder / "streets.osm").write_text(streets_xml(self.streets))
        circles = [{"minutes": 15, "weight": 1}]
        service = {"walker": "elder", "circles": circles, "area_m2": 100, "fit_out_cost": 1000}
        raw = {
            "version": 1,
            "name": "hand-drawn",
            "language": "en",
            "layers": self.layers,
            "groups": {"elders": {"name": "elders"}, "toddlers": {"name": "toddlers"}},
            "walking": {"profiles": {"elder": {"speed_m_s": 0.8}}},
            "services": [
                {"id": "canteen", "name": "canteen", "demand": {"elders": 1}, **service},
                {"id": "childcare", "name": "childcare", "demand": {"toddlers": 1}, **service},
            ],
            "site_kinds": {"school": {"name": "school", "area_share": 0.5, "setup_cost": 50, "services": ["canteen"]}},
            **self.settings,
        }
        return Study.model_validate(raw)


@pytest.fixture
def drawn(tmp_path) -> HandDrawn:
    return HandDrawn(tmp_path)
