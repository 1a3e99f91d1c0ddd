"""Numbers as people type them into tables: full-width digits, separators of either kind, percents, ranges, dashes, 约120."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.district.files.marks import Marks, choose_marks, plain_number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]

#: what a table writes where a figure is not known
_UNKNOWN = frozenset("-—–―─/") | {
    "--", "---", "——", "na", "n/a", "n.a.", "nan", "null", "none", "unknown", "tbd", "k.a.",
    "不详", "未知", "未定", "待定", "暂无", "暂缺", "缺", "...", "…",
}  # fmt: skip
#: words for 0
_ZERO = frozenset({"无", "没有", "零", "nil", "zero"})
_YES = frozenset({"1", "1.0", "true", "t", "yes", "y", "是", "有", "√", "✓", "ja", "sim"})
_NO = frozenset({"0", "0.0", "false", "f", "no", "n", "否", "无", "没有", "×", "✗", "nein", "não"})
_ABOUT = re.compile(r"(?:约|大约|近|共|计|ca\.?|c\.|approx\.?|about|~|≈)\s*", re.IGNORECASE)
_UNITS = (
    "people", "beds", "bed", "平方米", "平米", "左右", "以上", "人", "户", "张", "床", "个", "名", "位", "层", "元",
    "岁", "m2", "余", "多", "+",
)  # fmt: skip
_RANGE = re.compile(r"(.*?\d[^\d]{0,3}?)\s*(?:-|~|–|—|至|到|\bto\b)\s*(\d.*)")
_AT_LEAST = re.compile(r"(?:≥|>=|>|不少于|至少|at least)\s*", re.IGNORECASE)
#: spreadsheet errors in any language, formulas whose result was not stored, merged figures (see `workbook`)
_BROKEN = re.compile(r"#(?:[^\W_][\w/]{1,11}[!?]|(?:N/A|NV|N/D)(?= \[|$))|=.*\[[A-Z]{1,3}\d{1,7}\]$", re.DOTALL)
#: a longer cell is prose
_LONGEST = 60


@dataclass(frozen=True, eq=False)
class Numbers:
    """A column read as numbers; every mask is bool[n]."""

    amounts: NDArray[np.float64]
    """float64[n]; NaN where the cell holds no number. ``23.5%`` is 23.5, ``20-30`` is 20."""
    empty: Bools
    """Nothing is written."""
    unknown: Bools
    """A dash or a word for an unknown figure is written."""
    text: Bools
    """Numbers that were written as text in a way that a spreadsheet would not add up."""
    percent: Bools
    """Numbers with a percent sign (or cells of a workbook that are shown with one)."""
    ranged: Bools
    """Two numbers, of which ``amounts`` is the lower one."""
    upper: NDArray[np.float64]
    """float64[n]: the higher end of a range, else ``amounts``."""
    broken: Bools
    """A spreadsheet's error value, or a formula without a stored result."""
    unreadable: Bools
    """Anything else that is no number."""
    marks: Marks
    """Which of point and comma is the decimal mark, and what says so."""

    @property
    def missing(self) -> Bools:
        """Cells without a figure: empty, or said to be unknown."""
        return self.empty | self.unknown


@dataclass(frozen=True, slots=True)
class _Cell:
    """One distinct value of a column."""

    low: float = float("nan")
    high: float = float("nan")
    empty: bool = False
    unknown: bool = False
    text: bool = False
    percent: bool = False
    ranged: bool = False
    broken: bool = False


def read_numbers(column: pd.Series, *, decimal: str | None = None, usual: str | None = None) -> Numbers:
    """Return the numbers of ``column``, whatever its type, and which cells were doubtful.

    Parameters
    ----------
    column
        Cells of any type.
    decimal
        The decimal mark that the study declares for the layer, ``.`` or ``,``.
    usual
        The decimal mark that usually goes with the file's column separator; weak evidence.

    Examples
    --------
    >>> read_numbers(pd.Series(["1,200", "约35人", "23.5%"])).amounts.tolist()
    [1200.0, 35.0, 23.5]
    """
    n = len(column)
    none = np.zeros(n, dtype=bool)
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        finite = np.where(np.isinf(values), np.nan, values)
        marks = choose_marks([], np.unique(finite[np.isfinite(finite)]).tolist(), decimal, None)
        return Numbers(finite, np.isnan(values), none, none, none, none, finite, none, np.isinf(values), marks)
    codes, found = pd.factorize(column, use_na_sentinel=True)
    bodies = [_body(value) for value in found]
    stored = [float(value) for value in found if _is_number(value) and np.isfinite(value)]
    marks = choose_marks([part for body in bodies for part in _parts(body)], stored, decimal, usual)
    cells = [*(_read(value, body, marks) for value, body in zip(found, bodies, strict=True)), _Cell(empty=True)]
    amounts, upper = _column(cells, codes, lambda cell: cell.low), _column(cells, codes, lambda cell: cell.high)
    empty, unknown, broken = (
        _mask(cells, codes, of) for of in (lambda cell: cell.empty, lambda cell: cell.unknown, lambda cell: cell.broken)
    )
    return Numbers(
        amounts,
        empty,
        unknown,
        _mask(cells, codes, lambda cell: cell.text),
        _mask(cells, codes, lambda cell: cell.percent),
        _mask(cells, codes, lambda cell: cell.ranged),
        upper,
        broken,
        np.isnan(amounts) & ~empty & ~unknown & ~broken,
        marks,
    )


