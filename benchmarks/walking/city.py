"""A generated city of a million junctions: how long, and how much memory. ``python -m benchmarks.walking.city``."""

from __future__ import annotations

import json
import resource
import time

import numpy as np

from planner.access import compute_travel_times, snap
from planner.access.network import metric_crs
from planner.access.segments import Segments, build_network
from planner.study import WalkingProfile

SPACING_M = 70.0


def city(side: int, seed: int = 5) -> Segments:
    """A bent chequerboard of ``side × side`` junctions with every sixth street missing."""
    rng = np.random.default_rng(seed)
    place = np.arange(side * side).reshape(side, side)
    xy = np.column_stack([place.ravel() % side, place.ravel() // side]) * SPACING_M
    xy = xy + rng.uniform(-20, 20, xy.shape)
    tail = np.concatenate([place[:, :-1].ravel(), place[:-1].ravel()])
    head = np.concatenate([place[:, 1:].ravel(), place[1:].ravel()])
    kept = rng.random(len(tail)) > 1 / 6
    nothing = np.zeros(int(kept.sum()), dtype=np.uint8)
    return Segments(xy, tail[kept], head[kept], nothing, nothing, np.zeros(len(xy), dtype=np.bool_))


def measure(side: int, demand: int, sites: int, threads: int = 2) -> dict[str, float]:
    """Assemble, snap and walk; wall seconds."""
    begun = time.perf_counter()
    network = build_network(city(side), metric_crs("EPSG:32650"))
    rng = np.random.default_rng(6)
    homes, places = (
        snap(network, rng.uniform(0, side * SPACING_M, (size, 2)), max_connector_m=200) for size in (demand, sites)
    )
    ready = time.perf_counter()
    reach = compute_travel_times(network, homes, places, WalkingProfile(speed_m_s=1.2), 900.0, threads=threads)
    done = time.perf_counter()
    return {
        "city_s": done - begun,
        "walk_s": done - ready,
        "pairs": len(reach.site),
        "junctions": network.n_junctions,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    print(json.dumps(measure(1070, 200_000, 5_000)))
