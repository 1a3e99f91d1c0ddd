"""What the page carries of the walks can never change who is inside a circle, and numbers come back as they went."""

import base64

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from planner.report.encoding import (
    MAX_TIME_CLASSES,
    pack_counts,
    pack_floats,
    pack_steps,
    pack_travel_times,
    time_class,
    time_grid_s,
)

cutoffs = st.lists(st.floats(1, 7200, width=32), min_size=1, max_size=12, unique=True).map(sorted)


def read_counts(text: str) -> list[int]:
    """Read numbers digit by digit, as the page does."""
    numbers, number, shift = [], 0, 0
    for digit in base64.b64decode(text):
        number += (digit & 127) << shift
        shift += 7
        if digit < 128:
            numbers.append(number)
            number, shift = 0, 0
    return numbers


@given(hnp.arrays(np.int64, st.integers(0, 40), elements=st.integers(0, 2**62)))
def test_counts_come_back(values):
    assert read_counts(pack_counts(values)) == values.tolist()


@pytest.mark.deep
@given(hnp.arrays(np.int64, st.integers(0, 40), elements=st.integers(-(2**40), 2**40)))
def test_steps_come_back(values):
    steps = [(step >> 1) ^ -(step & 1) for step in read_counts(pack_steps(values))]
    assert np.cumsum(steps, dtype=np.int64).tolist() == values.tolist()


@given(
    hnp.arrays(np.float64, st.integers(0, 30), elements=st.one_of(st.integers(0, 10**6).map(float), st.floats(0, 1e9)))
)
def test_people_come_back_to_the_last_bit(values):
    packed = pack_floats(values)
    back = (
        read_counts(packed["counts"])
        if "counts" in packed
        else np.frombuffer(base64.b64decode(packed["floats"]), "<f8")
    )
    assert np.array_equal(np.asarray(back, dtype=np.float64), values)


@given(cutoffs, st.data())
def test_a_line_says_of_every_circle_what_the_seconds_say(cutoffs, data):
    grid = time_grid_s(cutoffs)
    assert len(grid) <= MAX_TIME_CLASSES
    assert set(cutoffs) <= set(grid.tolist())
    near = np.array(cutoffs, dtype=np.float32)
    edges = np.concatenate([near, np.nextafter(near, np.float32(0)), np.nextafter(near, np.float32(np.inf))])
    drawn = data.draw(hnp.arrays(np.float32, 20, elements=st.floats(0, 7300, width=32)))
    seconds = np.concatenate([edges, drawn])
    lines = time_class(seconds, grid)
    for cutoff in cutoffs:
        np.testing.assert_array_equal(lines <= np.flatnonzero(grid == cutoff)[0], seconds.astype(np.float64) <= cutoff)


@given(st.data())
def test_the_nearest_line_is_the_line_of_the_nearest(data):
    seconds = data.draw(hnp.arrays(np.float32, 15, elements=st.floats(0, 1000, width=32)))
    grid = time_grid_s([300.0, 600.0, 900.0])
    assert time_class(seconds, grid).min() == time_class(seconds.min(keepdims=True), grid)[0]


def test_fifteen_minutes_are_told_to_four_seconds():
    grid = time_grid_s([300.0, 600.0, 900.0])
    assert np.diff(grid, prepend=0).max() <= 4


@pytest.mark.deep
@given(st.integers(1, 30), st.integers(1, 8), st.randoms(use_true_random=False))
def test_every_pair_comes_back_with_its_place_and_line(n, places, chance):
    demand_ids, place_ids = [f"d{i}" for i in range(n)], [f"p{j}" for j in range(places)]
    pairs = [(i, j) for i in range(n) for j in range(places) if chance.random() < 0.4]
    seconds = [chance.choice([chance.uniform(0, 950), 300.0, 600.0]) for _ in pairs]
    reach = pd.DataFrame(
        {
            "demand_id": pd.Categorical([demand_ids[i] for i, _ in pairs], categories=demand_ids[::-1]),
            "place_id": pd.Categorical([place_ids[j] for _, j in pairs], categories=place_ids),
            "seconds": np.array(seconds, dtype=np.float32),
        }
    )
    packed = pack_travel_times(reach, demand_ids, place_ids, [300.0, 600.0])
    lines, steps = iter(base64.b64decode(packed["lines"])), iter(read_counts(packed["demand"]))
    found = {}
    for j, number in enumerate(read_counts(packed["perPlace"])):
        at = 0
        for _ in range(number):
            at += next(steps)
            found[at, j] = packed["grid"][next(lines)]
    inside = {pair: np.float32(s) for pair, s in zip(pairs, seconds, strict=True) if np.float32(s) <= 600}
    assert found.keys() == inside.keys()
    assert all(s <= found[pair] for pair, s in inside.items())
    assert packed["pairs"] == len(inside)
