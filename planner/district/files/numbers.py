"""Numbers as people type them into tables: full-width digits, thousands separators, dashes for nothing, 约120."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: what a table writes where there is nothing
_NOTHING = frozenset("-－—–―─") | {"--", "——", "／", "/", "无", "nil", "none"}
_ABOUT = re.compile(r"^(?:约|大约|近|共|计|ca\.?|c\.|approx\.?|about|~|≈)\s*", re.IGNORECASE)
_UNIT = re.compile(
    r"\s*(?:人|户|张|床|个|名|位|层|㎡|m2|m²|平方米|平米|元|岁|余人?|左右|多人?|people|beds?)+$", re.IGNORECASE
)
_GROUPED = re.compile(r"^[+-]?\d{1,3}(?:[,，' \u00a0\u202f]\d{3})+(?:\.\d+)?$")
_PLAIN = re.compile(r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Numbers:
    """A column read as numbers."""

    amounts: NDArray[np.float64]
    """float64[n]; NaN where the cell is empty or no number."""
    empty: NDArray[np.bool_]
    text: NDArray[np.bool_]
    """Numbers that were written as text in a way that a spreadsheet would not add up."""
    unreadable: NDArray[np.bool_]


def read_numbers(column: pd.Series) -> Numbers:
    """Return the numbers of ``column``, whatever its type, and which cells were doubtful."""
    n = len(column)
    none = np.zeros(n, dtype=bool)
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        finite = np.where(np.isinf(values), np.nan, values)
        return Numbers(finite, np.isnan(values), none, np.isinf(values))
    codes, texts = pd.factorize(column, use_na_sentinel=True)
    read = [_read(text) for text in texts]
    values = np.array([value for value, _ in read] + [np.nan])[codes]
    tidy = np.array([tidy for _, tidy in read] + [True])[codes]
    blank = np.array([not str(text).strip() for text in texts] + [True])[codes]
    known = ~np.isnan(values)
    return Numbers(values, blank, known & ~tidy, ~known & ~blank)


def read_flags(column: pd.Series) -> NDArray[np.bool_]:
    """Return a yes/no column as bool[n]; anything but a clear yes is no."""
    yes = {"1", "1.0", "true", "t", "yes", "y", "是", "有", "√", "✓"}
    return np.array([unicodedata.normalize("NFKC", str(v)).strip().lower() in yes for v in column], dtype=bool)


def _read(cell: object) -> tuple[float, bool]:
    """Return one cell's number (NaN if it is none) and whether it was written plainly."""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell) if np.isfinite(cell) else float("nan"), True
    raw = str(cell).strip()
    if _PLAIN.match(raw) and raw.isascii():
        value = float(raw)
        return value if np.isfinite(value) else float("nan"), True
    if raw in _NOTHING or raw.lower() in _NOTHING:
        return 0.0, False
    text = unicodedata.normalize("NFKC", raw).replace("−", "-").strip()
    text = _UNIT.sub("", _ABOUT.sub("", text)).strip()
    if _GROUPED.match(text):
        text = re.sub(r"[,，' \u00a0\u202f]", "", text)
    if not _PLAIN.match(text):
        return float("nan"), False
    value = float(text)
    return value if np.isfinite(value) else float("nan"), False
