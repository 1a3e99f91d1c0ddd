"""OpenStreetMap file formats: bounded decompression, PBF framing, and current versions of objects in PBF and XML."""

from __future__ import annotations

import bz2
import gzip
import math
import struct
import zlib
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

import osmium

from planner.io.table import UnreadableError
from planner.study.layer_files import path_kind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


#: what a file may unpack to, whatever its size
MAX_BYTES = 8_000_000_000
#: what a larger file may unpack to in proportion; maps stay under 25
MAX_RATIO = 60
RATIO_FROM_BYTES = 64_000_000
#: a PBF file is read into memory as a whole
MAX_PBF_BYTES = 2_000_000_000
#: what the format allows a part of a PBF file to be, packed or unpacked
MAX_BLOB_BYTES = 32 * 2**20
_MAX_HEADER_BYTES = 64 * 2**10
#: a blob holds 8,000 objects at most by the format's rules, and each group of them is a field
_MAX_FIELDS = 20_000
_CHUNK_BYTES = 1 << 22
_NODE_KINDS = 2
Tags = dict[str, str]
Node = tuple[float, float, Tags]
Way = tuple[list[int], Tags]
Relation = tuple[list[tuple[str, int, str]], Tags]
_GENERATED_IDS = 1 << 41
"""First id given to nodes that a file lists by coordinates only."""


def refuse_special_file(path: Path) -> None:
    """Refuse what is no regular file: a pipe or a device never ends.

    Raises
    ------
    UnreadableError
        With the sort of thing that lies there.
    """
    path_type = path_kind(path)
    if path_type == "absent":
        raise UnreadableError("missing-file", near="")
    if path_type != "file":
        raise UnreadableError("no-file", sort=f"@path_{path_type}")


def osmium_source(path: Path) -> Any:
    """Return what osmium is to read: a PBF file from memory, since osmium leaves a damaged one open; others by their path.

    Raises
    ------
    UnreadableError
        The PBF file is too large.
    """
    if not path.name.lower().endswith(".pbf"):
        return osmium.io.File(str(path.absolute()))
    size = path.stat().st_size
    if size > MAX_PBF_BYTES:
        raise UnreadableError("file-too-large", megabytes=size / 1e6, most=MAX_PBF_BYTES / 1e6)
    return osmium.io.FileBuffer(path.read_bytes(), "pbf")


def decompressed(path: Path, folder: Path) -> Path:
    """Decompress a file into ``folder``; a damaged one is returned unchanged, for osmium to report.

    Raises
    ------
    UnreadableError
        It would unpack to more than a map does.
    """
    suffix = path.suffix.lower()
    if suffix not in {".bz2", ".gz"}:
        return path
    plain = folder / "plain.osm"
    size = path.stat().st_size
    try:
        with bz2.open(path) if suffix == ".bz2" else gzip.open(path) as source, plain.open("wb") as out:
            while chunk := source.read(_CHUNK_BYTES):
                if not out.tell() and not chunk.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
                    return path
                out.write(chunk)
                _refuse_bomb(out.tell(), size)
    except (EOFError, zlib.error, OSError):
        return path
    return plain


def refuse_pbf_bomb(path: Path) -> None:
    """Refuse a PBF file whose declared uncompressed size exceeds the limits; nothing is decompressed.

    Raises
    ------
    UnreadableError
        With the size it claims.
    """
    size, total_bytes = path.stat().st_size, 0
    try:
        for _, blob in _blobs(path):
            declared_bytes = blob.get(2, 0)
            total_bytes += declared_bytes if isinstance(declared_bytes, int) else 0
            _refuse_bomb(total_bytes, size)
    except (ValueError, LookupError, struct.error):
        return  # osmium reports the fault


def pbf_groups(path: Path) -> Iterator[tuple[int, int]]:
    """Yield kind (1 node, 3 way, 4 relation) and first id of each primitive group in a PBF file.

    Raises
    ------
    ValueError, LookupError, struct.error, zlib.error
        The file is damaged.
    """
    for kind, blob in _blobs(path):
        if kind != b"OSMData":
            continue
        for number, group in _fields(_inflated(blob)):
            if number == 2 and isinstance(group, bytes):
                first = next(_fields(group), None)
                if first is not None and isinstance(first[1], bytes):
                    yield _first_of(first[0], first[1])


def _refuse_bomb(total_bytes: int, size: int) -> None:
    if total_bytes > MAX_BYTES or (total_bytes > RATIO_FROM_BYTES and total_bytes > MAX_RATIO * size):
        raise UnreadableError("osm-bomb", megabytes=total_bytes / 1e6, packed=size / 1e6, ratio=MAX_RATIO)


