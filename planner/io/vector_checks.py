"""Checks of GeoJSON and GeoPackage content before GDAL opens it: links, virtual tables, oversized views, duplicate keys."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from planner.io.table import UnreadableError
from planner.io.tabular import MAX_CELLS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


_TYPES = frozenset(
    {
        "FeatureCollection", "Feature", "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon",
        "GeometryCollection",
    }
)  # fmt: skip
#: content that GDAL takes for another format than GeoJSON, or would fetch; may be spelled with ``\u00``
_SUSPECT = re.compile(
    rb'"\s*(?:link|url)\s*"|\\u00|gdal_streamed_alg|esri(?:Geometry|FieldType)|spatialReference|"Topology"|coordRefSys|conformsTo|"osm3s"|"elements"',
    re.IGNORECASE,
)
#: lower-case tokens of the pattern above; searching for them first is a hundred times faster
_SUSPECT_TOKENS = (
    b"link", b"url", b"\\u00", b"gdal_streamed_alg", b"esrigeometry", b"esrifieldtype", b"spatialreference", b'"topology"',
    b"coordrefsys", b"conformsto", b'"osm3s"', b'"elements"',
)  # fmt: skip
#: GDAL judges a format by this many bytes; XML of other drivers may hide in them
_JUDGED_BYTES = 16_384
_MAX_PARSED_BYTES = 200_000_000
_OTHER_FORMATS = {
    "gdal_streamed_alg": "GDALG",
    "Topology": "TopoJSON",
}
#: several copies are in memory while the file is read
MAX_GEOJSON_BYTES = 500_000_000
_OWN_MODULES = frozenset({"rtree", "rtree_i32", "fts3", "fts4", "fts5"})
_USING_MODULE = re.compile(r"\bUSING\s+[\"'`\[]?(\w+)", re.IGNORECASE)
#: limit of rows of a view
MAX_VIEW_ROWS = 2_000_000
#: limit of bytes of the rows of a view
MAX_VIEW_BYTES = 500_000_000
#: one value; the outline of a province is a tenth
MAX_VALUE_BYTES = 50_000_000
#: limit of SQLite virtual machine steps for all views of a file; a join of 200,000 rows takes some millions
MAX_SQLITE_STEPS = 100_000_000
_STEPS_AT_ONCE = 100_000
#: tables of a GeoPackage that list its layers
_REGISTERS = ("gpkg_extensions", "gpkg_ogr_contents", "gpkg_geometry_columns", "gpkg_contents")
#: kinds of columns in ``table_xinfo`` that are computed
_GENERATED_COLUMN = (2, 3)


def safe_geojson(content: bytes) -> tuple[bytes, str | None]:
    """Return GeoJSON that GDAL reads as such and that names no address of a coordinate system; and the address it named.

    Most files come back as they are. Those that hold anything doubtful are parsed, and written again without it.

    Raises
    ------
    UnreadableError
        the content is JSON of another format.
    """
    lower_case = content.lower()
    is_suspect = any(mark in lower_case for mark in _SUSPECT_TOKENS) and _SUSPECT.search(content) is not None
    if not is_suspect and b"<" not in content[:_JUDGED_BYTES]:
        return content, None
    if len(content) > _MAX_PARSED_BYTES:
        raise UnreadableError("file-too-large", megabytes=len(content) / 1e6, most=_MAX_PARSED_BYTES / 1e6)
    root = json.loads(content)
    kind = root.get("type") if isinstance(root, dict) else None
    if kind not in _TYPES and isinstance(root, dict) and isinstance(root.get("elements"), list):
        raise UnreadableError("overpass-json", elements=len(root["elements"]))
    if kind not in _TYPES:
        raise UnreadableError("other-json", kind=_json_format(root))
    if root.get("coordRefSys") is not None:
        raise UnreadableError("other-json", kind="JSON-FG")
    links: list[str] = []
    _drop_linked_crs(root, links)
    for feature in root.get("features") or ():
        for part in (feature, *_geometries(feature)):
            _drop_linked_crs(part, links)
    for part in _geometries(root):
        _drop_linked_crs(part, links)
    rest = {key: value for key, value in root.items() if key not in ("type", "conformsTo")}
    written = json.dumps(rest)[1:]
    begin = f'{{"type": "{kind}"{"," if rest else ""}'.encode()
    return begin + b" " * _JUDGED_BYTES + written.encode(), links[0] if links else None


def _drop_linked_crs(part: Any, links: list[str]) -> None:
    """Remove a ``crs`` member that is not a plain name."""
    if not isinstance(part, dict) or part.get("crs") is None:
        return
    crs = part["crs"]
    properties = crs.get("properties") if isinstance(crs, dict) else None
    if isinstance(properties, dict) and str(crs.get("type")).lower() == "name":
        return
    address = next(iter(properties.values()), "") if isinstance(properties, dict) else crs
    links.append(str(address))
    del part["crs"]


def _geometries(part: Any) -> Iterator[Any]:
    waiting = [part.get(key) for key in ("geometry", "geometries")] if isinstance(part, dict) else []
    while waiting:
        here = waiting.pop()
        if isinstance(here, list):
            waiting += here
        elif isinstance(here, dict):
            yield here
            waiting.append(here.get("geometries"))


def _json_format(root: Any) -> str:
    if not isinstance(root, dict):
        return "JSON"
    if "geometryType" in root or "spatialReference" in root:
        return "Esri JSON"
    return _OTHER_FORMATS.get(str(root.get("type")), "JSON")


@dataclass
class FeatureMembers:
    """Ids and doubled properties of a collection's features."""

    ids: list[str | None] = field(default_factory=list)
    """Top-level id of each feature, in the order of the file; None where it has none."""
    duplicate_headings: set[str] = field(default_factory=set)
    """Keys that occur twice in one object."""


