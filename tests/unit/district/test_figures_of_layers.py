"""Figures of layers: each wrong or doubtful cell has its right value, or a refusal that names it."""

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
from shapely.geometry import Point

from planner.district import check_layers, need_weights, number_rules_text, read_district
from planner.district.layer_table import NUMBER_RULES
from planner.errors import LayerError
from planner.study.former_names import other_name
from tests.unit.district.conftest import CRS, X, Y, square


def codes(drawn):
    return {finding.code: finding for finding in check_layers(drawn.study(), drawn.folder)}


def tabled(drawn, text=None, *, name="people.csv", groups=None, **more):
    """Take the people from a table joined to the communities."""
    if text is not None:
        (drawn.folder / name).write_text(text, encoding="utf-8")
    drawn.layers["people"] = [
        {
            "path": name,
            "join": {"column": "quarter", "to": "id"},
            "groups": groups or {"elders": "elders", "toddlers": "toddlers"},
            "basis": "resident",
            "year": 2020,
            "source": "drawn by hand",
            **more,
        }
    ]


def workbook(drawn, rows, formats=None, name="people.xlsx"):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for cell, shown in (formats or {}).items():
        book.active[cell].number_format = shown
    book.save(drawn.folder / name)
    book.close()


def elders(drawn):
    return float(read_district(drawn.study(), drawn.folder).demand["elders"].sum())


SHARES = {"elders": {"column": "share", "percent_of": "all"}, "toddlers": "all"}


# percents ----------------------------------------------------------------------------------------------------------------


def test_percent_cells_of_a_workbook_are_what_they_show(drawn):
    rows = [["quarter", "share", "all"], ["A", 0.235, 1000], ["B", 0.2, 1000], ["C", 0.4, 1000], ["D", 0, 1000]]
    workbook(drawn, rows, {f"B{row}": "0.0%" for row in range(2, 6)})
    tabled(drawn, name="people.xlsx", groups=SHARES)
    assert elders(drawn) == pytest.approx(835)  # 235 + 200 + 400 + 0; 8.35 when the cells are taken for per cent


@pytest.mark.deep
def test_percent_signs_in_a_csv_are_read_and_nothing_is_called_empty(drawn):
    tabled(drawn, "quarter,share,all\nA,23.5%,1000\nB,20 %,1000\nC,４０％,1000\nD,0%,1000\n", groups=SHARES)
    assert elders(drawn) == pytest.approx(835)
    assert not {"missing-number", "unreadable-number"} & set(codes(drawn))


@pytest.mark.deep
def test_percent_signs_need_no_unit_and_a_unit_stays_for_plain_shares(drawn):
    groups = {"elders": {"column": "share", "percent_of": "all", "unit": 100}, "toddlers": "all"}
    tabled(drawn, "quarter,share,all\nA,23.5%,1000\nB,20%,1000\nC,40%,1000\nD,0%,1000\n", groups=groups)
    assert elders(drawn) == pytest.approx(835)
    tabled(drawn, "quarter,share,all\nA,0.235,1000\nB,0.2,1000\nC,0.4,1000\nD,0,1000\n", groups=groups)
    assert elders(drawn) == pytest.approx(835)
    assert "share-for-percent" not in codes(drawn)


def test_plain_shares_where_percentages_are_asked_are_doubted(drawn):
    tabled(drawn, "quarter,share,all\nA,0.235,1000\nB,0.2,1000\nC,0.4,1000\nD,0,1000\n", groups=SHARES)
    found = codes(drawn)["share-for-percent"]
    assert found.count == 3
    assert "unit: 100" in found.hint("en")


def test_percents_beside_shares_are_refused(drawn):
    tabled(drawn, "quarter,share,all\nA,23.5%,1000\nB,0.2,1000\nC,40%,1000\nD,0,1000\n", groups=SHARES)
    found = codes(drawn)["mixed-percents"]
    assert (found.severity, found.evidence["example"], found.rows) == ("error", "0.2", ("#2",))


