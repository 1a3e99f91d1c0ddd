"""Communities that are points, hexagon centres, one outline, or missing: cells stand in for them, and are labelled."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.geometry import Point, box

from planner.district import check_layers, read_district
from planner.report.evidence import evidence_rows
from tests.unit.district.conftest import CRS, X, Y

PERSON = {"basis": "resident", "source": "drawn by hand", "year": 2020}


def codes(study, folder):
    return {finding.code: finding for finding in check_layers(study, folder)}


def as_points(drawn, **cells):
    """The four communities as their centres; people as points of their own."""
    homes = drawn.communities.set_geometry(drawn.communities.representative_point())
    homes.to_file(drawn.folder / "homes.gpkg")
    drawn.communities = homes.drop(columns=["elders", "toddlers"])
    drawn.layers["communities"] |= cells
    drawn.layers["people"] = [{"path": "homes.gpkg", "groups": {"elders": "elders", "toddlers": "toddlers"}, **PERSON}]


def test_communities_that_are_points_are_refused_and_cells_are_offered(drawn):
    as_points(drawn)
    refused = codes(drawn.study(), drawn.folder)["wrong-geometry"]
    assert refused.severity == "error"
    for language in ("zh", "en"):
        assert "cells: voronoi" in refused.hint(language)
        assert "cells: grid" in refused.hint(language)


@pytest.mark.deep
def test_voronoi_cells_of_four_centres_are_the_four_squares(drawn):
    squares = drawn.communities.geometry.copy()
    as_points(drawn, cells="voronoi", cell_m=100)
    district = read_district(drawn.study(), drawn.folder)
    assert list(district.communities["name"]) == ["甲", "乙", "丙", "丁"]
    assert list(district.communities["street"]) == ["一街", "一街", "二街", "二街"]
    for cell, square in zip(district.communities.geometry, squares, strict=True):
        assert cell.symmetric_difference(square).area < 1e-3
    assert district.demand.groupby("community")["elders"].sum().to_dict() == {0: 10, 1: 7, 2: 3, 3: 0}
    said = codes(drawn.study(), drawn.folder)["communities-are-cells"]
    assert said.severity == "warning"
    assert "泰森多边形" in said.what("zh")
    assert said.evidence["made"] == 4


def test_cells_of_hexagon_centres_are_the_hexagons(drawn):
    side = 100.0
    rows = [(side * 1.5 * i, side * np.sqrt(3) * (j + (i % 2) / 2)) for i in range(5) for j in range(5)]
    drawn.communities = gpd.GeoDataFrame(
        {"id": [str(i) for i in range(25)], "elders": 1, "toddlers": 1, "street": "一街"},
        geometry=[Point(X + x, Y + y) for x, y in rows],
        crs=CRS,
    )
    drawn.layers["communities"]["cells"] = "voronoi"
    cells = read_district(drawn.study(), drawn.folder).communities
    inner = cells.geometry.iloc[12]  # third row and column: neighbours on all sides
    assert inner.area == pytest.approx(side**2 * 1.5 * np.sqrt(3), rel=1e-6)
    assert len(shapely.get_coordinates(inner)) - 1 == 6


def test_a_grid_over_the_homes_stands_in_for_missing_communities(drawn):
    people = gpd.GeoDataFrame(
        {"elders": [5, 6, 7], "toddlers": [1, 1, 1]},
        geometry=[Point(X + 20, Y + 20), Point(X + 80, Y + 30), Point(X + 230, Y + 40)],
        crs=CRS,
    )
    people.to_file(drawn.folder / "homes.gpkg")
    drawn.buildings = None
    drawn.layers.pop("buildings")
    drawn.layers["communities"] = {"path": "homes.gpkg", "cells": "grid", "cell_m": 100}
    drawn.layers["people"] = [{"path": "homes.gpkg", "groups": {"elders": "elders", "toddlers": "toddlers"}, **PERSON}]
    district = read_district(drawn.study(), drawn.folder)
    assert list(district.communities["id"]) == [f"E{X:.0f}N{Y:.0f}", f"E{X + 200:.0f}N{Y:.0f}"]
    assert district.communities.geometry.iloc[0].equals(box(X, Y, X + 100, Y + 100))
    assert district.demand.groupby("community")["elders"].sum().to_dict() == {0: 11, 1: 7}
    assert "格网" in codes(drawn.study(), drawn.folder)["communities-are-cells"].what("zh")


def test_a_grid_fills_an_outline_and_no_more_and_keeps_its_roll_up(drawn):
    drawn.layers["people"][0]["path"] = "blocks.gpkg"
    drawn.communities.to_file(drawn.folder / "blocks.gpkg")
    outline = box(X, Y, X + 200, Y + 150)
    drawn.communities = gpd.GeoDataFrame({"gid": ["1"], "street": ["一街"]}, geometry=[outline], crs=CRS)
    drawn.layers["communities"] |= {"cells": "grid", "cell_m": 100, "columns": {"id": "gid"}}
    communities = read_district(drawn.study(), drawn.folder).communities
    assert sorted(communities.area.round(6)) == [5_000, 5_000, 10_000, 10_000]
    assert set(communities["street"]) == {"一街"}


def test_centres_in_a_table_with_longitudes_become_cells(drawn, tmp_path):
    as_points(drawn)
    degrees = drawn.communities.to_crs(4326)
    pd.DataFrame(degrees.drop(columns="geometry")).assign(lon=degrees.geometry.x, lat=degrees.geometry.y).to_csv(
        tmp_path / "centres.csv", index=False
    )
    drawn.layers["communities"] = {"path": "centres.csv", "cells": "voronoi", "cell_m": 100, "roll_up": ["street"]}
    assert len(read_district(drawn.study(), drawn.folder).communities) == 4


def test_two_centres_on_one_point_are_refused_with_their_ids(drawn):
    as_points(drawn, cells="voronoi")
    drawn.communities.loc[1, "geometry"] = drawn.communities.geometry.iloc[0]
    found = codes(drawn.study(), drawn.folder)["cells-coincide"]
    assert found.rows == ("A", "B")


def test_a_grid_of_millions_of_cells_is_refused(drawn):
    as_points(drawn, cells="grid", cell_m=50)
    drawn.communities.loc[0, "geometry"] = Point(X - 40_000, Y - 40_000)
    assert codes(drawn.study(), drawn.folder)["too-many-cells"].evidence["most"] == 20_000


def test_every_output_says_that_cells_stand_in(drawn):
    as_points(drawn, cells="grid", cell_m=250)
    rows = [row for row in evidence_rows(drawn.study(), "en") if row.kind == "assumption" and "cells" in row.figure]
    assert [row.value for row in rows] == ["squares of a grid (250 m)"]
