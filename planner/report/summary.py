"""Figures that every report quotes, and the closing lines of a run and a review: rows of the stored tables, nothing recomputed."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from planner.i18n import (
    format_count,
    format_gap,
    format_money,
    format_share,
    join,
    messages,
    money_label,
    name_with_id,
    text_column,
    translate,
)
from planner.report.names import roll_up_name
from planner.store.manifest import GoalResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from planner.store.run import Run
    from planner.study import Language, Service
    from planner.workflow.review import Column, Price, Review


UNKNOWN = "–"

#: a key of the study behind a rule: `` [siting.max_sites]``
_KEY = re.compile(r" \[[\w.]+\]")


@dataclass(frozen=True)
class Coverage:
    """People inside one circle of one service, before and after the plan."""

    service: Service
    minutes: float
    people: float
    before: float
    after: float
    served_before: float
    """Of those covered, people who find a place; equal to ``before`` where places are not limited."""
    served_after: float
    heads: float
    """People of the service's groups, unweighted."""
    heads_before: float
    heads_after: float
    limited: bool
    """Whether places of the service are limited."""
    weighted: bool
    """Whether people are weighted, so that they are not heads."""

    @property
    def share_before(self) -> float:
        """Share of the people covered today (0 where there are no people)."""
        return self.before / self.people if self.people else 0.0

    @property
    def share_after(self) -> float:
        """Share of the people covered once the plan is built (0 where there are no people)."""
        return self.after / self.people if self.people else 0.0


def limited_services(run: Run) -> frozenset[str]:
    """Return the services with a limited number of places, in some size or existing facility."""
    offers = run.tables.offers
    return frozenset(offers.loc[offers["capacity"].notna(), "service"].astype(str))


def coverage(run: Run) -> tuple[Coverage, ...]:
    """Return the coverage of every service and circle, in the order of the study."""
    rows = {(row["service"], row["minutes"]): row for row in run.tables.coverage.to_dict("records")}
    limited = limited_services(run)
    found = []
    for service in run.study.services:
        for circle in run.study.circles_of(service):
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
    """One figure of the plan, with its unit: ``share``, a currency, or empty for a plain number or a text."""

    key: str
    value: float | int | str | None
    """None: not known, e.g. no bound was proven."""
    unit: str = ""
    limit: float | None = None
    """Its limit; None: not limited."""
    gap: float | None = None
    """Of a solver status: the relative distance to the bound at which the search stopped."""
    missing: str = ""
    """Key of the text that says why there is no value."""


def indicators(run: Run) -> tuple[Indicator, ...]:
    """Return openings, cost and proof of the plan."""
    result, study = run.manifest.result, run.study
    opened = run.tables.opened_sites
    goal = next(
        iter(result.goals),
        GoalResult(study.siting.objective[0], result.status, result.objective, result.bound, result.gap),
    )
    together = int(opened.loc[opened["n_services"] >= 2, "n_services"].sum())
    return (
        Indicator("sites_opened", result.sites_opened, limit=study.siting.max_sites),
        Indicator("services_opened", result.services_opened),
        Indicator("co_located_services", together),
        Indicator("co_located", result.co_located),
        Indicator("capital", result.capital_cost, study.currency, study.budgets.capital_cost),
        Indicator("yearly", result.yearly_cost, study.currency, study.budgets.yearly_cost),
        Indicator("status", result.status, gap=result.gap),
        Indicator("objective", result.objective, missing=_missing("objective", goal)),
        Indicator("bound", result.bound, missing=_missing("bound", goal)),
        Indicator("gap", result.gap, "share", missing=_missing("gap", goal)),
    )


def _missing(figure: str, goal: GoalResult) -> str:
    """Return the key of the text that says why a goal has no objective, bound or gap."""
    if goal.objective is None:
        return "report.missing.walk" if goal.goal == "furthest" else "report.missing.objective"
    return "report.missing.ratio" if figure == "gap" and goal.bound is not None else "report.missing.bound"


def _goal_number(value: float | None, figure: str, goal: GoalResult, language: Language) -> str:
    return translate(_missing(figure, goal), language) if value is None else _number(value, "", language)


def closing_summary(run: Run, language: Language | None = None) -> tuple[str, ...]:
    """Return the closing lines of a run, by default in the language of the study."""
    return aligned(closing_rows(run, language or run.study.language))


