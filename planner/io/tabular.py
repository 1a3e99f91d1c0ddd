"""CSV and Parquet tables with all cells as text, and limits on the size of tables."""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from itertools import islice
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from planner.io.encoding import Decision, decide, decode
from planner.io.table import ROWS_SAMPLED, RawTable, UnreadableError, apply_headings, encoding_issues, heading_row
from planner.io.workbook import read_workbook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm")
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_SEPARATORS = "\t;|,"
#: Excel's line that names the separator
_SEP_LINE = re.compile(r"\s*\"?sep=(.)\"?,*[ ]*(?:\r?\n|$)", re.IGNORECASE)
#: notations that keep Excel from reading a code as a number: ``="0310"`` and ``'0310``
_EXCEL_TEXT = re.compile(r"=\"(.*)\"|'(\d+)", re.DOTALL)
#: characters from which the separator and the heading are decided
_CHARACTERS_SNIFFED = 100_000
#: rows × columns of a table; a city of 600,000 addresses with 30 columns is less
MAX_CELLS = 20_000_000
MAX_COLUMNS = 5_000
MAX_CSV_BYTES = 500_000_000
#: what a workbook may unpack to; larger tables are read as CSV in a tenth of the time
MAX_WORKBOOK_BYTES = 400_000_000
#: what a part of a workbook may unpack to in proportion; sheets stay under 20
MAX_WORKBOOK_RATIO = 50
_RATIO_FROM_BYTES = 10_000_000
_SEPARATOR_BYTES = (b",", b";", b"\t", b"|")
_CHUNK_BYTES = 1 << 20
_OVERLAP = 512
#: a non-empty cell: its tag does not close itself
_CELL = re.compile(rb"<(?:\w+:)?c\s[^<>]{0,200}?\br=\"([A-Z]{1,3})(\d{1,7})\"[^<>]{0,200}(?<!/)>")


def read_table(path: Path, sheet: str | None, encoding: str | None) -> RawTable:
    """Return the rows of a CSV file or worksheet, every cell as written.

    Raises
    ------
    UnreadableError
        several sheets and none named, a bomb, or no such format; readers' own errors pass through.
    """
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        return read_workbook(path, sheet)
    return _read_csv(path.read_bytes(), encoding)


def read_parquet(path: Path) -> RawTable:
    """Return the rows of a GeoParquet, or of a Parquet table without geometry."""
    try:
        frame: pd.DataFrame = gpd.read_parquet(path)
    except ValueError:
        frame = pd.read_parquet(path)
    # whole numbers with gaps would become floating-point numbers, and lose their last digits
    schema = pq.read_schema(path)
    whole = [name for name in frame.columns if name in schema.names and pa.types.is_integer(schema.field(name).type)]
    damaged = [name for name in whole if pd.api.types.is_float_dtype(frame[name])]
    if damaged:
        exact = pq.read_table(path, columns=damaged)
        for name in damaged:
            frame[name] = pd.Series(exact[name].to_pylist(), index=frame.index, dtype=object)
    return RawTable(frame.reset_index(drop=True))


def _read_csv(content: bytes, declared: str | None) -> RawTable:
    byte_order_mark = next(
        (byte_order_mark for byte_order_mark in _BYTE_ORDER_MARKS if content.startswith(byte_order_mark[0])), None
    )
    mixed_rows: list[int] = []
    if byte_order_mark is not None:
        decision = Decision(byte_order_mark[1])
        text = content[len(byte_order_mark[0]) :].decode(byte_order_mark[1], errors="replace")
    elif b"\0" in content:
        raise UnreadableError("not-what-it-says", suffix=".csv")
    else:
        lines = content.replace(b"\r\n", b"\n").split(b"\n")
        decision = decide(lines, declared=declared)
        text = "\n".join(decode(line, decision) for line in lines)
        mixed_rows = [number for number, line in enumerate(lines) if line in decision.undecodable]
    text = text.replace("\r\n", "\n") if "\n" in text else text.replace("\r", "\n")
    separator_line = _SEP_LINE.match(text)
    text = text[separator_line.end() :] if separator_line else text
    if not text.strip():
        raise UnreadableError("empty-file")
    separator = separator_line[1] if separator_line else _separator(text)
    rows, row_ends = _first_rows(text, separator)
    at = heading_row(rows)
    headings = [_unwrapped(cell).strip() for cell in rows[at]]
    below = rows[at + 1 :]
    if below and all(len(row) == len(headings) + 1 and not row[-1].strip() for row in below):
        headings.append("")  # every row but the heading ends with a separator
    frame = _cells_below(text[row_ends[at] :], separator, len(headings))
    frame, duplicate_headings, issues = apply_headings(frame, headings, at)
    return RawTable(
        frame,
        decision,
        (*encoding_issues(decision, mixed_rows), *issues),
        duplicate_headings,
        "," if separator == ";" else None,
    )


def _separator(text: str) -> str:
    """Return the separator that splits most of the first rows into equally many cells, the more the better."""
    best, found = (0.0, 0), ","
    for separator in _SEPARATORS:
        widths = [len(row) for row in _first_rows(text, separator)[0]]
        usual = max(widths, key=lambda width: (widths.count(width), width), default=0)
        score = (widths.count(usual) / len(widths) if usual > 1 else 0.0, usual)
        if score > best:
            best, found = score, separator
    return found


