"""Rounding noise is nothing, and one person in a hundred million is somebody."""

import math

import pytest

from planner.i18n import format_gap, format_share


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (2e-16, "0.0 %"),
        (1 - 2e-16, "100.0 %"),
        (1e-8, "0.1 %"),
        (1 - 1e-8, "99.9 %"),
        (0.0, "0.0 %"),
        (1.0, "100.0 %"),
        (0.667, "66.7 %"),
    ],
)
def test_a_share_is_never_rounded_to_nothing_or_everything_but_for_noise(share, text):
    assert format_share(share) == text


@pytest.mark.parametrize(
    ("gap", "text"),
    [
        (2e-16, "0.00 %"),
        (0.0, "0.00 %"),
        (4e-5, "< 0.01 %"),
        (1e-4, "0.01 %"),
        (0.0305, "3.05 %"),
        (math.inf, "–"),
        (math.nan, "–"),
        (None, "–"),
    ],
)
def test_a_gap_is_no_larger_than_it_is(gap, text):
    assert format_gap(gap) == text
