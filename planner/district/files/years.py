"""Years out of a column: plain years, dates of any type, ``2031年7月``, ``Q3 2031``, spans of years."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.district.files.numbers import read_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: years that a plan can name
FIRST, LAST = 1900, 2200
_YEAR = r"((?:19|20|21|22)\d{2})"
_TIME = r"(?:[T ]\d{1,2}:\d{2}.*)?"
_DATES = (
    re.compile(rf"{_YEAR}\s*[-/.年]\s*\d{{1,2}}(?:\s*[-/.月]\s*\d{{0,2}}日?)?{_TIME}"),
    re.compile(rf"\d{{1,2}}[-/.]\d{{1,2}}[-/.]{_YEAR}{_TIME}"),
    re.compile(rf"\d{{1,2}}[-/.]{_YEAR}"),
    re.compile(rf"{_YEAR}\s*年?\s*(?:上半年|下半年|年?[初中底末]|第?[一二三四1-4]季度|[- ]?Q[1-4]|[- ]?H[12])", re.IGNORECASE),
    re.compile(rf"(?:Q[1-4]|H[12])\s*/?\s*{_YEAR}", re.IGNORECASE),
    re.compile(rf"{_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])?"),
)  # fmt: skip
_PLAIN = re.compile(rf"{_YEAR}\s*年?(?:\.0+)?")
_SPAN = re.compile(rf"{_YEAR}\s*年?\s*(?:-|~|–|—|/|至|到)\s*{_YEAR}\s*年?")


@dataclass(frozen=True, eq=False)
class Years:
    """A column read as years; every mask is bool[n]."""

    years: NDArray[np.float64]
    """float64[n]: of a date its year, of a span its last year; NaN where there is none."""
    missing: NDArray[np.bool_]
    """Empty, a dash, a word for an unknown figure, or 0."""
    dated: NDArray[np.bool_]
    """Dates and spans, of which only the year was taken."""
    broken: NDArray[np.bool_]
    """A spreadsheet's error value, or a formula without a stored result."""
    unreadable: NDArray[np.bool_]


def read_years(column: pd.Series) -> Years:
    """Return the years of ``column``, whatever its type.

    Examples
    --------
    >>> read_years(pd.Series(["2031", "2031-07-01", "2029年底"], dtype=object)).years.tolist()
    [2031.0, 2031.0, 2029.0]
    """
    codes, found = pd.factorize(column, use_na_sentinel=True)
    read = [_year(value) for value in found]
    years = np.array([year for year, _ in read] + [np.nan], dtype=np.float64)[codes]
    dated = np.array([dated for _, dated in read] + [False], dtype=bool)[codes]
    numbers = read_numbers(column) if not pd.api.types.is_datetime64_any_dtype(column) else None
    nothing = np.isnan(years)
    if numbers is None:
        return Years(years, nothing, dated, np.zeros(len(column), bool), np.zeros(len(column), bool))
    missing = nothing & (numbers.missing | (numbers.amounts == 0))
    return Years(years, missing, dated, numbers.broken, nothing & ~missing & ~numbers.broken)


def _year(value: object) -> tuple[float, bool]:
    """Return a cell's year (NaN if it has none), and whether it is more than a year."""
    if isinstance(value, dt.date | np.datetime64):
        return float(pd.Timestamp(value).year), True
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool | np.bool_):
        number = float(value)
        text = str(int(number)) if np.isfinite(number) and number.is_integer() else repr(number)
    else:
        text = unicodedata.normalize("NFKC", str(value)).strip()
    if len(text) > 60:
        return float("nan"), False
    plain = _PLAIN.fullmatch(text)
    if plain:
        return float(plain[1]), False
    span = _SPAN.fullmatch(text)
    if span and span[1] <= span[2]:
        return float(span[2]), True
    date = next((found for form in _DATES if (found := form.fullmatch(text))), None)
    return (float("nan"), False) if date is None else (float(date[1]), True)
