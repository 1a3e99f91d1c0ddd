"""Services that a plan opens nowhere: which rule binds, what opening one would cost, and what it would take the place of."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.runs.naming import naming_of
from planner.siting import unopened
from planner.words import say

if TYPE_CHECKING:
    from planner.district import District
    from planner.runs.naming import Naming
    from planner.siting import Plan, Posed, Unopened
    from planner.study import Service, Study

__all__ = ["unopened_table"]

HALF_A_PERSON = 0.5
COLUMNS = {
    "service": "str",
    "why": "str",
    "place_id": "str",
    "size": "str",
    "capital_yuan": "float64",
    "yearly_yuan": "float64",
    "minutes": "float64",
    "people": "float64",
    "rules_zh": "str",
    "rules_en": "str",
    "instead_place_id": "str",
    "instead_service": "str",
    "worth_lost": "float64",
    "unspent_yuan": "float64",
    "needs_m2": "float64",
    "largest_m2": "float64",
}


def unopened_table(study: Study, district: District, posed: Posed, plan: Plan, *, spent_yuan: float) -> pd.DataFrame:
    """Return a row for every service of which the plan opens nothing new, as ``docs/run-folder.md`` describes it."""
    naming = naming_of(study, district, posed)
    budget = study.budgets.capital_yuan
    areas = district.sites["area_m2"].to_numpy(dtype=np.float64)
    largest = float(np.nanmax(areas)) if np.isfinite(areas).any() else np.nan
    rows = [
        {
            **_row(study.services[one.service], posed, one, naming),
            "unspent_yuan": np.nan if budget is None else budget - spent_yuan,
            "needs_m2": _least_area(study.services[one.service]),
            "largest_m2": largest,
        }
        for one in unopened(posed.problem, plan)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def _row(service: Service, posed: Posed, one: Unopened, naming: Naming) -> dict[str, object]:
    offers = posed.problem.offers
    told: dict[str, object] = {
        "service": service.id,
        "why": _why(one),
        "place_id": "" if one.offer < 0 else posed.place_ids[offers.site[one.offer]],
        "size": "" if one.offer < 0 else posed.offer_sizes[one.offer],
        "capital_yuan": one.capital_yuan,
        "yearly_yuan": one.yearly_yuan,
        "minutes": service.circles[-1].minutes,
        "people": one.people,
        "instead_place_id": "" if one.instead_of < 0 else posed.place_ids[offers.site[one.instead_of]],
        "instead_service": "" if one.instead_of < 0 else posed.service_ids[offers.service[one.instead_of]],
        "worth_lost": one.worth_lost,
    }
    for language in ("zh", "en"):
        spoken = dataclasses.replace(naming, language=language)
        said = [f"{spoken.rule(rule)} [{spoken.key(rule)}]" for rule in one.rules]
        if one.by_class:
            said.append(say("explain.swap_class", language))
        told[f"rules_{language}"] = ("；" if language == "zh" else "; ").join(said)
    return told


def _least_area(service: Service) -> float:
    """Return the floor area of the smallest way to run a service, in m²."""
    return min([size.area_m2 for size in service.sizes] or [service.area_m2])


def _why(one: Unopened) -> str:
    if one.offer < 0:
        return "unsuited"
    if one.people < HALF_A_PERSON and one.worth <= 0:
        return "nothing"
    return "rules" if one.rules or one.by_class else "goals"
