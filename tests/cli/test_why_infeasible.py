"""Why there is no plan, as the planner reads it: the rules by name and key, and changes that really are enough, and really the least."""

import re
from pathlib import Path

import pytest

from planner.cli import _run
from tests.tiny_town import write_town

DEPARTMENTS = "budgets.departments={civil: {name: {zh: 民政局, en: Civil affairs}, capital_cost: 100000}}"

#: name → (settings, what must be said, a change that is advised, one that is not quite enough)
CASES = {
    "a lock and no money": (
        ["siting.must=[{site: r3, service: canteen}]", "budgets.capital_cost=1000"],
        [
            "these 2 cannot be kept together",
            "Canteen must be at Room 3 (r3) (siting.must.0)",
            "capital at most 1,000 yuan (budgets.capital_cost)",
            "raise budgets.capital_cost from 1,000 to at least 400,000",
            "give up: Canteen must be at Room 3 (r3) (siting.must.0)",
        ],
        "budgets.capital_cost=400000",
        "budgets.capital_cost=399999",
    ),
    "locks against each other": (
        ["siting.must=[{site: r3}]", "siting.never=[{site: r3}]"],
        ["Room 3 (r3) must be used (siting.must.0)", "nothing new at Room 3 (r3) (siting.never.0)"],
        "siting.never=[]",
        "siting.never=[{site: r3, service: canteen}, {site: r3, service: childcare}]",
    ),
    "more openings than buildings": (
        ["services.childcare.min_openings=3", "siting.max_sites=1", "budgets.capital_cost=null"],
        [
            "Childcare: at least 3 openings (services.childcare.min_openings)",
            "buildings opened: at most 1 (siting.max_sites)",
            "lower services.childcare.min_openings from 3 to at most 1",
            "raise siting.max_sites from 1 to at least 3",
        ],
        "siting.max_sites=3",
        "siting.max_sites=2",
    ),
    "a floor that no money reaches": (
        ["siting.floors=[{service: childcare, minutes: 3, share: 1, group: child, per: community}]"],
        [
            "this one cannot be kept",
            "Childcare within 3 minutes for at least 100.0 % of the group “children” in every community (siting.floors.0.share)",
            "lower siting.floors.0.share from 1 to at most 0",
        ],
        "siting.floors.0.share=0",
        "siting.floors.0.share=0.001",
    ),
    "a department without money": (
        [DEPARTMENTS, "services.canteen.department=civil", "services.canteen.min_openings=1"],
        [
            "Civil affairs: capital at most 100,000 yuan (budgets.departments.civil.capital_cost)",
            "raise budgets.departments.civil.capital_cost from 100,000 to at least 300,000",
        ],
        "budgets.departments.civil.capital_cost=300000",
        "budgets.departments.civil.capital_cost=299999",
    ),
    "hubs that fit nowhere": (
        ["co_location.hub={min_area_m2: 100, min_services: 2, min_hubs: 9}", "budgets.capital_cost=null"],
        ["hubs (from 100 m² and 2 services on): at least 9 (co_location.hub.min_hubs)"],
        "co_location.hub.min_hubs=1",
        "co_location.hub.min_hubs=4",  # siting.max_sites is 3
    ),
    "a target out of reach": (
        ["siting.objective=[fewest]", "siting.target=1", "budgets.capital_cost=0"],
        ["Childcare within 6 minutes for at least 100.0 % of those it is for (siting.target)"],
        "siting.target=0",
        "siting.target=0.9",
    ),
}


def attempt(folder, capsys, sets):
    words = ["plan", str(folder / "town.yaml"), "--out", str(folder / "out"), "--quiet"]
    code = _run([*words, *(word for item in sets for word in ("--set", item))])
    return code, capsys.readouterr().err


@pytest.mark.deep_after(1)
@pytest.mark.parametrize("name", CASES)
def test_the_conflict_is_named_and_the_advice_is_enough(name, tmp_path, capsys):
    sets, said, enough, too_little = CASES[name]
    write_town(tmp_path)
    code, message = attempt(tmp_path, capsys, sets)
    assert code == 5
    for text in said:
        assert text in message
    assert attempt(tmp_path, capsys, [*sets, enough])[0] == 0
    assert attempt(tmp_path, capsys, [*sets, too_little])[0] == 5


@pytest.mark.deep
def test_every_change_that_is_advised_alone_makes_a_plan_possible(tmp_path, capsys):
    write_town(tmp_path)
    sets = ["siting.floors=[{service: canteen, minutes: 6, share: 0.95}]", "budgets.capital_cost=500000"]
    code, message = attempt(tmp_path, capsys, sets)
    assert code == 5
    advice = re.findall(r"→ (raise|lower) (\S+) from \S+ to at (?:least|most) ([\d,.]+)", message)
    assert {(way, key) for way, key, _ in advice} == {
        ("raise", "budgets.capital_cost"),
        ("lower", "siting.floors.0.share"),
    }
    for way, key, limit in advice:
        value = float(limit.replace(",", ""))
        assert attempt(tmp_path, capsys, [*sets, f"{key}={value}"])[0] == 0, (key, value)
        worse = value - 1 if way == "raise" else value + 0.001
        assert attempt(tmp_path, capsys, [*sets, f"{key}={worse}"])[0] == 5, (key, worse)


