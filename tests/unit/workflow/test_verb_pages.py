"""docs/assess.md, explain.md and frontier.md say what their folders hold: every table, column and unit, no more and no less."""

import json
import re
from dataclasses import fields

import pytest

from planner.store.tables import AssessmentTables, Explanation
from planner.study.standards import catalogues
from planner.workflow.assess import LONGEST_WALK_S
from planner.workflow.baseline_places import MOST_CLOSINGS
from planner.workflow.explain import TIME_LIMIT_S
from tests.cli.test_explain import EVERY_RULE
from tests.conftest import REPOSITORY
from tests.pages import GEOGRAPHIC, described, page, rows, stored
from tests.tiny_town import write_town
from tests.verbs import assess, explain, frontier

pytestmark = pytest.mark.deep

ASSESS, EXPLAIN, FRONTIER, RUN, STANDARDS = (
    page(f"{name}.md") for name in ("assess", "explain", "frontier", "run-folder", "standards")
)
OWN = re.findall(r"^### (\w+)$", ASSESS, flags=re.MULTILINE)
#: how a column's name ends → its unit
UNITS = {"_s": "s", "yearly_cost": "money a year", "capital_cost": "money", "minutes": "min", "share": "0–1"}


@pytest.fixture(scope="module")
def assessed(tmp_path_factory):
    """The bundled town as it stands: every table of it has rows."""
    return assess(
        REPOSITORY / "configs/neubrandenburg.yaml", out=tmp_path_factory.mktemp("assessed") / "neubrandenburg"
    )


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    return write_town(tmp_path_factory.mktemp("town"))


@pytest.mark.parametrize("table", [field.name for field in fields(AssessmentTables)])
def test_every_column_of_an_assessment_is_described(assessed, table):
    found, folder = assessed
    there = stored(folder / "tables" / f"{table}.parquet", geographic=table in GEOGRAPHIC)
    if table in OWN:
        assert described(ASSESS, table, found.study) == there
        return
    assert f"`{table}`" in ASSESS.split("## The folder")[1].split("###")[0]
    of_a_run = described(RUN, table, found.study)
    if table == "places":
        del of_a_run["opened"]
    assert there == of_a_run


def test_an_assessment_holds_no_other_table(assessed):
    files = {path.stem for path in (assessed[1] / "tables").iterdir()}
    assert files == {field.name for field in fields(AssessmentTables)}
    assert set(OWN) <= files


def test_the_head_of_an_assessment_is_described(assessed):
    told = json.loads((assessed[1] / "manifest.json").read_text(encoding="utf-8"))
    head = ASSESS.split("## The folder")[1].split("The tables")[0]
    assert all(f"`{key}`" in head or f'"{key}"' in head for key in told), set(told)
    assert told["limit_s"] == LONGEST_WALK_S == 3600.0, "an hour"
    assert MOST_CLOSINGS == 20, "at most twenty steps"


@pytest.mark.parametrize(
    ("text", "tables"),
    [
        (ASSESS, OWN),
        (EXPLAIN, [field.name for field in fields(Explanation)]),
        (FRONTIER, ["frontier"]),
    ],
    ids=["assess", "explain", "frontier"],
)
def test_every_figure_has_its_unit(text, tables):
    for table in tables:
        for name, kind, unit, _ in rows(text, f"### {table}"):
            plain = name.strip("`")
            want = next((one for ending, one in UNITS.items() if plain.endswith(ending)), None)
            if want is not None and kind == "float":
                assert unit.startswith(want) or (plain, unit) == ("balance_share", "−1–1"), (table, plain)
            if plain.startswith("people") and kind == "float":
                assert unit == "people", (table, plain)


def test_every_standard_is_listed_with_its_clause_and_whether_it_was_read():
    for name, catalogue in catalogues().items():
        told = {cells[0].strip("`"): cells for cells in rows(STANDARDS, f"### {catalogue.name.en} (`{name}`)")}
        assert list(told) == [one.id for one in catalogue.standards]
        for one in catalogue.standards:
            _, measured, wanted, kind, goes_for, document, clause, verified = told[one.id]
            assert (measured, kind, document) == (one.name.en, one.kind, one.document)
            assert ("named" in goes_for, "on request" in goes_for) == (one.named, not one.by_default)
            assert clause.startswith(one.clause)
            assert one.derived in clause
            assert verified == ("yes" if one.verified else "no")
            unit = 100 if "%" in wanted else 1
            figures = [
                float(figure.replace(",", "")) / unit for figure in re.findall(r"[\d,.]+", wanted.partition(";")[0])
            ]
            assert figures == pytest.approx([figure for figure in (one.low, one.high) if figure is not None])


@pytest.fixture(scope="module")
def explained(town, tmp_path_factory):
    return explain(town, sets=EVERY_RULE, out=tmp_path_factory.mktemp("why") / "base")


@pytest.mark.parametrize("table", [field.name for field in fields(Explanation)])
def test_every_column_of_an_explanation_is_described(explained, table):
    run, _, folder = explained
    assert described(EXPLAIN, table, run.study) == stored(folder / "explanation" / f"{table}.parquet")


def test_an_explanation_holds_no_other_table(explained):
    files = {path.stem for path in (explained[2] / "explanation").iterdir()}
    assert files == set(re.findall(r"^### (\w+)$", EXPLAIN, flags=re.MULTILINE))
    assert f"({TIME_LIMIT_S:g} unless told otherwise)" in EXPLAIN


def test_an_explanation_is_read_back_as_it_was_written(explained):
    run, found, folder = explained
    again = Explanation.read(folder / "explanation", run.study.language)
    assert again.prices["key"].tolist() == found.prices["key"].tolist()
    assert again.openings["people_alone"].tolist() == found.openings["people_alone"].tolist()
    assert len(again.openings) == len(run.tables.openings) > 0


def test_every_column_of_a_frontier_is_described(town, tmp_path):
    found, folder = frontier(town, steps=3, out=tmp_path / "front")
    assert described(FRONTIER, "frontier", found.study) == stored(folder / "frontier.parquet")
