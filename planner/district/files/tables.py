"""CSV and Parquet: rows as texts, so that a code like 0310 stays one."""

from __future__ import annotations

import csv
import io
import re
import warnings
from itertools import islice
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from planner.district.files.encoding import Decision, decide, decode
from planner.district.files.headings import SAMPLE, heading_row, with_headings
from planner.district.files.raw import RawTable, UnreadableError, encoding_remarks
from planner.district.files.workbook import read_workbook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm")
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_SEPARATORS = "\t;|,"
#: Excel's own line that names the separator
_SEP_LINE = re.compile(r"\s*\"?sep=(.)\"?,*[ ]*(?:\r?\n|$)", re.IGNORECASE)
#: how Excel is kept from reading a code as a number: ``="0310"`` and ``'0310``
_EXCEL_TEXT = re.compile(r"=\"(.*)\"|'(\d+)", re.DOTALL)
#: characters from which the separator and the heading are decided
_SNIFFED = 100_000


def read_table(path: Path, sheet: str | None, encoding: str | None) -> RawTable:
    """Return the rows of a CSV or workbook, every cell as it is written.

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
    mark = next((mark for mark in _MARKS if content.startswith(mark[0])), None)
    mixed: list[int] = []
    if mark is not None:
        decision = Decision(mark[1])
        text = content[len(mark[0]) :].decode(mark[1], errors="replace")
    elif b"\0" in content:
        raise UnreadableError("not-what-it-says", suffix=".csv")
    else:
        lines = content.replace(b"\r\n", b"\n").split(b"\n")
        decision = decide(lines, declared=declared)
        text = "\n".join(decode(line, decision) for line in lines)
        mixed = [number for number, line in enumerate(lines) if line in decision.undecodable]
    text = text.replace("\r\n", "\n") if "\n" in text else text.replace("\r", "\n")
    said = _SEP_LINE.match(text)
    text = text[said.end() :] if said else text
    if not text.strip():
        raise UnreadableError("empty-file")
    separator = said[1] if said else _separator(text)
    rows, ends = _first_rows(text, separator)
    at = heading_row(rows)
    headings = [_unwrapped(cell).strip() for cell in rows[at]]
    below = rows[at + 1 :]
    if below and all(len(row) == len(headings) + 1 and not row[-1].strip() for row in below):
        headings.append("")  # every row but the heading ends with a separator
    frame = _cells_below(text[ends[at] :], separator, len(headings))
    frame, doubled, remarks = with_headings(frame, headings, at)
    return RawTable(
        frame,
        decision,
        (*encoding_remarks(decision, mixed), *remarks),
        doubled,
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
        for line in io.StringIO(text[:_SNIFFED]):
            at += len(line)
            lines.append(at)
            yield line

    rows, ends = [], []
    try:
        for row in islice(csv.reader(counted(), delimiter=separator), 2 * SAMPLE):
            if any(cell.strip() for cell in row):
                rows.append(row)
                ends.append(lines[-1])
    except csv.Error as fault:
        if not rows:
            raise UnreadableError("unreadable-file", reason=str(fault)) from fault
    if len(text) > _SNIFFED and len(rows) > 1:
        rows.pop()  # the last row may be cut
    return rows[:SAMPLE], ends[:SAMPLE]


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
