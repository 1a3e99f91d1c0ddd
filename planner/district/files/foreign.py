"""Content from strangers that would lead GDAL elsewhere: links to coordinate systems, tables that are other files, the network."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pyogrio

from planner.district.files.raw import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: GDAL opens no address: no file over HTTP, no service, no cloud store, no definition of a coordinate system
NETWORK_OFF = {
    "CPL_VSIL_CURL_ALLOWED_FILENAME": "none",
    "GDAL_HTTP_PROXY": "none://none",
    "GDAL_HTTPS_PROXY": "none://none",
    "GDAL_HTTP_MAX_RETRY": "0",
}

_TYPES = frozenset(
    {
        "FeatureCollection", "Feature", "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon",
        "GeometryCollection",
    }
)  # fmt: skip
#: what GDAL takes for another format than GeoJSON, or would fetch; ``\u00`` may spell any of it
_DOUBTFUL = re.compile(
    rb'"\s*(?:link|url)\s*"|\\u00|gdal_streamed_alg|esri(?:Geometry|FieldType)|spatialReference|"Topology"|coordRefSys|conformsTo|"osm3s"|"elements"',
    re.IGNORECASE,
)
#: one of these stands wherever the pattern above matches, in small letters; to look for them takes a hundredth of the time
_MARKS = (
    b"link", b"url", b"\\u00", b"gdal_streamed_alg", b"esrigeometry", b"esrifieldtype", b"spatialreference", b'"topology"',
    b"coordrefsys", b"conformsto", b'"osm3s"', b'"elements"',
)  # fmt: skip
#: GDAL judges a format by this many bytes; XML of other drivers may hide in them
_JUDGED_BYTES = 16_384
_MOST_PARSED_BYTES = 200_000_000
_OTHERS = {
    "gdal_streamed_alg": "GDALG",
    "Topology": "TopoJSON",
}
_OWN_MODULES = frozenset({"rtree", "rtree_i32", "fts3", "fts4", "fts5"})
_MODULE = re.compile(r"\bUSING\s+[\"'`\[]?(\w+)", re.IGNORECASE)


@contextmanager
def offline() -> Iterator[None]:
    """Keep GDAL from opening any address meanwhile, whatever a file says."""
    before = {name: pyogrio.get_gdal_config_option(name) for name in NETWORK_OFF}
    pyogrio.set_gdal_config_options(NETWORK_OFF)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)


def plain_geojson(content: bytes) -> tuple[bytes, str | None]:
    """Return GeoJSON that GDAL reads as such and that names no address of a coordinate system; and the address it named.

    Most files come back as they are. Those that hold anything doubtful are parsed, and written again without it.

    Raises
    ------
    UnreadableError
        the content is JSON of another format.
    """
    small = content.lower()
    doubtful = any(mark in small for mark in _MARKS) and _DOUBTFUL.search(content) is not None
    if not doubtful and b"<" not in content[:_JUDGED_BYTES]:
        return content, None
    if len(content) > _MOST_PARSED_BYTES:
        raise UnreadableError("file-too-large", megabytes=len(content) / 1e6, most=_MOST_PARSED_BYTES / 1e6)
    root = json.loads(content)
    kind = root.get("type") if isinstance(root, dict) else None
    if kind not in _TYPES and isinstance(root, dict) and isinstance(root.get("elements"), list):
        raise UnreadableError("overpass-json", elements=len(root["elements"]))
    if kind not in _TYPES:
        raise UnreadableError("other-json", kind=_kind(root))
    if root.get("coordRefSys") is not None:
        raise UnreadableError("other-json", kind="JSON-FG")
    links: list[str] = []
    _unlink(root, links)
    for feature in root.get("features") or ():
        for part in (feature, *_geometries(feature)):
            _unlink(part, links)
    for part in _geometries(root):
        _unlink(part, links)
    rest = {key: value for key, value in root.items() if key not in ("type", "conformsTo")}
    written = json.dumps(rest)[1:]
    begin = f'{{"type": "{kind}"{"," if rest else ""}'.encode()
    return begin + b" " * _JUDGED_BYTES + written.encode(), links[0] if links else None


def refuse_virtual_tables(path: Path) -> None:
    """Refuse a GeoPackage whose tables are made by modules of SQLite beyond its own indexes: they may be other files.

    Raises
    ------
    UnreadableError
        naming the first such table.
    """
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
        try:
            rows = database.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND (rootpage = 0 OR sql LIKE 'create%virtual%table%using%')"
            ).fetchall()
            endless = database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'view' AND sql LIKE '%recursive%'"
            ).fetchall()
        except sqlite3.Error as fault:
            raise UnreadableError("unreadable-file", reason=f"SQLite: {fault}") from fault
    if endless:
        raise UnreadableError("virtual-table", table=str(endless[0][0]), module="RECURSIVE")
    for name, sql in rows:
        found = _MODULE.search(sql)
        if found is None or found[1].lower() not in _OWN_MODULES:
            raise UnreadableError("virtual-table", table=str(name), module=found[1] if found else "?")


def _unlink(part: Any, links: list[str]) -> None:
    """Take away a ``crs`` that is no plain name."""
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


def _kind(root: Any) -> str:
    if not isinstance(root, dict):
        return "JSON"
    if "geometryType" in root or "spatialReference" in root:
        return "Esri JSON"
    return _OTHERS.get(str(root.get("type")), "JSON")
