"""The assessment of today's facilities as a workbook: numbered tables from the stored ones, nothing recomputed."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from planner.i18n import join, text_column, translate
from planner.report.assessment import capacity_limited_services, minutes_text, own_walker_rows, summary_rows
from planner.report.compliance import compliance_sheets, kinds_of_figures, tables_of_assessment
from planner.report.names import people_heading, roll_up_name, scenario_name
from planner.report.workbook import checks_sheets, figure_kind, unit_text
from planner.report.xlsx import Book, Column, Sheet, Table, sheet_column, write_sheets
from planner.store.schema import schema

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from planner.store.assessment import Assessment
    from planner.study import Language

#: sheets in order: table of the assessment → its columns; `unit` stands where services weigh people
SHEETS: dict[str, tuple[str, ...]] = {
    "coverage": ("where", "area_name", "service", "walker", "group", "unit", "people", "heads"),
    "walks": (
        "where", "area_name", "service", "walker", "group", "unit", "people", "reached", "mean_of_reached_s", "p90_s",
        "max_s",
    ),
    "facilities": (
        "place_id", "place", "service", "minutes", "unit", "people_within", "people_only_here", "overlap_share", "load",
        "capacity", "utilisation", "idle",
    ),
    "balance": (
        "where", "area_name", "service", "minutes", "unit", "people", "people_uncovered", "people_covered_twice",
        "balance_share", "places", "places_due", "surplus_places",
    ),
    "duplicates": (
        "service", "minutes", "place_id", "place", "into_id", "into", "unit", "people_shared", "shared_share", "doubled",
        "proposal", "change", "merge_lost", "move_to", "move_place", "move_lost", "move_gained",
    ),
    "closing": ("service", "minutes", "step", "place_id", "place", "unit", "people_lost", "people_lost_in_all"),
    "accessibility": ("where", "area_name", "service", "minutes", "people", "places_per_1000"),
    "equity": (
        "service", "minutes", "unit", "people", "facilities", "facilities_with_capacity", "places", "gini", "palma",
        "column", "best_area", "best_share", "worst_area", "worst_share", "gap",
    ),
    "floors": ("service", "minutes", "group", "area", "area_name", "unit", "people", "covered", "share"),
    "benchmarks": (
        "name", "service", "walker", "value", "low", "high", "verdict", "missing", "source", "clause", "evidence", "derived",
    ),
}  # fmt: skip
#: tables with a row for every area: the district and its roll-ups come first, the communities on a sheet of their own
BY_LEVEL = ("coverage", "walks", "balance", "accessibility")
#: of these, figures of each circle are columns beside each other
OF_CIRCLES = {"coverage": ("covered", "share", "served", "heads_covered")}
KEYS = ["level", "column", "area", "service", "walker", "group"]


def write_assessment_workbook(assessment: Assessment, path: Path) -> None:
    """Write the workbook of an assessment to ``path``."""
    study, origin = assessment.study, assessment.origin
    language, name = study.language, study.name.text(study.language)
    about = join([name, scenario_name(study, origin.scenario, origin.scenario_label, language)], language, "phrases")
    title = translate("assess.workbook_title", language, name=name)
    sheets = [Sheet(translate("report.sheet.summary", language), [_summary(assessment, language)])]
    for table_name in SHEETS:
        table = getattr(assessment.tables, table_name)
        if table_name in BY_LEVEL:
            whole, parts = _of_district(table), _by_community(assessment, table_name)
            sheets += _sheet(assessment, table_name, whole, language)
            sheets += _sheet(assessment, table_name, parts, language, communities=True)
        elif table_name == "facilities":
            sheets += _sheet(assessment, table_name, own_walker_rows(assessment, table), language)
        else:
            sheets += _sheet(assessment, table_name, table, language)
    sheets += compliance_sheets(tables_of_assessment(assessment), language)
    sheets += checks_sheets(assessment.tables.findings, study, language, "assessment")
    write_sheets(path, Book(title, about, language, study.currency, origin.run_id), sheets)


def _of_district(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the whole district, and of its areas those of the whole demand."""
    areas = table["level"] == "area"
    return table[(table["level"] == "all") | (areas & (table["group"] == "" if "group" in table else areas))]


def _by_community(assessment: Assessment, table_name: str) -> pd.DataFrame:
    """Return the rows of communities that a sheet shows: the whole demand, its own walker, of `balance` the widest circle."""
    whole: pd.DataFrame = getattr(assessment.tables, table_name)
    table = whole[whole["level"] == "community"]
    if "walker" in table:
        table = own_walker_rows(assessment, table)
    if "group" in table:
        table = table[table["group"] == ""]
    if table_name == "balance":
        widest = {service.id: service.circles[-1].minutes for service in assessment.study.services}
        table = table[table["minutes"] == table["service"].map(widest)]
    return table


def _sheet(
    assessment: Assessment, table_name: str, table: pd.DataFrame, language: Language, *, communities: bool = False
) -> list[Sheet]:
    """Return the sheet of some rows of a table; none without rows."""
    if not len(table):
        return []
    key = f"{table_name}_communities" if communities else table_name
    notes = [translate(f"assess.note.{key}", language)] if key in NOTED else []
    columns = _columns(assessment, table_name, table, language)
    return [
        Sheet(
            translate(f"assess.sheet.{key}", language),
            [Table(translate(f"assess.table.{key}", language), columns, notes=notes)],
        )
    ]


#: sheets with a note below them on what they leave out
NOTED = {"coverage_communities", "walks_communities", "balance_communities", "facilities"}


