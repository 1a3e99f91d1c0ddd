"""Where the streets of a study lie, roughly: a sample of them, for layers whose own place is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import osmium
import shapely

from planner.district.crs import WGS84
from planner.district.files import OSMIUM_RAISES, UnreadableError, in_order, is_extract, read_file, source_of
from planner.study.connection import is_connection

if TYPE_CHECKING:
    from pathlib import Path

    from planner.study import Study

#: streets that are sampled at most, taken evenly from first to last
_SAMPLED = 5_000
#: streets of an extract that are looked at before that is enough
_MOST_WAYS = 500_000


def street_sample(study: Study, folder: Path) -> gpd.GeoSeries | None:
    """Return some thousand street lines, in the streets' own system; None where they cannot be read.

    Nothing is said of the streets here: `planner.access` reads them and names their faults.
    """
    path = study.layers.streets.path
    if is_connection(path) or not (folder / path).is_file():
        return None
    if is_extract(path):
        return _of_extract(folder / path)
    try:
        frame = read_file(folder / path, study.layers.streets.layer, None).frame
    except UnreadableError:
        return None
    if not isinstance(frame, gpd.GeoDataFrame):
        return None
    declared = study.layers.streets.crs
    crs = frame.crs if declared is None else declared
    lines = np.asarray(frame.geometry.array, dtype=object)
    lines = lines[shapely.get_dimensions(lines) == 1]
    if crs is None or not len(lines):
        return None
    evenly = np.linspace(0, len(lines) - 1, min(len(lines), _SAMPLED)).astype(np.int64)
    return gpd.GeoSeries(lines[evenly], crs=crs)


def _of_extract(path: Path) -> gpd.GeoSeries | None:
    lines: list[list[tuple[float, float]]] = []
    try:
        with in_order(path) as whole:
            ways = osmium.FileProcessor(source_of(whole), osmium.osm.NODE | osmium.osm.WAY).with_locations()
            for way in ways.with_filter(osmium.filter.KeyFilter("highway")):
                if not isinstance(way, osmium.osm.Way) or len(lines) >= _MOST_WAYS:
                    continue
                xy = [(node.lon, node.lat) for node in way.nodes if node.location.valid()]
                if len(xy) > 1:
                    lines.append(xy)
    except (UnreadableError, *OSMIUM_RAISES):
        return None
    if not lines:
        return None
    evenly = np.linspace(0, len(lines) - 1, min(len(lines), _SAMPLED)).astype(np.int64)
    return gpd.GeoSeries([shapely.LineString(lines[int(i)]) for i in evenly], crs=WGS84)
