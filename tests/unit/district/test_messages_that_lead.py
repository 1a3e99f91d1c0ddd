"""What a finding advises must be possible, and what follows from another fault is not said again."""

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import LineString, Point

from planner.access import read_network
from planner.district import check_layers, read_district
from planner.district.findings import Findings
from planner.errors import LayerError
from tests.unit.district.conftest import CRS, X, Y


def found_in(drawn):
    return {finding.code: finding for finding in check_layers(drawn.study(), drawn.folder)}


PERSON = {"basis": "resident", "source": "drawn by hand", "year": 2020}


def joined(drawn, rows, **more):
    pd.DataFrame(rows).to_csv(drawn.folder / "people.csv", index=False, encoding="utf-8")
    drawn.layers["people"] = [
        {
            "path": "people.csv",
            "join": {"column": "街道", "to": "name"},
            "groups": {"elders": "elders"},
            **PERSON,
            **more,
        },
        {"path": "communities.gpkg", "groups": {"toddlers": "toddlers"}, **PERSON},
    ]


HERE = [{"街道": name, "区": "杨浦区", "elders": 5} for name in "甲乙丙丁"]
THERE = [{"街道": f"外{i}", "区": "浦东新区", "elders": 9} for i in range(6)]


@pytest.mark.deep
def test_rows_of_a_city_wide_table_are_no_error_and_keep_is_suggested(drawn):
    joined(drawn, HERE + THERE)
    assert read_district(drawn.study(), drawn.folder).demand["elders"].sum() == 20
    found = found_in(drawn)
    assert "unjoined-rows" not in found
    elsewhere = found["rows-elsewhere"]
    assert elsewhere.severity == "note"
    assert elsewhere.count == 6
    assert "keep: {区: ['杨浦区']}" in elsewhere.hint("zh")


@pytest.mark.deep
def test_the_keep_that_is_suggested_leaves_nothing_to_say(drawn):
    joined(drawn, HERE + THERE, keep={"区": ["杨浦区"]})
    assert not {"unjoined-rows", "rows-elsewhere"} & set(found_in(drawn))


@pytest.mark.deep
def test_a_misspelt_name_of_the_district_is_still_an_error(drawn):
    joined(drawn, [*HERE[:3], {"街道": "丁丁", "区": "杨浦区", "elders": 5}, *THERE])
    found = found_in(drawn)
    assert found["unjoined-rows"].severity == "error"
    assert found["unjoined-rows"].count == 1
    assert "丁丁" in found["unjoined-rows"].what("zh")
    assert "keep" in found["unjoined-rows"].hint("en")
    assert found["rows-elsewhere"].count == 6


@pytest.mark.deep
def test_a_name_too_many_where_every_community_has_its_row_is_a_warning(drawn):
    joined(drawn, [*({k: v for k, v in row.items() if k != "区"} for row in HERE), {"街道": "合计", "elders": 20}])
    found = found_in(drawn)
    assert found["rows-elsewhere"].severity == "warning"
    assert read_district(drawn.study(), drawn.folder).demand["elders"].sum() == 20


@pytest.mark.deep
def test_candidates_without_a_system_are_not_also_called_missing(drawn):
    drawn.candidates = drawn.candidates.set_crs(None, allow_override=True)
    found = found_in(drawn)
    assert found["missing-crs"].layer == "layers.candidates.0"
    assert "no-candidates" not in found


@pytest.mark.deep
def test_people_whose_column_is_missing_are_not_also_called_nobody(drawn):
    drawn.layers["people"][0]["groups"] = {"elders": "elder", "toddlers": "toddlers"}
    found = found_in(drawn)
    assert "missing-column" in found
    assert "no-people" not in found


def test_buildings_that_cannot_be_read_are_not_also_called_absent(drawn):
    drawn.layers["buildings"]["path"] = "buldings.gpkg"
    found = found_in(drawn)
    assert "missing-file" in found
    assert "people-without-buildings" not in found