def test_percents_where_people_are_counted_are_refused(drawn):
    tabled(drawn, "quarter,elders,toddlers\nA,23.5%,1\nB,7,1\nC,3,1\nD,0,1\n")
    found = codes(drawn)["percent-for-people"]
    assert found.severity == "error"
    assert "percent_of" in found.hint("zh")
    assert "percent_of" in found.hint("en")


def test_percents_of_a_capacity_or_an_area_are_no_numbers(drawn):
    drawn.facilities["capacity"] = ["80%"]
    drawn.candidates["area_m2"] = ["50%"]
    found = [f for f in check_layers(drawn.study(), drawn.folder) if f.code == "percent-for-number"]
    assert {f.evidence["column"] for f in found} == {"capacity", "area_m2"}


def test_a_percentage_is_a_weight_of_need(drawn):
    need = gpd.GeoDataFrame({"id": ["n"], "weight": ["150%"]}, geometry=[square(0, 0, 200)], crs=CRS)
    need.to_file(drawn.folder / "need.gpkg")
    drawn.layers["need"] = {"path": "need.gpkg"}
    demand = read_district(drawn.study(), drawn.folder).demand
    assert float(demand["elders"].sum()) == 20  # heads stay heads
    assert (demand["elders"] * need_weights(demand)).sum() == pytest.approx(1.5 * 20)


# the same heading twice --------------------------------------------------------------------------------------------------


@pytest.mark.deep
def test_the_same_heading_twice_is_ambiguous_and_each_can_be_named(drawn):
    text = "quarter,elders,elders,toddlers\nA,10,100,1\nB,7,70,1\nC,3,30,1\nD,0,0,1\n"
    tabled(drawn, text)
    found = codes(drawn)["ambiguous-column"]
    assert (found.severity, found.evidence["columns"]) == ("error", "elders_1, elders_2")
    tabled(drawn, text, groups={"elders": "elders_2", "toddlers": "toddlers"})
    assert elders(drawn) == 200


@pytest.mark.deep
def test_the_same_heading_twice_in_a_workbook_and_under_our_own_names(drawn):
    workbook(drawn, [["quarter", "elders", "Elders ", "elders", "toddlers"], ["A", 1, 2, 3, 1]])
    tabled(drawn, name="people.xlsx")
    assert codes(drawn)["ambiguous-column"].evidence["columns"] == "elders_1, elders_2"
    (drawn.folder / "rooms.csv").write_text(f"id,area_m2,area_m2,x,y\nr,300,400,{X + 50},{Y + 50}\n")
    drawn.layers["candidates"] = [{"path": "rooms.csv", "crs": CRS}]
    found = [f for f in check_layers(drawn.study(), drawn.folder) if f.code == "ambiguous-column"]
    assert {f.layer for f in found} == {"layers.people.0", "layers.candidates.0"}


def test_two_headings_nobody_asks_for_are_no_fault(drawn):
    tabled(drawn, "quarter,note,note,elders,toddlers\nA,x,y,10,1\nB,x,y,7,1\nC,x,y,3,1\nD,x,y,0,1\n")
    assert elders(drawn) == 20


# decimal marks -----------------------------------------------------------------------------------------------------------


THOUSANDS = {"elders": {"column": "elders", "unit": 1000}, "toddlers": "toddlers"}


@pytest.mark.deep
def test_decimal_commas_of_a_file_with_semicolons(drawn):
    tabled(drawn, "quarter;elders;toddlers\nA;1,250;1\nB;0,110;1\nC;0;1\nD;0;1\n", groups=THOUSANDS)
    assert elders(drawn) == 1360  # not 1,360,000
    found = codes(drawn)["decimal-comma"]
    assert (found.evidence["example"], found.evidence["read"]) == ("1,250", 1.25)