def _columns(assessment: Assessment, table_name: str, table: pd.DataFrame, language: Language) -> list[Column]:
    study = assessment.study
    weighted = any(study.weighs(service) for service in study.services)
    left_out = {*(() if weighted else ("heads", "heads_covered", "unit"))}
    left_out |= {*(() if capacity_limited_services(assessment) else ("served",))}
    keys = [key for key in KEYS if key in table]
    circles = study.cutoffs_min if table_name in OF_CIRCLES else ()
    rows = table.drop_duplicates(keys) if circles else table
    shown = [name for name in SHEETS[table_name] if name not in left_out]
    shown = [name for name in shown if name not in schema()["assessment"][table_name].may_lack or name in table]
    columns = [_column(assessment, table_name, name, rows, language) for name in shown]
    by_key = table.set_index([*keys, "minutes"]) if circles else table
    index = rows.set_index(keys).index if circles else None
    for minutes in circles:
        of_circle = by_key.xs(minutes, level="minutes").reindex(index).reset_index()
        short = translate("report.minutes_short", language, minutes=minutes)
        for name in OF_CIRCLES[table_name]:
            if name not in left_out:
                column = _column(assessment, table_name, name, of_circle, language)
                heading = join([short, column.heading], language, "phrases")
                columns.append(replace(column, heading=heading, width=12))
    return columns


def _column(assessment: Assessment, table_name: str, name: str, rows: pd.DataFrame, language: Language) -> Column:
    values = _values(assessment, table_name, rows, name, language)
    column = sheet_column("assessment", table_name, name, values, language)
    if name in {"mean_of_reached_s", "p90_s", "max_s"}:
        return replace(column, kind=["wrapped" if isinstance(value, str) else "decimal" for value in values])
    if name in {"value", "low", "high"}:
        return replace(column, kind=kinds_of_figures(assessment.study, rows, name))
    if column.kind in {"people", "change"} and "service" in rows:
        kinds = [figure_kind(assessment.study, service) for service in rows["service"]]
        signed = {"heads": "change", "people": "people"} if column.kind == "change" else {}
        heading = people_heading(column.heading, language, [kind == "people" for kind in kinds])
        return replace(column, heading=heading, kind=[signed.get(kind, kind) for kind in kinds])
    return column


def _values(
    assessment: Assessment, table_name: str, table: pd.DataFrame, name: str, language: Language
) -> Sequence[Any]:
    """Return the cells of one column, with names for ids and texts for codes."""
    study = assessment.study
    services = {service.id: service for service in study.services}
    named_by = {"place": "place_id", "into": "into_id", "move_place": "move_to"}
    if name in named_by:
        places = dict(zip(assessment.tables.places["id"], assessment.tables.places["name"], strict=True))
        return [places.get(place, "") for place in table[named_by[name]]]
    if name in {"where", "area_name"}:
        return _areas(assessment, table, name, language)
    if name in {"name", "missing"}:
        return list(table[text_column(table, name, language)])
    if name == "share" and table_name == "coverage":
        return list(table["covered"] / table["people"].where(table["people"] > 0))
    if name == "column":
        community = translate("assess.level.community", language)
        return [roll_up_name(study, one, language) if one else community for one in table[name]]
    if name in {"best_area", "worst_area"}:
        names = dict(zip(assessment.tables.communities["id"], assessment.tables.communities["name"], strict=True))
        return [area if by else names.get(area, "") for by, area in zip(table["column"], table[name], strict=True)]
    if name == "unit":
        return [unit_text(figure_kind(study, service), language) for service in table["service"]]
    if name == "evidence":
        sure = {True: "verified", False: "unverified"}
        return [translate(f"report.evidence.{sure[bool(value)]}", language) for value in table["verified"]]
    cells: dict[str, Any] = {
        "service": lambda one: services[one].name.text(language) if one in services else "",
        "walker": lambda one: study.walking.name_of(one, language) if one else "",
        "group": lambda one: study.groups[one].name.text(language) if one else translate("assess.all_demand", language),
        "proposal": lambda one: translate(f"assess.proposal.{one}", language),
        "verdict": lambda one: translate(f"assess.verdict.{one}", language),
        "palma": lambda one: "∞" if math.isinf(one) else one,
    }
    if name in {"mean_of_reached_s", "p90_s", "max_s"}:
        return [_minutes(assessment, float(seconds), language) for seconds in table[name]]
    return [cells[name](value) for value in table[name]] if name in cells else list(table[name])


def _minutes(assessment: Assessment, seconds: float, language: Language) -> float | str:
    """Return minutes as a number, beyond the limit as a text."""
    return seconds / 60 if math.isfinite(seconds) else minutes_text(seconds, assessment, language)


def _areas(assessment: Assessment, table: pd.DataFrame, name: str, language: Language) -> list[str]:
    names = dict(zip(assessment.tables.communities["id"], assessment.tables.communities["name"], strict=True))
    outside = translate("report.outside", language)
    if "level" not in table:
        return [names.get(area, outside) for area in table["area"]]
    if name == "where":
        return [
            roll_up_name(assessment.study, column, language) if column else translate(f"assess.level.{level}", language)
            for level, column in zip(table["level"], table["column"], strict=True)
        ]
    whole = assessment.study.name.text(language)
    return [
        whole if level == "all" else (names.get(area, outside) if level == "community" else area or outside)
        for level, area in zip(table["level"], table["area"], strict=True)
    ]


def _summary(assessment: Assessment, language: Language) -> Table:
    rows = summary_rows(assessment, language)
    return Table(
        translate("assess.table.summary", language),
        [
            Column(translate("report.item", language), [row[0] for row in rows], "wrapped", 38),
            Column(translate("report.value", language), [row[1] for row in rows], "wrapped", 90),
        ],
    )
