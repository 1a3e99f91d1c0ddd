"""Lines and areas of an OpenStreetMap extract with any of some keys, in one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import shapely

from planner.io.osm import readable_extract
from planner.io.osm_format import osmium_source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def read_shapes(path: Path, keys: Sequence[str], columns: Sequence[str]) -> gpd.GeoDataFrame:
    """Return the ways and areas that have any of ``keys``, with the values of ``columns``.

    Parameters
    ----------
    path
        An extract of any format that osmium reads.
    keys
        Keys of which an object has at least one.
    columns
        Keys whose values become columns; empty where an object has no such key.

    Returns
    -------
    GeoDataFrame
        ``columns`` and ``geometry``, in EPSG:4326: polygons for closed ways and multipolygons, lines for open ways, and for
        closed ones a line as well.

    Raises
    ------
    UnreadableError
        the file is no readable extract.
    """
    with readable_extract(path) as sorted_path:
        return _read(sorted_path, keys, columns)


def _read(path: Path, keys: Sequence[str], columns: Sequence[str]) -> gpd.GeoDataFrame:
    wkb, rows, shapes = osmium.geom.WKBFactory(), [], []
    key_filter = osmium.filter.KeyFilter(*keys)
    for element in osmium.FileProcessor(osmium_source(path)).with_areas(key_filter).with_filter(key_filter):
        if isinstance(element, osmium.osm.Area):
            shape = wkb.create_multipolygon(element)
        elif isinstance(element, osmium.osm.Way) and sum(node.location.valid() for node in element.nodes) > 1:
            shape = wkb.create_linestring(element)
        else:
            continue
        rows.append([element.tags.get(key, "") for key in columns])
        shapes.append(shape)
    geometry = shapely.from_wkb(np.array(shapes, dtype=object)) if shapes else np.array([], dtype=object)
    return gpd.GeoDataFrame(
        pd.DataFrame(rows, columns=list(columns), dtype=object), geometry=gpd.GeoSeries(geometry, crs=4326)
    )
