"""Folders written by another version lack tables or columns: each verb that reads them says which, and crashes on none."""

import json
import shutil

import geopandas as gpd
import pandas as pd
import pytest

from planner.cli import _run
from planner.errors import OutputError
from planner.store.assessment import Assessment
from planner.store.run import Run, StoredRun
from planner.store.schema import schema
from planner.store.tables import Explanation, read_table
from planner.study.former_names import FORMER_NAMES
from tests.pages import GEOGRAPHIC
from tests.street_town import study_of, write_street

pytestmark = pytest.mark.deep


def required(folder):
    return {name: table.required for name, table in schema()[folder].items()}


KINDS = {
    "run": ("tables", required("run")),
    "assessment": ("tables", required("assessment")),
    "explained": ("explanation", required("explanation")),
}

FOLDERS = {"run": "run", "assessment": "assessment", "explained": "explanation"}

#: columns without which a table of before is still read (`planner.report.cartography.drawn_streets`)
SPARED = {
    "streets": {"across", "from_junction", "to_junction"},
    "benchmarks": {"at_least", "kind"},
    "equity": {"column", "gap", "best_area", "best_share", "worst_area", "worst_share"},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run, an assessment and an explained run of today."""
    folder = tmp_path_factory.mktemp("older")
    for language in ("en", "zh"):
        path = write_street(folder / language, study_of(language=language))
        for verb, kind in (("plan", "run"), ("assess", "assessment"), ("explain", "explained")):
            assert _run([verb, str(path), "--out", str(folder / language / kind), "--quiet"]) == 0
    return folder


@pytest.fixture
def older(made, tmp_path):
    shutil.copytree(made, tmp_path / "made")
    return tmp_path / "made"


def read(folder, kind):
    if kind == "assessment":
        return Assessment.read(folder)
    run = Run.read(folder)
    return Explanation.read(folder / "explanation", run.study.language) if kind == "explained" else run


def without(path, column):
    """Drop a column from a table; a geometry leaves a plain table behind."""
    frame = gpd.read_parquet(path) if path.stem in GEOGRAPHIC else pd.read_parquet(path)
    less = frame.drop(columns=column)
    (pd.DataFrame(less) if column == "geometry" else less).to_parquet(path, index=False)


@pytest.mark.parametrize("kind", KINDS)
def test_the_columns_named_are_those_of_a_folder_of_today(made, kind):
    below, columns = KINDS[kind]
    tables = {path.stem: pd.read_parquet(path) for path in sorted((made / "en" / kind / below).glob("*.parquet"))}
    # limits of areas are stored where a study has areas
    assert set(tables) == set(columns) - {"area_limits"}
    for name, frame in tables.items():
        own = {
            column
            for column in frame
            if column.startswith(("people_elders", "people_care", "pays_")) or column == "side"
        }
        assert set(frame) - own - SPARED.get(name, set()) == set(columns[name]), name


@pytest.mark.parametrize("kind", KINDS)
def test_every_table_and_column_that_is_absent_is_named(older, kind):
    below, columns = KINDS[kind]
    folder = older / "en" / kind
    for name, expected in columns.items():
        if name == "area_limits":
            continue  # stored where a study has areas
        path = folder / below / f"{name}.parquet"
        whole = path.read_bytes()
        for column in expected:
            if column == "geometry":
                continue  # a table without its geometry is no such table: refused as unreadable, below
            without(path, column)
            with pytest.raises(OutputError, match=rf"its table {name}\.parquet lacks {column}\b"):
                read_table(folder / below, FOLDERS[kind], name, "en")
            path.write_bytes(whole)
        path.unlink()
        if schema()[FOLDERS[kind]][name].may_be_absent:
            assert read_table(folder / below, FOLDERS[kind], name, "en").empty
            continue
        with pytest.raises(OutputError, match=rf"it lacks the table {name}\.parquet"):
            read_table(folder / below, FOLDERS[kind], name, "en")
    with pytest.raises(OutputError, match="it lacks the table"):
        read(folder, kind)


def test_streets_of_before_squares_were_crossed_are_still_drawn(older):
    folder = older / "en" / "run"
    without(folder / "tables" / "streets.parquet", sorted(SPARED["streets"]))
    assert _run(["report", str(folder)]) == 0


def test_a_table_without_its_geometry_is_refused(older):
    without(older / "en" / "run" / "tables" / "places.parquet", "geometry")
    with pytest.raises(OutputError):
        Run.read(older / "en" / "run")


@pytest.mark.parametrize(
    ("language", "said"), [("en", "lacks served_before, served_after"), ("zh", "缺少列 served_before, served_after")]
)
@pytest.mark.parametrize(
    "words", [("report",), ("report", "--public"), ("report", "--sheets"), ("compare", "--quiet")], ids=" ".join
)
def test_the_verbs_say_it_in_the_language_of_the_study(older, capsys, language, said, words):
    folder = older / language / "run"
    without(folder / "tables" / "coverage.parquet", ["served_before", "served_after"])
    verb, *more = words
    out = ["--out", str(older / "comparison")] if verb == "compare" else []
    assert _run([verb, str(folder), *more, *out]) == 4
    told = capsys.readouterr().err
    assert said in told
    assert str(folder) in told
    assert "Traceback" not in told


def test_the_table_of_services_that_open_nowhere_is_missed_by_name(older, capsys):
    folder = older / "en" / "run"
    (folder / "tables" / "unopened.parquet").unlink()
    assert _run(["report", str(folder)]) == 4
    assert "it lacks the table unopened.parquet → make it again" in capsys.readouterr().err


def test_an_older_assessment_and_explanation_are_refused_by_name(older, capsys):
    without(older / "en" / "assessment" / "tables" / "coverage.parquet", "heads_covered")
    assert _run(["report", str(older / "en" / "assessment")]) == 4
    assert "lacks heads_covered" in capsys.readouterr().err
    without(older / "en" / "explained" / "explanation" / "prices.parquet", "gain_at_least")
    assert _run(["report", str(older / "en" / "explained")]) == 4
    assert "lacks gain_at_least" in capsys.readouterr().err


def test_a_manifest_of_another_version_is_no_finished_run(older):
    path = older / "en" / "run" / "manifest.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    for key in ("goals", "proven"):
        less = {**told, "result": {name: value for name, value in told["result"].items() if name != key}}
        path.write_text(json.dumps(less), encoding="utf-8")
        with pytest.raises(OutputError, match="holds no finished run"):
            StoredRun.open(path.parent)


def test_review_reads_no_run_folder_and_is_refused_for_another_run(older, capsys):
    """A review computes its run again; decisions over a folder of another version do not fit the digest of this one."""
    run = {"id": "base-0", "digest": "0" * 64, "scenario": "base"}
    path = older / "decisions.json"
    path.write_text(json.dumps({"version": 1, "run": run, "decisions": [], "open": []}), encoding="utf-8")
    assert _run(["review", str(older / "en" / "street.yaml"), str(path), "--out", str(older / "review")]) == 3
    assert "Traceback" not in capsys.readouterr().err


def with_former_names(folder):
    """Give columns of tables, figures of the manifest and keys of the study the names they had with a currency in them."""
    former = {name: old for old, name in FORMER_NAMES.items()}
    held = set()
    for path in folder.rglob("*.parquet"):
        frame = gpd.read_parquet(path) if path.stem in GEOGRAPHIC else pd.read_parquet(path)
        held |= former.keys() & set(frame.columns)
        frame.rename(columns=former).to_parquet(path, index=False)
    for name in ("manifest.json", "study.json"):
        text = (folder / name).read_text(encoding="utf-8")
        for now, old in former.items():
            text = text.replace(f'"{now}":', f'"{old}":')
        (folder / name).write_text(text, encoding="utf-8")
    return held


@pytest.mark.parametrize("language", ["en", "zh"])
def test_folders_of_before_money_lost_its_currency_give_the_same_reports(older, language):
    for kind, below in (("run", "tables"), ("assessment", "tables"), ("explained", "explanation")):
        folder = older / language / kind
        now = read(folder, kind)
        of_today = getattr(now, "tables", now)
        assert with_former_names(folder) >= ({"capital_cost"} if kind != "assessment" else {"setup_cost"}), below
        again = read(folder, kind)
        of_before = getattr(again, "tables", again)
        for name in KINDS[kind][1]:
            pd.testing.assert_frame_equal(getattr(of_before, name), getattr(of_today, name))
        if kind != "explained":
            assert again.study == now.study
    run = older / language / "run"
    pages = {path: path.read_bytes() for path in run.iterdir() if path.suffix in {".html", ".xlsx"}}
    assert _run(["report", str(run)]) == 0
    assert pages == {path: path.read_bytes() for path in pages}
    assert _run(["compare", str(run), "--quiet", "--out", str(older / "comparison")]) == 0
