"""Faults of approvals and lots are named at once, each with its place."""

import pytest
from pydantic import ValidationError

from planner.study import Study
from tests.street_town import study_of

STEPS = [
    {"id": "land", "name": "Land", "authority": "civil", "months": 24, "after": ["permit"]},
    {"id": "permit", "name": "Permit", "authority": "civl", "months": 12, "after": ["land", "survay"]},
    {"id": "survey", "name": "Survey", "authority": "civil", "months": 1, "acts": "nobody"},
    {"id": "survey", "name": "Survey", "authority": "civil", "months": 1},
]


def test_all_faults_come_at_once():
    study = study_of(
        budgets={"departments": {"civil": {"name": "Civil affairs"}}},
        approvals=[{"kinds": ["rooom"], "steps": STEPS}, {"steps": STEPS[2:3]}, {"steps": STEPS[2:3]}],
        programme={"lots": {"min_openings": 6, "max_openings": 5}},
    )
    with pytest.raises(ValidationError) as caught:
        Study.model_validate(study)
    said = str(caught.value)
    for part in (
        "approvals.0: rooom is no kind of site_kinds (did you mean room?)",
        "approvals.0: step survey stands twice",
        "approvals.0.steps.permit: after names survay, which is no step of this chain; it has land, permit, survey, survey (did you mean survey?)",
        "approvals.0.steps.permit: authority civl is not in budgets.departments (did you mean civil?)",
        "approvals.0.steps.survey: acts nobody is not in budgets.departments",
        "approvals.0: steps wait for each other: land → permit → land; take one of them out of after",
        "approvals.2: kinds that no chain names have a chain already, approvals.1",
        "programme.lots: min_openings 6 is above max_openings 5",
    ):
        assert part in said


def test_tasks_name_departments_of_the_study():
    study = study_of()
    study["services"][0]["tasks"] = {"nobody": "nothing"}
    with pytest.raises(ValidationError, match=r"tasks names nobody, which is not in budgets\.departments"):
        Study.model_validate(study)