def read_feature_members(content: bytes) -> FeatureMembers:
    """Return ids and duplicate keys of the features of ``content``; empty if it is not JSON, which GDAL reports.

    Geometries are let go as they are read, so that only properties are ever in memory.
    """
    members = FeatureMembers()

    def reduce_object(pairs: list[tuple[str, Any]]) -> Any:
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names):
            members.duplicate_headings |= {name for name in names if names.count(name) > 1}
        n_bytes = dict(pairs)
        if "coordinates" in n_bytes or "geometries" in n_bytes:
            return None
        if n_bytes.get("type") == "Feature" and "properties" in n_bytes:
            return _Feature(n_bytes.get("id"))
        features = n_bytes.get("features")
        return [f for f in features if isinstance(f, _Feature)] if isinstance(features, list) else None

    try:
        found = json.loads(content.decode("utf-8", errors="replace"), object_pairs_hook=reduce_object, parse_float=str)
    except (ValueError, RecursionError):
        return FeatureMembers()
    features = found if isinstance(found, list) else [found]
    members.ids = [_id_text(feature.id) for feature in features if isinstance(feature, _Feature)]
    return members


@dataclass(frozen=True, slots=True)
class _Feature:
    id: Any


def _id_text(value: Any) -> str | None:
    """Return an id as text; ids are texts or numbers."""
    return None if value is None or isinstance(value, bool | list) else str(value)


def refused_tables(path: Path, asked: str | None = None) -> dict[str, UnreadableError]:
    """Return the tables and views of a GeoPackage that GDAL must not open, with why.

    They are virtual tables of SQLite modules other than its own indexes, for they may be other files; and views and tables with
    generated columns above the limits of size. Plain tables are bounded by the size of their file; what is computed is not.
    All views are judged, for GDAL computes rows of each to list the layers.

    Parameters
    ----------
    path
        The GeoPackage.
    asked
        The table that is to be read; it is judged first, with most time.

    Raises
    ------
    UnreadableError
        It is no database.
    """
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
        try:
            refused = _virtual_tables(database)
            computed = sorted(_computed_tables(database), key=lambda name: name != asked)
        except sqlite3.Error as fault:
            raise UnreadableError("unreadable-file", reason=f"SQLite: {fault}") from fault
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
        steps, limit = 0, MAX_SQLITE_STEPS // 2

        def beyond_limit() -> bool:
            nonlocal steps
            steps += _STEPS_AT_ONCE
            return steps > limit

        database.set_progress_handler(beyond_limit, _STEPS_AT_ONCE)
        for name in computed:
            limit = steps + (MAX_SQLITE_STEPS - steps) // 2  # half of what is left, so that one leaves time for others
            try:
                _refuse_view(database, name)
            except UnreadableError as fault:
                refused.setdefault(name, fault)
            except (sqlite3.Error, OverflowError) as fault:
                refused.setdefault(name, UnreadableError("endless-view", table=name, reason=f"SQLite: {fault}"))
    return refused


