"""People as tables, percentages, 万人, estimates and rasters; gates, estates and need beside them."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from shapely.geometry import LineString, Point

from planner.district import check_layers, read_district

from .conftest import CRS, X, Y, square

FROM = {"basis": "resident", "year": 2020, "source": "drawn by hand"}


def with_table(drawn, rows, groups, **more):
    pd.DataFrame(rows).to_csv(drawn.folder / "people.csv", index=False, encoding="gb18030")
    drawn.layers["people"] = [
        {"path": "people.csv", "join": {"column": "社区", "to": "name"}, "groups": groups, **FROM, **more}
    ]
    return drawn.study()


def elders(district):
    sums = district.demand.groupby("community")["elders"].sum()
    return {district.communities["id"][position]: people for position, people in sums.items()}


def test_a_table_is_joined_by_name_renamed_ones_too(drawn):
    drawn.layers["communities"]["renamed"] = {"老甲": "甲"}
    rows = {"社区": ["老甲", "乙", "丙 ", "丁"], "万人": ["0.001", "0.0007", "0.0003", "0"], "幼": [1, 0, 2, 4]}
    groups = {"elders": {"column": "万人", "unit": 10000}, "toddlers": "幼"}
    district = read_district(with_table(drawn, rows, groups), drawn.folder)
    assert elders(district) == {"A": 10, "B": 7, "C": 3, "D": 0}


def test_percentages_of_a_total(drawn):
    rows = {"社区": ["甲", "乙", "丙", "丁"], "常住": [40, 28, 12, 0], "比": [25, 25.0, "25", ""], "幼": [1, 0, 2, 4]}
    groups = {"elders": {"column": "比", "percent_of": "常住"}, "toddlers": "幼"}
    district = read_district(with_table(drawn, rows, groups), drawn.folder)
    assert district.demand["elders"].sum() == 20
    assert {finding.code for finding in district.findings} >= {"missing-number"}


@pytest.mark.deep
def test_a_band_may_be_estimated_only_from_something(drawn):
    rows = {"社区": ["甲", "乙", "丙", "丁"], "老": [10, 7, 3, 0], "儿童": [10, 0, 20, 40]}
    share = {"column": "儿童", "share": 0.1}
    with pytest.raises(ValidationError, match="say from what"):
        with_table(drawn, rows, {"elders": "老", "toddlers": share})
    study = with_table(drawn, rows, {"elders": "老", "toddlers": {**share, "estimate": "a tenth of 0–14"}})
    district = read_district(study, drawn.folder)
    assert district.demand["toddlers"].sum() == pytest.approx(7, abs=1e-5)
    (said,) = [finding for finding in district.findings if finding.code == "estimated-people"]
    assert said.evidence["groups"] == "toddlers"
    assert study.layers.people[0].estimates == {"toddlers": "a tenth of 0–14"}


def test_whole_people_keep_the_sum_of_every_community(drawn):
    drawn.layers["people"][0]["whole_people"] = True
    district = read_district(drawn.study(), drawn.folder)
    assert (district.demand["elders"] % 1 == 0).all()
    assert elders(district) == {"A": 10, "B": 7, "C": 3, "D": 0}


@pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")  # rasterio's own
def test_cells_of_a_raster_are_spread_like_polygons(drawn):
    rasterio = pytest.importorskip("rasterio", reason="the optional extra raster is not installed")
    from rasterio.transform import from_origin

    cells = np.array([[3, 0], [10, 7]], dtype="float32")  # C, D / A, B from the north
    with rasterio.open(
        drawn.folder / "elders.tif", "w", driver="GTiff", width=2, height=2, count=1, dtype="float32",
        crs=CRS, transform=from_origin(X, Y + 200, 100, 100),
    ) as sink:  # fmt: skip
        sink.write(cells, 1)
    drawn.layers["people"] = [
        {"path": "elders.tif", "groups": {"elders": "band_1"}, **FROM},
        {"path": "communities.gpkg", "groups": {"toddlers": "toddlers"}, **FROM},
    ]
    district = read_district(drawn.study(), drawn.folder)
    assert elders(district) == {"A": 10, "B": 7, "C": 3, "D": 0}
    lives = district.demand.set_index("id")["elders"]
    assert lives["b1"] + lives["b2"] == 10


@pytest.mark.deep
def test_gates_estates_barriers_and_need_are_read(drawn):
    gpd.GeoDataFrame({"id": ["e"], "name": ["小区"]}, geometry=[square(0, 0, 80)], crs=CRS).to_file(
        drawn.folder / "e.gpkg"
    )
    gates = [Point(X + 80, Y + 40), Point(X + 400, Y + 40), Point(X + 500, Y)]
    gpd.GeoDataFrame({"id": ["g1", "g2", "g3"], "estate": ["", "", "e"]}, geometry=gates, crs=CRS).to_file(
        drawn.folder / "g.gpkg"
    )
    wall = LineString([(X, Y + 100), (X + 200, Y + 100)])
    gpd.GeoDataFrame({"id": ["w"], "kind": ["wall"]}, geometry=[wall], crs=CRS).to_file(drawn.folder / "w.gpkg")
    gpd.GeoDataFrame({"id": ["n"], "weight": ["1.5"]}, geometry=[square(0, 0, 100)], crs=CRS).to_file(
        drawn.folder / "n.gpkg"
    )
    drawn.layers |= {
        "estates": {"path": "e.gpkg"}, "gates": {"path": "g.gpkg"}, "barriers": {"path": "w.gpkg"}, "need": {"path": "n.gpkg"},
    }  # fmt: skip
    ground = read_district(drawn.study(), drawn.folder).context
    assert list(ground.gates["estate"]) == [0, -1, 0]
    assert list(ground.barriers["kind"]) == ["wall"]
    assert list(ground.need["weight"]) == [1.5]
    assert {finding.code for finding in check_layers(drawn.study(), drawn.folder)}.isdisjoint({"estate-without-gate"})


def test_a_district_without_them_has_empty_ones(drawn):
    context = read_district(drawn.study(), drawn.folder).context
    rows = {name: len(frame) for name, frame in vars(context).items()}
    assert rows.pop("ground") == 3  # the residential buildings, for the maps
    assert set(rows.values()) == {0}
