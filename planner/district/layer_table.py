"""Attribute table of one layer: columns found by the study's names, numbers read by one rule per column."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from planner.district.findings import MAX_ROWS_LISTED
from planner.i18n import translate
from planner.io.cells import as_text, is_inexact_integer, normalised_name, read_years
from planner.io.encoding import NAME_BYTES, cut_name
from planner.io.numbers import NumberColumn, is_formula_error, read_numbers
from planner.study import Communities, People
from planner.study.connection import connection, is_connection, without_secrets
from planner.study.former_names import other_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from planner.district.findings import Fact, Findings
    from planner.study import Language, Layer, Streets


_NUMBERED = re.compile(r"^(.+)_\d{1,2}$")
#: columns whose empty cells have their own finding
_OWN_FINDING = frozenset({"people", "percent_of", "total", "area_m2", "storeys"})


@dataclass(frozen=True, eq=False)
class LayerTable:
    """One layer in memory: rows as the file has them, found by the names of the study."""

    label: str
    """Where the study names it: ``layers.people.0``."""
    spec: Layer
    frame: gpd.GeoDataFrame
    """Its index holds row numbers of the file, 0 = first."""
    findings: Findings
    duplicate_headings: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Heading that covers several columns of the file → their names in ``frame``."""
    usual_decimal: str | None = None
    """Decimal mark that usually goes with the file's column separator."""

    @property
    def where(self) -> str:
        """The file as the study names it."""
        return display_path(self.spec)

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.frame)

    # columns ---------------------------------------------------------------------------------------------------------

    def column(self, name: str, use: str) -> pd.Series | None:
        """Return a column by the planner's name or the file's; add an error and return None if it is missing."""
        found = self._find(name)
        if found is None:
            self._missing(self.spec.columns.get(name, name), use)
            return None
        column: pd.Series = self.frame[found]
        self._refuse_broken(column)
        return column

    def optional(self, name: str) -> pd.Series | None:
        """Return a column by the planner's name, or None; add an error if the study maps it to a missing column."""
        return self.column(name, name) if name in self.spec.columns or self._find(name) is not None else None

    def texts(self, name: str) -> list[str] | None:
        """Return an optional column as texts without blanks around them; empty where the cell is."""
        column = self.optional(name)
        return None if column is None else [as_text(value) for value in column]

    def codes(self, name: str, use: str) -> list[str] | None:
        """Return a column of identifiers as texts; integers beyond float precision are an error."""
        column = self.column(name, use)
        if column is None:
            return None
        damaged = np.array([is_inexact_integer(value) for value in column], dtype=bool)
        if damaged.any():
            example = as_text(column.iloc[int(np.flatnonzero(damaged)[0])])
            self.flag("error", "inexact-code", damaged, column=str(column.name), example=example)
        return [as_text(value) for value in column]

    def numbers(self, name: str, *, required: bool = False) -> NDArray[np.float64] | None:
        """Return a column as float64[n] by its rule in `NUMBER_RULES`; NaN where unknown."""
        column = self.column(name, name) if required else self.optional(name)
        return None if column is None else read_number_column(self, column, name, required=required).amounts

    def figures(self, name: str, use: str, *, whole: bool = False) -> NumberColumn | None:
        """Return a required column as numbers by the rule of its use, with masks of doubtful cells.

        Parameters
        ----------
        name
            The column's name in the file.
        use
            ``people``, ``percent_of`` or ``total``.
        whole
            It counts people one by one.
        """
        column = self.column(name, use)
        return None if column is None else read_number_column(self, column, use, required=True, whole=whole)

    # findings --------------------------------------------------------------------------------------------------------

    def flag(
        self,
        severity: Literal["error", "warning", "note"],
        code: str,
        rows: Sequence[int] | NDArray[np.int64] | NDArray[np.bool_] = (),
        **evidence: Fact,
    ) -> None:
        """Add a finding about rows (positions, or a mask of them)."""
        named = np.asarray(rows)
        at = np.flatnonzero(named) if named.dtype == bool else named.astype(np.int64)
        add = {"error": self.findings.error, "warning": self.findings.warn, "note": self.findings.note}[severity]
        add(code, self.label, self.where, self.row_names(at[:MAX_ROWS_LISTED]), **{"count": len(at), **evidence})

    def row_names(self, rows: Iterable[int]) -> list[str]:
        """Return ids of rows, or their numbers in the file (1 = first) where the layer has none."""
        found = self._find("id")
        numbers = self.frame.index
        if found is None:
            return [f"#{int(numbers[row]) + 1}" for row in rows]
        ids = self.frame[found]
        return [as_text(ids.iloc[row]) or f"#{int(numbers[row]) + 1}" for row in rows]

    def cut_names(self) -> dict[str, str]:
        """Return columns requested by a longer name than the file stores: requested → stored."""
        requested = [*self.spec.columns.values(), *self.spec.keep, *self.spec.drop, *requested_columns(self.spec)]
        found = {name: matching_columns(self._columns(), name) for name in requested}
        return {name: matches[0] for name, matches in found.items() if len(matches) == 1 and matches[0] != name}

    def with_frame(self, frame: gpd.GeoDataFrame) -> LayerTable:
        """Return the same layer with other rows."""
        return replace(self, frame=frame)

    def _refuse_broken(self, column: pd.Series) -> None:
        """Flag cells of a used column with a spreadsheet error or a formula without a result."""
        if not (column.dtype == object or str(column.dtype).startswith("str")):
            return
        broken = np.array([isinstance(value, str) and is_formula_error(value) for value in column], dtype=bool)
        if broken.any():
            cells = ", ".join(str(value) for value in column[broken].iloc[:5])
            self.flag("error", "formula-error", broken, column=str(column.name), cells=cells)

    def _find(self, name: str) -> str | None:
        wanted = self._wanted(name)
        duplicate = next((found for found in self.duplicate_headings if _same_name(found, wanted)), None)
        if duplicate is not None and wanted not in self._columns():
            names = self.duplicate_headings[duplicate]
            self.findings.error("ambiguous-column", self.label, self.where, column=wanted, columns=", ".join(names))
            return names[0]
        if duplicate is not None and self.duplicate_headings[duplicate] == (wanted,):
            self.findings.error("doubled-property", self.label, self.where, column=wanted)
        matches = matching_columns(self._columns(), wanted)
        if len(matches) == 1 and matches[0] != wanted and not _same_name(matches[0], wanted):
            self.findings.note("cut-name", self.label, self.where, column=wanted, found=matches[0])
        if len(matches) > 1:
            self.findings.error("ambiguous-column", self.label, self.where, column=wanted, columns=", ".join(matches))
        return matches[0] if matches else None

    def _wanted(self, name: str) -> str:
        """Return what the file should call a column: as the study says, else by its name, or its former name if it has that alone."""
        former = other_name(name)
        if name in self.spec.columns or former is None or matching_columns(self._columns(), name):
            return self.spec.columns.get(name, name)
        if former not in self._columns():
            return name
        self.findings.note("former-column", self.label, self.where, column=former, name=name)
        return former

    def _columns(self) -> list[str]:
        return [str(column) for column in self.frame.columns if column != "geometry"]

    def _missing(self, wanted: str, use: str) -> None:
        columns = self._columns()
        similar = difflib.get_close_matches(wanted, columns, n=1)
        suggestion = f"{similar[0]}? " if similar else ""
        self.findings.error(
            "missing-column",
            self.label,
            self.where,
            column=wanted,
            use=use,
            near=suggestion,
            columns=", ".join(columns),
        )


