"""The programme of a small run: ids, money by payer and year, dates and lots, worked on paper."""

import csv
import datetime as dt
import io
import math
from dataclasses import replace

import openpyxl
import pandas as pd
import pytest

from planner.errors import RecountError
from planner.report.programme import programme_calendar, programme_csv, programme_lines, publish_programme
from planner.store.programme import Programme
from planner.workflow.programme import programme
from tests.unit.report.small_run import small_run, small_study
from tests.workbooks import tables_of

JULY_2026 = dt.date(2026, 7, 1)
DEPARTMENTS = {
    "civil": {"name": {"zh": "民政局", "en": "Civil affairs"}},
    "planning": {"name": {"zh": "规划局", "en": "Planning [bureau]: permits/land"}},
    "families": {"name": {"zh": "家庭", "en": "Families"}, "outside": True},
}
CHAIN = [
    {"id": "land", "name": {"zh": "用地", "en": "Land"}, "authority": "planning", "months": 24},
    {
        "id": "permits",
        "name": {"zh": "许可", "en": "Permits"},
        "authority": "planning",
        "months": 12,
        "after": ["land"],
    },
    {"id": "tender", "name": {"zh": "招标", "en": "Tender"}, "authority": "civil", "months": 3, "after": ["land"]},
]


def paid_run(language="en", **changes):
    """Elder care is paid 70 to 30 by civil affairs and families, buildings by civil affairs; canteen and childcare by nobody named."""
    plain = small_study(language)
    services = [service.model_dump(mode="json", exclude_defaults=True) for service in plain.services]
    services[0] |= {
        "mode": "bought",
        "department": "civil",
        "staff": 6.5,
        "operator": {"zh": "机构", "en": "=Provider"},
        "tasks": {"planning": {"zh": "选址", "en": "find the plot"}},
        "permits": [{"zh": "备案", "en": "Registration"}],
    }
    budgets = {
        "departments": DEPARTMENTS,
        "modes": {"bought": {"name": "bought", "payers": {"civil": 0.7, "families": 0.3}}},
        "building_department": "civil",
    }
    blocks = {"services": services, "budgets": budgets, "approvals": [{"steps": CHAIN}]} | changes
    run = small_run(language, **blocks)
    tables, result = run.tables, run.manifest.result
    elder = (tables.offers["service"] == "elder_care").astype(float)
    offers = tables.offers.assign(pays_civil=0.7 * elder, pays_planning=0.0, pays_families=0.3 * elder)
    setup = tables.opened_sites["setup_cost"].sum()
    bills = pd.DataFrame(
        {
            "department": list(DEPARTMENTS),
            "capital_cost": [0.7 * 1_600_000 + setup, 0.0, 480_000.0],
            "yearly_cost": [420_000.0, 0.0, 180_000.0],
        }
    ).assign(name_zh="", name_en="", capital_limit=math.nan, yearly_limit=math.nan)
    own = replace(result, capital_cost=result.capital_cost - 480_000, yearly_cost=result.yearly_cost - 180_000)
    return replace(run, tables=replace(tables, offers=offers, bills=bills), manifest=replace(run.manifest, result=own))


def found(tmp_path, run, as_of=JULY_2026):
    run.write(tmp_path / "run")
    return programme(tmp_path / "run", as_of=as_of)


