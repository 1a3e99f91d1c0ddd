"""Figures of an assessment as texts: rows of the stored tables, nothing recomputed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from planner.i18n import format_count, format_share, translate
from planner.report.names import roll_up_name
from planner.report.summary import aligned

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import pandas as pd

    from planner.store.assessment import Assessment
    from planner.study import Language, Service


@dataclass(frozen=True)
class WalkerCoverage:
    """People inside one circle of one service at one walker's speed."""

    service: Service
    walker: str
    minutes: float
    group: str
    people: float
    covered: float
    served: float
    """Of those covered, people who find a place; NaN where capacities are not known."""
    heads: float
    heads_covered: float
    limited: bool
    """Whether existing places are limited and the assignment to them is known."""
    weighted: bool

    @property
    def share(self) -> float:
        """Share of the people covered (0 where there are none)."""
        return self.covered / self.people if self.people else 0.0


def capacity_limited_services(assessment: Assessment) -> frozenset[str]:
    """Return the services whose existing capacity is limited and known."""
    existing = assessment.tables.existing
    known_capacity = set(existing.loc[existing["capacity"].notna(), "service"])
    return frozenset(
        service.id
        for service in assessment.study.services
        if service.has_places and (service.capacity is not None or service.id in known_capacity)
    )


def walker_coverage(assessment: Assessment) -> tuple[WalkerCoverage, ...]:
    """Return the coverage of the whole district: every service, walker, circle and group, in the order of the study."""
    services = {service.id: service for service in assessment.study.services}
    table, limited = assessment.tables.coverage, capacity_limited_services(assessment)
    return tuple(
        WalkerCoverage(
            service=services[row["service"]],
            walker=row["walker"],
            minutes=float(row["minutes"]),
            group=row["group"],
            people=float(row["people"]),
            covered=float(row["covered"]),
            served=float(row["served"]),
            heads=float(row["heads"]),
            heads_covered=float(row["heads_covered"]),
            limited=row["service"] in limited and not math.isnan(row["served"]),
            weighted=not row["group"] and assessment.study.weighs(services[row["service"]]),
        )
        for row in table[table["level"] == "all"].to_dict("records")
    )


