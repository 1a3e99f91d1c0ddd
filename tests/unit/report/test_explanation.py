"""What the sentences of an explanation claim when something is, or is not, proven; in both languages."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from planner.i18n import name_with_id
from planner.report.explanation import explanation_lines
from tests.tiny_town import write_town
from tests.verbs import explain


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sentences")
    run, found, _ = explain(write_town(folder), out=folder / "why")
    return run, found


def priced(told, language="en", **values):
    """Return the lines about one rule, max_sites, with some of its numbers replaced."""
    run, found = told
    row = found.prices[found.prices["kind"] == "max_sites"].assign(
        priced=True, proven=False, capital_cost=0.0, yearly_cost=0.0, people_canteen=0.0, people_childcare=0.0
    )
    row = row.assign(**values)
    return "\n".join(explanation_lines(run, dataclasses.replace(found, prices=row), language))


@pytest.mark.deep
def test_a_rule_is_worth_what_both_bounds_leave(told):
    said = priced(told, gain=40.04, gain_at_least=30.16, gain_at_most=50.01)
    assert "without it, +40 people by circle weight." in said
    assert "worth at least 30.1 and at most 50.1 (proven)." in said, "rounded to the sides on which they stay true"
    said = priced(told, "zh", gain=40.04, gain_at_least=30.16, gain_at_most=50.01)
    assert "取消后，按步行圈权重 +40 人次。" in said
    assert "首要目标的改善至少 30.1，至多 50.1（已证明）。" in said


def test_what_the_plan_may_lack_itself_is_no_price(told):
    said = priced(told, gain=40.0, gain_at_least=0.0, gain_at_most=50.0)
    assert "worth at most 50 (proven); how much at least is not proven." in said
    assert "at least 0" not in said


@pytest.mark.parametrize("most", [1e6, np.nan])
def test_a_bound_that_tells_nothing_is_not_told(told, most):
    said = priced(told, gain=40.0, gain_at_least=30.0, gain_at_most=most)
    assert "worth at least 30 (proven); how much at most was not found out in the time allowed." in said
    assert "More time (--time-limit, in seconds) tells more." in said
    free = priced(told, gain=0.0, gain_at_least=0.0, gain_at_most=most)
    assert "no better plan was found in the time allowed, but there may be one:" in free
    assert "- buildings opened: at most 3\n" in free
    assert "1,000,000" not in said + free


def test_a_bound_that_tells_something_is_told_though_unproven(told):
    said = priced(told, gain=0.0, gain_at_least=0.0, gain_at_most=12.34)
    assert "- buildings opened: at most 3: the first aim gains at most 12.4" in said
    assert "More time" not in said


def endless(told, proven, most, language="en"):
    run, found = told
    row = {"gain": 0.0, "gain_at_least": 0.0, "gain_at_most": most, "proven": proven}
    row |= {"capital_cost": 0.0, "yearly_cost": 0.0, "openings": 3}
    changed = dataclasses.replace(found, endless_money=pd.DataFrame([row]), unfunded=found.unfunded.iloc[:0])
    return "\n".join(explanation_lines(run, changed, language))


def test_money_is_cleared_only_by_proof(told):
    assert "Money is not what holds this plan back" in endless(told, proven=True, most=0.04)
    assert "资金不是本方案的制约" in endless(told, proven=True, most=0.04, language="zh")
    unproven = endless(told, proven=False, most=12.0)
    assert "holds this plan back" not in unproven
    assert "in the time allowed; the first aim gains at most 12 (proven)." in unproven
    assert "but there may be one." in endless(told, proven=False, most=1e6)


def test_a_refused_swap_is_said_to_be_all_there_was(told):
    run, found = told
    swaps = found.swaps[~found.swaps["allowed"]]
    said = "\n".join(explanation_lines(run, dataclasses.replace(found, swaps=swaps)))
    assert len(swaps) == 1
    assert "None of the swaps tried keeps every rule." in said


def test_an_id_that_is_part_of_the_name_is_said_once():
    assert name_with_id("Vacant premises n7", "n7") == "Vacant premises n7"
    assert name_with_id("Room  n71", "n7") == "Room n71 (n7)"
    assert name_with_id("", "n7") == "n7"
