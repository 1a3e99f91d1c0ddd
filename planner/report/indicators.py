"""The figures every report quotes: rows of the stored tables, chosen and worded, never computed anew."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.words import gap_text, glossary, named, percent, say, whole, yuan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planner.store.run import Run
    from planner.study import Language, Service


UNKNOWN = "–"


@dataclass(frozen=True)
class Coverage:
    """People inside one circle of one service, before and after the plan."""

    service: Service
    minutes: float
    people: float
    before: float
    after: float
    served_before: float
    """Those of them who find a place; equal to ``before`` where places are not limited."""
    served_after: float
    heads: float
    """Each person of the groups that the service counts as one, whatever the weights."""
    heads_before: float
    heads_after: float
    limited: bool
    """Whether places of the service are limited, so that being within reach is not finding one."""
    weighted: bool
    """Whether people are counted by weight, so that these are not heads."""

    @property
    def share_before(self) -> float:
        """Share of the people covered today (0 where there are no people)."""
        return self.before / self.people if self.people else 0.0

    @property
    def share_after(self) -> float:
        """Share of the people covered once the plan is built (0 where there are no people)."""
        return self.after / self.people if self.people else 0.0


def limited_services(run: Run) -> frozenset[str]:
    """Return the services of which some way to run them, or what stands today, has a limited number of places."""
    offers = run.tables.offers
    return frozenset(offers.loc[offers["capacity"].notna(), "service"].astype(str))


def coverage(run: Run) -> tuple[Coverage, ...]:
    """Return the coverage of every service and circle, in the order of the study."""
    rows = {(row["service"], row["minutes"]): row for row in run.tables.coverage.to_dict("records")}
    limited = limited_services(run)
    found = []
    for service in run.study.services:
        for circle in service.circles:
            row = rows[service.id, circle.minutes]
            found.append(
                Coverage(
                    service=service,
                    minutes=circle.minutes,
                    people=float(row["people"]),
                    before=float(row["covered_before"]),
                    after=float(row["covered_after"]),
                    served_before=float(row["served_before"]),
                    served_after=float(row["served_after"]),
                    heads=float(row["heads"]),
                    heads_before=float(row["heads_before"]),
                    heads_after=float(row["heads_after"]),
                    limited=service.id in limited,
                    weighted=run.study.weighs(service),
                )
            )
    return tuple(found)


@dataclass(frozen=True)
class Indicator:
    """One figure of the plan, with the unit it is counted in (empty: a plain number or a text)."""

    key: str
    value: float | int | str | None
    """None = not known, e.g. the bound of a search that proved none."""
    unit: str = ""
    limit: float | None = None
    """The budget or count it was held against; None = not limited."""


def indicators(run: Run) -> tuple[Indicator, ...]:
    """Return what the plan opens and costs, and how sure its optimality is."""
    result, study = run.manifest.result, run.study
    opened = run.tables.opened_sites
    together = int(opened.loc[opened["n_services"] >= 2, "n_services"].sum())
    return (
        Indicator("sites_opened", result.sites_opened, limit=study.siting.max_sites),
        Indicator("services_opened", result.services_opened),
        Indicator("co_located_services", together),
        Indicator("co_located", result.co_located),
        Indicator("capital", result.capital_yuan, "yuan", study.budgets.capital_yuan),
        Indicator("yearly", result.yearly_yuan, "yuan", study.budgets.yearly_yuan),
        Indicator("status", result.status),
        Indicator("objective", result.objective),
        Indicator("bound", result.bound),
        Indicator("gap", result.gap, "share"),
    )


def closing_summary(run: Run, language: Language | None = None) -> tuple[str, ...]:
    """Return the lines that end a run on a terminal: labels in one column, figures in the next.

    In the language of the study unless told otherwise.
    """
    return aligned(closing_rows(run, language or run.study.language))


def aligned(rows: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return (label, text) rows as lines of a terminal, labels in one column, texts in the next."""
    widest = max(_width(label) for label, _ in rows)
    return tuple(f"{label}{' ' * (widest - _width(label) + 2)}{text}" for label, text in rows)


def warnings(run: Run, language: Language | None = None) -> tuple[str, ...]:
    """Return what the check of the layers warned of, a line each."""
    spoken = language or run.study.language
    found = run.tables.findings
    return tuple(found.loc[found["severity"] == "warning", spoken])


def closing_rows(run: Run, spoken: Language) -> tuple[tuple[str, str], ...]:
    """Return (label, text): coverage of every service and circle, then what the plan opens, costs and proves."""
    rows = []
    for row in coverage(run):
        label = f"{row.service.name.text(spoken)} · {say('report.minutes_short', spoken, minutes=row.minutes)}"
        rows.append((label, coverage_text(row, spoken)))
    rows += [(label_of(indicator, spoken), text_of(indicator, spoken)) for indicator in indicators(run)]
    nowhere = [
        (say("report.unopened.label", spoken, service=service), text) for service, text in unopened_rows(run, spoken)
    ]
    return (*rows, *_further_goals(run, spoken), *_payers(run, spoken), *nowhere)


def coverage_text(row: Coverage, spoken: Language) -> str:
    """Return coverage in a line, as `line_of`."""
    values = (row.people, row.before, row.after, row.served_before, row.served_after)
    told = dict(zip(COUNTED, (*values, row.heads, row.heads_before, row.heads_after), strict=True))
    return line_of(told, spoken, limited=row.limited, weighted=row.weighted)


