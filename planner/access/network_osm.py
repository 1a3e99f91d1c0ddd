"""Read the walkable streets of an OpenStreetMap extract (``.osm.pbf``, ``.osm``, ``.osm.bz2``, ``.osm.gz``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import osmium
import pyproj

from planner.access.assemble import Segments
from planner.access.network import KIND_CODE, EdgeFlag
from planner.access.remarks import remark, unusable
from planner.district.files import OSMIUM_RAISES

if TYPE_CHECKING:
    from pathlib import Path

_LINKS = {f"{road}_link": road for road in ("motorway", "trunk", "primary", "secondary", "tertiary")}
_SAME_AS = {"crossing": "footway", "sidewalk": "footway", "platform": "footway", "busway": "service", **_LINKS}
_ON_FOOT_IF_SAID = frozenset({"motorway", "bridleway", "busway", "platform"})
_FOOT_YES = frozenset({"yes", "designated", "permissive", "official", "destination", "customers"})
_FOOT_NO = frozenset({"no", "private", "use_sidepath", "discouraged", "agricultural", "forestry"})
_CLOSED = frozenset({"no", "private", "agricultural", "forestry", "military", "delivery"})
_NOWHERE = 2147483647  # osmium's coordinate of a node that is not in the file
_NOTHING = frozenset({None, "", "no"})
_OPEN_AIR = _NOTHING | {"building_passage", "covered", "arcade"}  # doors open there as on any street


class Tags(Protocol):
    """The tags of one way: what a mapping's ``get`` answers."""

    def get(self, key: str, /) -> str | None:
        """Value of ``key``, or None."""


def walkable(tags: Tags) -> int:
    """Give the class of a way that may be walked, as a position in `KINDS`, or −1.

    Footways, paths, steps, squares, living streets and every ordinary road are walkable unless the way says otherwise;
    motorways, motor roads, private ways, ways under construction and ways closed on foot are not. An explicit
    ``foot=yes`` (or designated, permissive …) wins over all of that.
    """
    said = (tags.get("highway") or "").split(";", 1)[0]
    kind = _SAME_AS.get(said, said)
    code = KIND_CODE.get(kind, -1)
    if code < 0:
        return -1
    foot = tags.get("foot") or ""
    if foot in _FOOT_YES:
        return code
    if foot in _FOOT_NO or said in _ON_FOOT_IF_SAID or kind == "motorway":
        return -1
    if tags.get("motorroad") == "yes" or tags.get("access") in _CLOSED:
        return -1
    return code


def way_flags(tags: Tags, code: int) -> tuple[int, bool]:
    """Give the `EdgeFlag` bits of a walkable way and whether it is drawn against its walking direction."""
    flags = int(EdgeFlag.STAIRS) if code == KIND_CODE["steps"] else 0
    if tags.get("bridge") not in _NOTHING:
        flags |= int(EdgeFlag.BRIDGE)
    if tags.get("tunnel") not in _OPEN_AIR:
        flags |= int(EdgeFlag.TUNNEL)
    way = tags.get("oneway:foot") or {"forward": "yes", "backward": "-1"}.get(tags.get("conveying") or "")
    if way in {"yes", "-1"}:
        flags |= int(EdgeFlag.ONE_WAY)
    return flags, way == "-1"


def read_osm(path: Path, crs: pyproj.CRS) -> Segments:
    """Read the walkable streets of an OpenStreetMap file.

    Parameters
    ----------
    path : Path
        ``.osm.pbf``, ``.osm``, ``.osm.bz2`` or ``.osm.gz``.
    crs : pyproj.CRS
        Projected system, in metres, of the result.

    Raises
    ------
    LayerError
        If the file is unreadable, or its nodes cannot be placed in ``crs``.
    """
    ways = _Ways()
    try:
        ways.read(path)
    except OSMIUM_RAISES as fault:
        raise unusable("unreadable-extract-of-streets", path, fault=str(fault)) from fault
    return ways.segments(crs)


class _Ways:
    """Walkable ways as flat lists, the cheapest thing a loop over a file can fill."""

    def __init__(self) -> None:
        self.ref: list[int] = []
        self.x: list[int] = []
        self.y: list[int] = []
        self.count: list[int] = []
        self.kind: list[int] = []
        self.flags: list[int] = []
        self.signals: list[int] = []

    def read(self, path: Path) -> None:
        """Pass through the file once, nodes before ways."""
        lit = osmium.filter.TagFilter(("highway", "traffic_signals"), ("crossing", "traffic_signals"))
        lit.enable_for(osmium.osm.NODE)
        walked = osmium.filter.KeyFilter("highway")
        walked.enable_for(osmium.osm.WAY)
        source = osmium.FileProcessor(str(path.absolute()), osmium.osm.NODE | osmium.osm.WAY).with_locations()
        for found in source.with_filter(lit).with_filter(walked):
            if not isinstance(found, osmium.osm.Way):
                self.signals.append(found.id)
                continue
            tags = found.tags
            code = walkable(tags)
            if code < 0:
                continue
            flags, backward = way_flags(tags, code)
            nodes = reversed(found.nodes) if backward else found.nodes
            places = [(node.ref, node.x, node.y) for node in nodes]
            if len(places) < 2:
                continue
            ref, x, y = zip(*places, strict=True)
            self.ref += ref
            self.x += x
            self.y += y
            self.count.append(len(ref))
            self.kind.append(code)
            self.flags.append(flags)

    def segments(self, crs: pyproj.CRS) -> Segments:
        """Give nodes their numbers, project each once and cut ways into segments."""
        count = np.asarray(self.count, dtype=np.int64)
        ids, first, point = np.unique(np.asarray(self.ref, dtype=np.int64), return_index=True, return_inverse=True)
        x, y = np.asarray(self.x, dtype=np.int64)[first], np.asarray(self.y, dtype=np.int64)[first]
        way = np.repeat(np.arange(len(count)), count)
        joined = way[1:] == way[:-1]
        placed = x != _NOWHERE
        joined &= placed[point[1:]] & placed[point[:-1]]
        tail, head, way = point[:-1][joined], point[1:][joined], way[1:][joined]

        xy = np.zeros((len(ids), 2))
        project = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
        xy[placed] = np.column_stack(project.transform(x[placed] * 1e-7, y[placed] * 1e-7))
        astray = int(np.count_nonzero(~np.isfinite(xy).all(axis=1)))
        if astray:
            raise unusable("streets-astray", count=astray, system=crs.name)
        cut = int(np.count_nonzero(~placed))
        return Segments(
            xy=xy,
            tail=tail,
            head=head,
            kind=np.asarray(self.kind, dtype=np.uint8)[way],
            flags=np.asarray(self.flags, dtype=np.uint8)[way],
            signals=np.isin(ids, np.asarray(self.signals, dtype=np.int64)),
            notes=(remark("streets-end", count=cut),) if cut else (),
        )
