"""Tables as an Excel workbook: headings from the declarations of stored tables, typed cells, frozen headings, row heights fitted to wrapped text.

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

from planner.i18n import messages, translate
from planner.store.schema import schema

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from planner.store.schema import Folder
    from planner.study import Language

#: fixed time of creation, so that equal runs give equal files
CREATED = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
LONGEST_TEXT = 32_000  # Excel holds 32,767 characters in a cell
FORMATS = {
    "text": {"valign": "top"},
    "wrapped": {"valign": "top", "text_wrap": True},
    "whole": {"num_format": "#,##0", "valign": "top"},
    "people": {"num_format": "#,##0.0", "valign": "top"},
    "money": {"num_format": "#,##0", "valign": "top"},
    "share": {"num_format": "0.0%", "valign": "top"},
    "gap": {"num_format": "0.00%", "valign": "top"},
    "plain": {"num_format": "General", "valign": "top"},
    "unit": {"align": "left", "indent": 1, "valign": "top"},
    "year": {"num_format": "0", "valign": "top"},
    "degree": {"num_format": "0.000000", "valign": "top"},
}
TEXTS = {"text", "wrapped", "unit"}
HEADING = {
    "bold": True,
    "text_wrap": True,
    "valign": "top",
    "bg_color": "#E8ECEE",
    "bottom": 1,
    "border_color": "#586771",
}
LINE_PT, HIGHEST_PT = 15.0, 409.0  # Excel's line of 11 points, and the highest row it allows


@dataclass(frozen=True)
class Column:
    """One column of a sheet."""

    heading: str
    values: Sequence[Any]
    kind: str | Sequence[str] = "text"
    """Key of ``FORMATS``, of the whole column or cell by cell."""
    width: float = 14.0


def write_sheets(path: Path, title: str, sheets: Sequence[tuple[str, Sequence[Column]]]) -> None:
    """Write a workbook of tables: (name, columns) of every sheet."""
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "in_memory": True,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": title, "created": CREATED})
        for name, columns in sheets:
            _write_sheet(book, name, columns)


def _write_sheet(book: Any, name: str, columns: Sequence[Column]) -> None:
    sheet = book.add_worksheet(name)
    formats = {kind: book.add_format(look) for kind, look in FORMATS.items()}
    headings = {side: book.add_format(HEADING | {"align": side}) for side in ("left", "right")}
    rows = max(len(column.values) for column in columns)
    lines = [1] * (rows + 1)
    for j, column in enumerate(columns):
        kinds = [column.kind] * len(column.values) if isinstance(column.kind, str) else column.kind
        figures = bool(kinds) and not set(kinds) & TEXTS
        sheet.set_column(j, j, column.width)
        sheet.write_string(0, j, column.heading, headings["right" if figures else "left"])
        # the filter button takes 4 digits
        lines[0] = max(lines[0], _lines(column.heading, column.width - 4))
        for i, (value, kind) in enumerate(zip(column.values, kinds, strict=True), start=1):
            _write_cell(sheet, i, j, value, formats[kind])
            if kind == "wrapped" and isinstance(value, str):
                lines[i] = max(lines[i], _lines(value, column.width))
    for i, count in enumerate(lines):
        if count > 1:
            sheet.set_row(i, min(count * LINE_PT, HIGHEST_PT))
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(rows, 1), len(columns) - 1)
    sheet.set_landscape()
    sheet.set_paper(8)  # A3
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _lines(text: str, width: float) -> int:
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
                count += int(_long(word.rstrip()) // width)
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


def _write_cell(sheet: Any, i: int, j: int, value: Any, style: Any) -> None:
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        sheet.write_blank(i, j, None, style)
    elif isinstance(value, bool | np.bool_):
        sheet.write_boolean(i, j, bool(value), style)
    elif isinstance(value, int | float | np.number):
        figure = float(value)
        if math.isfinite(figure):
            sheet.write_number(i, j, figure, style)
        else:
            sheet.write_blank(i, j, None, style)
    else:
        sheet.write_string(i, j, str(value)[:LONGEST_TEXT], style)


#: type of folder → beginnings of the messages that name its columns, the first that is known counts
_MESSAGES: dict[Folder, tuple[str, ...]] = {
    "run": ("report.", ""),
    "assessment": ("assess.", "report.", ""),
    "explanation": ("explain.column.",),
    "frontier": ("frontier.column.",),
    "comparison": ("compare.",),
}


def heading(folder: Folder, table: str, name: str, language: Language, **facts: object) -> str:
    """Return the heading of a column; its name where no catalogue has a message for it."""
    declared = schema()[folder][table].column(name)
    known = messages(language)
    ids = [declared.heading] if declared.heading else [f"{prefix}{declared.name}" for prefix in _MESSAGES[folder]]
    return next((translate(one, language, **facts) for one in ids if one in known), name)


def sheet_column(
    folder: Folder, table: str, name: str, values: Sequence[Any], language: Language, **facts: object
) -> Column:
    """Return a column of a stored table as a column of a sheet, with ``values`` in its cells.

    >>> column = sheet_column("comparison", "sites", "share", [0.5], "en")
    >>> column.heading, column.kind
    ('share of runs', 'share')
    """
    declared = schema()[folder][table].column(name)
    return Column(heading(folder, table, name, language, **facts), values, declared.cell_format, declared.width)
