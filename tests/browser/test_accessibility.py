"""Every page for people with weak eyes, with a keyboard, with a screen reader: axe-core finds nothing, and everything is large enough."""

import pytest
from axe_playwright_python.base import AXE_SCRIPT

pytestmark = pytest.mark.browser
PAGES = ("map", "meeting", "review", "assessment", "public", "comparison")
SIZES = {390: 844, 1366: 768}
#: what is done to a page before it is looked at again
STATES = {
    "map": [
        "() => document.querySelector('.sites button').click()",
        "() => document.querySelector('[data-value=share]').click()",
    ],
    "meeting": [
        "() => planner.store.choosePlace(6)",
        "() => planner.store.look({tab: 'gaps', place: null})",
        "() => { for (let site = 6; site < 12; site += 1) planner.store.toggle(site, 0); planner.store.look({tab: 'decisions', measure: 'share'}); }",
        "() => planner.store.look({compare: 'today'})",
    ],
    "assessment": ["() => planner.choose(0)"],
}
#: findings that a reader would trip over: [impact, rule, element, what is wrong]
FINDINGS = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations.flatMap((rule) =>
  rule.nodes.map((node) => [rule.impact, rule.id, node.target.join(" "), (node.any[0] || node.all[0] || node.none[0] || {}).message]))"""
#: what can be pressed and is smaller than 24 pixels: [element, width, height]
SMALL = """() => [...document.querySelectorAll("button, select, summary, input:not([type=checkbox]):not(.hidden-file), label:has(input), [role=button]")]
  .filter((element) => element.checkVisibility({ visibilityProperty: true }))
  .map((element) => [element, (element.matches(".mark-anchor") ? element.firstElementChild : element).getBoundingClientRect()])
  .filter(([, of]) => of.width > 0 && (of.width < 23.5 || of.height < 23.5))
  .map(([element, of]) => `${element.tagName} ${element.className.baseVal ?? element.className} ${element.textContent.slice(0, 20)} ${of.width.toFixed(0)}×${of.height.toFixed(0)}`)"""


@pytest.mark.deep
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_that_a_page_can_avoid(open_page, small_pages, name, language):
    faults = []
    for width, height in SIZES.items():
        page = open_page(small_pages(name, language), width, height, ready=name != "comparison").page
        page.evaluate(AXE_SCRIPT)
        for step, state in enumerate(("() => null", *STATES.get(name, ()))):
            page.evaluate(state)
            page.wait_for_timeout(50)
            faults += [
                f"{width}, state {step}: {' | '.join(map(str, found))}"
                for found in page.evaluate(FINDINGS)
                if found[0] != "minor"
            ]
        page.close()
    assert not faults, "\n" + "\n".join(faults)


@pytest.mark.deep
@pytest.mark.parametrize("name", PAGES[:-1])
def test_everything_that_is_pressed_is_large_enough(open_page, small_pages, name):
    faults = []
    for width, height in SIZES.items():
        page = open_page(small_pages(name, "en"), width, height).page
        for step, state in enumerate(("() => null", *STATES.get(name, ()))):
            page.evaluate(state)
            page.wait_for_timeout(50)
            faults += [f"{width}, state {step}: {text}" for text in page.evaluate(SMALL)]
        page.close()
    assert not faults, "\n" + "\n".join(sorted(set(faults)))


@pytest.mark.deep
@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_zoomed_and_says_its_language(open_page, small_pages, name):
    for language, tag in (("zh", "zh"), ("en", "en")):
        page = open_page(small_pages(name, language), ready=name != "comparison").page
        viewport = page.locator("meta[name=viewport]").get_attribute("content")
        assert "user-scalable" not in viewport
        assert "maximum-scale" not in viewport
        assert page.evaluate("document.documentElement.lang").startswith(tag)
        page.close()


@pytest.mark.deep
def test_arrow_keys_go_from_tab_to_tab(open_page, small_pages):
    page = open_page(small_pages("meeting", "en"), 1366, 768).page
    tabs = page.locator("[role=tab]")
    count = tabs.count()
    tabs.nth(0).focus()
    for step in range(1, count + 1):
        page.keyboard.press("ArrowRight")
        assert page.locator("[role=tab][aria-selected=true]").get_attribute("id") == tabs.nth(
            step % count
        ).get_attribute("id")
        assert page.evaluate("document.activeElement.getAttribute('aria-selected')") == "true"
    page.keyboard.press("End")
    assert tabs.nth(count - 1).get_attribute("aria-selected") == "true"
    assert page.locator("[role=tab][tabindex='0']").count() == 1


@pytest.mark.deep
def test_the_sheet_of_a_phone_rises_step_by_step_and_comes_down(open_page, small_pages):
    page = open_page(small_pages("public", "zh"), 390, 844).page
    grip = page.locator(".grip")
    assert grip.bounding_box()["y"] > 600
    heights = []
    for _ in range(3):
        page.evaluate("() => document.querySelector('.grip').click()")
        page.wait_for_timeout(100)
        heights.append(page.evaluate("scrollY"))
    assert 0 < heights[0] < heights[1]
    assert heights[2] == 0
    search = page.locator("#lists input[type=search]")
    search.fill("和平里")
    assert page.locator(".public-place").count() > 0
    page.locator(".public-place").first.click()
    assert page.locator(".leaflet-popup-content h3").count() == 1
