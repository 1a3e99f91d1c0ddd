"""What the standards say, beside what is there; where something cannot be measured, what is missing for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.i18n import join, languages, translate
from planner.workflow.standard_measures import FORMS, MeasuredDistrict, hub_services, measure, supply_today

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from planner.district import District
    from planner.study import Study
    from planner.study.standards import Standard
    from planner.workflow.baseline_places import ServiceToday


@dataclass(frozen=True)
class Reading:
    """What was measured (NaN: not), of which service and walker, and what was missing: key and values of the glossary."""

    value: float
    service: str = ""
    walker: str = ""
    missing: Sequence[tuple[str, Mapping[str, object]]] = field(default_factory=list)
    at_least: bool = False
    """The figure is at least this: some facilities do not say theirs."""


@dataclass(frozen=True, eq=False)
class AssessedDistrict:
    """Everything a standard may be held against."""

    study: Study
    district: District
    offers: Sequence[ServiceToday]
    coverage: pd.DataFrame

    @property
    def measured(self) -> MeasuredDistrict:
        """The same for the measures of standards."""
        return MeasuredDistrict(self.study, self.district, self.offers[0].area.walks)


def benchmarks_table(today: AssessedDistrict) -> pd.DataFrame:
    """Return every standard that applies, with what was measured or what is missing."""
    rows = [_row(one, measured) for one in today.study.standards.in_force for measured in _readings(one, today)]
    columns = [
        "standard", "service", "walker", "name_zh", "name_en", "value", "at_least", "low", "high", "verdict",
        *(f"missing_{code}" for code in languages()),
        "source", "clause", "verified", "kind", "derived",
    ]  # fmt: skip
    texts = [name for name in columns if name not in ("value", "at_least", "low", "high", "verified")]
    kinds = {**dict.fromkeys(texts, "str"), **dict.fromkeys(("value", "low", "high"), "float64")}
    kinds |= {"verified": "bool", "at_least": "bool"}
    return pd.DataFrame(rows, columns=columns).astype(kinds)


def _readings(one: Standard, today: AssessedDistrict) -> Iterator[Reading]:
    if one.measure == "coverage":
        return _coverage(one, today)
    return _walk_m(one, today) if one.measure == "walk_m" else _whole_district(one, today)


def _row(one: Standard, measured: Reading) -> dict[str, object]:
    value = measured.value
    return {
        "standard": one.id,
        "service": measured.service,
        "walker": measured.walker,
        "name_zh": one.name.zh,
        "name_en": one.name.en,
        "value": value,
        "at_least": measured.at_least,
        "low": np.nan if one.low is None else one.low,
        "high": np.nan if one.high is None else one.high,
        "verdict": _verdict(one, measured),
        **{f"missing_{code}": _missing(measured, code) for code in languages()},
        "source": one.evidence.source,
        "clause": one.evidence.clause,
        "verified": one.evidence.verified,
        "kind": one.kind,
        "derived": one.derived,
    }


def _verdict(one: Standard, measured: Reading) -> str:
    """Say how a figure stands to the standard: nothing, where one of the two is not known."""
    value = measured.value
    if np.isnan(value) or (one.low is None and one.high is None):
        return ""
    if one.low is not None and value < one.low:
        return "" if measured.at_least else "below"
    return "above" if one.high is not None and value > one.high else "met"


def _coverage(one: Standard, today: AssessedDistrict) -> Iterator[Reading]:
    table = today.coverage[(today.coverage["level"] == "all") & (today.coverage["group"] == "")]
    for service in today.study.services:
        if one not in today.study.standards_of(service):
            continue
        mine = table[(table["service"] == service.id) & (table["minutes"] == one.minutes)]
        for row in mine.to_dict("records"):
            share = row["covered"] / row["people"] if row["people"] else np.nan
            yield Reading(share, service.id, str(row["walker"]))


def _walk_m(one: Standard, today: AssessedDistrict) -> Iterator[Reading]:
    study = today.study
    walked = {service.walker for service in study.services} | set(study.walking.compare or [])
    for walker, profile in study.walking.profiles.items():
        if walker in walked and one.minutes in study.cutoffs_min:
            yield Reading(60 * one.minutes * profile.speed_m_s, walker=walker)


def _whole_district(one: Standard, today: AssessedDistrict) -> Iterator[Reading]:
    """Give the sum over all communities, and over what lies in none."""
    form, supply = FORMS[one.measure], supply_today(today.district, {})
    for found in measure(one, today.measured, supply):
        have, base, unknown = (float(part.sum()) for part in (found.have, found.base, found.unknown))
        lacking = list(found.missing)
        if np.isnan(base) and not lacking:
            lacking.append(("households", {}))
        if unknown and not lacking:
            lacking.append((found.gap, {"count": int(unknown), "all": int(found.asked.sum())}))
        if form == "inverse" and not have and not lacking:
            lacking.append(("hubs", {"services": hub_services(today.study)}))
        with np.errstate(invalid="ignore", divide="ignore"):
            value = {
                "ratio": one.per * np.float64(have) / base,
                "inverse": np.float64(base) / have,
                "mean": np.float64(have) / base,
                "count": np.float64(have),
                "smallest": found.figure.min(initial=np.inf),
                "largest": found.figure.max(initial=-np.inf),
            }[form]
        known = np.isfinite(value) and not found.missing and unknown < max(1.0, float(found.asked.sum()))
        walkers = {service.id: service.walker for service in today.study.services}
        walker = walkers.get(found.service, "") if form == "mean" else ""
        yield Reading(
            float(value) if known else np.nan,
            found.service,
            walker,
            lacking,
            at_least=bool(known and unknown) and form in {"ratio", "count"},
        )


def _missing(measured: Reading, language: str) -> str:
    """Return what a standard cannot be compared for, in one language."""
    parts = (translate(f"assess.missing.{key}", language, **values) for key, values in measured.missing)
    return join(parts, language, "clauses")
