"""docs/run-folder.md says what a run folder holds: every table, every column, every key, no more and no less."""

import json
import re
from dataclasses import fields

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from planner.runs import Manifest, Result, Tables
from planner.runs.batch import run_batch
from planner.runs.executors import Serial
from planner.runs.tables import GEOGRAPHIC
from planner.runs.work import Work
from planner.study.load import load_study
from tests.conftest import REPOSITORY
from tests.tiny_town import write_town

PAGE = (REPOSITORY / "docs" / "run-folder.md").read_text(encoding="utf-8")

PAID = """\
  - name: paid
    set:
      budgets.departments: {civil: {name: Civil affairs}}
      services.canteen.department: civil
      services.canteen.capacity: 500
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    study = write_town(folder / "town", scenarios=PAID, name="porto")
    work = Work(None)
    report = run_batch([study], executor=Serial(), work=work, store=folder / "outputs", tell=lambda *_: None)
    report.raise_failures()
    return folder


def _rows(heading):
    """Rows of the first table below a heading: lists of cells."""
    section = PAGE.split(f"\n{heading}\n", 1)[1].split("\n#", 1)[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in section.splitlines() if line[:1] == "|"
    ]
    return cells[2:]


def _documented(table, study):
    """Columns of a table as the page says, its placeholders filled in: name → type."""
    filled = {
        "people_<group>": [f"people_{group}" for group in study.groups],
        "<roll_up>": study.layers.communities.roll_up,
        "pays_<department>": [f"pays_{department}" for department in study.budgets.departments],
    }
    found = {}
    for name, kind, *_ in _rows(f"### {table}"):
        plain = name.strip("`")
        found |= dict.fromkeys(filled.get(plain, [plain]), kind)
    return found


def _kind(field, geographic):
    kinds = {
        "geometry": geographic and field.name == "geometry",
        "category": pa.types.is_dictionary(field.type),
        "text": pa.types.is_string(field.type) or pa.types.is_large_string(field.type),
        "float": pa.types.is_floating(field.type),
        "int": pa.types.is_integer(field.type),
        "bool": pa.types.is_boolean(field.type),
    }
    return next(kind for kind, fits in kinds.items() if fits)


@pytest.mark.parametrize("table", [field.name for field in fields(Tables)])
def test_every_column_is_described_with_its_type(store, table):
    study = load_study(store / "town" / "porto.yaml", scenario="paid")
    schema = pq.read_schema(store / "outputs" / "porto" / "paid" / "tables" / f"{table}.parquet")
    there = {field.name: _kind(field, table in GEOGRAPHIC) for field in schema}
    assert _documented(table, study) == there


def test_no_other_table_is_described(store):
    described = re.findall(r"^### (\w+)$", PAGE, flags=re.MULTILINE)
    assert described == [field.name for field in fields(Tables)]
    files = {path.stem for path in (store / "outputs/porto/base/tables").iterdir()}
    assert files == set(described)


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
    assert keys == set(told) | set(told["result"])


def test_what_it_says_to_type_works(store, monkeypatch, capsys):
    monkeypatch.chdir(store)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    exec(compile(code, "docs/run-folder.md", "exec"), {})  # noqa: S102 - our own page
    said = capsys.readouterr().out
    assert "paid" in said
    assert "canteen" in said
