"""The plan as a workbook: typed numbers under headings with units, in the language of the study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planner.i18n import join, messages, money_label, text_column, translate
from planner.report.evidence import evidence_rows
from planner.report.summary import coverage, indicator_label, indicators, limited_services, status_text, unopened_rows
from planner.report.xlsx import Column, sheet_column, write_sheets
from planner.store.schema import schema

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from planner.store.run import Run
    from planner.study import Language, Study


def write_workbook(run: Run, path: Path) -> None:
    """Write the workbook of ``run`` to ``path``."""
    language = run.study.language
    optional = (("money", _money, run.tables.bills), ("loads", _loads, run.tables.loads))
    sheets = (
        ("summary", _summary(run, language)),
        ("coverage", _coverage(run, language)),
        ("communities", _communities(run, language)),
        ("areas", _areas(run, language)),
        ("sites", _sites(run, language)),
        ("openings", _openings(run, language)),
        *((key, make(run, language)) for key, make, table in optional if len(table)),
        ("existing", _existing(run, language)),
        ("findings", findings_columns(run.tables.findings, language)),
        ("figures", figures_columns(run.study, language)),
    )
    named_sheets = [(translate(f"report.sheet.{key}", language), columns) for key, columns in sheets]
    write_sheets(path, run.study.name.text(language), named_sheets)


def _summary(run: Run, language: Language) -> list[Column]:
    def word(key: str) -> str:
        return translate(f"report.{key}", language)

    study, publication = run.study, run.study.publication
    rows: list[tuple[str, Any, Any, str, str]] = [
        (word("name"), study.name.text(language), None, "", "text"),
        (word("scenario_label"), run.manifest.scenario, None, "", "text"),
        (word("date"), study.date, None, "", "text"),
        (word("run_id"), run.manifest.run_id, None, "", "text"),
    ]
    looks = {study.currency: (money_label(language, study.currency), "money"), "share": ("", "gap")}
    for indicator in indicators(run):
        proof = isinstance(indicator.value, str)
        value = status_text(str(indicator.value), language, gap=indicator.gap) if proof else indicator.value
        plain = "whole" if isinstance(value, int) else "people"
        unit, kind = looks.get(indicator.unit, ("", plain))
        rows.append((indicator_label(indicator, language), value, indicator.limit, unit, kind))
    for row in coverage(run):
        label = (
            f"{row.service.name.text(language)} · {translate('report.minutes_short', language, minutes=row.minutes)} · "
        )
        unit = word("unit_weighted" if row.weighted else "unit_people")
        counted: list[tuple[str, float, float, float, str]] = [
            (f"{word('reached')} · " if row.limited else "", row.before, row.after, row.people, unit)
        ]
        if row.limited:
            counted.append((f"{word('place_found')} · ", row.served_before, row.served_after, row.people, unit))
        if row.weighted:
            heads = (row.heads_before, row.heads_after, row.heads)
            counted.append((f"{word('reached') + ' · ' if row.limited else ''}", *heads, word("unit_people")))
        for what, before, after, people, of in counted:
            rows.append((label + what + translate("before", language), before, people, of, "people"))
            rows.append((label + what + translate("after", language), after, people, of, "people"))
    rows += [
        (translate("report.unopened.label", language, service=service), text, None, "", "wrapped")
        for service, text in unopened_rows(run, language)
    ]
    rows += [
        (word(key), value, None, "", "text")
        for key, value in (
            ("review_number", publication.review_number),
            ("classification", publication.classification),
            ("author", publication.author),
        )
        if value
    ]
    rows += [(word("sources_title"), source, None, "", "text") for source in study.credits]
    kinds = [row[4] for row in rows]
    return [
        Column(word("item"), [row[0] for row in rows], width=44),
        Column(word("value"), [row[1] for row in rows], kinds, 34),
        Column(word("limit"), [row[2] for row in rows], kinds, 24),
        Column(word("unit"), [row[3] for row in rows], "unit", 12),
    ]


def _coverage(run: Run, language: Language) -> list[Column]:
    return _covered(run, _in_study_order(run, run.tables.coverage), language)


def _communities(run: Run, language: Language) -> list[Column]:
    table = _in_study_order(run, run.tables.coverage_by_community)
    names = run.tables.communities.set_index("id")["name"]
    outside = translate("report.outside", language)
    community_names = [names.get(community, outside) for community in table["community_id"]]
    return [
        Column(_heading("id", language), table["community_id"].tolist(), width=16),
        Column(_heading("name", language), community_names, width=30),
        *_covered(run, table, language),
    ]


def _areas(run: Run, language: Language) -> list[Column]:
    table = _in_study_order(run, run.tables.coverage_by_area)
    return [
        Column(_heading("area_column", language), table["column"].tolist(), width=16),
        Column(_heading("area", language), table["area"].tolist(), width=30),
        *_covered(run, table, language),
    ]


def _covered(run: Run, table: pd.DataFrame, language: Language) -> list[Column]:
    """Return the columns every coverage table shares.

    Where places are limited, people who find one beside people within reach; where people are weighted, headings say so and
    heads are added.
    """
    study = run.study
    limited, weighted = bool(limited_services(run)), any(study.weighs(service) for service in study.services)
    people, before, after = (table[name].astype(float) for name in ("people", "covered_before", "covered_after"))
    some = people.where(people > 0)

    def counted(name: str, values: pd.Series[float], width: int) -> Column:
        reach = "_reach" if limited and name in {"before", "after"} else ""
        return Column(
            _heading(f"{name}{'_weighted' if weighted else reach}_column", language), values.tolist(), "people", width
        )

    places: list[Column] = []
    if limited:
        found = {when: table[f"served_{when}"].astype(float) for when in ("before", "after")}
        places = [counted(f"served_{when}", values, 16) for when, values in found.items()]
        places += [
            Column(_heading(f"share_served_{when}_column", language), (values / some).tolist(), "share", 14)
            for when, values in found.items()
        ]
    heads = [
        Column(_heading(f"{name}_column", language), table[name].tolist(), "people", 16)
        for name in ("heads", "heads_before", "heads_after")
        if weighted
    ]
    levels = {service.id: translate(f"report.level.{service.level}", language) for service in study.services}
    return [
        Column(_heading("service_column", language), _service_names(study, table["service"], language), width=18),
        Column(_heading("level_column", language), [levels[service] for service in table["service"]], width=12),
        Column(_heading("minutes_column", language), table["minutes"].tolist(), "plain", 12),
        counted("people", people, 14),
        counted("before", before, 16),
        counted("after", after, 16),
        counted("gained", after - before, 16),
        counted("uncovered", people - after, 18),
        Column(_heading("share_before_column", language), (before / some).tolist(), "share", 14),
        Column(_heading("share_after_column", language), (after / some).tolist(), "share", 14),
        *places,
        *heads,
    ]


def _sites(run: Run, language: Language) -> list[Column]:
    table, study = run.tables.opened_sites, run.study
    opened = run.tables.openings.groupby("place_id")["service"].apply(list).to_dict()
    together = [join(_service_names(study, opened.get(place, []), language), language) for place in table["place_id"]]
    kinds = [study.site_kinds[kind].name.text(language) if kind in study.site_kinds else kind for kind in table["kind"]]
    return [
        Column(_heading("number", language), list(range(1, len(table) + 1)), "whole", 6),
        *_stored(run, "opened_sites", language, kind=kinds, services=together),
        *_degrees(run, table["place_id"], language),
    ]


def _openings(run: Run, language: Language) -> list[Column]:
    table, budgets = run.tables.openings, run.study.budgets
    modes = [budgets.modes[mode].name.text(language) if mode in budgets.modes else mode for mode in table["mode"]]
    departments = [
        budgets.departments[name].name.text(language) if name in budgets.departments else name
        for name in table["department"]
    ]
    return _stored_with_names(run, "openings", language, mode=modes, department=departments)


def _money(run: Run, language: Language) -> list[Column]:
    table = run.tables.bills
    return _stored(run, "bills", language, department=table[text_column(table, "name", language)].tolist())


def _loads(run: Run, language: Language) -> list[Column]:
    return _stored_with_names(run, "loads", language)


def _existing(run: Run, language: Language) -> list[Column]:
    places = run.tables.existing["place_id"]
    return [*_stored_with_names(run, "existing", language), *_degrees(run, places, language)]


def _stored(run: Run, table_name: str, language: Language, **cells: list[str]) -> list[Column]:
    """Return the columns of a stored table that the schema shows on a sheet; ``cells`` holds texts instead of what is stored."""
    table, columns = getattr(run.tables, table_name), []
    currency = money_label(language, run.study.currency)
    for name in (column.name for column in schema()["run"][table_name].columns if column.sheet):
        values = cells[name] if name in cells else table[name].tolist()
        columns.append(sheet_column("run", table_name, name, values, language, currency=currency))
    return columns


def _stored_with_names(run: Run, table_name: str, language: Language, **cells: list[str]) -> list[Column]:
    """Return the same of a table of places and services, with their names; a place's name follows its id."""
    table = getattr(run.tables, table_name)
    services = _service_names(run.study, table["service"], language)
    place, *others = _stored(run, table_name, language, service=services, **cells)
    names = run.tables.places.set_index("id")["name"]
    return [place, Column(_heading("name", language), [names[one] for one in table["place_id"]], width=34), *others]


