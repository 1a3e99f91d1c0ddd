"""Shapefiles, GeoPackages, geodatabases, GeoJSON and FlatGeobuf through GDAL, with what GDAL only murmurs said aloud."""

from __future__ import annotations

import re
import shutil
import warnings
from contextlib import contextmanager
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
from pyproj import CRS

from planner.district.files import limits
from planner.district.files.dbf import long_numbers, refuse_missing_rows
from planner.district.files.encoding import decide, decode, decode_name
from planner.district.files.foreign import offline, plain_geojson, refuse_virtual_tables
from planner.district.files.geojson import read_members
from planner.district.files.raw import RawTable, Remark, UnreadableError, encoding_remarks, one_table, unlike_names
from planner.district.files.surfaces import footprint, is_surface
from planner.district.files.texts import EXACT
from planner.district.files.views import refuse_endless_views

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

VECTORS = (".shp", ".dbf", ".gpkg", ".gdb", ".geojson", ".json", ".fgb")
#: how files of each kind begin; GDAL goes by content, and must not be led to another format by it
_BEGINS = {
    ".shp": (b"\x00\x00\x27\x0a",),
    ".dbf": (b"\x02", b"\x03", b"\x30", b"\x31", b"\x83", b"\x8b", b"\xf5"),
    ".gpkg": (b"SQLite format 3\x00",),
    ".fgb": (b"fgb\x03",),
    ".geojson": (b"{",),
    ".json": (b"{",),
}
#: tables that desktop programs keep beside the data
_NO_DATA = frozenset({"layer_styles", "qgis_projects", "layer_metadata", "data_licenses"})
#: the column of a mended copy that numbers its rows
_OWN_NUMBERS = "planner_fid"


@dataclass(frozen=True, eq=False)
class _Features:
    """What GDAL reads of a table."""

    frame: pd.DataFrame
    remarks: list[Remark]
    doubled: dict[str, tuple[str, ...]]


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
    if suffix == ".gpkg":
        refuse_virtual_tables(path)
        refuse_endless_views(path)
    if suffix in (".shp", ".dbf"):
        return _read_shapefile(path, encoding)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # GDAL murmurs the same again when the table is read
        with offline():
            tables = [str(name) for name, _ in pyogrio.list_layers(path)]
    data = [name for name in tables if name.lower() not in _NO_DATA]
    chosen = one_table(tables if table in tables else data or tables, table)
    found = _features(path, chosen, None)
    return RawTable(found.frame, remarks=tuple(found.remarks), doubled=found.doubled)


def _check_beginning(path: Path, suffix: str) -> None:
    """Refuse content that another driver of GDAL than the one meant could take for its own."""
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
    if not head.startswith(_BEGINS[suffix]) or (suffix == ".dbf" and head[12:14].strip(b"\0")):
        raise UnreadableError("not-what-it-says", suffix=suffix)


def _read_geojson(path: Path, encoding: str | None) -> RawTable:
    size = path.stat().st_size
    if size > limits.MOST_GEOJSON_BYTES:
        raise UnreadableError("file-too-large", megabytes=size / 1e6, most=limits.MOST_GEOJSON_BYTES / 1e6)
    content = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    decision = decide(content.splitlines(), declared=encoding or "utf-8")
    if decision.encoding not in ("utf-8", "ascii"):
        content = b"\n".join(decode(line, decision).encode() for line in content.splitlines())
    content, link = plain_geojson(content)
    found = _features(content, None, None)
    frame, members, remarks = found.frame, read_members(content), list(found.remarks)
    if len(members.ids) == len(frame) and any(members.ids) and "id" not in frame:
        frame.insert(0, "id", pd.Series(members.ids, index=frame.index, dtype=object))
    doubled = {name: (name,) for name in sorted(members.doubled) if name in frame}
    if link is not None:  # what is not fetched is not known: GDAL would say WGS 84
        frame = frame.set_crs(None, allow_override=True) if isinstance(frame, gpd.GeoDataFrame) else frame
        remarks.append(Remark("warning", "crs-by-link", evidence={"link": link}))
    return RawTable(frame, decision, (*encoding_remarks(decision, []), *remarks), doubled)


