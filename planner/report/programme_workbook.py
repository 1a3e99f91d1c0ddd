"""A programme of works as a workbook: overview, ledger, approvals, Gantt, funding, lots, gaps, and a sheet to sign for every department and area."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from planner.i18n import format_count, join, money_label
from planner.report.names import roll_up_name, scenario_name
from planner.report.programme import ProgrammeText, area_name, openings_of
from planner.report.workbook import with_totals
from planner.report.xlsx import Book, Column, Sheet, Table, heading, sheet_column, write_sheets
from planner.store.schema import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    import pandas as pd

    from planner.store.programme import Programme

    Part = tuple[str, pd.DataFrame, tuple[str, ...], str]  # stored table, its rows, columns shown, message of the title

#: columns of the ledger, and of the sheets that are signed
LEDGER = (
    "id", "measure", "place", "<roll_up>", "community", "service", "size", "area_m2", "operator", "staff", "mode", "department",
    "permits", "capital_cost", "yearly_cost", "due", "opens", "start_by", "slack_months", "start_now",
)  # fmt: skip
OF_AREA = ("id", "measure", "place", "service", "department", "capital_cost", "yearly_cost", "due", "opens", "start_by")
OF_DEPARTMENT = (
    "id", "measure", "place", "<area>", "service", "role", "task", "capital_cost", "yearly_cost", "due", "opens", "start_by",
)  # fmt: skip
STEPS = (
    "place", "step", "acts", "authority", "months", "earliest_start", "latest_start", "latest_finish", "slack_months", "critical",
    "start_now",
)  # fmt: skip
MOST_QUARTERS = 24
"""Columns of a Gantt chart by quarters; a longer programme is drawn by years."""
LONGEST_TAB = 31  # letters of the name of a sheet in Excel
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", " "))


def write_programme_workbook(found: Programme, path: Path) -> None:
    """Write ``programme.xlsx``."""
    texts, tables = ProgrammeText(found), found.tables
    language, rules = texts.language, found.study.programme.lots
    projects, steps = tables.projects, tables.steps
    lots = {
        "least": rules.min_openings,
        "most": rules.max_openings,
        "metres": format_count(rules.within_m),
        "months": rules.months,
    }
    plain = [
        ("overview", _overview(texts)),
        ("projects", [_table(texts, "projects", projects, LEDGER, texts.text("table.projects"))]),
        ("steps", [_table(texts, "steps", steps, STEPS, texts.text("table.steps"))]),
        ("gantt", [_gantt(texts)] if len(steps) else []),
        ("funding", [_table(texts, "funding", tables.funding, _shown("funding"), texts.text("table.funding"))]),
        ("lots", [_table(texts, "lots", tables.lots, _shown("lots"), texts.text("table.lots", **lots))]),
        (
            "unfunded",
            [
                _table(texts, name, getattr(tables, name), columns, texts.text(f"table.{name}"))
                for name, columns in (("unfunded", _shown("unfunded")), ("unserved", _shown("unserved")))
                if name == "unserved" or len(tables.unfunded)
            ],
        ),
    ]
    sheets = [Sheet(texts.text(f"sheet.{name}"), parts, _widths(parts)) for name, parts in plain if parts]
    taken = {sheet.name.casefold() for sheet in sheets}
    sheets += [
        Sheet(_tab(name, taken), parts, _widths(parts), landscape_a4=True)
        for name, parts in (*_of_departments(texts), *_of_areas(texts))
    ]
    name = found.study.name.text(language)
    scenario = scenario_name(found.study, found.origin.scenario, found.origin.scenario_label, language)
    about = join([name, scenario, texts.text("as_of", month=texts.month)], language, "clauses")
    book = Book(texts.text("title", name=name), about, language, found.study.currency, found.origin.run_id)
    write_sheets(path, book, sheets)


def _shown(table: str) -> tuple[str, ...]:
    return tuple(column.name for column in schema()["programme"][table].columns if column.sheet)


def _widths(parts: Sequence[Table]) -> Sequence[float]:
    """Return the widths of the columns of a sheet: of several tables, the widest of each position."""
    if len(parts) < 2:
        return ()
    most = max(len(part.columns) for part in parts)
    return [max(part.columns[j].width for part in parts if j < len(part.columns)) for j in range(most)]


def _table(
    texts: ProgrammeText,
    name: str,
    rows: pd.DataFrame,
    shown: Iterable[str],
    title: str,
) -> Table:
    """Return rows of a stored table as a table of a sheet, with names for ids, and sums below what the schema adds up."""
    roll_up = texts.study.layers.communities.roll_up
    columns, added = [], {}
    for column in shown:
        for one in roll_up if column == "<roll_up>" else roll_up[:1] if column == "<area>" else [column]:
            made = _column(texts, name, one, rows)
            columns.append(made)
            declared = next((held for held in schema()["programme"][name].columns if held.name == one), None)
            if declared is not None and declared.total:
                added[made.heading] = rows[one]
    shown_columns, totals = with_totals(columns, added, texts.language) if added else (columns, 0)
    return Table(title, shown_columns, totals)


def _column(texts: ProgrammeText, name: str, column: str, rows: pd.DataFrame) -> Column:
    said: dict[str, Callable[[Any], Any]] = {
        "measure": lambda row: texts.text(f"measure.{row['measure']}"),
        "service": lambda row: texts.service(row["service"]),
        "size": lambda row: texts.size(row["service"], row["size"]),
        "mode": lambda row: texts.mode(row["mode"]),
        "department": lambda row: texts.department(row["department"], "unpaid" if name == "funding" else "nobody"),
        "acts": lambda row: texts.department(row["acts"]),
        "authority": lambda row: texts.department(row["authority"]),
        "area": lambda row: area_name(texts, row["area"]),
        "areas": lambda row: row["areas"].replace(";", ", "),
        "projects": lambda row: row["projects"].replace(";", ", "),
        "operator": lambda row: texts.own(row, "operator"),
        "permits": lambda row: texts.own(row, "permits"),
        "role": lambda row: texts.text(f"role.{row['role']}"),
        "task": lambda row: texts.own(row, "task"),
        "step": lambda row: texts.own(row, "name"),
        "place": lambda row: texts.place(row["project_id"]) if name == "steps" else row["place"] or row["place_id"],
    }
    records = rows.to_dict("records")
    values = [said[column](row) for row in records] if column in said else rows[column].tolist()
    if column in texts.study.layers.communities.roll_up:
        return Column(roll_up_name(texts.study, column, texts.language), values, "wrapped", 15)
    facts = {"currency": money_label(texts.language, texts.currency)}
    if column in {"operator", "permits", "role", "task", "step"} or (name == "steps" and column == "place"):
        width = {"role": 11, "permits": 24, "place": 30}.get(column, 20)
        return Column(texts.text(column), values, "wrapped", width)
    made = sheet_column("programme", name, column, values, texts.language, **facts)
    if column == "department" and name == "funding":
        made = replace(made, heading=texts.text("payer"))
    wrapped = column in {"service", "mode", "department", "acts", "authority", "measure"}
    return replace(made, kind="wrapped") if wrapped and made.kind == "text" else made


def _overview(texts: ProgrammeText) -> list[Table]:
    """Return the tables of the first sheet: figures of the whole, money by payer, openings and money by area."""
    tables = texts.found.tables
    openings = openings_of(tables.projects)
    late = openings[openings["slack_months"] < 0]
    figures: list[tuple[str, Any, str]] = [
        (texts.text("openings"), len(openings), "whole"),
        (texts.text("buildings"), openings["place_id"].nunique(), "whole"),
        (texts.text("first_opening"), openings["opens"].min() if len(openings) else "", "text"),
        (texts.text("last_opening"), openings["opens"].max() if len(openings) else "", "text"),
        (texts.text("steps_now", month=texts.month), int(tables.steps["start_now"].sum()), "whole"),
        (texts.text("late_buildings"), len(late), "whole"),
    ]
    if len(openings) and not openings["due"].any():
        figures.append((texts.text("undated"), "", "text"))
    whole = Table(
        texts.text("table.overview"),
        [
            Column(texts.text("item"), [row[0] for row in figures], "wrapped", 44),
            Column(texts.text("value"), [row[1] for row in figures], [row[2] for row in figures], 18),
        ],
    )
    payers = (
        tables.money.groupby("department", sort=False)[["capital_cost", "yearly_cost"]].agg(math.fsum).reset_index()
    )
    names = [texts.department(name, "unpaid") for name in payers["department"]]
    by_payer = _sums(texts, texts.text("payer"), names, payers, "table.payers")
    column = texts.column() or "community"
    areas = tables.projects.assign(openings=tables.projects["measure"].isin(("new", "extension", "move")).astype(int))
    grouped = areas.groupby(column)[["openings", "capital_cost", "yearly_cost"]].agg(math.fsum).reset_index()
    by_area = _sums(
        texts,
        texts.column_name(),
        [area_name(texts, str(area)) for area in grouped[column]],
        grouped,
        "table.areas",
        column=texts.column_name(),
    )
    return [whole, *(table for table, rows in ((by_payer, payers), (by_area, grouped)) if len(rows))]


def _sums(texts: ProgrammeText, label: str, names: list[str], rows: pd.DataFrame, title: str, **facts: object) -> Table:
    columns, added = [Column(label, names, "wrapped", 44)], {}
    currency = {"currency": money_label(texts.language, texts.currency)}
    for name in ("capital_cost", "yearly_cost", "openings"):
        if name in rows:
            kind = "whole" if name == "openings" else "money"
            columns.append(Column(texts.text(name, **currency), rows[name].tolist(), kind, 18))
            added[columns[-1].heading] = rows[name]
    shown, totals = with_totals(columns, added, texts.language)
    return Table(texts.text(title, **facts), shown, totals)


def _of_departments(texts: ProgrammeText) -> list[tuple[str, list[Table]]]:
    """Return a sheet for every department of the study that has a project or a step: what it pays, its task, what it decides or applies for."""
    tables = texts.found.tables
    paid = tables.money.set_index(["project_id", "department"])[["capital_cost", "yearly_cost"]]
    found = []
    for department in texts.study.budgets.departments:
        tasks = tables.tasks[tables.tasks["department"] == department]
        steps = tables.steps[(tables.steps["authority"] == department) | (tables.steps["acts"] == department)]
        mine = tasks.merge(
            tables.projects.drop(columns=["capital_cost", "yearly_cost", "department"]),
            left_on="project_id",
            right_on="id",
            validate="one_to_one",
        )
        own = paid.reindex([(project, department) for project in mine["project_id"]]).fillna(0.0)
        mine = mine.assign(capital_cost=own["capital_cost"].to_numpy(), yearly_cost=own["yearly_cost"].to_numpy())
        name = texts.department(department)
        parts: list[Part] = [("projects", mine, OF_DEPARTMENT, "table.of_department")] if len(mine) else []
        parts += [("steps", steps, STEPS, "table.steps_of_department")] if len(steps) else []
        if parts:
            found.append((name, _signed(texts, name, parts)))
    return found


def _of_areas(texts: ProgrammeText) -> list[tuple[str, list[Table]]]:
    """Return a sheet for every area of the first roll-up column that has a project."""
    tables, column = texts.found.tables, texts.column()
    if not column:
        return []
    found = []
    for area, mine in tables.projects.groupby(column):
        name = area_name(texts, str(area))
        steps = tables.steps[tables.steps["project_id"].isin(mine["id"])]
        parts: list[Part] = [("projects", mine, OF_AREA, "table.of_area")]
        parts += [("steps", steps, STEPS, "table.steps")] if len(steps) else []
        found.append((name, _signed(texts, name, parts)))
    return found


def _signed(texts: ProgrammeText, name: str, parts: Sequence[Part]) -> list[Table]:
    """Return tables of a sheet, the last of which ends with a line to sign."""
    tables = [
        _table(texts, table, rows, columns, texts.text(title, **({} if title == "table.steps" else {"name": name})))
        for table, rows, columns, title in parts
    ]
    return [*tables[:-1], replace(tables[-1], notes=("", texts.text("signature", name=name)))]


def _gantt(texts: ProgrammeText) -> Table:
    """Return the approvals of every building as bars over quarters, or years where there are many."""
    tables = texts.found.tables
    steps, projects = tables.steps, tables.projects.set_index("id")
    opens = openings_of(tables.projects).groupby("place_id")["opens"].min()
    ends = [*steps["latest_finish"], *openings_of(tables.projects)["opens"], texts.month]
    first, last = min([*steps["earliest_start"], texts.month]), max(ends)
    span = 3 if (_number(last) - _number(first)) // 3 < MOST_QUARTERS else 12
    starts = list(range(_number(first) // span * span, _number(last) + 1, span))
    rows: list[list[tuple[str, str]]] = []
    for row in steps.to_dict("records"):
        begin, months, late = _number(row["earliest_start"]), row["months"], _number(row["latest_finish"])
        opening = opens.get(projects.loc[row["project_id"], "place_id"], "")
        cells = []
        for start in starts:
            end = start + span
            if begin < end and start < begin + months:
                cells.append(("■", "critical") if row["critical"] else ("▪", "bar"))
            elif opening and start <= _number(opening) < end:
                cells.append(("◆", "mark"))
            else:
                cells.append(("○", "mark") if begin + months <= start < late else ("·", "mark"))
        rows.append(cells)
    places = [texts.place(project) for project in steps["project_id"]]
    columns = [
        Column(heading("programme", "projects", "place", texts.language), places, "wrapped", 30),
        Column(texts.text("step"), [texts.own(row, "name") for row in steps.to_dict("records")], "wrapped", 22),
    ]
    columns += [
        Column(
            f"{start // 12}" if span == 12 else f"{start // 12} Q{start % 12 // 3 + 1}",
            [cells[j][0] for cells in rows],
            [cells[j][1] for cells in rows],
            5.5,
        )
        for j, start in enumerate(starts)
    ]
    return Table(texts.text("table.gantt", first=first, last=last), columns, 0, (texts.text("gantt_note"),))


def _number(month: str) -> int:
    year, _, part = month.partition("-")
    return 12 * int(year) + int(part) - 1


def _tab(name: str, taken: set[str]) -> str:
    """Return a name that Excel takes for a sheet, numbered where another one has it already."""
    plain = " ".join(name.translate(_FORBIDDEN).replace("'", "’").split()) or "–"
    tab, number = plain[:LONGEST_TAB], 1
    while tab.casefold() in taken or tab.casefold() == "history":
        number += 1
        end = f" ({number})"
        tab = plain[: LONGEST_TAB - len(end)] + end
    taken.add(tab.casefold())
    return tab
