import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.report.cartography import (
    EMPTY,
    GROUND,
    HOMES,
    MUTED,
    RAMP,
    SERVICES,
    class_limits,
    glyphs,
    outline_colour,
    relative_luminance,
)
from tests.conftest import REPOSITORY

#: colours of gains and losses of the meeting page
_SCRIPT = (REPOSITORY / "planner" / "report" / "web" / "meeting_map.js").read_text(encoding="utf-8")
DIVERGING_ON_PAGES = [
    colour
    for name in ("GAIN", "LOSS")
    for colour in re.findall(r"#\w{6}", re.search(rf"const {name} = (.*)", _SCRIPT)[1])
]


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
    assert glyphs(["Elder care", "Canteen", "Childcare", "Clinic"]) == ("E", "Ca", "Ch", "Cl")
    assert glyphs(["养老服务", "社区食堂", "托育服务", "社区卫生站"]) == ("养", "餐", "托", "医")
    assert glyphs(["A", "A", "--"]) == ("1", "2", "3")


def test_a_study_may_choose_its_letters():
    assert glyphs(["Canteen", "Childcare"], ["🍲", None]) == ("🍲", "C")
    assert glyphs(["养老", "食堂"], ["长", "饭"]) == ("长", "饭")


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


def _contrast(one, other):
    brighter, darker = sorted((relative_luminance(one), relative_luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("position", range(len(SERVICES)))
@pytest.mark.parametrize("ground", [MUTED, GROUND, EMPTY, *RAMP, *HOMES.values(), *DIVERGING_ON_PAGES])
def test_the_line_of_an_area_or_its_casing_stands_out_from_everything_under_it(position, ground):
    line = outline_colour(position)
    assert max(_contrast(line, ground), _contrast("#ffffff", ground)) >= 3.0
    assert _contrast(line, "#ffffff") >= 3.0
