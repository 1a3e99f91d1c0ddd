"""Streets through osmnx: GraphML files it wrote, and places asked for online."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import osmnx
import pyproj
import shapely

from planner.access.assemble import Segments, assemble
from planner.access.left_out import ended_at_barriers, left_out_lines
from planner.access.network import WalkNetwork, metric_crs
from planner.access.osm_tags import NODE_KEYS, barred_by, judged, way_flags
from planner.access.remarks import StreetsError, unusable
from planner.access.squares import Areas, crossed
from planner.district.findings import printable
from planner.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

_TAGS = ("highway", "foot", "access", "bridge", "tunnel", "motorroad", "oneway:foot", "conveying", "area")
_SIGNALS = ("highway", "crossing")
_NODE_TAGS = (*NODE_KEYS, "locked")
_ANYWHERE = pyproj.CRS("EPSG:3857")  # to see that there are streets at all; nothing is measured in it


def read_graphml(path: Path, crs: pyproj.CRS) -> Segments:
    """Read the walkable streets of a GraphML file written by ``osmnx.save_graphml``.

    Raises
    ------
    LayerError
        If the file is not such a graph.
    """
    try:
        graph = osmnx.load_graphml(path)
    except (ValueError, KeyError, SyntaxError, OSError, nx.NetworkXError) as fault:
        raise unusable("not-a-street-graph", path, fault=_told(fault)) from fault
    return segments_of_graph(graph, crs)


def download_network(place: str, crs: pyproj.CRS | str) -> WalkNetwork:
    """Ask OpenStreetMap online for the streets of a named place, up to its boundary.

    What is walkable is decided here, as for a file: the network is the one that an extract of the place would give.

    Raises
    ------
    LayerError
        If the place is not found, no server answers, or what it answers is no street network.
    """
    metric = metric_crs(crs)
    _, segments = _asked(place, metric)
    return assemble(ended_at_barriers(segments), metric)


def download_streets(place: str, path: Path) -> None:
    """Save the streets of a named place as GraphML, for ``layers.streets.path``: a study has files, and needs no connection.

    Parameters
    ----------
    place : str
        As Nominatim knows it, e.g. ``Neubrandenburg, Germany``.
    path : Path
        A file that ends in ``.graphml``.

    Raises
    ------
    LayerError
        As `download_network`.
    OutputError
        If the file cannot be written.
    """
    graph, _ = _asked(place, _ANYWHERE)
    try:
        osmnx.save_graphml(graph, path)
    except OSError as fault:
        raise OutputError(f"cannot write {path}: {fault.strerror}") from fault


def _asked(place: str, crs: pyproj.CRS) -> tuple[nx.MultiDiGraph[object], Segments]:
    """Give the graph that came back, and its walkable streets in ``crs``; or say that none did."""
    try:
        with _every_tag_kept():
            graph = osmnx.graph_from_place(
                place, network_type="walk", simplify=False, retain_all=True, custom_filter='["highway"]'
            )
        return graph, segments_of_graph(graph, crs)
    except StreetsError as fault:
        raise StreetsError(replace(fault.finding, where=printable(place))) from fault
    except OSError as fault:
        raise unusable("place-without-answer", place, fault=_told(fault)) from fault
    except Exception as fault:  # osmnx takes servers at their word, so nonsense fails anywhere in it, as anything
        raise unusable("place-without-streets", place, fault=_told(fault)) from fault


@contextlib.contextmanager
def _every_tag_kept() -> Iterator[None]:
    """Have osmnx keep all that walking heeds, and leave no folder of answers where the planner was called."""
    instead = {
        "useful_tags_way": [*_TAGS],
        "useful_tags_node": [*_NODE_TAGS],
        "use_cache": False,
    }
    before = {name: getattr(osmnx.settings, name) for name in instead}
    try:
        for name, value in instead.items():
            setattr(osmnx.settings, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(osmnx.settings, name, value)


def _told(fault: Exception) -> str:
    return f"{type(fault).__name__}: {fault}"


def segments_of_graph(graph: nx.MultiDiGraph[object], crs: pyproj.CRS) -> Segments:
    """Cut the edges of an osmnx graph into segments; a street drawn once per direction is taken once.

    Parameters
    ----------
    graph : networkx.MultiDiGraph
        With ``x``, ``y`` on nodes and its ``crs`` as osmnx keeps them; ``geometry`` on edges where they bend.
    crs : pyproj.CRS
        Projected system, in metres, of the result.
    """
    place = {node: number for number, node in enumerate(graph.nodes)}
    xy = np.array([[data["x"], data["y"]] for _, data in graph.nodes(data=True)], dtype=np.float64).reshape(-1, 2)
    known: set[object] = set()
    paths, kinds, flags = [], [], []
    inner: list[NDArray[np.float64]] = []
    why: list[str] = []
    left: list[NDArray[np.float64]] = []
    outlines: dict[tuple[int, str], list[NDArray[np.float64]]] = {}
    used = len(xy)
    for u, v, data in graph.edges(data=True):
        tags = {tag: _plain(data.get(tag)) for tag in _TAGS}
        code, closed = judged(tags)
        if code < 0 and not closed:
            continue
        bends = shapely.get_coordinates(data["geometry"])[1:-1] if "geometry" in data else np.empty((0, 2))
        # Each way stands in the graph once per direction: the same ground, told from the other end.
        ground = frozenset([(place[u], place[v], bends.tobytes()), (place[v], place[u], bends[::-1].tobytes())])
        if ground in known:
            continue
        known.add(ground)
        if closed:
            why.append(closed)
            left.append(np.concatenate([xy[[place[u]]], bends, xy[[place[v]]]]))
            continue
        bits, backward = way_flags(tags, code)
        if tags["area"] == "yes":
            outline = np.concatenate([xy[[place[u]]], bends, xy[[place[v]]]])
            outlines.setdefault((code, str(data.get("osmid"))), []).append(outline)
        path = np.concatenate([[place[u]], used + np.arange(len(bends)), [place[v]]])
        inner.append(bends)
        used += len(bends)
        # osmnx turns the reverse of a one-way round, ``reversed`` says so; walking follows the way as it was drawn.
        paths.append(path[::-1] if backward != bool(data.get("reversed") is True) else path)
        kinds.append(code)
        flags.append(bits)
    if not paths:
        raise unusable(
            "no-walkable-street", read=", ".join(f"{tag} × {n}" for tag, n in Counter(why).most_common()) or "–"
        )
    points = np.concatenate([xy, *inner])
    project = pyproj.Transformer.from_crs(graph.graph["crs"], crs, always_xy=True)
    placed = np.column_stack(project.transform(points[:, 0], points[:, 1]))
    astray = int(np.count_nonzero(~np.isfinite(placed).all(axis=1)))
    if astray:
        raise unusable("streets-astray", count=astray, system=crs.name)
    steps = np.array([len(path) - 1 for path in paths])
    signals = ["traffic_signals" in {_plain(data.get(tag)) for tag in _SIGNALS} for _, data in graph.nodes(data=True)]
    segments = Segments(
        xy=placed,
        tail=np.concatenate([path[:-1] for path in paths]).astype(np.int64),
        head=np.concatenate([path[1:] for path in paths]).astype(np.int64),
        kind=np.repeat(np.array(kinds, dtype=np.uint8), steps),
        flags=np.repeat(np.array(flags, dtype=np.uint8), steps),
        signals=np.concatenate([np.array(signals), np.zeros(len(points) - len(xy), dtype=np.bool_)]),
    )
    segments = crossed(segments, _areas(outlines, project))
    barred = {node: barred_by(_said(data)) for node, data in graph.nodes(data=True)}
    walked = np.unique(np.concatenate([segments.tail, segments.head]))
    nodes = [node for node, by in barred.items() if by and np.isin(place[node], walked)]
    left_xy = np.concatenate([np.zeros((0, 2)), *left])
    left_out = replace(
        left_out_lines(why, [len(line) for line in left], np.column_stack(project.transform(*left_xy.T))),
        barrier_xy=placed[[place[node] for node in nodes]].reshape(-1, 2),
        barrier_ids=tuple(f"n{node}" for node in nodes),
        barrier_tags=tuple(barred[node] for node in nodes),
    )
    return replace(segments, left_out=left_out)


def _said(data: Mapping[str, object]) -> dict[str, str]:
    return {tag: text for tag in _NODE_TAGS if (text := _plain(data.get(tag)))}


def _areas(outlines: Mapping[tuple[int, str], list[NDArray[np.float64]]], project: pyproj.Transformer) -> Areas:
    """Polygons of the areas whose edges stand in the graph whole."""
    shapes, kinds = [], []
    for (code, _), lines in outlines.items():
        moved = [shapely.LineString(np.column_stack(project.transform(*line.T))) for line in lines]
        for shape in shapely.get_parts(shapely.polygonize(moved)):
            shapes.append(shape)
            kinds.append(code)
    return Areas(np.array(shapes, dtype=object), np.array(kinds, dtype=np.uint8))


def _plain(value: object) -> str:
    """One tag value of an edge; osmnx keeps a list where it merged several ways."""
    if isinstance(value, list):
        value = value[0] if value else ""
    return "" if value is None else str(value)
