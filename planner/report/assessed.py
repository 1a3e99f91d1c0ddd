"""The figures of an assessment that are put into words: rows of the stored tables, chosen and worded, never computed anew."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from planner.report.indicators import aligned
from planner.words import percent, say, whole

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import pandas as pd

    from planner.store.assessment import Assessment
    from planner.study import Language, Service


@dataclass(frozen=True)
class Reached:
    """People inside one circle of one service at one walker's speed."""

    service: Service
    walker: str
    minutes: float
    group: str
    people: float
    covered: float
    served: float
    """Those of them who find a place; NaN where nobody can tell."""
    heads: float
    heads_covered: float
    limited: bool
    """Whether today's places are limited and it is known who finds one."""
    weighted: bool

    @property
    def share(self) -> float:
        """Share of the people covered (0 where there are none)."""
        return self.covered / self.people if self.people else 0.0


def limited_today(found: Assessment) -> frozenset[str]:
    """Return the services of which today's places are limited and known: the study limits them, and facilities say how many."""
    existing = found.tables.existing
    known = set(existing.loc[existing["capacity"].notna(), "service"])
    return frozenset(
        service.id
        for service in found.study.services
        if service.has_places and (service.capacity is not None or service.id in known)
    )


def reached(found: Assessment) -> tuple[Reached, ...]:
    """Return the coverage of the whole district: every service, walker, circle and group, in the order of the study."""
    services = {service.id: service for service in found.study.services}
    table, limited = found.tables.coverage, limited_today(found)
    return tuple(
        Reached(
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
            weighted=not row["group"] and found.study.weighs(services[row["service"]]),
        )
        for row in table[table["level"] == "all"].to_dict("records")
    )


