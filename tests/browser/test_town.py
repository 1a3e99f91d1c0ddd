"""The bundled town, planned and opened in a real browser: the same figures on page, in workbook and in tables."""

import openpyxl
import pytest

from planner.i18n import format_share
from planner.report import publish
from planner.report.summary import coverage, indicator_text, indicators
from tests.browser.measure import DRAWN, IN_SIGHT, OVERLAPS, SHOWN
from tests.verbs import plan
from tests.workbooks import rows_of

pytestmark = [pytest.mark.browser, pytest.mark.deep]
LARGEST_BYTES = {"map.html": 2_000_000, "meeting.html": 3_000_000}


@pytest.fixture(scope="module")
def planned(repository, tmp_path_factory):
    out = tmp_path_factory.mktemp("town") / "run"
    return plan(repository / "configs" / "neubrandenburg.yaml", out=out, publish=publish)


def test_the_map_of_the_town_quotes_its_tables(planned, open_page):
    run, folder = planned
    page = folder / "map.html"
    for name, most in LARGEST_BYTES.items():
        assert (folder / name).stat().st_size <= most, name
    opened = open_page(page)
    assert opened.errors == []
    assert opened.requests == [page.resolve().as_uri()]
    shown = opened.page.locator(".cover-row").all()
    sheet = openpyxl.load_workbook(folder / "plan.xlsx").worksheets[1]
    cells = rows_of(sheet)
    assert len(shown) == len(cells) == len(run.tables.coverage)
    for row, line, cell in zip(coverage(run), shown, cells, strict=True):
        assert line.locator(".share-before").inner_text() == format_share(row.share_before)
        assert line.locator(".share-after").inner_text() == format_share(row.share_after)
        assert (cell["circle (min)"], cell["target population"]) == (row.minutes, pytest.approx(row.people))
        assert cell["covered today"] == pytest.approx(row.before)
        assert cell["covered with the plan"] == pytest.approx(row.after)
    for indicator in indicators(run):
        tile = opened.page.locator(f"[data-indicator={indicator.key}] dd")
        assert tile.text_content() == indicator_text(indicator, run.study.language)
    assert opened.page.locator(".pin").count() == run.manifest.result.sites_opened
    assert "OpenStreetMap" in opened.page.locator(".leaflet-control-attribution").inner_text()


@pytest.mark.parametrize("name", ["map.html", "meeting.html"])
def test_names_and_marks_of_the_town_lie_apart_at_the_start_view(planned, open_page, name):
    faults = []
    for width, height in {390: 844, 1024: 768, 1280: 720, 1366: 768, 1440: 900, 1920: 1080}.items():
        page = open_page(planned[1] / name, width, height).page
        page.evaluate(DRAWN)
        faults += [f"{width}: {one} on {other}" for one, other, _ in page.evaluate(OVERLAPS)]
        seen, (names, _, _) = page.evaluate(IN_SIGHT), page.evaluate(SHOWN)
        if seen != {"whole": True, "covered": False} or names < 10:
            faults.append(f"{width}: {seen}, {names} names")
        page.close()
    assert not faults, "\n" + "\n".join(faults)
