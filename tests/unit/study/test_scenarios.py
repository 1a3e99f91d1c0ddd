"""Scenarios: what extends what, and what a matrix multiplies out to."""

import itertools

import pytest

from planner.errors import StudyError
from planner.study.load import load_study, load_variants
from planner.study.scenarios import MAX_VARIANTS, variants
from tests.unit.study.test_load import GOOD

MATRIX = """\
  - name: grid
    set: {budgets.yearly_cost: 5}
    matrix:
      budgets.capital_cost: [1000000, 2.5e6]
      walking.profiles.elder.speed_m_s: [0.64, 0.8, 1]
      year: {"2015": {}, "2030": {layers.people.0.year: 2030, layers.people.0.groups.elder: p65_2030}}
  - {name: fast, extends: grid, set: {walking.profiles.elder.speed_m_s: 1.2}}
"""


@pytest.fixture
def study(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(GOOD + MATRIX, encoding="utf-8")
    return path


def test_a_matrix_is_every_combination_once_by_name(study):
    found = [name for name in load_variants(study) if name.startswith("grid")]
    assert found == [
        f"grid+capital_cost-{money}+speed_m_s-{speed}+year-{year}"
        for money, speed, year in itertools.product(("1000000", "2500000"), ("0.64", "0.8", "1"), ("2015", "2030"))
    ]


def test_every_combination_holds_its_own_values(study):
    seen = {
        (one.budgets.capital_cost, one.walking.profiles["elder"].speed_m_s, one.layers.people[0].groups["elder"].column)
        for name, one in load_variants(study).items()
        if name.startswith("grid")
    }
    assert seen == set(itertools.product((1e6, 2.5e6), (0.64, 0.8, 1.0), ("p65", "p65_2030")))


def test_one_of_a_matrix_is_loaded_alone_as_it_is_among_all(study):
    name = "grid+capital_cost-2500000+speed_m_s-0.8+year-2030"
    alone = load_study(study, scenario=name)
    assert alone == load_variants(study)[name]
    assert alone.layers.people[0].year == 2030
    assert alone.budgets.yearly_cost == 5


def test_what_a_child_sets_replaces_the_axis_it_takes_over(study):
    fast = {name: one for name, one in load_variants(study).items() if name.startswith("fast")}
    assert next(iter(fast)) == "fast+capital_cost-1000000+year-2015"
    assert len(fast) == 4
    assert {one.walking.profiles["elder"].speed_m_s for one in fast.values()} == {1.2}
    assert {one.budgets.yearly_cost for one in fast.values()} == {5}


def test_the_matrix_itself_is_no_run(study):
    with pytest.raises(StudyError, match=r"grid is a matrix of 12; ask for one of them, e\.g\. grid\+capital_cost"):
        load_study(study, scenario="grid")


def test_a_faulty_scenario_leaves_the_others(study):
    study.write_text(
        GOOD + MATRIX + "  - {name: odd, set: {services.canten.area_m2: 1}}\n  - {name: lost, extends: nobody}\n",
        encoding="utf-8",
    )
    found = load_variants(study)
    faults = {name: str(one) for name, one in found.items() if isinstance(one, StudyError)}
    assert sorted(faults) == ["loop", "lost", "odd"]
    assert "services has no canten; it has canteen" in faults["odd"]
    assert "extends nobody, which is no scenario" in faults["lost"]
    assert found["base"] == load_study(study)


def test_axes_with_the_same_last_word_are_told_apart():
    matrix = {"walking.profiles.elder.speed_m_s": [0.7], "walking.profiles.adult.speed_m_s": [1.1]}
    names = [one.name for one in variants("x", [{"name": "a", "matrix": matrix}])]
    assert names == ["base", "a+elder.speed_m_s-0.7+adult.speed_m_s-1.1"]


def test_values_that_are_blocks_are_called_by_their_place_and_names_fit_folders():
    matrix = {"siting.never": [[], [{"site": "x"}]], "name": ["a/b", "甲 乙"], "solver.threads": [None, True]}
    names = [one.name for one in variants("x", [{"name": "m", "matrix": matrix}])][1:]
    assert names[0] == "m+never-1+name-a_b+threads-none"
    assert names[-1] == "m+never-2+name-甲_乙+threads-true"


@pytest.mark.parametrize(
    ("scenarios", "said"),
    [
        ([{"name": "base"}], "base is the study itself"),
        ([{"name": "a", "matrix": {"x": [1]}}, {"name": "a+x-1"}], "scenario a.x-1: stands twice"),
        ([{"name": f"s{i}", "matrix": {"x": list(range(9000))}} for i in range(2)], "make more than"),
    ],
)
def test_names_that_cannot_be_told_apart_are_refused(scenarios, said):
    with pytest.raises(StudyError, match=said):
        variants("x", scenarios)


@pytest.mark.parametrize(
    ("matrix", "said"),
    [
        ({"x": []}, "needs at least one value"),
        ({"x": "abc"}, "needs at least one value"),
        ({"x": ["a b", "a_b"]}, "same name"),
        ({"x": list(range(200)), "y": list(range(200))}, f"at most {MAX_VARIANTS:,}"),
    ],
)
def test_a_matrix_that_makes_no_runs_is_a_fault_of_its_scenario(matrix, said):
    (_, broken) = variants("x", [{"name": "m", "matrix": matrix}])
    assert said in broken.fault


@pytest.mark.parametrize("name", ["..", ".hidden", "a*", "a?", "[a]"])
def test_a_name_that_would_leave_its_folder_is_refused(tmp_path, name):
    path = tmp_path / "study.yaml"
    path.write_text(GOOD + f'  - {{name: "{name}"}}\n', encoding="utf-8")
    with pytest.raises(StudyError, match="scenarios"):
        load_variants(path)


def test_long_names_fit_a_folder_and_stay_apart():
    matrix = {f"一个很长的名字{i}": ["甲" * 20, "乙" * 20] for i in range(4)}
    names = [one.name for one in variants("x", [{"name": "长", "matrix": matrix}])]
    assert len(set(names)) == 17
    assert max(len(name.encode()) for name in names) <= 180
    (_, broken) = variants("x", [{"name": "长" * 70}])
    assert "too long a name" in broken.fault


def test_scenarios_given_on_the_command_line_are_those_that_run(study):
    sets = ["scenarios=[{name: poor, set: {budgets.capital_cost: 7}}]"]
    found = load_variants(study, sets=sets)
    assert list(found) == ["base", "poor"]
    assert found["poor"].budgets.capital_cost == 7
    assert load_study(study, scenario="poor", sets=sets).budgets.capital_cost == 7
    with pytest.raises(StudyError, match="there is no scenario fast"):
        load_study(study, scenario="fast", sets=sets)


def test_one_value_of_a_scenario_and_a_matrix_may_be_given_on_the_command_line(study):
    sets = [
        "scenarios.fast.set={walking.profiles.elder.speed_m_s: 1.5}",
        "scenarios.grid.matrix={budgets.capital_cost: [3, 4]}",
    ]
    found = load_variants(study, sets=sets)
    assert [name for name in found if name.startswith("grid")] == ["grid+capital_cost-3", "grid+capital_cost-4"]
    fast = {name: one for name, one in found.items() if name.startswith("fast")}
    assert {one.walking.profiles["elder"].speed_m_s for one in fast.values()} == {1.5}
    assert {one.budgets.capital_cost for one in fast.values()} == {3, 4}


@pytest.mark.parametrize(
    "said", ["scenarios=7", "scenarios=[{set: {}}]", "scenarios.nobody.set={}", "scenarios=[{name: a}, {name: a}]"]
)
def test_scenarios_that_are_none_are_refused_as_in_the_file(study, said):
    with pytest.raises(StudyError, match="scenario"):
        load_variants(study, sets=[said])
