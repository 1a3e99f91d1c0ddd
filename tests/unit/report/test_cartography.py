import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from planner.report.cartography import RAMP, SERVICES, class_limits, glyphs


@given(st.lists(st.floats(0, 1e7), max_size=200))
def test_limits_ascend_and_hold_the_largest_value(values):
    limits = class_limits(values)
    assert len(limits) <= len(RAMP) - 1
    assert all(a < b for a, b in itertools.pairwise(limits))
    if max(values, default=0) > 0.5:
        assert limits[-1] >= max(values)
    else:
        assert limits == ()


def test_limits_are_round_numbers():
    assert class_limits(np.arange(1, 1001)) == (200.0, 400.0, 600.0, 800.0, 1000.0)


def test_glyphs_tell_services_apart():
    assert glyphs(["Canteen", "Childcare", "Clinic"]) == ("C", "H", "L")
    assert glyphs(["养老", "食堂", "托育"]) == ("养", "食", "托")
    assert glyphs(["A", "A", "--"]) == ("A", "2", "3")


def _lightness(colour):
    """L* of CIE Lab."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)]
    y = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


def test_the_ramp_darkens_in_steps_a_projector_keeps_apart():
    lightness = [_lightness(colour) for colour in RAMP]
    assert all(a - b >= 5 for a, b in itertools.pairwise(lightness))


def test_white_letters_are_legible_on_every_service():
    for colour in SERVICES:
        y = ((_lightness(colour) + 16) / 116) ** 3
        assert 1.05 / (y + 0.05) >= 3.0, colour  # WCAG 2.1, 1.4.11: large bold text and graphics