def _read_shapefile(path: Path, encoding: str | None) -> RawTable:
    beside = {p.suffix.lower(): p for p in path.parent.iterdir() if p.stem == path.stem}
    remarks: list[Remark] = []
    if path.suffix.lower() == ".dbf":
        refuse_missing_rows(path)
    if path.suffix.lower() == ".shp" and ".dbf" not in beside:
        remarks.append(Remark("error", "missing-sidecar", evidence={"suffix": ".dbf"}))
    if path.suffix.lower() == ".shp" and ".shx" not in beside:
        remarks.append(Remark("warning", "rebuilt-index"))
        with _copy_with_index(beside) as copied:
            found = _features(copied, None, "ISO-8859-1")
    else:
        found = _features(path, None, "ISO-8859-1")
    frame = found.frame
    if ".dbf" in beside:
        for position, digits in long_numbers(beside[".dbf"]).items():
            if position < len(frame.columns) and len(digits) == len(frame):
                frame[frame.columns[position]] = pd.Series(digits, index=frame.index, dtype=object)
    # read as Latin-1, every byte is one character: take the bytes back, then decide over all of them at once
    declared = encoding or (_text_of(beside[".cpg"]) if ".cpg" in beside else None)
    decoded = _decoded(frame, found.doubled, declared)
    return RawTable(decoded.frame, decoded.encoding, (*remarks, *decoded.remarks, *found.remarks), decoded.doubled)


def _text_of(cpg: Path) -> str | None:
    return cpg.read_bytes()[:40].decode("ascii", errors="replace").strip() or None


@contextmanager
def _copy_with_index(beside: dict[str, Path]) -> Iterator[Path]:
    """Give a copy whose lost ``.shx`` GDAL may write anew: a planner's own folder is never written to."""
    before = pyogrio.get_gdal_config_option("SHAPE_RESTORE_SHX")
    with TemporaryDirectory(prefix="planner-") as folder:
        for suffix, file in beside.items():
            if suffix in (".shp", ".dbf", ".prj"):
                shutil.copyfile(file, Path(folder) / f"layer{suffix}")
        pyogrio.set_gdal_config_options({"SHAPE_RESTORE_SHX": "YES"})
        try:
            yield Path(folder) / "layer.shp"
        finally:
            pyogrio.set_gdal_config_options({"SHAPE_RESTORE_SHX": before})


def _features(source: Path | bytes, table: str | None, encoding: str | None) -> _Features:
    """Return all features, those whose shape cannot be built among them (without one), and what GDAL murmured."""
    with warnings.catch_warnings(record=True) as murmurs:
        warnings.simplefilter("always")
        with offline():
            meta, fids, wkb, values = pyogrio.raw.read(source, layer=table, encoding=encoding, return_fids=True)
            exact = _exact(source, table, meta, values)
            fid_name = _fid_name(source, table)
        shapes = None if wkb is None else shapely.from_wkb(wkb, on_invalid="ignore")
    names, doubled = unlike_names([str(name) for name in meta["fields"]])
    columns = {
        name: pd.Series(exact.get(at, value), dtype=object if at in exact else None)
        for at, (name, value) in enumerate(zip(names, values, strict=True))
    }
    if fid_name and fid_name not in columns and fid_name != _OWN_NUMBERS and "id" not in columns:
        columns[fid_name] = pd.Series(fids)
    frame = pd.DataFrame(columns)
    remarks = _murmured([str(murmur.message) for murmur in murmurs])
    if shapes is None:
        return _Features(frame, remarks, doubled)
    lost = np.flatnonzero(shapely.is_missing(shapes) & np.array([bool(shape) for shape in wkb], dtype=bool))
    surfaces = [int(row) for row in lost if is_surface(wkb[row])]
    shapes[surfaces] = [footprint(wkb[row]) for row in surfaces]
    seen = [row for row in surfaces if shapes[row] is not None]
    if seen:
        remarks.append(Remark("note", "surfaces-flattened", tuple(row + 1 for row in seen)))
    lost = np.setdiff1d(lost, seen)
    if len(lost):
        remarks.append(Remark("warning", "unreadable-geometry", tuple(int(row) + 1 for row in lost)))
    crs = CRS.from_user_input(meta["crs"]) if meta["crs"] else None
    if crs is not None and crs.name.lower().startswith("undefined"):
        crs = None
    return _Features(gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, crs=crs)), remarks, doubled)


