"""What is written is what is read, and what is shifted can be shifted back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.district import gcj02
from planner.io.encoding import cut_name, decide, decode, decode_name

METRES_PER_DEGREE = 111_320
CHINA = st.tuples(st.floats(73, 135), st.floats(3.5, 53.5))
#: the 6,763 characters of GB 2312: what names of places are written in
COMMON = [chr(code) for code in range(0x4E00, 0x9FA6) if len(chr(code).encode("gb2312", "ignore")) == 2]
HAN = st.text(st.sampled_from(COMMON), min_size=2, max_size=12)


@pytest.mark.parametrize("system", ["gcj02", "bd09"])
@given(st.lists(CHINA, min_size=1, max_size=40))
def test_a_shift_taken_back_closes_to_under_a_millimetre(system, points):
    lon, lat = np.array(points).T
    forth = getattr(gcj02, f"wgs84_to_{system}")
    back = getattr(gcj02, f"{system}_to_wgs84")
    again = back(*forth(lon, lat))
    assert np.hypot(again[0] - lon, again[1] - lat).max() * METRES_PER_DEGREE < 1e-3


@given(CHINA)
def test_a_shift_is_a_few_hundred_metres(point):
    lon, lat = np.array([point[0]]), np.array([point[1]])
    moved = gcj02.wgs84_to_gcj02(lon, lat)
    metres = np.hypot((moved[0] - lon) * np.cos(np.radians(lat)), moved[1] - lat) * METRES_PER_DEGREE
    assert 1 < metres[0] < 1000


@given(st.floats(-179, 70), st.floats(-85, 85))
def test_points_outside_china_stay(lon, lat):
    point = np.array([lon]), np.array([lat])
    for move in (gcj02.wgs84_to_gcj02, gcj02.gcj02_to_wgs84, gcj02.wgs84_to_bd09, gcj02.bd09_to_wgs84):
        assert np.array_equal(move(*point), point)


def test_the_forward_formulas_are_the_ones_in_general_use():
    # Tiananmen, as the published converters have it
    lon, lat = np.array([116.404]), np.array([39.915])
    assert np.concatenate(gcj02.wgs84_to_gcj02(lon, lat)) == pytest.approx(
        [116.41024449916938, 39.91640428150164], abs=1e-9
    )
    assert np.concatenate(gcj02.gcj02_to_bd09(lon, lat)) == pytest.approx(
        [116.41036949371029, 39.92133699351021], abs=1e-9
    )


@pytest.mark.deep
@given(st.lists(HAN, min_size=8, max_size=40, unique=True), st.sampled_from(["utf-8", "gb18030"]))
def test_texts_come_back_as_they_were_written(texts, encoding):
    written = [text.encode(encoding) for text in texts]
    decision = decide(written)
    assert decision.encoding == encoding
    assert [decode(text, decision) for text in written] == texts


@given(HAN, st.sampled_from(["utf-8", "gb18030"]))
def test_a_cut_name_is_the_beginning_of_the_whole_one(name, encoding):
    cut = decode_name(name.encode(encoding)[:10], encoding)
    assert name.startswith(cut)
    assert cut == cut_name(name, encoding)


@given(st.lists(st.binary(max_size=40), max_size=30), st.lists(st.binary(max_size=10), max_size=5))
def test_any_bytes_are_decided_and_decoded(texts, names):
    decision = decide(texts, names)
    for text in texts:
        assert isinstance(decode(text, decision), str)
    for name in names:
        assert isinstance(decode_name(name, decision.encoding), str)
