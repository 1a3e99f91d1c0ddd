"""The map in a real browser with the network off: no fault, no request, and the same figures as tables and workbook."""

import json

import openpyxl
import pytest

from planner.i18n import format_change, format_count, format_share, translate
from planner.report import publish
from planner.report.cartography import HOMES
from planner.report.summary import coverage, indicator_text, indicators, limited_services
from tests.unit.report.small_run import HOSTILE, small_run
from tests.workbooks import rows_of

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", params=["en", "zh"])
def made(request, tmp_path_factory):
    run = small_run(request.param)
    folder = tmp_path_factory.mktemp(f"run-{request.param}")
    publish(run, folder)
    return run, folder


@pytest.fixture(scope="module")
def opened(made, open_page):
    return open_page(made[1] / "map.html")


@pytest.mark.deep_after(1)
def test_opens_without_fault_and_asks_for_nothing_but_itself(opened, made):
    assert opened.errors == []
    assert opened.requests == [(made[1] / "map.html").resolve().as_uri()]


@pytest.mark.deep_after(1)
def test_the_panel_says_what_the_tables_say(opened, made):
    run = made[0]
    rows = {
        (row.get_attribute("data-service"), float(row.get_attribute("data-minutes"))): row
        for row in opened.page.query_selector_all(".cover-row")
    }
    expected = coverage(run)
    assert set(rows) == {(row.service.id, row.minutes) for row in expected}
    for row in expected:
        shown = rows[row.service.id, row.minutes]
        assert shown.query_selector(".share-before").inner_text() == format_share(row.share_before)
        assert shown.query_selector(".share-after").inner_text() == format_share(row.share_after)
        assert (
            shown.query_selector(".gain").get_attribute("title")
            == f"{format_count(row.before)} → {format_count(row.after)}"
        )
        unit = translate("report.unit_people", run.study.language)
        assert shown.query_selector(".gain").inner_text() == f"{format_change(row.after - row.before)} {unit}"
    for indicator in indicators(run):
        tile = opened.page.query_selector(f"[data-indicator={indicator.key}] dd")
        assert tile.text_content() == indicator_text(indicator, run.study.language)


def test_the_page_and_the_workbook_hold_the_same_numbers(opened, made):
    run, folder = made
    facts = json.loads(opened.page.locator("#planner-run").text_content())
    sheet = openpyxl.load_workbook(folder / "plan.xlsx").worksheets[1]
    cells = [tuple(row.values()) for row in rows_of(sheet)]
    names = {service.id: service.name.text(run.study.language) for service in run.study.services}
    assert [
        (names[row["service"]], row["minutes"], row["people"], row["before"], row["after"]) for row in facts["coverage"]
    ] == [(row[0], row[2], pytest.approx(row[3]), pytest.approx(row[4]), pytest.approx(row[5])) for row in cells]


@pytest.mark.deep
def test_names_are_shown_as_text_and_never_obeyed(opened):
    page = opened.page
    assert page.query_selector("img") is None
    ground = json.loads(page.locator("#planner-ground").text_content())
    assert tuple(ground["communities"]["name"]) == HOSTILE
    page.evaluate(
        "planner.map.eachLayer(l => { if (l instanceof L.Polygon && l.options.interactive) l.fire('click', {latlng: l.getBounds().getCenter()}) })"
    )
    assert page.evaluate("document.querySelectorAll('#panel b b, #panel script, .leaflet-popup script').length") == 0
    assert opened.errors == []


@pytest.mark.deep
def test_a_community_says_its_people_before_and_after(open_page, made):
    run, folder = made
    opened = open_page(folder / "map.html")
    i = 10
    opened.page.evaluate(
        """i => {
            let k = 0;
            planner.map.eachLayer(l => {
                if (l instanceof L.Polygon && l.options.interactive && k++ === i) l.fire('click', {latlng: l.getBounds().getCenter()});
            });
        }""",
        i,
    )
    popup = opened.page.locator(".leaflet-popup-content")
    assert popup.locator("h3").inner_text() == HOSTILE[i]
    lines = popup.locator("tbody tr")
    cover = run.tables.coverage_by_community
    limited = limited_services(run)
    assert limited, "no service whose places are limited: the last column would say nothing"
    for k, expected in enumerate(coverage(run)):
        stored = cover[
            (cover["community_id"] == f"c{i:02d}")
            & (cover["service"] == expected.service.id)
            & (cover["minutes"] == expected.minutes)
        ].iloc[0]
        cells = lines.nth(k).locator("td").all_inner_texts()
        assert cells[1:] == [
            format_count(stored["people"]),
            format_count(stored["covered_before"]),
            format_count(stored["covered_after"]),
            format_count(stored["people"] - stored["covered_after"]),
            f"{format_count(stored['served_before'])} → {format_count(stored['served_after'])}"
            if expected.service.id in limited
            else "",
        ]


