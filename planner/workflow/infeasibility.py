"""Why no plan exists, in the planner's words: the rules that cannot be kept together, and which change is enough."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.i18n import join, languages, translate
from planner.siting import SolverSettings, find_iis, unopened_services
from planner.siting.model.ruleset import SUMS
from planner.workflow.labels import MONEY, labels_of

if TYPE_CHECKING:
    from planner.district import District
    from planner.siting import BuiltProblem, InfeasibleSet, Plan, Relaxation, Rule, UnopenedService
    from planner.study import Service, Study
    from planner.workflow.labels import Labels


__all__ = ["say_conflict", "why_infeasible"]

LONGEST_S = 120.0
"""The search for reasons never takes longer, however long the plan itself may take."""


def why_infeasible(naming: Labels, *, longest_s: float = LONGEST_S) -> str:
    """Return why no plan exists and what would have to give, in the language of ``naming``.

    Parameters
    ----------
    naming
        The study and the problem built from it, which was found to be infeasible.
    longest_s
        How long to search for the reason; the study's own time limit where that is less.
    """
    problem = naming.built.problem
    settings = problem.settings or SolverSettings()
    seconds = min(settings.time_limit_s, longest_s)
    conflict = find_iis(problem, dataclasses.replace(settings, time_limit_s=seconds))
    if conflict is None:
        how = _how(naming, seconds, longest_s)
        return translate("reason.why.not_found", naming.language, seconds=f"{seconds:g}", how=how)
    return say_conflict(conflict, naming, seconds, longest_s=longest_s)


def say_conflict(conflict: InfeasibleSet, naming: Labels, seconds: float, *, longest_s: float = LONGEST_S) -> str:
    """Return a conflict that was searched for during ``seconds`` as text: the rules, then each way out on its line.

    ``longest_s`` is the longest that is ever searched.
    """
    language = naming.language
    if not conflict.rules:
        return translate("reason.why.by_itself", language)
    title = "title_one" if len(conflict.rules) == 1 else "title"
    lines = [translate(f"reason.why.{title}", language, count=len(conflict.rules))]
    lines += [
        translate("reason.why.rule", language, rule=naming.rule(rule), key=naming.key(rule)) for rule in conflict.rules
    ]
    if not conflict.smallest:
        lines.append(translate("reason.why.not_smallest", language, seconds=f"{seconds:g}"))
    ways = conflict.relaxations
    if not ways:
        how = _how(naming, seconds, longest_s)
        return "\n".join([*lines, translate("reason.why.no_way", language, seconds=f"{seconds:g}", how=how)])
    together = len(ways[0].rules) > 1
    lines.append(
        translate(f"reason.why.{'together' if together else 'only' if len(ways) == 1 else 'any_one'}", language)
    )
    lines += [line for way in ways for line in _ways_out(way, naming)]
    return "\n".join(lines)


def _how(naming: Labels, seconds: float, longest_s: float) -> str:
    """Return what may help where the time was too short: more of it only as long as more would be used."""
    return translate(f"reason.why.{'more_time' if seconds < longest_s else 'one_at_a_time'}", naming.language)


def _ways_out(way: Relaxation, naming: Labels) -> list[str]:
    return [_way_out(rule, limit, naming, least=way.least) for rule, limit in zip(way.rules, way.limits, strict=True)]


def _way_out(rule: Rule, limit: float | None, naming: Labels, *, least: bool) -> str:
    language, key = naming.language, naming.key(rule)
    if limit is None or rule.limit is None:
        if rule.kind in {"area", "stays", "ready"}:
            return translate(f"reason.why.drop_{rule.kind}", language)
        return translate("reason.why.drop", language, rule=naming.rule(rule), key=key)
    way = "lower" if rule.kind == "floor" or rule.kind.startswith("min_") else "raise"
    said = f"reason.why.{way}" if least else f"reason.why.{way}_enough"
    return translate(said, language, key=key, was=_exact(rule, rule.limit), limit=_exact(rule, settled(rule, limit)))


def settled(rule: Rule, limit: float) -> float:
    """Return a limit that a planner can type and that is still enough: whole units of money, shares to four decimals."""
    if rule.kind in MONEY:
        return float(math.ceil(limit - 1e-3))
    if rule.kind == "floor":
        return math.floor(limit * 1e4 + 1e-3) / 1e4
    if rule.kind in SUMS:
        return math.floor(limit * 100 + 1e-3) / 100
    return limit


def _exact(rule: Rule, limit: float) -> str:
    """Return a limit as the study file has it, thousands apart where it is money."""
    return f"{limit:,.0f}" if rule.kind in MONEY else f"{limit:g}"


__all__ = ["unopened_table"]

HALF_A_PERSON = 0.5
COLUMNS = {
    "service": "str",
    "why": "str",
    "place_id": "str",
    "size": "str",
    "capital_cost": "float64",
    "yearly_cost": "float64",
    "minutes": "float64",
    "people": "float64",
    **{f"rules_{code}": "str" for code in languages()},
    "instead_place_id": "str",
    "instead_service": "str",
    "worth_lost": "float64",
    "unspent_capital": "float64",
    "needs_m2": "float64",
    "largest_m2": "float64",
}


def unopened_table(
    study: Study, district: District, built: BuiltProblem, plan: Plan, *, spent_capital: float
) -> pd.DataFrame:
    """Return a row for every service of which the plan opens nothing new, as ``docs/run-folder.md`` describes it."""
    naming = labels_of(study, district, built)
    budget = study.budgets.capital_cost
    areas = district.sites["area_m2"].to_numpy(dtype=np.float64)
    largest = float(np.nanmax(areas)) if np.isfinite(areas).any() else np.nan
    rows = [
        {
            **_row(study.services[one.service], built, one, naming),
            "unspent_capital": np.nan if budget is None else budget - spent_capital,
            "needs_m2": _least_area(study.services[one.service]),
            "largest_m2": largest,
        }
        for one in unopened_services(built.problem, plan)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def _row(service: Service, built: BuiltProblem, one: UnopenedService, naming: Labels) -> dict[str, object]:
    offers, minutes = built.problem.offers, naming.study.circles_of(service)[-1].minutes
    row: dict[str, object] = {
        "service": service.id,
        "why": _why(one),
        "place_id": "" if one.offer < 0 else built.place_ids[offers.site[one.offer]],
        "size": "" if one.offer < 0 else built.offer_sizes[one.offer],
        "capital_cost": one.capital_cost,
        "yearly_cost": one.yearly_cost,
        "minutes": minutes,
        "people": one.people,
        "instead_place_id": "" if one.instead_of < 0 else built.place_ids[offers.site[one.instead_of]],
        "instead_service": "" if one.instead_of < 0 else built.service_ids[offers.service[one.instead_of]],
        "worth_lost": one.worth_lost,
    }
    for language in languages():
        spoken = dataclasses.replace(naming, language=language)
        said = [f"{spoken.rule(rule)} [{spoken.key(rule)}]" for rule in one.rules]
        if one.by_class:
            said.append(translate("explain.swap_class", language))
        row[f"rules_{language}"] = join(said, language, "clauses")
    return row


def _least_area(service: Service) -> float:
    """Return the floor area of the smallest way to run a service, in m²."""
    return min([size.area_m2 for size in service.sizes] or [service.area_m2])


def _why(one: UnopenedService) -> str:
    if one.offer < 0:
        return "unsuited"
    if one.people < HALF_A_PERSON and one.worth <= 0:
        return "nothing"
    return "rules" if one.rules or one.by_class else "goals"