def aligned(rows: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return (label, text) rows as lines of a terminal in two columns."""
    widest = max(_width(label) for label, _ in rows)
    return tuple(f"{label}{' ' * (widest - _width(label) + 2)}{text}" for label, text in rows)


def warnings(run: Run, language: Language | None = None) -> tuple[str, ...]:
    """Return the warnings of the check of layers, then those of unevenness, a line each."""
    language = language or run.study.language
    found = run.tables.findings
    uneven = [
        f"{translate('warning', language)} unevenness: {row.warning}"
        for row in unevenness_rows(run, language)
        if row.warning
    ]
    return (*found.loc[found["severity"] == "warning", text_column(found, "", language)], *uneven)


def closing_rows(run: Run, language: Language) -> tuple[tuple[str, str], ...]:
    """Return (label, text): coverage of every service and circle, then openings, cost and proof of the plan."""
    rows = []
    for row in coverage(run):
        label = (
            f"{row.service.name.text(language)} · {translate('report.minutes_short', language, minutes=row.minutes)}"
        )
        rows.append((label, coverage_text(row, language)))
    rows += [(uneven.label, uneven.text) for uneven in unevenness_rows(run, language)]
    rows += [
        (indicator_label(indicator, language), indicator_text(indicator, language)) for indicator in indicators(run)
    ]
    nowhere = [
        (translate("report.unopened.label", language, service=service), text)
        for service, text in unopened_rows(run, language)
    ]
    return (*rows, *_further_goals(run, language), *_payers(run, language), *_areas(run, language), *nowhere)


def coverage_text(row: Coverage, language: Language) -> str:
    """Return coverage in a line, as `coverage_line`."""
    values = (row.people, row.before, row.after, row.served_before, row.served_after)
    fields = dict(zip(COVERAGE_FIELDS, (*values, row.heads, row.heads_before, row.heads_after), strict=True))
    return coverage_line(fields, language, limited=row.limited, weighted=row.weighted)


#: columns of the tables that a line of coverage uses
COVERAGE_FIELDS = (
    "people",
    "covered_before",
    "covered_after",
    "served_before",
    "served_after",
    "heads",
    "heads_before",
    "heads_after",
)


def coverage_line(row: Mapping[str, float], language: Language, *, limited: bool, weighted: bool) -> str:
    """Return coverage in a line: reach and places where places are limited, heads beside weighted people."""
    people = row["people"]

    def share(name: str) -> str:
        return format_share(row[name] / people if people > 0 else 0.0)

    values = {
        "before": format_count(row["covered_before"]),
        "after": format_count(row["covered_after"]),
        "people": format_count(people),
        "unit": translate("report.unit_weighted" if weighted else "report.unit_people", language),
        "share_before": share("covered_before"),
        "share_after": share("covered_after"),
    }
    if limited:
        values |= {
            "served_before": format_count(row["served_before"]),
            "served_after": format_count(row["served_after"]),
        }
        values |= {"found_before": share("served_before"), "found_after": share("served_after")}
    text = translate("report.coverage_line_places" if limited else "report.coverage_line", language, **values)
    if weighted:
        heads = {"before": row["heads_before"], "after": row["heads_after"], "people": row["heads"]}
        text += translate(
            "report.coverage_line_heads", language, **{name: format_count(value) for name, value in heads.items()}
        )
    return text


@dataclass(frozen=True)
class Unevenness:
    """A row of the table ``unevenness`` in words."""

    label: str
    """Service and kind of area."""
    text: str
    warning: str
    """Which figures rise, and which area falls behind; empty: neither rises."""


def unevenness_rows(run: Run, language: Language) -> tuple[Unevenness, ...]:
    """Return the Gini coefficient and the gap between best and worst area of each service, before and after the plan."""
    services = {service.id: service.name.text(language) for service in run.study.services}
    names = dict(zip(run.tables.communities["id"], run.tables.communities["name"], strict=True))
    rows = []
    for row in run.tables.unevenness.to_dict("records"):
        column = str(row["column"])

        def area(key: str, row: Mapping[Any, Any] = row, by_id: bool = not column) -> str:
            return name_with_id(str(names.get(row[key], "")), row[key]) if by_id and row[key] else str(row[key])

        level = roll_up_name(run.study, column, language) if column else translate("assess.level.community", language)
        gini = {f"gini_{when}": _index(row[f"gini_{when}"]) for when in ("before", "after")}
        gap = {f"gap_{when}": _points(row[f"gap_{when}"]) for when in ("before", "after")}
        said = {kind: translate(f"report.unevenness.{kind}", language, **gini, **gap) for kind in ("gini", "gap")}
        ends = {key: area(key) for key in ("best_area", "worst_area")}
        shares = {key: _known_share(row[key]) for key in ("best_share", "worst_share")}
        text = [said["gini"]]
        if row["best_area"]:
            text.append(translate("report.unevenness.ends", language, gap=said["gap"], **ends, **shares))
        rises = [said[kind] for kind in said if row[f"{kind}_rises"]]
        facts = {"service": services[row["service"]], "level": level}
        warning = translate(
            "report.unevenness.warning",
            language,
            **facts,
            rises=join(rises, language),
            area=area("behind"),
            before=_known_share(row["behind_before"]),
            after=_known_share(row["behind_after"]),
        )
        label = translate("report.unevenness.label", language, **facts)
        rows.append(Unevenness(label, join(text, language, "clauses"), warning if rises else ""))
    return tuple(rows)


def _index(value: float) -> str:
    return UNKNOWN if math.isnan(value) else f"{value:.3f}"


def _points(value: float) -> str:
    """Return a difference of shares in percentage points."""
    return UNKNOWN if math.isnan(value) else f"{100 * value:.1f}"


def _known_share(value: float) -> str:
    return UNKNOWN if math.isnan(value) else format_share(value)


def unopened_rows(run: Run, language: Language, *, keys: bool = True) -> list[tuple[str, str]]:
    """Return (service, text) for every service without an opening: binding constraint and cost of opening one.

    With ``keys`` a constraint is followed by the key of the study that sets it, for the one who can change it.
    """
    currency = run.study.currency
    places = dict(zip(run.tables.places["id"], run.tables.places["name"], strict=True))
    names = {service.id: service.name.text(language) for service in run.study.services}
    rows = []
    for row in run.tables.unopened.to_dict("records"):
        values = {
            "place": name_with_id(places.get(row["place_id"], ""), row["place_id"]),
            "capital": UNKNOWN
            if math.isnan(row["capital_cost"])
            else format_money(row["capital_cost"], language, currency),
            "yearly": UNKNOWN
            if math.isnan(row["yearly_cost"])
            else format_money(row["yearly_cost"], language, currency),
            "people": UNKNOWN if math.isnan(row["people"]) else format_count(row["people"]),
            "minutes": row["minutes"],
            "rules": row[text_column(row, "rules", language)]
            if keys
            else _KEY.sub("", row[text_column(row, "rules", language)]),
            "needs": format_count(row["needs_m2"]),
            "largest": UNKNOWN if math.isnan(row["largest_m2"]) else format_count(row["largest_m2"]),
        }
        small = row["why"] == "unsuited" and row["largest_m2"] < row["needs_m2"]
        text = translate("report.unopened.too_small" if small else f"report.unopened.{row['why']}", language, **values)
        if row["why"] == "rules":
            if not math.isnan(row["unspent_capital"]):
                text += translate(
                    "report.unopened.unspent",
                    language,
                    unspent=format_money(max(0.0, row["unspent_capital"]), language, currency),
                )
            if row["instead_place_id"]:
                text += translate(
                    "report.unopened.instead",
                    language,
                    place=name_with_id(places.get(row["instead_place_id"], ""), row["instead_place_id"]),
                    service=names[row["instead_service"]],
                    lost=format_count(max(0.0, row["worth_lost"])),
                )
        rows.append((names[row["service"]], text))
    return rows


def _further_goals(run: Run, language: Language) -> list[tuple[str, str]]:
    """Return value and bound of the goals after the first."""
    return [
        (
            translate(f"report.goal.{goal.goal}", language, currency=money_label(language, run.study.currency)),
            translate(
                "report.goal_line",
                language,
                objective=_goal_number(goal.objective, "objective", goal, language),
                bound=_goal_number(goal.bound, "bound", goal, language),
                status=status_text(goal.status, language),
            ),
        )
        for goal in run.manifest.result.goals[1:]
    ]


def _payers(run: Run, language: Language) -> list[tuple[str, str]]:
    """Return what each department pays, against its budget."""
    rows = []
    for bill in run.tables.bills.to_dict("records"):
        limit = bill["capital_limit"]
        paid = Indicator("capital", bill["capital_cost"], run.study.currency, None if math.isnan(limit) else limit)
        rows.append(
            (
                translate("report.pays", language, department=bill[text_column(bill, "name", language)]),
                indicator_text(paid, language),
            )
        )
    return rows


def _areas(run: Run, language: Language) -> list[tuple[str, str]]:
    """Return the limits of areas, and what the plan has of each."""
    return [
        (
            row[text_column(row, "rule", language)],
            translate("report.area_has", language, used=_area_figure(row["kind"], row["used"], run, language)),
        )
        for row in run.tables.area_limits.to_dict("records")
    ]


def _area_figure(kind: str, used: float, run: Run, language: Language) -> str:
    """Return a figure of a limit of an area, by what it counts."""
    if math.isnan(used):
        return UNKNOWN
    if kind in {"capital", "yearly", "period_capital"}:
        return format_money(used, language, run.study.currency)
    if kind.endswith("area_m2"):
        return f"{format_count(used)} m²"
    return format_share(used) if kind == "floor" else format_count(used)


def indicator_label(indicator: Indicator, language: Language) -> str:
    """Return the label of an indicator."""
    key = indicator.key if indicator.key in ("status", "objective", "bound", "gap") else f"report.{indicator.key}"
    return translate(key, language)


def indicator_text(indicator: Indicator, language: Language) -> str:
    """Return an indicator as text with its unit and limit."""
    value = indicator.value
    if value is None:
        return translate(indicator.missing, language) if indicator.missing else UNKNOWN
    if isinstance(value, str):
        return status_text(value, language, gap=indicator.gap)
    shown = _number(value, indicator.unit, language)
    if indicator.limit is None:
        return shown
    limit = _number(indicator.limit, indicator.unit, language)
    unit = limit.lstrip("0123456789,.")
    of = translate("report.of", language)
    return f"{shown.removesuffix(unit) if unit and unit != limit else shown} {of} {limit}"


def status_text(status: str, language: Language, *, gap: float | None = None) -> str:
    """Return the text of a solver status, with what a gap leaves open of a proof; an unknown status unchanged."""
    if status == "optimal" and gap is not None and format_gap(gap) != format_gap(0.0):
        return translate("report.status.within_gap", language, gap=format_gap(gap).removeprefix("< "))
    key = f"report.status.{status}"
    return translate(key, language) if key in messages(language) else status


def _width(text: str) -> int:
    """Return the width of ``text`` on a terminal, where East Asian wide characters take two columns."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _number(value: float, unit: str, language: Language) -> str:
    if not math.isfinite(value):
        return UNKNOWN
    if unit == "share":
        return format_gap(value)
    if unit:
        return format_money(value, language, unit)
    return f"{round(value, 1) + 0.0:,.1f}".removesuffix(".0")  # + 0.0: −0 becomes 0


def review_summary(review: Review, language: Language | None = None) -> tuple[str, ...]:
    """Return choice, completion and optimum of a review in three columns, and the cost of each decision, as lines."""
    language = language or review.run.study.language
    columns = review.columns
    keys = {"decided": "view_decided", "completed": "view_completed", "optimum": "column_optimum"}
    lines = [_line("", [translate(f"meeting.{keys[column.name]}", language) for column in columns])]
    for k, service in enumerate(review.run.study.services):
        for c, circle in enumerate(review.run.study.circles_of(service)):
            label = (
                f"{service.name.text(language)} · {translate('report.minutes_short', language, minutes=circle.minutes)}"
            )
            lines.append(_line(label, [_covered(review, column, k, c) for column in columns]))
    values: tuple[tuple[str, Callable[[Column], str]], ...] = (
        ("worth_unit", lambda column: format_count(column.found.worth)),
        ("capital", lambda column: format_money(column.found.capital_cost, language, review.run.study.currency)),
        ("yearly", lambda column: format_money(column.found.yearly_cost, language, review.run.study.currency)),
        ("sites_open", lambda column: str(len(column.found.opened_sites))),
        ("rules_broken_short", lambda column: str(len(column.found.broken))),
    )
    lines += [
        _line(translate(f"meeting.{key}", language), [cell(column) for column in columns]) for key, cell in values
    ]
    if review.completion is None:
        lines += ["", translate("meeting.no_completion", language)]
    lines += ["", translate("meeting.prices", language), *(_priced(review, price, language) for price in review.prices)]
    return tuple(lines)


def _line(label: str, cells: list[str]) -> str:
    return f"{label:<32}" + "".join(f"{cell:>26}" for cell in cells)


def _covered(review: Review, column: Column, service: int, circle: int) -> str:
    counted = column.found.of_demands(review.built.demands_of[service])
    people, covered = counted.people, float(counted.covered[circle])
    return f"{format_count(covered)} ({format_share(covered / people if people else 0.0)})"


def _priced(review: Review, price: Price, language: Language) -> str:
    places = review.run.tables.places.set_index("id")["name"]
    decision = price.decision
    services = {service.id: service.name.text(language) for service in review.run.study.services}
    opened = decision.state == "open"
    stance = {True: "opened", False: "closed"} if decision.service is not None else {True: "kept", False: "site_closed"}
    what = " · ".join(
        part for part in (str(places[decision.place_id]), services.get(decision.service or "", "")) if part
    )
    label = f"  {translate(f'meeting.{stance[opened]}', language)}  {what}"
    if price.people is None or price.people_most is None or price.capital_cost is None or price.yearly_cost is None:
        return f"{label}: {translate('meeting.price_mends' if price.mends else 'meeting.price_unknown', language)}"
    least, most = format_count(price.people), format_count(price.people_most)
    people = f"−{least}" if least == most else f"−{least} … −{most}"
    money = {
        name: f"{'+' if value >= 0 else '−'}{format_money(abs(value), language, review.run.study.currency)}"
        for name, value in (("capital", price.capital_cost), ("yearly", price.yearly_cost))
    }
    return f"{label}: {translate('meeting.price_line', language, people=people, **money)}"
