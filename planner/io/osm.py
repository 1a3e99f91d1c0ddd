"""OpenStreetMap extracts: layers selected by tags in one pass, and sorting of files that osmium cannot read as they are.

osmium finds the nodes of a way only where nodes come first, under positive ids, and as objects of their own. Files of
editors, of Overpass and of history extracts are often otherwise; their current objects are copied in order first.
"""

from __future__ import annotations

import re
import struct
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import shapely
from shapely.errors import ShapelyError

from planner.io.osm_format import (
    OsmObjects,
    decompressed,
    osmium_source,
    pbf_groups,
    read_objects,
    read_osm_xml,
    refuse_pbf_bomb,
    refuse_special_file,
)
from planner.io.table import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


#: what osmium has been seen to raise on damaged extracts; its error of coordinates has no other parent than Exception
OSMIUM_ERRORS = (osmium.InvalidLocationError, RuntimeError, OSError, ValueError, LookupError)
OSM_SUFFIXES = (".osm", ".pbf", ".osm.bz2", ".osm.gz", ".osh", ".osh.bz2", ".osh.gz")
_NEGATIVE = 1 << 40
"""Offset of the ids that replace negative ones (new objects of an editor)."""
_CENTRES = {"w": 1 << 43, "r": 1 << 44}
"""Offsets of the ids of nodes that stand for a way or a relation given by its centre alone."""
_CHUNK = 1 << 24
_DELETED = re.compile(rb"""\bvisible=["']false|\baction=["']delete|<delete\b""")
_PLACED = re.compile(rb"<nd\b[^>]*\blat=|<center\b")
_BOXED = re.compile(rb"<(?:way|relation)\b[^>]*>\s*<bounds\b")
_STARTS = tuple(
    re.compile(rb"<%b\b[^>]*?\sid=[\"'](-?[0-9]{1,18})[\"']" % kind) for kind in (b"node", b"way", b"relation")
)
_FEATURES = 16


@dataclass(frozen=True)
class TagQuery:
    """Tags and columns that one layer selects from an extract."""

    tags: Mapping[str, Sequence[str]]
    """Key → values; no value = every value. An object with any of them belongs to the layer."""
    columns: frozenset[str] = frozenset()
    """Further keys whose values become columns."""


@dataclass
class _Rows:
    """Rows of one layer in file order."""

    ids: list[str] = field(default_factory=list)
    shapes: list[str] = field(default_factory=list)
    tags: list[dict[str, str]] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    def add(self, thing_id: str, wkb: str, tags: dict[str, str]) -> None:
        self.ids.append(thing_id)
        self.shapes.append(wkb)
        self.tags.append(tags)

    def add_missing(self, rows: _Rows) -> None:
        known_ids = set(self.ids)
        for thing_id, wkb, tags in zip(rows.ids, rows.shapes, rows.tags, strict=True):
            if thing_id not in known_ids:
                self.add(thing_id, wkb, tags)


@dataclass(frozen=True, eq=False)
class ExtractLayer:
    """One layer out of an extract."""

    frame: gpd.GeoDataFrame
    """``id`` (``n…`` node, ``w…`` way, ``r…`` relation), ``name``, ``storeys``, requested keys; EPSG:4326."""
    open_shapes: tuple[str, ...]
    """Ids of objects with the tags that are neither a node nor a closed area, nor given by their centre."""


def is_extract(path: Path) -> bool:
    """Return whether ``path`` has the suffix of an OpenStreetMap extract."""
    return path.name.lower().endswith(OSM_SUFFIXES)


def read_extract(path: Path, queries: Sequence[TagQuery]) -> list[ExtractLayer]:
    """Return one layer per query in ``queries``, in one pass over ``path``.

    Deleted objects and old versions do not count, and the order of the objects does not matter (see `sorted_extract`).
    A way or a relation whose area the file does not hold is a point at its centre, where the file gives one (Overpass
    ``out center``, ``out bb``).

    Raises
    ------
    UnreadableError
        the file is no readable extract.
    """
    with readable_extract(path) as sorted_path:
        return _read_extract(sorted_path, queries)