def requested_columns(layer: Layer) -> list[str]:
    """Return the columns that a layer's own keys name, besides ``columns``."""
    if isinstance(layer, People):
        counted = layer.groups.values()
        named = [*(c.column for c in counted), *(c.percent_of for c in counted), layer.total]
        return [name for name in named if name]
    return list(layer.roll_up) if isinstance(layer, Communities) else []


def display_path(layer: Layer | Streets) -> str:
    """Return a layer's path as it may be shown: a connection's password stays hidden."""
    return without_secrets(connection(layer.path)) if is_connection(layer.path) else layer.path.as_posix()


def matching_columns(columns: Sequence[str], wanted: str) -> list[str]:
    """Return the columns that ``wanted`` may refer to: itself, or those equal but for case, width or truncation.

    A shapefile keeps ten bytes of a name: three Chinese characters in UTF-8, five in GBK. Two long names that are
    equal so far become ``养老院`` and ``养老_1``; both are returned, as they cannot be told apart.
    """
    if wanted in columns:
        return [wanted]
    same = [column for column in columns if _same_name(column, wanted)]
    if same:
        return same
    for encoding in ("utf-8", "gb18030"):
        truncated = cut_name(wanted, encoding)
        if truncated == wanted:
            continue
        shorter = cut_name(wanted, encoding, NAME_BYTES - 2)
        matches = [c for c in columns if c == truncated]
        if matches:
            return matches + [c for c in columns if (found := _NUMBERED.match(c)) and found[1] == shorter]
    return []


