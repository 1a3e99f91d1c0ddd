"""A comparison of runs as a workbook: numbered tables whose rows are runs, circles beside each other, nothing recomputed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from planner.i18n import join, money_label, text_column, translate
from planner.report.names import (
    group_name,
    level_names,
    people_heading,
    run_name,
    scenario_of_studies,
    service_name,
    setting_name,
    setting_value,
    study_name,
)
from planner.report.summary import status_text
from planner.report.workbook import unit_text
from planner.report.xlsx import Book, Column, Sheet, Table, sheet_column, write_sheets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from planner.store.comparison import Comparison, Setting
    from planner.study import Language

#: sheets in order: table of the comparison → its columns; those of `OF_CIRCLES` follow, circle by circle
SHEETS: dict[str, tuple[str, ...]] = {
    "runs": (
        "run", "status", "gap", "sites", "services", "co_located", "capital_cost", "yearly_cost", "annual_cost", "unit",
        "people", "covered_before", "covered", "newly_covered", "find_a_place", "heads", "heads_covered",
        "cost_per_newly_covered", "worst_share", "gini",
    ),
    "coverage": ("service", "group", "run", "unit", "people", "heads"),
    "worst": ("service", "run"),
    "access": ("service", "run", "column", "gini_before", "gini_after", "gap_before", "gap_after", "behind"),
    "compliance": (
        "run", "standard_name", "service", "amount_unit", "short_today", "short_plan", "failing_today", "failing_plan",
        "worst_area", "worst_short",
    ),
    "changes": ("run", "base", "service", "name", "place_id", "change"),
    "sites": ("study", "name", "place_id", "runs", "of", "share", "services"),
    "assumptions": ("study", "assumption", "values", "pairs", "plan_moved", "people_moved", "variance_share"),
    "overlaps": ("study", "other", "people", "share"),
    "totals": (
        "scenario", "studies", "missing", "sites", "services", "capital_cost", "yearly_cost", "service", "counted_in",
        "minutes", "unit", "people", "covered_before", "covered_after", "share_before", "share_after", "served_after",
        "heads", "heads_after",
    ),
}  # fmt: skip
OF_CIRCLES = {
    "coverage": ("covered_after", "share_after", "change", "served_after", "heads_after"),
    "worst": ("community", "share_after"),
}
KEYS = {"coverage": ["service", "group", "run"], "worst": ["service", "run"]}
#: columns that stand only where a run limits places, and where one weighs people
LIMITED, WEIGHTED = {"find_a_place", "served_after"}, {"heads", "heads_covered", "heads_after", "unit"}
#: columns of which a single study has no need
OF_STUDIES = {"study", "studies", "counted_in", "missing"}


def write_comparison_workbook(comparison: Comparison, settings: Mapping[str, Setting], title: str, path: Path) -> None:
    """Write the workbook of a comparison to ``path``."""
    first = next(iter(settings.values()))
    language, currency = first.language, first.study.currency
    names = join([setting.name.text(language) for setting in settings.values()], language)
    sheets = []
    for name in SHEETS:
        table = getattr(comparison, name)
        if len(table):
            columns = _columns(comparison, name, settings, language)
            tab = translate(f"compare.{name}", language)
            sheets.append(Sheet(tab, [Table(translate(f"compare.table.{name}", language), columns)]))
    write_sheets(path, Book(title, names, language, currency), sheets)


def _columns(comparison: Comparison, name: str, settings: Mapping[str, Setting], language: Language) -> list[Column]:
    table = getattr(comparison, name)
    left_out = set() if len(settings) > 1 else set(OF_STUDIES)
    left_out |= set() if comparison.runs["limited"].any() else LIMITED
    left_out |= set() if comparison.runs["weighted"].any() else WEIGHTED
    shown = [column for column in SHEETS[name] if column not in left_out]
    keys = KEYS.get(name, [])
    rows = table
    if keys:
        order = {run: i for i, run in enumerate(comparison.runs["run"])}
        services = list(dict.fromkeys(table["service"]))
        ranked = table.assign(_run=table["run"].map(order), _service=table["service"].map(services.index))
        by = ["_service", *(["group"] if "group" in keys else []), "_run"]
        rows = ranked.sort_values(by, kind="stable").drop_duplicates(keys).drop(columns=["_run", "_service"])
    columns = [_column(name, column, rows, settings, language) for column in shown]
    for minutes in sorted(table["minutes"].unique()) if name in OF_CIRCLES else ():
        cells = table[table["minutes"] == minutes].set_index(keys).reindex(rows.set_index(keys).index).reset_index()
        short = translate("report.minutes_short", language, minutes=minutes)
        for column in OF_CIRCLES[name]:
            if column not in left_out:
                made = _column(name, column, cells, settings, language)
                columns.append(replace(made, heading=join([short, made.heading], language, "phrases")))
    return columns


def _column(name: str, column: str, rows: pd.DataFrame, settings: Mapping[str, Setting], language: Language) -> Column:
    first = next(iter(settings.values()))
    values = _values(column, rows, settings, language)
    currency = money_label(language, first.study.currency)
    made = sheet_column("comparison", name, column, values, language, currency=currency)
    if made.kind in {"people", "change"} and "weighted" in rows:
        whole = "change" if made.kind == "change" else "heads"
        weighted = rows["weighted"].tolist()
        heading = people_heading(made.heading, language, [one is True for one in weighted])
        return replace(made, heading=heading, kind=["people" if one is True else whole for one in weighted])
    return made


def _values(column: str, rows: pd.DataFrame, settings: Mapping[str, Setting], language: Language) -> Sequence[Any]:
    """Return the cells of one column, with names for ids and texts for codes."""
    weighted = {True: "people", False: "heads"}
    if column == "unit":
        return [unit_text(weighted[bool(one)], language) for one in rows["weighted"]]
    if column == "standard_name":
        return rows[text_column(rows, "name", language)].tolist()
    if column == "amount_unit":
        return [translate(f"report.compliance.unit.{one}", language, n="").strip() for one in rows[column]]
    if column == "group":
        whole = translate("compare.all_groups", language)
        return [group_name(group, settings, language) if group else whole for group in rows["group"]]
    if column == "status":
        pairs = zip(rows["status"], rows["gap"], strict=True)
        return [status_text(str(status), language, gap=gap) for status, gap in pairs]
    if column == "services" and "study" in rows and "runs" in rows:
        return [
            _times(services, settings[study], language)
            for study, services in zip(rows["study"], rows["services"], strict=True)
        ]
    if column in {"assumption", "values"}:
        pairs = zip(rows["study"], rows[column], strict=True)
        if column == "values":
            return [setting_value(str(value), language) for _, value in pairs]
        return [setting_name(str(key), settings[study].study, language) for study, key in pairs]
    if column == "column":
        return level_names(rows, settings, language)
    if column == "scenario":
        return [scenario_of_studies(scenario, settings, language) for scenario in rows["scenario"]]
    if column == "missing":
        names = [
            [study_name(one, settings, language) for one in str(text).split(";") if one] for text in rows["missing"]
        ]
        return [join(one, language) for one in names]
    named: dict[str, Callable[[Any], Any]] = {
        "run": lambda run: run_name(run, settings, language),
        "base": lambda run: run_name(run, settings, language),
        "service": lambda service: service_name(service, settings, language),
        "study": lambda study: study_name(study, settings, language),
        "other": lambda study: study_name(study, settings, language),
        "change": lambda change: translate(f"compare.{change}", language) if isinstance(change, str) else change,
    }
    return [named[column](value) for value in rows[column]] if column in named else rows[column].tolist()


def _times(services: str, setting: Setting, language: Language) -> str:
    """Return services with how often each was chosen, from ``id:times`` joined by ``;``."""
    counted = [one.rsplit(":", 1) for one in services.split(";") if one]
    texts = [f"{service_name(service, {'': setting}, language)} {count}" for service, count in counted]
    return join(texts, language)