def _exact(source: Path | bytes, table: str | None, meta: Mapping[str, Any], values: Sequence[Any]) -> dict[int, Any]:
    """Return position of the field → its whole numbers, where gaps made floating-point numbers of long ones."""
    damaged = [
        at
        for at, (kind, value) in enumerate(zip(meta["dtypes"], values, strict=True))
        if str(kind).startswith("int") and value.dtype.kind == "f" and bool((np.abs(value) >= EXACT).any())
    ]
    if not damaged:
        return {}
    _, rows = pyogrio.raw.read_arrow(
        source, layer=table, columns=[str(meta["fields"][at]) for at in damaged], read_geometry=False
    )
    return {at: rows.column(number).to_pylist() for number, at in enumerate(damaged)}


def _fid_name(source: Path | bytes, table: str | None) -> str:
    """Return the column that a database numbers its rows by; GDAL hands it out only when asked."""
    if isinstance(source, bytes) or source.suffix.lower() not in (".gpkg", ".gdb"):
        return ""
    return str(pyogrio.read_info(source, layer=table).get("fid_column") or "")


def _murmured(messages: list[str]) -> list[Remark]:
    remarks = []
    if any("Measured (M)" in message for message in messages):
        remarks.append(Remark("note", "measures-dropped"))
    others = sorted({re.sub(r"(?:/[^\s'\"]+)+/", "", message) for message in messages if "Measured (M)" not in message})
    if others:
        remarks.append(
            Remark("warning", "reader-warning", evidence={"reason": "; ".join(others[:3]), "count": len(others)})
        )
    return remarks


def _decoded(frame: pd.DataFrame, twice: Mapping[str, Sequence[str]], declared: str | None) -> RawTable:
    """Take the bytes of all texts and names back, decide their encoding together, and read them in it."""
    names = [name for name in frame.columns if name != "geometry"]
    texts = {name: pd.factorize(frame[name]) for name in names if _holds_text(frame[name])}
    values = {name: [_bytes(value) for value in found] for name, (_, found) in texts.items()}
    decision = decide((v for column in values.values() for v in column), [_bytes(name) for name in names], declared)
    mixed = np.zeros(len(frame), dtype=bool)
    for name, (codes, _) in texts.items():
        read = np.array([*(decode(value, decision) for value in values[name]), None], dtype=object)
        frame[name] = pd.Series(read[codes], index=frame.index, dtype=object)
        mixed |= np.array([*(value in decision.undecodable for value in values[name]), False])[codes]
    headings = {alike: name for name, several in twice.items() for alike in several}
    readable, doubled = unlike_names(
        [decode_name(_bytes(headings.get(name, name)), decision.encoding) for name in names]
    )
    renamed = dict(zip(names, readable, strict=True))
    rows = [int(row) + 1 for row in np.flatnonzero(mixed)]
    return RawTable(frame.rename(columns=renamed), decision, tuple(encoding_remarks(decision, rows)), doubled)


def _holds_text(column: pd.Series) -> bool:
    return bool(column.dtype == object or pd.api.types.is_string_dtype(column))


def _bytes(text: object) -> bytes:
    return str(text).encode("latin-1", errors="replace")
