"""Read one file of a planner's, whatever its format."""

from __future__ import annotations

import difflib
import re
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
from pyogrio.errors import DataLayerError, DataSourceError
from shapely.errors import ShapelyError

from planner.district.files.archive import unpacked
from planner.district.files.database import read_database
from planner.district.files.limits import refuse_oversized_table
from planner.district.files.raster import RASTERS, read_raster
from planner.district.files.raw import RawTable, UnreadableError
from planner.district.files.staged import held_still, staged
from planner.district.files.tables import TABLES, read_parquet, read_table
from planner.district.files.texts import as_text
from planner.district.files.vector import VECTORS, read_vector
from planner.study.connection import is_connection
from planner.study.parts import parts_of, sort_of

if TYPE_CHECKING:
    from pathlib import Path

#: what the readers of all these formats have been seen to raise on damaged files
_READERS_RAISE = (
    DataSourceError, DataLayerError, ShapelyError, pa.ArrowException, zipfile.BadZipFile, zlib.error, struct.error,
    OSError, ValueError, LookupError, RuntimeError, TypeError, ArithmeticError, AttributeError, NameError, EOFError,
    AssertionError, SyntaxError,
)  # fmt: skip
_FORMATS = ", ".join([*VECTORS, ".parquet", *TABLES, *RASTERS, ".osm.pbf", ".zip"])


def read_file(path: Path, table: str | None = None, encoding: str | None = None) -> RawTable:
    """Return the rows of ``path``; its texts in the encoding that fits all of them.

    Parameters
    ----------
    path
        A file, a ``.gdb`` folder, a zip of either, or a connection (``PG:…``, ``postgresql://…``).
    table
        Which of several tables.
    encoding
        What the study says of a shapefile's or CSV's encoding.

    Raises
    ------
    UnreadableError
        with the code of the finding. Nothing else is raised, whatever the bytes.
    """
    if is_connection(path):
        return read_database(path, table)
    sort = sort_of(path)
    if sort == "absent":
        raise UnreadableError("missing-file", near=_near(path))
    if sort == "device" or (sort == "folder" and path.suffix.lower() != ".gdb"):
        raise UnreadableError("no-file", sort=f"@path_{sort}")
    try:
        with held_still(path):
            return _without_lists(_read(path, table, encoding))
    except MemoryError as error:
        raise UnreadableError("not-enough-memory", megabytes=_size(path) / 1e6) from error
    except _READERS_RAISE as error:
        # readers raise what they like on damaged files; the planner is told which file, and what the reader said
        raise UnreadableError("unreadable-file", reason=f"{type(error).__name__}: {_without_paths(error)}") from error


def _read(path: Path, table: str | None, encoding: str | None) -> RawTable:
    suffix = path.suffix.lower()
    if suffix == ".zip":
        with unpacked(path, table) as (inside, rest):
            return _read(inside, rest, encoding)
    if suffix in (*TABLES, ".parquet", ".geoparquet"):
        refuse_oversized_table(path)
    if suffix in TABLES:
        return read_table(path, table, encoding)
    if suffix in (".parquet", ".geoparquet"):
        return read_parquet(path)
    if suffix in RASTERS:
        return read_raster(path)
    if suffix in VECTORS:
        with staged(path) as alone:
            return read_vector(alone, table, encoding)
    raise UnreadableError("unknown-format", suffix=suffix or path.name, formats=_FORMATS)


def _without_lists(raw: RawTable) -> RawTable:
    """Return the rows with lists in cells as texts joined by ``;``, as other formats write them."""
    frame = raw.frame
    for name in frame.columns:
        if name == "geometry" or frame[name].dtype != object:
            continue
        if any(issubclass(kind, list | tuple | np.ndarray) for kind in set(map(type, frame[name]))):
            listed = [isinstance(value, list | tuple | np.ndarray) for value in frame[name]]
            cells = [as_text(v) if several else v for v, several in zip(frame[name], listed, strict=True)]
            frame[name] = pd.Series(cells, index=frame.index, dtype=object)
    return raw


def _size(path: Path) -> int:
    return sum(part.stat().st_size for part in parts_of(path).values())


def _without_paths(error: BaseException) -> str:
    return re.sub(r"(?:/[^\s'\"]+)+/", "", str(error))


def _near(path: Path) -> str:
    """Name a file beside the missing one that may be meant."""
    names = [p.name for p in path.parent.iterdir()] if sort_of(path.parent) == "folder" else []
    close = difflib.get_close_matches(path.name, names, n=1)
    return f": {close[0]}?" if close else ""
