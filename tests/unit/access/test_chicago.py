"""Floating catchments equal PySAL's ``access`` 1.1.10 on Chicago's doctors; numbers written by `tests.oracle.chicago`."""

import json

import numpy as np
import pytest

from planner.access import TravelTimes
from planner.access.catchments import Binary, Gaussian, Steps, floating_catchment
from tests.oracle.chicago import CUTOFF, STEPS, tracts

DECAYS = {
    "2sfca": Binary(CUTOFF),
    "steps": Steps(tuple(bound for bound, _ in STEPS), tuple(weight for _, weight in STEPS)),
    "gaussian": Gaussian(CUTOFF),
}


@pytest.fixture(scope="module")
def chicago(shared_data):
    geoid, people, doctors, origin, destination, cost = tracts(shared_data / "chicago")
    order = np.lexsort((destination, cost, origin))
    reach = TravelTimes(
        indptr=np.concatenate([[0], np.cumsum(np.bincount(origin, minlength=len(geoid)))]),
        site=destination[order].astype(np.int32),
        seconds=cost[order].astype(np.float32),
        n_sites=len(geoid),
        cutoff_s=CUTOFF,
    )
    return geoid, people, doctors, reach


@pytest.mark.shared
@pytest.mark.parametrize("name", DECAYS)
def test_equals_the_published_implementation(chicago, repository, name):
    geoid, people, doctors, reach = chicago
    expected = json.loads((repository / "tests/data/chicago_access_1.1.10.json").read_text())[name]
    access = dict(zip(geoid.astype(str), floating_catchment(reach, people, doctors, DECAYS[name]), strict=True))
    assert sum(access.values()) == pytest.approx(expected.pop("sum over all tracts"), rel=1e-6)
    assert len(expected) == 49
    # every doctor whom somebody reaches is shared out among people: Σ p·A = Σ S
    reached = np.zeros(reach.n_sites, dtype=bool)
    reached[reach.site[(people[reach.demand] > 0) & (DECAYS[name](reach.seconds) > 0)]] = True
    given = sum(access[tract] * n for tract, n in zip(geoid.astype(str), people, strict=True))
    assert given == pytest.approx(doctors[reached].sum(), rel=1e-9)
    for tract, value in expected.items():
        assert access[tract] == pytest.approx(value, rel=1e-5), tract