def _first_rows(text: str, separator: str) -> tuple[list[list[str]], list[int]]:
    """Return the first rows that are not blank, and where in ``text`` each of them ends."""
    lines: list[int] = []

    def counted() -> Iterator[str]:
        at = 0
        for line in io.StringIO(text[:_CHARACTERS_SNIFFED]):
            at += len(line)
            lines.append(at)
            yield line

    rows, row_ends = [], []
    try:
        for row in islice(csv.reader(counted(), delimiter=separator), 2 * ROWS_SAMPLED):
            if any(cell.strip() for cell in row):
                rows.append(row)
                row_ends.append(lines[-1])
    except csv.Error as fault:
        if not rows:
            raise UnreadableError("unreadable-file", reason=str(fault)) from fault
    if len(text) > _CHARACTERS_SNIFFED and len(rows) > 1:
        rows.pop()  # the last row may be cut
    return rows[:ROWS_SAMPLED], row_ends[:ROWS_SAMPLED]


def _cells_below(text: str, separator: str, width: int) -> pd.DataFrame:
    """Return the cells below the heading as texts; rows longer than the heading are refused, for cells would be lost."""
    if not text.strip():
        return pd.DataFrame({at: pd.Series([], dtype=object) for at in range(width)})
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            frame = pd.read_csv(
                io.StringIO(text), sep=separator, header=None, names=list(range(width)), dtype=object,
                keep_default_na=False, na_values=[""], index_col=False,
            )  # fmt: skip
        except pd.errors.ParserWarning as fault:
            raise UnreadableError("unreadable-file", reason=str(fault)) from fault
    for name in frame.columns:
        column = frame[name]
        wrapped = column.str.startswith(("=", "'")).fillna(value=False).to_numpy(dtype=bool)
        if wrapped.any():
            frame[name] = pd.Series(
                [_unwrapped(cell) if is_wrapped else cell for cell, is_wrapped in zip(column, wrapped, strict=True)],
                index=frame.index,
                dtype=object,
            )
    return frame


def _unwrapped(cell: str) -> str:
    found = _EXCEL_TEXT.fullmatch(cell)
    return cell if found is None else found[1] if found[1] is not None else found[2]


def refuse_oversized_table(path: Path) -> None:
    """Refuse a CSV, worksheet or Parquet table above the limits of size.

    Raises
    ------
    UnreadableError
        with what the file claims, and what is read at most; readers' own errors on damaged files pass through.
    """
    suffix = path.suffix.lower()
    if suffix in (".xlsx", ".xlsm"):
        _refuse_workbook(path)
    elif suffix in (".parquet", ".geoparquet"):
        metadata = pq.read_metadata(path)
        _refuse_cells(metadata.num_rows, metadata.num_columns)
    else:
        _refuse_csv(path)


def _refuse_cells(rows: int, columns: int) -> None:
    if rows * columns > MAX_CELLS or columns > MAX_COLUMNS:
        raise UnreadableError("table-too-large", rows=rows, columns=columns, most=MAX_CELLS, most_columns=MAX_COLUMNS)


def _refuse_bytes(size: int, most: int) -> None:
    if size > most:
        raise UnreadableError("file-too-large", megabytes=size / 1e6, most=most / 1e6)


def _refuse_csv(path: Path) -> None:
    _refuse_bytes(path.stat().st_size, MAX_CSV_BYTES)
    rows, cells, widest, open_columns = 1, dict.fromkeys(_SEPARATOR_BYTES, 1), 1, dict.fromkeys(_SEPARATOR_BYTES, 1)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            lines = chunk.split(b"\n" if b"\n" in chunk else b"\r")
            for separator in _SEPARATOR_BYTES:
                found = chunk.count(separator)
                cells[separator] += found + len(lines) - 1
                if found:
                    counts = [line.count(separator) for line in lines]
                    widest = max(widest, open_columns[separator] + counts[0], *(1 + count for count in counts[1:]))
                    open_columns[separator] = 1 + counts[-1] + (open_columns[separator] - 1 if len(lines) == 1 else 0)
                elif len(lines) > 1:
                    open_columns[separator] = 1
            rows += len(lines) - 1
            if max(cells.values()) > MAX_CELLS or widest > MAX_COLUMNS:  # so much at least
                raise UnreadableError(
                    "table-too-large", rows=rows, columns=widest, most=MAX_CELLS, most_columns=MAX_COLUMNS
                )


def _refuse_workbook(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        raise UnreadableError("not-what-it-says", suffix=path.suffix)
    with zipfile.ZipFile(path) as book:
        _refuse_bytes(sum(part.file_size for part in book.infolist()), MAX_WORKBOOK_BYTES)
        for part in book.infolist():
            bomb = part.file_size > _RATIO_FROM_BYTES and part.file_size > MAX_WORKBOOK_RATIO * max(
                part.compress_size, 1
            )
            if bomb:
                raise UnreadableError("zip-bomb", megabytes=part.file_size / 1e6, members=len(book.infolist()))
            if part.filename.lower().startswith("xl/worksheets/") and not part.flag_bits & 1:
                _refuse_sheet(book, part)


def _refuse_sheet(book: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Count rows and columns with content; only those are allocated."""
    rows: set[bytes] = set()
    columns: set[bytes] = set()
    with book.open(part) as sheet:
        before = b""
        while chunk := sheet.read(_CHUNK_BYTES):
            for letters, digits in _CELL.findall(before + chunk):
                rows.add(digits)
                columns.add(letters)
            before = (before + chunk)[-_OVERLAP:]
    _refuse_cells(len(rows), len(columns))
