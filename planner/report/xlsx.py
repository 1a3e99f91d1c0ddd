"""Tables as an Excel workbook: numbered titles, units, headings from the declarations of stored tables, typed cells, totals, and pages that print.

No cell can become a formula or a link, whatever a layer calls its features; equal tables give equal bytes.
"""

from __future__ import annotations

import datetime as dt
import math
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xlsxwriter

from planner.i18n import join, messages, money_label, translate
from planner.store.schema import schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from planner.store.schema import Folder
    from planner.study import Language

#: fixed time of creation, so that equal runs give equal files
CREATED = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
LONGEST_TEXT = 32_000  # Excel holds 32,767 characters in a cell
LONGEST_MARGIN_TEXT = 200  # Excel holds 255 characters in a header, of which some are codes
_SIGNED = "+{0};−{0};{0}"
FORMATS: dict[str, dict[str, Any]] = {
    "text": {"valign": "top", "align": "left", "indent": 1},
    "wrapped": {"valign": "top", "align": "left", "indent": 1, "text_wrap": True},
    "whole": {"num_format": "#,##0", "valign": "top"},
    "heads": {"num_format": "#,##0", "valign": "top"},
    "people": {"num_format": "#,##0.0", "valign": "top"},
    "change": {"num_format": _SIGNED.format("#,##0"), "valign": "top"},
    "money": {"num_format": "#,##0", "valign": "top"},
    "share": {"num_format": "0.0%", "valign": "top"},
    "balance": {"num_format": _SIGNED.format("0.0%"), "valign": "top"},
    "gap": {"num_format": "0.00%", "valign": "top"},
    "decimal": {"num_format": "#,##0.0", "valign": "top"},
    "ratio": {"num_format": "0.00", "valign": "top"},
    "index": {"num_format": "0.000", "valign": "top"},
    "plain": {"num_format": "General", "valign": "top"},
    "year": {"num_format": "0", "valign": "top"},
    "degree": {"num_format": "0.000000", "valign": "top"},
    "mark": {"align": "center", "valign": "top", "font_color": "#9AA5AC"},
    "bar": {"align": "center", "valign": "top", "bg_color": "#A9C4D6"},
    "critical": {"align": "center", "valign": "top", "bg_color": "#B3541E", "font_color": "#FFFFFF"},
}
TEXTS = {"text", "wrapped"}
#: cell format → message of the unit that the line above a table names; money has the currency's own
_UNITS = {
    "heads": "people",
    "people": "people",
    "change": "people",
    "share": "share",
    "balance": "share",
    "gap": "share",
}
_TITLE = {"bold": True, "font_size": 13, "valign": "top", "text_wrap": True}
_QUIET = {"font_color": "#586771", "valign": "top", "text_wrap": True}
HEADING: dict[str, Any] = {
    "bold": True,
    "text_wrap": True,
    "valign": "top",
    "bg_color": "#E8ECEE",
    "bottom": 1,
    "border_color": "#586771",
}
TOTAL: dict[str, Any] = {"bold": True, "top": 1, "border_color": "#586771"}
LINE_PT, TITLE_PT, HIGHEST_PT = 15.0, 19.0, 409.0  # Excel's line of 11 points, one of 13, and the highest row it allows
#: paper by the width of its columns in digits, at which a line of 11 points is still printed with 8 points or more
A4, A3 = 9, 8
#: short tables below each other go on one page
ROWS_ON_A_PAGE = 60
#: what the button of a filter and the indent of a text take of a cell
#: how much wider bold letters are, and the room of a heading beside its lines: other programs break lines earlier
BOLD, HEADING_PT = 1.12, 3.75
FILTER_DIGITS, INDENT_DIGITS = 2.5, 1.5
_PORTRAIT_DIGITS, _LANDSCAPE_DIGITS = 110.0, 180.0


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    heading: str
    cells: Sequence[Any]
    kind: str | Sequence[str] = "text"
    """Key of ``FORMATS``, of the whole column or cell by cell."""
    width: float = 14.0
    """In digits; of the columns of the sheet that it spans together."""
    span: int = 1
    """Columns of the sheet that it takes."""


@dataclass(frozen=True)
class Table:
    """A table of a sheet with its title, which is numbered through the workbook."""

    title: str
    columns: Sequence[Column]
    totals: int = 0
    """How many of the last rows are totals."""
    notes: Sequence[str] = ()
    """Lines below the table."""


@dataclass(frozen=True)
class Sheet:
    """One or several tables below each other."""

    name: str
    tables: Sequence[Table]
    widths: Sequence[float] = ()
    """Of the columns of the sheet, in digits, where several tables share them; empty: those of the table."""
    landscape_a4: bool = False
    """Printed on A4 across whatever its width, to be signed and filed."""


@dataclass(frozen=True)
class Book:
    """What every sheet of a workbook says above its tables and in its margins."""

    title: str
    about: str
    """Study and scenario."""
    language: Language
    currency: str
    run_id: str = ""


