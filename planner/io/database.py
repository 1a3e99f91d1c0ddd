"""PostGIS tables through GDAL, where it has the driver; passwords are kept out of messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from planner.io.table import FileIssue, RawTable, UnreadableError
from planner.study.connection import connection, without_secrets

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd


#: issue reported for every table read from a database
ISSUES = (FileIssue("note", "no-checksum"),)


def has_driver() -> bool:
    """Return whether GDAL has the PostgreSQL driver."""
    return "PostgreSQL" in pyogrio.list_drivers(read=True)


def read_database(path: Path, table: str | None) -> RawTable:
    """Return one table of a PostGIS database.

    Raises
    ------
    UnreadableError
        GDAL has no PostgreSQL driver here, no table was named, or the database does not answer.
    """
    if not has_driver():
        raise UnreadableError("no-postgis")
    if table is None:
        raise UnreadableError("several-tables", tables="PostGIS")
    try:
        frame: gpd.GeoDataFrame = pyogrio.read_dataframe(connection(path), layer=table)
    except (DataSourceError, DataLayerError, OSError, ValueError, RuntimeError) as error:
        raise UnreadableError("unreadable-file", reason=without_secrets(str(error))) from error
    return RawTable(frame, issues=ISSUES)