@pytest.mark.deep
def test_a_comma_that_may_be_either_is_said_with_both_readings(drawn):
    tabled(drawn, "quarter;elders;toddlers\nA;1,250;1\nB;1,110;1\nC;0;1\nD;0;1\n", groups=THOUSANDS)
    assert elders(drawn) == 2360
    found = codes(drawn)["thousands-or-decimals"]
    assert found.severity == "warning"
    assert "1.250 or 1250" in found.what("en")


@pytest.mark.deep
def test_people_with_three_decimals_are_refused_until_the_mark_is_declared(drawn):
    text = "quarter,elders,toddlers\nA,5.741,1\nB,12.305,1\nC,512,1\nD,0,1\n"
    tabled(drawn, text)
    found = codes(drawn)["thousands-or-decimals"]
    assert found.severity == "error"
    assert 'decimal: ","' in found.hint("en")
    assert 'decimal: ","' in found.hint("zh")
    tabled(drawn, text, decimal=",")
    assert elders(drawn) == 5741 + 12305 + 512
    tabled(drawn, text, decimal=".")
    assert elders(drawn) == pytest.approx(530.046, abs=1e-4)


@pytest.mark.deep
def test_areas_and_stored_numbers_that_look_like_thousands_are_doubted(drawn):
    drawn.candidates["area_m2"] = ["1.200"]
    drawn.communities["elders"] = [5.741, 12.305, 3.0, 0.0]
    found = [f for f in check_layers(drawn.study(), drawn.folder) if f.code == "thousands-or-decimals"]
    assert {(f.evidence["column"], f.severity) for f in found} == {("area_m2", "warning"), ("elders", "warning")}
    drawn.layers["candidates"][0]["decimal"] = ","
    sites = read_district(drawn.study(), drawn.folder).sites
    assert sites["area_m2"].tolist() == [1200]


def test_groups_of_thousands_in_one_cell_decide_for_the_column(drawn):
    tabled(drawn, "quarter,elders,toddlers\nA,1.234.567,1\nB,5.741,1\nC,0,1\nD,0,1\n")
    assert elders(drawn) == 1234567 + 5741


# dates where a year is asked ---------------------------------------------------------------------------------------------


@pytest.mark.deep_after(4)
@pytest.mark.parametrize(
    ("written", "year"),
    [("2031-07-01", 2031), (pd.Timestamp("2031-07-01"), 2031), ("2031年7月", 2031), ("2029-2031", 2031), (2031, 2031)],
)
def test_the_year_of_a_date_is_the_year_a_room_is_ready(drawn, written, year):
    drawn.candidates["ready_year"] = [written]
    assert read_district(drawn.study(), drawn.folder).sites["ready_year"].tolist() == [year]


@pytest.mark.parametrize("written", ["soon", 47999, "31.7."])
def test_what_is_no_year_never_opens_at_once(drawn, written):
    drawn.candidates["ready_year"] = [written]
    found = codes(drawn)["unreadable-year"]
    assert (found.severity, found.rows) == ("error", ("s1",))


# spreadsheets ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("formula", ["=B3+B4", "#REF!"])
def test_a_formula_without_a_value_is_an_error_that_names_its_cell(drawn, formula):
    rows = [["quarter", "elders", "toddlers"], ["A", formula, 1], ["B", 7, 1], ["C", 3, 1], ["D", 0, 1]]
    workbook(drawn, rows)
    tabled(drawn, name="people.xlsx")
    found = codes(drawn)["formula-error"]
    assert (found.severity, found.rows) == ("error", ("#1",))
    assert "B2" in found.what("en")
    assert formula in found.what("zh")


def test_a_broken_name_or_id_is_an_error_as_well(drawn):
    workbook(
        drawn, [["id", "name", "x", "y"], ["r1", "#NAME?", X + 50, Y + 50], ["=A2", "b", X + 60, Y + 50]], name="r.xlsx"
    )
    drawn.layers["candidates"] = [{"path": "r.xlsx", "crs": CRS, "kind": "school"}]
    found = [f for f in check_layers(drawn.study(), drawn.folder) if f.code == "formula-error"]
    assert {f.evidence["column"] for f in found} == {"id", "name"}


