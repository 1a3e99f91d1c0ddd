"""How evenly today's places are spread: E2SFCA, Gini, Palma, and the worst-covered community."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.access import Gaussian, floating_catchment, gini, palma

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planner.runs.today.people import Areas
    from planner.runs.today.places import Standing
    from planner.study import Study


def places_per_person(one: Standing) -> NDArray[np.float64]:
    """Return places per person of the service's demand at each demand point, by E2SFCA with Gaussian decay.

    Facilities whose capacity is not known count with none: what they give is not known either.
    """
    decay = Gaussian(60 * one.service.circles[-1].minutes)
    return floating_catchment(one.reach(), one.people, np.where(one.known, one.capacity, 0.0), decay)


def accessibility_table(offers: Sequence[Standing], areas: Sequence[Areas]) -> pd.DataFrame:
    """Return places per 1,000 people of each area, for services with a facility whose capacity is known."""
    rows = []
    for one in offers:
        if not one.known.any():
            continue
        access = places_per_person(one)
        for area in areas:
            people = area.summed(one.people)
            with np.errstate(invalid="ignore"):
                mean = 1000 * area.summed(one.people * access) / np.where(people > 0, people, np.nan)
            minutes = float(one.service.circles[-1].minutes)
            told = {"service": one.service.id, "minutes": minutes, "people": people, "places_per_1000": mean}
            rows.append(area.told(told))
    columns = ["level", "column", "area", "service", "minutes", "people", "places_per_1000"]
    table = (
        pd.concat(rows, ignore_index=True) if rows else pd.DataFrame({name: [] for name in columns}, dtype="float64")
    )
    return table.astype(dict.fromkeys(("level", "column", "area", "service"), "str"))


def equity_table(offers: Sequence[Standing]) -> pd.DataFrame:
    """Return how unevenly the places of each service are spread over its people."""
    rows = []
    for one in offers:
        known = bool(one.known.any())
        access = places_per_person(one) if known else np.zeros(len(one.people))
        rows.append(
            {
                "service": one.service.id,
                "minutes": float(one.service.circles[-1].minutes),
                "people": float(one.people.sum()),
                "facilities": len(one.sites),
                "facilities_with_capacity": int(one.known.sum()),
                "places": float(one.capacity[one.known].sum()) if known else np.nan,
                "gini": gini(access, one.people) if known else np.nan,
                "palma": palma(access, one.people) if known else np.nan,
            }
        )
    return pd.DataFrame(rows).astype({"service": "str"})


def floors_table(study: Study, coverage: pd.DataFrame) -> pd.DataFrame:
    """Return the worst-covered community of each service, circle and group where anybody of it lives."""
    own = {service.id: service.walker for service in study.services}
    lived = coverage[
        (coverage["level"] == "community")
        & (coverage["area"] != "")
        & (coverage["people"] > 0)
        & (coverage["walker"] == coverage["service"].map(own))
    ]
    lived = lived.assign(share=lived["covered"] / lived["people"])
    worst = lived.sort_values(["share", "people", "area"], ascending=[True, False, True], kind="stable")
    order = {service: k for k, service in enumerate(own)}
    table = worst.drop_duplicates(["service", "minutes", "group"])
    table = table.assign(_at=table["service"].map(order)).sort_values(["_at", "minutes", "group"], ignore_index=True)
    return table[["service", "minutes", "group", "area", "people", "covered", "share"]]