def test_a_row_for_each_opening_and_building_and_sums_of_the_run(tmp_path):
    run = paid_run(siting={"open_by": 2029}, programme={"opening_month": 7})
    tables = found(tmp_path, run).tables
    projects, money = tables.projects, tables.money
    assert projects["measure"].value_counts().to_dict() == {"new": 6, "building": 3}
    assert "p05/canteen/new" in set(projects["id"])
    assert "p05/building" in set(projects["id"])
    assert projects["id"].is_unique
    setup = run.tables.opened_sites["setup_cost"].sum()
    assert projects.loc[projects["measure"] == "building", "capital_cost"].sum() == setup
    paid = money.groupby("department")["capital_cost"].sum().to_dict()
    assert paid == pytest.approx({"civil": 1_120_000 + setup, "families": 480_000, "": 3 * 300_000 + 500_000})
    assert money["capital_cost"].sum() == pytest.approx(run.tables.opened_sites["capital_cost"].sum(), abs=0.005)
    assert money["yearly_cost"].sum() == pytest.approx(600_000, abs=0.005)
    assert projects.groupby("street")["capital_cost"].sum().sum() == pytest.approx(money["capital_cost"].sum())
    assert tables.funding["capital_cost"].sum() == pytest.approx(money["capital_cost"].sum())


def test_steps_of_24_and_12_months_open_in_july_2029_if_they_start_in_july_2026(tmp_path):
    run = paid_run(siting={"open_by": 2029}, programme={"opening_month": 7})
    tables = found(tmp_path, run).tables
    openings = tables.projects[tables.projects["measure"] == "new"]
    assert set(openings["due"]) == set(openings["opens"]) == {"2029-07"}
    assert set(openings["start_by"]) == {"2026-07"}
    steps = tables.steps[tables.steps["project_id"] == "p05/building"].set_index("step")
    assert steps["latest_start"].to_dict() == {"land": "2026-07", "permits": "2028-07", "tender": "2029-04"}
    assert steps["slack_months"].to_dict() == {"land": 0, "permits": 0, "tender": 9}
    assert steps.index[steps["start_now"]].tolist() == ["land"]
    assert set(steps["acts"]) == {"civil"}
    late = programme(tmp_path / "run", as_of=dt.date(2026, 10, 31)).tables.projects
    assert set(late.loc[late["measure"] == "new", "opens"]) == {"2029-10"}
    assert set(late["slack_months"]) == {-3}
    early = programme(tmp_path / "run", as_of=dt.date(2026, 1, 1)).tables
    assert set(early.projects["opens"]) == {"2029-07"}
    assert not early.steps["start_now"].any()


def test_ready_in_2027_and_opened_in_2030_starts_in_2029_not_now(tmp_path):
    siting = {"years": [2026, 2030], "capital_cost_by_year": {2026: 1, 2030: 1}}
    run = paid_run(siting=siting, approvals=[])
    sites = run.tables.opened_sites.assign(ready_year=2027.0)
    run = replace(run, tables=replace(run.tables, opened_sites=sites, openings=run.tables.openings.assign(year=2030.0)))
    run.write(tmp_path / "run")
    tables = programme(tmp_path / "run", as_of=dt.date(2026, 1, 1)).tables
    assert {text[:4] for text in tables.projects["start_by"]} == {"2029"}
    assert {text[:4] for text in tables.projects["opens"]} == {"2030"}
    assert not tables.projects["start_now"].any()
    assert set(tables.steps["months"]) == {12}


def test_ids_do_not_depend_on_the_order_of_the_tables(tmp_path):
    run = paid_run()
    first = found(tmp_path / "one", run).tables.projects
    turned = {
        name: getattr(run.tables, name).iloc[::-1].reset_index(drop=True)
        for name in ("openings", "opened_sites", "offers")
    }
    again = found(tmp_path / "two", replace(run, tables=replace(run.tables, **turned))).tables.projects
    key = ["id", "capital_cost", "opens", "lot"]
    assert first[key].sort_values("id").to_numpy().tolist() == again[key].sort_values("id").to_numpy().tolist()


def test_money_that_is_not_the_runs_is_refused(tmp_path):
    run = paid_run()
    wrong = replace(run, tables=replace(run.tables, bills=run.tables.bills.assign(capital_cost=1.0)))
    with pytest.raises(RecountError, match="does not sum to its run"):
        found(tmp_path, wrong)


