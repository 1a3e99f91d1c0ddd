"""The one declaration of the stored tables: fields of the frames and pages of documentation are made from it."""

from dataclasses import fields

import pytest

from planner.store.schema import as_markdown, schema
from planner.store.tables import AssessmentTables, Explanation, Tables
from tests.pages import page

FRAMES = {"run": Tables, "assessment": AssessmentTables, "explanation": Explanation}
TYPES = {"text", "category", "float", "int", "bool", "geometry"}


@pytest.mark.parametrize("folder", FRAMES)
def test_every_frame_is_declared_and_no_other(folder):
    assert list(schema()[folder]) == [field.name for field in fields(FRAMES[folder])]
    assert FRAMES[folder].folder_type == folder


@pytest.mark.parametrize("folder", FRAMES)
def test_columns_are_named_once_and_have_a_known_type(folder):
    for name, table in schema()[folder].items():
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names), name
        assert {column.type for column in table.columns} <= TYPES, name
        assert set(table.may_lack) < set(names) or not table.may_lack, name
        assert table.about.endswith("."), name


@pytest.mark.parametrize(
    ("document", "folder"), [("run-folder", "run"), ("assess", "assessment"), ("explain", "explanation")]
)
def test_the_pages_are_written_from_it(document, folder):
    text = page(f"{document}.md")
    for name in schema()[folder]:
        if f"### {name}\n" in text:
            assert as_markdown(folder, [name]) in text, "run `python docs/rewrite.py`"
