"""The assessment as a workbook: every stored table but the geometry, under headings with units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from planner.report.annex import figures_columns, findings_columns
from planner.report.assessed import limited_today, minutes_text, summary_rows
from planner.report.book import Column, write_sheets
from planner.words import say

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from planner.store.assessment import Assessment
    from planner.study import Language

#: sheets in their order: table of the assessment → its columns, in theirs
SHEETS: dict[str, tuple[str, ...]] = {
    "coverage": ("where", "area_name", "service", "walker", "minutes", "group", "people", "covered", "share", "served", "heads", "heads_covered"),
    "walks": (
        "where", "area_name", "service", "walker", "group", "people", "reached", "mean_of_reached_s", "p90_s", "max_s",
    ),
    "facilities": (
        "place_id", "place", "service", "walker", "minutes", "people_within", "people_only_here", "overlap_share", "load",
        "capacity", "utilisation", "idle",
    ),
    "balance": (
        "where", "area_name", "service", "minutes", "people", "people_uncovered", "people_covered_twice", "balance_share",
        "places", "places_due", "surplus_places",
    ),
    "duplicates": (
        "service", "minutes", "place_id", "place", "into_id", "into", "people_shared", "shared_share", "doubled",
        "proposal", "change", "merge_lost", "move_to", "move_place", "move_lost", "move_gained",
    ),
    "closing": ("service", "minutes", "step", "place_id", "place", "people_lost", "people_lost_in_all"),
    "accessibility": ("where", "area_name", "service", "minutes", "people", "places_per_1000"),
    "equity": ("service", "minutes", "people", "facilities", "facilities_with_capacity", "places", "gini", "palma"),
    "floors": ("service", "minutes", "group", "area", "area_name", "people", "covered", "share"),
    "benchmarks": (
        "name", "service", "walker", "value", "low", "high", "verdict", "missing", "source", "clause", "evidence", "derived",
    ),
}  # fmt: skip

#: column → (key of its heading, how it is written, width)
COLUMNS: dict[str, tuple[str, str, float]] = {
    "where": ("assess.level", "text", 14),
    "area": ("report.id", "text", 16),
    "area_name": ("community", "text", 28),
    "service": ("report.service_column", "text", 18),
    "walker": ("assess.walker", "text", 18),
    "minutes": ("report.minutes_column", "plain", 10),
    "group": ("assess.group", "text", 22),
    "people": ("report.people_column", "people", 14),
    "covered": ("assess.covered", "people", 14),
    "share": ("assess.share", "share", 10),
    "served": ("assess.served", "people", 14),
    "heads": ("assess.heads", "people", 14),
    "heads_covered": ("assess.heads_covered", "people", 16),
    "reached": ("assess.reached", "people", 14),
    "mean_of_reached_s": ("assess.mean_reached", "text", 16),
    "p90_s": ("assess.p90_min", "text", 16),
    "max_s": ("assess.max_min", "text", 14),
    "place_id": ("report.id", "text", 14),
    "place": ("report.name", "text", 34),
    "people_within": ("assess.people_within", "people", 14),
    "people_only_here": ("assess.people_only_here", "people", 16),
    "overlap_share": ("assess.overlap_share", "share", 16),
    "load": ("assess.load", "people", 18),
    "capacity": ("capacity", "whole", 12),
    "utilisation": ("utilisation", "share", 12),
    "idle": ("assess.idle", "text", 14),
    "people_uncovered": ("assess.uncovered", "people", 14),
    "people_covered_twice": ("assess.covered_twice", "people", 16),
    "balance_share": ("assess.balance_share", "plain", 12),
    "places": ("assess.places", "people", 14),
    "places_due": ("assess.places_due", "people", 16),
    "surplus_places": ("assess.surplus_places", "people", 14),
    "into_id": ("report.id", "text", 14),
    "into": ("assess.into", "text", 34),
    "people_shared": ("assess.people_shared", "people", 14),
    "shared_share": ("assess.shared_share", "share", 14),
    "doubled": ("assess.doubled", "text", 12),
    "proposal": ("assess.proposal", "text", 12),
    "change": ("assess.change", "people", 14),
    "merge_lost": ("assess.merge_lost", "people", 16),
    "move_to": ("report.id", "text", 14),
    "move_place": ("assess.move_to", "text", 34),
    "move_lost": ("assess.move_lost", "people", 16),
    "move_gained": ("assess.move_gained", "people", 16),
    "step": ("assess.step", "whole", 8),
    "people_lost": ("assess.lost", "people", 12),
    "people_lost_in_all": ("assess.lost_in_all", "people", 14),
    "places_per_1000": ("assess.places_per_1000", "plain", 18),
    "facilities": ("facilities", "whole", 12),
    "facilities_with_capacity": ("assess.with_capacity", "whole", 14),
    "gini": ("assess.gini", "plain", 12),
    "palma": ("assess.palma", "plain", 12),
    "name": ("report.figure", "text", 50),
    "value": ("assess.measured", "plain", 12),
    "low": ("assess.low", "plain", 12),
    "high": ("assess.high", "plain", 12),
    "verdict": ("assess.verdict", "text", 10),
    "missing": ("assess.missing", "wrapped", 44),
    "source": ("report.source", "wrapped", 44),
    "clause": ("report.clause", "wrapped", 34),
    "evidence": ("report.evidence", "text", 22),
    "derived": ("assess.derived", "text", 26),
}


def write_assessment_book(found: Assessment, path: Path) -> None:
    """Write the workbook of an assessment to ``path``."""
    language = found.study.language
    sheets = [(say("report.sheet.summary", language), _summary(found, language))]
    for name, columns in SHEETS.items():
        table = getattr(found.tables, name)
        if len(table):
            sheets.append((say(f"assess.sheet.{name}", language), _columns(found, table, columns, language)))
    sheets += [
        (say("report.sheet.findings", language), findings_columns(found.tables.findings, language)),
        (say("report.sheet.figures", language), figures_columns(found.study, language)),
    ]
    write_sheets(path, found.study.name.text(language), sheets)


def _columns(found: Assessment, table: pd.DataFrame, names: tuple[str, ...], language: Language) -> list[Column]:
    weighted = any(found.study.weighs(service) for service in found.study.services)
    limited = bool(limited_today(found))
    left_out = {*(() if weighted else ("heads", "heads_covered")), *(() if limited else ("served",))}
    places = dict(zip(found.tables.places["id"], found.tables.places["name"], strict=True))
    columns = []
    for name in names:
        if name in left_out:
            continue
        heading, kind, width = COLUMNS[name]
        values = _values(found, table, name, places, language)
        title = say(heading, language)
        if (
            weighted
            and kind == "people"
            and name not in {"heads", "heads_covered", "places", "places_due", "surplus_places"}
        ):
            title = f"{title} · {say('report.unit_weighted', language)}"
        columns.append(Column(title, values, kind, width))
    return columns


def _values(found: Assessment, table: pd.DataFrame, name: str, places: dict[str, str], language: Language) -> list[Any]:
    """Return the cells of one column, ids and codes put into words."""
    study = found.study
    if name in ("where", "area_name"):
        return _areas(found, table, name, language)
    if name in ("place", "into", "move_place"):
        ids = table[{"place": "place_id", "into": "into_id", "move_place": "move_to"}[name]]
        return [places.get(place, "") for place in ids]
    if name == "service":
        names = {service.id: service.name.text(language) for service in study.services}
        return [names.get(service, "") for service in table[name]]
    if name == "walker":
        return [study.walking.name_of(walker, language) if walker else "" for walker in table[name]]
    if name == "group":
        everybody = say("assess.all_demand", language)
        return [study.groups[group].name.text(language) if group else everybody for group in table[name]]
    if name == "share":
        shares = table["covered"] / table["people"].where(table["people"] > 0)
        return list(shares)
    if name in ("mean_of_reached_s", "p90_s", "max_s"):
        return [_minutes(found, float(seconds), language) for seconds in table[name]]
    if name in ("idle", "doubled"):
        said = {True: say("report.yes", language), False: say("report.no", language)}
        return [
            "" if unknown else said[bool(value)] for value, unknown in zip(table[name], table[name].isna(), strict=True)
        ]
    if name in ("proposal", "verdict"):
        return [say(f"assess.{name}.{value}", language) for value in table[name]]
    if name in ("name", "missing"):
        return list(table[f"{name}_{language}"])
    if name == "evidence":
        return [
            say("report.evidence.verified" if value else "report.evidence.unverified", language)
            for value in table["verified"]
        ]
    return list(table[name])


def _minutes(found: Assessment, seconds: float, language: Language) -> float | str:
    """Return minutes as a number; beyond the limit, as the text that says so."""
    return round(seconds / 60, 4) if np.isfinite(seconds) else minutes_text(seconds, found, language)


def _areas(found: Assessment, table: pd.DataFrame, name: str, language: Language) -> list[str]:
    names = dict(zip(found.tables.communities["id"], found.tables.communities["name"], strict=True))
    outside = say("report.outside", language)
    if "level" not in table:
        return [names.get(area, outside) for area in table["area"]]
    if name == "where":
        return [
            column or say(f"assess.level.{level}", language)
            for level, column in zip(table["level"], table["column"], strict=True)
        ]
    whole = say("assess.level.all", language)
    return [
        whole if level == "all" else (names.get(area, outside) if level == "community" else area or outside)
        for level, area in zip(table["level"], table["area"], strict=True)
    ]


def _summary(found: Assessment, language: Language) -> list[Column]:
    rows = summary_rows(found, language)
    return [
        Column(say("report.item", language), [row[0] for row in rows], width=50),
        Column(say("report.value", language), [row[1] for row in rows], "wrapped", 90),
    ]
