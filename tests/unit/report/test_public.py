"""The page for the public tells nothing of homes, boundaries or fewer than ten people."""

import pytest

from planner.report.public import disclosed_count, disclosed_counts, public_page
from tests.unit.report.small_run import HOSTILE, small_run
from tests.unit.report.test_meeting_page import data


@pytest.mark.parametrize(
    ("people", "told"), [(0, 0), (0.4, None), (9.99, None), (10, 10), (14.9, 10), (15, 20), (1234, 1230)]
)
def test_small_counts_are_left_out_and_others_rounded_to_tens(people, told):
    assert disclosed_count(people) == told


def test_what_is_left_over_is_protected_too():
    assert disclosed_counts([100, 95, 0]) == [100, None, 0]
    assert disclosed_counts([100, 100, 4]) == [100, 100, None]
    assert disclosed_counts([8, 8, 0]) == [None, None, None]


def test_no_count_of_the_page_is_between_nought_and_ten():
    page = public_page(small_run(), declassify=True)
    run, ground = data(page, "planner-run"), data(page, "planner-ground")
    cells = [count for row in run["coverage"].values() for count in row]
    cells += [count for rows in ground["communities"]["cover"].values() for row in rows for count in row]
    assert len(cells) > 100
    assert None in cells
    assert all(count is None or count % 10 == 0 for count in cells)


def test_the_map_shows_what_is_drawn_and_little_more():
    ground = data(public_page(small_run(), declassify=True), "planner-ground")
    places = data(public_page(small_run(), declassify=True), "planner-places")
    (south, west), (north, east) = ground["focus"]
    for low, high, drawn, margin in (
        (south, north, ground["communities"]["lat"] + places["lat"], 0.0045),
        (west, east, ground["communities"]["lon"] + places["lon"], 0.0065),
    ):
        assert low < min(drawn) < low + margin
        assert high - margin < max(drawn) < high


def test_homes_boundaries_and_walks_stay_at_home():
    run = small_run()
    page = public_page(run, declassify=True)
    ground = data(page, "planner-ground")
    assert set(ground) == {"perDegree", "focus", "streets", "communities", "base"}
    assert set(ground["communities"]) == {"name", "lon", "lat", "cover", "labelled"}
    assert ground["communities"]["name"] == list(HOSTILE)
    assert "planner-problem" not in page
    assert run.tables.demand["id"].iloc[7] not in page
