"""What a table may hold, judged before it is read: a small file can claim more cells than any memory has."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from planner.district.files.raw import UnreadableError

if TYPE_CHECKING:
    from pathlib import Path

#: rows × columns of a table; a city of 600,000 addresses with 30 columns is less
MOST_CELLS = 20_000_000
MOST_COLUMNS = 5_000
MOST_CSV_BYTES = 500_000_000
#: held in memory several times while it is read
MOST_GEOJSON_BYTES = 500_000_000
#: what a workbook may unpack to; larger tables are read as CSV in a tenth of the time
MOST_BOOK_BYTES = 400_000_000
#: what a part of a workbook may unpack to in proportion; sheets stay under 20
MOST_BOOK_RATIO = 50
_RATIO_FROM_BYTES = 10_000_000

_SEPARATORS = (b",", b";", b"\t", b"|")
_CHUNK = 1 << 20
_OVERLAP = 512
#: a cell that holds something: its tag does not close itself
_CELL = re.compile(rb"<(?:\w+:)?c\s[^<>]{0,200}?\br=\"([A-Z]{1,3})(\d{1,7})\"[^<>]{0,200}(?<!/)>")


def refuse_oversized_table(path: Path) -> None:
    """Refuse a CSV, workbook or Parquet table that claims more than a district's table can hold.

    Raises
    ------
    UnreadableError
        with what the file claims, and what is read at most; readers' own errors on damaged files pass through.
    """
    suffix = path.suffix.lower()
    if suffix in (".xlsx", ".xlsm"):
        _refuse_workbook(path)
    elif suffix in (".parquet", ".geoparquet"):
        held = pq.read_metadata(path)
        _refuse(held.num_rows, held.num_columns)
    else:
        _refuse_csv(path)


def _refuse(rows: int, columns: int) -> None:
    if rows * columns > MOST_CELLS or columns > MOST_COLUMNS:
        raise UnreadableError("table-too-large", rows=rows, columns=columns, most=MOST_CELLS, most_columns=MOST_COLUMNS)


def _refuse_bytes(size: int, most: int) -> None:
    if size > most:
        raise UnreadableError("file-too-large", megabytes=size / 1e6, most=most / 1e6)


def _refuse_csv(path: Path) -> None:
    _refuse_bytes(path.stat().st_size, MOST_CSV_BYTES)
    rows, cells, widest, begun = 1, dict.fromkeys(_SEPARATORS, 1), 1, dict.fromkeys(_SEPARATORS, 1)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            lines = chunk.split(b"\n" if b"\n" in chunk else b"\r")
            for separator in _SEPARATORS:
                found = chunk.count(separator)
                cells[separator] += found + len(lines) - 1
                if found:
                    counts = [line.count(separator) for line in lines]
                    widest = max(widest, begun[separator] + counts[0], *(1 + count for count in counts[1:]))
                    begun[separator] = 1 + counts[-1] + (begun[separator] - 1 if len(lines) == 1 else 0)
                elif len(lines) > 1:
                    begun[separator] = 1
            rows += len(lines) - 1
            if max(cells.values()) > MOST_CELLS or widest > MOST_COLUMNS:  # so much at least
                raise UnreadableError(
                    "table-too-large", rows=rows, columns=widest, most=MOST_CELLS, most_columns=MOST_COLUMNS
                )


def _refuse_workbook(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        raise UnreadableError("not-what-it-says", suffix=path.suffix)
    with zipfile.ZipFile(path) as book:
        _refuse_bytes(sum(part.file_size for part in book.infolist()), MOST_BOOK_BYTES)
        for part in book.infolist():
            bomb = part.file_size > _RATIO_FROM_BYTES and part.file_size > MOST_BOOK_RATIO * max(part.compress_size, 1)
            if bomb:
                raise UnreadableError("zip-bomb", megabytes=part.file_size / 1e6, members=len(book.infolist()))
            if part.filename.lower().startswith("xl/worksheets/") and not part.flag_bits & 1:
                _refuse_sheet(book, part)


def _refuse_sheet(book: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Count the rows and columns that hold something: those alone are laid out, however far apart they lie."""
    rows: set[bytes] = set()
    columns: set[bytes] = set()
    with book.open(part) as sheet:
        before = b""
        while chunk := sheet.read(_CHUNK):
            for letters, digits in _CELL.findall(before + chunk):
                rows.add(digits)
                columns.add(letters)
            before = (before + chunk)[-_OVERLAP:]
    _refuse(len(rows), len(columns))
