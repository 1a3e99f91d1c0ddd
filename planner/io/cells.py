"""Cells as text, coordinates and years, whatever type or notation they are stored in."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.io.numbers import read_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray


#: zero-width characters, copied along with names from web pages and forms
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u2060\ufeff\u00ad"))
#: from here on neighbouring integers are one floating-point number
MAX_EXACT_INTEGER = 2.0**53
#: usual names of coordinate columns; the study can name others
X_NAMES = ("x", "lon", "lng", "long", "longitude", "经度", "经度坐标", "东经", "x坐标", "横坐标")
Y_NAMES = ("y", "lat", "latitude", "纬度", "纬度坐标", "北纬", "y坐标", "纵坐标")
#: those of them that imply degrees
LON_NAMES = ("lon", "lng", "long", "longitude", "经度", "经度坐标", "东经")
LAT_NAMES = ("lat", "latitude", "纬度", "纬度坐标", "北纬")
#: characters of the longest text that can be a coordinate; the pattern is tried on no more
_MAX_CHARACTERS = 100
_DEGREE_SIGN = r"[°º度d:\s-]+"
_DMS = re.compile(
    rf"^(?P<before>[NSEW北南东西])?[纬经]?\s*(?P<sign>-)?(?P<deg>\d{{1,3}}(?:\.\d+)?)(?:{_DEGREE_SIGN}"
    r"(?:(?P<min>\d{1,2}(?:\.\d+)?)\s*(?:['′’分:\s-]+|$))?"
    r"(?:(?P<sec>\d{1,2}(?:\.\d+)?)\s*(?:\"|″|”|''|′′|秒)?)?)?\s*(?P<after>[NSEW])?$",
    re.IGNORECASE,
)
#: years that a plan can name
FIRST_YEAR, LAST_YEAR = 1900, 2200
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


def as_text(value: object) -> str:
    """Return a cell as text without blanks around it; empty for nothing, ``12`` for 12.0, ``a;b`` for a list."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, list | tuple | np.ndarray):
        return ";".join(text for item in value if (text := as_text(item)))
    return normalised_text(str(value)).strip()


def normalised_text(text: str) -> str:
    """Return ``text`` composed (NFC) and without characters that have no width."""
    return text if text.isascii() else unicodedata.normalize("NFC", text).translate(_INVISIBLE)


def normalised_name(name: str) -> str:
    """Return a name normalised for comparison: half width, case-folded, stripped."""
    return unicodedata.normalize("NFKC", normalised_text(name)).strip().casefold()


def is_inexact_integer(value: object) -> bool:
    """Return whether a float is too large to identify one integer (2⁵³ and more)."""
    return isinstance(value, float | np.floating) and bool(abs(float(value)) >= MAX_EXACT_INTEGER)


def read_coordinates(column: pd.Series, usual_decimal: str | None = None) -> NDArray[np.float64]:
    """Return a column of coordinates as float64[n]; NaN where a cell is none.

    ``usual_decimal`` is the decimal mark where the cells themselves do not say; coordinates often have another one than the
    figures beside them.
    """
    numbers = read_numbers(column, usual=usual_decimal)
    values = numbers.amounts.copy()
    values[(numbers.text & (values == 0)) | numbers.is_range | numbers.percent] = (
        np.nan
    )  # a word for none is no equator
    for row in np.flatnonzero(np.isnan(values) & ~numbers.missing):
        values[row] = read_dms(str(column.iloc[row]))
    return values


def read_dms(text: str) -> float:
    """Return decimal degrees of ``121°30′15.2″E``, ``N31 12 30`` or ``121度30分``; NaN if it is none of these."""
    normalised = unicodedata.normalize("NFKC", text).strip() if len(text) <= _MAX_CHARACTERS else ""
    found = _DMS.match(normalised)
    if found is None:
        return float("nan")
    minutes, seconds = float(found["min"] or 0), float(found["sec"] or 0)
    if minutes >= 60 or seconds >= 60:
        return float("nan")
    value = float(found["deg"]) + minutes / 60 + seconds / 3600
    south_or_west = (found["before"] or found["after"] or "").upper() in ("S", "W", "南", "西")
    return -value if south_or_west or found["sign"] else value


@dataclass(frozen=True, eq=False)
class Years:
    """A column read as years; every mask is bool[n]."""

    years: NDArray[np.float64]
    """float64[n]: of a date its year, of a span its last year; NaN where there is none."""
    missing: NDArray[np.bool_]
    """Empty, a dash, a word for an unknown figure, or 0."""
    dated: NDArray[np.bool_]
    """Dates and ranges, of which only the year is used."""
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
    no_year = np.isnan(years)
    if numbers is None:
        return Years(years, no_year, dated, np.zeros(len(column), bool), np.zeros(len(column), bool))
    missing = no_year & (numbers.missing | (numbers.amounts == 0))
    return Years(years, missing, dated, numbers.broken, no_year & ~missing & ~numbers.broken)


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
    plain_year = _PLAIN.fullmatch(text)
    if plain_year:
        return float(plain_year[1]), False
    span = _SPAN.fullmatch(text)
    if span and span[1] <= span[2]:
        return float(span[2]), True
    date = next((found for form in _DATES if (found := form.fullmatch(text))), None)
    return (float("nan"), False) if date is None else (float(date[1]), True)
