"""CSV, workbooks and Parquet: rows as texts, so that a code like 0310 stays one."""

from __future__ import annotations

import io
import warnings
import zipfile
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from planner.district.files.archive import guard
from planner.district.files.encoding import Decision, decide, decode
from planner.district.files.raw import RawTable, UnreadableError, encoding_remarks, one_table, unlike_names

if TYPE_CHECKING:
    from pathlib import Path

TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm")
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def read_table(path: Path, sheet: str | None, encoding: str | None) -> RawTable:
    """Return the rows of a CSV or workbook, every cell as it is written.

    Raises
    ------
    UnreadableError
        several sheets and none named, a bomb, or no such format; readers' own errors pass through.
    """
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        return _read_workbook(path, sheet)
    return _read_csv(path.read_bytes(), encoding)


def read_parquet(path: Path) -> RawTable:
    """Return the rows of a GeoParquet, or of a Parquet table without geometry."""
    try:
        frame: pd.DataFrame = gpd.read_parquet(path)
    except ValueError:
        frame = pd.read_parquet(path)
    return RawTable(frame.reset_index(drop=True))


def _read_workbook(path: Path, sheet: str | None) -> RawTable:
    if not zipfile.is_zipfile(path):
        raise UnreadableError("not-what-it-says", suffix=path.suffix)
    with zipfile.ZipFile(path) as archive:
        guard(archive)
    with pd.ExcelFile(path, engine="openpyxl") as book:
        name = one_table([str(n) for n in book.sheet_names], sheet)
        frame = pd.read_excel(book, sheet_name=name, dtype=object)
    return RawTable(_tidy(frame))


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
    if not text.strip():
        raise UnreadableError("empty-file")
    header = text.lstrip("\n").split("\n", 1)[0]
    separator = max(",;\t|", key=header.count)
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # rows longer than the header: cells would be lost
        try:
            frame = pd.read_csv(
                io.StringIO(text), sep=separator, dtype=object, keep_default_na=False, na_values=[""], index_col=False
            )
        except pd.errors.ParserWarning as fault:
            raise UnreadableError("unreadable-file", reason=str(fault)) from fault
    return RawTable(_tidy(frame), decision, tuple(encoding_remarks(decision, mixed)))


def _tidy(frame: pd.DataFrame) -> pd.DataFrame:
    """Name columns by texts without blanks around them; leave out rows in which nothing is written."""
    return frame.dropna(how="all").set_axis(unlike_names([str(column).strip() for column in frame.columns]), axis=1)