def _blobs(path: Path) -> Iterator[tuple[object, dict[int, int | bytes]]]:
    """Yield type and fields of each blob of a PBF file."""
    with path.open("rb") as file:
        while size := file.read(4):
            header = dict(_fields(file.read(_bounded(struct.unpack(">I", size)[0], _MAX_HEADER_BYTES))))
            yield header[1], dict(_fields(file.read(_bounded(header[3], MAX_BLOB_BYTES))))


def _bounded(length: int | bytes, most: int) -> int:
    if not isinstance(length, int) or length > most:
        raise ValueError(length)
    return length


def _inflated(blob: dict[int, int | bytes]) -> bytes:
    """Return the content of a part; nothing where it is packed by another method than zlib."""
    plain, packed = blob.get(1), blob.get(3)
    if isinstance(plain, bytes):
        return plain
    return zlib.decompressobj().decompress(packed, MAX_BLOB_BYTES) if isinstance(packed, bytes) else b""


def _first_of(kind: int, content: bytes) -> tuple[int, int]:
    """Kind and id of the first object of a group; dense nodes are nodes."""
    number = next((value for field, value in _fields(content) if field == 1), 0)
    if isinstance(number, bytes):
        number = _varint(number, 0)[0]
    if kind <= _NODE_KINDS:
        return 1, (number >> 1) ^ -(number & 1)
    return kind, number - (1 << 64) if number >= 1 << 63 else number


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield number and content of each field of a protobuf message."""
    at = count = 0
    while at < len(message):
        count += 1
        if count > _MAX_FIELDS:
            raise ValueError(count)
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield key >> 3, value
        elif kind == 2:
            length, at = _varint(message, at)
            yield key >> 3, message[at : at + length]
            at += length
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        else:
            raise ValueError(kind)


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


class OsmObjects:
    """Nodes (longitude, latitude, tags), ways (nodes, tags) and relations (members, tags) by id."""

    def __init__(self) -> None:
        self.nodes: dict[int, Node] = {}
        self.ways: dict[int, Way] = {}
        self.relations: dict[int, Relation] = {}
        self.centres: dict[tuple[str, int], tuple[float, float]] = {}
        """Of ways (``w``) and relations (``r``) that Overpass gives as one point or one box: its middle."""
        self._version: dict[tuple[str, int], int] = {}
        self._places: dict[int, tuple[float, float]] = {}
        self._at: dict[tuple[float, float], int] = {}
        self._outlines: dict[int, list[int]] = {}

    def last(self, kind: str, number: int, version: int) -> bool:
        """Return whether this version of an object is the latest so far; of equal versions the later in the file."""
        known_version = self._version.get((kind, number))
        if known_version is not None and version < known_version:
            return False
        self._version[kind, number] = version
        return True

    def drop(self, kind: str, number: int) -> None:
        """Forget an object that was deleted."""
        self.centres.pop((kind, number), None)
        if kind == "n":
            self.nodes.pop(number, None)
        elif kind == "w":
            self.ways.pop(number, None)
        else:
            self.relations.pop(number, None)

    def place(self, ref: int, lon: float, lat: float) -> None:
        """Store the location of a node given on a way."""
        self._places[ref] = (lon, lat)
        self._at.setdefault((lon, lat), ref)

    def outline(self, way: int, corners: list[tuple[float, float]]) -> None:
        """Store the outline of a member way given on a relation."""
        for corner in corners:
            self._at.setdefault(corner, _GENERATED_IDS + len(self._at))
        self._outlines[way] = [self._at[corner] for corner in corners]

    def completed(self) -> OsmObjects:
        """Add nodes and ways given on other objects, unless the file has the objects themselves."""
        for way, nodes in self._outlines.items():
            if way not in self.ways and self._version.get(("w", way)) is None:
                self.ways[way] = (nodes, {})
        used = {ref for refs, _ in self.ways.values() for ref in refs}
        by_id = {ref: place for place, ref in self._at.items()} | self._places
        for ref in used & by_id.keys():
            if self._version.get(("n", ref)) is None:
                self.nodes[ref] = (*by_id[ref], {})
        return self


def read_objects(path: Path) -> OsmObjects:
    """Return what counts in a file that osmium reads, whatever its order.

    Raises
    ------
    RuntimeError, OSError, ValueError
        If osmium cannot read it.
    """
    found = OsmObjects()
    for element in osmium.FileProcessor(osmium_source(path)):
        if isinstance(element, osmium.osm.Node):
            kind = "n"
        elif isinstance(element, osmium.osm.Way):
            kind = "w"
        elif isinstance(element, osmium.osm.Relation):
            kind = "r"
        else:
            continue
        if not found.last(kind, element.id, element.version):
            continue
        if not element.visible:
            found.drop(kind, element.id)
        elif isinstance(element, osmium.osm.Node):
            if element.location.valid():
                found.nodes[element.id] = (element.location.lon, element.location.lat, dict(element.tags))
        elif isinstance(element, osmium.osm.Way):
            found.ways[element.id] = ([node.ref for node in element.nodes], dict(element.tags))
            for node in element.nodes:
                if node.location.valid():
                    found.place(node.ref, node.location.lon, node.location.lat)
        else:
            members = [(member.type, member.ref, member.role) for member in element.members]
            found.relations[element.id] = (members, dict(element.tags))
    return found.completed()


def read_osm_xml(path: Path) -> OsmObjects:
    """Return what counts in an OSM XML file, also where an editor or Overpass wrote more than osmium reads.

    Raises
    ------
    ValueError
        If it is no such XML.
    """
    reader = _XmlReader()
    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.EntityDeclHandler = _refuse_entities
    try:
        with path.open("rb") as file:
            parser.ParseFile(file)
    except (expat.ExpatError, KeyError) as fault:
        raise ValueError(f"{type(fault).__name__}: {fault}") from fault
    return reader.found.completed()


def _refuse_entities(*_: object) -> None:
    raise ValueError("XML entities")


class _XmlReader:
    """Objects as their elements open and close."""

    def __init__(self) -> None:
        self.found = OsmObjects()
        self._object: dict[str, str] | None = None
        self._kind = ""
        self._tags: Tags = {}
        self._refs: list[int] = []
        self._members: list[tuple[str, int, str]] = []
        self._corners: list[tuple[float, float]] | None = None
        self._centre: tuple[float, float] | None = None
        self._deleting = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name in {"node", "way", "relation"}:
            self._object, self._kind = attributes, name[0]
            self._tags, self._refs, self._members, self._centre = {}, [], [], None
        elif name == "tag" and self._object is not None:
            self._tags[attributes["k"]] = attributes["v"]
        elif name == "nd":
            self._node_of_way(attributes)
        elif name == "center" and self._object is not None:
            self._centre = _position(attributes)
        elif name == "bounds" and self._object is not None and self._centre is None:
            self._centre = _middle(attributes)
        elif name == "member":
            self._members.append((attributes["type"][0], int(attributes["ref"]), attributes.get("role", "")))
            self._corners = []
        elif name == "delete":
            self._deleting = True

    def _node_of_way(self, attributes: dict[str, str]) -> None:
        position = _position(attributes) if "lat" in attributes else None
        if self._corners is not None:
            if position is not None:
                self._corners.append(position)
        elif "ref" in attributes:
            self._refs.append(int(attributes["ref"]))
            if position is not None:
                self.found.place(self._refs[-1], *position)

    def end(self, name: str) -> None:
        if name == "member":
            kind, ref, _ = self._members[-1]
            if kind == "w" and self._corners:
                self.found.outline(ref, self._corners)
            self._corners = None
        elif name == "delete":
            self._deleting = False
        elif name in {"node", "way", "relation"} and self._object is not None:
            self._close(self._object)
            self._object = None

    def _close(self, attributes: dict[str, str]) -> None:
        number, found = int(attributes["id"]), self.found
        if not found.last(self._kind, number, int(attributes.get("version", "0"))):
            return
        if self._deleting or attributes.get("visible") == "false" or attributes.get("action") == "delete":
            found.drop(self._kind, number)
            return
        if self._kind == "n":
            found.nodes[number] = (*_position(attributes), self._tags)
            return
        if self._kind == "w":
            found.ways[number] = (self._refs, self._tags)
        else:
            found.relations[number] = (self._members, self._tags)
        found.centres.pop((self._kind, number), None)
        if self._centre is not None:
            found.centres[self._kind, number] = self._centre


def _middle(attributes: dict[str, str]) -> tuple[float, float] | None:
    """Return the middle of a box in degrees; none for a box across 180°."""
    west, south = _position({"lon": attributes["minlon"], "lat": attributes["minlat"]})
    east, north = _position({"lon": attributes["maxlon"], "lat": attributes["maxlat"]})
    return ((west + east) / 2, (south + north) / 2) if west <= east else None


def _position(attributes: dict[str, str]) -> tuple[float, float]:
    lon, lat = float(attributes["lon"]), float(attributes["lat"])
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        raise ValueError(f"{attributes['lat']}, {attributes['lon']}")
    return lon, lat
