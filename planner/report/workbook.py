"""The plan as a workbook: numbered tables of typed figures, in the language of the study."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from planner.i18n import join, messages, money_label, text_column, translate
from planner.report.compliance import compliance_sheets, tables_of_run
from planner.report.evidence import evidence_rows
from planner.report.names import (
    department_name,
    kind_name,
    layer_name,
    mode_name,
    roll_up_name,
    scenario_name,
    size_name,
)
from planner.report.summary import (
    Coverage,
    coverage,
    indicator_label,
    indicators,
    limited_services,
    status_text,
    unopened_rows,
)
from planner.report.xlsx import TEXTS, Book, Column, Sheet, Table, sheet_column, write_sheets
from planner.store.schema import schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from planner.store.run import Run
    from planner.store.schema import Folder
    from planner.study import Language, Service, Study

#: widths of the columns of the summary, in digits: the tables below each other share them
SUMMARY_DIGITS = {"service": 24, "minutes": 13, "measure": 15, "unit": 17}


def write_workbook(run: Run, path: Path) -> None:
    """Write the workbook of ``run`` to ``path``."""
    language = run.study.language
    tables = run.tables
    sheets = [Sheet(_tab("summary", language), *_summary(run, language))]
    sheets += [
        _sheet(key, columns, language, totals=totals)
        for key, columns, totals in (
            ("coverage", _coverage(run, language), 0),
            ("communities", *_by_area(run, "coverage_by_community", language)),
            ("areas", *_by_area(run, "coverage_by_area", language)),
            *([("unevenness", _unevenness(run, language), 0)] if len(tables.unevenness) else []),
            ("sites", *_with_totals(run, "opened_sites", _sites(run, language), language)),
            ("openings", *_with_totals(run, "openings", _openings(run, language), language)),
            *([("money", *_with_totals(run, "bills", _money(run, language), language))] if len(tables.bills) else []),
            *([("area_limits", _area_limits(run, language), 0)] if len(tables.area_limits) else []),
            *([("loads", _with_names(run, "loads", language), 0)] if len(tables.loads) else []),
            ("existing", _existing(run, language), 0),
        )
    ]
    sheets += compliance_sheets(tables_of_run(run), language)
    sheets += checks_sheets(tables.findings, run.study, language, "run")
    write_sheets(path, book_of_run(run, language), sheets)


def book_of_run(run: Run, language: Language, title: str = "") -> Book:
    """Return what a workbook of a run says in its margins and above its tables."""
    name = run.study.name.text(language)
    scenario = scenario_name(run.study, run.manifest.scenario, run.manifest.scenario_label, language)
    about = join([name, scenario], language, "phrases")
    return Book(title or name, about, language, run.study.currency, run.manifest.run_id)


def checks_sheets(findings: pd.DataFrame, study: Study, language: Language, folder: Folder) -> list[Sheet]:
    """Return the sheets that every workbook of a study ends with: findings of the check, and figures with their sources."""
    return [
        _sheet("findings", _findings(findings, language, folder), language),
        _sheet("figures", _figures(study, language), language),
    ]


def _sheet(key: str, columns: Sequence[Column], language: Language, *, totals: int = 0) -> Sheet:
    title = translate(f"report.table.{key}", language)
    return Sheet(_tab(key, language), [Table(title, columns, totals)])


def _tab(key: str, language: Language) -> str:
    return translate(f"report.sheet.{key}", language)


def _word(key: str, language: Language) -> str:
    return translate(f"report.{key}", language)


def figure_kind(study: Study, service: str | Service) -> str:
    """Return the cell format of figures of people of a service: whole heads, or weighted people with a decimal."""
    known = next((one for one in study.services if one.id == service), None) if isinstance(service, str) else service
    return "people" if known is not None and study.weighs(known) else "heads"


def unit_text(kind: str, language: Language) -> str:
    """Return what figures of a cell format count: people, or weighted people."""
    return translate(f"report.unit_{'weighted' if kind == 'people' else 'people'}", language)


def _summary(run: Run, language: Language) -> tuple[list[Table], list[float]]:
    """Return the tables of the first sheet, and the widths of its columns."""
    reached = [column for column in _reached(run, language) if any(value != "" for value in column.cells)]
    widths = [column.width for column in reached]
    unopened = unopened_rows(run, language, keys=False)
    tables = [
        Table(_word("table.reached", language), reached),
        Table(_word("plan_title", language), _plan_columns(run, language, len(widths))),
    ]
    if unopened:
        headings = (_word("service_column", language), _word("reason", language))
        tables.append(Table(_word("unopened.title", language), _texts(unopened, headings, len(widths))))
    headings = (_word("item", language), _word("value", language))
    tables.append(Table(_word("table.study", language), _texts(_study_rows(run, language), headings, len(widths))))
    return tables, widths


def _reached(run: Run, language: Language) -> list[Column]:
    """Return coverage before and after the plan: a row for every service, circle and way of counting."""
    rows: list[tuple[Coverage, str, str, float, float, float]] = []
    for one in coverage(run):
        kind = "people" if one.weighted else "heads"
        rows.append((one, "reached", kind, one.people, one.before, one.after))
        if one.limited:
            rows.append((one, "place_found", kind, one.people, one.served_before, one.served_after))
        if one.weighted:
            rows.append((one, "reached", "heads", one.heads, one.heads_before, one.heads_after))
    limited, weighted = any(row[0].limited for row in rows), any(row[0].weighted for row in rows)
    kinds = [row[2] for row in rows]
    columns: tuple[tuple[str, list[Any], list[str] | None], ...] = (
        ("service", _once([row[0].service.name.text(language) for row in rows]), None),
        ("minutes", [row[0].minutes for row in rows], None),
        ("measure", [_word(row[1], language) if limited else "" for row in rows], None),
        ("unit", [unit_text(row[2], language) if weighted else "" for row in rows], None),
        ("people", [row[3] for row in rows], kinds),
        ("covered_before", [row[4] for row in rows], kinds),
        ("covered_after", [row[5] for row in rows], kinds),
        ("share_before", [_share(row[4], row[3]) for row in rows], None),
        ("share_after", [_share(row[5], row[3]) for row in rows], None),
    )
    made = [sheet_column("run", "coverage", name, values, language, kind=kind) for name, values, kind in columns]
    return [
        replace(column, width=SUMMARY_DIGITS.get(name, column.width))
        for (name, _, _), column in zip(columns, made, strict=True)
    ]


def _once(texts: Sequence[str]) -> list[str]:
    """Return texts with a blank where one repeats the text above it."""
    return ["" if i and text == texts[i - 1] else text for i, text in enumerate(texts)]


def _share(part: float, people: float) -> float:
    return part / people if people > 0 else math.nan


def _plan_columns(run: Run, language: Language, width: int) -> list[Column]:
    """Return openings, cost and proof of the plan over ``width`` columns of the sheet."""
    money = run.study.currency
    rows: list[tuple[str, Any, Any, str, str]] = []
    goals = run.manifest.result.goals
    aim = f"explain.aim.{goals[0].goal}" if goals else ""
    counted = translate(aim, language, currency=money_label(language, money)) if aim in messages(language) else ""
    for one in indicators(run):
        proof = isinstance(one.value, str)
        value = status_text(str(one.value), language, gap=one.gap) if proof else one.value
        kind = "wrapped" if proof else {money: "money", "share": "gap"}.get(one.unit, "people")
        kind = "whole" if isinstance(value, int) and kind == "people" else kind
        unit = (
            money_label(language, money) if one.unit == money else counted if one.key in {"objective", "bound"} else ""
        )
        rows.append((indicator_label(one, language), value, one.limit, unit, kind))
    kinds = [row[4] for row in rows]
    return [
        Column(_word("item", language), [row[0] for row in rows], "wrapped", span=2),
        Column(_word("value", language), [row[1] for row in rows], kinds, span=2),
        Column(_word("limit", language), [row[2] for row in rows], kinds),
        Column(_word("unit", language), [row[3] for row in rows], "wrapped", span=width - 5),
    ]


def _study_rows(run: Run, language: Language) -> list[tuple[str, str]]:
    """Return what stands on the frame of a map, without what the study does not say."""
    study, frame = run.study, run.study.publication
    rows = [
        ("name", study.name.text(language)),
        ("scenario_label", scenario_name(study, run.manifest.scenario, run.manifest.scenario_label, language)),
        ("date", study.date),
        ("review_number", frame.review_number),
        ("classification", frame.classification),
        ("author", frame.author),
        ("run_id", run.manifest.run_id),
        *(("sources_title", source) for source in study.credits),
    ]
    return [(_word(key, language), text) for key, text in rows if text]


def _texts(rows: Sequence[tuple[str, str]], headings: tuple[str, str], width: int) -> list[Column]:
    """Return labels and texts over ``width`` columns of the sheet."""
    return [
        Column(headings[0], [row[0] for row in rows], "wrapped", span=2),
        Column(headings[1], [row[1] for row in rows], "wrapped", span=width - 2),
    ]


def _coverage(run: Run, language: Language) -> list[Column]:
    """Return coverage of every service and circle, with the people that a plan gains and leaves out."""
    rows = coverage(run)
    limited, weighted = any(row.limited for row in rows), any(row.weighted for row in rows)
    kinds = ["people" if row.weighted else "heads" for row in rows]
    figures: dict[str, Sequence[Any]] = {
        "people": [row.people for row in rows],
        "covered_before": [row.before for row in rows],
        "covered_after": [row.after for row in rows],
        "gained": [row.after - row.before for row in rows],
        "uncovered": [row.people - row.after for row in rows],
    }
    shares: dict[str, Sequence[Any]] = {
        "share_before": [_share(row.before, row.people) for row in rows],
        "share_after": [_share(row.after, row.people) for row in rows],
    }
    if limited:
        figures |= {f"served_{when}": [getattr(row, f"served_{when}") for row in rows] for when in ("before", "after")}
        shares |= {
            f"share_served_{when}": [_share(getattr(row, f"served_{when}"), row.people) for row in rows]
            for when in ("before", "after")
        }
    texts: dict[str, Sequence[Any]] = {
        "service": [row.service.name.text(language) for row in rows],
        "level": [translate(f"report.level.{row.service.level}", language) for row in rows],
        "minutes": [row.minutes for row in rows],
    }
    if weighted:
        texts["unit"] = [unit_text(kind, language) for kind in kinds]
        shares |= {name: [getattr(row, name) for row in rows] for name in ("heads", "heads_before", "heads_after")}
    return [
        sheet_column("run", "coverage", name, values, language, kind=kinds if name in figures else None)
        for name, values in {**texts, **figures, **shares}.items()
    ]


def _by_area(run: Run, name: str, language: Language) -> tuple[list[Column], int]:
    """Return a table of coverage by area, the circles of a service in one row, ending with the whole district; and its totals."""
    study, table = run.study, getattr(run.tables, name)
    keys = [key for key in ("column", "area", "community_id") if key in table]
    figures = ["covered_before", "covered_after", *(["served_after"] if limited_services(run) else [])]
    weighted = any(study.weighs(service) for service in study.services)
    position = {service.id: i for i, service in enumerate(study.services)}
    cells: dict[tuple[Any, ...], Mapping[Any, Any]] = {}
    for part, of in ((table, keys), (run.tables.coverage, [])):
        for row in part.to_dict("records"):
            cells[*([row[key] for key in of] or [None] * len(keys)), row["service"], row["minutes"]] = row
    areas = sorted({key[:-1] for key in cells if key[0] is not None}, key=lambda one: (*one[:-1], position[one[-1]]))
    totals = [(*[None] * len(keys), service.id) for service in study.services]
    rows = [*areas, *(totals if len(table) else [])]
    first = {one: next(cells[*one, m] for m in study.cutoffs_min if (*one, m) in cells) for one in rows}
    kinds = [figure_kind(study, one[-1]) for one in rows]

    def column(key: str, values: list[Any], kind: list[str] | None = None, minutes: float | None = None) -> Column:
        made = sheet_column("run", name, key, values, language, kind=kind)
        if minutes is None:
            return made
        short = translate("report.minutes_short", language, minutes=minutes)
        return replace(made, heading=join([short, made.heading], language, "phrases"))

    columns = [column(key, values) for key, values in _area_names(run, rows, keys, language).items()]
    columns.append(column("service", [_service_name(study, one[-1], language) for one in rows]))
    if weighted:
        columns.append(column("unit", [unit_text(kind, language) for kind in kinds]))
    columns.append(column("people", [first[one]["people"] for one in rows], kinds))
    if weighted:
        columns.append(column("heads", [first[one]["heads"] for one in rows]))
    for minutes in study.cutoffs_min:
        of_circle = [cells.get((*one, minutes), {}) for one in rows]
        columns += [column(key, [row.get(key) for row in of_circle], kinds, minutes) for key in figures]
        shares = [_share(row["covered_after"], row["people"]) if row else None for row in of_circle]
        columns.append(column("share_after", shares, minutes=minutes))
        if weighted:
            columns.append(column("heads_after", [row.get("heads_after") for row in of_circle], minutes=minutes))
    return columns, len(rows) - len(areas)


def _area_names(
    run: Run, rows: Sequence[tuple[Any, ...]], keys: Sequence[str], language: Language
) -> dict[str, list[Any]]:
    """Return the columns that say which area a row is of; rows of the whole district begin with None."""
    whole = translate("xlsx.total", language)
    outside = _word("outside", language)
    if "community_id" in keys:
        names = run.tables.communities.set_index("id")["name"]
        return {
            "community_id": [one[0] or "" for one in rows],
            "community": [whole if one[0] is None else names.get(one[0], outside) for one in rows],
        }
    return {
        "column": ["" if one[0] is None else roll_up_name(run.study, one[0], language) for one in rows],
        "area": [whole if one[0] is None else one[1] or outside for one in rows],
    }


def _unevenness(run: Run, language: Language) -> list[Column]:
    """Return Gini coefficient and gap between areas of each service; communities by their names."""
    table, study = run.tables.unevenness, run.study
    names = run.tables.communities.set_index("id")["name"]
    community = translate("assess.level.community", language)
    areas = {
        key: [area if column else names.get(area, "") for column, area in zip(table["column"], table[key], strict=True)]
        for key in ("best_area", "worst_area", "behind")
    }
    levels = [roll_up_name(study, column, language) if column else community for column in table["column"]]
    return _stored(
        run, "unevenness", language, service=_service_names(study, table["service"], language), column=levels, **areas
    )


def _sites(run: Run, language: Language) -> list[Column]:
    table, study = run.tables.opened_sites, run.study
    opened = run.tables.openings.groupby("place_id")["service"].apply(list).to_dict()
    together = [join(_service_names(study, opened.get(place, []), language), language) for place in table["place_id"]]
    kinds = [kind_name(study, kind, language) for kind in table["kind"]]
    return [
        Column(_word("number", language), list(range(1, len(table) + 1)), "whole", 6),
        *_stored(run, "opened_sites", language, kind=kinds, services=together),
        *_degrees(run, table["place_id"], language),
    ]


def _openings(run: Run, language: Language) -> list[Column]:
    table, study = run.tables.openings, run.study
    return _with_names(
        run,
        "openings",
        language,
        size=[size_name(study, *pair, language) for pair in zip(table["service"], table["size"], strict=True)],
        mode=[mode_name(study, mode, language) for mode in table["mode"]],
        department=[department_name(study, name, language) for name in table["department"]],
    )


def _money(run: Run, language: Language) -> list[Column]:
    table = run.tables.bills
    return _stored(run, "bills", language, department=table[text_column(table, "name", language)].tolist())


def _area_limits(run: Run, language: Language) -> list[Column]:
    """Return the limits of areas with what the plan uses of them, each in the format of what it counts."""
    table = run.tables.area_limits
    kinds = [_LIMIT_FORMATS.get(kind, "whole") for kind in table["kind"]]
    area, *figures = _stored(run, "area_limits", language)
    rules = Column(_word("rule_of_area", language), table[text_column(table, "rule", language)].tolist(), "wrapped", 44)
    return [area, rules, *(replace(column, kind=kinds) for column in figures)]


_LIMIT_FORMATS = {
    "capital": "money",
    "yearly": "money",
    "period_capital": "money",
    "floor": "share",
    "min_capacity": "decimal",
    "min_area_m2": "decimal",
    "min_service_area_m2": "decimal",
}
"""Kind of a limit → cell format; others are whole numbers."""


def _existing(run: Run, language: Language) -> list[Column]:
    places = run.tables.existing["place_id"]
    return [*_with_names(run, "existing", language), *_degrees(run, places, language)]


def _stored(run: Run, table_name: str, language: Language, **cells: list[str]) -> list[Column]:
    """Return the columns of a stored table that the schema shows on a sheet; ``cells`` holds texts instead of what is stored."""
    table, columns = getattr(run.tables, table_name), []
    currency = money_label(language, run.study.currency)
    for declared in schema()["run"][table_name].columns:
        if declared.sheet:
            values = cells[declared.name] if declared.name in cells else table[declared.name].tolist()
            kind = None
            if declared.cell_format == "people" and "service" in table:
                kind = [figure_kind(run.study, service) for service in table["service"]]
            column = sheet_column("run", table_name, declared.name, values, language, kind=kind, currency=currency)
            columns.append(column)
    return columns


def _with_names(run: Run, table_name: str, language: Language, **cells: list[str]) -> list[Column]:
    """Return the same of a table of places and services, with their names; a place's name follows its id."""
    table = getattr(run.tables, table_name)
    services = _service_names(run.study, table["service"], language)
    place, *others = _stored(run, table_name, language, service=services, **cells)
    names = run.tables.places.set_index("id")["name"]
    return [place, Column(_word("name", language), [names[one] for one in table["place_id"]], "wrapped", 34), *others]


