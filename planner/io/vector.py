"""Shapefiles, GeoPackages, geodatabases, GeoJSON and FlatGeobuf through GDAL, its warnings reported as issues."""

from __future__ import annotations

import re
import shutil
import struct
import warnings
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyogrio.raw
import shapely
from pyogrio.errors import DataSourceError
from pyproj import CRS

from planner.io import vector_checks
from planner.io.cells import MAX_EXACT_INTEGER
from planner.io.encoding import decide, decode, decode_name
from planner.io.geometry import footprint, is_surface
from planner.io.staging import offline
from planner.io.table import FileIssue, RawTable, UnreadableError, chosen_table, distinct_names, encoding_issues
from planner.io.vector_checks import read_feature_members, refused_tables, safe_geojson, write_without_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


VECTOR_SUFFIXES = (".shp", ".dbf", ".gpkg", ".gdb", ".geojson", ".json", ".fgb")
#: file signatures; GDAL detects formats by content and must not be led to another one
_SIGNATURES = {
    ".shp": (b"\x00\x00\x27\x0a",),
    ".dbf": (b"\x02", b"\x03", b"\x30", b"\x31", b"\x83", b"\x8b", b"\xf5"),
    ".gpkg": (b"SQLite format 3\x00",),
    ".fgb": (b"fgb\x03",),
    ".geojson": (b"{",),
    ".json": (b"{",),
}
#: style tables of desktop GIS programs
_STYLE_TABLES = frozenset({"layer_styles", "qgis_projects", "layer_metadata", "data_licenses"})
#: FID column of a repaired copy
_OWN_NUMBERS = "planner_fid"
#: GDAL reads wider integers as floating-point numbers of 15 to 17 digits
_WIDTH_OF_INTEGERS = 18


@dataclass(frozen=True, eq=False)
class _Features:
    """What GDAL reads of a table."""

    frame: pd.DataFrame
    issues: list[FileIssue]
    duplicate_headings: dict[str, tuple[str, ...]]


def read_vector(path: Path, table: str | None, encoding: str | None) -> RawTable:
    """Return the features of ``path``.

    Raises
    ------
    UnreadableError
        it is not what its name says, or holds several tables; GDAL's own errors pass through.
    """
    suffix = path.suffix.lower()
    _check_beginning(path, suffix)
    if suffix in (".geojson", ".json"):
        return _read_geojson(path, encoding)
    if suffix in (".shp", ".dbf"):
        return _read_shapefile(path, encoding)
    refused = refused_tables(path, table) if suffix == ".gpkg" else {}
    if table in refused:
        raise refused[table]
    if refused:
        with TemporaryDirectory(prefix="planner-") as folder:
            rest = Path(folder) / "layer.gpkg"
            write_without_tables(path, refused, rest)
            return _read_database(rest, table, refused)
    return _read_database(path, table, refused)


def _read_database(path: Path, table: str | None, refused: Mapping[str, UnreadableError]) -> RawTable:
    """Return the rows of one table; those that were ``refused`` are no longer in the file, and said where nobody chose."""
    tables: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the same warnings are issued when the table is read
        with offline(), suppress(DataSourceError) if refused else nullcontext():  # a GeoPackage without any layer
            tables = [str(name) for name, _ in pyogrio.list_layers(path)]
    data = [name for name in tables if name.lower() not in _STYLE_TABLES]
    candidates = tables if table in tables else data or tables
    if refused and not candidates:
        raise next(iter(refused.values()))
    chosen = chosen_table(candidates, table)
    found = _features(path, chosen, None)
    left_out = [] if table else [FileIssue("warning", one.code, evidence=one.evidence) for one in refused.values()]
    return RawTable(found.frame, issues=(*left_out, *found.issues), duplicate_headings=found.duplicate_headings)


def _check_beginning(path: Path, suffix: str) -> None:
    """Refuse content that another GDAL driver could claim."""
    if suffix == ".gdb":
        if not (path / "a00000001.gdbtable").is_file():
            raise UnreadableError("not-what-it-says", suffix=suffix)
        return
    with path.open("rb") as file:
        head = file.read(64)
    if not head:
        raise UnreadableError("empty-file")
    if suffix in (".geojson", ".json"):
        head = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    # the reserved bytes of a .dbf are zero; where they are not, it is a text that begins like one
    if not head.startswith(_SIGNATURES[suffix]) or (suffix == ".dbf" and head[12:14].strip(b"\0")):
        raise UnreadableError("not-what-it-says", suffix=suffix)


