"""The longest walk has no number where somebody who could be served reaches nothing: none in memory, in files or in words.

On the street no site may open, so that the homes at 800 and 1000, which C2 could serve, reach nothing.
"""

import json
import math

import pytest

from planner.cli import _run
from planner.report.summary import closing_summary
from planner.siting import solve
from planner.siting.model.data import SolverSettings
from planner.study.load import load_study
from tests.street_town import care, study_of, write_street
from tests.verbs import compute_run, pipeline_of

pytestmark = pytest.mark.deep


def strict(text):
    def refuse(constant):
        raise AssertionError(constant)

    return json.loads(text, parse_constant=refuse)


def street(folder, goals, *, language="en", **more):
    siting = {"objective": goals, "max_sites": 0, **({"target": 0.1} if "fewest" in goals else {})}
    return write_street(folder, study_of(language=language, siting=siting, **more))


CHAINS = [
    ["furthest"],
    ["furthest", "cost"],
    ["coverage", "furthest"],
    ["walk", "furthest", "cost"],
    ["fewest", "furthest"],
]


@pytest.mark.parametrize("limited", [False, True], ids=["plain", "limited places"])
@pytest.mark.parametrize("goals", CHAINS, ids="-".join)
def test_the_outcome_in_memory_has_no_infinite_number(tmp_path, goals, limited):
    path = street(tmp_path, goals, **({"services": care(capacity=50)} if limited else {}))
    run = compute_run(load_study(path), tmp_path, scenario="base")
    result = run.manifest.result
    furthest = next(goal for goal in result.goals if goal.goal == "furthest")
    assert (furthest.objective, furthest.bound, furthest.gap) == (None, None, None)
    assert furthest.status == "optimal"
    numbers = [n for goal in (result, *result.goals) for n in (goal.objective, goal.bound, goal.gap)]
    assert all(number is None or math.isfinite(number) for number in numbers)
    if goals[0] == "furthest":
        assert result.objective is None, "not the people covered, which are no walk"


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("goals", [["furthest"], ["coverage", "furthest"]], ids="-".join)
def test_the_summary_says_why_there_is_no_number(tmp_path, goals, language):
    run = compute_run(load_study(street(tmp_path, goals)), tmp_path, scenario="base")
    said = "\n".join(closing_summary(run, language))
    assert {"en": "none: people who could be served reach nothing", "zh": "无数值：有本可服务的人够不到任何设施"}[
        language
    ] in said
    assert "–" not in said


@pytest.mark.parametrize("shortcuts", [True, False])
def test_every_way_to_solve_it_says_none(tmp_path, shortcuts):
    from planner.siting import build_problem

    study = load_study(street(tmp_path, ["furthest"]))
    area = pipeline_of(study, tmp_path).area
    problem = build_problem(study, area.district, area.travel_times).problem
    plan = solve(problem, SolverSettings(time_limit_s=20, gap=0, shortcuts=shortcuts))
    assert plan.found
    assert plan.proven
    assert plan.outcome.objective is None
    assert plan.outcome.bound is None


def test_where_everybody_is_reached_the_walk_has_its_number(tmp_path):
    path = write_street(tmp_path, study_of(siting={"objective": ["furthest"], "max_sites": 1}))
    run = compute_run(load_study(path), tmp_path, scenario="base")
    assert run.manifest.result.objective == 220  # the home at 200 walks 10 + 200 + 10 m to F1


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("goals", [["furthest"], ["coverage", "furthest"]], ids="-".join)
def test_plan_and_explain_say_so(tmp_path, capsys, goals, language):
    path = street(tmp_path, goals, language=language)
    assert _run(["plan", str(path), "--out", str(tmp_path / "plan"), "--json"]) == 0
    told = strict(capsys.readouterr().out)
    assert told["result"]["goals"][goals.index("furthest")]["objective"] is None
    assert _run(["explain", str(path), "--out", str(tmp_path / "explain")]) == 0
    said = capsys.readouterr().out
    no_number = {"en": "The longest walk has no number", "zh": "最远步行时间没有数值"}[language]
    assert (no_number in said) == (goals[0] == "furthest")
    assert "nan" not in said.lower()
    for file in sorted(tmp_path.rglob("*.json")):
        strict(file.read_text(encoding="utf-8"))


def test_explain_does_not_price_what_has_no_number(tmp_path, capsys):
    assert _run(["explain", str(street(tmp_path, ["furthest"])), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "+110 people within 5 minutes" in said
    assert "the first aim cannot be compared, because somebody reaches nothing" in said
    assert "More time" not in said, "no time tells more of a walk that has no number"
