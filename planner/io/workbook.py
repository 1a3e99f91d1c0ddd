"""Excel worksheets read cell by cell: percentages as shown, formulas without results, errors, merged cells."""

from __future__ import annotations

import re
import warnings
import zipfile
from bisect import bisect_right
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import openpyxl
import pandas as pd
from openpyxl.styles.numbers import BUILTIN_FORMATS
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.worksheet._reader import FORMULA_TAG, VALUE_TAG, WorkSheetParser

from planner.io.archive import refuse_zip_bomb
from planner.io.table import ROWS_SAMPLED, RawTable, UnreadableError, apply_headings, chosen_table, heading_row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from openpyxl import Workbook


_QUOTED = re.compile(r"\"[^\"]*\"|\\.|\[[^\]]*\]")
#: limit of cells filled from merged ranges of one worksheet
_MAX_MERGED_CELLS = 5_000_000
#: a heading of more rows than this is none
_MAX_HEADING_ROWS = 4


@dataclass
class _Sheet:
    """Non-empty cells of one worksheet, and its merged ranges."""

    rows: dict[int, dict[int, Any]] = field(default_factory=dict)
    """Row number → column number → value, both from 1."""
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    """First row, first column, last row, last column."""


class _Parser(WorkSheetParser):  # type: ignore[misc]
    """Parser that keeps what values alone lose: formulas without a stored result, errors, percent formats."""

    def __init__(self, book: Workbook, *args: Any, **options: Any) -> None:
        super().__init__(*args, data_only=True, **options)
        self._percent = {at for at, _ in enumerate(book._cell_styles) if _shows_percent(_format(book, at))}  # noqa: SLF001
        self._padded = {
            at: len(visible)
            for at, _ in enumerate(book._cell_styles)  # noqa: SLF001
            if re.fullmatch(r"0{2,}", visible := _format(book, at))
        }
        # a program that stores formulas without computing them sets this flag, and some store 0 as result
        self._never_computed = bool(book.calculation.fullCalcOnLoad)

    def parse_cell(self, element: Any) -> dict[str, Any]:
        """Return a cell as openpyxl does, its value as this reader wants it."""
        cell: dict[str, Any] = super().parse_cell(element)
        value, place = cell["value"], f"{get_column_letter(cell['column'])}{cell['row']}"
        formula = element.find(FORMULA_TAG)
        written = ""
        if formula is not None and (formula.text or value is None or cell["data_type"] == "e"):
            written = self._formula(element)
        if cell["data_type"] == "e":
            cell["value"] = f"{value} [{place}: {written}]" if written else f"{value} [{place}]"
        elif formula is not None and self._has_no_result(element, value):
            cell["value"] = f"{written or '=?'} [{place}]"
        elif isinstance(value, int | float) and not isinstance(value, bool):
            cell["value"] = self._as_shown(value, cell["style_id"])
        return cell

    def _formula(self, element: Any) -> str:
        found = self.parse_formula(element)
        return found if isinstance(found, str) else str(getattr(found, "text", None) or "=?")

    def _has_no_result(self, element: Any, value: object) -> bool:
        if value is None:
            return bool(element.get("t") != "str" or element.find(VALUE_TAG) is None)
        return self._never_computed and value == 0 and not isinstance(value, bool)

    def _as_shown(self, value: float, style: int) -> object:
        if style in self._percent:
            return f"{(Decimal(repr(value)) * 100).normalize():f}%"
        if style in self._padded and value >= 0 and float(value).is_integer():
            return str(int(value)).zfill(self._padded[style])
        return value


def read_workbook(path: Path, sheet: str | None) -> RawTable:
    """Return the rows of a worksheet, every cell as stored; percentages as shown.

    Cells that hold no value of their own are texts which the reader of numbers and names refuses: ``#REF! [C5: =B5]``,
    ``=SUM(B2:B9) [B10]`` (no result is stored), ``#MERGED! [B5:B7]`` (a figure over several rows). Merged texts hold for
    all their rows.

    Raises
    ------
    UnreadableError
        no workbook, a bomb, or several sheets and none named.
    """
    if not zipfile.is_zipfile(path):
        raise UnreadableError("not-what-it-says", suffix=path.suffix)
    with zipfile.ZipFile(path) as archive:
        refuse_zip_bomb(archive)
    with path.open("rb") as file, warnings.catch_warnings():  # opened here: closed as well where loading fails halfway
        warnings.simplefilter("ignore")  # warnings about styles
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        try:
            found = _read_sheet(book, _chosen_sheet(book, sheet))
        finally:
            book.close()
    return _table(found)


def _chosen_sheet(book: Workbook, requested: str | None) -> str:
    """Return the requested worksheet, or the only one that is neither hidden nor empty."""
    titles = [str(sheet.title) for sheet in book.worksheets]
    if requested is not None or len(titles) == 1:
        return chosen_table(titles, requested)
    visible = [str(sheet.title) for sheet in book.worksheets if sheet.sheet_state == "visible"] or titles
    return chosen_table([name for name in visible if _holds_something(book, name)] or visible, None)


