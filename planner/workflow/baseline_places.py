"""What today's facilities are worth: whom each serves, where there is too much and too little, which double each other."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.access import Gaussian, audit, floating_catchment, gini, palma
from planner.siting import weighted_demand
from planner.siting.build.offers import possible_offers
from planner.workflow.baseline_people import walkers_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from planner.access import TravelTimes
    from planner.study import Service, Study
    from planner.workflow.baseline_people import Areas
    from planner.workflow.walks import StudyArea

#: a facility that shares at least this part of its people with another one doubles it
DOUBLED = 0.5
#: fewer people than this are nobody: homes hold fractions of people where a total was spread over them
HALF_A_PERSON = 0.5
#: a facility whose load is below this part of its capacity stands idle
IDLE = 0.5
#: closings that are tried out one after another
MOST_CLOSINGS = 20


@dataclass(frozen=True, eq=False)
class ServiceToday:
    """The facilities that offer one service today, and the candidates that could take it."""

    study: Study
    area: StudyArea
    service: Service
    sites: NDArray[np.int64]
    """Places of the facilities, ascending."""
    capacity: NDArray[np.float64]
    """NaN = not known."""
    candidates: NDArray[np.int64]
    """Places of the candidates that suit it by kind, storey, lift, area and year."""

    @cached_property
    def people(self) -> NDArray[np.float64]:
        """Return the people of the service's demand at each demand point."""
        return weighted_demand(self.service, self.area.district)

    @cached_property
    def place_ids(self) -> NDArray[np.object_]:
        """Return the ids of all places."""
        district = self.area.district
        return np.array([*district.facilities["id"], *district.sites["id"]], dtype=object)

    @property
    def ids(self) -> NDArray[np.object_]:
        """Return the ids of the facilities."""
        return self.place_ids[self.sites]

    def reach(self, walker: str | None = None) -> TravelTimes:
        """Return the walks to the facilities, of the service's own walker unless told otherwise."""
        return self.area.walks[walker or self.service.walker].times.only(self.sites)

    @cached_property
    def reach_of_candidates(self) -> TravelTimes:
        """Return the walks to the candidates."""
        return self.area.walks[self.service.walker].times.only(self.candidates)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Whether the capacity of each facility is known."""
        return np.isfinite(self.capacity)


def services_today(study: Study, area: StudyArea) -> tuple[ServiceToday, ...]:
    """Return what stands today of each service of the study."""
    district = area.district
    first = len(district.facilities)
    suits = {(offer.service, offer.place) for offer in possible_offers(study, district) if not offer.existing}
    found = []
    for k, service in enumerate(study.services):
        mine = district.existing[district.existing["service"] == service.id].sort_values("facility")
        candidates = sorted({place for of, place in suits if of == k and place >= first})
        found.append(
            ServiceToday(
                study,
                area,
                service,
                sites=mine["facility"].to_numpy(dtype=np.int64),
                capacity=mine["capacity"].to_numpy(dtype=np.float64),
                candidates=np.array(candidates, dtype=np.int64),
            )
        )
    return tuple(found)


def facilities_table(offers: Sequence[ServiceToday]) -> pd.DataFrame:
    """Return the audit of every facility, by service, walker and circle."""
    rows = []
    for one in offers:
        for walker in walkers_of(one.service, one.study):
            reach = one.reach(walker)
            for circle in one.service.circles:
                table = audit.facilities(
                    reach,
                    one.people,
                    60 * circle.minutes,
                    capacity=one.capacity,
                    participation=one.service.participation,
                )
                used = table["utilisation"]
                idle = (used < IDLE).astype("boolean").where(used.notna())
                table.insert(0, "place_id", one.ids)
                table.insert(1, "service", one.service.id)
                table.insert(2, "walker", walker)
                table.insert(3, "minutes", float(circle.minutes))
                rows.append(table.assign(idle=idle))
    return _texts(pd.concat(rows, ignore_index=True))


def balance_table(offers: Sequence[ServiceToday], areas: Sequence[Areas]) -> pd.DataFrame:
    """Return surplus and deficit of every area, by service and circle."""
    rows = []
    for one in offers:
        reach = one.reach()
        for circle in one.service.circles:
            for area in areas:
                table = audit.balance(
                    reach,
                    one.people,
                    area.code,
                    len(area.names),
                    60 * circle.minutes,
                    capacity=one.capacity if one.known.any() else None,
                )
                rows.append(area.labelled(_balance(one.service.id, circle.minutes, table)))
    return _texts(pd.concat(rows, ignore_index=True))


def _balance(service: str, minutes: float, table: pd.DataFrame) -> dict[str, object]:
    people = table["people"].to_numpy()
    apart = (table["people_covered_twice"] - table["people_uncovered"]).to_numpy()
    with np.errstate(invalid="ignore"):
        share = apart / np.where(people > 0, people, np.nan)
    unknown = np.full(len(table), np.nan)
    return {
        "service": service,
        "minutes": float(minutes),
        **{name: table[name] for name in ("people", "people_uncovered", "people_covered_twice")},
        "balance_share": share,
        **{name: table.get(name, unknown) for name in ("places", "places_due", "surplus_places")},
    }


def duplicates_table(offers: Sequence[ServiceToday]) -> pd.DataFrame:
    """Return facilities that share people with another, and the merge or the move that loses fewer of them."""
    columns = [
        "service", "minutes", "place_id", "into_id", "people_shared", "shared_share", "doubled", "merge_lost", "move_to",
        "move_lost", "move_gained", "proposal", "change",
    ]  # fmt: skip
    rows = [
        _duplicates(one, 60 * circle.minutes).assign(service=one.service.id, minutes=float(circle.minutes))
        for one in offers
        for circle in one.service.circles
    ]
    return _texts(pd.concat(rows, ignore_index=True)[columns])


def _duplicates(one: ServiceToday, cutoff_s: float) -> pd.DataFrame:
    reach, options = one.reach(), one.reach_of_candidates
    pairs = audit.duplicates(reach, one.people, cutoff_s)
    moves = audit.moves(reach, options, one.people, cutoff_s).set_index("facility").reindex(pairs["facility"])
    lost, gained = moves["people_lost"].to_numpy(dtype=np.float64), moves["people_gained"].to_numpy(dtype=np.float64)
    merge_lost = pairs["people_lost"].to_numpy(dtype=np.float64)
    found = np.isfinite(lost)
    # fewer people lost; among equals more people covered afterwards; among equals the merge, which frees a building
    better = found & ((lost < merge_lost) | ((lost == merge_lost) & (gained > 0)))
    target = np.where(found, moves["candidate"].fillna(-1).to_numpy(dtype=np.float64), -1).astype(np.int64)
    table = pd.DataFrame(
        {
            "place_id": one.ids[pairs["facility"].to_numpy(dtype=np.int64)],
            "into_id": one.ids[pairs["into"].to_numpy(dtype=np.int64)],
            "people_shared": pairs["people_shared"].to_numpy(),
            "shared_share": pairs["shared_share"].to_numpy(),
            "doubled": (pairs["shared_share"].to_numpy() >= DOUBLED)
            & (pairs["people_shared"].to_numpy() >= HALF_A_PERSON),
            "merge_lost": merge_lost,
            "move_to": np.array([*one.place_ids[one.candidates], ""], dtype=object)[target],
            "move_lost": lost,
            "move_gained": gained,
            "proposal": np.where(better, "move", "merge"),
            "change": np.where(better, gained - lost, -merge_lost),
        }
    )
    least = np.where(better, lost, merge_lost)
    order = np.lexsort(
        (table["place_id"].to_numpy(dtype=str), -table["change"], -table["shared_share"], least, ~table["doubled"])
    )
    return table.iloc[order]


def closing_table(offers: Sequence[ServiceToday]) -> pd.DataFrame:
    """Return which facilities could close one after another, and whom each step loses."""
    rows = [
        (
            one.service.id,
            float(circle.minutes),
            step,
            one.ids[closed.facility],
            closed.people_lost,
            closed.people_lost_in_all,
        )
        for one in offers
        for circle in one.service.circles
        if len(one.sites)
        for step, closed in enumerate(
            audit.thinning(one.reach(), one.people, 60 * circle.minutes, MOST_CLOSINGS), start=1
        )
    ]
    columns = ["service", "minutes", "step", "place_id", "people_lost", "people_lost_in_all"]
    return _texts(pd.DataFrame(rows, columns=columns)).astype(
        {"minutes": "float64", "step": "int64", "people_lost": "float64", "people_lost_in_all": "float64"}
    )


def places_per_person(one: ServiceToday) -> NDArray[np.float64]:
    """Return places per person of the service's demand at each demand point, by E2SFCA with Gaussian decay.

    Facilities whose capacity is not known count with none: what they give is not known either.
    """
    decay = Gaussian(60 * one.service.circles[-1].minutes)
    return floating_catchment(one.reach(), one.people, np.where(one.known, one.capacity, 0.0), decay)


def accessibility_table(offers: Sequence[ServiceToday], areas: Sequence[Areas]) -> pd.DataFrame:
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
            values = {"service": one.service.id, "minutes": minutes, "people": people, "places_per_1000": mean}
            rows.append(area.labelled(values))
    columns = ["level", "column", "area", "service", "minutes", "people", "places_per_1000"]
    table = (
        pd.concat(rows, ignore_index=True) if rows else pd.DataFrame({name: [] for name in columns}, dtype="float64")
    )
    return table.astype(dict.fromkeys(("level", "column", "area", "service"), "str"))


def equity_table(offers: Sequence[ServiceToday], coverage: pd.DataFrame) -> pd.DataFrame:
    """Return how unevenly the places of each service are spread over its people, and its coverage over areas.

    ``coverage`` is the table of that name. A row for each service and roll-up column, by community where there is none.
    """
    rows = []
    for one, column in itertools.product(offers, offers[0].study.layers.communities.roll_up or [""]):
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
                "column": column,
                **_best_and_worst(coverage, one.service, column),
            }
        )
    return pd.DataFrame(rows).astype(dict.fromkeys(("service", "column", "best_area", "worst_area"), "str"))


def _best_and_worst(coverage: pd.DataFrame, service: Service, column: str) -> dict[str, object]:
    """Return the areas with the largest and the smallest share covered in the widest circle, and the gap between them."""
    mine = coverage[(coverage["level"] == ("area" if column else "community")) & (coverage["column"] == column)]
    mine = mine[(mine["service"] == service.id) & (mine["walker"] == service.walker) & (mine["group"] == "")]
    mine = mine[(mine["minutes"] == service.circles[-1].minutes) & (mine["area"] != "") & (mine["people"] > 0)]
    if mine.empty:
        return {"best_area": "", "best_share": np.nan, "worst_area": "", "worst_share": np.nan, "gap": np.nan}
    ranked = mine.sort_values(["people", "area"], ascending=[False, True], kind="stable").set_index("area")
    shares = ranked["covered"] / ranked["people"]
    best, worst = str(shares.idxmax()), str(shares.idxmin())
    ends = {"best_area": best, "best_share": shares[best], "worst_area": worst, "worst_share": shares[worst]}
    return {**ends, "gap": shares[best] - shares[worst]}


def drawn_by(offers: Sequence[ServiceToday]) -> Iterator[tuple[str, NDArray[np.int64], tuple[float, ...]]]:
    """Give, for each walker, the facilities whose circles are drawn for it, and their minutes."""
    by_walker: dict[str, tuple[set[int], set[float]]] = {}
    for one in offers:
        for walker in walkers_of(one.service, one.study):
            sites, minutes = by_walker.setdefault(walker, (set(), set()))
            sites.update(one.sites.tolist())
            minutes.update(circle.minutes for circle in one.service.circles)
    for walker, (sites, minutes) in by_walker.items():
        yield walker, np.array(sorted(sites), dtype=np.int64), tuple(sorted(minutes))


def _texts(frame: pd.DataFrame) -> pd.DataFrame:
    names = ("level", "column", "area", "service", "walker", "place_id", "into_id", "move_to", "proposal")
    return frame.astype({name: "str" for name in names if name in frame})