def test_no_text_becomes_a_formula_and_amounts_have_cents(tmp_path):
    made = found(tmp_path, paid_run())
    rows = list(csv.DictReader(io.StringIO(programme_csv(made))))
    cells = [cell for row in rows for name, cell in row.items() if "cost" not in name and name != "slack_months"]
    assert not [cell for cell in cells if cell[:1] in set("=+-@")]
    assert any(cell == "'=Provider" for cell in cells)
    civil = math.fsum(float(row["capital_cost_civil"]) for row in rows)
    assert civil == pytest.approx(made.tables.money.query("department == 'civil'")["capital_cost"].sum(), abs=0.005)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_sheets_can_be_signed_and_sum_to_the_run(tmp_path, language):
    made = found(tmp_path, paid_run(language, siting={"open_by": 2029}))
    publish_programme(made, tmp_path / "out")
    book = openpyxl.load_workbook(tmp_path / "out" / "programme.xlsx")
    civil = next(sheet for sheet in book if sheet.title in {"Civil affairs", "民政局"})
    assert (civil.page_setup.orientation, int(civil.page_setup.paperSize)) == ("landscape", 9)
    mine = tables_of(civil)[0]
    heads = {"en": "capital (yuan)", "zh": "一次性投资（元）"}
    total = made.tables.money.query("department == 'civil'")["capital_cost"].sum()
    assert mine.total_rows[0][heads[language]] == pytest.approx(total)
    lines = [str(cell.value) for row in civil.iter_rows() for cell in row if cell.value]
    assert any("____" in line for line in lines)
    streets = set(made.tables.projects["street"])
    assert len(book.sheetnames) == 7 + 2 + 1 + len(streets), book.sheetnames
    again = Programme.read(_stored(made, tmp_path / "out"))
    assert programme_lines(again) == programme_lines(made)
    assert programme_csv(again) == programme_csv(made)


def _stored(made, folder):
    made.write(folder)
    return folder


def test_the_calendar_is_read_back(tmp_path):
    made = found(tmp_path, paid_run("zh", siting={"open_by": 2029}, programme={"opening_month": 7}))
    text = programme_calendar(made)
    lines = text.split("\r\n")
    assert text.count("\n") == text.count("\r\n")
    assert max(len(line.encode()) for line in lines) <= 75
    whole = text.replace("\r\n ", "").split("\r\n")
    starts = [line.removeprefix("DTSTART;VALUE=DATE:") for line in whole if line.startswith("DTSTART")]
    assert min(starts) == "20260701"
    assert max(starts) == "20290701"
    assert {line for line in whole if line.startswith("DTSTAMP")} == {"DTSTAMP:20260701T000000Z"}
    tables = made.tables
    assert len(starts) == len(tables.steps) + 6 + len(tables.lots)
    uids = [line for line in whole if line.startswith("UID")]
    assert len(set(uids)) == len(uids)
    assert "SUMMARY;LANGUAGE=zh-CN:" in text or "SUMMARY;LANGUAGE=zh" in text


def test_lots_hold_every_opening_once(tmp_path):
    made = found(tmp_path, paid_run(programme={"lots": {"min_openings": 2, "max_openings": 2, "within_m": 50_000}}))
    lots, projects = made.tables.lots, made.tables.projects
    members = [project for lot in lots["projects"] for project in lot.split(";")]
    assert sorted(members) == sorted(projects.loc[projects["measure"] == "new", "id"])
    assert dict(zip(lots["service"], lots["openings"], strict=False))["elder_care"] == 2
    assert lots["openings"].max() <= 2
    assert lots["capital_cost"].sum() == projects.loc[projects["measure"] == "new", "capital_cost"].sum()


def test_people_out_of_reach_are_those_of_the_run(tmp_path):
    run = paid_run()
    unserved = found(tmp_path, run).tables.unserved.groupby("service")["people_unserved"].sum()
    widest = run.tables.coverage.sort_values("minutes").groupby("service").last()
    assert unserved.to_dict() == pytest.approx((widest["heads"] - widest["heads_after"]).to_dict())
