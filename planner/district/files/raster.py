"""Population rasters: every cell with a value becomes a square. Needs the optional extra ``raster``."""

from __future__ import annotations

import math
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from planner.district.files.foreign import NETWORK_OFF
from planner.district.files.raw import RawTable, UnreadableError
from planner.district.files.staged import staged
from planner.study.parts import sort_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

RASTERS = (".tif", ".tiff", ".asc")
#: cells of all bands together; 100 m cells of a whole province are fewer
MOST_CELLS = 50_000_000
MOST_BANDS = 100
#: cells with people in them, each of which becomes a polygon
MOST_PEOPLED = 2_000_000
#: cells that are read at once
_AT_ONCE = 4_000_000

_DRIVERS = {".tif": "GTiff", ".tiff": "GTiff", ".asc": "AAIGrid"}
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def read_raster(path: Path) -> RawTable:
    """Return the cells of a raster with people in them: ``band_1``, ``band_2`` …, ``geometry`` (squares).

    Raises
    ------
    UnreadableError
        the extra is not installed, the file is no such raster, or it is too large.
    """
    with opened_raster(path) as source:
        found = [_peopled(source, top, rows) for top, rows in _strips(source)]
        transform, crs = source.transform, source.crs
        count = source.count
    places = np.concatenate([places for places, _ in found]) if found else np.empty((0, 2))
    if len(places) > MOST_PEOPLED:
        raise UnreadableError("raster-too-large", cells=len(places), most=MOST_PEOPLED, bands=count)
    amounts = np.concatenate([amounts for _, amounts in found], axis=1) if found else np.empty((count, 0))
    row, column = places[:, 0], places[:, 1]
    corners = [(column + dx, row + dy) for dx, dy in ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))]
    a, b, c, d, e, f = transform[:6]
    rings = np.stack([np.column_stack([a * x + b * y + c, d * x + e * y + f]) for x, y in corners], axis=1)
    columns = {f"band_{i + 1}": band for i, band in enumerate(amounts)}
    squares = gpd.GeoSeries(shapely.polygons(rings), crs=CRS.from_wkt(crs.to_wkt()) if crs else None)
    return RawTable(gpd.GeoDataFrame(pd.DataFrame(columns), geometry=squares))


@contextmanager
def opened_raster(path: Path) -> Iterator[Any]:
    """Open a GeoTIFF or ASCII grid alone, by its own driver, without a network; of a size that can be held in memory.

    Raises
    ------
    UnreadableError
        the extra is not installed, there is no such file, its content is another format, or it is too large; rasterio's own
        errors pass through.
    """
    if find_spec("rasterio") is None:
        raise UnreadableError("no-raster")
    import rasterio  # noqa: PLC0415 - an optional extra

    suffix = path.suffix.lower()
    sort = sort_of(path)
    if sort == "absent":
        raise UnreadableError("missing-file", near="")
    if sort != "file":
        raise UnreadableError("no-file", sort=f"@path_{sort}")
    if suffix not in _DRIVERS:
        raise UnreadableError("unknown-format", suffix=suffix or path.name, formats=", ".join(RASTERS))
    _check_beginning(path, suffix)
    with (
        staged(path) as alone,
        rasterio.Env(**NETWORK_OFF),
        rasterio.open(alone, driver=_DRIVERS[suffix]) as source,
    ):
        cells = source.width * source.height * source.count
        block = max((math.prod(shape) for shape in source.block_shapes), default=0)
        if max(cells, block) > MOST_CELLS or source.count > MOST_BANDS:
            raise UnreadableError("raster-too-large", cells=max(cells, block), most=MOST_CELLS, bands=source.count)
        yield source


def _check_beginning(path: Path, suffix: str) -> None:
    with path.open("rb") as file:
        head = file.read(512)
    if not head:
        raise UnreadableError("empty-file")
    grid = head.lstrip()[:5].lower() in (b"ncols", b"nrows", b"xllco", b"yllco", b"xllce", b"yllce", b"cells", b"dx  ")
    if not (grid if suffix == ".asc" else head.startswith(_TIFF)):
        raise UnreadableError("not-what-it-says", suffix=suffix)


def _strips(source: Any) -> Iterator[tuple[int, int]]:
    """Give the raster's rows, first and number, in strips of about four million cells."""
    rows = max(1, _AT_ONCE // max(1, source.width * source.count))
    for top in range(0, source.height, rows):
        yield top, min(rows, source.height - top)


def _peopled(source: Any, top: int, rows: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the cells of a strip with people in any band (int64[n, 2]: row, column), and their people by band."""
    bands = source.read(window=((top, top + rows), (0, source.width)), masked=True).astype(np.float64).filled(np.nan)
    np.nan_to_num(bands, copy=False)
    places = np.argwhere((bands > 0).any(axis=0))
    return places + np.array([top, 0]), bands[:, places[:, 0], places[:, 1]]
