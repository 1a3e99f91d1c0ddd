"""Groups of ages nest and overlap; people are counted once."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.district import disjoint_groups, heads
from planner.study import DemandGroup


def groups(**ages):
    return {
        name: DemandGroup(name=name, from_age=span[0] if span else None, to_age=span[1] if span else None)
        for name, span in ages.items()
    }


NESTED = groups(aged_60=(60, None), aged_65=(65, None), aged_80=(80, None), toddlers=(0, 2))


def test_whoever_is_eighty_is_sixty_too():
    people = np.array([[30.0, 20.0, 5.0, 4.0], [10.0, 9.0, 8.0, 0.0]])
    assert disjoint_groups(NESTED, people.sum(axis=0)).tolist() == [True, False, False, True]
    assert heads(NESTED, people) == 44


def test_ages_meet_only_where_a_year_is_in_both():
    assert heads(groups(young=(0, 59), old=(60, None)), np.array([[7.0, 3.0]])) == 10
    assert heads(groups(young=(0, 60), old=(60, None)), np.array([[7.0, 3.0]])) == 7


def test_the_parts_count_where_they_hold_more_than_the_whole():
    ages = groups(everybody=(0, None), young=(0, 59), old=(60, None))
    assert disjoint_groups(ages, np.array([9.0, 7.0, 3.0])).tolist() == [False, True, True]


def test_groups_without_ages_are_people_of_their_own():
    assert heads(groups(elders=(60, None), very_old=(80, None), disabled=None), np.array([[5.0, 2.0, 1.0]])) == 6
    assert heads(groups(elders=(60, None)), np.zeros((0, 1))) == 0


@given(
    st.lists(st.tuples(st.integers(0, 120), st.none() | st.integers(0, 40), st.floats(0, 1e6)), min_size=1, max_size=7)
)
def test_no_choice_of_groups_that_do_not_overlap_holds_more(drawn):
    spans = [(young, None if years is None else min(young + years, 120)) for young, years, _ in drawn]
    people = np.array([count for _, _, count in drawn])
    named = groups(**{f"g{i}": span for i, span in enumerate(spans)})
    ages = [set(range(young, (120 if old is None else old) + 1)) for young, old in spans]
    chosen = np.flatnonzero(disjoint_groups(named, people))
    assert all(not ages[a] & ages[b] for a, b in combinations(chosen, 2))
    most = max(
        people[list(some)].sum()
        for size in range(len(spans) + 1)
        for some in combinations(range(len(spans)), size)
        if all(not ages[a] & ages[b] for a, b in combinations(some, 2))
    )
    assert people[chosen].sum() == pytest.approx(most)
