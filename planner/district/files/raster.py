"""Population rasters: every cell with a value becomes a square. Needs the optional extra ``raster``."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from planner.district.files.raw import RawTable, UnreadableError

if TYPE_CHECKING:
    from pathlib import Path

RASTERS = (".tif", ".tiff", ".asc")
#: cells a population grid of a district may have; 100 m cells of a whole province are fewer
MOST_CELLS = 50_000_000


def read_raster(path: Path) -> RawTable:
    """Return the cells of a raster with people in them: ``band_1``, ``band_2`` …, ``geometry`` (squares).

    Raises
    ------
    UnreadableError
        the extra is not installed, or the raster is too large.
    """
    if find_spec("rasterio") is None:
        raise UnreadableError("no-raster")
    import rasterio  # noqa: PLC0415 - an optional extra

    with rasterio.open(path) as source:
        if source.width * source.height > MOST_CELLS:
            raise UnreadableError("unreadable-file", reason=f"{source.width} × {source.height} cells")
        bands = source.read(masked=True).astype(np.float64).filled(np.nan)
        transform, crs = source.transform, source.crs
    peopled = np.flatnonzero((np.nan_to_num(bands) > 0).any(axis=0))
    row, column = np.divmod(peopled, bands.shape[2])
    corners = [(column + dx, row + dy) for dx, dy in ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))]
    a, b, c, d, e, f = transform[:6]
    rings = np.stack([np.column_stack([a * x + b * y + c, d * x + e * y + f]) for x, y in corners], axis=1)
    columns = {f"band_{i + 1}": np.nan_to_num(band.ravel()[peopled]) for i, band in enumerate(bands)}
    squares = gpd.GeoSeries(shapely.polygons(rings), crs=CRS.from_wkt(crs.to_wkt()) if crs else None)
    return RawTable(gpd.GeoDataFrame(pd.DataFrame(columns), geometry=squares))
