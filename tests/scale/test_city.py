"""A generated city: its size is paid for by streets and people, not by the square of them."""

import json
import subprocess
import sys
import time

import numpy as np
import pytest

from benchmarks.walking.city import SPACING_M, city
from planner.access import compute_travel_times, snap
from planner.access.network import metric_crs
from planner.access.segments import build_network
from planner.study import WalkingProfile

pytestmark = pytest.mark.scale


def test_a_million_junctions_in_a_minute_and_four_gigabytes(repository):
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.walking.city"], capture_output=True, text=True, check=True, cwd=repository
    )
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["junctions"] > 1_000_000
    assert told["city_s"] < 60
    assert told["peak_mb"] < 4096


def test_time_per_origin_does_not_grow_with_the_city():
    walker, took = WalkingProfile(speed_m_s=1.2), []
    for side in (150, 600):  # sixteen times the junctions, people as dense
        network = build_network(city(side), metric_crs("EPSG:32650"))
        rng = np.random.default_rng(1)
        size = side * side // 40
        homes, places = (
            snap(network, rng.uniform(0, side * SPACING_M, (n, 2)), max_connector_m=200) for n in (size, size // 5)
        )
        compute_travel_times(network, homes, places, walker, 900.0, threads=1)
        begun = time.process_time()
        compute_travel_times(network, homes, places, walker, 900.0, threads=1)
        took.append((time.process_time() - begun) / size)
    assert took[1] < 2 * took[0]
