"""A programme of works for readers and other systems: closing lines, `programme.csv`, `programme.ics`, workbook; nothing recomputed."""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from planner.i18n import format_count, format_money, money_label, text_column, translate
from planner.report.calendar_file import Day, calendar_text
from planner.report.names import department_name, kind_name, mode_name, roll_up_name, size_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from planner.store.programme import Programme
    from planner.study import Language

SHOWN = 5
"""Lines of a list in the terminal; the workbook has all of them."""


class ProgrammeText:
    """What a programme calls its projects, payers and places in one language."""

    def __init__(self, found: Programme, language: Language | None = None) -> None:
        self.found, self.study = found, found.study
        self.language = language or found.study.language
        self.currency = found.study.currency
        self.month = found.origin.as_of[:7]
        self._services = {service.id: service for service in found.study.services}
        projects = found.tables.projects
        self._places = dict(
            zip(projects["id"], projects["place"].where(projects["place"] != "", projects["place_id"]), strict=True)
        )

    def text(self, what: str, **values: object) -> str:
        """Return a text of the catalogue of programmes."""
        facts = {"currency": money_label(self.language, self.currency), **values}
        return translate(f"programme.{what}", self.language, **facts)

    def money(self, amount: float) -> str:
        """Return an amount of money."""
        return format_money(amount, self.language, self.currency)

    def service(self, service: str) -> str:
        """Return the name of a service; empty for a building."""
        return self._services[service].name.text(self.language) if service in self._services else ""

    def size(self, service: str, size: str) -> str:
        """Return the name of a size; empty for the only one."""
        return size_name(self.study, service, size, self.language) if size else ""

    def mode(self, mode: str) -> str:
        """Return the name of a supply mode; empty for none."""
        return mode_name(self.study, mode, self.language) if mode else ""

    def kind(self, kind: str) -> str:
        """Return the name of a kind of site; empty for none."""
        return kind_name(self.study, kind, self.language) if kind else ""

    def department(self, department: str, nobody: str = "nobody") -> str:
        """Return the name of a department; the text ``nobody`` where none is named."""
        return department_name(self.study, department, self.language) if department else self.text(nobody)

    def column(self) -> str:
        """Return the first roll-up column; empty where the study has none."""
        return next(iter(self.study.layers.communities.roll_up), "")

    def column_name(self) -> str:
        """Return what the areas of the projects are called: the first roll-up column, else communities."""
        column = self.column()
        return roll_up_name(self.study, column, self.language) if column else self.text("community")

    def place(self, project: str) -> str:
        """Return the place of a project."""
        return str(self._places.get(project, project))

    def own(self, row: Mapping[Any, Any], stem: str) -> str:
        """Return the text of a row in the language of the reader."""
        return str(row[text_column(row, stem, self.language)])


def programme_lines(found: Programme, language: Language | None = None) -> tuple[str, ...]:
    """Return the closing lines: the programme in one sentence, then what must start, what is late, what lacks somebody or money."""
    texts, tables = ProgrammeText(found, language), found.tables
    projects = tables.projects
    openings = openings_of(projects)
    if openings.empty:
        return (texts.text("sentence_none"),)
    own = tables.money[~tables.money["outside"]]
    lines = [
        texts.text(
            "sentence",
            openings=len(openings),
            buildings=openings["place_id"].nunique(),
            first=openings["opens"].min(),
            last=openings["opens"].max(),
            capital=texts.money(math.fsum(own["capital_cost"])),
            yearly=texts.money(math.fsum(own["yearly_cost"])),
        ),
        texts.text("as_of", month=texts.month),
    ]
    if not openings["due"].any():
        lines.append(texts.text("undated"))
    now = tables.steps[tables.steps["start_now"]]
    key = "start_now_lines" if len(now) else "start_now_none"
    lines.append(texts.text(key, month=texts.month, count=len(now)))
    lines += _listed(texts, [texts.text("start_now_item", **step_facts(texts, row)) for row in now.to_dict("records")])
    late = openings[openings["slack_months"] < 0].drop_duplicates("place_id").sort_values("slack_months", kind="stable")
    lines += _listed(
        texts,
        [
            texts.text(
                "late",
                months=-row["slack_months"],
                place=texts.place(row["id"]),
                opens=row["opens"],
                due=row["due"],
                start=row["start_by"],
            )
            for row in late.to_dict("records")
        ],
    )
    if (openings["department"] == "").any():
        lines.append(texts.text("no_lead", count=int((openings["department"] == "").sum())))
    rules, small = found.study.programme.lots, int((~tables.lots["in_range"]).sum())
    if small:
        lines.append(
            texts.text("lots_small", count=small, least=rules.min_openings, metres=format_count(rules.within_m))
        )
    if not found.origin.explained:
        lines.append(texts.text("unfunded_unasked"))
    elif len(tables.unfunded):
        costs = {key: texts.money(math.fsum(tables.unfunded[f"{key}_cost"])) for key in ("capital", "yearly")}
        lines.append(texts.text("unfunded_line", count=len(tables.unfunded), **costs))
    for service, rows in tables.unserved.groupby("service", sort=False):
        people, unserved = (format_count(math.fsum(rows[name])) for name in ("people", "people_unserved"))
        minutes = f"{rows['minutes'].iloc[0]:g}"
        facts = {"service": texts.service(str(service)), "minutes": minutes, "people": unserved, "all": people}
        lines.append(texts.text("unserved_line", **facts))
    return tuple(lines)


