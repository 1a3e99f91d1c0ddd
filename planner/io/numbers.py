"""Numbers in text cells: full-width digits, decimal marks and thousands separators, percentages, ranges, words for unknown."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]

#: notations of an unknown value
_UNKNOWN = frozenset("-—–―─/") | {
    "--", "---", "——", "na", "n/a", "n.a.", "nan", "null", "none", "unknown", "tbd", "k.a.",
    "不详", "未知", "未定", "待定", "暂无", "暂缺", "缺", "...", "…",
}  # fmt: skip
#: words for 0
_ZERO = frozenset({"无", "没有", "零", "nil", "zero"})
_YES = frozenset({"1", "1.0", "true", "t", "yes", "y", "是", "有", "√", "✓", "ja", "sim"})
_NO = frozenset({"0", "0.0", "false", "f", "no", "n", "否", "无", "没有", "×", "✗", "nein", "não"})
_APPROXIMATE = re.compile(r"(?:约|大约|近|共|计|ca\.?|c\.|approx\.?|about|~|≈)\s*", re.IGNORECASE)
_UNITS = (
    "people", "beds", "bed", "平方米", "平米", "左右", "以上", "人", "户", "张", "床", "个", "名", "位", "层", "元",
    "岁", "m2", "余", "多", "+",
)  # fmt: skip
_RANGE = re.compile(r"(.*?\d[^\d]{0,3}?)\s*(?:-|~|–|—|至|到|\bto\b)\s*(\d.*)")
_AT_LEAST = re.compile(r"(?:≥|>=|>|不少于|至少|at least)\s*", re.IGNORECASE)
#: spreadsheet errors in any language, formulas whose result was not stored, merged figures (see `workbook`)
_FORMULA_ERROR = re.compile(r"#(?:[^\W_][\w/]{1,11}[!?]|(?:N/A|NV|N/D)(?= \[|$))|=.*\[[A-Z]{1,3}\d{1,7}\]$", re.DOTALL)
#: a longer cell is prose
_MAX_CHARACTERS = 60
_GROUPS = "' "
#: cells that are a number with this decimal mark, or with no decimal mark and the other one between thousands
_UNAMBIGUOUS = {
    mark: re.compile(
        rf"[+-]?(?:\d*[{mark}](?:\d{{1,2}}|\d{{4,}})|(?:0|\d{{4,}}|)[{mark}]\d+|\d{{1,3}}(?:[{other}]\d{{3}})+[{mark}]\d+"
        rf"|[1-9]\d{{0,2}}(?:[{other}]\d{{3}}){{2,}})(?:e[+-]?\d+)?",
        re.IGNORECASE,
    )
    for mark, other in ((".", ","), (",", "."))
}
#: ``5.741`` and ``1,250``: a decimal fraction or thousands
_AMBIGUOUS = {mark: re.compile(rf"[+-]?[1-9]\d{{0,2}}[{mark}]\d{{3}}") for mark in ".,"}
_NUMBER = {
    mark: re.compile(
        rf"[+-]?(?:(?:\d+|[1-9]\d{{0,2}}(?:[{other}{_GROUPS}]\d{{3}})+)(?:[{mark}]\d*)?|[{mark}]\d+)(?:e[+-]?\d+)?",
        re.IGNORECASE,
    )
    for mark, other in ((".", ","), (",", "."))
}
#: minimum share of fractions with exactly three decimals for stored numbers to be taken for misread thousands
_MIN_AMBIGUOUS_SHARE = 0.6


@dataclass(frozen=True, eq=False)
class NumberColumn:
    """A column read as numbers; every mask is bool[n]."""

    amounts: NDArray[np.float64]
    """float64[n]; NaN where the cell is not a number. ``23.5%`` is 23.5, ``20-30`` is 20."""
    empty: Bools
    """Nothing is written."""
    unknown: Bools
    """A dash or a word for an unknown figure is written."""
    text: Bools
    """Numbers that were written as text in a way that a spreadsheet would not add up."""
    percent: Bools
    """Numbers with a percent sign (or cells of a workbook that are shown with one)."""
    is_range: Bools
    """Two numbers, of which ``amounts`` is the lower one."""
    upper: NDArray[np.float64]
    """float64[n]: the higher end of a range, else ``amounts``."""
    broken: Bools
    """A spreadsheet's error value, or a formula without a stored result."""
    unreadable: Bools
    """Anything else that is no number."""
    decimal_mark: DecimalMark
    """Decimal mark of the column, and its evidence."""

    @property
    def missing(self) -> Bools:
        """Cells without a value: empty or marked as unknown."""
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
    is_range: bool = False
    broken: bool = False