def read_flags(column: pd.Series) -> tuple[Bools, Bools, Bools]:
    """Return of a yes/no column which cells say yes, which say nothing, and which say neither yes nor no; each bool[n]."""
    texts = [unicodedata.normalize("NFKC", "" if pd.isna(v) else str(v)).strip().lower() for v in column]
    yes = np.array([text in _YES for text in texts], dtype=bool)
    unknown = np.array([not text or text in _UNKNOWN for text in texts], dtype=bool)
    no = np.array([text in _NO for text in texts], dtype=bool)
    return yes, unknown, ~yes & ~unknown & ~no


def is_broken(text: str) -> bool:
    """Tell whether a cell's text is a spreadsheet's error value or a formula without a stored result."""
    return bool(_BROKEN.match(text))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool | np.bool_)


def _body(value: object) -> str:
    """Return a cell's text in half width with words and units taken off; empty for what is no text."""
    if _is_number(value):
        return ""
    text = unicodedata.normalize("NFKC", str(value)).replace("−", "-").replace("\u200b", "").strip()
    return text if len(text) > _LONGEST else _without_words(text)


def _without_words(text: str) -> str:
    about = _ABOUT.match(text)
    text = text[about.end() :] if about else text
    least = _AT_LEAST.match(text)
    text = text[least.end() :] if least else text
    while True:
        unit = next((unit for unit in _UNITS if text.lower().endswith(unit) and len(text) > len(unit)), None)
        if unit is None:
            return text
        text = text[: -len(unit)].rstrip()


def _parts(body: str) -> Sequence[str]:
    """Return the numbers in a cell's text: one, two of a range, none in prose."""
    if len(body) > _LONGEST:
        return ()
    body = body.removesuffix("%").rstrip()
    found = _RANGE.fullmatch(body)
    return (body,) if found is None else (_without_words(found[1].strip()), found[2])


def _read(value: object, body: str, marks: Marks) -> _Cell:
    if _is_number(value):
        number = float(value)  # type: ignore[arg-type]
        return _Cell(number, number) if np.isfinite(number) else _Cell()
    raw = str(value).strip().strip("\u200b\ufeff")
    lower = unicodedata.normalize("NFKC", raw).lower()
    if not raw:
        return _Cell(empty=True)
    if raw in _UNKNOWN or lower in _UNKNOWN:
        return _Cell(unknown=True)
    if lower in _ZERO:
        return _Cell(0.0, 0.0, text=True)
    if is_broken(raw) or raw.startswith("="):
        return _Cell(broken=True)
    if len(body) > _LONGEST:
        return _Cell()
    single = _single(raw, body, marks)
    if single is not None:
        return single
    parts = _parts(body)
    if len(parts) == 2:
        low, high = (plain_number(part, marks.decimal) for part in parts)
        if low < high:
            return _Cell(low, high, ranged=True, percent=body.endswith("%"))
    return _Cell()


def _single(raw: str, body: str, marks: Marks) -> _Cell | None:
    percent = body.endswith("%")
    number = plain_number(body.removesuffix("%").rstrip(), marks.decimal)
    if np.isnan(number):
        return None
    as_shown = raw.isascii() and raw == body and not percent and not (set(raw) & set(", '")) and marks.decimal == "."
    cell = _Cell(number, number, text=not percent and not (as_shown or (raw.isascii() and raw.isdigit())))
    return replace(cell, percent=True) if percent else cell


def _column(cells: Sequence[_Cell], codes: NDArray[np.intp], of: Callable[[_Cell], float]) -> NDArray[np.float64]:
    return np.array([of(cell) for cell in cells], dtype=np.float64)[codes]


def _mask(cells: Sequence[_Cell], codes: NDArray[np.intp], of: Callable[[_Cell], bool]) -> Bools:
    return np.array([of(cell) for cell in cells], dtype=bool)[codes]
