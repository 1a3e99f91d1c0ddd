"""Measures against hand-counted numbers and other people's code."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inequality.gini import Gini

from planner.access.catchments import Binary, Exponential, Gaussian, Steps
from planner.access.indicators import coverage, gini, lowest_share, palma, people_share
from tests.oracle.walks import walk_to_nearest, weighted_quantile
from tests.unit.access.random_times import travel_times_of

#  four blocks, two sites; the last block reaches nothing
REACH = travel_times_of([{0: 100.0, 1: 400.0}, {1: 300.0}, {0: 800.0}, {}], n_sites=2)
PEOPLE = np.array([10.0, 20.0, 30.0, 40.0])


def test_coverage_counts_people_and_keeps_the_unreached():
    np.testing.assert_allclose(coverage(REACH, PEOPLE, [99.0, 100.0, 300.0, 800.0]), [0.0, 0.1, 0.3, 0.6])


def test_coverage_rolls_up_by_area_and_says_where_nobody_lives():
    by_area = coverage(REACH, PEOPLE, [300.0], areas=np.array([0, 0, 2, -1]), n_areas=3)
    np.testing.assert_allclose(by_area, [[1.0, np.nan, 0.0]])
    assert lowest_share(by_area) == 0.0
    assert np.isnan(lowest_share(np.array([np.nan])))


def test_walk_to_nearest():
    walked = walk_to_nearest(REACH, PEOPLE)
    assert walked.people == 100
    assert walked.reached == 60
    assert walked.mean_of_reached_s == pytest.approx((10 * 100 + 20 * 300 + 30 * 800) / 60)
    assert walked.p90_s == np.inf
    assert walked.max_s == np.inf


def test_a_block_without_people_has_no_say():
    walked = walk_to_nearest(REACH, np.array([10.0, 20.0, 30.0, 0.0]))
    assert walked.max_s == 800
    assert walked.p90_s == 800
    empty = walk_to_nearest(REACH, np.zeros(4))
    assert np.isnan(empty.mean_of_reached_s)
    assert np.isnan(empty.p90_s)


def test_quantile_is_a_value_somebody_walks():
    values, people = np.array([30.0, 10.0, 20.0]), np.array([1.0, 5.0, 4.0])
    assert [weighted_quantile(values, people, q) for q in (0.0, 0.5, 0.51, 0.9, 0.91, 1.0)] == [10, 10, 20, 20, 30, 30]


def test_share_of_nobody_is_not_a_number():
    assert np.isnan(people_share(np.zeros(3), np.ones(3, dtype=bool)))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 8)), min_size=1, max_size=20))
def test_gini_equals_the_published_one_on_people_counted_one_by_one(pairs):
    values, people = np.array(pairs, dtype=float).T
    if values.sum() == 0:
        assert np.isnan(gini(values, people))
        return
    one_by_one = np.repeat(values, people.astype(int))
    assert gini(values, people) == pytest.approx(Gini(one_by_one).g, abs=1e-12)


def test_palma():
    # ten people: the best-served one holds 5, the worst-served four hold 1 + 1 + 2 + 2
    values = np.array([1.0, 2.0, 3.0, 5.0])
    assert palma(values, np.array([2.0, 2.0, 5.0, 1.0])) == pytest.approx(5 / 6)
    # the fifth-worst of five holds half of the best tenth's doubled weight: 10 % of 5 people is half a person
    assert palma(np.array([0.0, 1.0]), np.array([4.0, 6.0])) == np.inf
    assert np.isnan(palma(np.zeros(2), np.ones(2)))


def test_decays():
    walks = np.array([0.0, 300.0, 300.5, 600.0, 601.0])
    np.testing.assert_allclose(Binary(300.0)(walks), [1, 1, 0, 0, 0])
    np.testing.assert_allclose(Steps((300.0, 600.0), (1.0, 0.4))(walks), [1, 1, 0.4, 0.4, 0])
    np.testing.assert_allclose(Gaussian(600.0)(walks)[[0, 3, 4]], [1, 0, 0], atol=1e-15)
    half = (np.exp(-0.125) - np.exp(-0.5)) / (1 - np.exp(-0.5))
    assert Gaussian(600.0)(walks)[1] == pytest.approx(half)
    np.testing.assert_allclose(Exponential(300.0, 600.0)(walks)[[0, 1, 3, 4]], [1, 0.5, 0.25, 0])
    with pytest.raises(ValueError, match="ascend"):
        Steps((600.0, 300.0), (1.0, 0.4))
