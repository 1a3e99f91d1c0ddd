"""Rows are as high as their text, whatever its script; what does not wrap keeps the usual height."""

import openpyxl
import pytest

from planner.report.xlsx import Column, write_sheets


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("short", None, None),
        ("seven words of six letters each, " * 8, 8 * 33 / 40, 12),
        ("社区食堂" * 30, 120 * 2 / 40, 8),
        ("one\ntwo\nthree", 3, 3),
        ("x" * 200, 5, 7),
    ],
)
def test_a_wrapped_text_has_room(text, least, most, tmp_path):
    path = tmp_path / "book.xlsx"
    write_sheets(path, "title", [("sheet", [Column("heading", [text, "a"], "wrapped", 40.0)])])
    sheet = openpyxl.load_workbook(path)["sheet"]
    height = sheet.row_dimensions[2].height
    assert sheet.row_dimensions[3].height is None
    if least is None:
        assert height is None
    else:
        assert least <= height / 15.0 <= most


def test_a_heading_has_room(tmp_path):
    path = tmp_path / "book.xlsx"
    write_sheets(path, "title", [("sheet", [Column("not covered after (people)", [1.0], "people", 16.0)])])
    sheet = openpyxl.load_workbook(path)["sheet"]
    assert sheet.row_dimensions[1].height == 45.0
    assert sheet["A1"].alignment.horizontal == "right"
