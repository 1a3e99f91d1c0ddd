# ruff: noqa: ANN001, ANN201, ANN202, SLF001 - a script that measures
"""Walking access against its peers, on the whole Porto region: ``python -m benchmarks.bench_access``.

Every ratio is taken within this one run, from CPU seconds of one thread, best of several, after the answers were found equal.
The peers run in an environment of their own; one that cannot be had gives null. The last line is JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import shapely
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from benchmarks.walking.environment import peers_python
from planner.access import (
    Binary,
    TravelTimes,
    compute_travel_times,
    edge_costs,
    floating_catchment,
    isochrones,
    read_network,
    shortest_paths,
    snap,
    travel_times,
)
from planner.access.network import WalkNetwork, metric_crs
from planner.access.osm_streets import read_osm
from planner.access.segments import Segments, build_network
from planner.store.codec import read_value, write_value
from planner.study import WalkingProfile

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("PLANNER_SHARED_DATA", ROOT.parent / "shared" / "data"))
EXTRACT = SHARED / "porto" / "porto_region_2015_highways.osm.pbf"
CRS = metric_crs("EPSG:3763")
LIMIT_M, SPEED_M_S = 1125.0, 1.25
WALKER = WalkingProfile(speed_m_s=SPEED_M_S)


def best(task, times=7):
    task()
    quickest = float("inf")
    for _ in range(times):
        begun = time.process_time()
        task()
        quickest = min(quickest, time.process_time() - begun)
    return quickest


def whole_region():
    """Return the largest piece of the region, bend by bend, as peers take it."""
    streets = read_osm(EXTRACT, CRS)
    apart = streets.tail != streets.head
    u, v = streets.tail[apart], streets.head[apart]
    n = len(streets.xy)
    _, piece = connected_components(coo_array((np.ones(len(u)), (u, v)), shape=(n, n)), directed=False)
    main = piece == np.bincount(piece).argmax()
    number = np.cumsum(main) - 1
    kept = main[u]
    u, v = number[u[kept]], number[v[kept]]
    xy = streets.xy[main]
    return xy, u, v, np.hypot(*(xy[u] - xy[v]).T)


def same_walks(ours: TravelTimes, a, b, metres, tolerance_m) -> bool:
    """Compare pair by pair; a walk within the tolerance of the limit may be in one answer only."""
    theirs = coo_array((metres + 1.0, (a, b)), shape=(ours.n_demand, ours.n_sites)).tocsr()
    mine = csr_array((ours.seconds * SPEED_M_S + 1.0, ours.site, ours.indptr), shape=theirs.shape)
    odd = abs((theirs != 0).astype(np.int8) - (mine != 0).astype(np.int8))
    either = theirs.maximum(mine).tocoo()
    rim = csr_array((either.data < LIMIT_M + 1.0 - tolerance_m, (either.row, either.col)), shape=theirs.shape)
    both = (theirs != 0).multiply(mine != 0)
    return odd.multiply(rim).nnz == 0 and float(abs((theirs - mine).multiply(both)).max()) <= tolerance_m


def shortest_links(u, v, metres, n):
    """Build scipy's graph; of several streets between two points the shortest (scipy would add them up)."""
    low, high = np.minimum(u, v), np.maximum(u, v)
    order = np.lexsort((metres, high, low))
    low, high, metres = low[order], high[order], np.maximum(metres[order], 1e-9)
    first = np.concatenate([[True], (low[1:] != low[:-1]) | (high[1:] != high[:-1])])
    low, high, metres = low[first], high[first], metres[first]
    pairs = (np.concatenate([low, high]), np.concatenate([high, low]))
    return csr_array((np.concatenate([metres, metres]), pairs), shape=(n, n))


def by_scipy(graph, origins, sites):
    """Search from every site, as many at a time as memory holds."""
    a, b, metres = [], [], []
    for first in range(0, len(sites), 100):
        table = dijkstra(graph, indices=sites[first : first + 100], limit=LIMIT_M)[:, origins]
        site, origin = np.nonzero(np.isfinite(table))
        a.append(origin)
        b.append(site + first)
        metres.append(table[site, origin])
    return np.concatenate(a), np.concatenate(b), np.concatenate(metres)


