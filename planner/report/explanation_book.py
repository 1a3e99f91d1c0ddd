"""An explanation as a workbook: a sheet for each of its tables, and one with the sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.report.book import Column, write_sheets
from planner.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from planner.report.explanation import Teller
    from planner.store.run import Run
    from planner.store.tables import Explanation

__all__ = ["write_explanation_book"]


def write_explanation_book(run: Run, found: Explanation, teller: Teller, lines: Sequence[str], path: Path) -> None:
    """Write ``explanation.xlsx`` with ``lines`` on its last sheet."""

    def column(table: pd.DataFrame, name: str, heading: str, kind: str = "text", width: float = 16) -> Column:
        return Column(teller.say(f"column.{heading}", who=teller.who()), table[name].tolist(), kind, width)

    def where(table: pd.DataFrame) -> list[Column]:
        return [
            Column(say("report.name", teller.language), [teller.place(p) for p in table["place_id"]], "text", 36),
            Column(say("service", teller.language), [teller.service(k) for k in table["service"]], "text", 20),
            Column(say("report.size", teller.language), table["size"].tolist(), "text", 12),
        ]

    prices = found.prices
    sheets = [
        (
            "prices",
            [
                column(prices, f"rule_{teller.language}", "rule", "wrapped", 60),
                column(prices, "key", "key", "text", 40),
                column(prices, "gain", "gain", "people"),
                column(prices, "gain_at_least", "least", "people"),
                column(prices, "gain_at_most", "most", "people"),
                column(prices, "proven", "proven"),
                *(
                    Column(
                        teller.say("column.people", service=teller.service(service.id), who=teller.who(service.id)),
                        prices[f"people_{service.id}"].tolist(),
                        "people",
                        16,
                    )
                    for service in run.study.services
                ),
                column(prices, "capital_yuan", "capital", "money"),
                column(prices, "yearly_yuan", "yearly", "money"),
            ],
        ),
        (
            "openings",
            [
                *where(found.openings),
                Column(say("report.minutes_column", teller.language), found.openings["minutes"].tolist(), "plain", 10),
                column(found.openings, "people_alone", "alone", "people"),
                column(found.openings, "people_last", "last", "people"),
                column(found.openings, "worth_alone", "worth_alone", "people"),
                column(found.openings, "worth_last", "worth_last", "people"),
            ],
        ),
        (
            "swaps",
            [
                column(found.swaps, "allowed", "allowed", "text", 10),
                *(
                    Column(
                        teller.say(f"column.{way}"),
                        [
                            f"{teller.place(row[f'{way}_place_id'])} · {teller.service(row[f'{way}_service'])}"
                            for row in found.swaps.to_dict("records")
                        ],
                        "text",
                        44,
                    )
                    for way in ("out", "into")
                ),
                column(found.swaps, "gain", "gain", "people"),
                column(found.swaps, f"broken_{teller.language}", "broken", "wrapped", 60),
            ],
        ),
        ("unfunded", [*where(found.unfunded), *_money_columns(found.unfunded, teller)]),
        (
            "schedule",
            [*where(found.schedule), *(column(found.schedule, n, n, "year", 12) for n in ("opens", "ready", "start"))],
        ),
        ("text", [Column(teller.say("column.sentence"), list(lines), "wrapped", 120)]),
    ]
    title = teller.say("title", name=run.study.name.text(teller.language))
    write_sheets(path, title, [(teller.say(f"sheet.{name}"), columns) for name, columns in sheets])


def _money_columns(table: pd.DataFrame, teller: Teller) -> list[Column]:
    return [
        Column(say("capital_yuan", teller.language), table["capital_yuan"].tolist(), "money", 18),
        Column(say("yearly_yuan", teller.language), table["yearly_yuan"].tolist(), "money", 18),
    ]
