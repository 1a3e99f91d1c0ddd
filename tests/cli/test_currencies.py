"""A study in euro and one in yuan through every page in both languages: no word of another currency, and the same plan."""

import json
import re
import shutil
from functools import cache

import openpyxl
import pandas as pd
import pytest

from planner.cli import _run
from planner.errors import OutputError
from planner.i18n import money_format
from planner.report.summary import closing_summary
from planner.store.comparison import compare
from planner.store.run import Run
from tests.street_town import care, study_of, write_street

pytestmark = pytest.mark.deep

#: what nobody may read in a study of the currency; 单元 is a flat, not money
FOREIGN = {
    "EUR": r"yuan|(?<![欧单])元|¥|人民币|\bCNY\b",
    "CNY": r"€|\beuro\b|欧元|\bEUR\b|¥|人民币",
    "CHF": r"€|\beuro\b|欧元|\bEUR\b|yuan|(?<!单)元|¥|人民币",
}
#: both languages and a currency with a symbol and one without; the other pairs belong to `scale`
IN_THE_GATE = {("EUR", "en"), ("CHF", "zh")}
#: capital of the plan, 110,000.5, as the closing lines say it
CAPITAL = {
    ("EUR", "en"): "€110,001 of €350,000",
    ("EUR", "zh"): "11 / 35 万欧元",
    ("CNY", "en"): "110,001 of 350,000 yuan",
    ("CNY", "zh"): "11 / 35 万元",
    ("CHF", "en"): "CHF\N{NO-BREAK SPACE}110,001 of CHF\N{NO-BREAK SPACE}350,000",
    ("CHF", "zh"): "11 / 35 万瑞士法郎",
}


def street(folder, currency, language):
    """Write a study that spends money in every way there is."""
    payer = {"civil": {"name": {"zh": "民政局", "en": "Civil affairs"}, "capital_cost": 300_000}}
    return write_street(
        folder,
        study_of(
            language=language,
            currency=currency,
            services=care(yearly_cost=7_000.25, fit_out_cost=100_000.5, department="civil"),
            site_kinds={"room": {"name": {"zh": "用房", "en": "Room"}, "setup_cost": 10_000, "setup_cost_per_m2": 0}},
            budgets={"capital_cost": 350_000, "departments": payer},
            siting={"objective": ["coverage", "cost"], "max_sites": 1},
            scenarios=[{"name": "poor", "set": {"budgets.capital_cost": 120_000}}],
        ),
    )


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    """Compute the runs of a study once for each currency, in English."""

    @cache
    def of(currency):
        folder = tmp_path_factory.mktemp(currency)
        study = str(street(folder / "study", currency, "en"))
        calls = [
            ["explain", study, "--out", f"{folder}/runs/explained"],
            ["assess", study, "--out", f"{folder}/runs/assessed"],
            ["plan", study, "--scenario", "poor", "--out", f"{folder}/runs/poor"],
        ]
        for call in calls:
            assert _run([*call, "--quiet"]) == 0, call
        return folder

    return of


@pytest.fixture
def made(computed, tmp_path, capsys):
    """Write every page of a study in a language: the folder, and what the verbs print."""

    def of(currency, language):
        runs = tmp_path / "runs"
        shutil.copytree(computed(currency) / "runs", runs)
        for path in runs.glob("*/study.json"):
            told = json.loads(path.read_text(encoding="utf-8"))
            path.write_text(json.dumps({**told, "language": language}), encoding="utf-8")
        study = str(computed(currency) / "study" / "street.yaml")
        capsys.readouterr()
        calls = [
            *(["report", f"{runs}/{name}"] for name in ("explained", "assessed", "poor")),
            *(["report", f"{runs}/explained", f"--{kind}"] for kind in ("public", "sheets")),
            ["compare", f"{runs}/explained", f"{runs}/poor", "--out", f"{runs}/comparison"],
            ["frontier", study, "--steps", "3", "--set", f"language={language}", "--out", f"{runs}/frontier"],
        ]
        for call in calls:
            assert _run(call) == 0, call
        lines = closing_summary(Run.read(runs / "explained"))
        return runs, "\n".join((capsys.readouterr().out, *lines))

    return of


