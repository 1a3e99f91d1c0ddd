"""A plan explained: the stored tables of an explanation as sentences, and as a workbook. Nothing is computed anew."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from planner.report.explanation_book import write_explanation_book
from planner.report.indicators import UNKNOWN
from planner.report.publish import publish
from planner.words import gap_text, named, percent, say, signed, whole, yuan

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from planner.store.run import Run
    from planner.store.tables import Explanation
    from planner.study import Language

__all__ = ["explanation_lines", "publish_explanation"]

PEOPLE, AIM, YUAN = 0.5, 0.05, 1.0
"""Changes smaller than these are not worth a word: half a person, a twentieth of the first aim's unit, one yuan."""


def publish_explanation(run: Run, found: Explanation, folder: Path) -> tuple[Path, ...]:
    """Write the reports of the run, ``explanation.md`` and ``explanation.xlsx``; return their paths."""
    written = publish(run, folder)
    text, book = folder / "explanation.md", folder / "explanation.xlsx"
    lines = explanation_lines(run, found)
    text.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    write_explanation_book(run, found, Teller(run, found, run.study.language), lines, book)
    return (*written, text, book)


def explanation_lines(run: Run, found: Explanation, language: Language | None = None) -> tuple[str, ...]:
    """Return the explanation as lines of Markdown, in the language of the study unless told otherwise."""
    teller = Teller(run, found, language or run.study.language)
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


