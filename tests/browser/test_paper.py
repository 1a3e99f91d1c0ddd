"""Pages as Chromium prints them: the whole district on the first sheet, no empty sheet, nothing cut, nothing over anything."""

import re

import pytest

from planner.report import publish
from tests.unit.report.small_run import small_run

pytestmark = pytest.mark.deep

MM = 96 / 25.4


@pytest.fixture(scope="module", params=["zh", "en"])
def folder(request, tmp_path_factory):
    made = tmp_path_factory.mktemp("paper")
    publish(small_run(request.param), made)
    return made


def printing(opened):
    """The page as it is laid out on paper, before it is cut into sheets."""
    page = opened.page
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.wait_for_timeout(400)
    return page


def box(page, selector):
    return page.evaluate(
        """(one) => {
          const sheet = document.body.getBoundingClientRect(), b = document.querySelector(one).getBoundingClientRect();
          return [b.left - sheet.left, b.top - sheet.top, b.right - sheet.left, b.bottom - sheet.top];
        }""",
        selector,
    )


def apart(one, two):
    return one[2] <= two[0] + 1 or two[2] <= one[0] + 1 or one[3] <= two[1] + 1 or two[3] <= one[1] + 1


def district_in_frame(page):
    return page.evaluate(
        """() => {
          const ground = planner.data("planner-ground"), bounds = L.latLngBounds(ground.district), map = planner.map;
          const size = map.getSize(), a = map.latLngToContainerPoint(bounds.getNorthWest()), b = map.latLngToContainerPoint(bounds.getSouthEast());
          return [a.x, a.y, size.x - b.x, size.y - b.y];
        }"""
    )


def test_the_map_fills_the_first_sheet_and_the_panel_runs_on(folder, open_page):
    page = printing(open_page(folder / "map.html"))
    assert all(rest >= -1 for rest in district_in_frame(page))
    title, frame, panel, legend = (box(page, one) for one in ("#panel header", ".folium-map", "#panel", "#legend"))
    assert frame[3] <= 277 * MM
    assert frame[2] - frame[0] == pytest.approx(400 * MM, abs=2)
    assert apart(title, frame)
    assert apart(frame, panel)
    assert legend[1] >= frame[1]
    assert legend[3] <= frame[3]
    assert page.evaluate("getComputedStyle(document.querySelector('#panel')).overflow") == "visible"
    cut = page.evaluate(
        """() => [...document.querySelectorAll("#panel *")].filter((one) => one.offsetParent && one.scrollWidth > one.clientWidth + 2
             && getComputedStyle(one).overflow !== "visible").map((one) => one.textContent)"""
    )
    assert cut == []


def test_the_sheet_of_the_meeting_page_holds_everything(folder, open_page):
    page = printing(open_page(folder / "meeting.html"))
    parts = [box(page, one) for one in (".sheet-title", ".folium-map", ".sheet-side", ".sheet-foot")]
    for i, one in enumerate(parts):
        assert one[2] <= 401 * MM
        assert one[3] <= 277 * MM
        for two in parts[i + 1 :]:
            assert apart(one, two)
    side = page.evaluate(
        "(() => { const one = document.querySelector('.sheet-side'); return [one.scrollHeight, one.clientHeight]; })()"
    )
    assert side[0] <= side[1] + 1, "the column beside the map is cut"
    assert "—" not in page.locator(".sheet-foot").inner_text()


@pytest.mark.parametrize(("name", "sheets"), [("map.html", range(2, 4)), ("meeting.html", range(1, 2))])
def test_no_sheet_is_empty(folder, open_page, name, sheets):
    content = open_page(folder / name).page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", content)) in sheets
    boxes = set(re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", content))
    assert {(round(float(wide)), round(float(high))) for wide, high in boxes} == {(1191, 842)}
