"""Rules of areas in a meeting: limits, people and circles of two streets that differ, counted on the page as in the tables."""

from __future__ import annotations

import pytest

from planner.cli import _run
from planner.store.run import Run
from tests.street_town import TWO_STREETS, study_of, write_street

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("areas")
    walking = {"profiles": {"elder": {"speed_m_s": 1.0}, "frail": {"speed_m_s": 0.5}}}
    west, east = TWO_STREETS
    own = {**west["services"]["care"], "walker": "frail"}
    areas = [{**west, "services": {"care": own}, "floors": []}, east]
    areas.append({"by": "side", "name": "east", "floors": [{"service": "care", "minutes": 5, "share": 0.7}]})
    path = write_street(folder, study_of(areas=areas, walking=walking))
    assert _run(["plan", str(path), "--out", str(folder / "out"), "--quiet"]) == 0
    return Run.read(folder / "out"), folder / "out"


@pytest.fixture
def meeting(open_page, run):
    opened = open_page(run[1] / "meeting.html", 1280, 800)
    yield opened
    assert opened.errors == []


def test_the_plan_is_counted_as_its_tables_say(meeting, run):
    page, tables = meeting.page, run[0].tables
    for name, column in (("today", "covered_before"), ("plan", "covered_after")):
        assert page.evaluate(f"planner.store.counted('{name}').covered[0]") == tables.coverage[column].tolist()
    assert page.evaluate("planner.store.counted('plan').worth") == run[0].manifest.result.objective
    limits = tables.area_limits[tables.area_limits["kind"] != "floor"]
    assert page.evaluate("planner.store.counted('plan').areas.map(({used}) => used)") == limits["used"].tolist()
    assert page.evaluate("planner.store.counted('plan').broken.length") == 0


def test_limits_are_counted_with_every_switch(meeting):
    page = meeting.page
    panel = page.locator(".board-areas")
    assert "east: capital at most 150,000" in panel.inner_text()
    page.evaluate(
        "planner.store.toggle(2, 0)"
    )  # C2 closes: 110 of 150 in the east are no longer reached, and 50 m² are missing
    broken = page.evaluate("planner.store.counted('room').broken")
    assert sorted(one["rule"] for one in broken) == ["area_limit", "floor"]
    said = page.locator(".broken").inner_text()
    assert "east: at least 50 m² more floor area than today; this choice has 0" in said
    assert "east: " in next(line for line in said.splitlines() if "70" in line)


def test_nobody_can_choose_the_walkers_of_areas_for_everybody(meeting):
    names = meeting.page.locator("[data-action=walker] option").all_inner_texts()
    assert len(names) == 3
    assert not any("area" in name for name in names)
