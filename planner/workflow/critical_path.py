"""Critical path method over steps in whole months: earliest and latest dates, slack, what must start in time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from planner.errors import StudyError
from planner.study.programme import cycles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Activity:
    """One step: how many months it takes, and the steps that must be finished before it."""

    id: str
    months: int
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Timing:
    """When a step can and must be done; each month is meant at its beginning, counted from January of year 0."""

    earliest_start: int
    earliest_finish: int
    latest_start: int
    latest_finish: int
    critical: bool
    """On a longest path: a month longer here is a month longer in all."""

    @property
    def slack(self) -> int:
        """Months by which it may start later than it can; negative: so many months too late already."""
        return self.latest_start - self.earliest_start


@dataclass(frozen=True, slots=True)
class CriticalPath:
    """Timings of every step, and of all of them together."""

    timings: Mapping[str, Timing]
    finish: int
    """Month in which everything can be finished."""
    due: int
    """Month in which everything is to be finished."""
    length: int
    """Months of the longest path."""

    @property
    def slack(self) -> int:
        """Months between what can be and what is due; negative: late."""
        return self.due - self.finish

    @property
    def start_by(self) -> int:
        """Latest month for the first step on a longest path."""
        return self.due - self.length

    @property
    def opens(self) -> int:
        """Month to expect: as due, or later where that cannot be kept."""
        return max(self.due, self.finish)


def critical_path(activities: Sequence[Activity], start: int, due: int | None = None) -> CriticalPath:
    """Return when each step can start and when it must, by a forward and a backward pass.

    Parameters
    ----------
    activities
        In any order; steps that ``after`` names are among them.
    start
        Month before which nothing starts, as `month_number` counts it.
    due
        Month in which everything is to be finished; None: as early as can be.

    Raises
    ------
    StudyError
        Where steps wait for each other, naming them.

    >>> steps = [Activity("land", 24), Activity("permits", 12, ("land",)), Activity("tender", 4, ("land",))]
    >>> path = critical_path(steps, month_number("2026-01"), month_number("2029-07"))
    >>> month_text(path.start_by), path.slack, path.timings["tender"].slack
    ('2026-07', 6, 14)
    """
    after = {one.id: one.after for one in activities}
    waiting = cycles(after)
    if waiting:
        raise StudyError("steps wait for each other: " + "; ".join(" → ".join(cycle) for cycle in waiting))
    months = {one.id: one.months for one in activities}
    order = list(TopologicalSorter(after).static_order())
    starts: dict[str, int] = {}
    for step in order:
        starts[step] = max((starts[one] + months[one] for one in after[step]), default=start)
    finish = max((starts[step] + months[step] for step in order), default=start)
    target = finish if due is None else due
    finishes = dict.fromkeys(order, target)
    for step in reversed(order):
        for one in after[step]:
            finishes[one] = min(finishes[one], finishes[step] - months[step])
    timings = {
        step: Timing(
            earliest_start=starts[step],
            earliest_finish=starts[step] + months[step],
            latest_start=finishes[step] - months[step],
            latest_finish=finishes[step],
            critical=finishes[step] - months[step] - starts[step] == target - finish,
        )
        for step in order
    }
    return CriticalPath(timings, finish, target, finish - start)


def month_number(text: str) -> int:
    """Return the months since January of year 0 of a date written as ``2029``, ``2029-07`` or ``2029-07-15``.

    Raises
    ------
    ValueError
        It is no such date.

    >>> month_number("2029-07") - month_number("2026-07-31")
    36
    """
    year, *rest = text.strip().split("-")
    if len(year) != 4 or len(rest) > 2:
        raise ValueError(text)
    month, day, *_ = (int(part) for part in [*rest, "1", "1"])
    first = dt.date(int(year), month, day)
    return 12 * first.year + first.month - 1


def month_text(month: int) -> str:
    """Return a month as ``2029-07``.

    >>> month_text(month_number("2026-12") + 1)
    '2027-01'
    """
    return f"{month // 12:04d}-{month % 12 + 1:02d}"