def test_estates_whose_gates_cannot_be_read_are_not_called_gateless(drawn):
    estates = gpd.GeoDataFrame({"id": ["e1"]}, geometry=[drawn.buildings.geometry.iloc[0].buffer(5)], crs=CRS)
    estates.to_file(drawn.folder / "estates.gpkg")
    drawn.layers["estates"] = {"path": "estates.gpkg"}
    drawn.layers["gates"] = {"path": "gates.gpkg"}
    found = found_in(drawn)
    assert "missing-file" in found
    assert "estate-without-gate" not in found


@pytest.mark.deep
def test_entrances_of_facilities_that_cannot_be_read_are_not_called_strangers(drawn):
    doors = gpd.GeoDataFrame({"id": ["d1"], "place": ["f1"]}, geometry=[Point(X + 150, Y + 50)], crs=CRS)
    doors.to_file(drawn.folder / "doors.gpkg")
    drawn.layers["entrances"] = {"path": "doors.gpkg"}
    drawn.facilities = drawn.facilities.set_crs(None, allow_override=True)
    found = found_in(drawn)
    assert "missing-crs" in found
    assert "unknown-place" not in found


def test_a_csv_is_not_told_to_add_a_cpg(drawn):
    pd.DataFrame(
        {"id": ["f1"], "name": ["长海路街道社区食堂"], "service": ["canteen"], "x": [X + 150], "y": [Y + 50]}
    ).to_csv(drawn.folder / "食堂.csv", index=False, encoding="gb18030")
    drawn.layers["facilities"] = [{"path": "食堂.csv", "crs": CRS}]
    decided = found_in(drawn)["encoding-decided"]
    for language in ("zh", "en"):
        assert "cpg" not in decided.hint(language)
        assert f"encoding: {decided.evidence['encoding']}" in decided.hint(language)


@pytest.mark.deep_after(1)
@pytest.mark.parametrize("blank", ["", "  ", "\u200b", None])
def test_rows_without_an_id_are_named_by_their_number(drawn, blank):
    drawn.communities["id"] = blank
    drawn.communities["elders"] = [10, 0, 0, 0]
    drawn.communities["toddlers"] = [1, 0, 0, 0]
    texts = [finding.text("en") for finding in check_layers(drawn.study(), drawn.folder)]
    assert any("duplicate-id" in text for text in texts)
    assert not any("[, " in text or "[]" in text for text in texts)


def test_a_finding_never_names_a_row_by_nothing():
    findings = Findings()
    findings.warn("duplicate-id", "layers.people.0", "a.csv", ["", "\t", "b"])
    assert "[–, –, b]" in findings.all[0].text("zh")


@pytest.mark.deep_after(2)
@pytest.mark.parametrize("said", ["", "  ", "EPSG:25833 or so"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_system_that_is_none_is_named_as_written_and_never_the_files_own(drawn, said, language):
    drawn.layers["facilities"] = [{"path": "facilities.gpkg", "crs": said}]
    found = found_in(drawn)["unknown-crs"]
    assert found.layer == "layers.facilities.0"
    assert found.what(language).startswith(("不认识坐标系 " if language == "zh" else "") + (said.strip() or "''"))
    assert "WGS" not in found.what(language)


@pytest.mark.parametrize("said", ["", "  "])
def test_an_empty_system_of_the_study_is_named_too(drawn, said):
    drawn.settings["crs"] = said
    found = found_in(drawn)["unknown-crs"]
    assert found.layer == "crs"
    assert found.what("en").startswith("'' is no coordinate system")


@pytest.mark.parametrize("said", ["", "  "])
def test_an_empty_system_of_the_streets_is_named_too(drawn, said):
    gpd.GeoDataFrame(geometry=[LineString([(X, Y), (X + 900, Y)])], crs=CRS).to_file(drawn.folder / "lines.gpkg")
    with pytest.raises(LayerError, match="''"):
        read_network(drawn.folder / "lines.gpkg", CRS, source_crs=said)
