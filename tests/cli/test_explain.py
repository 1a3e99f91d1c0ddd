"""`planner explain` on a tiny town: every sentence held against numbers counted again from the tables, or planned again."""

import dataclasses
import re

import numpy as np
import openpyxl
import pandas as pd
import pytest

from planner.cli import _run
from planner.workflow import explain as explaining
from tests.tiny_town import write_town
from tests.workbooks import tables_of

EVERY_RULE = [
    "budgets.departments.civil={name: {zh: 民政局, en: Civil affairs}, capital_cost: 900000}",
    "budgets.departments.street={name: {zh: 街道, en: Street office}}",
    "budgets.departments.users={name: {zh: 使用者, en: Users}, outside: true}",
    "budgets.modes={bought: {name: {zh: 政府购买, en: bought}, payers: {civil: 0.7, users: 0.3}}}",
    "budgets.building_department=street",
    "services.canteen.mode=bought",
    "services.childcare.department=civil",
    "services.canteen.capacity=300",
    "services.canteen.min_load=20",
    "siting.floors=[{service: childcare, minutes: 6, share: 0.2, group: child}]",
    "siting.must=[{site: r3}]",
    "siting.years=[2026, 2027]",
    "siting.capital_cost_by_year={2026: 600000, 2027: 600000}",
    "siting.existing={may_extend: true, extend_cost: 100000, extend_capacity: 100}",
]


def explained(folder, sets=(), name="why"):
    words = ["explain", str(folder / "town.yaml"), "--out", str(folder / name), "--quiet"]
    assert _run([*words, *(word for item in sets for word in ("--set", item))]) == 0
    return folder / name


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explain")
    write_town(folder)
    return explained(folder)


@pytest.fixture(scope="module")
def ruled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ruled")
    write_town(folder)
    return explained(folder, EVERY_RULE)


def told(folder):
    return (folder / "explanation.md").read_text(encoding="utf-8")


def table(folder, name):
    return pd.read_parquet(folder / f"{name}.parquet")


def people_within(folder, service, places, minutes=6):
    """People within the circle of any of ``places``, from reach and demand alone."""
    group, walker = {"canteen": ("people_elder", "slow"), "childcare": ("people_child", "quick")}[service]
    reach = table(folder, "tables/reach")
    near = reach[(reach["walker"] == walker) & reach["place_id"].isin(places) & (reach["seconds"] <= 60 * minutes)]
    demand = table(folder, "tables/demand").set_index("id")[group]
    return demand[demand.index.isin(near["demand_id"])].sum()


def test_what_each_opening_brings_is_what_anybody_counts(plain):
    openings, said = table(plain, "explanation/openings"), told(plain)
    standing = table(plain, "tables/existing")
    assert len(openings) == len(table(plain, "tables/openings")) > 0
    for row in openings.to_dict("records"):
        today = set(standing.loc[standing["service"] == row["service"], "place_id"])
        everything = today | set(openings.loc[openings["service"] == row["service"], "place_id"])
        here = {row["place_id"]}
        count = {name: people_within(plain, row["service"], places) for name, places in {
            "today": today, "alone": today | here, "all": everything, "rest": everything - here}.items()}  # fmt: skip
        assert row["people_alone"] == pytest.approx(count["alone"] - count["today"])
        assert row["people_last"] == pytest.approx(count["all"] - count["rest"])
        name = {"canteen": "Canteen", "childcare": "Childcare"}[row["service"]]
        line = next(line for line in said.splitlines() if line.startswith(f"- {name} at") and row["place_id"] in line)
        assert int(re.search(r"alone \+([\d,]+) people within 6 minutes", line)[1].replace(",", "")) == round(
            row["people_alone"]
        )


@pytest.mark.deep
@pytest.mark.parametrize(
    ("key", "free"),
    [("siting.max_sites", "siting.max_sites=null"), ("budgets.capital_cost", "budgets.capital_cost=null")],
)
def test_the_price_of_a_rule_is_the_difference_to_a_plan_made_without_it(plain, tmp_path, key, free):
    study = plain.parent / "town.yaml"
    other = tmp_path / "free"
    assert _run(["plan", str(study), "--out", str(other), "--quiet", "--set", free]) == 0
    row = table(plain, "explanation/prices").set_index("key").loc[key]
    assert row["proven"]
    weights = {3.0: 0.5, 6.0: 0.5}  # increments of the circles' weights
    worth = {
        folder: sum(
            weights[minutes] * people
            for minutes, people in table(folder, "tables/coverage")[["minutes", "covered_after"]].itertuples(
                index=False
            )
        )
        for folder in (plain, other)
    }
    assert row["gain"] == pytest.approx(worth[other] - worth[plain], abs=1e-3)
    assert row["gain_at_most"] >= row["gain"] - 1e-6
    spent = [table(folder, "tables/opened_sites")["capital_cost"].sum() for folder in (plain, other)]
    assert row["capital_cost"] == pytest.approx(spent[1] - spent[0])