def _same_name(column: str, wanted: str) -> bool:
    return normalised_name(column) == normalised_name(wanted)


@dataclass(frozen=True, slots=True)
class NumberRule:
    """How the figures of one column are read; `docs/layers.md` and ``planner check`` print it."""

    zero: Literal["figure", "unknown"]
    """Whether 0 is a value, or marks an unknown one."""
    careful: Literal["low", "high", "refused"]
    """The end at which a range is read: the lower of what is offered, the higher of what is needed, spent or waited for."""
    unknown: str
    """Glossary word for the value assumed where it is unknown."""
    least: float
    most: float
    """Values outside these limits are errors."""
    percent: Literal["figure", "share", "refused"] = "refused"
    """What ``23.5%`` is: 23.5, 0.235, or no number at all."""


def number_rules_text(language: Language) -> list[str]:
    """Return the rule in words, for all columns, one line each for zero, unknown figures and ranges."""

    def named(chosen: Callable[[NumberRule], bool]) -> str:
        return ", ".join(column for column, rule in NUMBER_RULES.items() if chosen(rule))

    assumption = [f"  {column}: {translate(rule.unknown, language)}" for column, rule in NUMBER_RULES.items()]
    return [
        translate("figures_title", language),
        translate("figures_zero", language, unknown=named(lambda rule: rule.zero == "unknown")),
        translate(
            "figures_range",
            language,
            low=named(lambda rule: rule.careful == "low"),
            high=named(lambda rule: rule.careful == "high"),
            refused=named(lambda rule: rule.careful == "refused"),
        ),
        translate("figures_unknown", language),
        *assumption,
    ]


def read_number_column(
    table: LayerTable, column: pd.Series, use: str, *, required: bool, whole: bool = False
) -> NumberColumn:
    """Return a column by the rule of its use: NaN where unknown; every doubtful cell flagged.

    Parameters
    ----------
    use
        A key of `NUMBER_RULES`.
    required
        Cells that are no numbers are errors, else warnings.
    whole
        The column counts people one by one, so that fractions with three places are probably thousands.
    """
    rule = NUMBER_RULES[use]
    if use == "ready_year":
        return _read_year_column(table, column)
    read = read_numbers(column, decimal=table.spec.decimal, usual=table.usual_decimal)
    severity_unreadable: Literal["error", "warning"] = "error" if required else "warning"
    column_name = str(column.name)
    _flag_decimal_mark(table, column, read, whole=whole)
    _flag_cells(table, column, "text-number", "warning", read.text, read=read.amounts)
    _flag_cells(
        table, column, "unreadable-number", severity_unreadable, read.unreadable | _unreported_formulas(column, read)
    )
    amounts = read.amounts.copy()
    if rule.careful == "refused":
        _flag_cells(table, column, "range-refused", "error", read.is_range)
    elif read.is_range.any():
        amounts = np.where(read.is_range, read.upper, amounts) if rule.careful == "high" else amounts
        _flag_cells(table, column, "range-read", "warning", read.is_range, read=amounts)
    if rule.percent == "share":
        amounts = np.where(read.percent, amounts / 100, amounts)
    elif rule.percent == "refused":
        _flag_cells(table, column, "percent-for-number", severity_unreadable, read.percent)
        amounts[read.percent] = np.nan
    out_of_range = (amounts > rule.most) | (amounts < min(rule.least, -rule.most))
    _flag_cells(table, column, "impossible-number", "error", out_of_range, most=rule.most)
    negative = (amounts < rule.least) & ~out_of_range
    _flag_cells(table, column, "negative-number", severity_unreadable, negative)
    amounts[out_of_range | negative] = np.nan
    assumption = f"@{rule.unknown}"
    if rule.zero == "unknown" and (amounts == 0).any():
        _flag_cells(table, column, "zero-unknown", "warning", amounts == 0, instead=assumption)
        amounts[amounts == 0] = np.nan
    missing = read.unknown if use in _OWN_FINDING else read.missing
    if missing.any() and not (required and use in _OWN_FINDING):
        table.flag("note", "unknown-number", missing, column=column_name, instead=assumption)
    return replace(read, amounts=amounts)


