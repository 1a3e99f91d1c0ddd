"""``standards`` of a study in ``plan`` and ``assess``: bound as a hard rule, refused by name, on sheets and pages."""

import openpyxl
import pandas as pd
import pytest

from planner.cli import _run
from tests.street_town import study_of, write_street

IN_5 = {
    "id": "in_5",
    "name": {"zh": "5 分钟覆盖率", "en": "coverage in 5 minutes"},
    "measure": "coverage",
    "unit": "share",
    "minutes": 5,
    "low": 0.6,
    "document": "counted by hand",
    "kind": "duty",
}


def planned(folder, capsys, verb="plan", **standard):
    study = study_of(standards={"own": [{**IN_5, **standard}]}, siting={"objective": ["cost"], "max_sites": 1})
    path = write_street(folder, study)
    code = _run([verb, str(path), "--out", str(folder / verb), "--quiet"])
    return code, capsys.readouterr().err


def test_a_bound_standard_is_kept_by_the_plan_and_one_that_is_not_is_only_reported(tmp_path, capsys):
    """F1 reaches 30 of 210 elders, C2 brings 110 more: 0.667 of them; the cheapest plan opens nothing."""
    for bind, after in ((False, 30 / 210), (True, 140 / 210)):
        folder = tmp_path / str(bind)
        assert planned(folder, capsys, bind=bind)[0] == 0
        table = pd.read_parquet(folder / "plan/tables/compliance.parquet")
        row = table[(table["standard"] == "in_5") & (table["level"] == "all")].iloc[0]
        assert row["value_today"] == pytest.approx(30 / 210)
        assert row["value_plan"] == pytest.approx(after)
        assert row["short_today"] == pytest.approx(0.6 * 210 - 30)
        assert row["verdict_plan"] == ("met" if bind else "below")
        sides = table[(table["standard"] == "in_5") & (table["level"] == "area")]
        for name in ("have_today", "have_plan", "need"):
            assert sides[name].sum() == pytest.approx(row[name])


def test_a_bound_standard_that_no_plan_keeps_is_named_with_its_key(tmp_path, capsys):
    code, said = planned(tmp_path, capsys, bind=True, low=0.9)
    assert code == 5
    assert "standards.own.in_5.low" in said


def test_workbook_and_page_name_the_side_that_fails_and_by_how_much(tmp_path, capsys):
    assert planned(tmp_path, capsys)[0] == 0
    book = openpyxl.load_workbook(tmp_path / "plan/plan.xlsx")
    cells = [str(cell.value) for row in book["Compliance"].iter_rows() for cell in row if cell.value is not None]
    assert "east" in cells
    page = (tmp_path / "plan/map.html").read_text(encoding="utf-8")
    assert "90 people short" in page  # 0.6 × 150 elders live in the east, none of them is reached
    assert planned(tmp_path, capsys, verb="assess")[0] == 0
    assert "90 people short" in (tmp_path / "assess/assess.html").read_text(encoding="utf-8")


def test_a_comparison_says_what_each_plan_leaves_short_and_where_most(tmp_path, capsys):
    """0.6 of 210 elders are 126: without the rule 30 are reached, with it 140."""
    for name, bind in (("free", False), ("bound", True)):
        assert planned(tmp_path / name, capsys, bind=bind)[0] == 0
    folders = [str(tmp_path / name / "plan") for name in ("free", "bound")]
    assert _run(["compare", *folders, "--quiet", "--out", str(tmp_path / "compared")]) == 0
    page = (tmp_path / "compared/comparison.html").read_text(encoding="utf-8")
    assert "96 people" in page
    assert "east: 90 people" in page
    rows = list(openpyxl.load_workbook(tmp_path / "compared/comparison.xlsx")["Compliance"].iter_rows(values_only=True))
    assert [row[4:6] for row in rows[3:5]] == [(96, 96), (96, 0)]


def test_an_area_that_does_not_exist_is_refused_before_anything_is_planned(tmp_path, capsys):
    code, said = planned(tmp_path, capsys, per_area={"side": {"wst": 0.5}})
    assert code == 3
    assert "did you mean west" in said
