"""Walkable streets through osmnx: GraphML files and downloads of named places."""

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

from planner.access.network import StreetsError, WalkNetwork, metric_crs, network_error
from planner.access.pedestrian_areas import PedestrianAreas, add_area_crossings
from planner.access.segments import Segments, build_network, closed_streets, sever_at_barriers
from planner.access.tags import NODE_KEYS, blocking_tag, walkability, way_flags
from planner.district.findings import printable
from planner.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray


_TAGS = ("highway", "foot", "access", "bridge", "tunnel", "motorroad", "oneway:foot", "conveying", "area")
_SIGNALS = ("highway", "crossing")
_NODE_TAGS = (*NODE_KEYS, "locked")
_WEB_MERCATOR = pyproj.CRS("EPSG:3857")  # to see that there are streets at all; nothing is measured in it


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
        raise network_error("not-a-street-graph", path, fault=_error_text(fault)) from fault
    return segments_of_graph(graph, crs)


def download_network(node_index: str, crs: pyproj.CRS | str) -> WalkNetwork:
    """Download the streets of a named place from OpenStreetMap, up to its boundary.

    What is walkable is decided here, as for a file: the network is the one that an extract of the place would give.

    Raises
    ------
    LayerError
        If the place is not found, no server answers, or what it answers is no street network.
    """
    metric = metric_crs(crs)
    _, segments = _query_place(node_index, metric)
    return build_network(sever_at_barriers(segments), metric)


