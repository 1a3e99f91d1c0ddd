"""A review handed over: pages of the best completion, a meeting page that begins with the decisions, and a summary in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.report.meeting import meeting_page
from planner.report.publish import publish
from planner.words import percent, say, whole, yuan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from planner.study import Language
    from planner.workflow.review import Column, Price, Review


def publish_review(review: Review, folder: Path) -> tuple[Path, ...]:
    """Write the pages of the best completion, and ``meeting.html`` with the decisions in it; return their paths."""
    written = publish(review.completion or review.run, folder)
    (folder / "meeting.html").write_text(meeting_page(review.run, review), encoding="utf-8", newline="\n")
    return written


def review_summary(review: Review, language: Language | None = None) -> tuple[str, ...]:
    """Return the three columns and the price of each decision as lines of text."""
    spoken = language or review.run.study.language
    columns = review.columns
    keys = {"decided": "view_decided", "completed": "view_completed", "optimum": "column_optimum"}
    lines = [_line("", [say(f"meeting.{keys[column.name]}", spoken) for column in columns])]
    for k, service in enumerate(review.run.study.services):
        for c, circle in enumerate(service.circles):
            label = f"{service.name.text(spoken)} · {say('report.minutes_short', spoken, minutes=circle.minutes)}"
            lines.append(_line(label, [_covered(column, k, c) for column in columns]))
    told: tuple[tuple[str, Callable[[Column], str]], ...] = (
        ("worth_unit", lambda column: whole(column.found.worth)),
        ("capital", lambda column: yuan(column.found.capital_yuan, spoken)),
        ("yearly", lambda column: yuan(column.found.yearly_yuan, spoken)),
        ("sites_open", lambda column: str(len(column.found.opened_sites))),
        ("rules_broken_short", lambda column: str(len(column.found.broken))),
    )
    lines += [_line(say(f"meeting.{key}", spoken), [cell(column) for column in columns]) for key, cell in told]
    if review.completion is None:
        lines += ["", say("meeting.no_completion", spoken)]
    lines += ["", say("meeting.prices", spoken), *(_priced(review, price, spoken) for price in review.prices)]
    return tuple(lines)


def _line(label: str, cells: list[str]) -> str:
    return f"{label:<32}" + "".join(f"{cell:>26}" for cell in cells)


def _covered(column: Column, service: int, circle: int) -> str:
    people, covered = column.found.people[service], float(column.found.covered[service][circle])
    return f"{whole(covered)} ({percent(covered / people if people else 0.0)})"


def _priced(review: Review, price: Price, language: Language) -> str:
    places = review.run.tables.places.set_index("id")["name"]
    decision = price.decision
    services = {service.id: service.name.text(language) for service in review.run.study.services}
    opened = decision.state == "open"
    stance = {True: "opened", False: "closed"} if decision.service is not None else {True: "kept", False: "site_closed"}
    what = " · ".join(
        part for part in (str(places[decision.place_id]), services.get(decision.service or "", "")) if part
    )
    label = f"  {say(f'meeting.{stance[opened]}', language)}  {what}"
    if price.people is None or price.people_most is None or price.capital_yuan is None or price.yearly_yuan is None:
        return f"{label}: {say('meeting.price_mends' if price.mends else 'meeting.price_unknown', language)}"
    least, most = whole(price.people), whole(price.people_most)
    people = f"−{least}" if least == most else f"−{least} … −{most}"
    money = {
        name: f"{'+' if value >= 0 else '−'}{yuan(abs(value), language)}"
        for name, value in (("capital", price.capital_yuan), ("yearly", price.yearly_yuan))
    }
    return f"{label}: {say('meeting.price_line', language, people=people, **money)}"