@pytest.mark.deep
def test_every_rule_is_named_once_and_priced(ruled):
    prices = table(ruled, "explanation/prices")
    assert prices["priced"].all()
    assert prices["rule_en"].is_unique
    assert set(prices["kind"]) >= {
        "must",
        "floor",
        "max_sites",
        "capital",
        "department_capital",
        "period_capital",
        "min_load",
    }
    said = told(ruled)
    for rule, key in prices[["rule_en", "key"]].itertuples(index=False):
        assert said.count(f"- {rule}") == 1, rule
        assert key not in said
    assert (prices["gain"] >= -1e-3).all()
    assert "- Room 3 (r3) must be used" in said


def test_departments_pay_the_bill_to_the_last_cent(ruled):
    bills, sites = table(ruled, "tables/bills"), table(ruled, "tables/opened_sites")
    assert bills["capital_cost"].sum() == pytest.approx(sites["capital_cost"].sum())
    assert bills["yearly_cost"].sum() == pytest.approx(sites["yearly_cost"].sum())
    said = told(ruled)
    for row in bills.to_dict("records"):
        assert f"- {row['name_en']}: {row['capital_cost']:,.0f} yuan of capital" in said
    inside = bills.set_index("department").drop("users")
    assert (
        f"Counted against the overall budgets (without Users): capital {inside['capital_cost'].sum():,.0f} yuan (limit 1,200,000 yuan),"
        f" each year {inside['yearly_cost'].sum():,.0f} yuan (no limit)."
    ) in said


def test_what_must_start_now_opens_when_it_says(ruled):
    schedule = table(ruled, "explanation/schedule")
    openings = table(ruled, "tables/openings").set_index(["place_id", "service"])
    assert len(schedule) == len(openings) > 0
    for row in schedule.to_dict("records"):
        assert row["opens"] == openings.loc[(row["place_id"], row["service"]), "year"]
        assert row["start"] == row["opens"] - (row["ready"] - 2026)
        assert row["start_now"] == (row["start"] <= 2026)
    assert told(ruled).count("its approval must start") == len(schedule)


def test_the_best_refused_swap_breaks_what_it_says(plain):
    swaps = table(plain, "explanation/swaps").set_index("allowed")
    if False in swaps.index:
        refused = swaps.loc[False]
        assert refused["broken_en"]
        assert refused["broken_en"] in told(plain)
    if True in swaps.index:
        assert swaps.loc[True, "gain"] <= 1e-6, "a proven plan has no swap that gains"


def test_what_lacks_money_is_in_no_plan_of_ours(plain):
    lacking, openings = table(plain, "explanation/unfunded"), table(plain, "tables/openings")
    ours = set(openings[["place_id", "service"]].itertuples(index=False, name=None))
    assert not ours & set(lacking[["place_id", "service"]].itertuples(index=False, name=None))
    endless = table(plain, "explanation/endless_money").iloc[0]
    assert endless["gain"] >= -1e-6
    assert endless["gain_at_most"] >= endless["gain"] - 1e-6


def test_the_workbook_holds_the_same_numbers(ruled):
    book = openpyxl.load_workbook(ruled / "explanation.xlsx")
    (told,) = tables_of(book["Prices of rules"])
    prices = table(ruled, "explanation/prices")
    assert [row[0].value for row in told.cells] == prices["rule_en"].tolist()
    np.testing.assert_allclose([row[1].value for row in told.cells], prices["gain"])


@pytest.mark.deep
def test_a_chinese_study_is_explained_in_chinese(tmp_path):
    write_town(tmp_path)
    said = told(explained(tmp_path, ["language=zh"]))
    assert "## 约束条件敏感性分析" in said
    assert "新开场所不超过 3 处" in said
    assert "people" not in said


@pytest.mark.deep
def test_without_time_nothing_is_claimed(tmp_path):
    write_town(tmp_path)
    words = ["explain", str(tmp_path / "town.yaml"), "--out", str(tmp_path / "why"), "--quiet", "--time-limit", "0"]
    assert _run(words) == 0
    said = told(tmp_path / "why")
    assert "The time did not suffice to price these:" in said
    assert not table(tmp_path / "why", "explanation/prices")["priced"].any()


@pytest.mark.deep
def test_a_rule_left_unproven_is_looked_at_again_with_the_time_others_left(tmp_path, monkeypatch):
    write_town(tmp_path)
    looked, original = [], explaining.rule_costs

    def unproven_at_first(problem, plan, rules, settings, **named):
        (price,) = original(problem, plan, rules, settings, **named)
        (rule,) = rules
        again = rule in {one for one, _ in looked}
        looked.append((rule, named.get("begin")))
        if rule.kind != "capital" or again:
            return (price,)
        outcome = dataclasses.replace(price.outcome, status="feasible", gap=0.5)
        return (dataclasses.replace(price, goal_gain=0.0, gain_at_most=price.goal_gain + 77.0, outcome=outcome),)

    monkeypatch.setattr(explaining, "rule_costs", unproven_at_first)
    folder = explained(tmp_path)
    rules = [rule for rule, _ in looked]
    (twice,) = {rule for rule in rules if rules.count(rule) > 1}
    first, second = (begin for rule, begin in looked if rule == twice)
    assert rules[-1] == twice
    assert first is None
    assert second is not None
    prices = table(folder, "explanation/prices").set_index("kind")
    assert prices.loc["capital", "proven"]
    assert prices.loc["capital", "gain"] > 0
    assert prices.loc["capital", "gain_at_most"] < prices.loc["capital", "gain"] + 77