def texts(folder):
    """Everything below ``folder`` that a planner reads: file → text."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".html", ".md", ".json"}:
            found[path] = path.read_text(encoding="utf-8")
        elif path.suffix == ".xlsx":
            book = openpyxl.load_workbook(path)
            found[path] = "\n".join(
                str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row
            )
        elif path.suffix == ".parquet":
            frame = pd.read_parquet(path)
            words = frame.select_dtypes(include=["object", "string", "category"])
            found[path] = "\n".join([*map(str, frame.columns), *(str(cell) for cell in words.to_numpy().ravel())])
    return found


@pytest.mark.parametrize(
    ("currency", "language"),
    [
        pytest.param(currency, language, marks=() if (currency, language) in IN_THE_GATE else pytest.mark.scale)
        for currency in FOREIGN
        for language in ("en", "zh")
    ],
)
def test_no_page_speaks_of_another_currency(made, currency, language):
    folder, said = made(currency, language)
    read = {**texts(folder), "terminal": said}
    assert {path.suffix for path in read if path != "terminal"} == {".html", ".md", ".json", ".xlsx", ".parquet"}
    foreign = {
        str(path): found[0]
        for path, text in read.items()
        if (found := re.search(FOREIGN[currency].replace(rf"|\b{currency}\b", ""), text))
    }
    assert foreign == {}
    label = money_format(language, currency).label
    silent = {str(path.relative_to(folder)) for path, text in read.items() if path != "terminal" and label not in text}
    names = {
        "map.html",
        "meeting.html",
        "plan.xlsx",
        "explanation.md",
        "frontier.md",
        "comparison.html",
        "comparison.xlsx",
    }
    assert {path for path in silent if path.rsplit("/", 1)[-1] in names} == set()
    assert CAPITAL[currency, language] in said


def test_the_currency_changes_no_figure(computed):
    tables = {}
    for currency in ("EUR", "CNY"):
        folder = computed(currency) / "runs/explained/tables"
        tables[currency] = {path.stem: pd.read_parquet(path) for path in folder.glob("*.parquet")}
        sites = tables[currency]["opened_sites"]
        assert sites["capital_cost"].tolist() == [110_000.5]
        assert sites["yearly_cost"].tolist() == [7_000.25]
    for name, table in tables["EUR"].items():
        pd.testing.assert_frame_equal(table, tables["CNY"][name])


def test_runs_of_two_currencies_are_not_compared(computed):
    folders = [computed(currency) / "runs/explained" for currency in ("EUR", "CNY")]
    with pytest.raises(
        OutputError,
        match=r"different currencies cannot be compared: runs/explained \(EUR\), runs/explained \(2\) \(CNY\)",
    ):
        compare(folders)


@pytest.mark.parametrize(("currencies", "capital"), [(("EUR", "EUR"), "€220,001"), (("EUR", "CNY"), "–")])
def test_a_city_adds_up_money_of_one_currency_alone(tmp_path, capsys, currencies, capital):
    studies = []
    for name, currency in zip(("east", "west"), currencies, strict=True):
        path = street(tmp_path / name, currency, "en")
        if name == "west":  # 20 km to the north
            for layer in path.parent.glob("*.geojson"):
                layer.write_text(
                    re.sub(r"\b593(\d{4})\b", r"595\1", layer.read_text(encoding="utf-8")), encoding="utf-8"
                )
        studies.append(str(path.rename(path.with_name(f"{name}.yaml"))))
    assert _run(["batch", *studies, "--only", "base", "--jobs", "1", "--out", str(tmp_path / "store")]) == 0
    assert re.search(rf"capital spent +{capital}\n", capsys.readouterr().out)


def test_a_code_that_is_no_currency_is_refused(tmp_path, capsys):
    path = street(tmp_path, "EUR", "en")
    assert _run(["plan", str(path), "--set", "currency=euro"]) == 3
    assert "EURO is no currency code of ISO 4217" in capsys.readouterr().err