def matrix(peers, folder):
    xy, u, v, metres = whole_region()
    rng = np.random.default_rng(7)
    origins, sites = (rng.choice(len(xy), size, replace=False) for size in (10_000, 2_000))
    nothing = np.zeros(len(u), dtype=np.uint8)
    begun = time.process_time()
    network = build_network(Segments(xy, u, v, nothing, nothing, np.zeros(len(xy), dtype=np.bool_)), CRS)
    print(f"streets put together in {time.process_time() - begun:.2f} s, which no ratio counts", file=sys.stderr)
    homes, places = (snap(network, at, max_connector_m=1) for at in (xy[origins], xy[sites]))
    cutoff_s = LIMIT_M / SPEED_M_S

    def ours():
        return compute_travel_times(network, homes, places, WALKER, cutoff_s, threads=1)

    reach = ours()
    graph = shortest_links(u, v, metres, len(xy))
    begun = time.process_time()
    expected = by_scipy(graph, origins, sites)
    scipy_s = time.process_time() - begun
    equal = same_walks(reach, expected[0], expected[1], expected[2], 0.005)
    ours_s = best(ours, 15)

    result = {
        "matrix_vs_scipy": scipy_s / ours_s,
        "settled_per_s": settled_per_s(network, homes, places, cutoff_s),
        "ours_matrix_ms": ours_s * 1e3,
    }
    np.savez(
        folder / "streets.npz",
        xy=xy,
        u=u,
        v=v,
        metres=metres,
        origins=origins,
        sites=sites,
        limit_m=LIMIT_M,
    )
    told = asked(peers, "pandana", folder)
    if told:
        theirs = np.load(folder / "pandana.npz")
        equal &= same_walks(reach, theirs["a"], theirs["b"], theirs["metres"], 0.1)
        result["matrix_vs_pandana"] = told["matrix_s"] / ours_s
        result["matrix_vs_pandana_with_preprocessing"] = (told["matrix_s"] + told["prepared_s"]) / ours_s
    return equal, result


def settled_per_s(network, homes, places, cutoff_s):
    cutoff = edge_costs.cutoff_ticks(cutoff_s)
    onward = edge_costs.edge_costs(network, WALKER)
    begin, end = (
        edge_costs.door_costs(network, places, onward.reversed()),
        edge_costs.door_costs(network, homes, onward),
    )
    n = network.n_junctions
    goals, starts = (travel_times.door_junctions(n, doors, cutoff) for doors in (end, begin))
    graph = shortest_paths.reduced_graph(network, onward.reversed(), cutoff, goals=goals, starts=starts)
    sources, targets = travel_times.search_sources(begin), travel_times._search_targets(graph, end, cutoff)
    shift = shortest_paths.bucket_shift(cutoff)
    pad, queue = shortest_paths.new_workspace(n, end.n), shortest_paths.new_buckets((cutoff >> shift) + 1)
    settled = shortest_paths.search_block(graph, sources, targets, pad, queue, 0, begin.n, cutoff, shift)[3]
    return settled / best(
        lambda: shortest_paths.search_block(graph, sources, targets, pad, queue, 0, begin.n, cutoff, shift)
    )


