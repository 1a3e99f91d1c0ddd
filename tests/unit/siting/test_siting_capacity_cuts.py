"""What the places of one opening are worth is what a linear programme of its own says, least load and all."""

import numpy as np
import pytest
from scipy.optimize import linprog

from planner.siting.benders.capacity_cuts import worth

MISSING = 500.0


def by_programme(flow_worth, load, people, capacity, least):
    """Fill the places as well as they can be; each that has to be used and is not costs `MISSING`."""
    cost = np.append(-flow_worth, MISSING)
    rows = np.array([np.append(load, 0.0), np.append(-load, -1.0)])
    bounds = [(0.0, most) for most in people] + [(0.0, None)]
    return -linprog(cost, rows, [min(capacity, 1e9), -least], bounds=bounds).fun


@pytest.mark.deep
def test_places_are_filled_at_their_best():
    for seed in range(200):
        drawn(seed)


def drawn(seed):
    rng = np.random.default_rng(seed)
    flows, slots, offers = int(rng.integers(1, 9)), int(rng.integers(1, 4)), int(rng.integers(1, 7))
    slot = np.sort(rng.integers(0, slots, flows))
    slot_of_offer = np.sort(rng.integers(0, slots, offers))
    flow_worth = rng.integers(-4, 5, flows).astype(float)
    load = rng.choice([0.0, 0.5, 1.0, 2.0], flows)
    people = rng.integers(1, 6, flows).astype(float)
    capacity = rng.choice([0.0, 2.0, 5.0, np.inf], offers)
    least = rng.choice([0.0, 0.0, 1.0, 3.0, 30.0], offers)
    rank = flow_worth / np.maximum(load, 1e-12)
    found = worth(
        np.searchsorted(slot, np.arange(slots + 1)),
        np.arange(flows),
        np.searchsorted(slot_of_offer, np.arange(slots + 1)),
        np.arange(offers),
        flow_worth,
        rank,
        load,
        people,
        capacity,
        least,
        MISSING,
    )
    for offer in range(offers):
        mine = slot == slot_of_offer[offer]
        wanted = by_programme(flow_worth[mine], load[mine], people[mine], capacity[offer], least[offer])
        assert found[offer] == pytest.approx(wanted, abs=1e-6), (seed, offer)
