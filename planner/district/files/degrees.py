"""Coordinates as people write them: decimal, or degrees, minutes and seconds."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np

from planner.district.files.numbers import read_numbers

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

#: names under which tables usually hold coordinates; the study can name others
X_NAMES = ("x", "lon", "lng", "long", "longitude", "经度", "经度坐标", "东经", "x坐标", "横坐标")
Y_NAMES = ("y", "lat", "latitude", "纬度", "纬度坐标", "北纬", "y坐标", "纵坐标")
#: of those, the ones that say that the column is in degrees
LON_NAMES = ("lon", "lng", "long", "longitude", "经度", "经度坐标", "东经")
LAT_NAMES = ("lat", "latitude", "纬度", "纬度坐标", "北纬")

#: characters of the longest text that can be a coordinate; the pattern is tried on no more
_LONGEST = 100
_MARK = r"[°º度d:\s-]+"
_DMS = re.compile(
    rf"^(?P<before>[NSEW北南东西])?[纬经]?\s*(?P<sign>-)?(?P<deg>\d{{1,3}}(?:\.\d+)?)(?:{_MARK}"
    r"(?:(?P<min>\d{1,2}(?:\.\d+)?)\s*(?:['′’分:\s-]+|$))?"
    r"(?:(?P<sec>\d{1,2}(?:\.\d+)?)\s*(?:\"|″|”|''|′′|秒)?)?)?\s*(?P<after>[NSEW])?$",
    re.IGNORECASE,
)


def read_coordinates(column: pd.Series, usual_decimal: str | None = None) -> NDArray[np.float64]:
    """Return a column of coordinates as float64[n]; NaN where a cell is none.

    ``usual_decimal`` is the decimal mark where the cells themselves do not say; coordinates often have another one than the
    figures beside them.
    """
    numbers = read_numbers(column, usual=usual_decimal)
    values = numbers.amounts.copy()
    values[(numbers.text & (values == 0)) | numbers.ranged | numbers.percent] = np.nan  # a word for none is no equator
    for row in np.flatnonzero(np.isnan(values) & ~numbers.missing):
        values[row] = read_dms(str(column.iloc[row]))
    return values


def read_dms(text: str) -> float:
    """Return decimal degrees of ``121°30′15.2″E``, ``N31 12 30`` or ``121度30分``; NaN if it is none of these."""
    written = unicodedata.normalize("NFKC", text).strip() if len(text) <= _LONGEST else ""
    found = _DMS.match(written)
    if found is None:
        return float("nan")
    minutes, seconds = float(found["min"] or 0), float(found["sec"] or 0)
    if minutes >= 60 or seconds >= 60:
        return float("nan")
    value = float(found["deg"]) + minutes / 60 + seconds / 3600
    south_or_west = (found["before"] or found["after"] or "").upper() in ("S", "W", "南", "西")
    return -value if south_or_west or found["sign"] else value
