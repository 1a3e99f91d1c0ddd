"""What to change is said only where it can help: more time where time ran out, and no more than is ever used."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from planner.errors import InfeasibleError, UnprovenError
from planner.i18n import translate
from planner.siting import Goal, InfeasibleSet, Outcome, Plan, SolverSettings, Step
from planner.workflow import infeasibility as why
from planner.workflow import plan as run

OWN = Outcome("feasible", 90.0, 100.0, 0.1, 5.0, "HiGHS", "test", "time")
MORE_TIME = {"zh": "可提高 solver.time_limit_s", "en": "raise solver.time_limit_s"}


def study_of(seconds, language):
    """Return what `why_infeasible` reads of a study: its time limit and its language."""
    problem = SimpleNamespace(settings=SolverSettings(time_limit_s=seconds))
    return SimpleNamespace(built=SimpleNamespace(problem=problem), language=language)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("seconds", "helps"), [(30.0, True), (119.0, True), (120.0, False), (3600.0, False)])
def test_more_time_for_reasons_is_advised_only_below_the_longest_that_is_used(monkeypatch, seconds, helps, language):
    asked = []
    monkeypatch.setattr(why, "find_iis", lambda _, settings: asked.append(settings.time_limit_s))
    said = why.why_infeasible(study_of(seconds, language))
    assert asked == [min(seconds, why.LONGEST_S)]
    assert (MORE_TIME[language] in said) == helps
    assert (translate("reason.why.one_at_a_time", language) in said) != helps


@pytest.mark.parametrize(("seconds", "helps"), [(60.0, True), (120.0, False)])
def test_the_same_where_the_rules_are_known_and_no_way_out_is(monkeypatch, seconds, helps):
    monkeypatch.setattr(why, "find_iis", lambda *_: InfeasibleSet(("money",), smallest=True, relaxations=()))
    naming = study_of(seconds, "en")
    naming.rule, naming.key = (lambda rule: f"rule {rule}"), (lambda _: "budgets.capital_cost")
    said = why.why_infeasible(naming)
    assert "rule money (budgets.capital_cost)" in said
    assert (MORE_TIME["en"] in said) == helps


def plan_of(*stopped, found=True):
    """Return a plan whose goals were ended by ``stopped``; ``proof`` is a proven one."""
    outcomes = [
        dataclasses.replace(OWN, stopped_by=one, status="optimal" if one == "proof" else "feasible") for one in stopped
    ]
    steps = tuple(Step(Goal("coverage"), 0, outcome) for outcome in outcomes)
    return Plan((np.zeros(0, dtype=np.int64),) if found else (), None, steps if found else (), outcomes[0])


@pytest.mark.parametrize(
    ("stopped", "time", "others"),
    [
        (("time",), True, []),
        (("proof", "time"), True, []),
        (("tolerance",), False, ["siting.step_tolerance"]),
        (("tolerance", "time"), True, ["siting.step_tolerance"]),
        (("limit",), False, ["solver.seed"]),
        (("interrupt", "interrupt"), False, ["run to its end"]),
    ],
)
def test_a_plan_that_is_not_proven_says_what_would_prove_it(stopped, time, others):
    with pytest.raises(UnprovenError) as told:
        run._refuse(plan_of(*stopped), "en", require_optimal=True)
    said = str(told.value)
    assert ("raise solver.time_limit_s or solver.gap" in said) == time
    for other in ("siting.step_tolerance", "solver.seed", "run to its end"):
        assert (other in said) == (other in others)


def test_a_plan_that_nobody_asked_to_prove_and_one_that_is_proven_are_taken():
    run._refuse(plan_of("time"), "en", require_optimal=False)
    run._refuse(plan_of("proof", "proof"), "en", require_optimal=True)


@pytest.mark.parametrize(("stopped", "helps"), [("time", True), ("limit", False)])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_plan_at_all_asks_for_more_time_only_where_time_ran_out(stopped, helps, language):
    with pytest.raises(InfeasibleError) as told:
        run._refuse(plan_of(stopped, found=False), language, require_optimal=False)
    assert (MORE_TIME[language] in str(told.value)) == helps