def _holds_something(book: Workbook, name: str) -> bool:
    return any(True for _ in _rows(book, name, _Sheet()))


def _read_sheet(book: Workbook, name: str) -> _Sheet:
    sheet = _Sheet()
    for number, cells in _rows(book, name, sheet):
        sheet.rows[number] = cells
    return sheet


def _rows(book: Workbook, name: str, sheet: _Sheet) -> Iterator[tuple[int, dict[int, Any]]]:
    """Yield the non-empty rows of a worksheet; merged ranges are known after the last one."""
    worksheet = book[name]
    with worksheet._get_source() as source:  # noqa: SLF001
        parser = _Parser(
            book, source, worksheet._shared_strings, epoch=book.epoch,  # noqa: SLF001
            date_formats=book._date_formats, timedelta_formats=book._timedelta_formats,  # noqa: SLF001
        )  # fmt: skip
        for number, cells in parser.parse():
            non_empty = {cell["column"]: cell["value"] for cell in cells if not _blank(cell["value"])}
            if non_empty:
                yield number, non_empty
        ranges = parser.merged_cells.mergeCell if parser.merged_cells is not None else []
        bounds = [range_boundaries(one.ref) for one in ranges]
        sheet.merged += [(r0, c0, r1, c1) for c0, r0, c1, r1 in bounds]


def _table(sheet: _Sheet) -> RawTable:
    numbers = sorted(sheet.rows)
    if not numbers:
        return RawTable(pd.DataFrame())
    first = [list(sheet.rows[number].values()) for number in numbers[:ROWS_SAMPLED]]
    titles = heading_row(first)
    top = numbers[titles]
    bottom = _last_heading(sheet, top)
    headings = _headings(sheet, top, bottom)
    _fill_merged(sheet, bottom)
    below = [number for number in sorted(sheet.rows) if number > bottom]
    # an isolated distant cell does not allocate the range between
    columns = sorted({column for number in below for column in sheet.rows[number]} | set(headings))
    frame = pd.DataFrame(
        {
            at: pd.Series([sheet.rows[number].get(column) for number in below], dtype=object)
            for at, column in enumerate(columns)
        }
    )
    frame.index = pd.Index([number - bottom - 1 for number in below], dtype="int64")
    named, duplicate_headings, issues = apply_headings(
        frame, [headings.get(column, "") for column in columns], titles + bottom - top
    )
    return RawTable(named.dropna(how="all"), issues=issues, duplicate_headings=duplicate_headings)


def _last_heading(sheet: _Sheet, top: int) -> int:
    """Return the last row of the heading: groups of columns have a merged cell above, single columns one beside them."""
    tall = [r1 for r0, _, r1, _ in sheet.merged if r0 == top < r1 < top + _MAX_HEADING_ROWS]
    if tall:
        return max(tall)
    wide = any(r0 == r1 == top and c1 > c0 for r0, c0, r1, c1 in sheet.merged)
    below = sheet.rows.get(top + 1, {})
    return top + 1 if wide and below and all(isinstance(value, str) for value in below.values()) else top


def _headings(sheet: _Sheet, top: int, bottom: int) -> dict[int, str]:
    """Return column → heading; texts of several rows are joined by a blank."""
    parts: dict[int, list[str]] = {}
    for number in range(top, bottom + 1):
        row = dict(sheet.rows.get(number, {}))
        for r0, c0, _, c1 in sheet.merged:
            if r0 == number and c0 in row:
                row |= dict.fromkeys(range(c0, min(c1, c0 + 1000) + 1), row[c0])
        for column, value in row.items():
            text = " ".join(str(value).split())
            if text not in parts.setdefault(column, []):
                parts[column].append(text)
    return {column: " ".join(texts) for column, texts in parts.items()}


def _fill_merged(sheet: _Sheet, bottom: int) -> None:
    """Copy merged texts to all their rows; mark the rows below a merged number, which cannot be divided."""
    numbers = sorted(sheet.rows)
    filled = 0
    for r0, c0, r1, c1 in sheet.merged:
        value = sheet.rows.get(r0, {}).get(c0)
        if r0 <= bottom or r1 == r0 or value is None:
            continue
        place = f"{get_column_letter(c0)}{r0}:{get_column_letter(c1)}{r1}"
        is_text = isinstance(value, str) and not value.endswith("%")
        for number in numbers[bisect_right(numbers, r0) : bisect_right(numbers, r1)]:
            sheet.rows[number].setdefault(c0, value if is_text else f"#MERGED! [{place}]")
            filled += 1
        if filled > _MAX_MERGED_CELLS:
            raise UnreadableError("unreadable-file", reason=f"{len(sheet.merged)} merged ranges over {filled:,} cells")


def _blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _format(book: Workbook, style: int) -> str:
    number = book._cell_styles[style].numFmtId  # noqa: SLF001
    if number < 164:
        return str(BUILTIN_FORMATS.get(number, "General"))
    is_text = book._number_formats  # noqa: SLF001
    return str(is_text[number - 164]) if number - 164 < len(is_text) else "General"


def _shows_percent(visible: str) -> bool:
    return "%" in _QUOTED.sub("", visible)