def download_streets(node_index: str, path: Path) -> None:
    """Save the streets of a named place as GraphML, for ``layers.streets.path``: a study needs no connection.

    Parameters
    ----------
    node_index : str
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
    graph, _ = _query_place(node_index, _WEB_MERCATOR)
    try:
        osmnx.save_graphml(graph, path)
    except OSError as fault:
        raise OutputError(f"cannot write {path}: {fault.strerror}") from fault


def _query_place(node_index: str, crs: pyproj.CRS) -> tuple[nx.MultiDiGraph[object], Segments]:
    """Return the downloaded graph and its walkable streets in ``crs``."""
    try:
        with _osmnx_settings():
            graph = osmnx.graph_from_place(
                node_index, network_type="walk", simplify=False, retain_all=True, custom_filter='["highway"]'
            )
        return graph, segments_of_graph(graph, crs)
    except StreetsError as fault:
        raise StreetsError(replace(fault.finding, where=printable(node_index))) from fault
    except OSError as fault:
        raise network_error("place-without-answer", node_index, fault=_error_text(fault)) from fault
    except Exception as fault:  # osmnx does not validate answers, so invalid ones may raise any type
        raise network_error("place-without-streets", node_index, fault=_error_text(fault)) from fault


@contextlib.contextmanager
def _osmnx_settings() -> Iterator[None]:
    """Have osmnx keep all tags that matter for walking, and no cache folder."""
    settings = {
        "useful_tags_way": [*_TAGS],
        "useful_tags_node": [*_NODE_TAGS],
        "use_cache": False,
    }
    before = {name: getattr(osmnx.settings, name) for name in settings}
    try:
        for name, value in settings.items():
            setattr(osmnx.settings, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(osmnx.settings, name, value)


def _error_text(fault: Exception) -> str:
    return f"{type(fault).__name__}: {fault}"


def segments_of_graph(graph: nx.MultiDiGraph[object], crs: pyproj.CRS) -> Segments:
    """Return the edges of an osmnx graph as segments; an edge stored in both directions is taken once.

    Parameters
    ----------
    graph : networkx.MultiDiGraph
        With ``x``, ``y`` on nodes and its ``crs`` as osmnx keeps them; ``geometry`` on edges where they bend.
    crs : pyproj.CRS
        Projected system, in metres, of the result.
    """
    node_index = {node: number for number, node in enumerate(graph.nodes)}
    xy = np.array([[data["x"], data["y"]] for _, data in graph.nodes(data=True)], dtype=np.float64).reshape(-1, 2)
    seen_lines: set[object] = set()
    paths, kinds, flags = [], [], []
    inner: list[NDArray[np.float64]] = []
    closing_tags: list[str] = []
    closed_lines: list[NDArray[np.float64]] = []
    outlines: dict[tuple[int, str], list[NDArray[np.float64]]] = {}
    used = len(xy)
    for u, v, data in graph.edges(data=True):
        tags = {tag: _tag_value(data.get(tag)) for tag in _TAGS}
        code, closing_tag = walkability(tags)
        if code < 0 and not closing_tag:
            continue
        bends = shapely.get_coordinates(data["geometry"])[1:-1] if "geometry" in data else np.empty((0, 2))
        # each way is stored once per direction
        line_key = frozenset(
            [(node_index[u], node_index[v], bends.tobytes()), (node_index[v], node_index[u], bends[::-1].tobytes())]
        )
        if line_key in seen_lines:
            continue
        seen_lines.add(line_key)
        if closing_tag:
            closing_tags.append(closing_tag)
            closed_lines.append(np.concatenate([xy[[node_index[u]]], bends, xy[[node_index[v]]]]))
            continue
        edge_flags, backward = way_flags(tags, code)
        if tags["area"] == "yes":
            outline = np.concatenate([xy[[node_index[u]]], bends, xy[[node_index[v]]]])
            outlines.setdefault((code, str(data.get("osmid"))), []).append(outline)
        path = np.concatenate([[node_index[u]], used + np.arange(len(bends)), [node_index[v]]])
        inner.append(bends)
        used += len(bends)
        # osmnx marks the reverse of a one-way by ``reversed``; walking follows the direction of mapping
        paths.append(path[::-1] if backward != bool(data.get("reversed") is True) else path)
        kinds.append(code)
        flags.append(edge_flags)
    if not paths:
        raise network_error(
            "no-walkable-street",
            read=", ".join(f"{tag} × {n}" for tag, n in Counter(closing_tags).most_common()) or "–",
        )
    points = np.concatenate([xy, *inner])
    project = pyproj.Transformer.from_crs(graph.graph["crs"], crs, always_xy=True)
    placed = np.column_stack(project.transform(points[:, 0], points[:, 1]))
    unprojected = int(np.count_nonzero(~np.isfinite(placed).all(axis=1)))
    if unprojected:
        raise network_error("streets-astray", count=unprojected, system=crs.name)
    steps = np.array([len(path) - 1 for path in paths])
    signals = [
        "traffic_signals" in {_tag_value(data.get(tag)) for tag in _SIGNALS} for _, data in graph.nodes(data=True)
    ]
    segments = Segments(
        xy=placed,
        tail=np.concatenate([path[:-1] for path in paths]).astype(np.int64),
        head=np.concatenate([path[1:] for path in paths]).astype(np.int64),
        kind=np.repeat(np.array(kinds, dtype=np.uint8), steps),
        flags=np.repeat(np.array(flags, dtype=np.uint8), steps),
        signals=np.concatenate([np.array(signals), np.zeros(len(points) - len(xy), dtype=np.bool_)]),
    )
    segments = add_area_crossings(segments, _closed_areas(outlines, project))
    barred = {node: blocking_tag(_node_tags(data)) for node, data in graph.nodes(data=True)}
    walked = np.unique(np.concatenate([segments.tail, segments.head]))
    nodes = [node for node, by in barred.items() if by and np.isin(node_index[node], walked)]
    left_xy = np.concatenate([np.zeros((0, 2)), *closed_lines])
    excluded = replace(
        closed_streets(
            closing_tags, [len(line) for line in closed_lines], np.column_stack(project.transform(*left_xy.T))
        ),
        barrier_xy=placed[[node_index[node] for node in nodes]].reshape(-1, 2),
        barrier_ids=tuple(f"n{node}" for node in nodes),
        barrier_tags=tuple(barred[node] for node in nodes),
    )
    return replace(segments, excluded=excluded)


def _node_tags(data: Mapping[str, object]) -> dict[str, str]:
    return {tag: text for tag in _NODE_TAGS if (text := _tag_value(data.get(tag)))}


def _closed_areas(
    outlines: Mapping[tuple[int, str], list[NDArray[np.float64]]], project: pyproj.Transformer
) -> PedestrianAreas:
    """Return polygons of the areas whose boundaries are complete in the graph."""
    shapes, kinds = [], []
    for (code, _), lines in outlines.items():
        moved = [shapely.LineString(np.column_stack(project.transform(*line.T))) for line in lines]
        for shape in shapely.get_parts(shapely.polygonize(moved)):
            shapes.append(shape)
            kinds.append(code)
    return PedestrianAreas(np.array(shapes, dtype=object), np.array(kinds, dtype=np.uint8))


def _tag_value(value: object) -> str:
    """Return one tag value of an edge; osmnx stores a list where it merged several ways."""
    if isinstance(value, list):
        value = value[0] if value else ""
    return "" if value is None else str(value)
