import openpyxl
import pytest

from planner.report.workbook import write_workbook
from tests.unit.report.small_run import HOSTILE, small_run
from tests.workbooks import rows_of, tables_of


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    run = small_run()
    path = tmp_path_factory.mktemp("workbook") / "plan.xlsx"
    write_workbook(run, path)
    return run, path


@pytest.fixture(scope="module")
def book(written):
    return openpyxl.load_workbook(written[1])


def _rows(book, sheet):
    return rows_of(book[sheet])


@pytest.mark.deep
def test_sheets_in_the_language_of_the_study(book, tmp_path):
    assert book.sheetnames == [
        "Summary",
        "Coverage",
        "By community",
        "By area",
        "Evenness",
        "Sites to open",
        "Openings",
        "Existing facilities",
        "Findings",
        "Assumptions, sources",
    ]
    write_workbook(small_run("zh"), tmp_path / "plan.xlsx")
    chinese = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    assert chinese.sheetnames[:3] == ["概要", "覆盖", "按社区"]
    (table,) = tables_of(chinese["覆盖"])
    assert table.headings[:4] == ["服务", "保障层级", "步行圈（分钟）", "服务对象"]
    assert (table.number, table.title) == (4, "各项服务分步行圈覆盖情况")
    assert table.about.endswith("单位：人、%")


def test_no_cell_is_a_formula_or_a_link(book):
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", (sheet.title, cell.coordinate, cell.value)
                assert cell.hyperlink is None


