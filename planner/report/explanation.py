"""A plan explained: the stored tables of an explanation as sentences, nothing recomputed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from planner.i18n import (
    format_change,
    format_count,
    format_gap,
    format_money,
    format_share,
    join,
    money_label,
    name_with_id,
    text_column,
    translate,
)
from planner.report.names import scenario_name
from planner.report.summary import UNKNOWN, coverage
from planner.study.rules import MAXIMISED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.store.run import Run
    from planner.store.tables import Explanation
    from planner.study import Language


LEAST_PEOPLE, LEAST_GAIN, LEAST_MONEY = 0.5, 0.05, 1.0
"""Smaller changes are not reported: half a person, a twentieth of the first goal's unit, one unit of money."""


def explanation_lines(run: Run, found: Explanation, language: Language | None = None) -> tuple[str, ...]:
    """Return the explanation as lines of Markdown, by default in the language of the study."""
    texts = ExplanationText(run, found, language or run.study.language)
    lines = ["# " + texts.text("title", name=run.study.name.text(texts.language)), ""]
    manifest = run.manifest
    scenario = scenario_name(run.study, manifest.scenario, manifest.scenario_label, texts.language)
    lines += [*_opening(run, texts.language), ""]
    lines.append(texts.text("run", scenario=scenario, run=manifest.run_id))
    sections = {
        "sure": texts.proof,
        "openings": texts.openings,
        "prices": texts.prices,
        "swaps": texts.swaps,
        "bills": texts.bills,
        "unfunded": texts.unfunded,
        "schedule": texts.schedule,
    }
    for heading, section in sections.items():
        body = section()
        if body:
            lines += ["", "## " + texts.text(heading), "", *body]
    return tuple(lines)


def _opening(run: Run, language: Language) -> list[str]:
    """Return what opens and what it costs, and of each service whom its widest circle reaches and who is left out."""
    result, currency = run.manifest.result, run.study.currency
    lines = [
        translate(
            "report.opening",
            language,
            sites=result.sites_opened,
            services=result.services_opened,
            capital=format_money(result.capital_cost, language, currency),
            yearly=format_money(result.yearly_cost, language, currency),
        )
    ]
    for row in {row.service.id: row for row in coverage(run)}.values():  # the last circle is the widest
        unit = translate("report.unit_weighted" if row.weighted else "report.unit_people", language)
        lines.append(
            "- "
            + translate(
                "report.opening_reach",
                language,
                service=row.service.name.text(language),
                minutes=row.minutes,
                share_before=format_share(row.share_before),
                share_after=format_share(row.share_after),
                left=f"{format_count(row.people - row.after)} {unit}",
            )
        )
    return [lines[0], "", *lines[1:]]


