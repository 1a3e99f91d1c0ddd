"""Every sentence of an explanation, counted again from the run's folder by an oracle that shares no code with the planner."""

import os
import re
from pathlib import Path

import pytest

from planner.cli import _run
from tests.cli.test_explain import EVERY_RULE
from tests.oracle.folder import Folder
from tests.oracle.reasons import Reader, untrue
from tests.tiny_town import write_town

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("PLANNER_SHARED_DATA", ROOT.parent / "shared" / "data"))


def explained(study, folder, *words, sets=()):
    asked = ["explain", str(study), "--out", str(folder), "--quiet", *words]
    assert _run([*asked, *(word for item in sets for word in ("--set", item))]) == 0
    return Folder(folder)


#: name → settings of a tiny town that together turn on every kind of rule and sentence
TOWNS = {
    "plain": [],
    "every rule": EVERY_RULE,
    "little money": ["budgets.capital_cost=600000"],
    "rooms shared and kept apart": [
        "co_location.shared_rooms=[{services: [canteen, childcare], area_m2: 20, fit_out_cost: 50000, yearly_cost: 5000}]",
        "co_location.hub={min_area_m2: 150, min_services: 2, min_hubs: 1}",
        "services.canteen.max_openings=1",
        "budgets.yearly_cost=200000",
        "siting.never=[{site: r1}]",
    ],
    "places that run out": [
        "services.canteen.capacity=150",
        "services.canteen.participation=0.5",
        "services.canteen.min_load=30",
        "siting.floors=[{service: canteen, minutes: 6, share: 0.3}]",
        "siting.spreads=[{service: childcare, minutes: 6, most: 1.0}]",
        "siting.max_sites=null",
    ],
    "kept apart": ["co_location.incompatible=[[canteen, childcare]]", "siting.must=[{site: r3, service: canteen}]"],
}


@pytest.fixture(scope="module", params=TOWNS, ids=[name.replace(" ", "-") for name in TOWNS])
def told(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("true")
    return explained(write_town(folder), folder / "why", sets=TOWNS[request.param])


@pytest.mark.deep
def test_every_sentence_of_a_tiny_town_is_true(told):
    assert untrue(told) == []


@pytest.mark.deep
@pytest.mark.parametrize("told", ["every rule"], indirect=True, ids=["every-rule"])
def test_no_number_can_be_changed_unnoticed(told):
    """The oracle is no better than what it notices: every number of every sentence, made larger by three, is found out."""
    text = told.path / "explanation.md"
    honest = text.read_text(encoding="utf-8")
    start = honest.index("## How sure it is")
    unnoticed = []
    for found in re.finditer(r"(?<![\w.,])\d(?:[\d,]*\d)?(?:\.\d+)?(?![\w.]*\))", honest[start:]):
        at, shown = start + found.start(), found.group()
        value = float(shown.replace(",", "")) + 3
        other = f"{value:,.1f}" if "." in shown else f"{value:,.0f}" if "," in shown else f"{value:.0f}"
        untold = honest[:at] + other + honest[at + len(shown) :]
        text.write_text(untold, encoding="utf-8")
        line = untold[untold.rindex("\n", 0, at) + 1 : untold.index("\n", at)]
        try:
            noticed = Reader(told).sentences(only=line)
        except (ValueError, KeyError, TypeError):
            noticed = ["it cannot even be read"]
        if not noticed:
            unnoticed.append(f"{shown} in {line}")
    text.write_text(honest, encoding="utf-8")
    assert unnoticed == []


@pytest.mark.deep
def test_the_chinese_sentences_hold_the_same_numbers(tmp_path):
    study = write_town(tmp_path)
    numbers = {}
    for language in ("zh", "en"):
        sets = [*EVERY_RULE, f"language={language}"]
        told = explained(study, tmp_path / language, sets=sets)
        said = (told.path / "explanation.md").read_text(encoding="utf-8")
        said = re.sub(r"base-[0-9a-f]{12}", "", said)  # the number of the run
        said = re.sub(r"([\d,.]+) 万元", lambda found: f"{float(found[1].replace(',', '')) * 10_000:,.0f}", said)
        numbers[language] = [sorted(re.findall(r"\d[\d,.]*\d|\d", line)) for line in said.splitlines()[3:]]
    assert numbers["zh"] == numbers["en"]


@pytest.mark.scale
def test_every_sentence_of_the_bundled_town_is_true(tmp_path):
    folder = explained(ROOT / "configs/neubrandenburg.yaml", tmp_path / "why", "--time-limit", "3")
    assert untrue(folder) == []


@pytest.mark.scale
def test_every_sentence_is_true_with_every_rule_on(tmp_path):
    folder = explained(ROOT / "configs/neubrandenburg_rules.yaml", tmp_path / "why", sets=["solver.time_limit_s=40"])
    assert untrue(folder) == []


@pytest.mark.scale
@pytest.mark.shared
@pytest.mark.skipif(not (SHARED / "porto").exists(), reason="the layers of Porto are not here")
def test_every_sentence_is_true_in_porto(tmp_path):
    words = ["--scenario", "every-rule"]
    assert untrue(explained(ROOT / "configs/porto.yaml", tmp_path / "why", *words)) == []
