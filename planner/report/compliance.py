"""Compliance with standards and the list of multi-service centres, as texts and sheets: rows of the stored tables, nothing recomputed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.i18n import format_count, format_money, join, text_column, translate
from planner.report.assessment import measured_text, required_text
from planner.report.names import roll_up_name
from planner.report.xlsx import Column, Sheet, Table, sheet_column

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from planner.store.assessment import Assessment
    from planner.store.run import Run
    from planner.store.schema import Folder
    from planner.study import Language, Study

#: kinds that an area can fail
JUDGED = ("duty", "target")
#: rows on a page; the workbook holds all
SHOWN = 12
_SHEET = (
    "where", "area_name", "name", "service", "kind", "unit", "value_today", "value_plan", "low", "high", "have_today",
    "have_plan", "need", "short_today", "short_plan", "verdict_today", "verdict_plan", "closing", "closing_capital_cost",
    "closing_yearly_cost", "missing", "document", "clause", "evidence",
)  # fmt: skip
_HUBS = (
    "state", "name", "place_id", "community", "services", "n_services", "area_m2", "min_area_m2", "area_short_m2",
    "services_short", "n_core", "core_short", "verdict", "failing",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class ComplianceTables:
    """The stored tables of a run or an assessment that say how its areas stand to the standards."""

    study: Study
    folder: Folder
    compliance: pd.DataFrame
    hubs: pd.DataFrame
    communities: pd.DataFrame

    @property
    def state(self) -> str:
        """The state that is judged: with the plan in a run, today in an assessment."""
        return "plan" if self.folder == "run" else "today"


def tables_of_run(run: Run) -> ComplianceTables:
    """Return the tables of a run."""
    tables = run.tables
    return ComplianceTables(run.study, "run", tables.compliance, tables.hubs, tables.communities)


def tables_of_assessment(found: Assessment) -> ComplianceTables:
    """Return the tables of an assessment."""
    tables = found.tables
    return ComplianceTables(found.study, "assessment", tables.compliance, tables.hubs, tables.communities)


def ranked(tables: ComplianceTables) -> pd.DataFrame:
    """Return the rows of compliance, failing first: duties before targets before comparisons, areas before communities, most short first."""
    table, state = tables.compliance, tables.state
    kinds = {"duty": 0, "target": 1, "benchmark": 2, "achievement": 3}
    levels = {"area": 0, "all": 1, "community": 2}
    fails = table[f"verdict_{state}"].isin(["below", "above"])
    relative = table[f"short_{state}"] / table["need"].where(table["need"] > 0, table["low"].fillna(1.0))
    judged = table["kind"].isin(JUDGED)
    order = np.lexsort(
        (
            table["area"].to_numpy(dtype=str),
            table["standard"].to_numpy(dtype=str),
            -relative.fillna(0.0).to_numpy(dtype=np.float64),
            table["level"].map(levels).to_numpy(),
            table["kind"].map(kinds).to_numpy(),
            ~(fails & judged).to_numpy(dtype=np.bool_),
            ~fails.to_numpy(dtype=np.bool_),
        )
    )
    return table.iloc[order].reset_index(drop=True)


def amount_text(unit: str, amount: float, language: Language) -> str:
    """Return an amount with its unit, e.g. ``400 m²``; a dash where it is not known."""
    if not math.isfinite(amount):
        return "–"
    n = format_count(amount) if abs(amount) >= 10 or amount == round(amount) else f"{amount:,.1f}"
    return translate(f"report.compliance.unit.{unit}", language, n=n)


def compliance_lines(tables: ComplianceTables, language: Language) -> list[dict[str, Any]]:
    """Return the duties and targets that an area or the district fails, or may fail, as texts; streets first, most short first."""
    if not len(tables.compliance):
        return []
    table, state = ranked(tables), tables.state
    outside = translate("report.outside", language)
    roll_up = (table["level"] == "area").any()
    shown = table[
        table["kind"].isin(JUDGED)
        & table["level"].isin(["area", "all"] if roll_up else ["all", "community"])
        & (
            table[f"verdict_{state}"].isin(["below", "above"])
            | ((table[f"verdict_{state}"] == "") & table[f"at_least_{state}"])
        )
    ]
    services = {service.id: service.name.text(language) for service in tables.study.services}
    names = dict(zip(tables.communities["id"], tables.communities["name"], strict=True))
    shares = tables.study.standards.shares
    rows = []
    for row in shown.to_dict("records"):
        share = row["standard"] in shares
        figures = {
            when: measured_text(row[f"value_{when}"], language, share=share, at_least=bool(row[f"at_least_{when}"]))
            for when in ("today", "plan")
            if f"value_{when}" in row
        }
        required = required_text(row["low"], row["high"], language, share=share)
        whole = row["level"] == "all"
        area = tables.study.name.text(language) if whole else names.get(row["area"], row["area"]) or outside
        unsure = not row[f"verdict_{state}"]
        short = row[f"short_{state}"]
        rows.append(
            {
                "standard": row["standard"],
                "area": area,
                "column": roll_up_name(tables.study, row["column"], language) if row["column"] else "",
                "name": row[text_column(row, "name", language)],
                "service": services.get(row["service"], ""),
                "kind": translate(f"report.compliance.kind.{row['kind']}", language),
                "verdict": translate(f"report.compliance.{'not_known' if unsure else 'fails'}", language),
                "unsure": unsure,
                "short": translate(
                    f"report.compliance.{_short_key(row, state)}",
                    language,
                    amount=amount_text(row["unit"], short, language),
                )
                if math.isfinite(short)
                else "",
                "before": translate(
                    "report.compliance.was_short",
                    language,
                    amount=amount_text(row["unit"], row["short_today"], language),
                )
                if state == "plan" and math.isfinite(row["short_today"])
                else "",
                "figures": translate(
                    "report.compliance.value_line",
                    language,
                    before=figures["today"],
                    after=figures["plan"],
                    required=required,
                )
                if state == "plan"
                else translate(
                    "report.compliance.value_line_today", language, value=figures["today"], required=required
                ),
                "part": _part(row, state),
                "closing": closing_text(tables.study, row, language),
                "source": " · ".join(part for part in (row["document"], row["clause"]) if part),
                "verified": bool(row["verified"]),
            }
        )
    return rows


def _short_key(row: dict[Any, Any], state: str) -> str:
    """Return the text for what is short: so much, at most so much, or so much beyond what is allowed."""
    if row[f"verdict_{state}"] == "above" and not math.isfinite(row["need"]):
        return "over"
    return "short_at_most" if row[f"at_least_{state}"] else "short"


def _part(row: dict[Any, Any], state: str) -> float | None:
    """Return how much of what is required is there, 0–1; None where that is no amount."""
    if not math.isfinite(row["need"]) or not row["need"] > 0 or not math.isfinite(row[f"have_{state}"]):
        return None
    return float(min(1.0, row[f"have_{state}"] / row["need"]))


def closing_text(study: Study, row: dict[Any, Any], language: Language) -> str:
    """Return the openings that close what is short, with their capital; empty where the study has no figures for it."""
    if not row["closing_service"]:
        return ""
    service = next(one for one in study.services if one.id == row["closing_service"])
    size = next((one for one in service.sizes if one.id == row["closing_size"]), None)
    name = service.name.text(language)
    if size is not None:
        name = join([name, size.id if size.name is None else size.name.text(language)], language, "phrases")
    cost = format_money(row["closing_capital_cost"], language, study.currency)
    return translate(
        "report.compliance.closed_by", language, count=format_count(row["closing_openings"]), service=name, cost=cost
    )


def hub_lines(tables: ComplianceTables, language: Language) -> list[dict[str, Any]]:
    """Return the multi-service places of the judged state as texts, failing first."""
    table = tables.hubs
    services = {service.id: service.name.text(language) for service in tables.study.services}
    return [
        {
            "place": row["name"] or row["place_id"],
            "verdict": hub_verdict(row["verdict"], language),
            "passes": row["verdict"] == "passes",
            "services": join([services.get(one, one) for one in row["services"].split(";")], language),
            "failing": hub_failing(row, language),
        }
        for row in table[table["state"] == tables.state].to_dict("records")
    ]


def hub_verdict(verdict: str, language: Language) -> str:
    """Return a verdict of the list of centres as text."""
    keys = {"passes": "compliance.passes", "fails": "compliance.hub.fails", "": "compliance.hub.unknown"}
    return translate(f"report.{keys[verdict]}", language)


def hub_failing(row: dict[Any, Any], language: Language) -> str:
    """Return the conditions that a place fails, and by how much; and those that are not known."""
    parts = []
    if row["area_short_m2"] > 0:
        facts = {"short": format_count(row["area_short_m2"]), "area": format_count(row["area_m2"])}
        parts.append(translate("report.compliance.hub.area", language, least=format_count(row["min_area_m2"]), **facts))
    if row["services_short"] > 0:
        facts = {"short": format_count(row["services_short"]), "least": format_count(row["min_services"])}
        parts.append(translate("report.compliance.hub.services", language, **facts))
    if row["core_short"] > 0:
        facts = {"least": format_count(row["min_core"]), "count": format_count(row["n_core"])}
        parts.append(translate("report.compliance.hub.core", language, **facts))
    if math.isnan(row["area_short_m2"]):
        parts.append(translate("report.compliance.hub.area_unknown", language))
    if math.isnan(row["core_short"]):
        parts.append(translate("report.compliance.hub.core_unknown", language))
    return join(parts, language, "clauses")


def compliance_facts(tables: ComplianceTables, language: Language) -> dict[str, Any]:
    """Return what the scripts of the pages show."""
    lines, hubs = compliance_lines(tables, language), hub_lines(tables, language)
    return {
        "measured": bool(len(tables.compliance)),
        "rows": lines[:SHOWN],
        "more": max(0, len(lines) - SHOWN),
        "hubs": hubs,
    }


def compliance_sheets(tables: ComplianceTables, language: Language) -> list[Sheet]:
    """Return the sheets of compliance and of multi-service centres; none without rows."""
    sheets = []
    if len(tables.compliance):
        rows = ranked(tables)
        columns = [_column(tables, "compliance", name, rows, language) for name in _SHEET if _is_shown(name, rows)]
        sheets.append(_sheet("compliance", columns, language))
    if len(tables.hubs):
        columns = [_column(tables, "hubs", name, tables.hubs, language) for name in _HUBS]
        sheets.append(_sheet("hubs", columns, language))
    return sheets


def _is_shown(name: str, rows: pd.DataFrame) -> bool:
    return name in rows or name in {"where", "area_name", "name", "closing", "missing", "evidence"}


def _sheet(key: str, columns: Sequence[Column], language: Language) -> Sheet:
    return Sheet(
        translate(f"report.sheet.{key}", language), [Table(translate(f"report.table.{key}", language), columns)]
    )


def _column(tables: ComplianceTables, table: str, name: str, rows: pd.DataFrame, language: Language) -> Column:
    values = _cells(tables, name, rows, language)
    column = sheet_column(tables.folder, table, name, values, language)
    if table == "compliance" and name in {"value_today", "value_plan", "low", "high"}:
        return replace(column, kind=kinds_of_figures(tables.study, rows, name))
    if table == "compliance" and name in {"have_today", "have_plan", "short_today", "short_plan", "need"}:
        # nobody is short of a tenth of a person; places per head are counted in fractions
        return replace(column, kind=["decimal" if unit == "places" else "whole" for unit in rows["unit"]])
    return column


def kinds_of_figures(study: Study, rows: pd.DataFrame, name: str) -> list[str]:
    """Return the cell format of each figure of a standard: a share, a large number whole, a small one to two digits."""
    shares = study.standards.shares
    return [
        "share" if one in shares else "whole" if abs(value) >= 100 or value == round(value) else "ratio"
        for one, value in zip(rows["standard"], rows[name].fillna(0.0), strict=True)
    ]


def _cells(tables: ComplianceTables, name: str, rows: pd.DataFrame, language: Language) -> Sequence[Any]:
    study = tables.study
    services = {service.id: service.name.text(language) for service in study.services}
    communities = dict(zip(tables.communities["id"], tables.communities["name"], strict=True))
    outside = translate("report.outside", language)
    records = rows.to_dict("records")
    if name == "where":
        return [
            roll_up_name(study, row["column"], language)
            if row["column"]
            else translate(f"assess.level.{row['level']}", language)
            for row in records
        ]
    if name == "area_name":
        whole = study.name.text(language)
        return [
            whole if row["level"] == "all" else communities.get(row["area"], row["area"]) or outside for row in records
        ]
    if name == "name" and "standard" not in rows:
        return [row["name"] or row["place_id"] for row in records]
    if name in {"name", "missing"}:
        return list(rows[text_column(rows, name, language)])
    if name == "closing":
        return [closing_text(study, row, language) for row in records]
    if name == "evidence":
        sure = {True: "verified", False: "unverified"}
        return [translate(f"report.evidence.{sure[bool(value)]}", language) for value in rows["verified"]]
    if name == "community":
        return [communities.get(row["community_id"], outside) for row in records]
    if name == "services":
        return [join([services.get(one, one) for one in value.split(";")], language) for value in rows["services"]]
    if name == "failing":
        return [hub_failing(row, language) for row in records]
    texts: dict[str, Any] = {
        "service": lambda value: services.get(value, ""),
        "kind": lambda value: translate(f"report.compliance.kind.{value}", language),
        "unit": lambda value: translate(f"report.compliance.unit.{value}", language, n="").strip(),
        "state": lambda value: translate(f"report.compliance.state.{value}", language),
        "verdict": lambda value: hub_verdict(value, language),
        "verdict_today": lambda value: translate(f"assess.verdict.{value}", language),
        "verdict_plan": lambda value: translate(f"assess.verdict.{value}", language),
    }
    return [texts[name](value) for value in rows[name]] if name in texts else list(rows[name])
