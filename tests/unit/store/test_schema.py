"""The one declaration of the stored tables: fields of the frames and pages of documentation are made from it."""

from dataclasses import fields, replace

import openpyxl
import pytest

from planner.i18n import languages, messages
from planner.report.workbook import write_workbook
from planner.report.xlsx import FORMATS
from planner.store import schema as declarations
from planner.store.comparison import Comparison
from planner.store.programme import ProgrammeTables
from planner.store.schema import UndeclaredColumnError, as_markdown, schema
from planner.store.tables import AssessmentTables, Explanation, Tables
from tests.pages import page
from tests.unit.report.small_run import small_run
from tests.workbooks import tables_of

FRAMES = {
    "run": Tables,
    "assessment": AssessmentTables,
    "explanation": Explanation,
    "comparison": Comparison,
    "programme": ProgrammeTables,
}
TYPES = {"text", "category", "float", "int", "bool", "geometry"}


@pytest.mark.parametrize("folder", FRAMES)
def test_every_frame_is_declared_and_no_other(folder):
    assert list(schema()[folder]) == [field.name for field in fields(FRAMES[folder])]
    assert getattr(FRAMES[folder], "folder_type", folder) == folder


@pytest.mark.parametrize("folder", [*FRAMES, "frontier"])
def test_columns_are_named_once_and_have_a_known_type(folder):
    for name, table in schema()[folder].items():
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names), name
        assert {column.type for column in table.columns} <= TYPES, name
        assert set(table.may_lack) < set(names) or not table.may_lack, name
        assert table.about.endswith("."), name
        assert {column.cell_format for column in table.columns} <= set(FORMATS), name


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("folder", [*FRAMES, "frontier"])
def test_headings_are_messages_of_the_catalogues(folder, language):
    for name, table in schema()[folder].items():
        for column in table.columns:
            if column.heading:
                assert column.heading in messages(language), (name, column.name)
    if folder == "comparison":  # every column of it is shown
        for name, table in schema()[folder].items():
            for column in table.columns:
                assert column.heading or f"compare.{column.name}" in messages(language), (name, column.name)


@pytest.mark.parametrize(
    ("document", "folder"),
    [
        ("run-folder", "run"),
        ("assess", "assessment"),
        ("explain", "explanation"),
        ("frontier", "frontier"),
        ("batch", "comparison"),
        ("programme", "programme"),
    ],
)
def test_the_pages_are_written_from_it(document, folder):
    text = page(f"{document}.md")
    assert f"### {next(iter(schema()[folder])) if folder != 'assessment' else 'coverage'}\n" in text
    for name in schema()[folder]:
        if f"### {name}\n" in text:
            assert as_markdown(folder, [name]) in text, "run `python docs/rewrite.py`"


@pytest.fixture
def made_up(tmp_path, monkeypatch):
    """A copy of the schema whose table of openings has one column more."""
    text = declarations.FILE.read_text(encoding="utf-8")
    before = '  ["department", "text", "", "lead department"'
    assert text.count(before) == 1
    copy = tmp_path / "schema.toml"
    copy.write_text(
        text.replace(before, f'  ["staff", "float", "people", "employed there"],\n{before}'), encoding="utf-8"
    )
    monkeypatch.setattr(declarations, "FILE", copy)
    schema.cache_clear()
    yield
    schema.cache_clear()


def with_staff(run):
    """The run with a figure more for every opening."""
    return replace(run, tables=replace(run.tables, openings=run.tables.openings.assign(staff=2.5)))


@pytest.mark.deep
@pytest.mark.usefixtures("made_up")
def test_a_new_column_is_one_edit_for_workbook_page_and_folder(tmp_path):
    run = with_staff(small_run())
    write_workbook(run, tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    (table,) = tables_of(book["Openings"])
    position = table.headings.index("staff")
    assert table.cells[0][position].value == 2.5
    assert table.cells[0][position].number_format == FORMATS["heads"]["num_format"]
    assert "| `staff` | float | people | employed there |" in as_markdown("run", ["openings"])
    run.write(tmp_path / "run")
    read = Tables.read(tmp_path / "run" / "tables", "en")
    assert set(read.openings["staff"]) == {2.5}
    assert "staff" in schema()["run"]["openings"].required


def test_a_column_is_declared_by_its_own_name_before_a_placeholder():
    tables = schema()["programme"]
    assert tables["projects"].column("capital_cost").cell_format == "money"
    assert tables["projects"].column("street").name == "<roll_up>"
    assert schema()["run"]["communities"].column("people_elder").name == "people_<group>"


def test_a_column_that_is_not_declared_is_not_stored(tmp_path):
    with pytest.raises(UndeclaredColumnError, match="'staff' is not declared"):
        with_staff(small_run()).write(tmp_path / "run")


def test_money_is_shown_as_money_and_people_as_people():
    columns = [column for folder in schema().values() for table in folder.values() for column in table.columns]
    for unit, cell in (("money", "money"), ("people", "people")):
        of_unit = [column for column in columns if column.unit.startswith(unit) and column.type == "float"]
        assert len(of_unit) > 10
        assert {column.cell_format for column in of_unit if not column.cell} == {cell}
