"""Decisions of a meeting: read or refused with every fault, completed, priced, or told to be impossible."""

import json
from pathlib import Path

import numpy as np
import pytest

from planner.errors import StudyError
from planner.report import review_summary
from planner.store.provenance import digest_of, hashes_of
from planner.study.load import load_study
from planner.workflow.decisions import Decisions, read_decisions, with_locks
from tests.verbs import review

STUDY = Path(__file__).resolve().parents[3] / "configs" / "neubrandenburg.yaml"
SETS = ("siting.max_sites=1", "siting.floors=[]", "solver.time_limit_s=10", "solver.gap=0.01")


def a_file(**changes):
    run = {"id": "base-0", "digest": "0" * 64, "scenario": "base"}
    return {"version": 1, "run": run, "decisions": [], "open": [], **changes}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not readable as JSON"),
        ("[]", "is no file that a meeting page exported"),
        (json.dumps(a_file(version=2)), "version"),
        (json.dumps(a_file(run={"id": "x", "digest": "short", "scenario": "base"})), "run.digest"),
        (json.dumps(a_file(decisions=[{"place_id": "a", "service": None, "state": "ajar"}])), "decisions.0.state"),
        (json.dumps(a_file(more=1)), "more"),
    ],
)
def test_what_no_meeting_page_wrote_is_refused(tmp_path, content, said):
    path = tmp_path / "decisions.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(StudyError, match=said) as caught:
        read_decisions(path)
    assert caught.value.exit_code == 3


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(StudyError, match="that the meeting page exported"):
        read_decisions(tmp_path / "nothing.json")


def test_every_decision_is_a_lock_but_the_one_left_out():
    study = load_study(STUDY)
    decisions = Decisions.model_validate(
        a_file(
            decisions=[
                {"place_id": "C001", "service": "canteen", "state": "open"},
                {"place_id": "C002", "service": None, "state": "closed"},
            ]
        )
    )
    both, one = with_locks(study.siting, decisions), with_locks(study.siting, decisions, without=0)
    assert [(lock.site, lock.service) for lock in both.must] == [("C001", "canteen")]
    assert [(lock.site, lock.service) for lock in both.never] == [("C002", None)]
    assert one.must == study.siting.must
    assert one.never == both.never


@pytest.mark.deep
def test_decisions_against_the_rules_are_told_and_which_one_to_drop(tmp_path):
    study = load_study(STUDY, sets=SETS)
    digest = digest_of(study, hashes_of(study, STUDY.parent))
    first = review(STUDY, _written(tmp_path, digest, []), sets=SETS, out=tmp_path / "first")[0]
    offers = first.run.tables.offers
    assert first.completion is not None
    np.testing.assert_array_equal(first.column("completed").offers, first.column("optimum").offers)
    canteens = offers[(offers["service"] == "canteen") & ~offers["stands"]]["place_id"].tolist()
    assert len(canteens) > 2
    two = [{"place_id": place, "service": "canteen", "state": "open"} for place in canteens[:2]]
    found, folder = review(STUDY, _written(tmp_path, digest, two), sets=SETS, out=tmp_path / "second")
    assert found.completion is None
    assert found.column("completed") is None
    assert [price.mends for price in found.prices] == [True, True]
    assert all(price.people is None for price in found.prices)
    assert (folder / "manifest.json").is_file()
    lines = "\n".join(review_summary(found, "en"))
    assert "no plan keeps both" in lines
    assert lines.count("dropping this one makes a plan possible") == 2


def _written(folder, digest, decisions):
    path = folder / f"decisions-{len(decisions)}.json"
    run = {"id": "base-x", "digest": digest, "scenario": "base"}
    path.write_text(json.dumps(a_file(run=run, decisions=decisions)), encoding="utf-8")
    return path