def _unreported_formulas(column: pd.Series, read: NumberColumn) -> NDArray[np.bool_]:
    """Return cells that begin with ``=`` in a file that is no workbook: their column did not refuse them."""
    refused = np.array([isinstance(value, str) and is_formula_error(value) for value in column], dtype=bool)
    return np.asarray(read.broken & ~refused)


def _read_year_column(table: LayerTable, column: pd.Series) -> NumberColumn:
    read, none = read_years(column), np.zeros(len(column), dtype=bool)
    _flag_cells(table, column, "date-for-year", "note", read.dated, read=read.years)
    _flag_cells(table, column, "unreadable-year", "error", read.unreadable)
    if read.missing.any():
        assumption = f"@{NUMBER_RULES['ready_year'].unknown}"
        table.flag("note", "unknown-number", read.missing, column=str(column.name), instead=assumption)
    decimal_mark = read_numbers(column.iloc[:0].astype(object)).decimal_mark
    return NumberColumn(
        read.years, read.missing, none, none, none, none, read.years, read.broken, read.unreadable, decimal_mark
    )  # fmt: skip


def _flag_decimal_mark(table: LayerTable, column: pd.Series, read: NumberColumn, *, whole: bool) -> None:
    decimal_mark = read.decimal_mark
    if decimal_mark.doubtful:
        text = decimal_mark.doubtful
        digits = text.replace(".", "").replace(",", "")
        as_decimal = digits[:-3] + "." + digits[-3:] if not decimal_mark.stored else text
        table.flag(
            "error" if whole and not decimal_mark.stored else "warning",
            "thousands-or-decimals",
            (),
            column=str(column.name),
            example=text,
            decimal=as_decimal,
            thousands=digits if not decimal_mark.stored else f"{float(text) * 1000:.0f}",
            mark="." if decimal_mark.stored or "." in text else ",",
            other="," if decimal_mark.stored or "." in text else ".",
        )
    elif decimal_mark.decimal == "," and decimal_mark.because == "cells":
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
    """Flag cells of a column, with the first of them as written and as read."""
    if not cells.any():
        return
    first = int(np.flatnonzero(cells)[0])
    facts: dict[str, str | float] = {"column": str(column.name), "example": as_text(column.iloc[first]), **evidence}
    if read is not None:
        facts["read"] = float(read[first])
    table.flag(severity, code, cells, **facts)


#: column, or its use → rule
NUMBER_RULES: dict[str, NumberRule] = {
    "people": NumberRule("figure", "refused", "unknown_people", 0, 1e10, "figure"),
    "percent_of": NumberRule("figure", "refused", "unknown_people", 0, 1e10),
    "total": NumberRule("figure", "refused", "unknown_people", 0, 1e10),
    "households": NumberRule("figure", "high", "unknown_households", 0, 1e10),
    "weight": NumberRule("figure", "refused", "unknown_weight", 0, 1e6, "share"),
    "area_m2": NumberRule("unknown", "low", "unknown_area", 0, 1e9),
    "storeys": NumberRule("unknown", "low", "unknown_storeys", 0, 1000),
    "capacity": NumberRule("figure", "low", "unknown_capacity", 0, 1e8),
    "storey": NumberRule("figure", "high", "unknown_of_kind", -100, 1000),
    "setup_cost": NumberRule("figure", "high", "unknown_of_kind", 0, 1e13),
    "yearly_cost": NumberRule("figure", "high", "unknown_of_kind", 0, 1e13),
    "ready_year": NumberRule("unknown", "high", "unknown_year", 1900, 2200),
}
