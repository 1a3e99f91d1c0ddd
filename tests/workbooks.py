"""Numbered tables of a workbook read back: title, headings and rows below each other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

TITLE = re.compile(r"^\W?(Table|表) (?P<number>\d+)\s+(?P<title>.+?)\W?$", re.DOTALL)


@dataclass(frozen=True)
class ReadTable:
    """A table as a reader sees it."""

    number: int
    title: str
    about: str
    headings: list[str]
    cells: list[list[Cell]]
    """Rows of cells, totals included, in the order of ``headings``."""
    totals: int
    """How many of the last rows are totals: bold."""
    notes: list[str]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Rows without totals: heading → value."""
        body = self.cells[: len(self.cells) - self.totals]
        return [dict(zip(self.headings, [cell.value for cell in row], strict=True)) for row in body]

    @property
    def total_rows(self) -> list[dict[str, Any]]:
        """Rows of totals: heading → value."""
        last = self.cells[len(self.cells) - self.totals :]
        return [dict(zip(self.headings, [cell.value for cell in row], strict=True)) for row in last]


def tables_of(sheet: Worksheet) -> list[ReadTable]:
    """Every table of a sheet."""
    lines = list(sheet.iter_rows())
    starts = [i for i, line in enumerate(lines) if isinstance(line[0].value, str) and TITLE.match(line[0].value)]
    return [_read(lines[i:j]) for i, j in zip(starts, [*starts[1:], len(lines)], strict=True)]


def rows_of(sheet: Worksheet) -> list[dict[str, Any]]:
    """Rows of the only, or the first, table of a sheet, without totals."""
    return tables_of(sheet)[0].rows


def _read(lines: list[tuple[Cell, ...]]) -> ReadTable:
    found = TITLE.match(str(lines[0][0].value))
    assert found is not None
    at = [j for j, cell in enumerate(lines[2]) if cell.value is not None]
    body, notes = [], []
    for line in lines[3:]:
        values = [line[j] for j in at]
        if all(cell.value is None for cell in values):
            break
        if notes or (len(at) > 1 and line[0].font.color is not None and line[0].font.color.rgb == "FF586771"):
            notes.append(str(line[0].value))
        else:
            body.append(values)
    bold = [any(cell.font.b for cell in row if cell.value is not None) for row in body]
    return ReadTable(
        int(found["number"]),
        found["title"],
        str(lines[1][0].value),
        [str(lines[2][j].value) for j in at],
        body,
        sum(bold),
        notes,
    )