def test_a_broken_cell_that_nothing_reads_is_no_fault(drawn):
    workbook(drawn, [["quarter", "elders", "toddlers", "note"], ["A", 10, 1, "#REF!"], ["B", 7, 1, "=A1"]])
    tabled(drawn, name="people.xlsx")
    assert "formula-error" not in codes(drawn)


# zero, unknown, range ----------------------------------------------------------------------------------------------------


@pytest.mark.deep_after(3)
@pytest.mark.parametrize(
    ("capacity", "offered", "code"),
    [
        (0, [], "no-places"),
        ("0", [], "no-places"),
        ("无", [], "no-places"),
        ("-", [None], "unknown-number"),
        ("不详", [None], "unknown-number"),
        (None, [None], "unknown-number"),
        ("20-30床", [20], "range-read"),
        ("20至30", [20], "range-read"),
        (-5, [None], "negative-number"),
    ],
)
def test_capacity_zero_offers_nothing_a_dash_is_not_known_a_range_its_lower_end(drawn, capacity, offered, code):
    drawn.facilities["capacity"] = pd.Series([capacity], dtype=object if isinstance(capacity, str) else None)
    district = read_district(drawn.study(), drawn.folder)
    assert [None if pd.isna(value) else value for value in district.existing["capacity"]] == offered
    assert code in {finding.code for finding in district.findings}


@pytest.mark.deep_after(3)
@pytest.mark.parametrize(
    ("area", "right", "code"),
    [
        (0, 200, "zero-unknown"),
        ("-", 200, "unknown-number"),
        (None, 200, ""),
        ("120-150㎡", 120, "range-read"),
        (90, 90, ""),
    ],
)
def test_area_zero_or_unknown_is_the_footprint(drawn, area, right, code):
    drawn.candidates["area_m2"] = pd.Series([area], dtype=object if isinstance(area, str) else float)
    district = read_district(drawn.study(), drawn.folder)
    assert district.sites["area_m2"].tolist() == [right]  # 20 m × 20 m, half of it usable
    assert not code or code in {finding.code for finding in district.findings}


@pytest.mark.deep_after(3)
@pytest.mark.parametrize(("cost", "right"), [("50-80", 80), ("-", 50), (0, 0), (None, 50)])
def test_costs_are_read_at_their_higher_end(drawn, cost, right):
    drawn.candidates["setup_cost"] = pd.Series([cost], dtype=object if isinstance(cost, str) else float)
    assert read_district(drawn.study(), drawn.folder).sites["setup_cost"].tolist() == [right]


@pytest.mark.deep
def test_a_column_under_its_former_name_is_read_and_named(drawn):
    former = other_name("setup_cost")
    drawn.candidates[former] = [80.0]
    found = read_district(drawn.study(), drawn.folder)
    assert found.sites["setup_cost"].tolist() == [80]
    (note,) = [finding for finding in found.findings if finding.code == "former-column"]
    assert f"{former} has a former name; it is read as setup_cost" in note.what("en")
    drawn.candidates["setup_cost"] = [70.0]
    found = read_district(drawn.study(), drawn.folder)
    assert found.sites["setup_cost"].tolist() == [70]
    assert "former-column" not in {finding.code for finding in found.findings}


def test_storeys_of_zero_are_assumed(drawn):
    drawn.buildings["storeys"] = [2.0, 0.0, None]
    found = codes(drawn)
    assert found["zero-unknown"].rows == ("b2",)
    assert found["assumed-storeys"].count == 2


