"""One layer in memory: its rows as the file has them, its columns found by the names the study uses."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from planner.district.figures import read_figures
from planner.district.files import NAME_BYTES, as_text, cut_name, folded, inexact, is_broken
from planner.district.findings import ROWS_NAMED
from planner.study import Communities, People
from planner.study.connection import connection, is_connection, without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from planner.district.files import Numbers
    from planner.district.findings import Fact, Findings
    from planner.study import Layer, Streets


__all__ = ["LayerTable", "alike_columns", "as_text", "asked_columns", "folded", "shown_path"]

_NUMBERED = re.compile(r"^(.+)_\d{1,2}$")


@dataclass(frozen=True, eq=False)
class LayerTable:
    """One layer in memory: rows as the file has them, found by the names of the study."""

    label: str
    """Where the study names it: ``layers.people.0``."""
    spec: Layer
    frame: gpd.GeoDataFrame
    """Its index holds row numbers of the file, 0 = first."""
    findings: Findings
    doubled: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Heading that stands over several columns of the file → their names in ``frame``."""
    usual_decimal: str | None = None
    """The decimal mark that usually goes with the file's column separator."""

    @property
    def where(self) -> str:
        """The file as the study names it."""
        return shown_path(self.spec)

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.frame)

    # columns ---------------------------------------------------------------------------------------------------------

    def column(self, name: str, use: str) -> pd.Series | None:
        """Return a column by our name or the file's; note an error and return None if the layer has none such."""
        found = self._find(name)
        if found is None:
            self._missing(self.spec.columns.get(name, name), use)
            return None
        column: pd.Series = self.frame[found]
        self._refuse_broken(column)
        return column

    def optional(self, name: str) -> pd.Series | None:
        """Return a column by our name, or None; note an error if the study maps it to a column that is not there."""
        return self.column(name, name) if name in self.spec.columns or self._find(name) is not None else None

    def texts(self, name: str) -> list[str] | None:
        """Return an optional column as texts without blanks around them; empty where the cell is."""
        column = self.optional(name)
        return None if column is None else [as_text(value) for value in column]

    def codes(self, name: str, use: str) -> list[str] | None:
        """Return a column as texts that tell things apart; numbers too long to be exact are an error."""
        column = self.column(name, use)
        if column is None:
            return None
        damaged = np.array([inexact(value) for value in column], dtype=bool)
        if damaged.any():
            example = as_text(column.iloc[int(np.flatnonzero(damaged)[0])])
            self.flag("error", "inexact-code", damaged, column=str(column.name), example=example)
        return [as_text(value) for value in column]

    def numbers(self, name: str, *, required: bool = False) -> NDArray[np.float64] | None:
        """Return a column as float64[n] by the rule of its name (`figures.RULES`); NaN where a figure is not known."""
        column = self.column(name, name) if required else self.optional(name)
        return None if column is None else read_figures(self, column, name, required=required).amounts

    def figures(self, name: str, use: str, *, whole: bool = False) -> Numbers | None:
        """Return a required column as numbers by the rule of its use, with what is doubtful about each cell.

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
        return None if column is None else read_figures(self, column, use, required=True, whole=whole)

    # findings --------------------------------------------------------------------------------------------------------

    def flag(
        self,
        severity: Literal["error", "warning", "note"],
        code: str,
        rows: Sequence[int] | NDArray[np.int64] | NDArray[np.bool_] = (),
        **evidence: Fact,
    ) -> None:
        """Note a finding about rows (positions, or a mask of them)."""
        named = np.asarray(rows)
        at = np.flatnonzero(named) if named.dtype == bool else named.astype(np.int64)
        say = {"error": self.findings.error, "warning": self.findings.warn, "note": self.findings.note}[severity]
        say(code, self.label, self.where, self.row_names(at[:ROWS_NAMED]), **{"count": len(at), **evidence})

    def row_names(self, rows: Iterable[int]) -> list[str]:
        """Return ids of rows, or their numbers in the file (1 = first) where the layer has none."""
        found = self._find("id")
        numbers = self.frame.index
        if found is None:
            return [f"#{int(numbers[row]) + 1}" for row in rows]
        ids = self.frame[found]
        return [as_text(ids.iloc[row]) or f"#{int(numbers[row]) + 1}" for row in rows]

    def cut_names(self) -> dict[str, str]:
        """Return columns that the study asks for by a name longer than the file keeps: asked → the file's."""
        asked = [*self.spec.columns.values(), *self.spec.keep, *self.spec.drop, *asked_columns(self.spec)]
        found = {name: alike_columns(self._columns(), name) for name in asked}
        return {name: alike[0] for name, alike in found.items() if len(alike) == 1 and alike[0] != name}

    def with_frame(self, frame: gpd.GeoDataFrame) -> LayerTable:
        """Return the same layer with other rows."""
        return replace(self, frame=frame)

    def _refuse_broken(self, column: pd.Series) -> None:
        """Note cells of a column in use that hold a spreadsheet's error, or a formula without a result."""
        if not (column.dtype == object or str(column.dtype).startswith("str")):
            return
        broken = np.array([isinstance(value, str) and is_broken(value) for value in column], dtype=bool)
        if broken.any():
            cells = ", ".join(str(value) for value in column[broken].iloc[:5])
            self.flag("error", "formula-error", broken, column=str(column.name), cells=cells)

    def _find(self, name: str) -> str | None:
        wanted = self.spec.columns.get(name, name)
        twice = next((found for found in self.doubled if _same_but_for_width(found, wanted)), None)
        if twice is not None and wanted not in self._columns():
            names = self.doubled[twice]
            self.findings.error("ambiguous-column", self.label, self.where, column=wanted, columns=", ".join(names))
            return names[0]
        if twice is not None and self.doubled[twice] == (wanted,):
            self.findings.error("doubled-property", self.label, self.where, column=wanted)
        alike = alike_columns(self._columns(), wanted)
        if len(alike) == 1 and alike[0] != wanted and not _same_but_for_width(alike[0], wanted):
            self.findings.note("cut-name", self.label, self.where, column=wanted, found=alike[0])
        if len(alike) > 1:
            self.findings.error("ambiguous-column", self.label, self.where, column=wanted, columns=", ".join(alike))
        return alike[0] if alike else None

    def _columns(self) -> list[str]:
        return [str(column) for column in self.frame.columns if column != "geometry"]

    def _missing(self, wanted: str, use: str) -> None:
        columns = self._columns()
        close = difflib.get_close_matches(wanted, columns, n=1)
        near = f"{close[0]}? " if close else ""
        self.findings.error(
            "missing-column", self.label, self.where, column=wanted, use=use, near=near, columns=", ".join(columns)
        )


