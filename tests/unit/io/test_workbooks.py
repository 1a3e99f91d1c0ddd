"""Workbooks cell by cell: what they show, what they do not store, where their heading is."""

import re
import zipfile

import openpyxl
import pytest

from planner.io.numbers import read_numbers
from planner.io.read import read_file
from planner.io.table import UnreadableError


def workbook(path, rows, *, merged=(), formats=None, sheets=()):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    for cells in merged:
        sheet.merge_cells(cells)
    for cell, shown in (formats or {}).items():
        sheet[cell].number_format = shown
    for name in sheets:
        book.create_sheet(name)
    book.save(path)
    book.close()
    return path


def frame(path, sheet=None):
    return read_file(path, sheet).frame


def as_computed(path, values):
    """Store results beside formulas, as Excel does, and say that they were computed."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    text = members["xl/worksheets/sheet1.xml"].decode()
    for cell, (kind, value) in values.items():
        text = re.sub(
            rf'<c r="{cell}"([^>]*)><f>(.*?)</f><v\s*/?>(?:</v>)?</c>',
            rf'<c r="{cell}" t="{kind}"><f>\2</f><v>{value}</v></c>',
            text,
        )
    members["xl/worksheets/sheet1.xml"] = text.encode()
    members["xl/workbook.xml"] = members["xl/workbook.xml"].replace(b' fullCalcOnLoad="1"', b"")
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_percents_are_what_they_show(tmp_path):
    path = workbook(
        tmp_path / "x.xlsx",
        [["id", "share"], ["a", 0.235], ["b", 0.1], ["c", 23.5], ["d", 1]],
        formats={"B2": "0.0%", "B3": '0.00"%"', "B4": "0.0", "B5": "0%"},
    )
    read = read_numbers(frame(path)["share"])
    assert read.amounts.tolist() == [23.5, 0.1, 23.5, 100]
    assert read.percent.tolist() == [True, False, False, True]


def test_codes_keep_the_zeros_that_their_format_shows(tmp_path):
    path = workbook(
        tmp_path / "x.xlsx", [["id", "n"], [310111, 7], [42, 8]], formats={"A2": "0000000", "A3": "0000000"}
    )
    assert list(frame(path)["id"]) == ["0310111", "0000042"]


@pytest.mark.parametrize("name", ["NA", "None", "null", "nan", "N/A", "#12"])
def test_ids_that_look_like_nothing_are_ids(tmp_path, name):
    path = workbook(tmp_path / "x.xlsx", [["id", "n"], [name, 1], ["b", 2]])
    assert list(frame(path)["id"]) == [name, "b"]


def test_formulas_without_a_result_name_their_cell(tmp_path):
    path = workbook(tmp_path / "x.xlsx", [["id", "n"], ["a", 100], ["b", "=B2+10"]])
    assert list(frame(path)["n"]) == [100, "=B2+10 [B3]"]
    assert read_numbers(frame(path)["n"]).broken.tolist() == [False, True]


def test_formulas_with_a_result_are_that_result(tmp_path):
    path = workbook(tmp_path / "x.xlsx", [["id", "n", "t", "e"], ["a", "=50*2", '=""', "=1/0"]])
    as_computed(path, {"B2": ("n", "100"), "C2": ("str", ""), "D2": ("e", "#DIV/0!")})
    read = frame(path)
    assert read["n"].iloc[0] == 100
    assert read["e"].iloc[0] == "#DIV/0! [D2: =1/0]"
    assert read["t"].isna().all()


def test_a_stored_zero_of_a_program_that_computes_nothing_is_no_result(tmp_path):
    path = workbook(tmp_path / "x.xlsx", [["id", "n"], ["a", "=50*2"]])
    with zipfile.ZipFile(path) as archive:
        assert b'fullCalcOnLoad="1"' in archive.read("xl/workbook.xml")
        members = {name: archive.read(name) for name in archive.namelist()}
    sheet = re.sub(rb"</f><v\s*/?>(?:</v>)?", b"</f><v>0</v>", members["xl/worksheets/sheet1.xml"])
    assert b"<v>0</v>" in sheet
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**members, "xl/worksheets/sheet1.xml": sheet}.items():
            archive.writestr(name, content)
    assert frame(path)["n"].iloc[0] == "=50*2 [B2]"


def test_titles_above_the_heading_are_left_out_and_the_columns_named(tmp_path):
    rows = [
        ["2023年养老设施一览表"],
        ["单位：张", None, None],
        ["编号", "名称", "床位"],
        ["a", "甲", 20],
        ["b", "乙", 30],
    ]
    path = workbook(tmp_path / "x.xlsx", rows, merged=["A1:C1"])
    read = read_file(path)
    assert list(read.frame.columns) == ["编号", "名称", "床位"]
    assert list(read.frame["床位"]) == [20, 30]
    assert [(r.code, r.evidence["columns"]) for r in read.issues] == [("title-rows", "编号, 名称, 床位")]


def test_headings_of_two_rows_are_joined(tmp_path):
    rows = [["社区", "人口", None, "面积"], [None, "60岁以上", "80岁以上", None], ["甲", 10, 2, 5.5]]
    path = workbook(tmp_path / "x.xlsx", rows, merged=["A1:A2", "B1:C1", "D1:D2"])
    read = frame(path)
    assert list(read.columns) == ["社区", "人口 60岁以上", "人口 80岁以上", "面积"]
    assert read.iloc[0].tolist() == ["甲", 10, 2, 5.5]


def test_merged_texts_hold_for_all_their_rows_and_merged_figures_for_none(tmp_path):
    rows = [["街道", "社区", "人口"], ["一街", "甲", 10], [None, "乙", 20], ["二街", "丙", 300], ["二街", "丁", None]]
    path = workbook(tmp_path / "x.xlsx", rows, merged=["A2:A3", "C4:C5"])
    read = frame(path)
    assert list(read["街道"]) == ["一街", "一街", "二街", "二街"]
    people = read_numbers(read["人口"])
    assert people.amounts[:3].tolist() == [10, 20, 300]
    assert people.broken.tolist() == [False, False, False, True]
    assert read["人口"].iloc[3] == "#MERGED! [C4:C5]"


def test_the_same_heading_twice_is_known(tmp_path):
    read = read_file(workbook(tmp_path / "x.xlsx", [["id", "elders", "elders"], ["a", 1, 2]]))
    assert read.duplicate_headings == {"elders": ("elders_1", "elders_2")}
    assert list(read.frame.columns) == ["id", "elders_1", "elders_2"]


def test_empty_and_hidden_sheets_are_no_choice(tmp_path):
    path = workbook(tmp_path / "x.xlsx", [["id"], ["a"]], sheets=["Sheet2", "codes"])
    book = openpyxl.load_workbook(path)
    book["codes"].append(["yes"])
    book["codes"].sheet_state = "hidden"
    book.save(path)
    book.close()
    assert list(frame(path)["id"]) == ["a"]
    assert list(frame(path, "codes").columns) == ["yes"]
    book = openpyxl.load_workbook(path)
    book["Sheet2"].append(["id"])
    book.save(path)
    book.close()
    with pytest.raises(UnreadableError, match="several-tables"):
        read_file(path)


def test_a_cell_far_off_is_no_reason_to_lay_out_everything_between(tmp_path):
    path = workbook(tmp_path / "x.xlsx", [["id", "n"], ["a", 1]])
    book = openpyxl.load_workbook(path)
    book.active["XFD1048576"] = "x"
    book.save(path)
    book.close()
    read = read_file(path)
    assert list(read.frame["id"]) == ["a"]
    assert [remark.code for remark in read.issues] == ["nameless-columns"]
    assert read.frame.shape == (1, 2)


def test_numbers_of_rows_are_those_of_the_sheet(tmp_path):
    path = workbook(tmp_path / "x.xlsx", [["id", "n"], ["a", 1], [None, None], ["c", 3]])
    assert frame(path).index.tolist() == [0, 2]