#: what a line of coverage is made of, as in the tables
COUNTED = (
    "people",
    "covered_before",
    "covered_after",
    "served_before",
    "served_after",
    "heads",
    "heads_before",
    "heads_after",
)


def line_of(row: Mapping[str, float], spoken: Language, *, limited: bool, weighted: bool) -> str:
    """Return coverage in a line: reach and places side by side where places are limited, heads beside weighted people."""
    people = row["people"]

    def share(name: str) -> str:
        return percent(row[name] / people if people > 0 else 0.0)

    told = {
        "before": whole(row["covered_before"]),
        "after": whole(row["covered_after"]),
        "people": whole(people),
        "unit": say("report.unit_weighted" if weighted else "report.unit_people", spoken),
        "share_before": share("covered_before"),
        "share_after": share("covered_after"),
    }
    if limited:
        told |= {"served_before": whole(row["served_before"]), "served_after": whole(row["served_after"])}
        told |= {"found_before": share("served_before"), "found_after": share("served_after")}
    text = say("report.coverage_line_places" if limited else "report.coverage_line", spoken, **told)
    if weighted:
        heads = {"before": row["heads_before"], "after": row["heads_after"], "people": row["heads"]}
        text += say("report.coverage_line_heads", spoken, **{name: whole(value) for name, value in heads.items()})
    return text


def unopened_rows(run: Run, spoken: Language) -> list[tuple[str, str]]:
    """Return (service, text) for every service that the plan opens nowhere: which rule binds, and what opening one would cost."""
    places = dict(zip(run.tables.places["id"], run.tables.places["name"], strict=True))
    names = {service.id: service.name.text(spoken) for service in run.study.services}
    rows = []
    for row in run.tables.unopened.to_dict("records"):
        told = {
            "place": named(places.get(row["place_id"], ""), row["place_id"]),
            "capital": UNKNOWN if math.isnan(row["capital_yuan"]) else yuan(row["capital_yuan"], spoken),
            "yearly": UNKNOWN if math.isnan(row["yearly_yuan"]) else yuan(row["yearly_yuan"], spoken),
            "people": UNKNOWN if math.isnan(row["people"]) else whole(row["people"]),
            "minutes": row["minutes"],
            "rules": row[f"rules_{spoken}"],
            "needs": whole(row["needs_m2"]),
            "largest": UNKNOWN if math.isnan(row["largest_m2"]) else whole(row["largest_m2"]),
        }
        small = row["why"] == "unsuited" and row["largest_m2"] < row["needs_m2"]
        text = say("report.unopened.too_small" if small else f"report.unopened.{row['why']}", spoken, **told)
        if row["why"] == "rules":
            if not math.isnan(row["unspent_yuan"]):
                text += say("report.unopened.unspent", spoken, unspent=yuan(max(0.0, row["unspent_yuan"]), spoken))
            if row["instead_place_id"]:
                text += say(
                    "report.unopened.instead",
                    spoken,
                    place=named(places.get(row["instead_place_id"], ""), row["instead_place_id"]),
                    service=names[row["instead_service"]],
                    lost=whole(max(0.0, row["worth_lost"])),
                )
        rows.append((names[row["service"]], text))
    return rows


def _further_goals(run: Run, spoken: Language) -> list[tuple[str, str]]:
    """Return what the goals after the first reached, each with its bound."""
    return [
        (
            say(f"report.goal.{goal.goal}", spoken),
            say(
                "report.goal_line",
                spoken,
                objective=_number(math.nan if goal.objective is None else goal.objective, "", spoken),
                bound=_number(math.nan if goal.bound is None else goal.bound, "", spoken),
                status=status_text(goal.status, spoken),
            ),
        )
        for goal in run.manifest.result.goals[1:]
    ]


def _payers(run: Run, spoken: Language) -> list[tuple[str, str]]:
    """Return what each department pays, against its budget."""
    rows = []
    for bill in run.tables.bills.to_dict("records"):
        limit = bill["capital_limit_yuan"]
        paid = Indicator("capital", bill["capital_yuan"], "yuan", None if math.isnan(limit) else limit)
        rows.append((say("report.pays", spoken, department=bill[f"name_{spoken}"]), text_of(paid, spoken)))
    return rows


def label_of(indicator: Indicator, language: Language) -> str:
    """Return what an indicator is called."""
    key = indicator.key if indicator.key in ("status", "objective", "bound", "gap") else f"report.{indicator.key}"
    return say(key, language)


def text_of(indicator: Indicator, language: Language) -> str:
    """Return an indicator as text with its unit, and the limit it was held against."""
    value = indicator.value
    if value is None:
        return UNKNOWN
    if isinstance(value, str):
        return status_text(value, language)
    shown = _number(value, indicator.unit, language)
    if indicator.limit is None:
        return shown
    limit = _number(indicator.limit, indicator.unit, language)
    unit = limit.lstrip("0123456789,.")
    return f"{shown.removesuffix(unit) if unit else shown} {say('report.of', language)} {limit}"


def status_text(status: str, language: Language) -> str:
    """Return the solver's status in words; a status the glossary does not know is quoted as it is."""
    key = f"report.status.{status}"
    return say(key, language) if key in glossary() else status


def _width(text: str) -> int:
    """Return the columns ``text`` takes on a terminal, where Chinese letters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _number(value: float, unit: str, language: Language) -> str:
    if not math.isfinite(value):
        return UNKNOWN
    if unit == "yuan":
        return yuan(value, language)
    if unit == "share":
        return gap_text(value)
    return f"{round(value, 1) + 0.0:,.1f}".removesuffix(".0")  # + 0.0: a bound of −0 reads as 0
