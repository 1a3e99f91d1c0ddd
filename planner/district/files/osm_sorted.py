"""OpenStreetMap files as osmium can read them whole: sorted, one version of each object, none deleted, ids above zero.

osmium finds the nodes of a way only where nodes come first, under ids above zero, and as objects of their own. Files of
editors, of Overpass and of history extracts are often otherwise; what counts in such a file is copied in order first.
"""

from __future__ import annotations

import re
import struct
import zlib
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING

import numpy as np
import osmium

from planner.district.files.osm_objects import Objects, read_objects, read_xml
from planner.district.files.osm_packed import groups, refuse_no_file, refuse_packed, source_of, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator

_NEGATIVE = 1 << 40
"""Ids above this stand for the negative ones of an editor's new objects."""

_CHUNK = 1 << 24

_DELETED = re.compile(rb"""\bvisible=["']false|\baction=["']delete|<delete\b""")
_PLACED = re.compile(rb"<nd\b[^>]*\blat=")
_STARTS = tuple(
    re.compile(rb"<%b\b[^>]*?\sid=[\"'](-?[0-9]{1,18})[\"']" % kind) for kind in (b"node", b"way", b"relation")
)
_FEATURES = 16


def said_id(number: int) -> int:
    """Return the id that an object has in the planner's own file."""
    return _NEGATIVE - number if number > _NEGATIVE else number


@contextmanager
def in_order(path: Path, *, always: bool = False) -> Iterator[Path]:
    """Give the file to be read for ``path``: itself if osmium reads all of it, else a copy of what counts in it.

    In the copy nodes come before ways before relations, each by ascending id. Of several versions of an object only
    the last counts; objects that are deleted (``visible="false"``, an editor's ``action="delete"``) do not. Nodes that
    ways bring along (``LocationsOnWays``, Overpass ``out geom``) are nodes of their own. `said_id` turns ids back.

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
    refuse_no_file(path)
    with TemporaryDirectory(prefix="planner-") as folder:
        room = Path(folder)
        if path.name.lower().endswith(".pbf"):
            refuse_packed(path)
            if not (always or _needs_order(path)):
                yield path
                return
            found = read_objects(path)
        else:
            plain = unpacked(path, room)
            if not (always or _out_of_order(plain)):
                yield plain
                return
            found = read_xml(plain)
        copy = room / "sorted.osm.pbf"
        _write(found, copy)
        yield copy


def _out_of_order(path: Path) -> bool:
    """Tell whether an XML file holds deleted objects, several versions, negative ids, or ways before their nodes."""
    last = [np.iinfo(np.int64).min] * len(_STARTS)
    reached = 0
    with path.open("rb") as file:
        for text in _elements(file):
            if _DELETED.search(text) or _PLACED.search(text):
                return True
            for kind, start in enumerate(_STARTS):
                found = start.findall(text)
                if not found:
                    continue
                ids = np.array(found, dtype=np.bytes_).astype(np.int64)
                unsorted = kind < reached or ids[0] <= last[kind] or ids[0] < 0 or (ids[1:] <= ids[:-1]).any()
                if unsorted or (kind and _before(text, kind)):
                    return True
                last[kind], reached = int(ids[-1]), kind
    return False


def _before(text: bytes, kind: int) -> bool:
    """Tell whether an object of a kind comes before one of the kinds that precede it, within one stretch of text."""
    first = _STARTS[kind].search(text)
    return first is not None and any(start.search(text, first.end()) for start in _STARTS[:kind])


def _elements(file: IO[bytes]) -> Iterator[bytes]:
    """Give the text in large pieces that end where a tag ends."""
    rest = b""
    while chunk := file.read(_CHUNK):
        text = rest + chunk
        end = text.rfind(b">") + 1
        rest = text[end:]
        if len(rest) > _CHUNK:
            return  # no XML at all
        yield text[:end]
    yield rest


def _needs_order(path: Path) -> bool:
    """Tell whether a PBF file holds several versions, negative ids, nodes on ways, or ways before their nodes."""
    with osmium.io.Reader(source_of(path), osmium.osm.NOTHING) as reader:
        header = reader.header()
    if header.has_multiple_object_versions:
        return True
    if "LocationsOnWays" in {header.get(f"pbf_optional_feature_{i}") for i in range(_FEATURES)}:
        return True
    try:
        last = (0, -1)
        for group in groups(path):
            if group <= last:
                return True
            last = group
    except (ValueError, LookupError, struct.error, zlib.error):
        return False  # osmium says what is wrong with it
    return False


def _write(found: Objects, path: Path) -> None:
    """Write what counts, in osmium's order."""
    mutable = osmium.osm.mutable

    def number(given: int) -> int:
        return given if given >= 0 else _NEGATIVE - given

    with osmium.SimpleWriter(str(path), overwrite=True) as out:
        for new, node in sorted((number(given), node) for given, node in found.nodes.items()):
            out.add_node(mutable.Node(id=new, version=1, location=(node[0], node[1]), tags=node[2]))
        for new, way in sorted((number(given), way) for given, way in found.ways.items()):
            out.add_way(mutable.Way(id=new, version=1, nodes=[number(ref) for ref in way[0]], tags=way[1]))
        for new, relation in sorted((number(given), relation) for given, relation in found.relations.items()):
            members = [(kind, number(ref), role) for kind, ref, role in relation[0]]
            out.add_relation(mutable.Relation(id=new, version=1, members=members, tags=relation[1]))
