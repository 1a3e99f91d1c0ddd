"""Calendar files (iCalendar, RFC 5545) of days: folded lines, escaped texts, stamps that do not read the clock."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONGEST_OCTETS = 75
"""Of a line of the file, without its break (RFC 5545, 3.1)."""


@dataclass(frozen=True)
class Day:
    """One event that lasts a whole day."""

    key: str
    """The same for the same event of another run: what a calendar updates it by."""
    date: dt.date
    summary: str
    about: str = ""


def calendar_text(days: Iterable[Day], *, name: str, language: str, stamp: dt.date) -> str:
    r"""Return a calendar as text with the line breaks of the standard.

    Parameters
    ----------
    name
        What programs show the calendar as.
    language
        Language tag of its texts.
    stamp
        Day of which the events are said to be; no clock is read.

    >>> day = Day("a", dt.date(2026, 7, 1), "Start; now")
    >>> [line for line in calendar_text([day], name="n", language="en", stamp=dt.date(2026, 1, 1)).split("\r\n") if "START" in line or "SUMM" in line]
    ['DTSTART;VALUE=DATE:20260701', 'SUMMARY;LANGUAGE=en:Start\\; now']
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//community-facility-planner//programme//EN"]
    lines += ["CALSCALE:GREGORIAN", f"X-WR-CALNAME:{_escaped(name)}"]
    for day in days:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{hashlib.sha256(day.key.encode()).hexdigest()[:32]}@community-facility-planner",
            f"DTSTAMP:{stamp:%Y%m%d}T000000Z",
            f"DTSTART;VALUE=DATE:{day.date:%Y%m%d}",
            f"DTEND;VALUE=DATE:{day.date + dt.timedelta(days=1):%Y%m%d}",
            f"SUMMARY;LANGUAGE={language}:{_escaped(day.summary)}",
            *([f"DESCRIPTION;LANGUAGE={language}:{_escaped(day.about)}"] if day.about else []),
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _escaped(text: str) -> str:
    """Return a text in which commas, semicolons, backslashes and line breaks mean themselves; other control characters go."""
    plain = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    plain = plain.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")
    return "".join(letter for letter in plain if letter.isprintable())


def _folded(line: str) -> Iterator[str]:
    """Give the pieces of a line, none longer than the standard allows and none ending within a character."""
    piece, octets = "", 0
    for letter in line:
        size = len(letter.encode())
        if octets + size > LONGEST_OCTETS:
            yield piece
            piece, octets = " ", 1
        piece, octets = piece + letter, octets + size
    yield piece