@contextmanager
def readable_extract(path: Path) -> Iterator[Path]:
    """Yield a file that osmium reads completely (see `sorted_extract`); what fails while it is read is an `UnreadableError`."""
    try:
        with sorted_extract(path) as sorted_path:
            yield sorted_path
    except MemoryError as error:
        raise UnreadableError("not-enough-memory", megabytes=path.stat().st_size / 1e6) from error
    except (*OSMIUM_ERRORS, ShapelyError) as error:
        raise UnreadableError("unreadable-file", reason=f"{type(error).__name__}: {error}") from error


def _read_extract(path: Path, queries: Sequence[TagQuery]) -> list[ExtractLayer]:
    keys = sorted({key for query in queries for key in query.tags})
    if not keys:
        return [_extract(_Rows(), query) for query in queries]
    found = [_Rows() for _ in queries]
    centres = [_Rows() for _ in queries]
    wkb = osmium.geom.WKBFactory()
    key_filter = osmium.filter.KeyFilter(*keys)
    for element in osmium.FileProcessor(osmium_source(path)).with_areas(key_filter).with_filter(key_filter):
        if isinstance(element, osmium.osm.Changeset):
            continue
        tags = dict(element.tags)
        for query, layer_rows, layer_centres in zip(queries, found, centres, strict=True):
            if not _matches(tags, query.tags):
                continue
            if isinstance(element, osmium.osm.Area):
                layer_rows.add(
                    f"{'w' if element.from_way() else 'r'}{source_id(element.orig_id())}",
                    wkb.create_multipolygon(element),
                    tags,
                )
            elif isinstance(element, osmium.osm.Node):
                kind, number = _source_object(element.id)
                rows = layer_rows if kind == "n" else layer_centres
                rows.add(f"{kind}{number}", wkb.create_point(element), tags)
            else:  # closed ways and complete relations are repeated as areas
                layer_rows.others.append(
                    f"{'w' if isinstance(element, osmium.osm.Way) else 'r'}{source_id(element.id)}"
                )
    for layer_rows, layer_centres in zip(found, centres, strict=True):
        layer_rows.add_missing(layer_centres)
    return [_extract(layer_rows, query) for layer_rows, query in zip(found, queries, strict=True)]


def _matches(tags: Mapping[str, str], wanted: Mapping[str, Sequence[str]]) -> bool:
    return any(key in tags and (not values or tags[key] in values) for key, values in wanted.items())


def _extract(layer_rows: _Rows, query: TagQuery) -> ExtractLayer:
    columns = {
        key: [tags.get(key) for tags in layer_rows.tags] for key in sorted(query.columns | set(query.tags) | {"name"})
    }
    columns["storeys"] = [tags.get("building:levels") for tags in layer_rows.tags]
    columns["id"] = list(layer_rows.ids)
    shapes = (
        shapely.from_wkb(np.array(layer_rows.shapes, dtype=object)) if layer_rows.shapes else np.array([], dtype=object)
    )
    frame = gpd.GeoDataFrame(pd.DataFrame(columns, dtype=object), geometry=gpd.GeoSeries(shapes, crs="EPSG:4326"))
    order = frame["id"].map(lambda i: (i[0], int(i[1:]))).argsort() if len(frame) else []
    return ExtractLayer(
        frame.iloc[order].reset_index(drop=True), tuple(sorted(set(layer_rows.others) - set(layer_rows.ids)))
    )


def source_id(number: int) -> int:
    """Return the id of an object in the original file."""
    return _NEGATIVE - number if number > _NEGATIVE else number


def _source_object(node: int) -> tuple[str, int]:
    """Return kind and id, in the original file, of the object that a node of the sorted file stands for."""
    for kind, offset in reversed(_CENTRES.items()):
        if node >= offset:
            return kind, source_id(node - offset)
    return "n", source_id(node)


