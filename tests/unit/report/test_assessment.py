"""How far people walk is said so that it can be read aloud, above all where somebody reaches nothing."""

import math
from types import SimpleNamespace

import pytest

from planner.report.assessment import minutes_text, walks_text

HOUR = SimpleNamespace(origin=SimpleNamespace(limit_s=3600.0))
NAN, INF = math.nan, math.inf

#: people, of whom reach one, mean, P90 and longest walk in seconds
EVERYBODY = (1000.0, 1000.0, 318.0, 570.0, 1212.0)
SOME_REACH_NONE = (4000.0, 3988.0, 318.0, 570.0, INF)
MANY_REACH_NONE = (5273.4, 4039.4, 318.0, INF, INF)
NOBODY_REACHES_ONE = (1000.0, 0.0, NAN, INF, INF)
NOBODY_LIVES_THERE = (0.0, 0.0, NAN, NAN, NAN)


def _row(walk):
    return dict(zip(("people", "reached", "mean_of_reached_s", "p90_s", "max_s"), walk, strict=True))


@pytest.mark.parametrize(
    ("walk", "zh", "en"),
    [
        (
            EVERYBODY,
            "平均 5.3 分钟，九成人 9.5 分钟以内，最远 20.2 分钟",
            "mean 5.3 min, nine in ten within 9.5 min, longest 20.2 min",
        ),
        (
            SOME_REACH_NONE,
            "走得到者平均 5.3 分钟，九成人 9.5 分钟以内；12 人（0.3 %）步行 60 分钟仍走不到",
            "mean 5.3 min for those who reach one, nine in ten within 9.5 min; 12 people (0.3 %) reach none within 60 min",
        ),
        (
            MANY_REACH_NONE,
            "走得到者平均 5.3 分钟；1,234 人（23.4 %）步行 60 分钟仍走不到",
            "mean 5.3 min for those who reach one; 1,234 people (23.4 %) reach none within 60 min",
        ),
        (NOBODY_REACHES_ONE, "步行 60 分钟无人走得到", "nobody reaches one within 60 min"),
        (NOBODY_LIVES_THERE, "–", "–"),
    ],
)
def test_a_walk_reads_as_a_sentence(walk, zh, en):
    assert walks_text(_row(walk), HOUR, "zh") == zh
    assert walks_text(_row(walk), HOUR, "en") == en


def test_beyond_the_longest_walk_timed_a_cell_says_so():
    assert minutes_text(INF, HOUR, "en") == "not within 60 min"
    assert minutes_text(INF, HOUR, "zh") == "60 分钟内走不到"
    assert minutes_text(NAN, HOUR, "en") == "–"
    assert minutes_text(600.0, HOUR, "en") == "10 min"
