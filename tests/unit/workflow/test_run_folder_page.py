"""docs/run-folder.md says what a run folder holds: every table, every column, every key, no more and no less."""

import json
import re
from dataclasses import fields

import pytest

from planner.store.executors import Serial
from planner.store.manifest import Manifest, Result
from planner.store.tables import ONLY_WITH_ROWS, Tables
from planner.study.load import load_study
from planner.workflow.batch import ScenarioRunner, run_batch
from tests.pages import GEOGRAPHIC, described, page, stored
from tests.tiny_town import write_town

PAGE = page("run-folder.md")

PAID = """\
  - name: paid
    set:
      budgets.departments: {civil: {name: Civil affairs}}
      services.canteen.department: civil
      services.canteen.capacity: 500
      areas: [{by: side, name: west, max_sites: 9}]
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    study = write_town(folder / "town", scenarios=PAID, name="porto")
    work = ScenarioRunner(None)
    report = run_batch([study], executor=Serial(), work=work, store=folder / "outputs", on_event=lambda *_: None)
    report.raise_failures()
    return folder


@pytest.mark.parametrize("table", [field.name for field in fields(Tables)])
def test_every_column_is_described_with_its_type(store, table):
    study = load_study(store / "town" / "porto.yaml", scenario="paid")
    path = store / "outputs" / "porto" / "paid" / "tables" / f"{table}.parquet"
    assert described(PAGE, table, study) == stored(path, geographic=table in GEOGRAPHIC)


def test_no_other_table_is_described(store):
    described = re.findall(r"^### (\w+)$", PAGE, flags=re.MULTILINE)
    assert described == [field.name for field in fields(Tables)]
    files = {path.stem for path in (store / "outputs/porto/paid/tables").iterdir()}
    assert files == set(described)
    # the base study has no areas, and nothing of them is stored
    base = {path.stem for path in (store / "outputs/porto/base/tables").iterdir()}
    assert base == files - ONLY_WITH_ROWS


def test_every_key_of_the_manifest_is_described(store):
    sections = PAGE.split("## manifest.json", 1)[1].split("## tables", 1)[0]
    keys = {
        name
        for line in sections.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    told = json.loads((store / "outputs/porto/base/manifest.json").read_text())
    assert keys == {field.name for kind in (Manifest, Result) for field in fields(kind)}
    # the base study has no label of its own
    assert keys == set(told) | set(told["result"]) | {"scenario_label"}


def test_what_it_says_to_type_works(store, monkeypatch, capsys):
    monkeypatch.chdir(store)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    exec(compile(code, "docs/run-folder.md", "exec"), {})  # noqa: S102 - our own page
    said = capsys.readouterr().out
    assert "paid" in said
    assert "canteen" in said