def drawn(network: WalkNetwork, facilities=40):
    """Three nested circles per facility: milliseconds, and street length inside against what is walked in time."""
    rng = np.random.default_rng(1)
    main = np.flatnonzero(network.component == 0)
    sites = snap(
        network, network.xy[rng.choice(main, facilities)] + rng.normal(0, 20, (facilities, 2)), max_connector_m=200
    )
    cutoffs_s = (300.0, 600.0, 900.0)
    took_s = best(lambda: isochrones(network, sites, WALKER, cutoffs_s), 5) / facilities
    polygons = isochrones(network, sites, WALKER, cutoffs_s)
    reached = inside = wrong = 0.0
    for site in range(facilities):
        near = network.tree.query(polygons[site][-1].buffer(100))
        near = near[network.edge_component[near] == 0]
        count = np.maximum(1, (network.length_m[near] / 4).astype(int))
        edge = np.repeat(near, count)
        share = (np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + 0.5) / np.repeat(count, count)
        spots = shapely.get_coordinates(shapely.line_interpolate_point(network.lines[edge], share, normalized=True))
        metres = np.repeat(network.length_m[near] / count, count)
        doors = snap(network, spots, max_connector_m=1)
        doors.edge[:], doors.offset_m[:] = edge, share * network.length_m[edge]
        doors.connector_m[:] = 0
        seconds = compute_travel_times(network, doors, sites.take(np.array([site])), WALKER, 900.0).nearest_s()
        for cutoff_s, polygon in zip(cutoffs_s, polygons[site], strict=True):
            within, held = seconds <= cutoff_s, shapely.contains_xy(polygon, spots)
            reached += metres[within].sum()
            inside += metres[within & held].sum()
            wrong += metres[~within & held].sum()
    return {"circle_ms": took_s * 1e3, "circle_inside": inside / reached, "circle_false": wrong / (inside + wrong)}


def catchment(peers, folder):
    rng = np.random.default_rng(3)
    n, n_sites, per = 10_000, 1_000, 75
    site = np.sort(np.argpartition(rng.random((n, n_sites)), per, axis=1)[:, :per], axis=1)
    seconds = np.sort(rng.uniform(0, 900, (n, per)), axis=1).astype(np.float32)
    reach = TravelTimes(np.arange(n + 1) * per, site.ravel().astype(np.int32), seconds.ravel(), n_sites, 900.0)
    people, capacity = rng.integers(1, 90, n) * 1.0, rng.integers(1, 50, n_sites) * 1.0
    np.savez(
        folder / "pairs.npz", people=people, capacity=capacity, demand=reach.demand, site=reach.site, seconds=reach.seconds,
        cutoff_s=900.0,
    )  # fmt: skip
    told = asked(peers, "access", folder)
    if not told:
        return True, None
    same = np.allclose(
        floating_catchment(reach, people, capacity, Binary(900.0)), np.load(folder / "access.npz")["value"]
    )
    # Half a millisecond a time: as many times as fill about the second that the peer's take.
    return bool(same), told["fca_s"] / best(lambda: floating_catchment(reach, people, capacity, Binary(900.0)), 1000)


def asked(peers, task, folder):
    """Run a peer; None, saying so, if it cannot."""
    if peers is None:
        return None
    done = subprocess.run(
        [peers, "-W", "ignore", ROOT / "benchmarks/walking/peers.py", task, folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(f"{task} skipped: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def main():
    if not EXTRACT.is_file():
        print(f"skipped: {EXTRACT} is absent (set PLANNER_SHARED_DATA)", file=sys.stderr)
        return
    peers = peers_python()
    keys = (
        "equal matrix_vs_pandana matrix_vs_pandana_with_preprocessing matrix_vs_scipy"
        " circle_ms circle_inside circle_false fca_vs_access settled_per_s city_s city_peak_mb pbf_vs_pyrosm reload_s"
    )
    result = dict.fromkeys(keys.split())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        result["equal"], walked = matrix(peers, folder)
        result.update(walked)
        read_s = best(lambda: read_network(EXTRACT, CRS), 1)
        network = read_network(EXTRACT, CRS)
        result.update(drawn(network))
        same, result["fca_vs_access"] = catchment(peers, folder)
        result["equal"] &= same
        (folder / "network").mkdir()
        write_value(network, folder / "network")
        result["reload_s"] = best(lambda: read_value(folder / "network"), 3)
        (folder / "extract").write_text(str(EXTRACT))
        told = asked(peers, "pyrosm", folder)
        result["pbf_vs_pyrosm"] = told["read_s"] / read_s if told else None
    grown = subprocess.run(
        [sys.executable, "-m", "benchmarks.walking.city"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    scale = json.loads(grown.stdout)
    result["city_s"], result["city_peak_mb"] = scale["city_s"], scale["peak_mb"]
    print(json.dumps({key: round(value, 4) if isinstance(value, float) else value for key, value in result.items()}))


if __name__ == "__main__":
    main()
