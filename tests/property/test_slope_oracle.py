"""Walks up and down hills equal networkx, on graphs and by a formula of this test's own."""

import itertools

import networkx as nx
import numpy as np
import pytest
import shapely
from scipy.interpolate import RegularGridInterpolator

from planner.access import EdgeFlag, add_slopes, compute_travel_times, raster_heights, snap
from planner.access.network import CLASS_CODE
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


def assert_equal_seconds(found, expected, cutoff_s, within_s=1e-3):
    expected = np.where(expected > cutoff_s, np.inf, expected)
    assert np.array_equal(np.isfinite(found), np.isfinite(expected))
    both = np.isfinite(expected)
    assert both.sum() > 100
    assert np.abs(found[both] - expected[both]).max() < within_s


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
    kind = np.full(len(tail), CLASS_CODE["footway"], np.uint8)
    return xy, tail, head, kind, np.zeros(len(tail), np.uint8)


@pytest.mark.parametrize("seed", range(6))
def test_on_a_tilted_plane_every_metre_counts_by_its_slope(seed):
    # On a plane a straight street has one slope: the oracle cuts it at every door and needs to know of no sampling.
    xy, tail, head, *rest = chequerboard(seed)
    rng = np.random.default_rng(seed + 50)
    tilt = rng.uniform(-0.2, 0.2, 2)
    walker = WalkingProfile(speed_m_s=0.9, slope="tobler")
    network = add_slopes(network_of((xy, tail, head, *rest)), lambda spots: spots @ tilt)
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
        assert_equal_seconds(
            dense(compute_travel_times(network, homes, sites, walker, cutoff_s, threads=1)), there, cutoff_s
        )
        assert_equal_seconds(
            dense(compute_travel_times(network, sites, homes, walker, cutoff_s, threads=1)), back, cutoff_s
        )


def surface(heights, xy):
    """Heights on triangles over a lattice of 20 m, each square divided from south-west to north-east."""
    cell = np.floor(xy / 20.0)
    east, north = (xy / 20.0 - cell).T

    def corner(right, up):
        return np.asarray(heights((cell + np.array([right, up])) * 20.0))

    low, high = corner(0, 0), corner(1, 1)
    lower = low + east * (corner(1, 0) - low) + north * (high - corner(1, 0))
    upper = low + north * (corner(0, 1) - low) + east * (high - corner(0, 1))
    return np.where(east >= north, lower, upper)


def link_heights(xy, tail, head, aloft, heights):
    """Height along each link by its share: of the ground, or of the straight line between where bridges meet it."""
    ground = surface(heights, xy)
    floating = [
        p for p in range(len(xy)) if (aloft[(tail == p) | (head == p)]).all() and ((tail == p) | (head == p)).sum() > 1
    ]
    height = ground.copy()
    if floating:
        matrix, right = np.zeros((len(xy), len(xy))), ground.copy()
        for p in range(len(xy)):
            matrix[p, p] = 1.0
        for p in floating:
            links = np.flatnonzero((tail == p) | (head == p))
            others = np.where(tail[links] == p, head[links], tail[links])
            pull = 1.0 / np.hypot(*(xy[others] - xy[p]).T)
            matrix[p], right[p] = 0.0, 0.0
            matrix[p, p] = pull.sum()
            np.add.at(matrix[p], others, -pull)
        reached = np.linalg.matrix_rank(matrix) == len(xy)
        if not reached:
            return None
        height = np.linalg.solve(matrix, right)

    def along(link, share):
        if aloft[link]:
            return height[tail[link]] + share * (height[head[link]] - height[tail[link]])
        return surface(heights, xy[tail[link]] + share[:, None] * (xy[head[link]] - xy[tail[link]]))

    return along


def oracle(streets, heights, places, walker, limit_m):
    """Seconds between homes and sites over links cut at every door, each part added up centimetre by centimetre."""
    xy, tail, head, _, flags = streets
    apart = tail != head
    tail, head, flags = tail[apart], head[apart], flags[apart]
    aloft = (flags & (EdgeFlag.BRIDGE | EdgeFlag.TUNNEL)) != 0
    along = link_heights(xy, tail, head, aloft, heights)
    lines = shapely.linestrings(np.stack([xy[tail], xy[head]], axis=1))
    spots = {i: [(0.0, ("corner", tail[i])), (1.0, ("corner", head[i]))] for i in range(len(lines))}
    graph = nx.MultiDiGraph()
    for side, points in places.items():
        for number, point in enumerate(shapely.points(points)):
            graph.add_node((side, number))
            distance = np.where(aloft, np.inf, shapely.distance(lines, point))
            i = int(distance.argmin())
            if distance[i] > limit_m:
                continue
            door = ("door", side, number)
            spots[i].append((lines[i].project(point, normalized=True), door))
            graph.add_edge((side, number), door, weight=distance[i] / walker.speed_m_s)
            graph.add_edge(door, (side, number), weight=distance[i] / walker.speed_m_s)
    for i, line in enumerate(lines):
        toll = walker.stairs_factor if flags[i] & EdgeFlag.STAIRS else 1.0
        for (at, here), (further, there) in itertools.pairwise(sorted(spots[i], key=lambda spot: spot[0])):
            metres = (further - at) * line.length
            steps = max(int(np.ceil(metres / 0.01)), 1)
            rise = np.diff(along(i, np.linspace(at, further, steps + 1)))
            run = max(metres / steps, 1e-12)
            ahead, back = (float((toll * run / hiking_m_s(way * rise, run, walker.speed_m_s)).sum()) for way in (1, -1))
            graph.add_edge(here, there, weight=ahead)
            if not flags[i] & EdgeFlag.ONE_WAY or metres < 1e-3:
                graph.add_edge(there, here, weight=back)
    return graph