def _with_totals(run: Run, table_name: str, columns: list[Column], language: Language) -> tuple[list[Column], int]:
    """Return columns with sums below those that the schema adds up, and how many rows of totals they have."""
    table = getattr(run.tables, table_name)
    currency = money_label(language, run.study.currency)
    added = {
        sheet_column("run", table_name, one.name, [], language, currency=currency).heading: one.name
        for one in schema()["run"][table_name].columns
        if one.total
    }
    return with_totals(columns, {heading: table[name] for heading, name in added.items()}, language)


def with_totals(
    columns: Sequence[Column], added: Mapping[str, pd.Series[float]], language: Language
) -> tuple[list[Column], int]:
    """Return columns with the sums of ``added`` (heading → figures) in a last row, and the number of such rows: 0 or 1."""
    if not columns or len(columns[0].cells) < 2:
        return list(columns), 0
    label = next(i for i, column in enumerate(columns) if column.kind in TEXTS)
    sums: list[Any] = [math.fsum(added[c.heading].dropna()) if c.heading in added else None for c in columns]
    sums[label] = translate("xlsx.total", language)
    return [
        replace(
            column,
            cells=[*column.cells, total],
            kind=column.kind if isinstance(column.kind, str) else [*column.kind, column.kind[-1]],
        )
        for column, total in zip(columns, sums, strict=True)
    ], 1