def test_tables_are_numbered_through_the_workbook(book):
    numbers = [table.number for sheet in book for table in tables_of(sheet)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > len(book.sheetnames)


def test_no_column_and_no_row_is_empty(book):
    for sheet in book:
        for table in tables_of(sheet):
            assert table.cells, (sheet.title, table.title)
            for j, heading in enumerate(table.headings):
                assert any(row[j].value is not None for row in table.cells), (sheet.title, heading)


def test_every_sheet_prints_one_page_wide_with_page_numbers(book):
    for sheet in book:
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToWidth in {None, 1}
        assert "&P" in sheet.oddFooter.right.text
        assert "&N" in sheet.oddFooter.right.text
        assert int(sheet.page_setup.paperSize) in {8, 9}
        if len(tables_of(sheet)) == 1:
            assert sheet.print_title_rows == "$1:$3"


def test_names_arrive_letter_for_letter(book):
    names = {row["id"]: row["community"] for row in _rows(book, "By community")}
    for i, name in enumerate(HOSTILE):
        assert (names[f"c{i:02d}"] or "") == name


def test_coverage_is_the_table_in_numbers(written, book):
    stored = written[0].tables.coverage
    for row, (_, kept) in zip(_rows(book, "Coverage"), stored.iterrows(), strict=True):
        assert row["circle (min)"] == kept["minutes"]
        assert row["target population"] == kept["people"]
        assert row["covered today"] == pytest.approx(kept["covered_before"], abs=1e-9)
        assert row["covered with the plan"] == pytest.approx(kept["covered_after"], abs=1e-9)
        assert row["share with the plan"] == pytest.approx(kept["covered_after"] / kept["people"])


@pytest.mark.parametrize(
    ("sheet", "name", "key"),
    [("By community", "coverage_by_community", "community_id"), ("By area", "coverage_by_area", "area")],
)
def test_areas_are_the_table_and_end_with_the_district(written, book, sheet, name, key):
    run, (table,) = written[0], tables_of(book[sheet])
    services = {service.name.text("en"): service.id for service in run.study.services}
    stored = getattr(run.tables, name).set_index([key, "service", "minutes"])
    whole = run.tables.coverage.set_index(["service", "minutes"])
    heading = {"community_id": "id", "area": "area"}[key]
    assert len(table.rows) == len(stored.index.droplevel("minutes").unique())
    for row in table.rows:
        for minutes in (5, 10, 15):
            of = (row[heading], services[row["service"]], minutes)
            told = row[f"{minutes} min, covered with the plan"]
            assert told == (pytest.approx(stored.loc[of, "covered_after"], rel=1e-15) if of in stored.index else None)
    assert len(table.total_rows) == len(services)
    for row in table.total_rows:
        expected = whole.loc[(services[row["service"]], 10), "covered_before"]
        assert row["10 min, covered today"] == pytest.approx(expected, rel=1e-15)


def test_people_are_whole_where_they_are_heads(written, book):
    run = written[0]
    assert not any(run.study.weighs(service) for service in run.study.services)
    for sheet in ("Summary", "Coverage", "By community", "By area"):
        table = tables_of(book[sheet])[0]
        for heading in ("target population", "covered with the plan", "10 min, covered with the plan"):
            if heading in table.headings:
                at = table.headings.index(heading)
                assert {row[at].number_format for row in table.cells} == {"#,##0"}


def test_money_of_the_sites_is_the_money_of_the_summary(book):
    plan = next(table for table in tables_of(book["Summary"]) if table.title == "The plan")
    summary = {row["item"]: row for row in plan.rows}
    (sites,) = tables_of(book["Sites to open"])
    assert sum(row["capital (yuan)"] for row in sites.rows) == summary["capital spent"]["value"]
    assert [row["capital (yuan)"] for row in sites.total_rows] == [summary["capital spent"]["value"]]
    assert summary["capital spent"]["limit or total"] == 4_000_000
    assert summary["sites opened"]["value"] == len(sites.rows)
    assert summary["status"]["value"] == "proven optimal"


def test_a_column_of_which_nothing_is_known_is_left_out(written, book):
    assert written[0].tables.existing["capacity"].isna().all()
    (table,) = tables_of(book["Existing facilities"])
    assert not [heading for heading in table.headings if "capacity" in heading]


def test_every_estimate_assumption_and_unverified_figure_is_named(book):
    rows = _rows(book, "Assumptions, sources")
    assert {"note", "estimate", "cited, not verified", "assumed by the study", "verified", "source"} <= {
        row["evidence"] for row in rows
    }
    unverified = [row for row in rows if row["evidence"] == "cited, not verified"]
    assert [(row["of"], row["source"], row["clause"]) for row in unverified] == [
        ("Elder care", "GB 50180-2018", "app. C")
    ]
    assert any(row["figure"] == "storeys where unknown" and row["value"] == "2.5" for row in rows)


@pytest.mark.deep
def test_equal_runs_give_equal_bytes(written, tmp_path):
    write_workbook(small_run(), tmp_path / "again.xlsx")
    assert (tmp_path / "again.xlsx").read_bytes() == written[1].read_bytes()


def test_panes_are_frozen_below_the_headings(book):
    assert [sheet.freeze_panes for sheet in book] == [None, *["B4"] * (len(book.sheetnames) - 1)]


def test_the_summary_reads_as_figures(book):
    reached, plan, study = tables_of(book["Summary"])
    looks = {row[0].value: row[1].number_format for row in plan.cells}
    assert looks["capital spent"] == "#,##0"
    assert looks["gap"] == "0.00%"
    assert [row["circle (min)"] for row in reached.rows if row["measure"] == "within reach"] == [
        5,
        10,
        15,
        5,
        10,
        5,
        10,
    ]
    assert {row["item"] for row in study.rows} >= {"name", "Date", "Run", "Sources"}


@pytest.mark.deep
def test_what_the_study_does_not_say_has_no_row(tmp_path):
    write_workbook(small_run(date="", publication={}), tmp_path / "plan.xlsx")
    *_, study = tables_of(openpyxl.load_workbook(tmp_path / "plan.xlsx")["Summary"])
    assert not {"Date", "Map review no.", "Classification", "Drawn by"} & {row["item"] for row in study.rows}
