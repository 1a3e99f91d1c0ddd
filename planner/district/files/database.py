"""PostGIS through GDAL, where GDAL was built with it; passwords never reach a message."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from planner.district.files.raw import RawTable, UnreadableError

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

_SECRET = re.compile(r"(password\s*=\s*)(?:'[^']*'|\S+)|(://[^:@/\s]*:)[^@/\s]*(?=@)", re.IGNORECASE)


def is_database(path: Path) -> bool:
    """Tell whether a layer's path is a connection: ``PG:host=… dbname=…``."""
    return any(part.upper().startswith("PG:") for part in path.parts)


def connection(path: Path) -> str:
    """Return the connection text of a layer's path, with whatever folder was put before it taken off."""
    text = path.as_posix()
    return text[text.upper().index("PG:") :]


def without_secrets(text: str) -> str:
    """Return a connection text that may be shown."""
    return _SECRET.sub(lambda found: f"{found[1] or found[2]}***", text)


def read_database(path: Path, table: str | None) -> RawTable:
    """Return one table of a PostGIS database.

    Raises
    ------
    UnreadableError
        GDAL has no PostgreSQL driver here, no table was named, or the database does not answer.
    """
    if "PostgreSQL" not in pyogrio.list_drivers(read=True):
        raise UnreadableError("no-postgis")
    if table is None:
        raise UnreadableError("several-tables", tables="PostGIS")
    try:
        frame: gpd.GeoDataFrame = pyogrio.read_dataframe(connection(path), layer=table)
    except (DataSourceError, DataLayerError, OSError, ValueError, RuntimeError) as error:
        raise UnreadableError("unreadable-file", reason=without_secrets(str(error))) from error
    return RawTable(frame)