def _listed(texts: ProgrammeText, lines: list[str]) -> list[str]:
    more = [texts.text("and_more", count=len(lines) - SHOWN)] if len(lines) > SHOWN else []
    return [f"  {line}" for line in (*lines[:SHOWN], *more)]


def openings_of(projects: pd.DataFrame) -> pd.DataFrame:
    """Return the projects that open a service."""
    return projects[projects["measure"].isin(("new", "extension", "move"))]


def step_facts(texts: ProgrammeText, row: Mapping[Any, Any]) -> dict[str, object]:
    """Return the fields of a sentence about a step."""
    return {
        "step": texts.own(row, "name"),
        "place": texts.place(row["project_id"]),
        "acts": texts.department(row["acts"]),
        "authority": texts.department(row["authority"]),
        "months": row["months"],
    }


def publish_programme(found: Programme, folder: Path) -> tuple[Path, ...]:
    """Write ``programme.xlsx``, ``programme.csv`` and ``programme.ics`` into ``folder`` (made if absent); return their paths."""
    from planner.report.programme_workbook import write_programme_workbook  # noqa: PLC0415 - it reads the texts above

    folder.mkdir(parents=True, exist_ok=True)
    book, table, days = (folder / f"programme.{ending}" for ending in ("xlsx", "csv", "ics"))
    write_programme_workbook(found, book)
    table.write_text(programme_csv(found), encoding="utf-8-sig", newline="")
    days.write_text(programme_calendar(found), encoding="utf-8", newline="")
    return book, table, days


def programme_csv(found: Programme) -> str:
    """Return the ledger as CSV: a row for each project, ids and names, amounts with cents, two columns for each payer.

    A text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    texts, tables = ProgrammeText(found), found.tables
    payers = list(dict.fromkeys(tables.money["department"]))
    paid = tables.money.set_index(["project_id", "department"])
    names: dict[str, Callable[[str], str]] = {
        "service": texts.service,
        "department": texts.department,
        "mode": texts.mode,
        "kind": texts.kind,
    }
    rows: list[dict[str, str]] = []
    for row in tables.projects.to_dict("records"):
        line = {str(name): _cell(name, value) for name, value in row.items()}
        line |= {f"{name}_name": _cell(name, say(row[name]) if row[name] else "") for name, say in names.items()}
        for payer in payers:
            for cost in ("capital_cost", "yearly_cost"):
                key = (row["id"], payer)
                line[f"{cost}_{payer or 'unnamed'}"] = _cell(cost, paid.loc[key, cost] if key in paid.index else 0.0)
        rows.append(line)
    text = io.StringIO()
    heads = [*tables.projects.columns, *(f"{name}_name" for name in names)]
    heads += [f"{cost}_{payer or 'unnamed'}" for payer in payers for cost in ("capital_cost", "yearly_cost")]
    writer = csv.DictWriter(text, [str(head) for head in heads])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _cell(name: object, value: Any) -> str:
    if isinstance(value, str):
        return f"'{value}" if value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value
    if value is None or pd.isna(value):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.2f}" if "cost" in str(name) else f"{value:g}" if isinstance(value, float) else str(value)


def programme_calendar(found: Programme) -> str:
    """Return the deadlines as a calendar: latest start of every step, calls for tenders, openings; what is overdue on the day itself."""
    texts = ProgrammeText(found)
    stamp = dt.date.fromisoformat(found.origin.as_of)
    days = sorted(_days(texts, stamp), key=lambda day: (day.date, day.key))
    name = texts.text("title", name=found.study.name.text(texts.language))
    return calendar_text(days, name=name, language=translate("locale.tag", texts.language), stamp=stamp)


def _days(texts: ProgrammeText, stamp: dt.date) -> Iterator[Day]:
    tables = texts.found.tables
    for row in tables.steps.to_dict("records"):
        facts = step_facts(texts, row)
        about = texts.text("event_step_about", **facts, slack=row["slack_months"], finish=row["latest_finish"])
        overdue = row["latest_start"] < texts.month
        key = "event_overdue" if overdue else "event_start"
        said = texts.text(
            key, step=facts["step"], place=facts["place"], **({"month": row["latest_start"]} if overdue else {})
        )
        date = stamp if overdue else _first_day(row["latest_start"])
        yield Day(f"{row['project_id']}/{row['step']}", date, said, about)
    for row in openings_of(tables.projects).to_dict("records"):
        said = texts.text("event_opens", service=texts.service(row["service"]), place=texts.place(row["id"]))
        yield Day(row["id"], _first_day(row["opens"]), said, row["id"])
    for row in tables.lots.to_dict("records"):
        said = texts.text("event_call", service=texts.service(row["service"]), areas=row["areas"].replace(";", ", "))
        costs = {key: texts.money(row[f"{key}_cost"]) for key in ("capital", "yearly")}
        projects = row["projects"].replace(";", ", ")
        about = texts.text("event_lot_about", openings=row["openings"], projects=projects, **costs)
        yield Day(f"lot {row['id']}", max(stamp, _first_day(row["call_by"])), said, about)


def _first_day(month: str) -> dt.date:
    return dt.date.fromisoformat(f"{month}-01")


def area_name(texts: ProgrammeText, area: str) -> str:
    """Return what an area is called; of people and places outside every community, that."""
    return area or texts.text("outside_area")