def _read_geojson(path: Path, encoding: str | None) -> RawTable:
    size = path.stat().st_size
    if size > vector_checks.MAX_GEOJSON_BYTES:
        raise UnreadableError("file-too-large", megabytes=size / 1e6, most=vector_checks.MAX_GEOJSON_BYTES / 1e6)
    content = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    decision = decide(content.splitlines(), declared=encoding or "utf-8")
    if decision.encoding not in ("utf-8", "ascii"):
        content = b"\n".join(decode(line, decision).encode() for line in content.splitlines())
    content, link = safe_geojson(content)
    found = _features(content, None, None)
    frame, members, issues = found.frame, read_feature_members(content), list(found.issues)
    if len(members.ids) == len(frame) and any(members.ids) and "id" not in frame:
        frame.insert(0, "id", pd.Series(members.ids, index=frame.index, dtype=object))
    duplicate_headings = {name: (name,) for name in sorted(members.duplicate_headings) if name in frame}
    if link is not None:  # a linked definition is not fetched, so the system is unknown: GDAL would assume WGS 84
        frame = frame.set_crs(None, allow_override=True) if isinstance(frame, gpd.GeoDataFrame) else frame
        issues.append(FileIssue("warning", "crs-by-link", evidence={"link": link}))
    return RawTable(frame, decision, (*encoding_issues(decision, []), *issues), duplicate_headings)


def _read_shapefile(path: Path, encoding: str | None) -> RawTable:
    companions = {p.suffix.lower(): p for p in path.parent.iterdir() if p.stem == path.stem}
    issues: list[FileIssue] = []
    if path.suffix.lower() == ".dbf":
        refuse_missing_rows(path)
    if path.suffix.lower() == ".shp" and ".dbf" not in companions:
        issues.append(FileIssue("error", "missing-sidecar", evidence={"suffix": ".dbf"}))
    if path.suffix.lower() == ".shp" and ".shx" not in companions:
        issues.append(FileIssue("warning", "rebuilt-index"))
        with _copy_with_index(companions) as copied:
            found = _features(copied, None, "ISO-8859-1")
    else:
        found = _features(path, None, "ISO-8859-1")
    frame = found.frame
    if ".dbf" in companions:
        for position, digits in long_integers(companions[".dbf"]).items():
            if position < len(frame.columns) and len(digits) == len(frame):
                frame[frame.columns[position]] = pd.Series(digits, index=frame.index, dtype=object)
    # decoded as Latin-1, every byte is one character: recover the bytes, then detect one encoding for all of them
    declared = encoding or (_text_of(companions[".cpg"]) if ".cpg" in companions else None)
    decoded = _decoded(frame, found.duplicate_headings, declared)
    return RawTable(
        decoded.frame, decoded.encoding, (*issues, *decoded.issues, *found.issues), decoded.duplicate_headings
    )


def _text_of(cpg: Path) -> str | None:
    return cpg.read_bytes()[:40].decode("ascii", errors="replace").strip() or None


@contextmanager
def _copy_with_index(companions: dict[str, Path]) -> Iterator[Path]:
    """Yield a copy whose missing ``.shx`` GDAL may rebuild; the original folder is never written to."""
    before = pyogrio.get_gdal_config_option("SHAPE_RESTORE_SHX")
    with TemporaryDirectory(prefix="planner-") as folder:
        for suffix, file in companions.items():
            if suffix in (".shp", ".dbf", ".prj"):
                shutil.copyfile(file, Path(folder) / f"layer{suffix}")
        pyogrio.set_gdal_config_options({"SHAPE_RESTORE_SHX": "YES"})
        try:
            yield Path(folder) / "layer.shp"
        finally:
            pyogrio.set_gdal_config_options({"SHAPE_RESTORE_SHX": before})


def _features(source: Path | bytes, table: str | None, encoding: str | None) -> _Features:
    """Return all features, unreadable geometries as None, with GDAL's warnings."""
    with warnings.catch_warnings(record=True) as gdal_warnings:
        warnings.simplefilter("always")
        with offline():
            meta, fids, wkb, values = pyogrio.raw.read(source, layer=table, encoding=encoding, return_fids=True)
            exact = _exact(source, table, meta, values)
            fid_name = _fid_name(source, table)
        shapes = None if wkb is None else shapely.from_wkb(wkb, on_invalid="ignore")
    names, duplicate_headings = distinct_names([str(name) for name in meta["fields"]])
    columns = {
        name: pd.Series(exact.get(at, value), dtype=object if at in exact else None)
        for at, (name, value) in enumerate(zip(names, values, strict=True))
    }
    if fid_name and fid_name not in columns and fid_name != _OWN_NUMBERS and "id" not in columns:
        columns[fid_name] = pd.Series(fids)
    frame = pd.DataFrame(columns)
    issues = _gdal_warnings([str(warning.message) for warning in gdal_warnings])
    if shapes is None:
        return _Features(frame, issues, duplicate_headings)
    unreadable = np.flatnonzero(shapely.is_missing(shapes) & np.array([bool(shape) for shape in wkb], dtype=bool))
    surfaces = [int(row) for row in unreadable if is_surface(wkb[row])]
    shapes[surfaces] = [footprint(wkb[row]) for row in surfaces]
    flattened = [row for row in surfaces if shapes[row] is not None]
    if flattened:
        issues.append(FileIssue("note", "surfaces-flattened", tuple(row + 1 for row in flattened)))
    unreadable = np.setdiff1d(unreadable, flattened)
    if len(unreadable):
        issues.append(FileIssue("warning", "unreadable-geometry", tuple(int(row) + 1 for row in unreadable)))
    crs = CRS.from_user_input(meta["crs"]) if meta["crs"] else None
    if crs is not None and crs.name.lower().startswith("undefined"):
        crs = None
    return _Features(gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, crs=crs)), issues, duplicate_headings)


