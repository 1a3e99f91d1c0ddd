"""What a plan means beyond coverage: who pays, how full it gets, what is no longer where it stood."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.siting import value_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting import Evaluation, Plan, Posed, SitingProblem
    from planner.study import Study


def bills_table(study: Study, recount: Evaluation) -> pd.DataFrame:
    """Return what each department pays: ``department, name_zh, name_en, capital_yuan, capital_limit_yuan, yearly_yuan, yearly_limit_yuan``."""
    departments = study.budgets.departments
    return pd.DataFrame(
        {
            "department": list(departments),
            "name_zh": [department.name.zh for department in departments.values()],
            "name_en": [department.name.en for department in departments.values()],
            "capital_yuan": recount.department_capital_yuan,
            "capital_limit_yuan": [_limit(department.capital_yuan) for department in departments.values()],
            "yearly_yuan": recount.department_yearly_yuan,
            "yearly_limit_yuan": [_limit(department.yearly_yuan) for department in departments.values()],
        }
    ).astype(dict.fromkeys(("department", "name_zh", "name_en"), "str"))


def _limit(yuan: float | None) -> float:
    return np.nan if yuan is None else yuan


def loads_table(posed: Posed, plan: Plan, recount: Evaluation) -> pd.DataFrame:
    """Return how full each opening with limited places gets: ``place_id, service, capacity, load, utilisation``."""
    offers = posed.problem.offers
    capacity = np.full(offers.count, np.inf) if offers.capacity is None else offers.capacity
    limited = plan.offers[np.isfinite(capacity[plan.offers])]
    load = recount.load[limited]
    return pd.DataFrame(
        {
            "place_id": [posed.place_ids[j] for j in offers.site[limited]],
            "service": [posed.service_ids[k] for k in offers.service[limited]],
            "capacity": capacity[limited],
            "load": load,
            "utilisation": load / capacity[limited],
        }
    ).astype(dict.fromkeys(("place_id", "service"), "str"))


def served_table(study: Study, recount: Evaluation) -> pd.DataFrame:
    """Return ``service, minutes, people, served``: people within the circle who also have a place; equal to coverage where places are not limited."""
    rows = [
        (service.id, circle.minutes, recount.people[k], float(recount.served[k][c]))
        for k, service in enumerate(study.services)
        for c, circle in enumerate(service.circles)
    ]
    return pd.DataFrame(rows, columns=["service", "minutes", "people", "served"]).astype({"service": "str"})


def places_today(problem: SitingProblem, standing: NDArray[np.int64]) -> list[NDArray[np.float64] | None]:
    """Return whom today's places hold, as `places_found`; places of unknown number hold everybody within reach."""
    capacity = problem.offers.capacity
    if capacity is None or not np.isfinite(capacity[standing]).any():
        return [None] * problem.n_services
    return places_found(problem, value_of(problem, standing))


def places_found(problem: SitingProblem, recount: Evaluation) -> list[NDArray[np.float64] | None]:
    """Return, by service, the people of each demand point who find a place within each circle, float64[n, C].

    None for a service whose places are not limited: whoever reaches it finds one.
    """
    limited = np.zeros(problem.n_services, dtype=np.bool_)
    if problem.offers.capacity is not None:
        limited[problem.offers.service[np.isfinite(problem.offers.capacity)]] = True
    return [recount.served_at[k] if limited[k] else None for k in range(problem.n_services)]


def closed_table(posed: Posed, plan: Plan) -> pd.DataFrame:
    """Return what stands today and not after the plan, ``place_id, service``: closed, moved or replaced by an extension."""
    gone = plan.closed(posed.problem)
    offers = posed.problem.offers
    return pd.DataFrame(
        {
            "place_id": [posed.place_ids[j] for j in offers.site[gone]],
            "service": [posed.service_ids[k] for k in offers.service[gone]],
        }
    ).astype("str")