def read_numbers(column: pd.Series, *, decimal: str | None = None, usual: str | None = None) -> NumberColumn:
    """Return the numbers of ``column``, whatever its type, with masks of doubtful cells.

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
    column = _booleans_as_text(column)
    if pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        finite = np.where(np.isinf(values), np.nan, values)
        decimal_mark = infer_decimal_mark([], np.unique(finite[np.isfinite(finite)]).tolist(), decimal, None)
        return NumberColumn(
            finite, np.isnan(values), none, none, none, none, finite, none, np.isinf(values), decimal_mark
        )
    codes, distinct = pd.factorize(column, use_na_sentinel=True)
    bodies = [_number_text(value) for value in distinct]
    stored_numbers = [float(value) for value in distinct if _is_number(value) and np.isfinite(value)]
    decimal_mark = infer_decimal_mark(
        [part for body in bodies for part in _range_ends(body)], stored_numbers, decimal, usual
    )
    cells = [
        *(_parse_cell(value, body, decimal_mark) for value, body in zip(distinct, bodies, strict=True)),
        _Cell(empty=True),
    ]
    cell = {name: np.array([getattr(cell, name) for cell in cells])[codes] for name in _Cell.__slots__}
    return NumberColumn(
        amounts=cell["low"],
        empty=cell["empty"],
        unknown=cell["unknown"],
        text=cell["text"],
        percent=cell["percent"],
        is_range=cell["is_range"],
        upper=cell["high"],
        broken=cell["broken"],
        unreadable=np.isnan(cell["low"]) & ~cell["empty"] & ~cell["unknown"] & ~cell["broken"],
        decimal_mark=decimal_mark,
    )


def _booleans_as_text(column: pd.Series) -> pd.Series:
    """Return ``column`` with true and false as texts: they are no count of one and none, though they equal 1 and 0."""
    if pd.api.types.is_bool_dtype(column):
        return column.astype(object).map(str, na_action="ignore")
    if column.dtype != object or not any(isinstance(value, bool | np.bool_) for value in column):
        return column
    return column.map(lambda value: str(value) if isinstance(value, bool | np.bool_) else value)


def read_flags(column: pd.Series) -> tuple[Bools, Bools, Bools]:
    """Return masks of a yes/no column, bool[n] each: yes, unknown, unreadable."""
    texts = [unicodedata.normalize("NFKC", "" if pd.isna(v) else str(v)).strip().lower() for v in column]
    yes = np.array([text in _YES for text in texts], dtype=bool)
    unknown = np.array([not text or text in _UNKNOWN for text in texts], dtype=bool)
    no = np.array([text in _NO for text in texts], dtype=bool)
    return yes, unknown, ~yes & ~unknown & ~no


def is_formula_error(text: str) -> bool:
    """Return whether a cell's text is a spreadsheet error or a formula without a stored result."""
    return bool(_FORMULA_ERROR.match(text))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool | np.bool_)


def _number_text(value: object) -> str:
    """Return a cell's text in half width, without words and units; empty for numbers."""
    if _is_number(value):
        return ""
    text = unicodedata.normalize("NFKC", str(value)).replace("−", "-").replace("\u200b", "").strip()
    return text if len(text) > _MAX_CHARACTERS else _strip_words(text)


def _strip_words(text: str) -> str:
    approximately = _APPROXIMATE.match(text)
    text = text[approximately.end() :] if approximately else text
    at_least = _AT_LEAST.match(text)
    text = text[at_least.end() :] if at_least else text
    while True:
        unit = next((unit for unit in _UNITS if text.lower().endswith(unit) and len(text) > len(unit)), None)
        if unit is None:
            return text
        text = text[: -len(unit)].rstrip()


def _range_ends(body: str) -> Sequence[str]:
    """Return the numbers in a cell's text: one, two of a range, none in prose."""
    if len(body) > _MAX_CHARACTERS:
        return ()
    body = body.removesuffix("%").rstrip()
    distinct = _RANGE.fullmatch(body)
    return (body,) if distinct is None else (_strip_words(distinct[1].strip()), distinct[2])


