"""Shares of variance never add to more than everything, and are correlation ratios where every combination was run."""

import numpy as np
import pytest

from planner.store.assumptions import variance_shares


def test_two_factors_that_mostly_change_together_share_what_they_explain():
    codes = np.array([[0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 1, 1]])
    shares = variance_shares(codes, np.array([0.0, 0.1, 0.9, 2.0, 2.1, 1.9]))
    assert shares.sum() <= 1 + 1e-12
    assert (shares > 0).all()


@pytest.mark.parametrize("factors", [2, 5, 9, 12])
def test_shares_of_random_runs_add_to_at_most_everything(factors):
    draw = np.random.default_rng(factors)
    shares = variance_shares(draw.integers(0, 3, (factors, 40)), draw.random(40))
    assert 0 < shares.sum() <= 1 + 1e-9


def test_a_full_grid_gives_the_correlation_ratio():
    codes = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])
    assert variance_shares(codes, np.array([0.0, 1.0, 3.0, 4.0])) == pytest.approx([0.9, 0.1])
    assert np.isnan(variance_shares(codes, np.ones(4))).all()