@pytest.mark.deep
def test_money_of_a_year_is_named_by_its_year(tmp_path, capsys):
    write_town(tmp_path)
    sets = [
        "siting.years=[2026, 2027]",
        "siting.capital_cost_by_year={2026: 0, 2027: 100000}",
        "services.canteen.min_openings=1",
    ]
    code, message = attempt(tmp_path, capsys, sets)
    assert code == 5
    assert (
        "at most 100,000 yuan of capital in 2027 (what is not spent moves on) (siting.capital_cost_by_year.2027)"
        in message
    )
    assert attempt(tmp_path, capsys, [*sets, "siting.capital_cost_by_year.2027=400000"])[0] == 0


@pytest.mark.deep
def test_a_chinese_study_is_answered_in_chinese(tmp_path, capsys):
    write_town(tmp_path)
    sets = ["language=zh", "siting.must=[{site: r3, service: canteen}]", "budgets.capital_cost=20000"]
    code, message = attempt(tmp_path, capsys, sets)
    assert code == 5
    assert "以下 2 条规则不能同时满足" in message
    assert "Room 3 (r3)必须有「食堂」（siting.must.0）" in message
    assert "建设投资不超过 2 万元（budgets.capital_cost）" in message
    assert "将 budgets.capital_cost 由 20,000 提高到至少 400,000" in message


def test_a_search_that_runs_out_of_time_says_so(tmp_path, capsys):
    write_town(tmp_path)
    sets = ["siting.must=[{site: r3}]", "siting.never=[{site: r3}]", "solver.time_limit_s=0.000001"]
    code, message = attempt(tmp_path, capsys, sets)
    assert code == 5
    assert "raise solver.time_limit_s" in message


BUNDLED = Path(__file__).parents[2] / "configs/neubrandenburg.yaml"

#: what contradicts itself in the bundled town, as settings one by one; changes of which each must be enough; changes that must not be
CONTRADICTIONS = {
    "money and a floor": (
        {"capital": "budgets.capital_cost=500000", "floor": "siting.floors.0.share=0.75"},
        {"capital": "budgets.capital_cost=969750", "floor": "siting.floors.0.share=0.7402"},
        {"capital": "budgets.capital_cost=969500", "floor": "siting.floors.0.share=0.7403"},
        ["raise budgets.capital_cost from 500,000 to at least 969,750", "from 0.75 to at most 0.7402"],
    ),
    "must and never": (
        {"must": "siting.must=[{site: C104, service: canteen}]", "never": "siting.never=[{site: C104}]"},
        {"must": "siting.must=[]", "never": "siting.never=[]"},
        {},
        ["give up: Community canteen must be at Datzecenter (C104)", "give up: nothing new at Datzecenter (C104)"],
    ),
    "hubs and money": (
        {
            "hubs": "co_location.hub={min_area_m2: 600, min_services: 3, min_hubs: 2}",
            "capital": "budgets.capital_cost=2000000",
        },
        {"hubs": "co_location.hub.min_hubs=0", "capital": "budgets.capital_cost=4743500"},
        {"hubs": "co_location.hub.min_hubs=1", "capital": "budgets.capital_cost=4743000"},
        ["lower co_location.hub.min_hubs from 2 to at most 0", "from 2,000,000 to at least 4,743,500"],
    ),
    "locks and a floor area": (
        {
            "locks": "siting.must=[{site: C104, service: canteen}, {site: C104, service: elder_care}, {site: C104, service: childcare}]",
        },
        {"locks": "siting.must=[{site: C104, service: canteen}, {site: C104, service: childcare}]"},
        {"locks": "siting.must=[{site: C104, service: elder_care}, {site: C104, service: childcare}]"},
        [
            "these 3 cannot be kept together",
            "no more rooms in a building than its floor area holds (area_m2)",
            "give up: Elder care must be at Datzecenter (C104) (siting.must.1)",
        ],
    ),
}


@pytest.mark.scale
@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_what_is_named_in_the_bundled_town_contradicts_itself_and_what_is_advised_works(name, tmp_path, capsys):
    asked, enough, short, said = CONTRADICTIONS[name]

    def planned(*sets):
        words = ["plan", str(BUNDLED), "--out", str(tmp_path / "out"), "--quiet"]
        return _run([*words, *(word for item in sets for word in ("--set", item))])

    assert planned(*asked.values()) == 5
    message = capsys.readouterr().err
    assert [text for text in said if text not in message] == []
    for which, change in enough.items():
        assert planned(*asked.values(), change) == 0, (which, change)
    for which, change in short.items():
        assert planned(*asked.values(), change) == 5, (which, change)