def own_walker_rows(assessment: Assessment, table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a table for each service's own walker."""
    walkers = {service.id: service.walker for service in assessment.study.services}
    return table[table["walker"] == table["service"].map(walkers)]


def assessment_summary(assessment: Assessment, language: Language | None = None) -> tuple[str, ...]:
    """Return the closing lines of an assessment, by default in the language of the study."""
    return aligned(summary_rows(assessment, language or assessment.study.language))


def summary_rows(assessment: Assessment, language: Language) -> list[tuple[str, str]]:
    """Return (label, text) rows: coverage by service and circle, walking times, facilities, standards met, cautions."""
    return [
        *_covered(assessment, language),
        *_walked(assessment, language),
        *facility_rows(assessment, language),
        *_benchmarks(assessment, language),
        (translate("load", language), translate("assess.load_estimate", language)),
    ]


def _covered(assessment: Assessment, language: Language) -> list[tuple[str, str]]:
    rows = []
    whole_demand = {
        (one.service.id, one.walker, one.minutes): one for one in walker_coverage(assessment) if not one.group
    }
    for service in assessment.study.services:
        for circle in service.circles:
            own_walker = whole_demand[service.id, service.walker, circle.minutes]
            text = covered_text(own_walker, language)
            others = [
                f"{assessment.study.walking.name_of(walker, language)} {format_share(whole_demand[service.id, walker, circle.minutes].share)}"
                for walker in assessment.study.walking.compare or []
            ]
            minutes = translate("report.minutes_short", language, minutes=circle.minutes)
            rows.append((f"{service.name.text(language)} · {minutes}", " · ".join([text, *others])))
    return rows


def covered_text(row: WalkerCoverage, language: Language) -> str:
    """Return coverage in a line: reach and places where places are limited, heads beside weighted people."""
    text = translate(
        "assess.covered_line_places" if row.limited else "assess.covered_line",
        language,
        covered=format_count(row.covered),
        people=format_count(row.people),
        unit=translate("report.unit_weighted" if row.weighted else "report.unit_people", language),
        share=format_share(row.share),
        **(
            {
                "served": format_count(row.served),
                "found": format_share(row.served / row.people if row.people else 0.0),
            }
            if row.limited
            else {}
        ),
    )
    if row.weighted:
        text += translate(
            "assess.covered_heads", language, covered=format_count(row.heads_covered), people=format_count(row.heads)
        )
    return text


def _walked(assessment: Assessment, language: Language) -> list[tuple[str, str]]:
    table = own_walker_rows(assessment, assessment.tables.walks)
    table = table[(table["level"] == "all") & (table["group"] == "")]
    walks = {str(row["service"]): row for row in table.to_dict("records")}
    equity_of = _by_service(assessment.tables.equity)
    rows = []
    for service in assessment.study.services:
        text = walks_text(walks[service.id], assessment, language)
        label = f"{service.name.text(language)} · {translate('assess.walks_title', language)}"
        rows.append((label, text if equity_of[service.id]["facilities"] else translate("assess.no_facility", language)))
    return rows


def walks_text(row: Mapping[Hashable, Any], assessment: Assessment, language: Language) -> str:
    """Return a row of the table ``walks`` as a sentence: walking times and people who reach nothing; a dash where nobody lives."""
    if math.isnan(row["p90_s"]):
        return "–"
    left = row["people"] - row["reached"]
    key = "walks_line" if math.isfinite(row["max_s"]) else "walks_some" if math.isfinite(row["p90_s"]) else "walks_many"
    return translate(
        "assess.walks_none" if math.isnan(row["mean_of_reached_s"]) else f"assess.{key}",
        language,
        mean=minutes_text(row["mean_of_reached_s"], assessment, language),
        p90=minutes_text(row["p90_s"], assessment, language),
        max=minutes_text(row["max_s"], assessment, language),
        people=format_count(left),
        share=format_share(left / row["people"]),
        limit=translate("report.minutes_short", language, minutes=assessment.origin.limit_s / 60),
    )


def _by_service(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    return {str(row["service"]): {str(key): value for key, value in row.items()} for row in table.to_dict("records")}


def minutes_text(seconds: float, assessment: Assessment, language: Language) -> str:
    """Return a walking time in minutes to a tenth; a text beyond the limit, a dash for NaN."""
    if math.isnan(seconds):
        return "–"
    if math.isinf(seconds):
        return translate("assess.beyond", language, minutes=assessment.origin.limit_s / 60)
    return translate("report.minutes_short", language, minutes=math.floor(seconds / 6 + 0.5) / 10)


def facility_rows(assessment: Assessment, language: Language) -> list[tuple[str, str]]:
    """Return (label, text) for each service: facilities, duplicates and idle ones in its widest circle."""
    duplicates, facilities = assessment.tables.duplicates, own_walker_rows(assessment, assessment.tables.facilities)
    equity = _by_service(assessment.tables.equity)
    rows = []
    for service in assessment.study.services:
        widest = service.circles[-1].minutes
        widest_circle = facilities[(facilities["service"] == service.id) & (facilities["minutes"] == widest)]
        pairs = duplicates[(duplicates["service"] == service.id) & (duplicates["minutes"] == widest)]
        known_capacity = int(equity[service.id]["facilities_with_capacity"])
        text = translate(
            "assess.facilities_line" if known_capacity else "assess.facilities_line_unknown",
            language,
            count=len(widest_circle),
            doubled=int(pairs["doubled"].sum()),
            idle=int(widest_circle["idle"].fillna(value=False).sum()),
            known=known_capacity,
        )
        minutes = translate("report.minutes_short", language, minutes=widest)
        rows.append(
            (f"{service.name.text(language)} · {translate('assess.facilities_title', language)} · {minutes}", text)
        )
    return rows


def gap_lines(assessment: Assessment, language: Language) -> list[tuple[str, str]]:
    """Return (service, text): the gap between best and worst area, by every roll-up column; none of older assessments."""
    study, table = assessment.study, assessment.tables.equity
    names = dict(zip(assessment.tables.communities["id"], assessment.tables.communities["name"], strict=True))
    lines = []
    for row in table[table["gap"].notna()].to_dict("records") if "gap" in table else ():
        column = str(row["column"])
        area = {key: row[f"{key}_area"] if column else names[row[f"{key}_area"]] for key in ("best", "worst")}
        text = translate(
            "assess.gap_line",
            language,
            level=roll_up_name(study, column, language) if column else translate("assess.level.community", language),
            gap=f"{100 * row['gap']:.1f}",
            best_share=format_share(row["best_share"]),
            worst_share=format_share(row["worst_share"]),
            **area,
        )
        lines.append((str(row["service"]), text))
    return lines


def _benchmarks(assessment: Assessment, language: Language) -> list[tuple[str, str]]:
    verdicts = assessment.tables.benchmarks["verdict"].value_counts()
    met, all_of_them = int(verdicts.get("met", 0)), int(verdicts.sum())
    unknown = int(verdicts.get("", 0))
    text = translate("assess.benchmarks_line", language, met=met, missed=all_of_them - met - unknown, unknown=unknown)
    return [(translate("assess.benchmarks_title", language), text)]


def figure_text(value: float, *, share: bool) -> str:
    """Return a measured or required figure: shares in percent, large ones whole, small ones to two digits."""
    if math.isnan(value):
        return "–"
    if share:
        return format_share(value)
    return format_count(value) if abs(value) >= 100 else f"{round(value, 2):,.2f}".rstrip("0").rstrip(".")


def measured_text(value: float, language: Language, *, share: bool, at_least: bool) -> str:
    """Return a measured figure; where some facilities do not say theirs, that it is at least so much."""
    text = figure_text(value, share=share)
    return translate("assess.at_least_text", language, value=text) if at_least and not math.isnan(value) else text


def required_text(low: float, high: float, language: Language, *, share: bool) -> str:
    """Return the range a standard requires: at least, at most or between; a dash where it states no figure."""
    limits = {"low": figure_text(low, share=share), "high": figure_text(high, share=share)}
    if math.isnan(low) and math.isnan(high):
        return "–"
    key = "at_most" if math.isnan(low) else "at_least" if math.isnan(high) else "between"
    return translate(f"assess.{key}", language, **limits)


def assessment_figures(assessment: Assessment) -> dict[str, list[dict[str, object]]]:
    """Return the figures of the whole district as JSON values, unknown ones as null."""
    tables = assessment.tables
    coverage = tables.coverage[tables.coverage["level"] == "all"].drop(columns=["level", "column", "area"])
    walks = tables.walks[tables.walks["level"] == "all"].drop(columns=["level", "column", "area"])
    chosen = {"coverage": coverage, "walks": walks, "equity": tables.equity, "floors": tables.floors}
    return {
        name: [{str(key): _plain(value) for key, value in row.items()} for row in table.to_dict("records")]
        for name, table in {**chosen, "benchmarks": tables.benchmarks}.items()
    }


def _plain(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value
