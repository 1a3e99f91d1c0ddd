"""A second opinion on walks: every street cut at every bend and door, searched by networkx."""

import itertools

import networkx as nx
import numpy as np
import shapely

from planner.access.network import CLASS_CODE, EdgeFlag, metric_crs
from planner.access.segments import Segments, build_network

CRS = metric_crs("EPSG:32650")


def town(seed, *, points=40, links=60, extent_m=400.0, one_way=0.0, stairs=0.0, tree=False):
    """Random straight segments between random points: loops, dead ends, chains and separate pieces included."""
    rng = np.random.default_rng(seed)
    xy = np.round(rng.uniform(0, extent_m, (points, 2)), 1)
    ends = rng.integers(0, points, (links, 2))
    if tree:  # branches upon branches, and only the links beyond points close a ring
        ends[: points - 1, 0] = np.arange(1, points)
        ends[: points - 1, 1] = rng.integers(np.maximum(np.arange(1, points) - 9, 0), np.arange(1, points))
    # Two streets on the very same ground would leave open which of them a door opens on.
    _, first = np.unique(np.sort(ends, axis=1), axis=0, return_index=True)
    tail, head = ends[np.sort(first)].T
    links = len(tail)
    kind = np.full(links, CLASS_CODE["footway"], dtype=np.uint8)
    flags = np.zeros(links, dtype=np.uint8)
    flags[rng.random(links) < stairs] |= np.uint8(EdgeFlag.STAIRS)
    kind[(flags & EdgeFlag.STAIRS) != 0] = CLASS_CODE["steps"]
    flags[rng.random(links) < one_way] |= np.uint8(EdgeFlag.ONE_WAY)
    return xy, tail, head, kind, flags


def network_of(streets):
    xy, tail, head, kind, flags = streets
    return build_network(Segments(xy, tail, head, kind, flags, np.zeros(len(xy), dtype=bool)), CRS)


def oracle_seconds(streets, origins, sites, walker, *, max_connector_m, cutoff_s=None):
    """Seconds from every origin to every site (infinite where there is no way), by networkx on the split segments."""
    xy, tail, head, _, flags = streets
    graph = nx.DiGraph()
    graph.add_nodes_from(range(len(xy)))
    usable = []
    for segment, (a, b) in enumerate(zip(tail, head, strict=True)):
        stairs = bool(flags[segment] & EdgeFlag.STAIRS)
        if a == b or (stairs and walker.stairs == "forbidden"):
            continue
        usable.append((segment, a, b, walker.stairs_factor if stairs else 1.0, bool(flags[segment] & EdgeFlag.ONE_WAY)))
    lines = shapely.linestrings([[xy[a], xy[b]] for _, a, b, _, _ in usable])
    doorless = np.array([bool(flags[segment] & (EdgeFlag.BRIDGE | EdgeFlag.TUNNEL)) for segment, *_ in usable])
    cuts = {i: [(0.0, a), (lines[i].length, b)] for i, (_, a, b, _, _) in enumerate(usable)}
    for name, places in (("from", origins), ("to", sites)):
        for number, place in enumerate(places):
            door = (name, number)
            graph.add_node(door)
            point = shapely.Point(place)
            apart = np.where(doorless, np.inf, shapely.distance(lines, point))
            i = int(np.argmin(apart))
            if apart[i] > max_connector_m:
                continue
            spot = ("spot", name, number)
            cuts[i].append((lines[i].project(point), spot))
            seconds = apart[i] / walker.speed_m_s
            if name == "from":
                _link(graph, door, spot, seconds)
            else:
                _link(graph, spot, door, seconds)
    for i, (_, _, _, factor, one_way) in enumerate(usable):
        along = sorted(cuts[i], key=lambda cut: cut[0])
        for (at, here), (further, there) in itertools.pairwise(along):
            seconds = (further - at) * factor / walker.speed_m_s
            _link(graph, here, there, seconds)
            if not one_way or further - at < 1e-3:  # standing at the corner, not in the street
                _link(graph, there, here, seconds)
    table = np.full((len(origins), len(sites)), np.inf)
    for i in range(len(origins)):
        reached = nx.single_source_dijkstra_path_length(graph, ("from", i), cutoff=cutoff_s)
        for j in range(len(sites)):
            table[i, j] = reached.get(("to", j), np.inf)
    return table


def _link(graph, here, there, seconds):
    if not graph.has_edge(here, there) or graph[here][there]["weight"] > seconds:
        graph.add_edge(here, there, weight=seconds)