def write_sheets(path: Path, book: Book, sheets: Sequence[Sheet]) -> None:
    """Write a workbook of tables; a column without any value is left out."""
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "in_memory": True,
    }
    number = 0
    with xlsxwriter.Workbook(str(path), options) as file:
        file.set_properties({"title": book.title, "created": CREATED})
        looks = _looks(file)
        for sheet in sheets:
            number = _write_sheet(file.add_worksheet(sheet.name), looks, book, sheet, number)


def _looks(file: Any) -> dict[str, Any]:
    looks = {kind: file.add_format(look) for kind, look in FORMATS.items()}
    looks |= {f"total {kind}": file.add_format(look | TOTAL) for kind, look in FORMATS.items()}
    indents = {"left": 1, "right": 0}
    looks |= {
        f"heading {side}": file.add_format(HEADING | {"align": side, "indent": indent})
        for side, indent in indents.items()
    }
    return looks | {"title": file.add_format(_TITLE), "quiet": file.add_format(_QUIET)}


def _write_sheet(sheet: Any, looks: dict[str, Any], book: Book, content: Sheet, number: int) -> int:
    """Write a sheet whose first table has the number after ``number``; return the number of its last one."""
    tables = [(table, _with_values(table)) for table in content.tables]
    widths = content.widths or [column.width for _, columns in tables for column in columns]
    for j, width in enumerate(widths):
        sheet.set_column(j, j, width)
    row, alone = 0, len(tables) == 1
    for table, columns in tables:
        number += 1
        row = _write_table(sheet, looks, book, (number, table, columns), (row, widths)) + 1
    pages = 0 if alone or row > ROWS_ON_A_PAGE else 1
    _set_up_pages(sheet, book, sum(widths), pages=pages, landscape_a4=content.landscape_a4)
    if alone:
        _, columns = tables[0]
        sheet.freeze_panes(3, 1)
        sheet.repeat_rows(0, 2)
        body = len(columns[0].cells) - content.tables[0].totals
        if columns and body > 0:
            sheet.autofilter(2, 0, 2 + body, len(columns) - 1)
    return number


def _with_values(table: Table) -> list[Column]:
    """Return the columns that say something; all of them where the table has no row."""
    filled = [column for column in table.columns if not column.cells or not all(map(_is_blank, column.cells))]
    return filled or list(table.columns)


def _write_table(
    sheet: Any,
    looks: dict[str, Any],
    book: Book,
    numbered: tuple[int, Table, list[Column]],
    at: tuple[int, Sequence[float]],
) -> int:
    """Write title, units, headings, rows and notes from row ``at[0]`` on; return the row after them."""
    (number, table, columns), (row, widths) = numbered, at
    last = max(len(widths), 1) - 1
    title = translate("xlsx.table", book.language, number=number, title=table.title)
    units = _units_line(columns, book)
    for text, look, height in (
        (title, "title", TITLE_PT),
        (join([book.about, *units], book.language, "clauses"), "quiet", LINE_PT),
    ):
        row = _write_line(sheet, row, last, (text, looks[look], height), sum(widths))
    starts = list(np.cumsum([0, *(column.span for column in columns)]))
    rows = len(columns[0].cells)
    lines = [1] * (rows + 1)
    for j, column in zip(starts, columns, strict=False):
        width = sum(widths[j : j + column.span])
        kinds = [column.kind] * rows if isinstance(column.kind, str) else column.kind
        side = "right" if kinds and not set(kinds) & TEXTS else "left"
        _write_cell(sheet, (row, j), column.heading, looks[f"heading {side}"], column.span)
        lines[0] = max(lines[0], line_count(column.heading, (width - FILTER_DIGITS) / BOLD))
        for i, (value, kind) in enumerate(zip(column.cells, kinds, strict=True), start=1):
            look = looks[f"total {kind}" if i > rows - table.totals else kind]
            _write_cell(sheet, (row + i, j), value, look, column.span)
            if kind == "wrapped" and isinstance(value, str):
                lines[i] = max(lines[i], line_count(value, width - INDENT_DIGITS))
    for i, count in enumerate(lines):
        if count > 1:
            sheet.set_row(row + i, min(count * LINE_PT + (HEADING_PT if i == 0 else 0), HIGHEST_PT))
    row += rows + 1
    for note in table.notes if rows else (translate("xlsx.no_rows", book.language),):
        row = _write_line(sheet, row, last, (note, looks["quiet"], LINE_PT), sum(widths))
    return row


def _write_line(sheet: Any, row: int, last: int, line: tuple[str, Any, float], width: float) -> int:
    """Write a text over all columns of a table; return the row below."""
    text, look, height = line
    if last:
        sheet.merge_range(row, 0, row, last, "", look)
    sheet.write_string(row, 0, text[:LONGEST_TEXT], look)
    sheet.set_row(row, min(line_count(text, width * LINE_PT / height) * height, HIGHEST_PT))
    return row + 1


