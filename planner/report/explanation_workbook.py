"""The explanation of a plan as a workbook: its sentences, then the stored tables of prices, openings, swaps and years."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.i18n import money_label, text_column, translate
from planner.report.names import size_name
from planner.report.workbook import book_of_run, figure_kind, with_totals
from planner.report.xlsx import Column, Sheet, Table, sheet_column, write_sheets
from planner.store.schema import schema

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from planner.report.explanation import ExplanationText
    from planner.store.run import Run
    from planner.store.tables import Explanation


def write_explanation_workbook(
    run: Run, found: Explanation, texts: ExplanationText, lines: Sequence[str], path: Path
) -> None:
    """Write ``explanation.xlsx`` with ``lines``, which are Markdown, on its first sheet."""
    language, study = texts.language, run.study

    def stored(name: str) -> dict[str, Column]:
        """Return the columns of a table that the schema shows by themselves, by name."""
        table, columns = getattr(found, name), {}
        for column in table.columns:
            if schema()["explanation"][name].column(column).sheet:
                service = next((one for one in run.study.services if column == f"people_{one.id}"), None)
                facts = {"who": texts.unit(), "currency": money_label(language, texts.currency)}
                kind: str | list[str] | None = None
                if service is not None:
                    facts |= {"service": texts.service(service.id), "who": texts.unit(service.id)}
                    kind = figure_kind(study, service)
                elif "service" in table and column in {"people_alone", "people_last"}:
                    kind = [figure_kind(study, one) for one in table["service"]]
                values = table[column].tolist()
                columns[column] = sheet_column("explanation", name, column, values, language, kind=kind, **facts)
        return columns

    def where(name: str) -> list[Column]:
        table = getattr(found, name)
        return [
            Column(translate("report.name", language), [texts.place(p) for p in table["place_id"]], "wrapped", 36),
            Column(translate("service", language), [texts.service(k) for k in table["service"]], "text", 20),
            Column(
                translate("report.size", language),
                [size_name(study, *pair, language) for pair in zip(table["service"], table["size"], strict=True)],
                "text",
                12,
            ),
        ]

    def worded(name: str, what: str) -> Column:
        table = getattr(found, name)
        return Column(texts.text(f"column.{what}"), table[text_column(table, what, language)].tolist(), "wrapped", 60)

    def ends(way: str) -> Column:
        rows = found.swaps.to_dict("records")
        named = [f"{texts.place(row[f'{way}_place_id'])} · {texts.service(row[f'{way}_service'])}" for row in rows]
        return Column(texts.text(f"column.{way}"), named, "wrapped", 44)

    prices, swaps = stored("prices"), stored("swaps")
    money = [prices.pop("capital_cost"), prices.pop("yearly_cost")]
    allowed = swaps.pop("allowed")
    costs = {"capital_cost", "yearly_cost"}
    unfunded, totals = [*where("unfunded"), *stored("unfunded").values()], 0
    if len(found.unfunded):
        added = {stored("unfunded")[name].heading: found.unfunded[name] for name in costs}
        unfunded, totals = with_totals(unfunded, added, language)
    sheets = [
        (
            "text",
            [Column(texts.text("column.sentence"), [line for line in map(plain_line, lines) if line], "wrapped", 84)],
            0,
        ),
        ("prices", [worded("prices", "rule"), *prices.values(), *money], 0),
        ("openings", [*where("openings"), *stored("openings").values()], 0),
        ("swaps", [allowed, ends("out"), ends("into"), *swaps.values(), worded("swaps", "broken")], 0),
        ("unfunded", unfunded, totals),
        ("schedule", [*where("schedule"), *stored("schedule").values()], 0),
    ]
    book = book_of_run(run, language, texts.text("title", name=study.name.text(language)))
    write_sheets(
        path,
        book,
        [
            Sheet(texts.text(f"sheet.{name}"), [Table(texts.text(f"table.{name}"), columns, totals)])
            for name, columns, totals in sheets
            if name in {"text", "prices"} or columns[0].cells
        ],
    )


def plain_line(line: str) -> str:
    """Return a line of Markdown without its marks: headings in brackets, items of lists behind a bullet.

    >>> plain_line("## Who pays"), plain_line("- Elder care at Room C2")
    ('【Who pays】', '• Elder care at Room C2')
    """
    marks, _, rest = line.partition(" ")
    if marks and set(marks) == {"#"}:
        return f"【{rest}】"
    return f"• {rest}" if marks == "-" else line
