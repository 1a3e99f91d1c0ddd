"""How long the data doctor takes over a large city's layers: 200,000 points and 5,000 polygons, GBK and no ``.cpg``.

    make bench-layers

The layers are drawn by rule, so the figures can be compared from machine to machine. The last line is JSON:
``{"check_s", "peak_mb", "points", "polygons"}``. To be kept under 30 s and 2 GB.
"""

import json
import resource
import sys
import tempfile
import time
import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import shapely

from planner.district import check_layers
from planner.study import Study

POINTS, ROWS, COLUMNS = 200_000, 50, 100
SIDE_M = 400.0
CORNER = (600_000.0, 3_400_000.0)
CRS = "EPSG:4549"

SERVICE = {
    "id": "elder_care",
    "name": "养老",
    "demand": {"elders": 1},
    "walker": "elder",
    "circles": [{"minutes": 15, "weight": 1}],
    "area_m2": 300,
    "fit_out_cost": 1,
}


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        study = draw(folder)
        began = time.perf_counter()
        findings = check_layers(study, folder)
        seconds = time.perf_counter() - began
    for finding in findings:
        print(finding.text("en")[:160])
    assert not [finding for finding in findings if finding.severity == "error"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    result = {"check_s": round(seconds, 2), "peak_mb": round(peak), "points": POINTS, "polygons": ROWS * COLUMNS}
    print(json.dumps(result))


def draw(folder: Path) -> Study:
    """Write a city of square communities with people at its doors, some of them doubtful."""
    row, column = np.divmod(np.arange(ROWS * COLUMNS), COLUMNS)
    x, y = CORNER[0] + column * SIDE_M, CORNER[1] + row * SIDE_M
    squares = shapely.box(x, y, x + SIDE_M, y + SIDE_M)
    squares[7] = shapely.buffer(squares[7], 3.0)  # overlaps its neighbours
    names = np.array([f"幸福社区{i}" for i in range(len(squares))])
    communities = gpd.GeoDataFrame(
        {"id": [f"Q{i}" for i in range(len(squares))], "name": names}, geometry=squares, crs=CRS
    )
    random = np.random.default_rng(1)
    px = CORNER[0] + random.uniform(0, COLUMNS * SIDE_M, POINTS)
    py = CORNER[1] + random.uniform(0, ROWS * SIDE_M, POINTS)
    people = random.integers(0, 40, POINTS).astype(str)
    people[::1000] = "约12人"
    doors = gpd.GeoDataFrame(
        {"id": np.arange(POINTS).astype(str), "elders": people}, geometry=shapely.points(px, py), crs=CRS
    )
    stated = names[((py[:2000] - CORNER[1]) // SIDE_M * COLUMNS + (px[:2000] - CORNER[0]) // SIDE_M).astype(int)]
    places = doors.iloc[:2000][["id", "geometry"]].assign(name="站", community=stated, area_m2=500.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, frame in (("communities", communities), ("doors", doors), ("places", places)):
            pyogrio.write_dataframe(frame, folder / f"{name}.shp", encoding="GBK")
            (folder / f"{name}.cpg").unlink()
    (folder / "streets.osm").write_text('<osm version="0.6"></osm>')
    return Study.model_validate(
        {
            "version": 1,
            "name": "bench",
            "layers": {
                "communities": {"path": "communities.shp"},
                "people": [
                    {
                        "path": "doors.shp",
                        "groups": {"elders": "elders"},
                        "basis": "resident",
                        "year": 2020,
                        "source": "drawn by rule",
                    }
                ],
                "facilities": [{"path": "places.shp", "service": "elder_care"}],
                "candidates": [{"path": "places.shp", "kind": "school"}],
                "streets": {"path": "streets.osm"},
            },
            "groups": {"elders": {"name": "老人"}},
            "walking": {"profiles": {"elder": {"speed_m_s": 0.8}}},
            "services": [SERVICE],
            "site_kinds": {"school": {"name": "学校"}},
        }
    )


if __name__ == "__main__":
    main()