def _units_line(columns: Iterable[Column], book: Book) -> list[str]:
    """Return the units of the figures of a table as one text; none where it holds no figures with a unit."""
    names = []
    for column in columns:
        for kind in [column.kind] if isinstance(column.kind, str) else column.kind:
            if kind == "money":
                names.append(money_label(book.language, book.currency))
            elif kind in _UNITS:
                names.append(translate(f"xlsx.unit.{_UNITS[kind]}", book.language))
    if not names:
        return []
    return [translate("xlsx.units", book.language, units=join(dict.fromkeys(names), book.language))]


def _set_up_pages(sheet: Any, book: Book, digits: float, pages: int, *, landscape_a4: bool) -> None:
    """Print one page wide and ``pages`` high (0: as many as it takes), on the smallest paper on which letters can be read."""
    sheet.set_paper(A4 if landscape_a4 or digits <= _LANDSCAPE_DIGITS else A3)
    if landscape_a4 or digits > _PORTRAIT_DIGITS:
        sheet.set_landscape()
    sheet.set_margins(left=0.5, right=0.5, top=0.8, bottom=0.7)
    sheet.fit_to_pages(1, pages)
    numbers = translate("xlsx.pages", book.language, page="&P", pages="&N")
    sheet.set_header(f"&L&8{_margin_text(book.title)}&R&8&A")
    sheet.set_footer(f"&L&8{_margin_text(book.run_id)}&R&8{numbers}")


def _margin_text(text: str) -> str:
    """Return a text for a header or footer, where ``&`` begins a code; digits after a font size need a space before them."""
    plain = " ".join(text.split())[:LONGEST_MARGIN_TEXT].replace("&", "&&")
    return f" {plain}" if plain[:1].isdigit() else plain


def line_count(text: str, width: float) -> int:
    """Return the number of lines of ``text`` in a column ``width`` digits wide; lines break between words, in Chinese anywhere."""
    count = 0
    for part in text.splitlines() or [""]:
        at = 0.0
        count += 1
        for word in _words(part):
            long = _long(word)
            if at and at + _long(word.rstrip()) > width:
                count, at = count + 1, 0.0
            if not at:
                count += int(_long(word.rstrip()) // max(width, 1.0))
            at += long
    return count


def _long(text: str) -> float:
    return sum(2.0 if unicodedata.east_asian_width(letter) in "WF" else 1.05 for letter in text)


def _words(text: str) -> list[str]:
    """Return the pieces of a text between which a line may break."""
    pieces = [""]
    for letter in text:
        if unicodedata.east_asian_width(letter) in "WF":
            pieces += [letter, ""]
        else:
            pieces[-1] += letter
            if letter == " ":
                pieces.append("")
    return [piece for piece in pieces if piece]


def _is_blank(value: Any) -> bool:
    """Return whether a value leaves its cell empty."""
    if isinstance(value, str):
        return not value
    return bool(
        value is None or pd.isna(value) or (isinstance(value, float | np.floating) and not math.isfinite(value))
    )


def _write_cell(sheet: Any, at: tuple[int, int], value: Any, style: Any, span: int = 1) -> None:
    i, j = at
    if span > 1:
        sheet.merge_range(i, j, i, j + span - 1, "", style)
    if _is_blank(value):
        sheet.write_blank(i, j, None, style)
    elif isinstance(value, bool | np.bool_):
        sheet.write_boolean(i, j, bool(value), style)
    elif isinstance(value, int | float | np.number):
        sheet.write_number(i, j, float(value), style)
    else:
        sheet.write_string(i, j, str(value)[:LONGEST_TEXT], style)


#: type of folder → beginnings of the messages that name its columns, the first that is known counts
_MESSAGES: dict[Folder, tuple[str, ...]] = {
    "run": ("report.", ""),
    "assessment": ("assess.", "report.", ""),
    "explanation": ("explain.column.",),
    "frontier": ("frontier.column.",),
    "comparison": ("compare.",),
    "programme": ("programme.", "report."),
}


def heading(folder: Folder, table: str, name: str, language: Language, **facts: object) -> str:
    """Return the heading of a column; its words where no catalogue has a message for it.

    >>> heading("run", "openings", "area_m2", "en")
    'area (m²)'
    """
    declared = schema()[folder][table].shown(name)
    known = messages(language)
    ids = [declared.heading] if declared.heading else [f"{prefix}{declared.name}" for prefix in _MESSAGES[folder]]
    return next((translate(one, language, **facts) for one in ids if one in known), name.replace("_", " "))


def sheet_column(
    folder: Folder,
    table: str,
    name: str,
    values: Sequence[Any],
    language: Language,
    *,
    kind: str | Sequence[str] | None = None,
    **facts: object,
) -> Column:
    """Return a column that the schema declares as a column of a sheet, with ``values`` in its cells.

    ``kind`` replaces the declared cell format, e.g. row by row where some services count heads and others weighted people.

    >>> column = sheet_column("comparison", "sites", "share", [0.5], "en")
    >>> column.heading, column.kind
    ('share of runs', 'share')
    """
    declared = schema()[folder][table].shown(name)
    if declared.type == "bool":
        values = ["" if pd.isna(value) else translate(f"xlsx.{'yes' if value else 'no'}", language) for value in values]
    return Column(heading(folder, table, name, language, **facts), values, kind or declared.cell_format, declared.width)
