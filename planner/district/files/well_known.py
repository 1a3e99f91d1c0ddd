"""Shapes in a column of a table: well-known text, with or without ``SRID=…;``, and PostGIS's hexadecimal binary."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import shapely

from planner.district.files.texts import folded

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

#: names under which tables usually hold shapes
_NAMES = (
    "wkt",
    "wkt_geom",
    "geom_wkt",
    "geometry_wkt",
    "geom",
    "the_geom",
    "geometry",
    "geometry_2",
    "shape",
    "几何",
    "坐标串",
)
_TEXT = re.compile(
    r"\s*(?:SRID=(?P<srid>\d{1,6});)?\s*(?:(?:MULTI)?(?:POINT|LINESTRING|POLYGON)|GEOMETRYCOLLECTION)\s*(?:Z|M|ZM)?\s*(?:\(|EMPTY)",
    re.IGNORECASE,
)
_BINARY = re.compile(r"0[01][0-9a-f]{8,}", re.IGNORECASE)


def shape_column(frame: pd.DataFrame, asked: str | None) -> str | None:
    """Return the column that holds shapes as text, or None; among the usual names unless one is asked for."""
    names = [asked] if asked is not None else [str(name) for name in frame.columns if folded(str(name)) in _NAMES]
    for name in names:
        if name in frame:
            first = next((value for value in frame[name] if isinstance(value, str) and value.strip()), "")
            if _TEXT.match(first) or _BINARY.fullmatch(first.strip()):
                return name
    return None


def read_shapes(column: pd.Series) -> tuple[NDArray[np.object_], str | None]:
    """Return the shapes of a column (None where a cell is none), and the system that all of them name: ``EPSG:4326``."""
    shapes = np.full(len(column), None, dtype=object)
    named: set[str | None] = set()
    for row, value in enumerate(column):
        text = value.strip() if isinstance(value, str) else ""
        found = _TEXT.match(text)
        if found:
            shapes[row] = shapely.from_wkt(text.partition(";")[2] if found["srid"] else text, on_invalid="ignore")
            named.add(found["srid"])
        elif _BINARY.fullmatch(text):
            shapes[row] = shapely.from_wkb(text, on_invalid="ignore")
            srid = 0 if shapes[row] is None else int(shapely.get_srid(shapes[row]))
            named.add(str(srid) if srid else None)
    only = named.pop() if len(named) == 1 else None
    return shapes, f"EPSG:{only}" if only else None
