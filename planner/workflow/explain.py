"""What stands behind a plan: the price of every rule, what each opening brings, the best swap, what lacks money, what comes when."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.i18n import join, languages, translate
from planner.siting import (
    SolverSettings,
    best_swaps,
    evaluate_offers,
    evaluate_with_assignment,
    marginal_values,
    rule_costs,
    rules_of,
    schedule,
    unfunded,
    without_rules,
)
from planner.siting.analysis.openings import violated_rules
from planner.store.tables import Explanation
from planner.workflow.labels import labels_of
from planner.workflow.plan import solve_siting, tabulate_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from planner.district import District
    from planner.siting import BuiltProblem, Evaluation, Plan, Rule, RuleCost, SitingProblem
    from planner.store.run import Run
    from planner.study import Study
    from planner.workflow.labels import Labels
    from planner.workflow.pipeline import Pipeline
    from planner.workflow.plan import SolvedSiting

TIME_LIMIT_S = 300.0
"""Default time limit of all the solves of an explanation together."""

FIRST = ("must", "never", "floor", "spread", "max_sites", "capital", "yearly")
"""Rules a meeting asks about first; they are priced first, in case the time runs out."""

LONGER = 1.5
"""How many times as long as the first one a second look at a rule must be allowed to take."""


def explain(pipeline: Pipeline, *, time_limit_s: float = TIME_LIMIT_S) -> tuple[Run, Explanation]:
    """Return the run of a study and the explanation of its plan.

    Parameters
    ----------
    time_limit_s
        Of all the solves that the explanation needs, together; the plan itself has its own.

    Raises
    ------
    StudyError, LayerError, InfeasibleError, RecountError
        As `planner.workflow.plan.plan`.
    """
    solved = solve_siting(pipeline)
    explanation = explain_siting(pipeline, solved, time_limit_s=time_limit_s)
    return tabulate_run(pipeline, solved), explanation


def explain_siting(pipeline: Pipeline, solved: SolvedSiting, *, time_limit_s: float) -> Explanation:
    """Return the explanation of a plan, found within the time."""
    study, district = pipeline.study, pipeline.area.district
    labels = labels_of(study, district, solved.built)
    ends = time.perf_counter() + time_limit_s
    with pipeline.stage("openings"):
        openings = _openings(study, solved)
        swaps = _swaps(solved, labels)
    with pipeline.stage("unfunded"):
        lacking, endless = _unfunded(solved, ends)
    with pipeline.stage("prices") as report:
        prices = _prices(solved, labels, ends, report)
    return Explanation(prices, openings, swaps, lacking, endless, _schedule(study, district, solved))


def _settings(solved: SolvedSiting, ends: float, solves_left: int) -> SolverSettings | None:
    """Return settings with a fair part of the time that is left; None when there is none."""
    left_s = ends - time.perf_counter()
    if left_s <= 0:
        return None
    settings = solved.built.problem.settings or SolverSettings()
    return dataclasses.replace(settings, time_limit_s=min(settings.time_limit_s, left_s / solves_left))


def _prices(solved: SolvedSiting, labels: Labels, ends: float, report: Callable[[float, str], None]) -> pd.DataFrame:
    problem, plan = solved.built.problem, solved.plan
    rules = sorted(rules_of(problem), key=lambda rule: FIRST.index(rule.kind) if rule.kind in FIRST else len(FIRST))
    prices: list[RuleCost | None] = [None] * len(rules)
    took_s = np.zeros(len(rules))
    for position, rule in enumerate(rules):
        report(position / len(rules), f"{position + 1}/{len(rules)} {labels.key(rule)}")
        settings = _settings(solved, ends, len(rules) - position)
        if settings is not None:
            began = time.perf_counter()
            prices[position] = next(iter(rule_costs(problem, plan, [rule], settings)), None)
            took_s[position] = time.perf_counter() - began
    # What the quick ones left of the time is for those that were not proven, where that is more than they had.
    wide = [position for position, price in enumerate(prices) if price is None or not price.outcome.proven]
    for turn, position in enumerate(wide):
        settings = _settings(solved, ends, len(wide) - turn)
        if settings is not None and settings.time_limit_s > LONGER * took_s[position]:
            report(1.0, f"{position + 1}/{len(rules)} {labels.key(rules[position])}")
            prices[position] = _narrowed(problem, plan, rules[position], prices[position], settings)
    rows = [_price_row(rule, price, solved, labels) for rule, price in zip(rules, prices, strict=True)]
    texts = ["kind", "key", *(f"rule_{code}" for code in languages())]
    columns = [*texts, "priced", "gain", "gain_at_least", "gain_at_most", "proven"]
    columns += ["capital_cost", "yearly_cost", *(f"people_{service}" for service in solved.built.service_ids)]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(texts, "str"))


def _narrowed(
    problem: SitingProblem, plan: Plan, rule: Rule, first: RuleCost | None, settings: SolverSettings
) -> RuleCost | None:
    """Return the price of a rule from another look at it, with whatever of the first look was nearer to the truth."""
    begin = None if first is None else first.plan
    again = next(iter(rule_costs(problem, plan, [rule], settings, begin=begin)), None)
    if first is None or again is None:
        return again or first
    best = again if again.goal_gain >= first.goal_gain else first
    known = [price.gain_at_most for price in (first, again) if price.gain_at_most is not None]
    return dataclasses.replace(best, gain_at_most=min(known, default=None))


def _price_row(rule: Rule, price: RuleCost | None, solved: SolvedSiting, labels: Labels) -> dict[str, object]:
    services = solved.built.service_ids
    said: dict[str, object] = {
        "kind": rule.kind,
        "key": labels.key(rule),
        **{f"rule_{code}": dataclasses.replace(labels, language=code).rule(rule) for code in languages()},
        "priced": price is not None,
        "proven": price is not None and price.outcome.proven and solved.plan.outcome.proven,
    }
    if price is None:
        return {
            **said,
            **dict.fromkeys(("gain", "gain_at_least", "gain_at_most", "capital_cost", "yearly_cost"), np.nan),
        }
    return {
        **said,
        "gain": price.goal_gain,
        "gain_at_least": _at_least(price.goal_gain, solved),
        "gain_at_most": np.nan if price.gain_at_most is None else price.gain_at_most,
        "capital_cost": price.capital_cost,
        "yearly_cost": price.yearly_cost,
        **{
            f"people_{service}": sum(price.people[demand] for demand in solved.built.demands_of[k])
            for k, service in enumerate(services)
        },
    }


def _at_least(gain: float, solved: SolvedSiting) -> float:
    """Return what of a gain no plan that keeps every rule can have; NaN where it is not known what the best one has."""
    best = solved.plan.steps[0].outcome
    if best.bound is None or best.objective is None:
        return float("nan")
    return max(0.0, gain - abs(best.bound - best.objective))


def _openings(study: Study, solved: SolvedSiting) -> pd.DataFrame:
    found = marginal_values(solved.built.problem, solved.plan)
    offers = np.array([one.offer for one in found], dtype=np.int64)
    services = solved.built.problem.offers.service[offers]
    return _placed(solved, offers).assign(
        minutes=[study.circles_of(study.services[k])[-1].minutes for k in services],
        people_alone=[one.people_alone for one in found],
        people_last=[one.people_last for one in found],
        worth_alone=[one.worth_alone for one in found],
        worth_last=[one.worth_last for one in found],
    )


def _placed(solved: SolvedSiting, offers: NDArray[np.int64]) -> pd.DataFrame:
    """Return ``place_id, service, size`` of some offers."""
    built, table = solved.built, solved.built.problem.offers
    return pd.DataFrame(
        {
            "place_id": [built.place_ids[j] for j in table.site[offers]],
            "service": [built.service_ids[k] for k in table.service[offers]],
            "size": [built.offer_sizes[offer] for offer in offers],
        }
    ).astype("str")


def _swaps(solved: SolvedSiting, labels: Labels) -> pd.DataFrame:
    problem, built = solved.built.problem, solved.built
    before = evaluate_with_assignment(problem, solved.plan.offers)
    rows = []
    for swap in best_swaps(problem, solved.plan):
        if swap is None:
            continue
        sites, services = problem.offers.site, problem.offers.service
        swapped = np.sort(np.append(solved.plan.offers[solved.plan.offers != swap.out], swap.into))
        after = evaluate_with_assignment(problem, swapped)
        refused = violated_rules(problem, solved.plan, swap)
        rows.append(
            {
                "allowed": not swap.broken,
                "out_place_id": built.place_ids[sites[swap.out]],
                "out_service": built.service_ids[services[swap.out]],
                "into_place_id": built.place_ids[sites[swap.into]],
                "into_service": built.service_ids[services[swap.into]],
                "into_size": built.offer_sizes[swap.into],
                "gain": swap.gain,
                "people_out": _people(built, after, before, services[swap.out]),
                "people_into": _people(built, after, before, services[swap.into]),
                **{
                    f"broken_{code}": _named(*refused, dataclasses.replace(labels, language=code))
                    for code in languages()
                },
            }
        )
    columns = ["allowed", "out_place_id", "out_service", "into_place_id", "into_service", "into_size"]
    columns += ["gain", "people_out", "people_into", *(f"broken_{code}" for code in languages())]
    texts = [name for name in columns if name not in {"allowed", "gain", "people_out", "people_into"}]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(texts, "str") | {"allowed": "bool"})


def _people(built: BuiltProblem, after: Evaluation, before: Evaluation, service: int) -> float:
    """Return the change of people of a service within the widest circle."""
    return float(
        after.of_demands(built.demands_of[service]).served[-1] - before.of_demands(built.demands_of[service]).served[-1]
    )


def _named(rules: Iterable[Rule], by_class: bool, labels: Labels) -> str:
    texts = [labels.rule(rule) for rule in rules]
    if by_class:
        texts.append(translate("explain.swap_class", labels.language))
    return join(texts, labels.language, "clauses")


def _unfunded(solved: SolvedSiting, ends: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    problem, plan, before = solved.built.problem, solved.plan, solved.recount
    names = ["gain", "gain_at_least", "gain_at_most", "proven", "capital_cost", "yearly_cost", "openings"]
    # First, and as long as three rules may take: what lacks money is asked most.
    settings = _settings(solved, ends, max(1, (len(rules_of(problem)) + 2) // 3))
    limited = any("capital" in rule.kind or "yearly" in rule.kind for rule in rules_of(problem))
    nothing = np.zeros(0, dtype=np.int64)
    empty = _placed(solved, nothing).assign(capital_cost=np.zeros(0), yearly_cost=np.zeros(0))
    if settings is None or not limited:
        return empty, pd.DataFrame(columns=names)
    wanted, left_out = unfunded(problem, plan, settings)
    if not wanted.found:
        return empty, pd.DataFrame(columns=names)
    money = [rule for rule in rules_of(problem) if "capital" in rule.kind or "yearly" in rule.kind]
    after = evaluate_offers(without_rules(problem, money), wanted.offers, wanted.assignments)
    sign = problem.goals[0].sign
    old, new = plan.steps[0].outcome, wanted.steps[0].outcome
    was, reached = (np.nan if value is None else value for value in (old.objective, new.objective))
    table = problem.offers
    rows = _placed(solved, left_out).assign(
        capital_cost=table.capital_cost[left_out], yearly_cost=table.yearly_cost[left_out]
    )
    gain = sign * (reached - was)
    endless = {
        "gain": gain,
        "gain_at_least": _at_least(gain, solved),
        "gain_at_most": np.nan if new.bound is None else sign * (new.bound - was),
        "proven": new.proven and old.proven,
        "capital_cost": after.capital_cost - before.capital_cost,
        "yearly_cost": after.yearly_cost - before.yearly_cost,
        "openings": len(wanted.openings(problem).offer),
    }
    return rows, pd.DataFrame([endless], columns=names)


def _schedule(study: Study, district: District, solved: SolvedSiting) -> pd.DataFrame:
    years = np.array(study.siting.years, dtype=np.int64)
    names = ("opens", "ready", "start")
    if not len(years):
        none = np.zeros(0, dtype=np.int64)
        return _placed(solved, none).assign(**dict.fromkeys(names, none), start_now=np.zeros(0, dtype=np.bool_))
    found = schedule(solved.built.problem, solved.plan)
    opens = years[found.opens]
    # Approvals last as many calendar years as the layer says, whichever of the plan's years lie in between.
    ready_year = dict(zip(district.sites["id"], district.sites["ready_year"].fillna(years[0]), strict=True))
    sites = solved.built.problem.offers.site[found.offer]
    ready = np.array([ready_year.get(solved.built.place_ids[site], years[0]) for site in sites], dtype=np.int64)
    ready = np.maximum(ready, years[0])
    start = opens - (ready - years[0])
    years_of = dict(zip(names, (opens, ready, start), strict=True))
    return _placed(solved, found.offer).assign(**years_of, start_now=start <= years[0])