class ExplanationText:
    """The sections of an explanation in one language, each a list of Markdown lines; empty where there is nothing to report."""

    def __init__(self, run: Run, found: Explanation, language: Language) -> None:
        self.run, self.found, self.language = run, found, language
        self.currency = run.study.currency
        self.goal = run.manifest.result.goals[0].goal if run.manifest.result.goals else "coverage"
        self.maximise = self.goal in MAXIMISED
        self._services = {service.id: service for service in run.study.services}
        self._places = dict(zip(run.tables.places["id"], run.tables.places["name"], strict=True))

    def text(self, what: str, **values: object) -> str:
        """Return a text of the catalogue of explanations."""
        return translate(
            f"explain.{what}", self.language, **{"currency": money_label(self.language, self.currency), **values}
        )

    def proof(self) -> list[str]:
        """Return the goal, its value and bound, and whether the plan is proven optimal."""
        result = self.run.manifest.result
        years = self.run.study.siting.years
        aim = self.text(f"aim.{self.goal}")
        if years and self.goal in {"coverage", "walk"}:
            aim += self.text("aim.years", years=len(years))
        if self.goal == "coverage" and self.weighted:
            aim += self.text("aim.weighted")
        lines = [self.text("aim", aim=aim)]
        if self.weighted:
            lines.append(self.text("weighted_note", services=self.join(self.weighted)))
        if self.no_number:
            return [*lines, self.text("no_number" if result.status == "optimal" else "no_number_unproven")]
        reached = UNKNOWN if result.objective is None else self.goal_value(result.objective)
        if result.bound is None or result.gap is None:
            return [*lines, self.text("no_bound", objective=reached)]
        best = self.goal_value(result.bound, outwards=self.maximise, inwards=not self.maximise)
        if result.status == "optimal":
            return [*lines, self.text("proven", objective=reached, bound=best)]
        return [*lines, self.text("unproven", objective=reached, bound=best, gap=format_gap(result.gap))]

    def openings(self) -> list[str]:
        """Return what each opening adds alone and as the last one."""
        rows = self.found.openings.sort_values("worth_last", ascending=False, kind="stable").to_dict("records")
        if not rows:
            return []
        lines = [self.text("openings_note"), ""]
        for row in rows:
            who = self.unit(row["service"])
            if abs(row["people_last"]) >= LEAST_PEOPLE:
                key = "last_fewer" if row["people_last"] > 0 else "last_more"
                last = self.text(key, people=format_count(abs(row["people_last"])), who=who)
            elif row["worth_last"] >= LEAST_GAIN:
                last = self.text("last_walks", worth=f"{row['worth_last']:,.1f}")
            else:
                last = self.text("last_nothing")
            lines.append(
                "- "
                + self.text(
                    "opening",
                    service=self.service(row["service"]),
                    place=self.place(row["place_id"]),
                    minutes=f"{row['minutes']:g}",
                    alone=format_change(row["people_alone"]),
                    who=who,
                    last=last,
                )
            )
        return lines

    def prices(self) -> list[str]:
        """Return the cost of each constraint: what the plan would gain without it."""
        table = self.found.prices
        priced = table[table["priced"].astype(bool)].sort_values("gain", ascending=False, kind="stable")
        rows = priced.to_dict("records")
        with_effect = [row for row in rows if self._changes(row)]
        without_effect = [row for row in rows if not self._changes(row)]
        parts = [[self.text("prices_note")]] if with_effect else []
        parts.append([f"- {self._price_line(row)}" for row in with_effect])
        unknown = [row for row in without_effect if math.isnan(row["gain"])]
        if unknown:
            parts += [[self.text("free_unknown")], [f"- {self._rule_line(row)}" for row in unknown]]
            without_effect = [row for row in without_effect if not math.isnan(row["gain"])]
        proven = [row for row in without_effect if row["proven"]]
        if proven:
            most = self.upper_bound_text(max(row["gain_at_most"] for row in proven))
            parts += [[self.text("free", most=most)], [f"- {self._rule_line(row)}" for row in proven]]
        unproven = [row for row in without_effect if not row["proven"]]
        if unproven:
            parts += [[self.text("free_unproven")], [f"- {self._bounded_rule_line(row)}" for row in unproven]]
        unpriced = table[~table["priced"].astype(bool)].to_dict("records")
        if unpriced:
            parts += [[self.text("not_priced")], [f"- {self._rule_line(row)}" for row in unpriced]]
        if unpriced or any(not self.is_informative(row["gain_at_most"]) for row in rows if not math.isnan(row["gain"])):
            parts.append([self.text("more_time")])
        return [line for part in parts if part for line in ("", *part)][1:]

    def _price_line(self, row: Mapping[Any, Any]) -> str:
        unknown = [self.gain_text(row["gain"])] if math.isnan(row["gain"]) else []
        changes = self.join([*self._changes(row), *unknown])
        return self.text("price", rule=self.rule(row), changes=changes, doubt=self.interval_text(row)).rstrip()

    def _rule_line(self, row: Mapping[Any, Any]) -> str:
        return self.text("free_rule", rule=self.rule(row))

    def _bounded_rule_line(self, row: Mapping[Any, Any]) -> str:
        if not self.is_informative(row["gain_at_most"]):
            return self._rule_line(row)
        return self.text("free_rule_most", rule=self.rule(row), most=self.upper_bound_text(row["gain_at_most"]))

    def _changes(self, row: Mapping[Any, Any]) -> list[str]:
        """Return the changes without a constraint: goal, people, money; empty if there are none."""
        parts = [self.gain_text(row["gain"])] if abs(row["gain"]) >= self.least_gain else []
        for service in self.run.study.services:
            people = row[f"people_{service.id}"]
            if abs(people) >= LEAST_PEOPLE:
                minutes = f"{self.run.study.circles_of(service)[-1].minutes:g}"
                parts.append(
                    self.text(
                        "price_people",
                        people=format_change(people),
                        minutes=minutes,
                        service=self.service(service.id),
                        who=self.unit(service.id),
                    )
                )
        if abs(row["capital_cost"]) >= LEAST_MONEY:
            parts.append(self.text("price_capital", amount=self.money_change(row["capital_cost"])))
        if abs(row["yearly_cost"]) >= LEAST_MONEY:
            parts.append(self.text("price_yearly", amount=self.money_change(row["yearly_cost"])))
        return parts

    def gain_text(self, gain: float) -> str:
        """Return a gain in the first goal with its unit; a text for NaN."""
        if math.isnan(gain):
            return self.text("gain_unknown")
        if self.goal == "coverage":
            return self.text(
                "gain_coverage_weighted" if self.weighted else "gain_coverage",
                gain=("+" if gain > 0 else "−") + self.goal_value(abs(gain)),
            )
        return self.text("gain" if gain > 0 else "loss", gain=self.goal_value(abs(gain)))

    def is_informative(self, most: float) -> bool:
        """Return whether a bound on a gain is informative: below the value of the plan itself."""
        reached = self.run.manifest.result.objective
        return not math.isnan(most) and (self.goal == "fair" or reached is None or most < abs(reached))

    def interval_text(self, row: Mapping[Any, Any]) -> str:
        """Return the interval in which the gain is proven to lie; empty for NaN."""
        if math.isnan(row["gain"]):
            return ""
        least, most = row["gain_at_least"], row["gain_at_most"]
        is_positive = least >= self.least_gain
        if not self.is_informative(most):
            return (
                self.text("at_least", least=self.lower_bound_text(least)) if is_positive else self.text("doubt_unknown")
            )
        if is_positive:
            return self.text("between", least=self.lower_bound_text(least), most=self.upper_bound_text(most))
        return self.text("at_most", most=self.upper_bound_text(most))

    def swaps(self) -> list[str]:
        """Return the best exchange of one opening for another, for each service, and which constraint forbids it."""
        rows = self.found.swaps.to_dict("records")
        if not rows:
            return [self.text("swap_none")]
        years = len(self.run.study.siting.years)
        lines = []
        for row in rows:
            services = dict.fromkeys((row["into_service"], row["out_service"]))
            people = [(row["people_into"], row["into_service"]), (row["people_out"], row["out_service"])]
            parts = self.join(
                [
                    self.text(
                        "price_people" if abs(number) >= LEAST_PEOPLE else "same_people",
                        people=format_change(number),
                        minutes=f"{self.run.study.circles_of(self._services[service])[-1].minutes:g}",
                        service=self.service(service),
                        who=self.unit(service),
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
                "years": self.text("years", years=years) if years else "",
                "people": parts,
            }
            if row["allowed"]:
                lines.append("- " + self.text("swap_allowed", **values))
            else:
                lines.append(
                    "- " + self.text("swap_refused", **values, broken=row[text_column(row, "broken", self.language)])
                )
        tried = [] if any(row["allowed"] for row in rows) else [self.text("swap_none_allowed")]
        if len(self.run.tables.loads) or years:
            tried.append(self.text("swap_tried"))
        if tried:
            lines += ["", *tried]
        return lines

    def bills(self) -> list[str]:
        """Return what each department pays, against its budgets."""
        rows = self.run.tables.bills.to_dict("records")
        if not rows:
            return [self.text("bills_none")]
        lines = []
        for row in rows:
            limits = {name: row[f"{name}_limit"] for name in ("capital", "yearly")}
            values = {"department": row[text_column(row, "name", self.language)]}
            values |= {name: self.money(row[f"{name}_cost"]) for name in limits}
            if all(math.isnan(limit) for limit in limits.values()):
                lines.append("- " + self.text("bill", **values))
                continue
            limits_text = {
                f"{name}_limit": self.text("no_limit")
                if math.isnan(limit)
                else self.text("limit", limit=self.money(limit))
                for name, limit in limits.items()
            }
            lines.append("- " + self.text("bill_of", **values, **limits_text))
        result = self.run.manifest.result
        budgets = self.run.study.budgets
        outside = [one.name.text(self.language) for one in budgets.departments.values() if one.outside]
        total = self.text(
            "bill_total",
            capital=self._against(result.capital_cost, budgets.capital_cost),
            yearly=self._against(result.yearly_cost, budgets.yearly_cost),
            without=self.text("bill_without", names=self.join(outside)) if outside else "",
        )
        return [*lines, "", total]

    def _against(self, spent: float, limit: float | None) -> str:
        """Return money with its limit."""
        limits_text = self.text("no_limit") if limit is None else self.text("limit", limit=self.money(limit))
        return self.text("against", spent=self.money(spent), limit=limits_text)

    def unfunded(self) -> list[str]:
        """Return what a plan without budgets would open in addition."""
        endless = self.found.endless_money.to_dict("records")
        if not endless:
            limited = self.found.prices["kind"].str.contains("capital|yearly").any()
            return [self.text("unfunded_unasked" if limited else "unfunded_endless")]
        row: Mapping[Any, Any] = endless[0]
        if (
            not len(self.found.unfunded)
            and abs(row["gain"]) < self.least_gain
            and abs(row["capital_cost"]) < LEAST_MONEY
        ):
            if not self.is_informative(row["gain_at_most"]):
                return [self.text("endless_unknown")]
            key = "endless_same" if row["proven"] else "endless_unproven"
            return [self.text(key, most=self.upper_bound_text(row["gain_at_most"]))]
        changes = [self.money_change(row["capital_cost"]), self.money_change(row["yearly_cost"])]
        limits_text = dict(zip(("capital", "yearly"), changes, strict=True))
        better = self.text("gain_none") if abs(row["gain"]) < self.least_gain else self.gain_text(row["gain"])
        lines = [
            self.text(
                "endless", openings=int(row["openings"]), better=better, doubt=self.interval_text(row), **limits_text
            )
        ]
        if not len(self.found.unfunded):
            return [*lines, self.text("unfunded_none")]
        items = [
            self.text(
                "unfunded_item",
                service=self.service(one["service"]),
                place=self.place(one["place_id"]),
                capital=self.money(one["capital_cost"]),
                yearly=self.money(one["yearly_cost"]),
            )
            for one in self.found.unfunded.to_dict("records")
        ]
        return [*lines, "", self.text("unfunded_items"), "", *(f"- {item}" for item in items)]

    def schedule(self) -> list[str]:
        """Return when each opening starts."""
        rows = self.found.schedule.sort_values(["opens", "start"], kind="stable").to_dict("records")
        first = self.run.study.siting.years[0] if rows else 0
        return [
            "- "
            + self.text(
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
        """Whether the first goal is the longest walk and somebody who could be served reaches nothing."""
        return self.goal == "furthest" and self.run.manifest.result.objective is None

    @property
    def weighted(self) -> list[str]:
        """Names of the services whose figures count weighted people."""
        return [self.service(one.id) for one in self.run.study.services if self.run.study.weighs(one)]

    def unit(self, service_id: str | None = None) -> str:
        """Return what the figures of a service (default: any service) count: heads or weighted people."""
        weighted = self.weighted if service_id is None else self.run.study.weighs(self._services[service_id])
        return self.text("who_weighted" if weighted else "who")

    @property
    def least_gain(self) -> float:
        """The least reported change of the first goal, in its unit."""
        return 0.0005 if self.goal == "fair" else LEAST_GAIN

    def goal_value(self, value: float, *, outwards: bool = False, inwards: bool = False) -> str:
        """Return a value of the first goal; bounds are rounded to the side on which they stay valid."""
        if self.goal == "fair":
            return format_share(value)
        tenths = 10 * value
        near = math.ceil(tenths - 1e-6) if outwards else math.floor(tenths + 1e-6) if inwards else round(tenths)
        return f"{near / 10 + 0.0:,.1f}".removesuffix(".0")

    def upper_bound_text(self, gain: float) -> str:
        """Return an upper bound of a gain."""
        if self.goal == "fair":
            return f"{math.ceil(1000 * max(gain, 0.0) - 1e-6) / 10:.1f} %"
        return self.goal_value(max(gain, 0.0), outwards=True)

    def lower_bound_text(self, gain: float) -> str:
        """Return a lower bound of a gain."""
        if self.goal == "fair":
            return f"{math.floor(1000 * gain + 1e-6) / 10:.1f} %"
        return self.goal_value(gain, inwards=True)

    def money(self, value: float) -> str:
        """Return an amount of money of either sign."""
        return format_money(value, self.language, self.currency)

    def money_change(self, value: float) -> str:
        """Return a change of money with its sign."""
        return f"+{self.money(value)}" if value > 0 else self.money(value)

    def service(self, service_id: str) -> str:
        """Return a service by name."""
        return self._services[service_id].name.text(self.language)

    def place(self, place_id: str) -> str:
        """Return a place by name and id."""
        return name_with_id(self._places.get(place_id, ""), place_id)

    def rule(self, row: Mapping[Any, Any]) -> str:
        """Return a constraint as text."""
        return str(row[text_column(row, "rule", self.language)])

    def join(self, parts: list[str]) -> str:
        """Return a list in one line."""
        return join(parts, self.language, "phrases")