def _virtual_tables(database: sqlite3.Connection) -> dict[str, UnreadableError]:
    rows = database.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND (rootpage = 0 OR sql LIKE 'create%virtual%table%using%')"
    ).fetchall()
    found = {}
    for name, sql in rows:
        module = _USING_MODULE.search(sql or "")
        if module is None or module[1].lower() not in _OWN_MODULES:
            used = module[1] if module else "?"
            found[str(name)] = UnreadableError("virtual-table", table=str(name), module=used)
    return found


def write_without_tables(path: Path, tables: Iterable[str], target: Path) -> None:
    """Write a copy of a GeoPackage without some of its tables and views, and without triggers, which only editors need.

    Raises
    ------
    UnreadableError
        Its schema cannot be changed.
    """
    names = [(name,) for name in tables]
    try:
        with (
            closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database,
            closing(sqlite3.connect(target)) as copy,
        ):
            database.backup(copy)
            # not DROP: SQLite cannot drop a table of a module that it has not
            copy.execute("PRAGMA writable_schema = ON")
            copy.execute("DELETE FROM sqlite_master WHERE type = 'trigger'")
            copy.executemany("DELETE FROM sqlite_master WHERE name = ? COLLATE NOCASE", names)
            copy.commit()
        with closing(sqlite3.connect(target)) as copy:
            for register in _REGISTERS:
                with suppress(sqlite3.OperationalError):  # no such register
                    copy.executemany(f"DELETE FROM {register} WHERE table_name = ? COLLATE NOCASE", names)  # noqa: S608 - constant
            copy.commit()
    except sqlite3.Error as fault:
        raise UnreadableError("unreadable-file", reason=f"SQLite: {fault}") from fault


def _computed_tables(database: sqlite3.Connection) -> list[str]:
    """Name the views, and the tables with computed columns."""
    found = []
    for name, kind in database.execute(
        "SELECT name, type FROM sqlite_master WHERE type = 'view' OR (type = 'table' AND sql LIKE '%AS%(%')"
    ).fetchall():
        columns = database.execute(f"PRAGMA table_xinfo({_quoted(name)})").fetchall() if kind == "table" else []
        if kind == "view" or any(column[6] in _GENERATED_COLUMN for column in columns):
            found.append(str(name))
    return found


def _refuse_view(database: sqlite3.Connection, name: str) -> None:
    columns = [str(column[1]) for column in database.execute(f"PRAGMA table_xinfo({_quoted(name)})")]
    sizes = " + ".join(f"coalesce(length(CAST({_quoted(column)} AS BLOB)), 0)" for column in columns)
    most = min(MAX_CELLS // max(1, len(columns)), MAX_VIEW_ROWS) + 1
    rows = size = 0
    query = f"SELECT {sizes or '0'} FROM {_quoted(name)} LIMIT {most}"  # noqa: S608 - quoted
    with closing(database.execute(query)) as found:  # an open cursor keeps the file open
        for (n_bytes,) in found:  # one by one, so that it stops at the first row beyond the limit
            rows, size = rows + 1, size + n_bytes
            if rows >= most or size > MAX_VIEW_BYTES:
                reason = f"≥ {rows:,} × {len(columns)}, {size / 1e6:,.0f} MB"
                raise UnreadableError("endless-view", table=name, reason=reason)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
