"""Walks up and down hills equal networkx, on graphs and by a formula of this test's own."""

import itertools

import networkx as nx
import numpy as np
import pytest
import shapely
from scipy.interpolate import RegularGridInterpolator

from planner.access import EdgeFlag, raster_heights, snap, walk, with_heights
from planner.access.network import KIND_CODE
from planner.study import WalkingProfile
from tests.property.streets import CRS, network_of, town

EXTENT_M = 400.0


def hiking_m_s(rise, run, flat_m_s):
    """Speed by Tobler (1993), three presentations on geographical analysis: 6 e^(−3.5 |dh/dx + 0.05|) km/h, scaled to ours."""
    speed_km_h, level_km_h = (6.0 * np.exp(-3.5 * abs(slope + 0.05)) for slope in (rise / run, 0.0))
    return flat_m_s * speed_km_h / level_km_h


def table(graph, homes, sites):
    """Seconds from every home to every site, infinite where there is no way."""
    seconds = np.full((homes, sites), np.inf)
    for i in range(homes):
        for goal, walked_s in nx.single_source_dijkstra_path_length(graph, ("home", i)).items():
            if goal[0] == "site":
                seconds[i, goal[1]] = walked_s
    return seconds


def dense(reach):
    found = np.full((reach.n_demand, reach.n_sites), np.inf)
    found[reach.demand, reach.site] = reach.seconds
    return found


def assert_equal_seconds(found, expected, cutoff_s):
    expected = np.where(expected > cutoff_s, np.inf, expected)
    assert np.array_equal(np.isfinite(found), np.isfinite(expected))
    both = np.isfinite(expected)
    assert both.sum() > 100
    assert np.abs(found[both] - expected[both]).max() < 1e-3


