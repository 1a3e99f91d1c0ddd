"""The table of limits of areas: what each allows, what the plan uses of it, and what is left."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.i18n import languages
from planner.siting import rules_of
from planner.siting.verify import recount as counted
from planner.siting.verify.areas import area_amounts
from planner.store.schema import schema

if TYPE_CHECKING:
    from planner.siting import Evaluation, Plan, Rule, SitingProblem
    from planner.siting.verify.areas import AreaAmounts
    from planner.workflow.labels import Labels


def area_limits_table(labels: Labels, plan: Plan, recount: Evaluation) -> pd.DataFrame:
    """Return a row for every limit and floor of every area, as ``docs/run-folder.md`` describes it; none without areas."""
    study, built = labels.study, labels.built
    rows = []
    for rule in rules_of(built.problem) if study.areas else ():
        own = labels.area_floor(rule)
        position = rule.area if own is None else own[0]
        if position < 0:
            continue
        if own is None:
            limit, used = _used(built.problem, plan, rule)
            service = rule.kind in {"min_openings", "max_openings", "min_capacity", "min_service_area_m2"}
            service_id = built.service_ids[rule.position] if service else ""
        else:
            limit, used, service_id = own[2].share, _worst_share(built.problem, recount, rule), own[2].service
        least = rule.kind == "floor" or rule.kind.startswith("min_")
        rows.append(
            {
                "by": study.areas[position].by,
                "area": study.areas[position].name,
                "kind": rule.kind,
                "service": service_id,
                "key": labels.key(rule),
                **{f"rule_{code}": dataclasses.replace(labels, language=code).rule(rule) for code in languages()},
                "limit": limit,
                "used": used,
                "slack": used - limit if least else limit - used,
            }
        )
    declared = schema()["run"]["area_limits"]
    columns = declared.names()
    return pd.DataFrame(rows, columns=columns).astype(declared.types(columns))


def _used(problem: SitingProblem, plan: Plan, rule: Rule) -> tuple[float, float]:
    """Return the limit of a rule of an area and what the plan has of it; money by year with that of the years before."""
    limits = problem.rules.areas[rule.area]
    period = rule.position if rule.kind == "period_capital" else -1
    offers = plan.states[period]
    found = area_amounts(problem, offers, counted.money(problem, offers), limits.sites)
    if rule.kind == "period_capital" and limits.period_capital_cost is not None:
        return float(np.sum(limits.period_capital_cost[: rule.position + 1])), found.capital_cost
    return float(rule.limit or 0.0), _amount(found, rule)


def _amount(found: AreaAmounts, rule: Rule) -> float:
    single = {
        "capital": found.capital_cost,
        "yearly": found.yearly_cost,
        "min_sites": found.sites,
        "max_sites": found.sites,
        "min_hubs": found.hubs,
        "min_area_m2": found.area_m2,
    }
    if rule.kind in single:
        return float(single[rule.kind])
    by_service = {"min_capacity": found.capacity, "min_service_area_m2": found.service_area_m2}
    return float(by_service.get(rule.kind, found.openings)[rule.position])


def _worst_share(problem: SitingProblem, recount: Evaluation, rule: Rule) -> float:
    """Return the share that a floor of an area counts: of all its people, or of the worst of its communities; NaN where nobody lives."""
    floor = problem.rules.floors[rule.position]
    regions = [None if region is None else np.array(region) for region in floor.regions(problem.n_communities)]
    shares = counted.shares_together(problem, list(recount.served_at), floor.demands, floor.circle, regions)
    return min((share for _, share in shares), default=float("nan"))
