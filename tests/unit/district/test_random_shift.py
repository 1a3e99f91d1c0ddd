"""The random-shift test on simulated ground: how often it cries wolf over unshifted points, how often it sees a shift."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from planner.district.checks.datum import (
    MIN_DISPLACEMENT_M,
    REFERENCES,
    HitCounts,
    random_shift_test,
    reference_displacements,
    standardised_fit,
)

pytestmark = pytest.mark.deep

#: metres of one cell of the simulated ground, and cells along its side: 4 km
CELL_M, CELLS = 10.0, 400
SHIFTS = np.array([[-460.0, 230.0], [-1100.0, -420.0]])
FIRST = 1 + len(SHIFTS)


@pytest.fixture(scope="module")
def displaced():
    return np.concatenate([[[0.0, 0.0]], SHIFTS, reference_displacements(SHIFTS)])


def ground(random):
    """Return where a point lies beside a street, bool[x, y]: two fifths of a ground whose blocks are some 100 m wide."""
    field = gaussian_filter(random.normal(size=(CELLS, CELLS)), 5.0, mode="wrap")
    return field > np.quantile(field, 0.6)


def beside(field, xy):
    at = np.floor(xy / CELL_M).astype(int) % CELLS
    return field[at[..., 0], at[..., 1]]


def verdict(field, xy, displaced):
    hits = beside(field, xy[None] + displaced[:, None]).sum(axis=1).astype(np.float64)
    scores = standardised_fit(HitCounts(hits, np.full(len(hits), float(len(xy))), len(xy)), FIRST)
    return random_shift_test([] if scores is None else [scores], FIRST)


def chances(displaced, points_of, towns, seed):
    found = []
    for town in range(towns):
        random = np.random.default_rng([seed, town])
        field = ground(random)
        found.append(verdict(field, points_of(random, field), displaced))
    return found


def anywhere(random, _, n=65):
    return 4000 + random.uniform(-700, 700, (n, 2))


def in_clusters(random, _, n=65):
    middles = 4000 + random.uniform(-600, 600, (5, 2))
    return middles[random.integers(5, size=n)] + random.normal(0, 50, (n, 2))


def at_doors(random, field, n=65):
    many = anywhere(random, field, 40 * n)
    return many[beside(field, many)][:n]


@pytest.mark.parametrize("points_of", [anywhere, in_clusters])
def test_unshifted_points_anywhere_raise_no_more_alarms_than_stated(displaced, points_of):
    found = chances(displaced, points_of, 150, 1)
    alarms = [np.mean([v.chance <= level for v in found]) for level in (0.005, 0.02, 0.1)]
    # 150 towns: 0.75, 3 and 15 false alarms are expected at most; three standard deviations are allowed
    assert alarms[0] <= 0.02
    assert alarms[1] <= 0.055
    assert alarms[2] <= 0.17


def test_points_at_their_doors_raise_no_alarm_at_all(displaced):
    assert min(v.chance for v in chances(displaced, at_doors, 100, 2)) > 0.02


@pytest.mark.parametrize("shift", [0, 1])
def test_points_at_doors_that_carry_a_shift_are_seen_and_the_shift_is_named(displaced, shift):
    found = chances(displaced, lambda random, field: at_doors(random, field) - SHIFTS[shift], 60, 3)
    seen = [v.shift for v in found if v.chance <= 0.02]
    assert len(seen) >= 0.9 * len(found)
    assert set(seen) == {shift}


def test_two_layers_too_small_alone_are_seen_together(displaced):
    random = np.random.default_rng(7)
    field = ground(random)
    xy = at_doors(random, field, 30) - SHIFTS[0]
    hits = beside(field, xy[None] + displaced[:, None]).astype(np.float64)
    parts = [
        HitCounts(h.sum(axis=1), np.full(len(displaced), float(h.shape[1])), h.shape[1])
        for h in (hits[:, :6], hits[:, 6:])
    ]
    assert standardised_fit(parts[0], FIRST) is None  # six points say nothing
    together = standardised_fit(parts[0] + parts[1], FIRST)
    assert random_shift_test([together], FIRST).shift == 0


def test_references_lie_in_all_directions_apart_from_the_shifts():
    vectors = reference_displacements(SHIFTS)
    assert 0.9 * REFERENCES < len(vectors) <= REFERENCES
    assert np.hypot(*vectors.T).min() >= MIN_DISPLACEMENT_M
    assert np.hypot(*(vectors[:, None] - SHIFTS[None]).transpose(2, 0, 1)).min() > MIN_DISPLACEMENT_M
    quarters = np.histogram(np.arctan2(vectors[:, 1], vectors[:, 0]), 8)[0]
    assert quarters.min() > 0.7 * quarters.mean()
    np.testing.assert_array_equal(vectors, reference_displacements(SHIFTS))


def test_a_street_grid_that_fits_under_many_displacements_is_no_evidence(displaced):
    """Streets every 100 m: a shift by a multiple fits perfectly, and so do a tenth of all others."""
    field = np.zeros((CELLS, CELLS), dtype=bool)
    field[::10] = field[:, ::10] = True
    random = np.random.default_rng(5)
    xy = 4000 + np.column_stack([random.integers(-7, 7, 65) * 100.0, random.uniform(-700, 700, 65)]) + 5
    found = verdict(field, xy - SHIFTS[0], displaced)
    assert found.shift == 0
    assert found.chance > 0.02


@pytest.mark.parametrize("hits", [0.0, 65.0])
def test_a_fit_that_no_displacement_changes_says_nothing(displaced, hits):
    tally = HitCounts(np.full(len(displaced), hits), np.full(len(displaced), 65.0), 65)
    assert standardised_fit(tally, FIRST) is None
    assert random_shift_test([], FIRST) is None