def chequerboard(seed, n=7):
    """Straight streets between junctions that all have three ways or more, so that each is an edge of the network."""
    rng = np.random.default_rng(seed)
    place = np.arange(n * n).reshape(n, n)
    xy = np.column_stack([place.ravel() % n, place.ravel() // n]) * (EXTENT_M / (n - 1)) + rng.uniform(
        -12, 12, (n * n, 2)
    )
    ways = [*zip(place[:, :-1].ravel(), place[:, 1:].ravel(), strict=True)]
    ways += [*zip(place[:-1].ravel(), place[1:].ravel(), strict=True)]
    ways += [(place[0, 0], place[1, 1]), (place[0, -1], place[1, -2]), (place[-1, 0], place[-2, 1])]
    ways += [(place[-1, -1], place[-2, -2])]
    tail, head = np.array(ways).T
    kind = np.full(len(tail), KIND_CODE["footway"], np.uint8)
    return xy, tail, head, kind, np.zeros(len(tail), np.uint8)


@pytest.mark.parametrize("seed", range(6))
def test_on_a_tilted_plane_every_metre_counts_by_its_slope(seed):
    # On a plane a straight street has one slope: the oracle cuts it at every door and needs to know of no sampling.
    xy, tail, head, *rest = chequerboard(seed)
    rng = np.random.default_rng(seed + 50)
    tilt = rng.uniform(-0.2, 0.2, 2)
    walker = WalkingProfile(speed_m_s=0.9, slope="tobler")
    network = with_heights(network_of((xy, tail, head, *rest)), lambda spots: spots @ tilt)
    assert network.n_edges == len(tail)
    places = {"home": rng.uniform(0, EXTENT_M, (25, 2)), "site": rng.uniform(0, EXTENT_M, (20, 2))}

    lines = shapely.linestrings(np.stack([xy[tail], xy[head]], axis=1))
    spots = {i: [(0.0, ("corner", tail[i])), (line.length, ("corner", head[i]))] for i, line in enumerate(lines)}
    graph = nx.DiGraph()
    for side, points in places.items():
        for number, point in enumerate(shapely.points(points)):
            apart = shapely.distance(lines, point)
            i = int(apart.argmin())
            door = ("door", side, number)
            spots[i].append((lines[i].project(point), door))
            graph.add_edge((side, number), door, weight=apart[i] / walker.speed_m_s)
            graph.add_edge(door, (side, number), weight=apart[i] / walker.speed_m_s)
    for i, line in enumerate(lines):
        for (at, here), (further, there) in itertools.pairwise(sorted(spots[i], key=lambda spot: spot[0])):
            low, high = (np.array(line.interpolate(where).coords[0]) @ tilt for where in (at, further))
            run = max(further - at, 1e-9)
            graph.add_edge(here, there, weight=run / hiking_m_s(high - low, run, walker.speed_m_s))
            graph.add_edge(there, here, weight=run / hiking_m_s(low - high, run, walker.speed_m_s))

    homes, sites = (snap(network, points, max_connector_m=200) for points in places.values())
    there = table(graph, 25, 20)
    back = table(
        nx.relabel_nodes(graph, lambda node: ({"home": "site", "site": "home"}.get(node[0], node[0]), *node[1:])),
        20,
        25,
    )
    assert np.abs(there - back.T).max() > 5  # uphill is not downhill
    for cutoff_s in (350.0, 3600.0):
        assert_equal_seconds(dense(walk(network, homes, sites, walker, cutoff_s, threads=1)), there, cutoff_s)
        assert_equal_seconds(dense(walk(network, sites, homes, walker, cutoff_s, threads=1)), back, cutoff_s)


def edge_seconds(network, heights, walker):
    """Seconds along each edge and back: heights at the ends and at most 20 m apart between them; bridges rise evenly."""
    seconds = []
    for e, line in enumerate(network.lines):
        length = float(network.length_m[e])
        aloft = network.flags[e] & (EdgeFlag.BRIDGE | EdgeFlag.TUNNEL)
        steps = 1 if aloft else max(1, int(np.ceil(length / 20.0)))
        height = heights([line.interpolate(k / steps, normalized=True).coords[0][::-1] for k in range(steps + 1)])
        run = length / steps
        toll = walker.stairs_factor if network.flags[e] & EdgeFlag.STAIRS else 1.0
        seconds.append(
            [
                sum(toll * run / hiking_m_s(way * rise, run, walker.speed_m_s) for rise in np.diff(height))
                if run
                else 0.0
                for way in (1, -1)
            ]
        )
    return np.array(seconds)


def walked(network, seconds, homes, sites, walker):
    """Seconds from homes to sites over the streets as they were timed; doors as they were snapped."""
    graph = nx.MultiDiGraph()
    one_way = (network.flags & EdgeFlag.ONE_WAY) != 0
    ends = [*zip(network.u.tolist(), network.v.tolist(), strict=True)]
    for (u, v), (ahead, back), closed in zip(ends, seconds, one_way, strict=True):
        graph.add_edge(("junction", u), ("junction", v), weight=ahead)
        if not closed:
            graph.add_edge(("junction", v), ("junction", u), weight=back)
    opened = {}
    for side, doors in (("home", homes), ("site", sites)):
        graph.add_nodes_from((side, number) for number in range(doors.n))
        for number, e, offset, leg in zip(doors.point, doors.edge, doors.offset_m, doors.connector_m, strict=True):
            if e >= 0:
                share = float(offset) / float(network.length_m[e])
                opened.setdefault(int(e), []).append((share, (side, int(number)), float(leg) / walker.speed_m_s))
    for e, doors in opened.items():
        (u, v), (ahead, back) = ends[e], seconds[e]
        for share, door, leg_s in doors:
            to_v, from_u = leg_s + (1 - share) * ahead, leg_s + share * ahead
            to_u, from_v = leg_s + share * back, leg_s + (1 - share) * back
            if door[0] == "home":
                graph.add_edge(door, ("junction", v), weight=to_v)
                if not one_way[e] or share == 0:
                    graph.add_edge(door, ("junction", u), weight=to_u)
            else:
                graph.add_edge(("junction", u), door, weight=from_u)
                if not one_way[e] or share == 1:
                    graph.add_edge(("junction", v), door, weight=from_v)
        for (share, door, leg_s), (other, goal, last_s) in itertools.product(doors, doors):
            if door[0] == "home" and goal[0] == "site" and (other >= share or not one_way[e]):
                along = (other - share) * ahead if other >= share else (share - other) * back
                graph.add_edge(door, goal, weight=leg_s + along + last_s)
    return table(graph, homes.n, sites.n)


@pytest.mark.parametrize("seed", range(6))
def test_over_hills_of_a_raster_bends_bridges_and_stairs(seed, tmp_path):
    rasterio = pytest.importorskip("rasterio", reason="the optional extra raster is not installed")
    rng = np.random.default_rng(seed)
    xy, tail, head, kind, flags = town(seed, points=70, links=110, extent_m=EXTENT_M, stairs=0.1, one_way=0.05)
    flags[(flags == 0) & (rng.random(len(flags)) < 0.1)] |= np.uint8(EdgeFlag.BRIDGE)
    walker = WalkingProfile(speed_m_s=1.1, slope="tobler", stairs_factor=1.5)

    cell_m, size = 25.0, 24
    grid = rng.uniform(0, 6, (size, size)).astype(np.float32)
    with rasterio.open(
        tmp_path / "hills.tif", "w", driver="GTiff", height=size, width=size, count=1, dtype="float32", crs=CRS.to_wkt(),
        transform=rasterio.Affine(cell_m, 0, -100, 0, -cell_m, 500),
    ) as out:  # fmt: skip
        out.write(grid, 1)
    north = 500 - cell_m * (np.arange(size) + 0.5)
    east = -100 + cell_m * (np.arange(size) + 0.5)
    own_heights = RegularGridInterpolator((north[::-1], east), grid[::-1].astype(float))

    network = with_heights(network_of((xy, tail, head, kind, flags)), raster_heights(tmp_path / "hills.tif", CRS))
    homes, sites = (snap(network, rng.uniform(0, EXTENT_M, (size, 2)), max_connector_m=100) for size in (40, 25))
    seconds = edge_seconds(network, own_heights, walker)
    there, back = walked(network, seconds, homes, sites, walker), walked(network, seconds, sites, homes, walker)
    both_ways = np.isfinite(there) & np.isfinite(back.T)
    assert np.abs(there[both_ways] - back.T[both_ways]).max() > 5
    assert_equal_seconds(dense(walk(network, homes, sites, walker, 3600.0, threads=1)), there, 3600.0)
    assert_equal_seconds(dense(walk(network, sites, homes, walker, 3600.0, threads=1)), back, 3600.0)
