import openpyxl
import pytest

from planner.report.workbook import write_workbook
from tests.unit.report.small_run import HOSTILE, small_run


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
    heading, *rows = book[sheet].iter_rows(values_only=True)
    return [dict(zip(heading, row, strict=True)) for row in rows]


def test_sheets_in_the_language_of_the_study(book, tmp_path):
    assert book.sheetnames == [
        "Summary",
        "Coverage",
        "By community",
        "By area",
        "Sites to open",
        "Openings",
        "Existing facilities",
        "Findings",
        "Assumptions, sources",
    ]
    write_workbook(small_run("zh"), tmp_path / "plan.xlsx")
    chinese = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    assert chinese.sheetnames[:3] == ["概要", "覆盖", "按社区"]
    assert [cell.value for cell in chinese["覆盖"][1]][:4] == ["服务", "保障层级", "步行圈（分钟）", "服务对象（人）"]


def test_no_cell_is_a_formula_or_a_link(book):
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", (sheet.title, cell.coordinate, cell.value)
                assert cell.hyperlink is None


def test_names_arrive_letter_for_letter(book):
    names = {row["id"]: row["name"] for row in _rows(book, "By community")}
    for i, name in enumerate(HOSTILE):
        assert (names[f"c{i:02d}"] or "") == name


def test_coverage_is_the_table_in_numbers(written, book):
    stored = written[0].tables.coverage
    for row, (_, kept) in zip(_rows(book, "Coverage"), stored.iterrows(), strict=True):
        assert row["circle (min)"] == kept["minutes"]
        assert row["people"] == kept["people"]
        assert row["within reach before (people)"] == pytest.approx(kept["covered_before"], abs=1e-9)
        assert row["within reach after (people)"] == pytest.approx(kept["covered_after"], abs=1e-9)
        assert row["share after (%)"] == pytest.approx(kept["covered_after"] / kept["people"])


def test_communities_and_areas_sum_to_the_whole(book):
    for sheet in ("By community", "By area"):
        for whole in _rows(book, "Coverage"):
            parts = [
                row
                for row in _rows(book, sheet)
                if (row["service"], row["circle (min)"]) == (whole["service"], whole["circle (min)"])
            ]
            total = sum(row["within reach after (people)"] for row in parts)
            assert total == pytest.approx(whole["within reach after (people)"])


def test_money_of_the_sites_is_the_money_of_the_summary(book):
    summary = {row["item"]: row for row in _rows(book, "Summary")}
    sites = _rows(book, "Sites to open")
    assert sum(row["capital (yuan)"] for row in sites) == summary["capital spent"]["value"]
    assert summary["capital spent"]["limit or total"] == 4_000_000
    assert summary["sites opened"]["value"] == len(sites)
    assert summary["status"]["value"] == "proven optimal"


def test_what_is_not_known_is_blank_not_zero(book):
    assert [row["capacity (people)"] for row in _rows(book, "Existing facilities")] == [None] * 5


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


def test_equal_runs_give_equal_bytes(written, tmp_path):
    write_workbook(small_run(), tmp_path / "again.xlsx")
    assert (tmp_path / "again.xlsx").read_bytes() == written[1].read_bytes()


def test_panes_are_frozen(book):
    assert all(sheet.freeze_panes == "B2" for sheet in book)


def test_the_summary_reads_as_figures(book):
    summary = book["Summary"]
    looks = {summary.cell(row, 1).value: summary.cell(row, 2).number_format for row in range(2, summary.max_row + 1)}
    assert looks["capital spent"] == "#,##0"
    assert looks["gap"] == "0.00%"
    assert {look for label, look in looks.items() if label.endswith("after")} == {"#,##0.0"}
