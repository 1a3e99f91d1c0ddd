import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from planner.district.demand import apportion


@given(
    st.lists(st.integers(0, 100_000), min_size=1, max_size=8),
    st.lists(st.floats(0.001, 1e6), min_size=1, max_size=60),
    st.randoms(use_true_random=False),
)
def test_sums_are_kept_exactly_whatever_the_weights(totals, weights, random):
    totals = np.array(totals, dtype=float)
    origin = np.sort(np.concatenate([np.arange(len(totals)), [random.randrange(len(totals)) for _ in weights]]))
    weight = np.array([random.choice(weights) for _ in origin])
    for steps in (1, 2**20):
        shares = apportion(totals, origin, weight, steps)
        assert (shares >= 0).all()
        assert np.array_equal(np.bincount(origin, shares, minlength=len(totals)), totals)
        exact = totals[origin] * weight / np.bincount(origin, weight)[origin]
        assert np.abs(shares - exact).max() <= 1 / steps + 1e-6


def test_largest_remainder_by_hand():
    # 7 people over 1 : 1 : 2 → 1.75, 1.75, 3.5: floors 1, 1, 3 leave two, for the two remainders of .75
    assert apportion(np.array([7.0]), np.array([0, 0, 0]), np.array([1.0, 1.0, 2.0]), 1).tolist() == [2, 2, 3]


def test_fractions_are_rounded_so_that_the_district_keeps_its_sum():
    shares = apportion(np.array([0.5, 0.5, 2.0]), np.array([0, 1, 2]), np.ones(3), 1)
    assert shares.tolist() == [1, 0, 2]
