"""States of the pages that would mislead a meeting: each is said on the page, in both languages."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from planner.report.summary import indicator_text, indicators
from tests.unit.report.small_run import small_run

pytestmark = [pytest.mark.browser, pytest.mark.deep]


@pytest.fixture
def meeting(open_page, small_pages):
    opened = open_page(small_pages("meeting", "en"), 1280, 800)
    yield opened
    assert opened.errors == []


#: open elder care at every candidate: more sites than the four of the study, more money than there is
TOO_MUCH = """() => {
  for (let site = 4; site < 16; site += 1) if (!planner.store.isOpen("room", 0)[site]) planner.store.toggle(site, 0);
}"""


@pytest.mark.parametrize(("language", "words"), [("en", "Older person"), ("zh", "老人")])
def test_who_walks_is_said_in_words_on_every_page(open_page, small_pages, language, words):
    for name in ("map", "meeting", "public"):
        page = open_page(small_pages(name, language)).page
        text = page.locator("body").inner_text()
        assert words in text, name
        assert not re.search(r"\bundefined\b|\bNaN\b", text), name
        assert not re.search(r"\b(elder|adult)\b", text), name


def test_another_walker_raises_a_banner_that_leads_back(meeting):
    page = meeting.page
    assert page.locator("[data-notice=walker]").count() == 0
    page.select_option("[data-action=walker]", "adult")
    assert "Adult · 1.2 m/s" in page.locator("[data-notice=walker]").inner_text()
    page.click("[data-action=own-walker]")
    assert page.locator("[data-notice=walker]").count() == 0
    assert page.evaluate("planner.store.ui.walker") is None


def test_an_infeasible_choice_says_the_first_broken_rule_and_loses_its_green(meeting):
    page = meeting.page
    assert page.locator(".strip").count() == 0
    colour = "getComputedStyle(document.querySelector('.headline .big data')).color"
    before = page.evaluate(colour)
    page.evaluate(TOO_MUCH)
    strip, first = page.locator(".headline .strip").inner_text(), page.locator(".broken li").first.inner_text()
    assert strip.startswith("Not feasible:")
    assert first in strip
    red = page.evaluate(colour)
    assert red != before
    assert next(int(part) for part in re.findall(r"\d+", red)) > 150


def test_a_building_that_is_too_small_is_red_on_its_card_and_warns_at_its_switches(meeting):
    page = meeting.page
    site = page.evaluate(
        """() => {
          const { problem } = planner.store, area = (site) => problem.sites.area[site];
          const small = problem.offers.site.find((site) => area(site) < 670 && area(site) >= 350 && !planner.store.openAt("room").has(site));
          planner.store.choosePlace(small);
          planner.store.toggle(small, 0);
          return small;
        }"""
    )
    warned = page.locator(f"[data-focus='switch-{site}-1'], [data-focus='switch-{site}-2']")
    assert "too much" not in page.locator(".card-of .used").inner_text()
    page.evaluate("(site) => { planner.store.toggle(site, 1); planner.store.toggle(site, 2); }", site)
    over = page.locator(".card-of .used .over")
    assert re.fullmatch(r"670 m² of \d+ m²", over.inner_text())
    assert page.evaluate("getComputedStyle(document.querySelector('.card-of .used .over')).color") == "rgb(163, 39, 27)"
    assert "670 m² needed" in page.locator(".card-of .broken").inner_text()
    assert page.locator(".card-of .switch-warned").count() == 3
    assert "⚠" in warned.first.get_attribute("title")


def test_a_switch_warns_before_it_overfills_a_building(meeting):
    page = meeting.page
    page.evaluate(
        """() => {
          const { problem } = planner.store, area = (site) => problem.sites.area[site];
          const site = problem.offers.site.find((site) => area(site) < 670 && area(site) >= 470 && !planner.store.openAt("room").has(site));
          planner.store.choosePlace(site);
          planner.store.toggle(site, 0);
          planner.store.toggle(site, 1);
        }"""
    )
    switch = page.locator(".card-of .switch").nth(2)
    assert switch.get_attribute("aria-pressed") == "false"
    assert "670 m² needed" in switch.get_attribute("title")
    assert page.locator(".strip").count() == 0 or "670 m²" not in page.locator(".strip").inner_text()


DECIDE = "() => { planner.store.toggle(6, 0); planner.store.toggle(7, 1); planner.store.look({tab: 'decisions'}); }"
LEAVES = "() => { const leaving = new Event('beforeunload', {cancelable: true}); dispatchEvent(leaving); return leaving.defaultPrevented; }"


def again(page):
    """Open the same file beside the page, with what the browser keeps for it."""
    page.dispatch_event("body", "change")
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector("body[data-ready=true]", state="attached")
    return other


def test_decisions_survive_a_reload_and_can_be_discarded(meeting):
    page = meeting.page
    assert page.evaluate(LEAVES) is False
    page.evaluate(DECIDE)
    page.fill(".decision .remark >> nth=0", "too near the tram")
    page.evaluate("() => planner.store.keep()")
    page = again(page)
    assert "2 decisions" in page.locator("[data-notice=restored]").inner_text()
    page.evaluate("() => planner.store.look({tab: 'decisions'})")
    assert page.locator(".decision").count() == 2
    assert page.locator(".decision .remark").first.input_value() == "too near the tram"
    assert page.locator("[data-action=compare] option").all_inner_texts()[-1] == "Variant 1"
    page.click("[data-action=start-again]")
    assert page.locator(".decision").count() == 0
    assert again(page).locator("[data-notice=restored]").count() == 0


def test_what_is_kept_belongs_to_one_run(meeting):
    page = meeting.page
    page.evaluate(DECIDE)
    kept = page.evaluate("() => Object.keys(localStorage)")
    assert len(kept) == 1
    assert "0123456789abcdef" in kept[0]
    page.evaluate("([key]) => localStorage.setItem(key, '{\"file\": 1}')", kept)
    assert again(page).locator("#board").is_visible()


def test_leaving_with_decisions_that_were_not_exported_is_warned_of(meeting):
    page = meeting.page
    page.evaluate(DECIDE)
    assert page.evaluate(LEAVES) is True
    page.evaluate("() => planner.store.look({tab: 'sites'})")
    with page.expect_download():
        page.click("[data-focus=export]")
    assert "2 decisions" in page.locator("[data-notice=message]").inner_text()
    assert page.evaluate(LEAVES) is False
    page.evaluate("() => planner.store.toggle(9, 0)")
    assert page.evaluate(LEAVES) is True


CONTRAST = """(selector) => {
  const bright = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const style = getComputedStyle(document.querySelector(selector));
  const [one, two] = [bright(style.color), bright(style.backgroundColor)].sort((a, b) => b - a);
  return [(one + 0.05) / (two + 0.05), style.backgroundColor];
}"""


def test_a_pressed_button_under_the_pointer_can_be_read(meeting):
    page = meeting.page
    selector = ".bar-choices [aria-pressed=true]"
    page.hover(selector)
    contrast, background = page.evaluate(CONTRAST, selector)
    assert background.startswith("rgb(")
    assert contrast >= 4.5


VIEW = (
    "() => { const c = planner.map.getCenter(); return [planner.map.getZoom(), c.lat.toFixed(5), c.lng.toFixed(5)]; }"
)


def test_a_click_on_a_site_keeps_the_view_and_escape_returns_to_it(meeting):
    page = meeting.page
    start = page.evaluate(VIEW)
    page.evaluate("() => planner.store.choosePlace(5)")
    assert page.evaluate(VIEW) == start
    page.evaluate(
        "() => planner.map.setView([planner.store.places.lat[5], planner.store.places.lon[5]], 17, {animate: false})"
    )
    near = page.evaluate(VIEW)
    page.evaluate("() => planner.store.choosePlace(8)")
    away = page.evaluate(VIEW)
    assert away[0] == near[0]
    assert away != near
    page.keyboard.press("Escape")
    assert page.evaluate(VIEW) == near
    assert page.evaluate("planner.store.ui.place") is None


def test_the_sheet_holds_the_whole_district_whatever_was_looked_at(meeting):
    page = meeting.page
    page.evaluate(
        "() => planner.map.setView([planner.store.places.lat[5], planner.store.places.lon[5]], 18, {animate: false})"
    )
    page.click("[data-action=print]")
    assert page.evaluate(
        "() => planner.map.getBounds().contains(JSON.parse(document.getElementById('planner-ground').textContent).focus)"
    )
    page.click("[data-action=close-sheet]")


def test_a_site_of_the_map_keeps_the_view_and_escape_returns_to_it(open_page, small_pages):
    opened = open_page(small_pages("map", "en"), 1280, 800)
    page = opened.page
    zoom = page.evaluate("planner.map.getZoom()")
    page.locator(".sites button").nth(1).click()
    assert page.evaluate("planner.map.getZoom()") == zoom
    page.keyboard.press("Escape")
    assert page.locator(".leaflet-popup").count() == 0
    assert opened.errors == []


def test_what_a_site_adds_has_its_unit_and_its_circle(meeting):
    page = meeting.page
    page.evaluate("() => planner.store.look({circle: 0, every: true})")
    shown = page.locator(".site-adds .adds").all_inner_texts()
    assert shown
    assert all(re.fullmatch(r"(0|\+[\d,]+) (people|person|weighted people)", text) for text in shown)
    closed = page.evaluate(
        "() => planner.store.places.id.findIndex((_, site) => site > 3 && !planner.store.openAt('room').has(site))"
    )
    page.evaluate("(site) => planner.store.choosePlace(site)", closed)
    for k, cell in enumerate(page.locator(".card-table .number").all()):
        gain = page.evaluate("([k, site]) => planner.store.adds(k, 0)[site]", [k, closed])
        number, _unit, minutes = re.fullmatch(
            r"\+?([\d,]+) (people|person|weighted people) (\d+) min", cell.inner_text()
        ).groups()
        assert int(number.replace(",", "")) == pytest.approx(gain, abs=0.51)
        assert minutes == "5"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_proof_within_a_gap_says_how_far_the_best_may_be(language):
    run = small_run(language)
    open_gap = replace(run, manifest=replace(run.manifest, result=replace(run.manifest.result, gap=0.0019)))
    text = {one.key: indicator_text(one, language) for one in indicators(open_gap)}["status"]
    assert text == {"en": "proven; at most 0.19 % from the best", "zh": "已证明，与最优方案相差不超过 0.19 %"}[language]
    text = {one.key: indicator_text(one, language) for one in indicators(run)}["status"]
    assert "0.19" not in text