def _joined_areas(page):
    """Return how many stored circles are joined into the area drawn."""
    page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))")
    return page.locator(".leaflet-areas-pane mask path").count()


#: people of each kind whose homes the map colours, by colour
COLOURED = """() => {
  const found = {};
  planner.map.eachLayer((layer) => {
    if (layer instanceof planner.Dots && layer._paint) for (let i = 0; i < layer._n; i += 1) {
      const dot = layer._paint(i);
      if (dot) found[dot[0]] = (found[dot[0]] || 0) + 1;
    }
  });
  return found;
}"""


@pytest.mark.deep_after(1)
def test_homes_are_coloured_as_the_tables_say(open_page, made):
    run, folder = made
    page = open_page(folder / "map.html").page
    for k, service in enumerate(run.study.services):
        page.locator("#legend .choice").first.locator("button").nth(k).click()
        minutes = service.circles[-1].minutes
        page.locator(f"#legend [data-value='{minutes:g}']").click()
        walks = run.tables.nearest[run.tables.nearest["service"] == service.id]
        before, after = (walks[name] <= 60 * minutes for name in ("before_s", "after_s"))
        told = {"reached": (before & after).sum(), "gained": (after & ~before).sum(), "left": (~after & ~before).sum()}
        assert page.evaluate(COLOURED) == {HOMES[name]: count for name, count in told.items() if count}
    page.locator("[data-value=share]").click()
    assert page.evaluate(COLOURED) == {}


@pytest.mark.deep
def test_switches_change_what_is_drawn(open_page, made):
    _run, folder = made
    opened = open_page(folder / "map.html")
    page = opened.page
    assert _joined_areas(page) == 2  # elder care opens at two sites; circles of existing facilities are not in this run
    page.locator("#legend .choice").first.locator("button").nth(1).click()
    assert _joined_areas(page) == 3  # the canteen at three sites
    assert page.locator(".pin").count() == 3
    page.locator("[data-value=before]").click()
    assert page.locator(".pin").count() == 0
    page.locator("[data-value=after]").click()
    page.locator("[data-layer=opened_sites]").uncheck()
    assert page.locator(".pin").count() == 0
    page.locator("[data-value=share]").click()
    assert "81–100 %" in page.locator(".ramp").inner_text() or "80–100 %" in page.locator(".ramp").inner_text()
    assert opened.errors == []


@pytest.mark.deep
def test_a_site_of_the_list_opens_its_popup(open_page, made):
    opened = open_page(made[1] / "map.html")
    opened.page.locator(".sites button").nth(2).click()
    text = opened.page.locator(".leaflet-popup-content").inner_text()
    assert "p11" in text
    assert "幸福社区" in text


@pytest.mark.deep
@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1280, 720)])
def test_nothing_runs_over_the_edges(open_page, made, width, height):
    page = open_page(made[1] / "map.html", width, height).page
    for selector in ("#panel", "#legend", ".folium-map"):
        box = page.locator(selector).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
    assert page.evaluate("document.querySelector('#panel').scrollWidth <= document.querySelector('#panel').clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.deep
def test_prints_in_lines_and_goes_back_to_the_screen(open_page, made):
    opened = open_page(made[1] / "map.html")
    page = opened.page
    drawn = ".leaflet-communities-pane path, .leaflet-streets-pane path"
    zoom = page.evaluate("planner.map.getZoom()")
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator(drawn).count() >= len(HOSTILE) + 2
    assert page.locator(".leaflet-pane canvas").first.is_hidden()
    page.emulate_media(media="screen")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator(drawn).count() == 0
    assert page.locator(".leaflet-pane canvas").first.is_visible()
    assert page.evaluate("planner.map.getZoom()") == zoom
    assert opened.errors == []


@pytest.mark.deep
def test_prints_the_map_on_a_sheet_of_a3_and_the_panel_on_the_next(open_page, made, tmp_path):
    page = open_page(made[1] / "map.html").page
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    (tmp_path / "map.pdf").write_bytes(printed)
    assert printed.count(b"/Type /Page\n") == 2
    assert b"/MediaBox [0 0 1190" in printed or b"/MediaBox [0 0 1191" in printed