def _parse_cell(value: object, body: str, decimal_mark: DecimalMark) -> _Cell:
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
    if is_formula_error(raw) or raw.startswith("="):
        return _Cell(broken=True)
    if len(body) > _MAX_CHARACTERS:
        return _Cell()
    single = _parse_single(raw, body, decimal_mark)
    if single is not None:
        return single
    parts = _range_ends(body)
    if len(parts) == 2:
        low, high = (parse_number(part, decimal_mark.decimal) for part in parts)
        if low < high:
            return _Cell(low, high, is_range=True, percent=body.endswith("%"))
    return _Cell()


def _parse_single(raw: str, body: str, decimal_mark: DecimalMark) -> _Cell | None:
    percent = body.endswith("%")
    number = parse_number(body.removesuffix("%").rstrip(), decimal_mark.decimal)
    if np.isnan(number):
        return None
    is_plain = (
        raw.isascii() and raw == body and not percent and not (set(raw) & set(", '")) and decimal_mark.decimal == "."
    )
    cell = _Cell(number, number, text=not percent and not (is_plain or (raw.isascii() and raw.isdigit())))
    return replace(cell, percent=True) if percent else cell


@dataclass(frozen=True, slots=True)
class DecimalMark:
    """The decimal mark of a column."""

    decimal: Literal[".", ","] = "."
    because: Literal["declared", "cells", "separator", "nothing"] = "nothing"
    """Evidence for the mark; ``nothing``: the point is assumed."""
    doubtful: str = ""
    """A cell that could be thousands (``5.741``) where neither the study nor another cell decides; empty = unambiguous."""
    stored: bool = False
    """The ambiguous values are stored as numbers, not as text."""


def infer_decimal_mark(
    texts: Sequence[str], stored_numbers: Sequence[float], decimal: str | None, usual: str | None
) -> DecimalMark:
    """Return the decimal mark of a column.

    Parameters
    ----------
    texts
        Its cells that are texts, without words and units.
    stored_numbers
        Its cells that are numbers.
    decimal
        What the study declares.
    usual
        The mark that goes with the file's column separator.
    """
    if decimal is not None:
        return DecimalMark("," if decimal == "," else ".", "declared")
    texts = [text.replace(" ", "").replace("'", "") for text in texts]
    comma = any(_UNAMBIGUOUS[","].fullmatch(text) for text in texts)
    point = any(_UNAMBIGUOUS["."].fullmatch(text) for text in texts)
    if comma != point:
        return DecimalMark("," if comma else ".", "cells")
    either = {mark: next((text for text in texts if _AMBIGUOUS[mark].fullmatch(text)), "") for mark in ".,"}
    if either[","] and not point:
        if usual == "," and not either["."]:
            return DecimalMark(",", "separator", either[","])
        return DecimalMark(".", "nothing", either["."])
    if either["."]:
        return DecimalMark(".", "nothing", either["."])
    return DecimalMark(".", "nothing", _split_thousands(stored_numbers), stored=True)


def parse_number(text: str, decimal: str) -> float:
    """Return the number that ``text`` is with this decimal mark and the other one, spaces or ``'`` between thousands; else NaN."""
    if not text or not text.isascii() or not _NUMBER[decimal].fullmatch(text):
        return float("nan")
    for group in (",." if decimal == "," else ".,").replace(decimal, "") + _GROUPS:
        text = text.replace(group, "")
    number = float(text.replace(decimal, "."))
    return number if np.isfinite(number) else float("nan")


def _split_thousands(stored_numbers: Sequence[float]) -> str:
    """Return an example if the fractions among ``stored_numbers`` look like thousands misread as decimals."""
    shown = [repr(abs(value)) for value in stored_numbers if value != int(value)]
    places = [len(text.partition(".")[2]) for text in shown]
    if not shown or any(abs(value) >= 1000 for value in stored_numbers) or any(text.startswith("0.") for text in shown):
        return ""
    exactly = [text for text, count in zip(shown, places, strict=True) if count == 3]
    plain = all(count <= 3 for count in places) and not any("e" in text for text in shown)
    return exactly[0] if plain and len(exactly) >= _MIN_AMBIGUOUS_SHARE * len(shown) else ""
