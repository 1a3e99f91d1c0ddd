"""A facility with capacity 0 offers nothing as it is; where facilities may be extended, it can be, like one with a place or two.

F1 stands at x = 0; within five minutes of it live 10 + 20 elders. The rooms C1 and C2 cost more than there is.
"""

import pandas as pd
import pytest

from planner.cli import _run
from planner.study.load import load_study
from tests.street_town import care, study_of, write_street
from tests.verbs import compute_run


def street(folder, places, *, extend=40, may_extend=True, cost=30_000, budget=50_000, **service):
    rule = {"may_extend": may_extend, "extend_cost": cost, "extend_capacity": extend}
    study = study_of(
        services=care(**{"capacity": 50, **service}),
        siting={"objective": ["coverage", "cost"], "existing": rule},
        budgets={"capital_cost": budget},
    )
    study["layers"]["facilities"][0]["columns"]["capacity"] = "capacity"
    return write_street(folder, study, facilities={"F1": {"capacity": places}})


def planned(path):
    run = compute_run(load_study(path), path.parent, scenario="base")
    served = run.tables.served.iloc[0]
    return run, float(served["served"])


@pytest.mark.deep_after(2)
@pytest.mark.parametrize(("capacity", "served"), [(0, 30), ("0", 30), ("无", 30), (1, 30)])
def test_it_is_extended_where_that_is_allowed(tmp_path, capacity, served):
    run, found = planned(street(tmp_path, capacity))
    assert found == served
    assert run.tables.openings["place_id"].tolist() == ["F1"]
    assert run.tables.openings["capacity"].tolist() == [40 + (capacity if capacity == 1 else 0)]
    assert run.manifest.result.capital_cost == 30_000
    assert run.manifest.result.yearly_cost == 0
    assert run.manifest.result.proven


def test_its_places_bind(tmp_path):
    _, served = planned(street(tmp_path, 0, extend=12))
    assert served == 12


def test_nothing_is_covered_by_it_today(tmp_path):
    run, _ = planned(street(tmp_path, 0))
    row = run.tables.coverage.iloc[0]
    assert (row["covered_before"], row["served_before"]) == (0, 0)
    assert run.tables.existing.empty
    assert run.tables.closed.empty


@pytest.mark.deep_after(2)
@pytest.mark.parametrize(
    "changes",
    [{"may_extend": False}, {"extend": 0}, {"budget": 20_000}, {"capacity": None}],
    ids=["not allowed", "by nothing", "no money", "places do not bind"],
)
def test_it_stays_as_it_is_otherwise(tmp_path, changes):
    """Where the study names no capacity of the service, places do not bind, and there is nothing to extend."""
    run, served = planned(street(tmp_path, 0, **changes))
    assert served == 0
    assert run.tables.openings.empty


def test_a_second_row_with_places_counts(tmp_path):
    path = street(tmp_path, 0)
    other = tmp_path / "other"
    write_street(other, facilities={"F1": {"capacity": 25}})
    (other / "facilities.geojson").rename(tmp_path / "more.geojson")
    study = load_study(path)
    more = study.layers.facilities[0].model_copy(update={"path": tmp_path / "more.geojson"})
    layers = study.layers.model_copy(update={"facilities": [*study.layers.facilities, more]})
    run = compute_run(study.model_copy(update={"layers": layers}), tmp_path, scenario="base")
    assert run.tables.existing["capacity"].tolist() == [25]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_check_says_both(tmp_path, capsys, language):
    assert _run(["check", str(street(tmp_path, 0)), "--set", f"language={language}"]) == 0
    said = capsys.readouterr().out
    assert {"en": "do not count as existing", "zh": "不计入现有设施"}[language] in said
    assert "siting.existing.may_extend" in said


@pytest.mark.deep
def test_every_report_is_written(tmp_path):
    path = street(tmp_path, 0)
    for verb in ("plan", "assess", "explain"):
        assert _run([verb, str(path), "--out", str(tmp_path / verb), "--quiet"]) == 0
    sheets = pd.read_excel(tmp_path / "plan" / "plan.xlsx", sheet_name=None, header=None)
    assert any("F1" in str(cell) for sheet in sheets.values() for cell in sheet.to_numpy().ravel())
