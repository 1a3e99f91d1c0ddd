"""What counts in an OpenStreetMap file, object by object: the last version of each, unless it was deleted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from xml.parsers import expat

import osmium

from planner.district.files.osm_packed import source_of

if TYPE_CHECKING:
    from pathlib import Path

Tags = dict[str, str]
Node = tuple[float, float, Tags]
Way = tuple[list[int], Tags]
Relation = tuple[list[tuple[str, int, str]], Tags]

_BROUGHT = 1 << 41
"""Ids from here on belong to nodes that a file tells by their coordinates alone."""


class Objects:
    """Nodes (longitude, latitude, tags), ways (nodes, tags) and relations (members, tags) by id."""

    def __init__(self) -> None:
        self.nodes: dict[int, Node] = {}
        self.ways: dict[int, Way] = {}
        self.relations: dict[int, Relation] = {}
        self._version: dict[tuple[str, int], int] = {}
        self._places: dict[int, tuple[float, float]] = {}
        self._at: dict[tuple[float, float], int] = {}
        self._outlines: dict[int, list[int]] = {}

    def last(self, kind: str, number: int, version: int) -> bool:
        """Tell whether this version of an object is the latest met so far; of equal ones the later in the file is."""
        known = self._version.get((kind, number))
        if known is not None and version < known:
            return False
        self._version[kind, number] = version
        return True

    def drop(self, kind: str, number: int) -> None:
        """Forget an object that was deleted."""
        if kind == "n":
            self.nodes.pop(number, None)
        elif kind == "w":
            self.ways.pop(number, None)
        else:
            self.relations.pop(number, None)

    def place(self, ref: int, lon: float, lat: float) -> None:
        """Remember where a way says that its node lies."""
        self._places[ref] = (lon, lat)
        self._at.setdefault((lon, lat), ref)

    def outline(self, way: int, corners: list[tuple[float, float]]) -> None:
        """Remember the shape that a relation tells of its member."""
        for corner in corners:
            self._at.setdefault(corner, _BROUGHT + len(self._at))
        self._outlines[way] = [self._at[corner] for corner in corners]

    def completed(self) -> Objects:
        """Make nodes and ways of what was told beside them; an object of the file itself counts more."""
        for way, nodes in self._outlines.items():
            if way not in self.ways and self._version.get(("w", way)) is None:
                self.ways[way] = (nodes, {})
        used = {ref for refs, _ in self.ways.values() for ref in refs}
        by_id = {ref: place for place, ref in self._at.items()} | self._places
        for ref in used & by_id.keys():
            if self._version.get(("n", ref)) is None:
                self.nodes[ref] = (*by_id[ref], {})
        return self


def read_objects(path: Path) -> Objects:
    """Return what counts in a file that osmium reads, whatever its order.

    Raises
    ------
    RuntimeError, OSError, ValueError
        If osmium cannot read it.
    """
    found = Objects()
    for thing in osmium.FileProcessor(source_of(path)):
        if isinstance(thing, osmium.osm.Node):
            kind = "n"
        elif isinstance(thing, osmium.osm.Way):
            kind = "w"
        elif isinstance(thing, osmium.osm.Relation):
            kind = "r"
        else:
            continue
        if not found.last(kind, thing.id, thing.version):
            continue
        if not thing.visible:
            found.drop(kind, thing.id)
        elif isinstance(thing, osmium.osm.Node):
            if thing.location.valid():
                found.nodes[thing.id] = (thing.location.lon, thing.location.lat, dict(thing.tags))
        elif isinstance(thing, osmium.osm.Way):
            found.ways[thing.id] = ([node.ref for node in thing.nodes], dict(thing.tags))
            for node in thing.nodes:
                if node.location.valid():
                    found.place(node.ref, node.location.lon, node.location.lat)
        else:
            members = [(member.type, member.ref, member.role) for member in thing.members]
            found.relations[thing.id] = (members, dict(thing.tags))
    return found.completed()


def read_xml(path: Path) -> Objects:
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
        self.found = Objects()
        self._object: dict[str, str] | None = None
        self._kind = ""
        self._tags: Tags = {}
        self._refs: list[int] = []
        self._members: list[tuple[str, int, str]] = []
        self._corners: list[tuple[float, float]] | None = None
        self._deleting = False

    def start(self, name: str, said: dict[str, str]) -> None:
        if name in {"node", "way", "relation"}:
            self._object, self._kind = said, name[0]
            self._tags, self._refs, self._members = {}, [], []
        elif name == "tag" and self._object is not None:
            self._tags[said["k"]] = said["v"]
        elif name == "nd":
            self._node_of_way(said)
        elif name == "member":
            self._members.append((said["type"][0], int(said["ref"]), said.get("role", "")))
            self._corners = []
        elif name == "delete":
            self._deleting = True

    def _node_of_way(self, said: dict[str, str]) -> None:
        placed = _placed(said) if "lat" in said else None
        if self._corners is not None:
            if placed is not None:
                self._corners.append(placed)
        elif "ref" in said:
            self._refs.append(int(said["ref"]))
            if placed is not None:
                self.found.place(self._refs[-1], *placed)

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

    def _close(self, said: dict[str, str]) -> None:
        number, found = int(said["id"]), self.found
        if not found.last(self._kind, number, int(said.get("version", "0"))):
            return
        if self._deleting or said.get("visible") == "false" or said.get("action") == "delete":
            found.drop(self._kind, number)
        elif self._kind == "n":
            found.nodes[number] = (*_placed(said), self._tags)
        elif self._kind == "w":
            found.ways[number] = (self._refs, self._tags)
        else:
            found.relations[number] = (self._members, self._tags)


def _placed(said: dict[str, str]) -> tuple[float, float]:
    lon, lat = float(said["lon"]), float(said["lat"])
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        raise ValueError(f"{said['lat']}, {said['lon']}")
    return lon, lat
