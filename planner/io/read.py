"""Reader of one file or database table, whatever its format."""

from __future__ import annotations

import difflib
import lzma
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

from planner.io.archive import unpacked
from planner.io.cells import as_text
from planner.io.database import read_database
from planner.io.raster import RASTER_SUFFIXES, read_raster
from planner.io.staging import refuse_concurrent_change, staged
from planner.io.table import RawTable, UnreadableError
from planner.io.tabular import TABLE_SUFFIXES, read_parquet, read_table, refuse_oversized_table
from planner.io.vector import VECTOR_SUFFIXES, read_vector
from planner.study.connection import is_connection
from planner.study.layer_files import layer_files, path_kind

if TYPE_CHECKING:
    from pathlib import Path


#: what the readers of all these formats have been seen to raise on damaged files
_READER_ERRORS = (
    DataSourceError, DataLayerError, ShapelyError, pa.ArrowException, zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error,
    OSError, ValueError, LookupError, RuntimeError, TypeError, ArithmeticError, AttributeError, NameError, EOFError,
    AssertionError, SyntaxError,
)  # fmt: skip
_FORMATS = ", ".join([*VECTOR_SUFFIXES, ".parquet", *TABLE_SUFFIXES, *RASTER_SUFFIXES, ".osm.pbf", ".zip"])


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
    path_type = path_kind(path)
    if path_type == "absent":
        raise UnreadableError("missing-file", near=_similar_name(path))
    if path_type == "device" or (path_type == "folder" and path.suffix.lower() != ".gdb"):
        raise UnreadableError("no-file", sort=f"@path_{path_type}")
    try:
        with refuse_concurrent_change(path):
            return _without_lists(_read(path, table, encoding))
    except MemoryError as error:
        raise UnreadableError("not-enough-memory", megabytes=_size(path) / 1e6) from error
    except _READER_ERRORS as error:
        # format readers raise many types on damaged files; report the file and the reader's message
        raise UnreadableError("unreadable-file", reason=f"{type(error).__name__}: {_without_paths(error)}") from error


def _read(path: Path, table: str | None, encoding: str | None) -> RawTable:
    suffix = path.suffix.lower()
    if suffix == ".zip":
        with unpacked(path, table) as (extracted, remaining_table):
            return _read(extracted, remaining_table, encoding)
    if suffix in (*TABLE_SUFFIXES, ".parquet", ".geoparquet"):
        refuse_oversized_table(path)
    if suffix in TABLE_SUFFIXES:
        return read_table(path, table, encoding)
    if suffix in (".parquet", ".geoparquet"):
        return read_parquet(path)
    if suffix in RASTER_SUFFIXES:
        return read_raster(path)
    if suffix in VECTOR_SUFFIXES:
        with staged(path) as staged_path:
            return read_vector(staged_path, table, encoding)
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
    return sum(part.stat().st_size for part in layer_files(path).values())


def _without_paths(error: BaseException) -> str:
    return re.sub(r"(?:/[^\s'\"]+)+/", "", str(error))


def _similar_name(path: Path) -> str:
    """Return the name of a similar file beside a missing one."""
    names = [p.name for p in path.parent.iterdir()] if path_kind(path.parent) == "folder" else []
    close = difflib.get_close_matches(path.name, names, n=1)
    return f": {close[0]}?" if close else ""
