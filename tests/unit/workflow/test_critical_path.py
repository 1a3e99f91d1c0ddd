"""Critical path: figures worked on paper, and networkx on random graphs of steps."""

from dataclasses import replace
from itertools import pairwise

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.errors import StudyError
from planner.study.programme import cycles
from planner.workflow.critical_path import Activity, critical_path, month_number, month_text

LAND, PERMITS = Activity("land", 24), Activity("permits", 12, ("land",))
JULY_2026, JULY_2029 = month_number("2026-07"), month_number("2029-07")


def test_24_and_12_months_to_open_in_july_2029_start_in_july_2026():
    path = critical_path([PERMITS, LAND], JULY_2026, JULY_2029)
    assert month_text(path.start_by) == "2026-07"
    assert month_text(path.timings["land"].latest_start) == "2026-07"
    assert month_text(path.timings["permits"].latest_start) == "2028-07"
    assert (path.slack, month_text(path.opens)) == (0, "2029-07")


@pytest.mark.parametrize(("start", "opens"), [("2026-07", "2029-10"), ("2026-04", "2029-07"), ("2026-01", "2029-07")])
def test_a_step_three_months_late_opens_in_october_2029_unless_it_has_slack(start, opens):
    late = critical_path([LAND, replace(PERMITS, months=15)], month_number(start), JULY_2029)
    assert month_text(late.opens) == opens


def test_a_step_beside_the_critical_path_may_be_late_by_its_slack():
    steps = [LAND, PERMITS, Activity("tender", 9, ("land",))]
    assert critical_path(steps, JULY_2026, JULY_2029).timings["tender"].slack == 3
    late = critical_path([*steps[:2], replace(steps[2], months=12)], JULY_2026, JULY_2029)
    assert (late.opens, late.timings["tender"].critical) == (JULY_2029, True)
    assert (
        month_text(critical_path([*steps[:2], replace(steps[2], months=13)], JULY_2026, JULY_2029).opens) == "2029-08"
    )


@st.composite
def graphs(draw):
    """Steps in a random order, each after some of those before it."""
    n = draw(st.integers(1, 12))
    steps = [
        Activity(f"s{i}", draw(st.integers(0, 40)), tuple(f"s{j}" for j in range(i) if draw(st.integers(0, 3)) == 0))
        for i in range(n)
    ]
    return draw(st.permutations(steps))


@given(graphs(), st.integers(-30, 200))
def test_dates_are_those_of_longest_paths(steps, ahead):
    graph = nx.DiGraph()
    for one in steps:
        graph.add_edge("start", one.id, months=0)
        graph.add_edge(one.id, "end", months=one.months)
        months = {other.id: other.months for other in steps}
        graph.add_edges_from((before, one.id, {"months": months[before]}) for before in one.after)

    def longest(source, target):
        lengths = dict.fromkeys(graph, -(10**9)) | {source: 0}
        for node in nx.topological_sort(graph):
            for _, after, months in graph.out_edges(node, "months"):
                lengths[after] = max(lengths[after], lengths[node] + months)
        return lengths[target]

    whole = nx.dag_longest_path_length(graph, weight="months")
    path = critical_path(steps, 1000, 1000 + ahead)
    assert path.length == whole
    assert path.finish == 1000 + whole
    assert path.opens == 1000 + max(whole, ahead)
    for one in steps:
        timing = path.timings[one.id]
        assert timing.earliest_start == 1000 + longest("start", one.id)
        assert timing.latest_start == 1000 + ahead - longest(one.id, "end")
        assert timing.slack == timing.latest_start - timing.earliest_start
        through = longest("start", one.id) + longest(one.id, "end")
        assert timing.critical == (through == whole)


@given(st.integers(1, 8), st.data())
def test_steps_that_wait_for_each_other_are_refused_by_name(n, data):
    names = [f"s{i}" for i in range(n)]
    after = {name: data.draw(st.lists(st.sampled_from(names), max_size=3, unique=True)) for name in names}
    graph = nx.DiGraph([(before, step) for step, befores in after.items() for before in befores])
    graph.add_nodes_from(names)
    found = cycles(after)
    assert bool(found) != nx.is_directed_acyclic_graph(graph)
    for cycle in found:
        assert cycle[0] == cycle[-1]
        assert all(graph.has_edge(one, other) for one, other in pairwise(cycle))
    graph.remove_edges_from([pair for cycle in found for pair in pairwise(cycle)])
    assert nx.is_directed_acyclic_graph(graph)
    if found:
        with pytest.raises(StudyError, match=" → ".join(found[0])):
            critical_path([Activity(step, 1, tuple(before)) for step, before in after.items()], 0)


@pytest.mark.parametrize("text", ["2029-13", "29-07", "July", "", "2029-07-15-1", "2029-02-30"])
def test_what_is_no_month_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the calendar says
        month_number(text)
