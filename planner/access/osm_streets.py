"""Walkable streets from OpenStreetMap extracts (``.osm.pbf``, ``.osm``, ``.osm.bz2``, ``.osm.gz``)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import osmium
import shapely

from planner.access.network import network_error, network_note, unreadable_error
from planner.access.pedestrian_areas import PedestrianAreas, add_area_crossings
from planner.access.segments import Segments, closed_streets, project_degrees, whole_polylines
from planner.access.tags import NODE_KEYS, blocking_tag, is_off_ground, walkability, way_flags
from planner.io.osm import OSMIUM_ERRORS, sorted_extract, source_id
from planner.io.osm_format import osmium_source
from planner.io.table import UnreadableError

if TYPE_CHECKING:
    from pathlib import Path

    import pyproj
    from numpy.typing import NDArray


_NO_LOCATION = 2147483647  # osmium's coordinate of a node that is not in the file
_CLASSES_LISTED = 8


def read_osm(path: Path, crs: pyproj.CRS) -> Segments:
    """Read the walkable streets of an OpenStreetMap file.

    Whatever the order of its objects; deleted objects and old versions do not count. Ways with ``area=yes`` and
    multipolygons are walked along their edges and across (`planner.access.pedestrian_areas`).

    Parameters
    ----------
    path : Path
        ``.osm.pbf``, ``.osm``, ``.osm.bz2`` or ``.osm.gz``.
    crs : pyproj.CRS
        Projected system, in metres, of the result.

    Raises
    ------
    LayerError
        If the file is unreadable, holds no walkable street, or its nodes cannot be placed in ``crs``.
    """
    try:
        ways = _read_ways(path, always=False)
        if ways.doubtful():
            ways = _read_ways(path, always=True)
    except UnreadableError as fault:
        raise unreadable_error(fault, path) from fault
    except MemoryError as fault:
        raise network_error("not-enough-memory", path, megabytes=path.stat().st_size / 1e6) from fault
    except OSMIUM_ERRORS as fault:
        raise network_error("unreadable-extract-of-streets", path, fault=str(fault)) from fault
    if not ways.count:
        raise network_error("no-walkable-street", path, read=ways.classes())
    return ways.segments(path, crs)


def _read_ways(path: Path, *, always: bool) -> _WayCollector:
    with sorted_extract(path, always=always) as whole:
        ways = _WayCollector()
        ways.read(whole)
        ways.read_outlines(whole)
    return ways


class _WayCollector:
    """Ways as flat lists, the fastest containers to fill in a loop over a file."""

    def __init__(self) -> None:
        self.id: list[int] = []
        self.ref: list[int] = []
        self.x: list[int] = []
        self.y: list[int] = []
        self.count: list[int] = []
        self.kind: list[int] = []
        self.flags: list[int] = []
        self.signals: list[int] = []
        self.barred: dict[int, str] = {}
        self.areas: list[tuple[int, list[int], list[int]]] = []
        """Of each area: its class, and the walked ways that are its outer and inner edges."""
        self.off_ground: list[int] = []
        """Walked ways above or below the ground that are no bridge or tunnel."""
        self.left_x: list[int] = []
        self.left_y: list[int] = []
        self.left_count: list[int] = []
        self.why: list[str] = []
        self.others: Counter[str] = Counter()
        self._relations: list[tuple[int, int, dict[int, str]]] = []

    def read(self, path: Path) -> None:
        """Pass through the file once, nodes before ways before relations."""
        node_filter = osmium.filter.KeyFilter(*NODE_KEYS)
        node_filter.enable_for(osmium.osm.NODE)
        way_filter = osmium.filter.KeyFilter("highway")
        way_filter.enable_for(osmium.osm.WAY | osmium.osm.RELATION)
        source = osmium.FileProcessor(osmium_source(path), osmium.osm.NODE | osmium.osm.WAY | osmium.osm.RELATION)
        for found in source.with_locations().with_filter(node_filter).with_filter(way_filter):
            if isinstance(found, osmium.osm.Way):
                self._add(found)
            elif isinstance(found, osmium.osm.Node):
                self._note(found.id, dict(found.tags))
            elif isinstance(found, osmium.osm.Relation):
                self._relate(found)

    def _note(self, node: int, tags: dict[str, str]) -> None:
        if tags.get("highway") == "traffic_signals" or tags.get("crossing") == "traffic_signals":
            self.signals.append(node)
        blocking = blocking_tag(tags)
        if blocking:
            self.barred[node] = blocking

    def _add(self, way: osmium.osm.Way) -> None:
        tags = way.tags
        code, closing_tag = walkability(tags)
        if code < 0 and not closing_tag:
            self.others[tags.get("highway") or ""] += 1
            return
        nodes = way.nodes
        places = [(node.ref, (place := node.location).x, place.y) for node in nodes]
        if len(places) < 2:
            return
        if closing_tag:
            self._leave_out(places, closing_tag)
            return
        flags, backward = way_flags(tags, code)
        if tags.get("area") == "yes" and places[0][0] == places[-1][0]:
            self.areas.append((code, [len(self.count)], []))
        if is_off_ground(tags):
            self.off_ground.append(len(self.count))
        self._walk(way.id, places[::-1] if backward else places, code, flags)

    def _walk(self, way: int, places: list[tuple[int, int, int]], code: int, flags: int) -> None:
        ref, x, y = zip(*places, strict=True)
        self.id.append(way)
        self.ref += ref
        self.x += x
        self.y += y
        self.count.append(len(ref))
        self.kind.append(code)
        self.flags.append(flags)

    def _leave_out(self, places: list[tuple[int, int, int]], closing_tag: str) -> None:
        _, x, y = zip(*places, strict=True)
        self.left_x += x
        self.left_y += y
        self.left_count.append(len(x))
        self.why.append(closing_tag)

    def _relate(self, relation: osmium.osm.Relation) -> None:
        tags = relation.tags
        code = walkability(tags)[0]
        if code >= 0 and tags.get("type") == "multipolygon":
            members = {member.ref: member.role for member in relation.members if member.type == "w"}
            self._relations.append((code, way_flags(tags, code)[0], members))

    def read_outlines(self, path: Path) -> None:
        """Pass through the file again for the edges of squares that are relations, where there are any."""
        if not self._relations:
            return
        ids = {way for _, _, members in self._relations for way in members}
        outlines = osmium.filter.IdFilter(sorted(ids))
        source = osmium.FileProcessor(osmium_source(path), osmium.osm.NODE | osmium.osm.WAY).with_locations()
        places = {
            way.id: [(node.ref, node.x, node.y) for node in way.nodes]
            for way in source.with_filter(osmium.filter.EntityFilter(osmium.osm.WAY)).with_filter(outlines)
            if isinstance(way, osmium.osm.Way)
        }
        way_filter = {way: number for number, way in enumerate(self.id)}
        for code, flags, members in self._relations:
            edges: tuple[list[int], list[int]] = ([], [])
            for way, role in members.items():
                if len(places.get(way, ())) < 2:
                    continue
                if way not in way_filter:
                    way_filter[way] = len(self.count)
                    self._walk(way, places[way], code, flags)
                edges[role == "inner"].append(way_filter[way])
            self.areas.append((code, *edges))

    def doubtful(self) -> bool:
        """Return whether negative ids, or duplicate ids, reveal an unsorted file."""
        return min(self.ref, default=0) < 0 or len(set(self.id)) < len(self.id)

    def classes(self) -> str:
        """Name the classes of streets in the file that are not walked, and how many streets are."""
        named = (self.others + Counter(self.why)).most_common(_CLASSES_LISTED)
        return ", ".join(f"{name} × {count}" for name, count in named) or "–"

    def segments(self, path: Path, crs: pyproj.CRS) -> Segments:
        """Return the ways as segments between numbered, projected nodes."""
        count = np.asarray(self.count, dtype=np.int64)
        ids, first, point = np.unique(np.asarray(self.ref, dtype=np.int64), return_index=True, return_inverse=True)
        x, y = np.asarray(self.x, dtype=np.int64)[first], np.asarray(self.y, dtype=np.int64)[first]
        way = np.repeat(np.arange(len(count)), count)
        joined = way[1:] == way[:-1]
        placed = x != _NO_LOCATION
        joined &= placed[point[1:]] & placed[point[:-1]]
        tail, head, way = point[:-1][joined], point[1:][joined], way[1:][joined]
        missing = int(np.count_nonzero(~placed))
        if not len(tail):
            raise network_error("streets-without-nodes", path, count=missing, streets=len(count))

        xy = np.zeros((len(ids), 2))
        xy[placed] = project_degrees(x[placed], y[placed], crs)
        unprojected = int(np.count_nonzero(~np.isfinite(xy).all(axis=1)))
        if unprojected:
            raise network_error("streets-astray", count=unprojected, system=crs.name)
        barred = np.isin(ids, np.fromiter(self.barred, dtype=np.int64, count=len(self.barred))) & placed
        segments = Segments(
            xy=xy,
            tail=tail,
            head=head,
            kind=np.asarray(self.kind, dtype=np.uint8)[way],
            flags=np.asarray(self.flags, dtype=np.uint8)[way],
            signals=np.isin(ids, np.asarray(self.signals, dtype=np.int64)),
            notes=(network_note("streets-end", count=missing),) if missing else (),
        )
        segments = add_area_crossings(segments, self._shapes(xy, point, placed))
        named = ids[barred]
        left_x, left_y = (np.asarray(part, dtype=np.int64) for part in (self.left_x, self.left_y))
        left_xy = project_degrees(left_x, left_y, crs)
        left_xy[left_x == _NO_LOCATION] = np.nan
        _, off_ground_indptr, off_ground_xy = self._off_ground_shapes(xy, point, placed)
        excluded = replace(
            closed_streets(self.why, self.left_count, left_xy),
            barrier_xy=xy[barred],
            barrier_ids=tuple(f"n{source_id(int(node))}" for node in named),
            barrier_tags=tuple(self.barred[int(node)] for node in named),
            off_ground_indptr=off_ground_indptr,
            off_ground_xy=off_ground_xy,
        )
        return replace(segments, excluded=excluded)

    def _off_ground_shapes(
        self, xy: NDArray[np.float64], point: NDArray[np.int64], placed: NDArray[np.bool_]
    ) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.float64]]:
        count = np.asarray(self.count, dtype=np.int64)
        chosen = np.zeros(len(count), dtype=np.bool_)
        chosen[self.off_ground] = True
        points = point[np.repeat(chosen, count)]
        return whole_polylines(count[chosen], np.where(placed[points, None], xy[points], np.nan))

    def _shapes(self, xy: NDArray[np.float64], point: NDArray[np.int64], placed: NDArray[np.bool_]) -> PedestrianAreas:
        """Polygons of the areas whose edges are whole."""
        begin = np.concatenate([[0], np.cumsum(self.count)]).astype(np.int64)
        shapes, kinds = [], []
        for code, outer, inner in self.areas:
            way_points = [point[begin[way] : begin[way + 1]] for way in outer + inner]
            if not all(placed[points].all() for points in way_points):
                continue
            if len(way_points) == 1:
                if len(way_points[0]) > 3 and way_points[0][0] == way_points[0][-1]:
                    shapes.append(shapely.Polygon(xy[way_points[0]]))
                    kinds.append(code)
                continue
            lines = [shapely.LineString(xy[points]) for points in way_points]
            whole = shapely.union_all(_polygons(lines[: len(outer)]))
            holes = shapely.union_all(_polygons(lines[len(outer) :]))
            parts = shapely.get_parts(shapely.difference(whole, holes))
            shapes += [part for part in parts if part.geom_type == "Polygon"]
            kinds += [code] * (len(shapes) - len(kinds))
        return PedestrianAreas(np.array(shapes, dtype=object), np.array(kinds, dtype=np.uint8))


def _polygons(lines: list[shapely.LineString]) -> list[shapely.Polygon]:
    """Rings that lines close together, each as a polygon."""
    return list(shapely.get_parts(shapely.polygonize(lines))) if lines else []
