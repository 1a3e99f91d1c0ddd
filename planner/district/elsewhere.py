"""Rows of a table that name none of the communities: names that are misspelt, or a table that covers more than the district."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Literal

import numpy as np

from planner.district.layers import alike_columns, as_text, asked_columns
from planner.study import People

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planner.district.layers import LayerTable

#: names of rows that a finding gives
_NAMED = 10
#: a column tells districts apart only if it has few values: else every row has its own
_MOST_VALUES_SHARE = 0.5


def note_unjoined(
    table: LayerTable, keys: Sequence[object], named: Sequence[str], known: Sequence[str], joined: NDArray[np.bool_]
) -> None:
    """Note the rows of ``table`` that name no community, by whether they can be meant for one.

    Where every community has its row, the others are of places elsewhere; so are those that a column of the table (a
    district, a city) tells from all that were joined. The rest may be misspelt: an error, since their people would be lost.

    Parameters
    ----------
    table
        The table, row by row.
    keys
        Name that each row gives.
    named
        The same as it is compared: folded, renamed.
    known
        Names of the communities as they are compared.
    joined
        Rows that name a community.
    """
    if table.findings.refused("layers.communities"):
        return  # communities that could not be read are missing here
    names = np.array([as_text(key) for key in keys], dtype=object)
    without_row = sorted(set(known) - {name for name, there in zip(named, joined, strict=True) if there})
    tells_apart = _column_of_district(table, joined) if joined.any() else None
    elsewhere = ~joined
    if without_row or not joined.any():
        other = np.zeros(len(joined), dtype=bool)
        if tells_apart is not None:
            column, value = tells_apart
            other = np.array([as_text(cell) != value for cell in table.frame[column]], dtype=bool)
        elsewhere &= other
    unknown = ~joined & ~elsewhere
    if elsewhere.any():
        keep = f"keep: {{{tells_apart[0]}: ['{tells_apart[1]}']}}" if tells_apart else "keep: {…: […]}"
        severity: Literal["note", "warning"] = "note" if tells_apart else "warning"
        table.flag(severity, "rows-elsewhere", elsewhere, names=_few(names[elsewhere]), keep=keep)
    if unknown.any():
        first = named[int(np.flatnonzero(unknown)[0])]
        close = difflib.get_close_matches(first, without_row or list(known), n=1)
        near = f"{close[0]}? " if close else ""
        table.flag("error", "unjoined-rows", unknown, names=_few(names[unknown]), near=near)


def _column_of_district(table: LayerTable, joined: NDArray[np.bool_]) -> tuple[str, str] | None:
    """Return the column, and its value, that all joined rows share and other rows do not; None where there is none."""
    columns = [str(name) for name in table.frame.columns if name != "geometry"]
    spec = table.spec
    joined_by = spec.join.column if isinstance(spec, People) and spec.join is not None else ""
    figures = {found for name in (*asked_columns(spec), joined_by) for found in alike_columns(columns, name)}
    for name in columns:
        if name in figures:
            continue
        cells = np.array([as_text(cell) for cell in table.frame[name]], dtype=object)
        here = set(cells[joined])
        values = set(cells)
        if len(here) == 1 and "" not in here and 1 < len(values) <= max(2, _MOST_VALUES_SHARE * len(cells)):
            return str(name), str(next(iter(here)))
    return None


def _few(names: NDArray[np.object_]) -> str:
    """Return some names, each once; a blank one as a dash."""
    several = sorted({str(name) or "–" for name in names})
    return ", ".join(several[:_NAMED]) + (" …" if len(several) > _NAMED else "")