class Teller:
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
        if self.goal == "coverage" and self.weighted:
            aim += self.say("aim.weighted")
        lines = [self.say("aim", aim=aim)]
        if self.weighted:
            lines.append(self.say("weighted_note", services=self.joined(self.weighted)))
        if self.no_number:
            return [*lines, self.say("no_number" if result.status == "optimal" else "no_number_unproven")]
        reached = UNKNOWN if result.objective is None else self.number(result.objective)
        if result.bound is None or result.gap is None:
            return [*lines, self.say("no_bound", objective=reached)]
        best = self.number(result.bound, outwards=self.maximise, inwards=not self.maximise)
        if result.status == "optimal":
            return [*lines, self.say("proven", objective=reached, bound=best)]
        return [*lines, self.say("unproven", objective=reached, bound=best, gap=gap_text(result.gap))]

    def openings(self) -> list[str]:
        rows = self.found.openings.sort_values("worth_last", ascending=False, kind="stable").to_dict("records")
        if not rows:
            return []
        lines = [self.say("openings_note"), ""]
        for row in rows:
            who = self.who(row["service"])
            if abs(row["people_last"]) >= PEOPLE:
                key = "last_fewer" if row["people_last"] > 0 else "last_more"
                last = self.say(key, people=whole(abs(row["people_last"])), who=who)
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
                    who=who,
                    last=last,
                )
            )
        return lines

    def prices(self) -> list[str]:
        table = self.found.prices
        priced = table[table["priced"].astype(bool)].sort_values("gain", ascending=False, kind="stable")
        rows = priced.to_dict("records")
        telling = [row for row in rows if self._changes(row)]
        free = [row for row in rows if not self._changes(row)]
        parts = [[self.say("prices_note")]] if telling else []
        parts.append([f"- {self._price(row)}" for row in telling])
        unknown = [row for row in free if math.isnan(row["gain"])]
        if unknown:
            parts += [[self.say("free_unknown")], [f"- {self._named(row)}" for row in unknown]]
            free = [row for row in free if not math.isnan(row["gain"])]
        proven = [row for row in free if row["proven"]]
        if proven:
            most = self.at_most(max(row["gain_at_most"] for row in proven))
            parts += [[self.say("free", most=most)], [f"- {self._named(row)}" for row in proven]]
        doubtful = [row for row in free if not row["proven"]]
        if doubtful:
            parts += [[self.say("free_unproven")], [f"- {self._most(row)}" for row in doubtful]]
        left = table[~table["priced"].astype(bool)].to_dict("records")
        if left:
            parts += [[self.say("not_priced")], [f"- {self._named(row)}" for row in left]]
        if left or any(not self.telling(row["gain_at_most"]) for row in rows if not math.isnan(row["gain"])):
            parts.append([self.say("more_time")])
        return [line for part in parts if part for line in ("", *part)][1:]

    def _price(self, row: Mapping[Any, Any]) -> str:
        unknown = [self.better(row["gain"])] if math.isnan(row["gain"]) else []
        changes = self.joined([*self._changes(row), *unknown])
        return self.say("price", rule=self.rule(row), key=row["key"], changes=changes, doubt=self.doubt(row)).rstrip()

    def _named(self, row: Mapping[Any, Any]) -> str:
        return self.say("free_rule", rule=self.rule(row), key=row["key"])

    def _most(self, row: Mapping[Any, Any]) -> str:
        if not self.telling(row["gain_at_most"]):
            return self._named(row)
        return self.say("free_rule_most", rule=self.rule(row), key=row["key"], most=self.at_most(row["gain_at_most"]))

    def _changes(self, row: Mapping[Any, Any]) -> list[str]:
        """Return what is different without a rule, largest matters first; empty if nothing is."""
        told = [self.better(row["gain"])] if abs(row["gain"]) >= self.least_aim else []
        for service in self.run.study.services:
            people = row[f"people_{service.id}"]
            if abs(people) >= PEOPLE:
                minutes = f"{service.circles[-1].minutes:g}"
                told.append(
                    self.say(
                        "price_people",
                        people=signed(people),
                        minutes=minutes,
                        service=self.service(service.id),
                        who=self.who(service.id),
                    )
                )
        if abs(row["capital_yuan"]) >= YUAN:
            told.append(self.say("price_capital", yuan=self.change(row["capital_yuan"])))
        if abs(row["yearly_yuan"]) >= YUAN:
            told.append(self.say("price_yearly", yuan=self.change(row["yearly_yuan"])))
        return told

    def better(self, gain: float) -> str:
        """Return a gain in the first aim with its unit; NaN where one of the two has no number."""
        if math.isnan(gain):
            return self.say("gain_unknown")
        if self.goal == "coverage":
            return self.say(
                "gain_coverage_weighted" if self.weighted else "gain_coverage",
                gain=("+" if gain > 0 else "−") + self.number(abs(gain)),
            )
        return self.say("gain" if gain > 0 else "loss", gain=self.number(abs(gain)))

    def telling(self, most: float) -> bool:
        """Say whether a bound on a gain tells anything: one that would allow twice the plan, or no walk at all, does not."""
        reached = self.run.manifest.result.objective
        return not math.isnan(most) and (self.goal == "fair" or reached is None or most < abs(reached))

    def doubt(self, row: Mapping[Any, Any]) -> str:
        """Return between what two numbers the gain lies, as far as bounds prove it; nothing where it has no number."""
        if math.isnan(row["gain"]):
            return ""
        least, most = row["gain_at_least"], row["gain_at_most"]
        some = least >= self.least_aim
        if not self.telling(most):
            return self.say("at_least", least=self.at_least(least)) if some else self.say("doubt_unknown")
        if some:
            return self.say("between", least=self.at_least(least), most=self.at_most(most))
        return self.say("at_most", most=self.at_most(most))

    def swaps(self) -> list[str]:
        rows = self.found.swaps.to_dict("records")
        if not rows:
            return [self.say("swap_none")]
        years = len(self.run.study.siting.years)
        lines = []
        for row in rows:
            services = dict.fromkeys((row["into_service"], row["out_service"]))
            people = [(row["people_into"], row["into_service"]), (row["people_out"], row["out_service"])]
            told = self.joined(
                [
                    self.say(
                        "price_people" if abs(number) >= PEOPLE else "same_people",
                        people=signed(number),
                        minutes=f"{self._services[service].circles[-1].minutes:g}",
                        service=self.service(service),
                        who=self.who(service),
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
                "years": self.say("years", years=years) if years else "",
                "people": told,
            }
            if row["allowed"]:
                lines.append("- " + self.say("swap_allowed", **values))
            else:
                lines.append("- " + self.say("swap_refused", **values, broken=row[f"broken_{self.language}"]))
        tried = [] if any(row["allowed"] for row in rows) else [self.say("swap_none_allowed")]
        if len(self.run.tables.loads) or years:
            tried.append(self.say("swap_tried"))
        if tried:
            lines += ["", *tried]
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
        budgets = self.run.study.budgets
        outside = [one.name.text(self.language) for one in budgets.departments.values() if one.outside]
        total = self.say(
            "bill_total",
            capital=self._against(result.capital_yuan, budgets.capital_yuan),
            yearly=self._against(result.yearly_yuan, budgets.yearly_yuan),
            without=self.say("bill_without", names=self.joined(outside)) if outside else "",
        )
        return [*lines, "", total]

    def _against(self, spent: float, limit: float | None) -> str:
        """Return money with its limit."""
        said = self.say("no_limit") if limit is None else self.say("limit", limit=self.money(limit))
        return self.say("against", spent=self.money(spent), limit=said)

    def unfunded(self) -> list[str]:
        endless = self.found.endless_money.to_dict("records")
        if not endless:
            limited = self.found.prices["kind"].str.contains("capital|yearly").any()
            return [self.say("unfunded_unasked" if limited else "unfunded_endless")]
        row: Mapping[Any, Any] = endless[0]
        if not len(self.found.unfunded) and abs(row["gain"]) < self.least_aim and abs(row["capital_yuan"]) < YUAN:
            if not self.telling(row["gain_at_most"]):
                return [self.say("endless_unknown")]
            key = "endless_same" if row["proven"] else "endless_unproven"
            return [self.say(key, most=self.at_most(row["gain_at_most"]))]
        changes = [self.change(row["capital_yuan"]), self.change(row["yearly_yuan"])]
        said = dict(zip(("capital", "yearly"), changes, strict=True))
        better = self.say("gain_none") if abs(row["gain"]) < self.least_aim else self.better(row["gain"])
        lines = [self.say("endless", openings=int(row["openings"]), better=better, doubt=self.doubt(row), **said)]
        if not len(self.found.unfunded):
            return [*lines, self.say("unfunded_none")]
        items = [
            self.say(
                "unfunded_item",
                service=self.service(one["service"]),
                place=self.place(one["place_id"]),
                capital=self.money(one["capital_yuan"]),
                yearly=self.money(one["yearly_yuan"]),
            )
            for one in self.found.unfunded.to_dict("records")
        ]
        return [*lines, "", self.say("unfunded_items"), "", *(f"- {item}" for item in items)]

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
    def no_number(self) -> bool:
        """Whether the first aim is the longest walk, and somebody who could be served reaches nothing."""
        return self.goal == "furthest" and self.run.manifest.result.objective is None

    @property
    def weighted(self) -> list[str]:
        """Names of the services whose figures count weighted people."""
        return [self.service(one.id) for one in self.run.study.services if self.run.study.weighs(one)]

    def who(self, service_id: str | None = None) -> str:
        """Return whom the figures of a service count, heads or weighted people; of any service where none is named."""
        weighted = self.weighted if service_id is None else self.run.study.weighs(self._services[service_id])
        return self.say("who_weighted" if weighted else "who")

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

    def at_least(self, gain: float) -> str:
        """Return a gain that is reached."""
        if self.goal == "fair":
            return f"{math.floor(1000 * gain + 1e-6) / 10:.1f} %"
        return self.number(gain, inwards=True)

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
        return named(self._places.get(place_id, ""), place_id)

    def rule(self, row: Mapping[Any, Any]) -> str:
        """Return a rule in words."""
        return str(row[f"rule_{self.language}"])

    def joined(self, told: list[str]) -> str:
        """Return a list in one line."""
        return ("，" if self.language == "zh" else ", ").join(told)
