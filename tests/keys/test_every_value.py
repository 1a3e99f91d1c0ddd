"""Every documented value of every key, through every verb and report, on the street: a result, or a refusal in words.

The values come from the schema (`tests.keys.values`): what joins the schema joins the walk.
"""

from typing import get_args

import pytest

from planner.study import Study
from planner.study.load import StudyError, _parse, _read, _validated
from planner.study.rules import ObjectiveName
from planner.study.scenarios import Overlay
from tests.keys.street import FULL, write_full_street
from tests.keys.values import Value, beyond, blocks_of_the_schema, keys_of, values_of
from tests.keys.walk import Walk, holds_together, is_choice, packed, values_walked
from tests.street_town import STUDY

#: text or structure of the user's own, for which the schema lists no value; the street gives one, and every run reads it
GIVEN = {
    "Study.version", "Study.name", "Study.layers", "Study.walking", "Layers.communities", "Layers.streets",
}  # fmt: skip

#: the choices are walked in so many parts, the first of them in the gate
PARTS = 8

#: keys of which the street refuses a choice: walked one by one, which saves looking for it among the others of its group
REFUSED_ALONE = {
    "People.join", "Layers.elevation", "Communities.axes", "Communities.cells", "Facilities.service", "Facilities.services",
}  # fmt: skip


def test_every_key_of_the_schema_is_on_the_street():
    walked = {key.called for key in keys_of(FULL)}
    missing = [
        f"{block}.{name}"
        for block, model in blocks_of_the_schema().items()
        for name in model.model_fields
        if f"{block}.{name}" not in walked
    ]
    assert missing == [], "give the street (tests.keys.street) a block that holds it"
    Study.model_validate(FULL)


def test_every_key_has_a_value_to_walk_besides_its_own():
    """A key whose kind the walk does not know is named here and not passed over."""
    told = list(keys_of(FULL))
    walked = {key.called for key in told if values_of(key, FULL)}
    alone = {
        key.called
        for key in told
        if key.called not in walked
        and not key.called.endswith(("path", "box_deg", "name", "label"))
        and key.called not in GIVEN
    }
    held = {key.called for key in told if any(_inside(key, other) for other in told)}
    assert alone - held == set(), "teach tests.keys.values this kind of value, or give the street another one"


def _inside(key, other):
    return len(other.place) > len(key.place) and other.place[: len(key.place)] == key.place


def test_values_outside_the_limits_are_refused_by_line(tmp_path):
    path = write_full_street(tmp_path)
    raw = _parse(path, _read(path))
    taken, silent = [], []
    for key in keys_of(FULL):
        for value in beyond(key):
            try:
                _validated(path, raw, [Overlay(key.path, value, f"--set {key.path}")])
            except StudyError as fault:
                if f"--set {key.path}" not in str(fault) and "street.yaml:" not in str(fault):
                    silent.append((key.path, value))
            else:
                taken.append((key.path, value))
    assert taken == []
    assert silent == [], "refused without the key or its line"


@pytest.mark.deep
def test_what_the_schema_refuses_is_refused_in_words(tmp_path):
    """A value that does not go with the rest of the street names the key or its place in the file."""
    path = write_full_street(tmp_path)
    raw = _parse(path, _read(path))
    refused = [one for one in values_walked() if not holds_together([one])]
    assert len(refused) > 30
    for one in refused:
        with pytest.raises(StudyError) as fault:
            _validated(path, raw, [Overlay(one.key.path, one.value, f"--set {one.key.path}")])
        assert f"--set {one.key.path}" in str(fault.value) or "street.yaml:" in str(fault.value), str(one)


def walked(folder, values, verbs, told=FULL, then=()):
    """Walk ``values`` in groups through ``verbs``, the largest group through those of ``then`` as well."""
    walk = Walk(folder)
    alone = [one for one in values if one.key.called in REFUSED_ALONE]
    for one in alone:
        if holds_together([one], told):
            walk.settle([one], ("plan",), told)
    groups = packed([one for one in values if one not in alone and holds_together([one], told)], told)
    largest = max(groups, key=len)
    for group in groups:
        walk.settle(group, (*verbs, *then) if group is largest else verbs, told)
    for group in walk.groups:
        walk.every(group, verbs, told)
    assert walk.faults() == []
    assert walk.not_json() == []
    return walk


@pytest.mark.deep
@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.scale) for part in range(1, PARTS))])
def test_every_choice_goes_through_every_verb(tmp_path, part):
    """Choices are values that the schema lists, true and false, and nothing; `explain` plans and writes every report of a plan."""
    # exchanged axes are refused with evidence, which takes seconds each: one layer here, all of them behind `scale`
    choices = [
        one for one in values_walked() if is_choice(one) and (one.key.name != "axes" or "communities" in one.key.place)
    ]
    assert len(choices) > 150
    choices = choices[part::PARTS]
    walk = walked(tmp_path, choices, ("explain", "assess"), then=("review", "reports"))
    done = [
        one for answer in walk.answers if answer.code == 0 and answer.words[0] == "explain" for one in answer.values
    ]
    assert len(done) > 0.85 * len(choices), "most choices go with the street: it is the walk that is at fault"


@pytest.mark.deep
@pytest.mark.parametrize("goals", [1, pytest.param(2, marks=pytest.mark.scale)])
def test_every_goal_and_pair_of_goals_in_a_batch(tmp_path, goals):
    """On the plain street: one scenario each, `furthest` where somebody reaches nothing among them."""
    objective = next(key for key in keys_of(FULL) if key.path == "siting.objective")
    chains = [value for value in values_of(objective, FULL) if len(value) == goals]
    assert {goal for chain in chains for goal in chain} == set(get_args(ObjectiveName))
    walk = Walk(tmp_path)
    scenarios = [
        {"name": f"{'-'.join(chain)}-{sites}", "set": {"siting.objective": chain, "siting.max_sites": sites}}
        for chain in chains
        for sites in (0, 1)
    ]
    name = walk.study([], {**STUDY, "siting": {"max_sites": 1, "target": 0.1}, "scenarios": scenarios})
    answer = walk.call("batch", name, "--jobs", "1")
    assert answer.code == 0, answer.said
    assert walk.call("compare", f"outputs/{name.removesuffix('.yaml')}", "--json").code == 0
    assert walk.faults() == []
    assert walk.not_json() == []


@pytest.mark.scale
def test_every_value_alone_goes_through_every_verb(tmp_path):
    verbs = ("plan", "assess", "explain", "review", "reports", "frontier", "check", "batch")
    walk = Walk(tmp_path)
    for one in values_walked():
        if holds_together([one]):
            walk.settle([one], verbs, FULL)
    assert walk.faults() == []
    assert walk.not_json() == []


@pytest.mark.scale
def test_every_value_in_phases(tmp_path):
    """The same over years, where rules bind year by year."""
    phased = {
        **FULL,
        "siting": {**FULL["siting"], "years": [2026, 2030], "capital_cost_by_year": {2026: 300_000, 2030: 600_000}},
    }
    walked(tmp_path, values_walked(phased), ("plan", "explain", "review"), phased)


def test_a_traceback_is_a_fault_and_a_silent_refusal_too(tmp_path):
    walk = Walk(tmp_path)
    assert walk.call("plan", "absent.yaml").fault == ""
    assert walk.call("no-such-verb").fault.startswith("exit 2")
    (tmp_path / "bare.json").write_text('{"bound": Infinity}', encoding="utf-8")
    assert walk.not_json() == ["bare.json: Infinity"]
    key = next(iter(keys_of(FULL)))
    assert str(Value(key, 2)) == "version = 2"