def pair_of_tables(streets, heights, places, walker, limit_m):
    graph = oracle(streets, heights, places, walker, limit_m)
    there = table(graph, len(places["home"]), len(places["site"]))
    turned = nx.relabel_nodes(graph, lambda node: ({"home": "site", "site": "home"}.get(node[0], node[0]), *node[1:]))
    return there, table(turned, len(places["site"]), len(places["home"]))


def hills(tmp_path, rng):
    """A raster of hills, written, and its heights as this test reads them."""
    rasterio = pytest.importorskip("rasterio", reason="the optional extra raster is not installed")
    cell_m, size = 25.0, 26
    grid = rng.uniform(0, 6, (size, size)).astype(np.float32)
    with rasterio.open(
        tmp_path / "hills.tif", "w", driver="GTiff", height=size, width=size, count=1, dtype="float32", crs=CRS.to_wkt(),
        transform=rasterio.Affine(cell_m, 0, -100, 0, -cell_m, 550),
    ) as out:  # fmt: skip
        out.write(grid, 1)
    north = 550 - cell_m * (np.arange(size) + 0.5)
    east = -100 + cell_m * (np.arange(size) + 0.5)
    between = RegularGridInterpolator((north[::-1], east), grid[::-1].astype(float))
    return lambda xy: between(np.asarray(xy)[:, ::-1])


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(6))
def test_over_hills_of_a_raster_bends_bridges_and_stairs(seed, tmp_path):
    rng = np.random.default_rng(seed)
    xy, tail, head, kind, flags = town(seed, points=70, links=110, extent_m=EXTENT_M, stairs=0.1, one_way=0.05)
    flags[(flags == 0) & (rng.random(len(flags)) < 0.1)] |= np.uint8(EdgeFlag.BRIDGE)
    walker = WalkingProfile(speed_m_s=1.1, slope="tobler", stairs_factor=1.5)
    own_heights = hills(tmp_path, rng)
    streets = xy, tail, head, kind, flags
    network = add_slopes(network_of(streets), raster_heights(tmp_path / "hills.tif", CRS))
    places = {"home": rng.uniform(0, EXTENT_M, (40, 2)), "site": rng.uniform(0, EXTENT_M, (25, 2))}
    homes, sites = (snap(network, points, max_connector_m=100) for points in places.values())
    there, back = pair_of_tables(streets, own_heights, places, walker, 100)
    both_ways = np.isfinite(there) & np.isfinite(back.T)
    assert np.abs(there[both_ways] - back.T[both_ways]).max() > 5
    assert_equal_seconds(
        dense(compute_travel_times(network, homes, sites, walker, 3600.0, threads=1)), there, 3600.0, 0.1
    )
    assert_equal_seconds(
        dense(compute_travel_times(network, sites, homes, walker, 3600.0, threads=1)), back, 3600.0, 0.1
    )


def cut_anew(streets, rng, stubs):
    """Cut links at any point, some of them where a stub of five metres leaves."""
    xy, tail, head, kind, flags = streets
    points, parts = [*xy], []
    for i in range(len(tail)):
        ends = [tail[i]]
        for share in np.sort(rng.uniform(0, 1, rng.integers(0, 4))):
            points.append(xy[tail[i]] + share * (xy[head[i]] - xy[tail[i]]))
            ends.append(len(points) - 1)
            if stubs and rng.random() < 0.5 and not flags[i] & (EdgeFlag.ONE_WAY | EdgeFlag.BRIDGE):
                points.append(points[-1] + rng.uniform(-3, 3, 2))
                parts.append((len(points) - 2, len(points) - 1, kind[i], flags[i]))
        ends.append(head[i])
        parts += [(one, other, kind[i], flags[i]) for one, other in itertools.pairwise(ends)]
    tail, head, kind, flags = (np.array(part) for part in zip(*parts, strict=True))
    return np.array(points), tail, head, kind.astype(np.uint8), flags.astype(np.uint8)


@pytest.mark.parametrize("seed", range(6))
def test_it_does_not_matter_where_streets_are_cut(seed, tmp_path):
    rng = np.random.default_rng(seed + 90)
    heights = hills(tmp_path, rng)
    xy, tail, head, kind, flags = town(seed, points=40, links=60, extent_m=EXTENT_M, one_way=0.05)
    flags[(flags == 0) & (rng.random(len(flags)) < 0.15)] |= np.uint8(EdgeFlag.BRIDGE)
    streets = xy, tail, head, kind, flags
    walker = WalkingProfile(speed_m_s=1.1, slope="tobler")
    # doors on the streets themselves, away from stubs
    on = np.flatnonzero((flags & (EdgeFlag.BRIDGE)) == 0)[:20]
    share = rng.uniform(0.05, 0.95, (len(on), 1))
    doors = xy[tail[on]] + share * (xy[head[on]] - xy[tail[on]])
    found = []
    for version in (streets, cut_anew(streets, rng, stubs=False), cut_anew(streets, rng, stubs=True)):
        network = add_slopes(network_of(version), heights)
        here = snap(network, doors, max_connector_m=1)
        found.append(dense(compute_travel_times(network, here, here, walker, 3600.0, threads=1)))
    for other in found[1:]:
        assert np.array_equal(np.isfinite(other), np.isfinite(found[0]))
        both = np.isfinite(other)
        assert np.abs(other[both] - found[0][both]).max() < 0.02