@contextmanager
def sorted_extract(path: Path, *, always: bool = False) -> Iterator[Path]:
    """Yield a file that osmium reads completely: ``path`` itself, or a sorted copy of its current objects.

    In the copy nodes come before ways before relations, each by ascending id. Of several versions of an object only
    the last counts; objects that are deleted (``visible="false"``, an editor's ``action="delete"``) do not. Nodes that
    ways bring along (``LocationsOnWays``, Overpass ``out geom``) are nodes of their own, and so are the centres of
    tagged ways and relations (``out center``). `source_id` turns ids back.

    Parameters
    ----------
    path : Path
        ``.osm``, ``.osm.gz``, ``.osm.bz2`` or ``.pbf``.
    always : bool
        Copy without asking whether it is needed.

    Raises
    ------
    UnreadableError
        It is no file, or one that would unpack to more than a map does.
    ValueError, OSError, RuntimeError
        If the file has to be copied and cannot be read.
    """
    refuse_special_file(path)
    with TemporaryDirectory(prefix="planner-") as folder:
        temporary = Path(folder)
        if path.name.lower().endswith(".pbf"):
            refuse_pbf_bomb(path)
            if not (always or _pbf_needs_sorting(path)):
                yield path
                return
            found = read_objects(path)
        else:
            plain = decompressed(path, temporary)
            if not (always or _xml_needs_sorting(plain)):
                yield plain
                return
            found = read_osm_xml(plain)
        copy = temporary / "sorted.osm.pbf"
        _write_sorted(found, copy)
        yield copy


def _xml_needs_sorting(path: Path) -> bool:
    """Return whether an XML file has deleted objects, several versions, negative ids, or ways before nodes."""
    last_id = [np.iinfo(np.int64).min] * len(_STARTS)
    last_kind = 0
    with path.open("rb") as file:
        for text in _elements(file):
            if _DELETED.search(text) or _PLACED.search(text) or _BOXED.search(text):
                return True
            for kind, start in enumerate(_STARTS):
                found = start.findall(text)
                if not found:
                    continue
                ids = np.array(found, dtype=np.bytes_).astype(np.int64)
                unsorted = kind < last_kind or ids[0] <= last_id[kind] or ids[0] < 0 or (ids[1:] <= ids[:-1]).any()
                if unsorted or (kind and _kind_precedes(text, kind)):
                    return True
                last_id[kind], last_kind = int(ids[-1]), kind
    return False


def _kind_precedes(text: bytes, kind: int) -> bool:
    """Return whether an object of ``kind`` precedes one of an earlier kind within one chunk of text."""
    first = _STARTS[kind].search(text)
    return first is not None and any(start.search(text, first.end()) for start in _STARTS[:kind])


def _elements(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the text in large chunks that end at the end of a tag."""
    rest = b""
    while chunk := file.read(_CHUNK):
        text = rest + chunk
        end = text.rfind(b">") + 1
        rest = text[end:]
        if len(rest) > _CHUNK:
            return  # no XML at all
        yield text[:end]
    yield rest


def _pbf_needs_sorting(path: Path) -> bool:
    """Return whether a PBF file has several versions, negative ids, nodes on ways, or ways before nodes."""
    with osmium.io.Reader(osmium_source(path), osmium.osm.NOTHING) as reader:
        header = reader.header()
    if header.has_multiple_object_versions:
        return True
    if "LocationsOnWays" in {header.get(f"pbf_optional_feature_{i}") for i in range(_FEATURES)}:
        return True
    try:
        last_id = (0, -1)
        for group in pbf_groups(path):
            if group <= last_id:
                return True
            last_id = group
    except (ValueError, LookupError, struct.error, zlib.error):
        return False  # osmium reports the fault
    return False


def _write_sorted(found: OsmObjects, path: Path) -> None:
    """Write what counts, in osmium's order."""
    mutable = osmium.osm.mutable

    def number(given: int) -> int:
        return given if given >= 0 else _NEGATIVE - given

    nodes = [(number(given), node) for given, node in found.nodes.items()]
    for (kind, given), position in found.centres.items():
        tags = (found.ways if kind == "w" else found.relations)[given][1]
        if tags:
            nodes.append((_CENTRES[kind] + number(given), (*position, tags)))
    with osmium.SimpleWriter(str(path), overwrite=True) as out:
        for new, node in sorted(nodes, key=itemgetter(0)):
            out.add_node(mutable.Node(id=new, version=1, location=(node[0], node[1]), tags=node[2]))
        for new, way in sorted((number(given), way) for given, way in found.ways.items()):
            out.add_way(mutable.Way(id=new, version=1, nodes=[number(ref) for ref in way[0]], tags=way[1]))
        for new, relation in sorted((number(given), relation) for given, relation in found.relations.items()):
            members = [(kind, number(ref), role) for kind, ref, role in relation[0]]
            out.add_relation(mutable.Relation(id=new, version=1, members=members, tags=relation[1]))
