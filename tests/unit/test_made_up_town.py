"""The made-up town that the page is measured on is a run like any other."""

from benchmarks.made_up_town import made_up_run
from planner.report.meeting import meeting_page
from tests.unit.report.test_meeting_page import data


def test_a_small_one_has_what_was_asked_for():
    run, posed, reaches = made_up_run(demand=300, sites=20, pairs=150, communities=9)
    assert len(run.tables.demand) == posed.problem.n_demand == 300
    assert (run.tables.places["role"] == "candidate").sum() == 20
    assert abs(sum(len(reach.site) for reach in reaches.values()) - 150) <= 2
    walkers = data(meeting_page(run), "planner-problem")["walkers"]
    assert sum(walker["pairs"] for walker in walkers.values()) == len(run.tables.reach)