@pytest.mark.deep_after(2)
@pytest.mark.parametrize(
    ("written", "lift", "code"), [("是", True, ""), ("-", True, ""), ("无", False, ""), ("?", False, "unreadable-flag")]
)
def test_a_lift_that_is_not_known_is_that_of_the_kind(drawn, written, lift, code):
    drawn.settings["site_kinds"] = {"school": {"name": "school", "area_share": 0.5, "lift": True}}
    drawn.candidates["lift"] = [written]
    district = read_district(drawn.study(), drawn.folder)
    assert district.sites["lift"].tolist() == [lift]
    assert ("unreadable-flag" in {finding.code for finding in district.findings}) == bool(code)


def test_people_are_never_a_range(drawn):
    tabled(drawn, "quarter,elders,toddlers\nA,10-20,1\nB,7,1\nC,3,1\nD,0,1\n")
    assert codes(drawn)["range-refused"].severity == "error"


def test_the_rule_names_every_column_in_both_languages():
    for language in ("zh", "en"):
        text = "\n".join(number_rules_text(language))
        assert all(column in text for column in NUMBER_RULES)


def test_the_rule_is_documented_as_it_is_printed(repository):
    page = (repository / "docs" / "layers.md").read_text(encoding="utf-8")
    for column, rule in NUMBER_RULES.items():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{column}` |"))
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[1] == {"figure": "0", "unknown": "not known"}[rule.zero]
        assert cells[3] == {"low": "lower end", "high": "higher end", "refused": "refused"}[rule.careful]


# too large ---------------------------------------------------------------------------------------------------------------


def test_more_people_than_on_earth_are_refused_by_name(drawn):
    drawn.communities["elders"] = [1e15, 7, 3, 0]
    found = codes(drawn)
    assert (found["impossible-number"].severity, found["impossible-number"].rows) == ("error", ("A",))


def test_a_unit_that_makes_people_impossible_is_named(drawn):
    drawn.layers["people"][0]["groups"]["elders"] = {"column": "elders", "unit": 1e12}
    found = codes(drawn)["impossible-people"]
    assert (found.severity, found.evidence["group"]) == ("error", "elders")


@pytest.mark.parametrize(("column", "value"), [("storey", 1e12), ("area_m2", 1e15), ("setup_cost", 1e20)])
def test_other_figures_beyond_belief_are_refused_too(drawn, column, value):
    drawn.candidates[column] = [value]
    assert codes(drawn)["impossible-number"].evidence["column"] == column


# keep and drop -----------------------------------------------------------------------------------------------------------


def test_a_value_that_no_row_has_is_named(drawn):
    drawn.layers["buildings"]["drop"] = {"id": ["b9", "b1"]}
    drawn.layers["people"][0]["keep"] = {"street": ["一街 ", "三街"]}
    found = [f for f in check_layers(drawn.study(), drawn.folder) if f.code == "unmatched-value"]
    assert [(f.layer, f.evidence["use"], f.evidence["values"]) for f in found] == [
        ("layers.people.0", "keep", "三街"),
        ("layers.buildings", "drop", "b9"),
    ]


@pytest.mark.parametrize("value", ["0310111", 310111])
def test_codes_with_zeros_are_dropped_by_what_is_written(drawn, value):
    text = "quarter,code,elders,toddlers\nA,0310111,10,1\nB,0310112,7,1\nC,0310113,3,1\nD,0310114,0,1\n"
    tabled(drawn, text, drop={"code": [value]})
    if value == 310111:
        assert codes(drawn)["unmatched-value"].hint("en").startswith("0310111? ")
    else:
        assert elders(drawn) == 10


@pytest.mark.deep_after(3)
@pytest.mark.parametrize(("value", "cell"), [(1.1, "1.10"), (True, "true"), (12, "12.0"), (1000, "1e3")])
def test_values_are_found_however_they_are_written(drawn, value, cell):
    tabled(drawn, f"quarter,v,elders,toddlers\nA,{cell},10,1\nB,x,7,1\nC,x,3,1\nD,x,0,1\n", drop={"v": [value]})
    assert elders(drawn) == 10


def test_a_mapped_service_that_no_row_has_is_named(drawn):
    drawn.layers["facilities"][0]["services"] = {"canteen": "canteen", "托老所": "childcare"}
    found = codes(drawn)["unmatched-value"]
    assert (found.evidence["use"], found.evidence["values"]) == ("services", "托老所")


# ids ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.deep
def test_a_table_with_a_row_of_totals_still_joins(drawn):
    drawn.communities["id"] = ["310111001001", "310111001002", "310111001003", "310111001004"]
    rows = "\n".join(f"{code}.0,{n},1" for code, n in zip(drawn.communities["id"], (10, 7, 3, 0), strict=True))
    tabled(drawn, f"quarter,elders,toddlers\n{rows}\n,20,4\n")
    found = codes(drawn)["unjoined-rows"]
    assert (found.rows, found.count) == (("#5",), 1)
    tabled(drawn, f"quarter,elders,toddlers\n{rows}\n,20,4\n", drop={"quarter": [""]})
    assert elders(drawn) == 20


def test_an_id_that_went_through_a_floating_point_number_is_refused(drawn):
    drawn.candidates["id"] = [1.2345678901234568e18]
    found = codes(drawn)["inexact-code"]
    assert (found.severity, found.count) == ("error", 1)


def test_a_join_by_inexact_codes_is_refused(drawn):
    workbook(drawn, [["quarter", "elders", "toddlers"], [1.23456789012345e18, 1, 1]])
    tabled(drawn, name="people.xlsx")
    assert codes(drawn)["inexact-code"].layer == "layers.people.0"


def test_names_equal_what_they_look_like(drawn):
    drawn.communities["id"] = ["Caf\u00e9", "B", "C", "D"]
    tabled(drawn, "quarter,elders,toddlers\nCafe\u0301\u200b,10,1\nB,7,1\n\ufeffC,3,1\nD ,0,1\n")
    assert elders(drawn) == 20


# tables with shapes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["wkt", "ewkt", "wkb"])
def test_shapes_of_a_table_are_shapes(drawn, form):
    point = Point(X + 150, Y + 50)
    written = {
        "wkt": (point.wkt, CRS),
        "ewkt": (f"SRID=32650;{point.wkt}", None),
        "wkb": (point.wkb_hex, CRS),
    }
    text, crs = written[form]
    (drawn.folder / "f.csv").write_text(f'id,service,geometry\nf1,canteen,"{text}"\nf2,canteen,nothing\n')
    drawn.layers["facilities"] = [{"path": "f.csv", **({"crs": crs} if crs else {})}]
    district = read_district(drawn.study(), drawn.folder)
    assert list(district.facilities["id"]) == ["f1"]
    assert district.facilities.geometry.iloc[0].distance(point) < 1e-6
    assert {"unreadable-coordinates", "null-geometry"} <= {finding.code for finding in district.findings}


def test_several_services_of_a_geojson_list_are_several_services(drawn):
    drawn.facilities = None
    (drawn.folder / "f.geojson").write_text(
        '{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::32650"}},"features":['
        '{"type":"Feature","id":5,"properties":{"service":["canteen","childcare"]},'
        f'"geometry":{{"type":"Point","coordinates":[{X + 150},{Y + 50}]}}}}]}}'
    )
    drawn.layers["facilities"] = [{"path": "f.geojson"}]
    district = read_district(drawn.study(), drawn.folder)
    assert list(district.facilities["id"]) == ["5"]
    assert list(district.existing["service"]) == ["canteen", "childcare"]


def test_nothing_is_read_in_silence_where_the_refusal_is_right(drawn):
    tabled(drawn, "quarter,elders,toddlers\nA,1.5e,1\nB,7,1\nC,3,1\nD,0,1\n")
    with pytest.raises(LayerError, match=r"1\.5e"):
        read_district(drawn.study(), drawn.folder)
