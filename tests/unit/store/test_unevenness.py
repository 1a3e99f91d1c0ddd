"""A plan that makes supply less even is found out, and the street that falls behind is named; one that does not is left in peace.

Two streets of 100 elders each, with a centre in each at their doors: places per person are places / 100, and the Gini coefficient of two
equal halves is one half less the share of the poorer one. 266 and 1,134 places: 0.5 − 266 / 1,400 = 0.31; 266 and 1,634: 0.36.
"""

import numpy as np
import pandas as pd
import pytest

from planner.access import TravelTimes
from planner.report.summary import closing_summary, unevenness_rows, warnings
from planner.store.unevenness import RISE, unevenness_table
from planner.study import Study
from tests.street_town import care, study_of
from tests.unit.report.small_run import small_run

STUDY = Study.model_validate(study_of(services=care(circles=[{"minutes": 5, "weight": 1}])))
#: each home reaches the centre of its own street, 0 seconds away
REACH = TravelTimes(np.array([0, 1, 2]), np.array([0, 1], np.int32), np.zeros(2, np.float32), 2, 300.0)


def tables(opened=(), covered=((100, 100), (100, 100)), homes=("a", "b")):
    """Tables of two streets: ``opened`` (place, places), ``covered`` before and after by street."""
    coverage = pd.DataFrame(
        {
            "column": "side",
            "area": ["changhai", "siping"],
            "service": "care",
            "minutes": 5.0,
            "people": 100.0,
            "covered_before": [float(covered[0][0]), float(covered[1][0])],
            "covered_after": [float(covered[0][1]), float(covered[1][1])],
        }
    )
    empty = pd.DataFrame({"place_id": [], "service": []}, dtype="str")
    return {
        "communities": pd.DataFrame({"id": ["a", "b"], "side": ["changhai", "siping"]}),
        "demand": pd.DataFrame({"community_id": list(homes), "people_elders": 100.0, "need_weight": 1.0}),
        "places": pd.DataFrame({"id": ["F1", "F2"]}),
        "existing": pd.DataFrame({"place_id": ["F1", "F2"], "service": "care", "capacity": [266.0, 1134.0]}),
        "openings": pd.DataFrame(
            {"place_id": [p for p, _ in opened], "service": "care", "capacity": [float(n) for _, n in opened]}
        ),
        "closed": empty,
        "coverage_by_area": coverage,
    }


def row_of(**changes):
    (row,) = unevenness_table(STUDY, tables(**changes).__getitem__, {"elder": REACH}).to_dict("records")
    return row


def test_a_plan_that_gives_to_the_richer_street_raises_the_gini_and_leaves_the_other_behind():
    row = row_of(opened=[("F2", 500)])
    assert row["gini_before"] == pytest.approx(0.31)
    assert row["gini_after"] == pytest.approx(0.36)
    assert (row["gini_rises"], row["gap_rises"]) == (True, False)
    assert row["behind"] == "changhai"
    assert (row["behind_before"], row["behind_after"]) == (1.0, 1.0)


def test_a_plan_that_gives_to_the_poorer_street_raises_neither():
    row = row_of(opened=[("F1", 500)], covered=((60, 90), (90, 90)))
    assert row["gini_after"] == pytest.approx(0.5 - 766 / 1900)
    assert (row["gini_rises"], row["gap_rises"], row["behind"]) == (False, False, "")
    assert (row["gap_before"], row["gap_after"]) == (pytest.approx(0.3), 0.0)


def test_a_wider_gap_between_best_and_worst_street_names_the_worst():
    row = row_of(covered=((40, 40), (60, 90)))
    assert (row["gap_before"], row["gap_after"]) == (pytest.approx(0.2), pytest.approx(0.5))
    assert (row["gini_rises"], row["gap_rises"]) == (False, True)
    assert (row["best_area"], row["best_share"], row["worst_area"], row["worst_share"]) == (
        "siping",
        0.9,
        "changhai",
        0.4,
    )
    assert (row["behind"], row["behind_before"], row["behind_after"]) == ("changhai", 0.4, 0.4)


def test_less_than_half_of_the_last_digit_printed_is_no_rise():
    assert not row_of(covered=((40, 40), (60, 60 + 99 * RISE)))["gap_rises"]
    assert row_of(covered=((40, 40), (60, 60 + 101 * RISE)))["gap_rises"]


def test_people_outside_every_street_are_in_no_street_and_in_the_gini():
    row = row_of(homes=("a", ""), opened=[("F2", 500)])
    assert row["gini_after"] == pytest.approx(0.36)
    assert row["behind"] == "changhai"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_summary_prints_every_service_and_the_warnings_name_the_street(language):
    run = small_run(language)
    rows = unevenness_rows(run, language)
    assert len(rows) == len(run.study.services)
    printed = "\n".join(closing_summary(run))
    table = run.tables.unevenness
    for row, stored in zip(rows, table.to_dict("records"), strict=True):
        assert row.text in printed
        assert f"{stored['gini_after']:.3f}" in row.text
        assert f"{100 * stored['gap_after']:.1f}" in row.text
        assert bool(row.warning) == (stored["gini_rises"] or stored["gap_rises"])
        assert stored["behind"] in row.warning
    assert table["gap_rises"].any()
    assert [line.partition("unevenness: ")[2] for line in warnings(run) if "unevenness: " in line] == [
        row.warning for row in rows if row.warning
    ]
