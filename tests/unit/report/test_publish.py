import dataclasses

import openpyxl
import pytest

from planner.report import closing_summary, publish
from planner.store.run import Run
from tests.unit.report.small_run import small_run
from tests.workbooks import tables_of


def test_writes_four_files_and_says_where(tmp_path):
    written = publish(small_run(), tmp_path / "run")
    assert [path.name for path in written] == ["map.html", "meeting.html", "plan.xlsx", "plan.gpkg"]
    assert all(path.stat().st_size > 1000 for path in written)


@pytest.mark.deep
@pytest.mark.parametrize("name", ["map.html", "meeting.html", "plan.xlsx", "plan.gpkg"])
def test_a_run_read_back_reports_the_same(tmp_path, name):
    run = small_run()
    run.write(tmp_path)
    publish(run, tmp_path / "fresh")
    publish(Run.read(tmp_path), tmp_path / "again")
    assert (tmp_path / "fresh" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


@pytest.mark.deep
def test_a_plan_that_opens_nothing_is_reported_too(tmp_path):
    run = small_run()
    none = dataclasses.replace(
        run.tables,
        openings=run.tables.openings.iloc[:0],
        opened_sites=run.tables.opened_sites.iloc[:0],
        circles=run.tables.circles.iloc[:0],
        existing=run.tables.existing.iloc[:0],
        findings=run.tables.findings.iloc[:0],
    )
    nothing = dataclasses.replace(run, tables=none)
    _, _, workbook, _ = publish(nothing, tmp_path)
    (sites,) = tables_of(openpyxl.load_workbook(workbook)["Sites to open"])
    assert [row[0].value for row in sites.cells] == []
    assert sites.notes == ["none"]
    assert closing_summary(nothing)