def _heading(key: str, language: Language) -> str:
    return translate(f"report.{key}" if f"report.{key}" in messages(language) else key, language)


def _service_names(study: Study, ids: Sequence[str] | pd.Series[str], language: Language) -> list[str]:
    names = {service.id: service.name.text(language) for service in study.services}
    return [names[service] for service in ids]


def _degrees(run: Run, ids: pd.Series[str], language: Language) -> list[Column]:
    points = run.tables.places.set_index("id").geometry.reindex(ids).to_crs(4326)
    return [
        Column(_heading("lon", language), points.x.tolist(), "degree", 12),
        Column(_heading("lat", language), points.y.tolist(), "degree", 12),
    ]


def _in_study_order(run: Run, table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows grouped by area, services in the order of the study."""
    position = {service.id: i for i, service in enumerate(run.study.services)}
    keys = [name for name in ("column", "area", "community_id") if name in table]
    order = table.assign(_service=table["service"].map(position)).sort_values(
        [*keys, "_service", "minutes"], kind="stable"
    )
    return table.loc[order.index]


def findings_columns(findings: pd.DataFrame, language: Language) -> list[Column]:
    """Return the sheet of a stored table ``findings``."""
    severities = [
        translate(key, language) if key in messages(language) else key for key in findings["severity"].astype(str)
    ]
    return [
        Column(translate("report.severity", language), severities, width=10),
        Column(translate("report.layer", language), findings["layer"].tolist(), width=18),
        Column(translate("report.where", language), findings["where"].tolist(), "wrapped", 24),
        Column(
            translate("report.finding", language), findings[text_column(findings, "", language)].tolist(), "wrapped", 90
        ),
        Column(translate("report.code", language), findings["code"].tolist(), width=24),
    ]


def figures_columns(study: Study, language: Language) -> list[Column]:
    """Return the sheet of a study's figures, each with its source and certainty."""
    rows = evidence_rows(study, language)
    kinds = [translate(f"report.evidence.{row.kind}", language) for row in rows]
    return [
        Column(translate("report.evidence", language), kinds, width=22),
        Column(translate("report.subject", language), [row.subject for row in rows], width=22),
        Column(translate("report.figure", language), [row.figure for row in rows], width=32),
        Column(translate("report.value", language), [row.value for row in rows], "wrapped", 60),
        Column(translate("report.source", language), [row.source for row in rows], "wrapped", 50),
        Column(translate("report.clause", language), [row.clause for row in rows], "wrapped", 30),
    ]
