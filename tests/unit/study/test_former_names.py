"""Keys that had a currency in their names are still read, and say their name of today."""

import logging

import pytest

from planner.errors import StudyError
from planner.i18n import languages
from planner.study.former_names import FORMER_NAMES
from planner.study.load import _warn_once, load_study, load_variants
from tests.street_town import study_of, write_street

#: every key of a study under its name of today and its former one, with a value
CHANGES = {
    "budgets.capital": ("budgets.capital_cost", "budgets.capital_yuan", 900_000),
    "budgets.yearly": ("budgets.yearly_cost", "budgets.yearly_yuan", 70_000),
    "department": (
        "budgets.departments.civil.capital_cost",
        "budgets.departments.civil.capital_yuan",
        800_000,
    ),
    "service": ("services.0.fit_out_cost", "services.0.fit_out_yuan", 123_456),
    "service by id": ("services.care.yearly_cost", "services.care.yearly_yuan", 7_000),
    "kind": ("site_kinds.room.setup_cost", "site_kinds.room.setup_yuan", 5_000),
    "kind by area": ("site_kinds.room.setup_cost_per_m2", "site_kinds.room.setup_yuan_per_m2", 50),
    "closing": ("siting.existing.close_cost", "siting.existing.close_yuan", 9),
    "extending": ("siting.existing.extend_cost", "siting.existing.extend_yuan", 9),
    "moving": ("siting.existing.move_cost", "siting.existing.move_yuan", 9),
}


@pytest.fixture
def path(tmp_path):
    _warn_once.cache_clear()
    return write_street(
        tmp_path / "street",
        study_of(
            site_kinds={"room": {"name": "Room"}},
            budgets={"departments": {"civil": {"name": "Civil affairs"}}},
            siting={"years": [2026, 2027], "capital_cost_by_year": {2026: 1, 2027: 2}},
            scenarios=[
                {"name": "rich", "matrix": {"budgets.capital_yuan": [1000, 2000]}},
                {"name": "block", "set": {"budgets": {"capital_yuan": 3000}}},
            ],
        ),
    )


def with_former_names(path):
    """Write every key of a study under its former name."""
    text = path.read_text(encoding="utf-8")
    for former, name in FORMER_NAMES.items():
        text = text.replace(f'"{name}":', f'"{former}":')
    other = path.with_name("former.yaml")
    other.write_text(text, encoding="utf-8")
    return other


def both(path, value):
    """Give the fit-out a value under its former name as well."""
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"fit_out_cost"', f'"fit_out_yuan": {value},\n   "fit_out_cost"', 1), encoding="utf-8")


@pytest.mark.parametrize("key", CHANGES)
def test_a_key_given_on_the_command_line_has_two_names(path, key):
    name, former, value = CHANGES[key]
    assert load_study(path, sets=[f"{former}={value}"]) == load_study(path, sets=[f"{name}={value}"])
    assert load_study(path, sets=[f"{former}={value}"]) != load_study(path)


def test_a_study_of_former_names_is_the_same_study(path):
    former = with_former_names(path)
    assert "fit_out_yuan" in former.read_text(encoding="utf-8")
    assert load_study(former) == load_study(path)


@pytest.mark.parametrize("key", CHANGES)
def test_what_is_set_replaces_what_the_file_says_under_the_other_name(path, key):
    name, former, value = CHANGES[key]
    for first, second in ((name, former), (former, name)):
        assert load_study(path, sets=[f"{first}=1", f"{second}={value}"]) == load_study(path, sets=[f"{name}={value}"])
    old = with_former_names(path)
    assert load_study(old, sets=[f"{name}={value}"]) == load_study(path, sets=[f"{name}={value}"])


def test_the_money_of_one_year_is_set_under_either_name(path):
    for one in (path, with_former_names(path)):
        for key in ("capital_cost_by_year", "capital_yuan_by_year"):
            study = load_study(one, sets=[f"siting.{key}.2027=77"])
            assert study.siting.capital_cost_by_year == {2026: 1, 2027: 77}


def test_scenarios_and_sweeps_take_both_names_and_keep_theirs(path):
    found = load_variants(path)
    assert list(found) == ["base", "rich+capital_yuan-1000", "rich+capital_yuan-2000", "block"]
    assert [found[name].budgets.capital_cost for name in list(found)[1:]] == [1000, 2000, 3000]


def test_sources_of_figures_and_columns_of_layers_take_both_names(path):
    figures = "services.care.figures={fit_out_yuan: {source: a survey}, area_m2: {source: a plan}}"
    study = load_study(path, sets=[figures, "layers.candidates.0.columns={setup_yuan: 开办费}"])
    assert list(study.services[0].figures) == ["fit_out_cost", "area_m2"]
    assert study.layers.candidates[0].columns == {"setup_cost": "开办费"}


def test_both_names_with_one_value_are_that_value(path):
    both(path, 100_000)
    assert load_study(path).services[0].fit_out_cost == 100_000


def test_both_names_with_two_values_are_refused_with_both_lines(path):
    both(path, 99)
    lines = path.read_text(encoding="utf-8").splitlines()
    former, name = (
        1 + next(i for i, line in enumerate(lines) if key in line) for key in ("fit_out_yuan", "fit_out_cost")
    )
    with pytest.raises(StudyError) as refused:
        load_study(path)
    assert (
        f"street.yaml:{name}: services.0.fit_out_cost: has another value (line {name}) than fit_out_yuan (line {former})"
        in str(refused.value)
    )


def test_a_fault_under_a_former_name_is_shown_where_it_stands(path):
    old = with_former_names(path)
    old.write_text(
        old.read_text(encoding="utf-8").replace('"fit_out_yuan": 100000', '"fit_out_yuan": -1'), encoding="utf-8"
    )
    line = 1 + next(i for i, text in enumerate(old.read_text(encoding="utf-8").splitlines()) if "fit_out_yuan" in text)
    with pytest.raises(StudyError, match=rf"former\.yaml:{line}: services\.0\.fit_out_yuan: must be ≥ 0 \(got -1"):
        load_study(old)


@pytest.mark.parametrize("language", languages())
def test_the_name_of_today_is_said_once(path, caplog, language):
    former = with_former_names(path)
    with caplog.at_level(logging.WARNING):
        load_study(path, sets=[f"language={language}"])
        assert caplog.messages == []
        for _ in range(2):
            load_study(former, sets=[f"language={language}"])
    (said,) = caplog.messages
    assert "fit_out_yuan → fit_out_cost" in said
    assert ("旧键名" in said) == (language == "zh")


def test_a_name_that_means_nothing_here_stays_unknown(path):
    with pytest.raises(StudyError, match="move_yuan: is not a key of a study"):
        load_study(path, sets=["budgets.move_yuan=3"])
