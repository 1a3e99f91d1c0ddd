"""A plan explained: the stored tables of an explanation as sentences, and as a workbook. Nothing is computed anew."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from planner.report.publish import publish
from planner.report.workbook import Column, write_sheets
from planner.words import percent, say, signed, whole, yuan

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from planner.runs.explaining import Explanation
    from planner.runs.store import Run
    from planner.study import Language

__all__ = ["explanation_lines", "publish_explanation"]

PEOPLE, AIM, YUAN = 0.5, 0.05, 1.0
"""Changes smaller than these are not worth a word: half a person, a twentieth of the first aim's unit, one yuan."""


def publish_explanation(run: Run, found: Explanation, folder: Path) -> tuple[Path, ...]:
    """Write the reports of the run, ``explanation.md`` and ``explanation.xlsx``; return their paths."""
    written = publish(run, folder)
    text, book = folder / "explanation.md", folder / "explanation.xlsx"
    text.write_text("\n".join(explanation_lines(run, found)) + "\n", encoding="utf-8", newline="\n")
    _write_book(run, found, book)
    return (*written, text, book)


def explanation_lines(run: Run, found: Explanation, language: Language | None = None) -> tuple[str, ...]:
    """Return the explanation as lines of Markdown, in the language of the study unless told otherwise."""
    teller = _Teller(run, found, language or run.study.language)
    lines = ["# " + teller.say("title", name=run.study.name.text(teller.language)), ""]
    lines.append(teller.say("run", scenario=run.manifest.scenario, run=run.manifest.run_id))
    for part in (
        teller.sure,
        teller.openings,
        teller.prices,
        teller.swaps,
        teller.bills,
        teller.unfunded,
        teller.schedule,
    ):
        told = part()
        if told:
            lines += ["", "## " + teller.say(part.__name__), "", *told]
    return tuple(lines)


