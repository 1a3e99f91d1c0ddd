"""Rows are as high as their text, whatever its script; what does not wrap keeps the usual height."""

import openpyxl
import pytest

from planner.report.xlsx import Book, Column, Sheet, Table, write_sheets

BOOK = Book("title", "about", "en", "EUR", "run")


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
    write_sheets(path, BOOK, [Sheet("sheet", [Table("title", [Column("heading", [text, "a"], "wrapped", 41.5)])])])
    sheet = openpyxl.load_workbook(path)["sheet"]
    height = sheet.row_dimensions[4].height
    assert sheet.row_dimensions[5].height is None
    if least is None:
        assert height is None
    else:
        assert least <= height / 15.0 <= most


def test_a_heading_has_room(tmp_path):
    path = tmp_path / "book.xlsx"
    table = Table("title", [Column("not covered after (people)", [1.0], "people", 14.5)])
    write_sheets(path, BOOK, [Sheet("sheet", [table])])
    sheet = openpyxl.load_workbook(path)["sheet"]
    assert sheet.row_dimensions[3].height == 63.75, (
        "bold letters are wider, and LibreOffice breaks lines earlier than Excel"
    )
    assert sheet["A3"].alignment.horizontal == "right"


def test_margins_hold_any_text_and_page_numbers(tmp_path):
    path = tmp_path / "book.xlsx"
    name = "7 & 8 &P " + "x" * 400
    write_sheets(path, Book(name, "", "zh", "CNY", name), [Sheet("sheet", [Table("题", [Column("列", [1], "heads")])])])
    text = openpyxl.load_workbook(path)["sheet"].oddHeader.left.text
    assert "7 && 8 &&P" in text
    assert len(text) < 255


def test_small_figures_are_read_at_a_glance(tmp_path):
    path = tmp_path / "book.xlsx"
    figures = {"balance": -0.1728700759, "index": 0.3456789, "heads": 12.6, "people": 12.64, "ratio": 1.23456}
    columns = [Column(kind, [value], kind) for kind, value in figures.items()]
    write_sheets(path, BOOK, [Sheet("sheet", [Table("title", columns)])])
    row = openpyxl.load_workbook(path)["sheet"][4]
    assert [cell.value for cell in row] == list(figures.values()), "figures are stored as they are"
    assert [cell.number_format for cell in row] == ["+0.0%;−0.0%;0.0%", "0.000", "#,##0", "#,##0.0", "0.00"]
