"""Decide whether point or comma is the decimal mark of a column: declared, shown by its cells, or doubtful."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

_GROUPS = "' "
#: cells that are a number with this decimal mark, or with no decimal mark and the other one between thousands
_SHOWS = {
    mark: re.compile(
        rf"[+-]?(?:\d*[{mark}](?:\d{{1,2}}|\d{{4,}})|(?:0|\d{{4,}}|)[{mark}]\d+|\d{{1,3}}(?:[{other}]\d{{3}})+[{mark}]\d+"
        rf"|[1-9]\d{{0,2}}(?:[{other}]\d{{3}}){{2,}})(?:e[+-]?\d+)?",
        re.IGNORECASE,
    )
    for mark, other in ((".", ","), (",", "."))
}
#: ``5.741`` and ``1,250``: a decimal fraction or thousands
_EITHER = {mark: re.compile(rf"[+-]?[1-9]\d{{0,2}}[{mark}]\d{{3}}") for mark in ".,"}
_NUMBER = {
    mark: re.compile(
        rf"[+-]?(?:(?:\d+|[1-9]\d{{0,2}}(?:[{other}{_GROUPS}]\d{{3}})+)(?:[{mark}]\d*)?|[{mark}]\d+)(?:e[+-]?\d+)?",
        re.IGNORECASE,
    )
    for mark, other in ((".", ","), (",", "."))
}
#: share of a column's fractions with exactly three places from which stored numbers are taken for split thousands
_MOSTLY = 0.6


@dataclass(frozen=True, slots=True)
class Marks:
    """The decimal mark of a column."""

    decimal: Literal[".", ","] = "."
    because: Literal["declared", "cells", "separator", "nothing"] = "nothing"
    """What says so; ``nothing``: the point is taken, as everywhere in programs."""
    doubtful: str = ""
    """A cell that may as well be thousands (``5.741``) where neither the study nor another cell decides; empty = no doubt."""
    stored: bool = False
    """The doubtful figures are stored as numbers, not as text."""


def choose_marks(texts: Sequence[str], stored: Sequence[float], decimal: str | None, usual: str | None) -> Marks:
    """Return the decimal mark of a column.

    Parameters
    ----------
    texts
        Its cells that are texts, without words and units.
    stored
        Its cells that are numbers.
    decimal
        What the study declares.
    usual
        The mark that goes with the file's column separator.
    """
    if decimal is not None:
        return Marks("," if decimal == "," else ".", "declared")
    texts = [text.replace(" ", "").replace("'", "") for text in texts]
    comma = any(_SHOWS[","].fullmatch(text) for text in texts)
    point = any(_SHOWS["."].fullmatch(text) for text in texts)
    if comma != point:
        return Marks("," if comma else ".", "cells")
    either = {mark: next((text for text in texts if _EITHER[mark].fullmatch(text)), "") for mark in ".,"}
    if either[","] and not point:
        if usual == "," and not either["."]:
            return Marks(",", "separator", either[","])
        return Marks(".", "nothing", either["."])
    if either["."]:
        return Marks(".", "nothing", either["."])
    return Marks(".", "nothing", _split_thousands(stored), stored=True)


def plain_number(text: str, decimal: str) -> float:
    """Return the number that ``text`` is with this decimal mark and the other one, spaces or ``'`` between thousands; else NaN."""
    if not text or not text.isascii() or not _NUMBER[decimal].fullmatch(text):
        return float("nan")
    for group in (",." if decimal == "," else ".,").replace(decimal, "") + _GROUPS:
        text = text.replace(group, "")
    number = float(text.replace(decimal, "."))
    return number if np.isfinite(number) else float("nan")


def _split_thousands(stored: Sequence[float]) -> str:
    """Return an example if the fractions among ``stored`` look like thousands that a program read as decimals."""
    shown = [repr(abs(value)) for value in stored if value != int(value)]
    places = [len(text.partition(".")[2]) for text in shown]
    if not shown or any(abs(value) >= 1000 for value in stored) or any(text.startswith("0.") for text in shown):
        return ""
    exactly = [text for text, count in zip(shown, places, strict=True) if count == 3]
    plain = all(count <= 3 for count in places) and not any("e" in text for text in shown)
    return exactly[0] if plain and len(exactly) >= _MOSTLY * len(shown) else ""
