"""What the standards say, beside what is there; where something cannot be measured, what is missing for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.access import people_within
from planner.i18n import join, languages, translate
from planner.study.standards import STANDARDS, Standard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from planner.district import District
    from planner.study import Service, Study
    from planner.workflow.baseline_places import ServiceToday

#: services under one roof that make a centre, where the study has no rule for hubs (导则 2024: three functions)
HUB_SERVICES = 3


@dataclass(frozen=True)
class Reading:
    """What was measured (NaN: not), of which service and walker, and what was missing: key and values of the glossary."""

    value: float
    service: str = ""
    walker: str = ""
    missing: Sequence[tuple[str, Mapping[str, object]]] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class AssessedDistrict:
    """Everything a standard may be held against."""

    study: Study
    district: District
    offers: Sequence[ServiceToday]
    coverage: pd.DataFrame


def benchmarks_table(today: AssessedDistrict) -> pd.DataFrame:
    """Return every standard that applies, with what was measured or what is missing."""
    rows = [_row(one, measured) for one in STANDARDS for measured in _MEASURES[one.measure](one, today)]
    columns = [
        "standard", "service", "walker", "name_zh", "name_en", "value", "low", "high", "verdict",
        *(f"missing_{code}" for code in languages()),
        "source", "clause", "verified", "derived",
    ]  # fmt: skip
    texts = [name for name in columns if name not in ("value", "low", "high", "verified")]
    kinds = {**dict.fromkeys(texts, "str"), **dict.fromkeys(("value", "low", "high"), "float64"), "verified": "bool"}
    return pd.DataFrame(rows, columns=columns).astype(kinds)


def _row(one: Standard, measured: Reading) -> dict[str, object]:
    value = measured.value
    return {
        "standard": one.id,
        "service": measured.service,
        "walker": measured.walker,
        "name_zh": one.name.zh,
        "name_en": one.name.en,
        "value": value,
        "low": np.nan if one.low is None else one.low,
        "high": np.nan if one.high is None else one.high,
        "verdict": _verdict(one, value),
        **{f"missing_{code}": _missing(measured, code) for code in languages()},
        "source": one.evidence.source,
        "clause": one.evidence.clause,
        "verified": one.evidence.verified,
        "derived": one.derived,
    }


def _verdict(one: Standard, value: float) -> str:
    """Say how a figure stands to the standard: nothing, where one of the two is not known."""
    if np.isnan(value) or (one.low is None and one.high is None):
        return ""
    if one.low is not None and value < one.low:
        return "below"
    return "above" if one.high is not None and value > one.high else "met"


def _applies(one: Standard, service: Service) -> bool:
    """Say whether a standard goes for a service: it is named, or goes for all; and the service has its circle."""
    circles = {circle.minutes for circle in service.circles}
    return (not one.named or one.id in service.standards) and (one.minutes is None or one.minutes in circles)


def _coverage(one: Standard, today: AssessedDistrict) -> Iterator[Reading]:
    table = today.coverage[(today.coverage["level"] == "all") & (today.coverage["group"] == "")]
    for service in today.study.services:
        if not _applies(one, service):
            continue
        mine = table[(table["service"] == service.id) & (table["minutes"] == one.minutes)]
        for row in mine.to_dict("records"):
            share = row["covered"] / row["people"] if row["people"] else np.nan
            yield Reading(share, service.id, str(row["walker"]))


def _places(one: Standard, today: AssessedDistrict) -> Iterator[Reading]:
    people, missing = _people(one, today)
    for offer in today.offers:
        if not _applies(one, offer.service):
            continue
        unknown = int((~offer.known).sum())
        lacking = list(missing)
        if unknown:
            lacking.append(("capacity", {"count": unknown, "all": len(offer.sites)}))
        value = np.nan if lacking or people is None else one.per * offer.capacity.sum() / people.sum()
        yield Reading(float(value), offer.service.id, missing=lacking)


def _circle_people(one: Standard, today: AssessedDistrict) -> Iterator[Reading]:
    people, missing = _people(one, today)
    for offer in today.offers:
        if not _applies(one, offer.service):
            continue
        lacking = missing if len(offer.sites) else [*missing, ("facilities", {})]
        if lacking or people is None or one.minutes is None:
            yield Reading(np.nan, offer.service.id, offer.service.walker, lacking)
            continue
        within = people_within(offer.reach(), people, 60 * one.minutes)
        yield Reading(float(within.mean()), offer.service.id, offer.service.walker)


def _walk_m(one: Standard, today: AssessedDistrict) -> Iterator[Reading]:
    study = today.study
    walked = {service.walker for service in study.services} | set(study.walking.compare or [])
    for walker, profile in study.walking.profiles.items():
        if walker in walked and one.minutes in study.cutoffs_min:
            yield Reading(60 * one.minutes * profile.speed_m_s, walker=walker)


def _service_m2(one: Standard, today: AssessedDistrict) -> Iterator[Reading]:
    for offer in today.offers:
        if _applies(one, offer.service):
            yield _per_household(one, today, offer.sites, offer.service.id)


def _all_m2(one: Standard, today: AssessedDistrict) -> Iterator[Reading]:
    sites = np.unique(np.concatenate([offer.sites for offer in today.offers]))
    yield _per_household(one, today, sites, "")


def _per_household(one: Standard, today: AssessedDistrict, sites: NDArray[np.int64], service: str) -> Reading:
    area_m2 = today.district.facilities["area_m2"].to_numpy(dtype=np.float64)[sites]
    households = _households(today.district)
    missing: list[tuple[str, Mapping[str, object]]] = []
    if np.isnan(area_m2).any():
        missing.append(("area", {"count": int(np.isnan(area_m2).sum()), "all": len(sites)}))
    if households is None:
        missing.append(("households", {}))
    value = np.nan if missing or households is None else one.per * float(area_m2.sum()) / households
    return Reading(value, service, missing=missing)


def _hubs_per_km2(_: Standard, today: AssessedDistrict) -> Iterator[Reading]:
    km2 = float(today.district.communities.geometry.area.sum()) / 1e6
    yield Reading(_hubs(today) / km2)


def _communities_per_hub(_: Standard, today: AssessedDistrict) -> Iterator[Reading]:
    yield _per_hub(len(today.district.communities), today)


def _households_per_hub(_: Standard, today: AssessedDistrict) -> Iterator[Reading]:
    households = _households(today.district)
    yield Reading(np.nan, missing=[("households", {})]) if households is None else _per_hub(households, today)


def _per_hub(count: float, today: AssessedDistrict) -> Reading:
    hubs = _hubs(today)
    return Reading(count / hubs) if hubs else Reading(np.nan, missing=[("hubs", {"services": _hub_services(today)})])


def _hubs(today: AssessedDistrict) -> int:
    """Count the facilities that offer several services today."""
    offered = today.district.existing.groupby("facility")["service"].nunique()
    return int((offered >= _hub_services(today)).sum())


def _hub_services(today: AssessedDistrict) -> int:
    hub = today.study.co_location.hub
    return min(HUB_SERVICES if hub is None else hub.min_services, len(today.study.services))


def _people(
    one: Standard, today: AssessedDistrict
) -> tuple[NDArray[np.float64] | None, list[tuple[str, Mapping[str, object]]]]:
    """Return the people whose ages the standard speaks of, float64[n], or what is missing."""
    assert one.ages is not None, one.id  # noqa: S101 - standards per head say of whom
    first, last = one.ages
    counted = {group for people in today.study.layers.people for group in people.groups}
    for name, group in today.study.groups.items():
        if name in counted and (group.from_age, group.to_age) == (first, last):
            people = today.district.demand[name].to_numpy(dtype=np.float64)
            if people.sum() > 0:
                return people, []
    return None, [("everybody" if first == 0 and last is None else "ages", {"first": first})]


def _households(district: District) -> float | None:
    """Return how many households there are; None where a community does not say."""
    if "households" not in district.communities or district.communities["households"].isna().any():
        return None
    total = float(district.communities["households"].sum())
    return total or None


_MEASURES: Mapping[str, Callable[[Standard, AssessedDistrict], Iterator[Reading]]] = {
    "coverage": _coverage,
    "places": _places,
    "circle_people": _circle_people,
    "walk_m": _walk_m,
    "service_m2": _service_m2,
    "all_m2": _all_m2,
    "hubs_per_km2": _hubs_per_km2,
    "communities_per_hub": _communities_per_hub,
    "households_per_hub": _households_per_hub,
}


def _missing(measured: Reading, language: str) -> str:
    """Return what a standard cannot be compared for, in one language."""
    parts = (translate(f"assess.missing.{key}", language, **values) for key, values in measured.missing)
    return join(parts, language, "clauses")
