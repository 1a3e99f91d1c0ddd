"""Names and marks of the maps: none lies on another at the start view, and no card lies on the town."""

import pytest

from tests.browser.measure import DRAWN, IN_SIGHT, OVERLAPS, SHOWN

pytestmark = [pytest.mark.browser, pytest.mark.deep]
WIDTHS = {390: 844, 1024: 768, 1280: 720, 1366: 768, 1440: 900, 1920: 1080}
MAPS = ("map", "meeting", "review", "assessment", "public")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", MAPS)
def test_names_and_marks_lie_apart_at_the_start_view(open_page, small_pages, name, language):
    faults = []
    for width, height in WIDTHS.items():
        opened = open_page(small_pages(name, language), width, height)
        opened.page.evaluate(DRAWN)
        faults += [f"{width}: {one} on {other}" for one, other, _ in opened.page.evaluate(OVERLAPS)]
        assert opened.errors == []
        opened.page.close()
    assert not faults, "\n" + "\n".join(faults)


@pytest.mark.parametrize("name", MAPS)
def test_no_card_lies_on_the_town_at_the_start_view(open_page, small_pages, name):
    faults = []
    for width, height in WIDTHS.items():
        opened = open_page(small_pages(name, "en"), width, height)
        seen = opened.page.evaluate(IN_SIGHT)
        if not seen["whole"] or seen["covered"]:
            faults.append(f"{width}: {seen}")
        opened.page.close()
    assert not faults, "\n" + "\n".join(faults)


def test_names_lie_apart_from_the_marks_of_both_sides_of_a_comparison(open_page, small_pages):
    page = open_page(small_pages("meeting", "en"), 1366, 768).page
    page.evaluate("() => planner.store.look({compare: 'today'})")
    page.evaluate(DRAWN)
    page.evaluate(DRAWN)
    assert page.locator(".map-names text").count() > 0
    assert [pair for *pair, named in page.evaluate(OVERLAPS) if named] == []


def test_marks_that_overlap_are_gathered_and_part_when_clicked(open_page, small_pages):
    page = open_page(small_pages("map", "en"), 1280, 720).page
    page.locator("[data-value=before]").click()  # pins of the plan would gather everything
    page.evaluate("() => planner.map.setZoom(11, { animate: false })")
    page.evaluate(DRAWN)
    _, shown, places = page.evaluate(SHOWN)
    assert shown < places
    assert page.evaluate(OVERLAPS) == []
    many = page.locator(".mark-many .mark-count").first
    assert int(many.inner_text()) > 1
    zoom = page.evaluate("planner.map.getZoom()")
    many.click(force=True)
    page.evaluate(DRAWN)
    assert page.evaluate("planner.map.getZoom()") > zoom


def test_a_mark_is_chosen_by_the_keyboard(open_page, small_pages):
    page = open_page(small_pages("map", "en"), 1920, 1080).page
    page.evaluate(DRAWN)
    page.locator(".mark-anchor:has(.pin)").first.focus()
    page.keyboard.press("Enter")
    assert page.locator(".leaflet-popup-content h3").count() == 1
