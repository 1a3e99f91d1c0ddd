"""One rule for zero, unknown figures and ranges in every column that holds numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from planner.district.files import Numbers, as_text, is_broken, read_numbers, read_years
from planner.words import say

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from planner.district.layers import LayerTable
    from planner.study import Language


@dataclass(frozen=True, slots=True)
class Rule:
    """How the figures of one column are read; `docs/layers.md` and ``planner check`` print it."""

    zero: Literal["figure", "unknown"]
    """Whether 0 is a figure like any other, or stands for one that is not known."""
    careful: Literal["low", "high", "refused"]
    """The end at which a range is read: the lower of what is offered, the higher of what is needed, spent or waited for."""
    unknown: str
    """Word of the glossary for what is taken where a figure is not known."""
    least: float
    most: float
    """Figures beyond these are errors: no room, person or price on earth is so large."""
    percent: Literal["figure", "share", "refused"] = "refused"
    """What ``23.5%`` is: 23.5, 0.235, or no number at all."""


#: column, or its use → rule
RULES: dict[str, Rule] = {
    "people": Rule("figure", "refused", "unknown_people", 0, 1e10, "figure"),
    "percent_of": Rule("figure", "refused", "unknown_people", 0, 1e10),
    "total": Rule("figure", "refused", "unknown_people", 0, 1e10),
    "households": Rule("figure", "high", "unknown_households", 0, 1e10),
    "weight": Rule("figure", "refused", "unknown_weight", 0, 1e6, "share"),
    "area_m2": Rule("unknown", "low", "unknown_area", 0, 1e9),
    "storeys": Rule("unknown", "low", "unknown_storeys", 0, 1000),
    "capacity": Rule("figure", "low", "unknown_capacity", 0, 1e8),
    "storey": Rule("figure", "high", "unknown_of_kind", -100, 1000),
    "setup_yuan": Rule("figure", "high", "unknown_of_kind", 0, 1e13),
    "yearly_yuan": Rule("figure", "high", "unknown_of_kind", 0, 1e13),
    "ready_year": Rule("unknown", "high", "unknown_year", 1900, 2200),
}
#: columns of which empty cells are noted by a finding of their own
_NOTED_ELSEWHERE = frozenset({"people", "percent_of", "total", "area_m2", "storeys"})


def rule_lines(language: Language) -> list[str]:
    """Return the rule in words, for all columns, one line each for zero, unknown figures and ranges."""

    def named(chosen: Callable[[Rule], bool]) -> str:
        return ", ".join(column for column, rule in RULES.items() if chosen(rule))

    instead = [f"  {column}: {say(rule.unknown, language)}" for column, rule in RULES.items()]
    return [
        say("figures_title", language),
        say("figures_zero", language, unknown=named(lambda rule: rule.zero == "unknown")),
        say(
            "figures_range",
            language,
            low=named(lambda rule: rule.careful == "low"),
            high=named(lambda rule: rule.careful == "high"),
            refused=named(lambda rule: rule.careful == "refused"),
        ),
        say("figures_unknown", language),
        *instead,
    ]


def read_figures(table: LayerTable, column: pd.Series, use: str, *, required: bool, whole: bool = False) -> Numbers:
    """Return a column by the rule of its use: NaN where a figure is not known; every doubtful cell noted.

    Parameters
    ----------
    use
        A key of `RULES`.
    required
        Cells that are no numbers are errors, else warnings.
    whole
        The column counts people one by one, so that fractions with three places are probably thousands.
    """
    rule = RULES[use]
    if use == "ready_year":
        return _years(table, column)
    read = read_numbers(column, decimal=table.spec.decimal, usual=table.usual_decimal)
    doubtful: Literal["error", "warning"] = "error" if required else "warning"
    called = str(column.name)
    _say_marks(table, column, read, whole=whole)
    _flag_cells(table, column, "text-number", "warning", read.text, read=read.amounts)
    _flag_cells(table, column, "unreadable-number", doubtful, read.unreadable | _unnamed_formulas(column, read))
    amounts = read.amounts.copy()
    if rule.careful == "refused":
        _flag_cells(table, column, "range-refused", "error", read.ranged)
    elif read.ranged.any():
        amounts = np.where(read.ranged, read.upper, amounts) if rule.careful == "high" else amounts
        _flag_cells(table, column, "range-read", "warning", read.ranged, read=amounts)
    if rule.percent == "share":
        amounts = np.where(read.percent, amounts / 100, amounts)
    elif rule.percent == "refused":
        _flag_cells(table, column, "percent-for-number", doubtful, read.percent)
        amounts[read.percent] = np.nan
    beyond = (amounts > rule.most) | (amounts < min(rule.least, -rule.most))
    _flag_cells(table, column, "impossible-number", "error", beyond, most=rule.most)
    negative = (amounts < rule.least) & ~beyond
    _flag_cells(table, column, "negative-number", doubtful, negative)
    amounts[beyond | negative] = np.nan
    instead = f"@{rule.unknown}"
    if rule.zero == "unknown" and (amounts == 0).any():
        _flag_cells(table, column, "zero-unknown", "warning", amounts == 0, instead=instead)
        amounts[amounts == 0] = np.nan
    missing = read.unknown if use in _NOTED_ELSEWHERE else read.missing
    if missing.any() and not (required and use in _NOTED_ELSEWHERE):
        table.flag("note", "unknown-number", missing, column=called, instead=instead)
    return replace(read, amounts=amounts)


def _unnamed_formulas(column: pd.Series, read: Numbers) -> NDArray[np.bool_]:
    """Return cells that begin with ``=`` in a file that is no workbook: their column did not refuse them."""
    refused = np.array([isinstance(value, str) and is_broken(value) for value in column], dtype=bool)
    return np.asarray(read.broken & ~refused)


def _years(table: LayerTable, column: pd.Series) -> Numbers:
    read, none = read_years(column), np.zeros(len(column), dtype=bool)
    _flag_cells(table, column, "date-for-year", "note", read.dated, read=read.years)
    _flag_cells(table, column, "unreadable-year", "error", read.unreadable)
    if read.missing.any():
        instead = f"@{RULES['ready_year'].unknown}"
        table.flag("note", "unknown-number", read.missing, column=str(column.name), instead=instead)
    marks = read_numbers(column.iloc[:0].astype(object)).marks
    return Numbers(
        read.years, read.missing, none, none, none, none, read.years, read.broken, read.unreadable, marks
    )  # fmt: skip


def _say_marks(table: LayerTable, column: pd.Series, read: Numbers, *, whole: bool) -> None:
    marks = read.marks
    if marks.doubtful:
        text = marks.doubtful
        digits = text.replace(".", "").replace(",", "")
        as_decimal = digits[:-3] + "." + digits[-3:] if not marks.stored else text
        table.flag(
            "error" if whole and not marks.stored else "warning",
            "thousands-or-decimals",
            (),
            column=str(column.name),
            example=text,
            decimal=as_decimal,
            thousands=digits if not marks.stored else f"{float(text) * 1000:.0f}",
            mark="." if marks.stored or "." in text else ",",
            other="," if marks.stored or "." in text else ".",
        )
    elif marks.decimal == "," and marks.because == "cells":
        fractions = np.array(["," in as_text(value) for value in column], dtype=bool) & np.isfinite(read.amounts)
        _flag_cells(table, column, "decimal-comma", "note", fractions, read=read.amounts)


def _flag_cells(
    table: LayerTable,
    column: pd.Series,
    code: str,
    severity: Literal["error", "warning", "note"],
    cells: NDArray[np.bool_],
    *,
    read: NDArray[np.float64] | None = None,
    **evidence: str | float,
) -> None:
    """Note cells of a column with the first of them as written, and as read."""
    if not cells.any():
        return
    first = int(np.flatnonzero(cells)[0])
    facts: dict[str, str | float] = {"column": str(column.name), "example": as_text(column.iloc[first]), **evidence}
    if read is not None:
        facts["read"] = float(read[first])
    table.flag(severity, code, cells, **facts)
