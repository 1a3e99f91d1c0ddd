"""Bring one file of a planner's into memory as it is: format, encoding and coordinates, nothing mended yet."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from planner.district.encoding import Decision, decide, decode, decode_name

if TYPE_CHECKING:
    from pathlib import Path

    from planner.district.findings import Fact

#: names under which tables usually hold coordinates; the study can name others
X_NAMES = ("x", "lon", "lng", "long", "longitude", "经度", "经度坐标", "东经", "x坐标", "横坐标")
Y_NAMES = ("y", "lat", "latitude", "纬度", "纬度坐标", "北纬", "y坐标", "纵坐标")
_TABLES = (".csv", ".txt", ".tsv", ".xlsx", ".xlsm")


class UnreadableError(Exception):
    """A file that cannot be read: the code and evidence of the finding it becomes."""

    def __init__(self, code: str, **evidence: Fact) -> None:
        super().__init__(code)
        self.code = code
        self.evidence = evidence


@dataclass(frozen=True, eq=False)
class RawTable:
    """What a file holds."""

    frame: pd.DataFrame
    """A GeoDataFrame where the file has geometry."""
    encoding: Decision


def read_file(path: Path, table: str | None = None, encoding: str | None = None) -> RawTable:
    """Return the rows of ``path``; its texts in the encoding that fits all of them.

    Raises
    ------
    UnreadableError
        with the code of the finding.
    """
    if not path.exists():
        raise UnreadableError("missing-file", near=_near(path))
    suffix = path.suffix.lower()
    try:
        if suffix in _TABLES:
            return _read_table(path, table, encoding)
        if suffix in (".parquet", ".geoparquet"):
            return RawTable(_read_parquet(path), Decision("utf-8"))
        return _read_ogr(path, table, encoding)
    except UnreadableError:
        raise
    except (DataSourceError, DataLayerError, OSError, ValueError, KeyError, RuntimeError) as error:
        raise UnreadableError("unreadable-file", reason=f"{type(error).__name__}: {error}") from error


def _near(path: Path) -> str:
    """Name a file beside the missing one that may be meant."""
    from difflib import get_close_matches  # noqa: PLC0415 - only for a message

    names = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    close = get_close_matches(path.name, names, n=1)
    return f": {close[0]}?" if close else ""


def _read_table(path: Path, sheet: str | None, encoding: str | None) -> RawTable:
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        with pd.ExcelFile(path, engine="openpyxl") as book:
            frame = pd.read_excel(book, sheet_name=_one_table([str(n) for n in book.sheet_names], sheet), dtype=object)
        decision = Decision("utf-8")
    else:
        text, decision = _text(path.read_bytes(), encoding)
        header = text.split("\n", 1)[0]
        separator = max(",;\t", key=header.count)
        frame = pd.read_csv(io.StringIO(text), sep=separator, dtype=object, keep_default_na=False, na_values=[""])
    frame.columns = [str(column).strip() for column in frame.columns]
    return RawTable(frame, decision)


def _text(content: bytes, declared: str | None) -> tuple[str, Decision]:
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if content.startswith(mark):
            return decode(content[len(mark) :], encoding), Decision(encoding)
    decision = decide(content.splitlines(), declared=declared)
    return "\n".join(decode(line, decision.encoding) for line in content.splitlines()), decision


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        frame: pd.DataFrame = gpd.read_parquet(path)
    except ValueError:  # a plain Parquet table without geometry
        frame = pd.read_parquet(path)
    return frame


def _read_ogr(path: Path, table: str | None, encoding: str | None) -> RawTable:
    tables = [str(name) for name, _ in pyogrio.list_layers(path)]
    table = _one_table(tables, table)
    bytewise = path.suffix.lower() in (".shp", ".dbf")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what GDAL murmurs about is checked below, by name
        frame = pyogrio.read_dataframe(path, layer=table, encoding="ISO-8859-1" if bytewise else None)
    if not bytewise:
        return RawTable(frame, Decision("utf-8"))
    # read as Latin-1, every byte is one character: take the bytes back, then decide over all of them at once
    cpg = path.with_suffix(".cpg")
    declared = encoding or (cpg.read_text("ascii", errors="replace").strip() if cpg.is_file() else None)
    return _decoded(frame, _known(declared))


def _known(encoding: str | None) -> str | None:
    import codecs  # noqa: PLC0415 - only here

    try:
        return codecs.lookup(encoding).name if encoding else None
    except LookupError:
        return None


def _decoded(frame: pd.DataFrame, declared: str | None) -> RawTable:
    geometry = frame.geometry.name if isinstance(frame, gpd.GeoDataFrame) else None
    texts = {
        name: frame[name]
        for name in frame.columns
        if name != geometry and (frame[name].dtype == object or pd.api.types.is_string_dtype(frame[name]))
    }
    factors = {name: pd.factorize(column) for name, column in texts.items()}
    values = {name: [str(v).encode("latin-1", errors="replace") for v in found] for name, (_, found) in factors.items()}
    names = [str(name).encode("latin-1", errors="replace") for name in frame.columns if name != geometry]
    decision = decide((value for column in values.values() for value in column), names, declared)
    for name, (codes, _) in factors.items():
        read = np.array([*(decode(value, decision.encoding) for value in values[name]), None], dtype=object)
        frame[name] = pd.Series(read[codes], index=frame.index, dtype=object)
    renamed = {
        name: decode_name(str(name).encode("latin-1", errors="replace"), decision.encoding)
        for name in frame.columns
        if name != geometry
    }
    return RawTable(frame.rename(columns=renamed), decision)


def _one_table(tables: list[str], asked: str | None) -> str:
    if asked is not None:
        if asked not in tables:
            raise UnreadableError("missing-table", table=asked, tables=", ".join(tables))
        return asked
    if len(tables) != 1:
        raise UnreadableError("several-tables", tables=", ".join(tables))
    return tables[0]