class _Teller:
    """Says each part of an explanation in one language."""

    def __init__(self, run: Run, found: Explanation, language: Language) -> None:
        self.run, self.found, self.language = run, found, language
        self.goal = run.manifest.result.goals[0].goal if run.manifest.result.goals else "coverage"
        self.maximise = self.goal in {"coverage", "fair"}
        self._services = {service.id: service for service in run.study.services}
        self._places = dict(zip(run.tables.places["id"], run.tables.places["name"], strict=True))

    def say(self, what: str, **values: object) -> str:
        return say(f"explain.{what}", self.language, **values)

    def sure(self) -> list[str]:
        result = self.run.manifest.result
        years = self.run.study.siting.years
        aim = self.say(f"aim.{self.goal}")
        if years and self.goal in {"coverage", "walk"}:
            aim += self.say("aim.years", years=len(years))
        lines = [self.say("aim", aim=aim)]
        reached = self.number(result.objective)
        if result.bound is None or result.gap is None:
            return [*lines, self.say("no_bound", objective=reached)]
        best = self.number(result.bound, outwards=self.maximise, inwards=not self.maximise)
        if result.status == "optimal":
            return [*lines, self.say("proven", objective=reached, bound=best)]
        return [*lines, self.say("unproven", objective=reached, bound=best, gap=f"{100 * result.gap:.2f} %")]

    def openings(self) -> list[str]:
        rows = self.found.openings.sort_values("worth_last", ascending=False, kind="stable").to_dict("records")
        if not rows:
            return []
        lines = [self.say("openings_note"), ""]
        for row in rows:
            if abs(row["people_last"]) >= PEOPLE:
                key = "last_fewer" if row["people_last"] > 0 else "last_more"
                last = self.say(key, people=whole(abs(row["people_last"])))
            elif row["worth_last"] >= AIM:
                last = self.say("last_walks", worth=f"{row['worth_last']:,.1f}")
            else:
                last = self.say("last_nothing")
            lines.append(
                "- "
                + self.say(
                    "opening",
                    service=self.service(row["service"]),
                    place=self.place(row["place_id"]),
                    minutes=f"{row['minutes']:g}",
                    alone=signed(row["people_alone"]),
                    last=last,
                )
            )
        return lines

    def prices(self) -> list[str]:
        table = self.found.prices
        priced = table[table["priced"]].sort_values("gain", ascending=False, kind="stable").to_dict("records")
        telling = [row for row in priced if self._changes(row)]
        free = [row for row in priced if not self._changes(row)]
        lines = []
        for row in telling:
            changes = self.joined(self._changes(row))
            told = self.say("price", rule=self.rule(row), key=row["key"], changes=changes, doubt=self.doubt(row))
            lines.append("- " + told)
        proven = [row for row in free if row["proven"]]
        if proven:
            most = max(row["gain_at_most"] for row in proven)
            lines += ["", self.say("free", most=self.at_most(most)), ""]
            lines += ["- " + self.say("free_rule", rule=self.rule(row), key=row["key"]) for row in proven]
        doubtful = [row for row in free if not row["proven"]]
        if doubtful:
            lines += ["", self.say("free_unproven"), ""]
            lines += ["- " + self._most(row) for row in doubtful]
        left = table[~table["priced"].astype(bool)].to_dict("records")
        if left:
            lines += ["", self.say("not_priced"), ""]
            lines += ["- " + self.say("free_rule", rule=self.rule(row), key=row["key"]) for row in left]
        return lines[1:] if lines and not lines[0] else lines

    def _most(self, row: Mapping[Any, Any]) -> str:
        if math.isnan(row["gain_at_most"]):
            return self.say("free_rule", rule=self.rule(row), key=row["key"])
        return self.say("free_rule_most", rule=self.rule(row), key=row["key"], most=self.at_most(row["gain_at_most"]))

    def _changes(self, row: Mapping[Any, Any]) -> list[str]:
        """Return what is different without a rule, largest matters first; empty if nothing is."""
        told = []
        if abs(row["gain"]) >= self.least_aim:
            told.append(self.say("price_aim" if row["gain"] > 0 else "price_worse", gain=self.number(abs(row["gain"]))))
        for service in self.run.study.services:
            people = row[f"people_{service.id}"]
            if abs(people) >= PEOPLE:
                minutes = f"{service.circles[-1].minutes:g}"
                told.append(
                    self.say("price_people", people=signed(people), minutes=minutes, service=self.service(service.id))
                )
        if abs(row["capital_yuan"]) >= YUAN:
            told.append(self.say("price_capital", yuan=self.change(row["capital_yuan"])))
        if abs(row["yearly_yuan"]) >= YUAN:
            told.append(self.say("price_yearly", yuan=self.change(row["yearly_yuan"])))
        return told

    def doubt(self, row: Mapping[Any, Any]) -> str:
        """Return how much better the first aim can be at most, and whether that is proven."""
        if math.isnan(row["gain_at_most"]):
            return self.say("doubt_unknown")
        return self.say("doubt_proven" if row["proven"] else "doubt_unproven", most=self.at_most(row["gain_at_most"]))

    def swaps(self) -> list[str]:
        rows = self.found.swaps.to_dict("records")
        if not rows:
            return [self.say("swap_none")]
        lines = []
        for row in rows:
            services = dict.fromkeys((row["into_service"], row["out_service"]))
            people = [(row["people_into"], row["into_service"]), (row["people_out"], row["out_service"])]
            told = self.joined(
                [
                    self.say(
                        "price_people",
                        people=signed(number),
                        minutes=f"{self._services[service].circles[-1].minutes:g}",
                        service=self.service(service),
                    )
                    for number, service in people[: len(services)]
                ]
            )
            values = {
                "out_place": self.place(row["out_place_id"]),
                "out_service": self.service(row["out_service"]),
                "into_place": self.place(row["into_place_id"]),
                "into_service": self.service(row["into_service"]),
                "gain": f"{row['gain']:+,.1f}".replace("-", "−"),
                "people": told,
            }
            if row["allowed"]:
                lines.append("- " + self.say("swap_allowed", **values))
            else:
                broken = row[f"broken_{self.language}"] or self.say("swap_class")
                lines.append("- " + self.say("swap_refused", **values, broken=broken))
        if len(self.run.tables.loads) or self.run.study.siting.years:
            lines += ["", self.say("swap_tried")]
        return lines

    def bills(self) -> list[str]:
        rows = self.run.tables.bills.to_dict("records")
        if not rows:
            return [self.say("bills_none")]
        lines = []
        for row in rows:
            limits = {name: row[f"{name}_limit_yuan"] for name in ("capital", "yearly")}
            values = {"department": row[f"name_{self.language}"]}
            values |= {name: self.money(row[f"{name}_yuan"]) for name in limits}
            if all(math.isnan(limit) for limit in limits.values()):
                lines.append("- " + self.say("bill", **values))
                continue
            said = {
                f"{name}_limit": self.say("no_limit")
                if math.isnan(limit)
                else self.say("limit", limit=self.money(limit))
                for name, limit in limits.items()
            }
            lines.append("- " + self.say("bill_of", **values, **said))
        result = self.run.manifest.result
        capital, yearly = self.money(result.capital_yuan), self.money(result.yearly_yuan)
        return [*lines, "", self.say("bill_total", capital=capital, yearly=yearly)]

    def unfunded(self) -> list[str]:
        endless = self.found.endless_money.to_dict("records")
        if not endless:
            limited = self.found.prices["kind"].str.contains("capital|yearly").any()
            return [self.say("unfunded_unasked" if limited else "unfunded_endless")]
        row: Mapping[Any, Any] = endless[0]
        if not len(self.found.unfunded) and abs(row["gain"]) < self.least_aim and abs(row["capital_yuan"]) < YUAN:
            return [self.say("endless_same", doubt=self.doubt(row))]
        lines = [
            self.say(
                "endless",
                openings=int(row["openings"]),
                capital=self.change(row["capital_yuan"]),
                yearly=self.change(row["yearly_yuan"]),
                gain=self.number(row["gain"]),
                doubt=self.doubt(row),
            ),
            "",
        ]
        items = [
            "- "
            + self.say(
                "unfunded_item",
                service=self.service(one["service"]),
                place=self.place(one["place_id"]),
                capital=self.money(one["capital_yuan"]),
                yearly=self.money(one["yearly_yuan"]),
            )
            for one in self.found.unfunded.to_dict("records")
        ]
        return lines + (items or [self.say("unfunded_none")])

    def schedule(self) -> list[str]:
        rows = self.found.schedule.sort_values(["opens", "start"], kind="stable").to_dict("records")
        first = self.run.study.siting.years[0] if rows else 0
        return [
            "- "
            + self.say(
                "schedule_now" if row["start_now"] else "schedule_item",
                opens=row["opens"],
                service=self.service(row["service"]),
                place=self.place(row["place_id"]),
                **({"first": first} if row["start_now"] else {"start": row["start"]}),
            )
            for row in rows
        ]

    @property
    def least_aim(self) -> float:
        """The least change of the first aim that is worth a word, in its own unit."""
        return 0.0005 if self.goal == "fair" else AIM

    def number(self, value: float, *, outwards: bool = False, inwards: bool = False) -> str:
        """Return a number of the first aim; a bound is rounded to the side on which it stays true."""
        if self.goal == "fair":
            return percent(value)
        tenths = 10 * value
        near = math.ceil(tenths - 1e-6) if outwards else math.floor(tenths + 1e-6) if inwards else round(tenths)
        return f"{near / 10 + 0.0:,.1f}".removesuffix(".0")

    def at_most(self, gain: float) -> str:
        """Return a gain that is not exceeded."""
        if self.goal == "fair":
            return f"{math.ceil(1000 * max(gain, 0.0) - 1e-6) / 10:.1f} %"
        return self.number(max(gain, 0.0), outwards=True)

    def money(self, value: float) -> str:
        """Return yuan, whatever their sign."""
        return yuan(value, self.language) if value >= 0 else f"−{yuan(-value, self.language)}"

    def change(self, value: float) -> str:
        """Return a change of yuan with its sign."""
        return f"+{self.money(value)}" if value > 0 else self.money(value)

    def service(self, service_id: str) -> str:
        """Return a service by name."""
        return self._services[service_id].name.text(self.language)

    def place(self, place_id: str) -> str:
        """Return a place by name and id."""
        name = " ".join(str(self._places.get(place_id, "")).split())
        return f"{name} ({place_id})" if name and name != place_id else place_id

    def rule(self, row: Mapping[Any, Any]) -> str:
        """Return a rule in words."""
        return str(row[f"rule_{self.language}"])

    def joined(self, told: list[str]) -> str:
        """Return a list in one line."""
        return ("，" if self.language == "zh" else ", ").join(told)


def _write_book(run: Run, found: Explanation, path: Path) -> None:
    teller = _Teller(run, found, run.study.language)

    def column(table: pd.DataFrame, name: str, heading: str, kind: str = "text", width: float = 16) -> Column:
        return Column(teller.say(f"column.{heading}"), table[name].tolist(), kind, width)

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
                column(prices, "gain_at_most", "most", "people"),
                column(prices, "proven", "proven"),
                *(
                    Column(
                        teller.say("column.people", service=teller.service(service.id)),
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
        ("text", [Column(teller.say("column.sentence"), list(explanation_lines(run, found)), "wrapped", 120)]),
    ]
    title = teller.say("title", name=run.study.name.text(teller.language))
    write_sheets(path, title, [(teller.say(f"sheet.{name}"), columns) for name, columns in sheets])


def _money_columns(table: pd.DataFrame, teller: _Teller) -> list[Column]:
    return [
        Column(say("capital_yuan", teller.language), table["capital_yuan"].tolist(), "money", 18),
        Column(say("yearly_yuan", teller.language), table["yearly_yuan"].tolist(), "money", 18),
    ]
