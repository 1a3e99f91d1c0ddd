from dataclasses import replace

import pytest

from planner.i18n import format_count, format_money, format_share
from planner.report.summary import closing_summary, coverage, indicator_text, indicators
from planner.store.manifest import GoalResult
from tests.unit.report.small_run import small_run


@pytest.fixture(scope="module")
def run():
    return small_run()


def test_coverage_quotes_the_table_in_the_order_of_the_study(run):
    table = run.tables.coverage.set_index(["service", "minutes"])
    rows = coverage(run)
    assert [(row.service.id, row.minutes) for row in rows] == [
        ("elder_care", 5),
        ("elder_care", 10),
        ("elder_care", 15),
        ("canteen", 5),
        ("canteen", 10),
        ("childcare", 5),
        ("childcare", 10),
    ]
    for row in rows:
        stored = table.loc[(row.service.id, row.minutes)]
        assert (row.people, row.before, row.after) == (
            stored["people"],
            stored["covered_before"],
            stored["covered_after"],
        )


def test_indicators_quote_the_manifest(run):
    found = {indicator.key: indicator for indicator in indicators(run)}
    assert found["sites_opened"].value == 3
    assert found["sites_opened"].limit == 4
    assert found["co_located"].value == 2
    assert (
        found["co_located_services"].value == 5
    )  # three under one roof and two under another; the lone canteen is not
    assert found["capital"].value == 3_600_000
    assert found["status"].value == "optimal"


@pytest.mark.deep_after(1)
@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (
            "en",
            [
                "Elder care · 5 min",
                "911 → 1,813 of 4,243 people (21.5 % → 42.7 %)",
                "3,600,000 of 4,000,000 yuan",
                "proven optimal",
            ],
        ),
        ("zh", ["养老 · 5 分钟", "911 → 1,813 / 4,243 人", "360 / 400 万元", "已证明最优"]),
    ],
)
def test_closing_summary_says_coverage_money_and_proof(language, lines):
    said = "\n".join(closing_summary(small_run(language)))
    for line in lines:
        assert line in said


def test_a_share_is_100_percent_only_when_everybody_is_reached():
    assert format_share(1.0) == "100.0 %"
    assert format_share(0.99999) == "99.9 %"
    assert format_share(0.00001) == "0.1 %"
    assert format_share(0.0) == "0.0 %"


def test_halves_go_up():
    assert format_count(1812.5) == "1,813"
    assert format_count(0.49) == "0"


def test_money_in_the_words_of_each_language():
    assert format_money(3_605_000, "zh", "CNY") == "360.5 万元"
    assert format_money(9_000, "zh", "CNY") == "9,000 元"
    assert format_money(3_605_000, "en", "CNY") == "3,605,000 yuan"


def test_an_unknown_status_is_quoted_not_hidden(run):
    status = next(indicator for indicator in indicators(run) if indicator.key == "status")
    assert indicator_text(type(status)("status", "kUnbounded"), "en") == "kUnbounded"


WHY = {
    "objective": {"en": "none: people who could be served reach nothing", "zh": "无数值：有本可服务的人够不到任何设施"},
    "bound": {"en": "none proven: the search ended first", "zh": "未证明：求解提前结束"},
    "gap": {"en": "none: the objective is 0", "zh": "无法计算：目标值为 0"},
    "other": {"en": "none: the search ended before it was known", "zh": "无数值：求解结束时尚未得出"},
}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("goal", "missing", "why"),
    [
        (GoalResult("furthest", "optimal", None, None, None), ["objective", "bound", "gap"], "objective"),
        (GoalResult("coverage", "feasible", 30.0, None, None), ["bound", "gap"], "bound"),
        (GoalResult("coverage", "feasible", 0.0, 30.0, None), ["gap"], "gap"),
        (GoalResult("cost", "unknown", None, None, None), ["objective", "bound", "gap"], "other"),
    ],
)
def test_a_figure_that_is_missing_says_why(run, goal, missing, why, language):
    result = replace(
        run.manifest.result, goals=(goal,), status=goal.status, objective=goal.objective, bound=goal.bound, gap=goal.gap
    )
    found = indicators(replace(run, manifest=replace(run.manifest, result=result)))
    texts = {one.key: indicator_text(one, language) for one in found}
    assert [texts[key] for key in missing] == [WHY[why][language]] * len(missing)
    assert "–" not in texts.values()


def test_a_missing_bound_is_a_dash(run):
    bound = next(indicator for indicator in indicators(run) if indicator.key == "bound")
    assert indicator_text(type(bound)("bound", None), "en") == "–"
    assert indicator_text(type(bound)("bound", float("nan")), "en") == "–"
