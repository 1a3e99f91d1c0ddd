"""The page and the workbook of a comparison: whole, offline, escaped, equal for equal runs."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import openpyxl
import pytest
from markupsafe import escape

from planner.cli import _run
from planner.report.comparison import comparison_page
from planner.report.names import run_name
from planner.report.svg import pareto_front
from planner.store.comparison import compare, find_runs
from planner.store.executors import Serial
from planner.workflow.batch import ScenarioRunner, run_batch
from tests.tiny_town import write_town
from tests.workbooks import rows_of

pytestmark = pytest.mark.deep

EVIL = '<script>alert("x")</script>'


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compared")
    study = write_town(folder / "town")
    rooms = json.loads((study.parent / "candidates.geojson").read_text())
    for room in rooms["features"]:
        room["properties"]["name"] = f"={EVIL} {room['properties']['id']}"
    (study.parent / "candidates.geojson").write_text(json.dumps(rooms))
    report = run_batch(
        [study], executor=Serial(), work=ScenarioRunner(None), store=folder / "store", on_event=lambda *_: None
    )
    report.raise_failures()
    return folder / "store"


@pytest.fixture(scope="module")
def made(store, tmp_path_factory):
    out = tmp_path_factory.mktemp("made") / "comparison"
    assert _run(["compare", str(store), "--out", str(out), "--quiet"]) == 0
    return out


class _Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.open, self.policy = [], [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if dict(attrs).get("http-equiv") == "Content-Security-Policy":
            self.policy = dict(attrs)["content"]
        self.links += [
            value for name, value in attrs if name in ("src", "href", "srcset", "data") or name.startswith("on")
        ]
        if tag not in ("meta", "br", "rect", "circle", "line", "path", "polyline"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in ("rect", "circle", "line", "path", "polyline"):
            assert self.open.pop() == tag


def test_the_page_asks_for_nothing_and_runs_nothing(made):
    text = (made / "comparison.html").read_text(encoding="utf-8")
    seen = _Tags(text)
    assert seen.open == []
    assert "script" not in seen.tags
    assert seen.links == []
    assert "default-src 'none'" in seen.policy
    assert not re.findall(r"https?://|url\(|@import", text)


def test_names_of_layers_are_quoted(made):
    text = (made / "comparison.html").read_text(encoding="utf-8")
    assert EVIL not in text
    assert "&lt;script&gt;alert(" in text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_both_languages_say_everything(store, language):
    comparison, settings = compare(find_runs([store]))
    text = comparison_page(comparison, settings, language)
    assert text.count("<svg") == 2
    for row in comparison.runs.to_dict("records"):
        assert str(escape(run_name(row["run"], settings, language))) in text
        assert f"{row['capital_cost']:,.0f}" in text


def test_the_workbook_quotes_the_tables(store, made):
    comparison, _ = compare(find_runs([store]))
    book = openpyxl.load_workbook(made / "comparison.xlsx")
    named = ["Runs", "Coverage", "Worst community", "Fairness of access", "Sites that change", "Sites", "Assumptions"]
    assert book.sheetnames == named
    told = rows_of(book["Runs"])
    for line, row in zip(told, comparison.runs.to_dict("records"), strict=True):
        assert line["covered (people)"] == row["covered"]
        assert line["capital (yuan)"] == row["capital_cost"]
    assert len({line["run"] for line in told}) == len(told)
    sites = [cell for sheet in book for line in sheet.iter_rows() for cell in line if str(cell.value).startswith("=")]
    assert sites
    assert {cell.data_type for cell in sites} == {"s"}  # a text, not a formula


def test_equal_runs_give_equal_bytes_and_a_comparison_replaces_its_own(store, made):
    before = {path.name: path.read_bytes() for path in made.iterdir()}
    assert _run(["compare", str(store), "--out", str(made), "--quiet"]) == 0
    assert {path.name: path.read_bytes() for path in made.iterdir()} == before


def test_a_comparison_replaces_nothing_else(store, capsys):
    assert _run(["compare", str(store), "--out", str(store), "--quiet"]) == 4
    assert "holds other files" in capsys.readouterr().err
    assert len(find_runs([store])) == 9


def test_a_single_run_is_compared_with_nothing(store, tmp_path, capsys):
    assert _run(["compare", str(store / "town" / "base"), "--out", str(tmp_path / "c")]) == 0
    assert "town/base" in capsys.readouterr().out
    assert "nothing to hold it against" in (tmp_path / "c" / "comparison.html").read_text()


def test_the_line_joins_the_runs_that_none_beats():
    cost, share = np.array([3.0, 1.0, 2.0, 2.0, 4.0]), np.array([0.7, 0.2, 0.5, 0.6, 0.7])
    assert pareto_front(cost, share) == [1, 3, 0]