def own(found: Assessment, table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a table that hold for the walker each service itself names."""
    walkers = {service.id: service.walker for service in found.study.services}
    return table[table["walker"] == table["service"].map(walkers)]


def assessment_summary(found: Assessment, language: Language | None = None) -> tuple[str, ...]:
    """Return the lines that end an assessment on a terminal, in the language of the study unless told otherwise."""
    return aligned(summary_rows(found, language or found.study.language))


def summary_rows(found: Assessment, spoken: Language) -> list[tuple[str, str]]:
    """Return (label, text): coverage of every service and circle, walks, facilities, how many standards are met, cautions."""
    return [
        *_covered(found, spoken),
        *_walked(found, spoken),
        *standing_rows(found, spoken),
        *_benchmarks(found, spoken),
        (say("load", spoken), say("assess.load_estimate", spoken)),
    ]


def _covered(found: Assessment, spoken: Language) -> list[tuple[str, str]]:
    rows = []
    whole_demand = {(one.service.id, one.walker, one.minutes): one for one in reached(found) if not one.group}
    for service in found.study.services:
        for circle in service.circles:
            mine = whole_demand[service.id, service.walker, circle.minutes]
            text = covered_text(mine, spoken)
            others = [
                f"{found.study.walking.name_of(walker, spoken)} {percent(whole_demand[service.id, walker, circle.minutes].share)}"
                for walker in found.study.walking.compare or []
            ]
            minutes = say("report.minutes_short", spoken, minutes=circle.minutes)
            rows.append((f"{service.name.text(spoken)} · {minutes}", " · ".join([text, *others])))
    return rows


def covered_text(mine: Reached, spoken: Language) -> str:
    """Return coverage in a line: reach and places side by side where places are limited, heads beside weighted people."""
    text = say(
        "assess.covered_line_places" if mine.limited else "assess.covered_line",
        spoken,
        covered=whole(mine.covered),
        people=whole(mine.people),
        unit=say("report.unit_weighted" if mine.weighted else "report.unit_people", spoken),
        share=percent(mine.share),
        **(
            {"served": whole(mine.served), "found": percent(mine.served / mine.people if mine.people else 0.0)}
            if mine.limited
            else {}
        ),
    )
    if mine.weighted:
        text += say("assess.covered_heads", spoken, covered=whole(mine.heads_covered), people=whole(mine.heads))
    return text


def _walked(found: Assessment, spoken: Language) -> list[tuple[str, str]]:
    table = own(found, found.tables.walks)
    table = table[(table["level"] == "all") & (table["group"] == "")]
    walks = {str(row["service"]): row for row in table.to_dict("records")}
    stands = _by_service(found.tables.equity)
    rows = []
    for service in found.study.services:
        text = walks_text(walks[service.id], found, spoken)
        label = f"{service.name.text(spoken)} · {say('assess.walks_title', spoken)}"
        rows.append((label, text if stands[service.id]["facilities"] else say("assess.no_facility", spoken)))
    return rows


def walks_text(row: Mapping[Hashable, Any], found: Assessment, spoken: Language) -> str:
    """Return a row of the table ``walks`` as a sentence: how far people walk, and how many reach nothing; a dash if nobody lives there."""
    if math.isnan(row["p90_s"]):
        return "–"
    left = row["people"] - row["reached"]
    key = "walks_line" if math.isfinite(row["max_s"]) else "walks_some" if math.isfinite(row["p90_s"]) else "walks_many"
    return say(
        "assess.walks_none" if math.isnan(row["mean_of_reached_s"]) else f"assess.{key}",
        spoken,
        mean=minutes_text(row["mean_of_reached_s"], found, spoken),
        p90=minutes_text(row["p90_s"], found, spoken),
        max=minutes_text(row["max_s"], found, spoken),
        people=whole(left),
        share=percent(left / row["people"]),
        limit=say("report.minutes_short", spoken, minutes=found.origin.limit_s / 60),
    )


def _by_service(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    return {str(row["service"]): {str(key): value for key, value in row.items()} for row in table.to_dict("records")}


def minutes_text(seconds: float, found: Assessment, spoken: Language) -> str:
    """Return a walk in minutes, to a tenth; beyond the limit it says so, and nobody's walk is a dash."""
    if math.isnan(seconds):
        return "–"
    if math.isinf(seconds):
        return say("assess.beyond", spoken, minutes=found.origin.limit_s / 60)
    return say("report.minutes_short", spoken, minutes=math.floor(seconds / 6 + 0.5) / 10)


def standing_rows(found: Assessment, spoken: Language) -> list[tuple[str, str]]:
    """Return (label, text) for each service: facilities, doubled ones and idle ones in its widest circle."""
    duplicates, facilities = found.tables.duplicates, own(found, found.tables.facilities)
    equity = _by_service(found.tables.equity)
    rows = []
    for service in found.study.services:
        widest = service.circles[-1].minutes
        mine = facilities[(facilities["service"] == service.id) & (facilities["minutes"] == widest)]
        pairs = duplicates[(duplicates["service"] == service.id) & (duplicates["minutes"] == widest)]
        known = int(equity[service.id]["facilities_with_capacity"])
        text = say(
            "assess.facilities_line" if known else "assess.facilities_line_unknown",
            spoken,
            count=len(mine),
            doubled=int(pairs["doubled"].sum()),
            idle=int(mine["idle"].fillna(value=False).sum()),
            known=known,
        )
        minutes = say("report.minutes_short", spoken, minutes=widest)
        rows.append((f"{service.name.text(spoken)} · {say('assess.facilities_title', spoken)} · {minutes}", text))
    return rows


def _benchmarks(found: Assessment, spoken: Language) -> list[tuple[str, str]]:
    verdicts = found.tables.benchmarks["verdict"].value_counts()
    met, all_of_them = int(verdicts.get("met", 0)), int(verdicts.sum())
    unknown = int(verdicts.get("", 0))
    text = say("assess.benchmarks_line", spoken, met=met, missed=all_of_them - met - unknown, unknown=unknown)
    return [(say("assess.benchmarks_title", spoken), text)]


def figure_text(value: float, *, share: bool) -> str:
    """Return a measured or required figure: shares in percent, large ones whole, small ones to two digits."""
    if math.isnan(value):
        return "–"
    if share:
        return percent(value)
    return whole(value) if abs(value) >= 100 else f"{round(value, 2):,.2f}".rstrip("0").rstrip(".")


def required_text(low: float, high: float, spoken: Language, *, share: bool) -> str:
    """Return what a standard asks for: at least, at most, between; a dash where it states no figure."""
    words = {"low": figure_text(low, share=share), "high": figure_text(high, share=share)}
    if math.isnan(low) and math.isnan(high):
        return "–"
    key = "at_most" if math.isnan(low) else "at_least" if math.isnan(high) else "between"
    return say(f"assess.{key}", spoken, **words)


def assessment_figures(found: Assessment) -> dict[str, list[dict[str, object]]]:
    """Return the figures of the whole district as plain values, what is not known as null."""
    tables = found.tables
    coverage = tables.coverage[tables.coverage["level"] == "all"].drop(columns=["level", "column", "area"])
    walks = tables.walks[tables.walks["level"] == "all"].drop(columns=["level", "column", "area"])
    chosen = {"coverage": coverage, "walks": walks, "equity": tables.equity, "floors": tables.floors}
    return {
        name: [{str(key): _plain(value) for key, value in row.items()} for row in table.to_dict("records")]
        for name, table in {**chosen, "benchmarks": tables.benchmarks}.items()
    }


def _plain(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value