def _service_names(study: Study, ids: Iterable[str], language: Language) -> list[str]:
    return [_service_name(study, service, language) for service in ids]


def _service_name(study: Study, service: str, language: Language) -> str:
    return next(one for one in study.services if one.id == service).name.text(language)


def _degrees(run: Run, ids: pd.Series[str], language: Language) -> list[Column]:
    points = run.tables.places.set_index("id").geometry.reindex(ids).to_crs(4326)
    return [
        Column(_word("lon", language), points.x.tolist(), "degree", 12),
        Column(_word("lat", language), points.y.tolist(), "degree", 12),
    ]


def _findings(findings: pd.DataFrame, language: Language, folder: Folder) -> list[Column]:
    """Return the sheet of a stored table ``findings``."""
    text = text_column(findings, "", language)
    known = messages(language)
    cells = {
        "severity": [translate(one, language) if one in known else one for one in findings["severity"].astype(str)],
        "layer": [layer_name(layer, language) for layer in findings["layer"].astype(str)],
        "where": findings["where"].tolist(),
        text: [_without_place(row, text, language) for row in findings.to_dict("records")],
        "code": findings["code"].tolist(),
    }
    return [sheet_column(folder, "findings", name, values, language) for name, values in cells.items()]


def _without_place(row: Mapping[Any, Any], text: str, language: Language) -> str:
    """Return the text of a finding without severity, code, layer and file, which have columns of their own."""
    severity, code, layer, where = (str(row[name]) for name in ("severity", "code", "layer", "where"))
    named = translate(severity, language) if severity in messages(language) else severity
    sentence = str(row[text]).removeprefix(f"{named} {code}: ")
    return sentence.removeprefix(layer).removeprefix(f" ({where})").lstrip(": ")


def _figures(study: Study, language: Language) -> list[Column]:
    """Return the sheet of a study's figures, each with its source and certainty."""
    rows = evidence_rows(study, language)
    kinds = [translate(f"report.evidence.{row.kind}", language) for row in rows]
    return [
        Column(_word("evidence", language), kinds, width=20),
        Column(_word("subject", language), [row.subject for row in rows], "wrapped", width=22),
        Column(_word("figure", language), [row.figure for row in rows], "wrapped", width=28),
        Column(_word("value", language), [row.value for row in rows], "wrapped", 50),
        Column(_word("source", language), [row.source for row in rows], "wrapped", 44),
        Column(_word("clause", language), [row.clause for row in rows], "wrapped", 26),
    ]