def asked_columns(layer: Layer) -> list[str]:
    """Return the columns that a layer's own keys name, beside ``columns``."""
    if isinstance(layer, People):
        counted = layer.groups.values()
        named = [*(c.column for c in counted), *(c.percent_of for c in counted), layer.total]
        return [name for name in named if name]
    return list(layer.roll_up) if isinstance(layer, Communities) else []


def shown_path(layer: Layer | Streets) -> str:
    """Return a layer's path as it may be shown: a connection's password stays hidden."""
    return without_secrets(connection(layer.path)) if is_connection(layer.path) else layer.path.as_posix()


def alike_columns(columns: Sequence[str], wanted: str) -> list[str]:
    """Return the columns that ``wanted`` may mean: itself, or those equal but for case, width or cutting.

    A shapefile keeps ten bytes of a name: three Chinese characters in UTF-8, five in GBK. Two long names that are
    equal so far become ``养老院`` and ``养老_1``; then both are returned, for nobody can tell which is which.
    """
    if wanted in columns:
        return [wanted]
    folded = [column for column in columns if _same_but_for_width(column, wanted)]
    if folded:
        return folded
    for encoding in ("utf-8", "gb18030"):
        stump = cut_name(wanted, encoding)
        if stump == wanted:
            continue
        shorter = cut_name(wanted, encoding, NAME_BYTES - 2)
        alike = [c for c in columns if c == stump]
        if alike:
            return alike + [c for c in columns if (found := _NUMBERED.match(c)) and found[1] == shorter]
    return []


def _same_but_for_width(column: str, wanted: str) -> bool:
    return folded(column) == folded(wanted)
