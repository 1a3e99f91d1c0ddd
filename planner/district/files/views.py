"""Views and computed columns of a GeoPackage, counted before they are read: a file of a page can promise endless rows."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from planner.district.files.limits import MOST_CELLS
from planner.district.files.raw import UnreadableError

if TYPE_CHECKING:
    from pathlib import Path

#: what a view may give; a city of addresses is fewer
MOST_ROWS = 2_000_000
#: what the rows of a view hold together
MOST_BYTES = 500_000_000
#: one value; the outline of a province is a tenth
MOST_VALUE_BYTES = 50_000_000
#: steps of SQLite's machine for all views of a file; a join of 200,000 rows takes some millions
MOST_STEPS = 100_000_000
_STEPS_AT_ONCE = 100_000
#: kinds of columns in ``table_xinfo`` that are computed
_COMPUTED = (2, 3)


def refuse_endless_views(path: Path) -> None:
    """Refuse a GeoPackage with a view, or computed columns, that give more than a district's layer can hold.

    Plain tables are bounded by the size of their file; what is computed is not. All views are judged, for GDAL computes
    rows of each to list the layers.

    Raises
    ------
    UnreadableError
        One gives too many cells or bytes, takes too long to compute, or needs functions that SQLite has not.
    """
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_VALUE_BYTES)
        steps = 0

        def enough() -> bool:
            nonlocal steps
            steps += _STEPS_AT_ONCE
            return steps > MOST_STEPS

        database.set_progress_handler(enough, _STEPS_AT_ONCE)
        name = ""
        try:
            for name in _computed(database):
                _refuse(database, name)
        except (sqlite3.Error, OverflowError) as fault:
            raise UnreadableError("endless-view", table=name, reason=f"SQLite: {fault}") from fault


def _computed(database: sqlite3.Connection) -> list[str]:
    """Name the views, and the tables with computed columns."""
    found = []
    for name, kind in database.execute(
        "SELECT name, type FROM sqlite_master WHERE type = 'view' OR (type = 'table' AND sql LIKE '%AS%(%')"
    ).fetchall():
        columns = database.execute(f"PRAGMA table_xinfo({_quoted(name)})").fetchall() if kind == "table" else []
        if kind == "view" or any(column[6] in _COMPUTED for column in columns):
            found.append(str(name))
    return found


def _refuse(database: sqlite3.Connection, name: str) -> None:
    columns = [str(column[1]) for column in database.execute(f"PRAGMA table_xinfo({_quoted(name)})")]
    sizes = " + ".join(f"coalesce(length(CAST({_quoted(column)} AS BLOB)), 0)" for column in columns)
    most = min(MOST_CELLS // max(1, len(columns)), MOST_ROWS) + 1
    rows = size = 0
    asked = f"SELECT {sizes or '0'} FROM {_quoted(name)} LIMIT {most}"  # noqa: S608 - quoted
    with closing(database.execute(asked)) as found:  # a connection with an open cursor holds its file
        for (held,) in found:  # one by one, so that it ends with the first row too many
            rows, size = rows + 1, size + held
            if rows >= most or size > MOST_BYTES:
                reason = f"≥ {rows:,} × {len(columns)}, {size / 1e6:,.0f} MB"
                raise UnreadableError("endless-view", table=name, reason=reason)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
