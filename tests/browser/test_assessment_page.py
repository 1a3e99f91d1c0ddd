"""The page of an assessment in a real browser with the network off: no fault, no request, and the figures of its tables."""

import openpyxl
import pytest

from planner.i18n import format_change, format_count, format_share
from planner.report import publish_assessment
from planner.report.assessment import walker_coverage
from planner.store.assessment import Assessment
from tests.tiny_town import write_town
from tests.verbs import assess
from tests.workbooks import rows_of

pytestmark = pytest.mark.browser
COMPARED = ["walking.compare=[quick, slow]", "publication.classification=<b>internal</b>"]


@pytest.fixture(scope="module", params=["en", "zh"])
def made(request, tmp_path_factory):
    study = write_town(tmp_path_factory.mktemp("town"))
    sets = [*COMPARED, f"language={request.param}"]
    _, folder = assess(study, sets=sets, out=tmp_path_factory.mktemp("out") / "assess", publish=publish_assessment)
    return Assessment.read(folder), folder  # what is read back is what the page was made from


@pytest.fixture(scope="module")
def opened(made, open_page):
    return open_page(made[1] / "assess.html")


@pytest.mark.deep_after(1)
def test_opens_without_fault_and_asks_for_nothing_but_itself(opened, made):
    assert opened.errors == []
    assert opened.requests == [(made[1] / "assess.html").resolve().as_uri()]
    assert opened.page.locator(".stamp").inner_text() == "<b>internal</b>"


def test_the_panel_says_what_the_tables_say(opened, made):
    found = made[0]
    own = {service.id: service.walker for service in found.study.services}
    expected = [one for one in walker_coverage(found) if not one.group and one.walker == own[one.service.id]]
    rows = opened.page.locator(".cover-row")
    assert rows.count() == len(expected) > 0
    for one in expected:
        row = opened.page.locator(f".cover-row[data-service={one.service.id}][data-minutes='{one.minutes:g}']")
        assert row.locator(".share").inner_text() == format_share(one.share)
        assert row.locator(".covered").inner_text() == format_count(one.covered)


def test_two_walkers_stand_side_by_side(opened, made):
    found = made[0]
    told = {(one.service.id, one.minutes, one.walker): one for one in walker_coverage(found) if not one.group}
    for service in found.study.services:
        for circle in service.circles:
            quick, slow = (told[service.id, circle.minutes, walker] for walker in ("quick", "slow"))
            row = opened.page.locator(
                f".assess-compare tr[data-service={service.id}][data-minutes='{circle.minutes:g}'] td"
            )
            assert row.all_inner_texts()[1:] == [
                format_share(quick.share),
                format_share(slow.share),
                format_change(slow.covered - quick.covered),
            ]


def test_page_and_workbook_hold_the_same_numbers(made):
    found, folder = made
    sheet = openpyxl.load_workbook(folder / "assess.xlsx").worksheets[1]
    stored = found.tables.coverage[found.tables.coverage["level"] == "all"]
    names = {service.id: service.name.text(found.study.language) for service in found.study.services}
    shown = [list(row.values()) for row in rows_of(sheet)]
    assert len(stored) > 0
    for one in stored.itertuples():
        figures = (round(one.people, 1), round(one.covered, 1))
        assert any(names[one.service] in row and all(figure in row for figure in figures) for row in shown), one


@pytest.mark.deep
def test_a_facility_shows_its_circles_for_both_walkers(made, open_page):
    found, folder = made
    opened = open_page(folder / "assess.html")
    page = opened.page
    assert page.locator("#pair").is_hidden()
    page.evaluate("planner.choose(0)")
    assert page.locator("#pair figure").count() == 2
    assert page.locator("#pair .ring").count() == 4
    table = found.tables.facilities
    for walker in ("quick", "slow"):
        for minutes in (3, 6):
            stored = table[(table["walker"] == walker) & (table["minutes"] == minutes)].iloc[0]
            text = page.locator(f"#pair figure[data-walker={walker}] li[data-minutes='{minutes}']").inner_text()
            assert format_count(stored["people_within"]) in text
    assert page.locator(".leaflet-circles-pane path").count() == 2
    popup = page.locator(".leaflet-popup-content").inner_text()
    own = table[(table["walker"] == "slow") & (table["minutes"] == 6)].iloc[0]
    assert format_count(own["people_only_here"]) in popup
    page.locator("#pair .shut").click()
    assert page.locator("#pair").is_hidden()
    assert opened.errors == []


@pytest.mark.deep
def test_switches_change_what_is_drawn(made, open_page):
    opened = open_page(made[1] / "assess.html")
    page = opened.page
    homes = page.locator(".ramp").inner_text()
    page.locator("[data-value=people]").click()
    people = page.locator(".ramp").inner_text()
    assert people != homes
    page.locator("[data-value=balance]").click()
    assert "-0.6" in page.locator(".ramp").inner_text()
    page.locator("[data-value=share]").click()
    assert "80–100 %" in page.locator(".ramp").inner_text()
    page.locator("[data-value=people]").click()
    assert page.locator(".ramp").inner_text() == people
    page.evaluate("planner.choose(0)")
    assert page.locator(".leaflet-circles-pane path").count() == 2
    page.locator("[data-layer='assess.circles_key']").uncheck()
    assert page.locator(".leaflet-circles-pane path").count() == 0
    for value in ("only", "overlap", "load"):
        page.locator(f"[data-value={value}]").click()
    page.locator("#legend .choice").first.locator("button").nth(1).click()
    assert opened.errors == []


def test_unverified_standards_and_what_is_missing_are_said(opened, made):
    found = made[0]
    table = found.tables.benchmarks
    for name in table.loc[~table["verified"], "standard"].unique():
        assert opened.page.locator(f"[data-standard={name}] > .caution").count() == 1
    for name in table.loc[table["verified"], "standard"].unique():
        assert opened.page.locator(f"[data-standard={name}] > .caution").count() == 0
    missing = table[table[f"missing_{found.study.language}"] != ""].iloc[0]
    text = opened.page.locator(f"[data-standard={missing['standard']}]").inner_text()
    assert missing[f"missing_{found.study.language}"] in text


@pytest.mark.deep
@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1280, 720)])
def test_nothing_runs_over_the_edges(open_page, made, width, height):
    page = open_page(made[1] / "assess.html", width, height).page
    page.evaluate("planner.choose(0)")
    for selector in ("#panel", "#legend", "#pair", ".folium-map"):
        box = page.locator(selector).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= height
    assert page.evaluate("document.querySelector('#panel').scrollWidth <= document.querySelector('#panel').clientWidth")