def _exact(source: Path | bytes, table: str | None, meta: Mapping[str, Any], values: Sequence[Any]) -> dict[int, Any]:
    """Return field position → integers, where missing values turned large integers into floats."""
    damaged = [
        at
        for at, (kind, value) in enumerate(zip(meta["dtypes"], values, strict=True))
        if str(kind).startswith("int") and value.dtype.kind == "f" and bool((np.abs(value) >= MAX_EXACT_INTEGER).any())
    ]
    if not damaged:
        return {}
    _, rows = pyogrio.raw.read_arrow(
        source, layer=table, columns=[str(meta["fields"][at]) for at in damaged], read_geometry=False
    )
    return {at: rows.column(number).to_pylist() for number, at in enumerate(damaged)}


def _fid_name(source: Path | bytes, table: str | None) -> str:
    """Return the FID column of a database table; GDAL returns it only on request."""
    if isinstance(source, bytes) or source.suffix.lower() not in (".gpkg", ".gdb"):
        return ""
    return str(pyogrio.read_info(source, layer=table).get("fid_column") or "")


def _gdal_warnings(messages: list[str]) -> list[FileIssue]:
    issues = []
    if any("Measured (M)" in message for message in messages):
        issues.append(FileIssue("note", "measures-dropped"))
    other_messages = sorted(
        {re.sub(r"(?:/[^\s'\"]+)+/", "", message) for message in messages if "Measured (M)" not in message}
    )
    if other_messages:
        issues.append(
            FileIssue(
                "warning",
                "reader-warning",
                evidence={"reason": "; ".join(other_messages[:3]), "count": len(other_messages)},
            )
        )
    return issues


def _decoded(frame: pd.DataFrame, duplicates: Mapping[str, Sequence[str]], declared: str | None) -> RawTable:
    """Recover the bytes of all texts and names, detect their encoding together, and decode them."""
    names = [name for name in frame.columns if name != "geometry"]
    texts = {name: pd.factorize(frame[name]) for name in names if _holds_text(frame[name])}
    values = {name: [_bytes(value) for value in found] for name, (_, found) in texts.items()}
    decision = decide((v for column in values.values() for v in column), [_bytes(name) for name in names], declared)
    mixed_rows = np.zeros(len(frame), dtype=bool)
    for name, (codes, _) in texts.items():
        read = np.array([*(decode(value, decision) for value in values[name]), None], dtype=object)
        frame[name] = pd.Series(read[codes], index=frame.index, dtype=object)
        mixed_rows |= np.array([*(value in decision.undecodable for value in values[name]), False])[codes]
    headings = {variant: name for name, several in duplicates.items() for variant in several}
    readable, duplicate_headings = distinct_names(
        [decode_name(_bytes(headings.get(name, name)), decision.encoding) for name in names]
    )
    renamed = dict(zip(names, readable, strict=True))
    rows = [int(row) + 1 for row in np.flatnonzero(mixed_rows)]
    return RawTable(frame.rename(columns=renamed), decision, tuple(encoding_issues(decision, rows)), duplicate_headings)


def _holds_text(column: pd.Series) -> bool:
    return bool(column.dtype == object or pd.api.types.is_string_dtype(column))


def _bytes(text: object) -> bytes:
    return str(text).encode("latin-1", errors="replace")


def refuse_missing_rows(path: Path) -> None:
    """Refuse a table that declares more rows than it holds; GDAL would generate the others.

    Raises
    ------
    UnreadableError
        With the rows it claims and those it holds.
    """
    with path.open("rb") as file:
        head = file.read(32)
    if len(head) < 32:
        return  # GDAL reports the fault
    rows, start, length = struct.unpack("<IHH", head[4:12])
    n_records = max(path.stat().st_size - start, 0) // max(length, 1)
    if rows > n_records:
        raise UnreadableError("unreadable-file", reason=f"dBASE: {rows} > {n_records} rows")


def long_integers(path: Path) -> dict[int, list[str | None]]:
    """Return position of the field → its digits in every row that is not deleted, for whole numbers of 19 digits and more.

    Empty where the table has no such field, or is damaged (GDAL says how).
    """
    with path.open("rb") as file:
        head = file.read(32)
        if len(head) < 32:
            return {}
        rows, start, length = struct.unpack("<IHH", head[4:12])
        fields = []
        at = 1
        for number in range((start - 33) // 32):
            field = file.read(32)
            if len(field) < 32 or field[:1] == b"\r":
                break
            width, places = field[16], field[17]
            if field[11:12] == b"N" and width > _WIDTH_OF_INTEGERS and places == 0:
                fields.append((number, at, at + width))
            at += width
        found: dict[int, list[str | None]] = {number: [] for number, _, _ in fields}
        if not fields:
            return {}
        file.seek(start)
        for _ in range(rows):
            record = file.read(length)
            if len(record) < length:
                return {}
            if record[:1] == b"*":
                continue
            for number, first, last in fields:
                digits = record[first:last].decode("ascii", errors="replace").strip(" \0*")
                found[number].append(digits or None)
    return found
