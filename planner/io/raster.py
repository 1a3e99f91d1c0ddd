"""Population rasters: every cell with a value becomes a square polygon. Needs the optional extra ``raster``."""

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

from planner.io.staging import NETWORK_OFF, staged
from planner.io.table import RawTable, UnreadableError
from planner.study.layer_files import path_kind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray


RASTER_SUFFIXES = (".tif", ".tiff", ".asc")
#: cells of all bands together; 100 m cells of a whole province are fewer
MAX_CELLS = 50_000_000
MAX_BANDS = 100
#: cells with people in them, each of which becomes a polygon
MAX_POPULATED_CELLS = 2_000_000
#: cells that are read at once
_CELLS_PER_STRIP = 4_000_000
_DRIVERS = {".tif": "GTiff", ".tiff": "GTiff", ".asc": "AAIGrid"}
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def read_raster(path: Path) -> RawTable:
    """Return the cells of a raster with people in them: ``band_1``, ``band_2`` …, ``geometry`` (squares).

    Raises
    ------
    UnreadableError
        the extra is not installed, the file is no such raster, or it is too large.
    """
    with open_raster(path) as source:
        strips = [_populated_cells(source, top, rows) for top, rows in _strips(source)]
        transform, crs = source.transform, source.crs
        count = source.count
    cell_index = np.concatenate([cell_index for cell_index, _ in strips]) if strips else np.empty((0, 2))
    if len(cell_index) > MAX_POPULATED_CELLS:
        raise UnreadableError("raster-too-large", cells=len(cell_index), most=MAX_POPULATED_CELLS, bands=count)
    amounts = np.concatenate([amounts for _, amounts in strips], axis=1) if strips else np.empty((count, 0))
    row, column = cell_index[:, 0], cell_index[:, 1]
    corners = [(column + dx, row + dy) for dx, dy in ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))]
    a, b, c, d, e, f = transform[:6]
    rings = np.stack([np.column_stack([a * x + b * y + c, d * x + e * y + f]) for x, y in corners], axis=1)
    columns = {f"band_{i + 1}": band for i, band in enumerate(amounts)}
    squares = gpd.GeoSeries(shapely.polygons(rings), crs=CRS.from_wkt(crs.to_wkt()) if crs else None)
    return RawTable(gpd.GeoDataFrame(pd.DataFrame(columns), geometry=squares))


@contextmanager
def open_raster(path: Path) -> Iterator[Any]:
    """Open a GeoTIFF or ASCII grid in isolation, by its own driver, within the size limits.

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
    path_type = path_kind(path)
    if path_type == "absent":
        raise UnreadableError("missing-file", near="")
    if path_type != "file":
        raise UnreadableError("no-file", sort=f"@path_{path_type}")
    if suffix not in _DRIVERS:
        raise UnreadableError("unknown-format", suffix=suffix or path.name, formats=", ".join(RASTER_SUFFIXES))
    _check_beginning(path, suffix)
    with (
        staged(path) as staged_path,
        rasterio.Env(**NETWORK_OFF),
        rasterio.open(staged_path, driver=_DRIVERS[suffix]) as source,
    ):
        cells = source.width * source.height * source.count
        block = max((math.prod(shape) for shape in source.block_shapes), default=0)
        if max(cells, block) > MAX_CELLS or source.count > MAX_BANDS:
            raise UnreadableError("raster-too-large", cells=max(cells, block), most=MAX_CELLS, bands=source.count)
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
    """Yield first row and number of rows of strips of about four million cells."""
    rows = max(1, _CELLS_PER_STRIP // max(1, source.width * source.count))
    for top in range(0, source.height, rows):
        yield top, min(rows, source.height - top)


def _populated_cells(source: Any, top: int, rows: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the cells of a strip with people in any band (int64[n, 2]: row, column), and their people by band."""
    bands = source.read(window=((top, top + rows), (0, source.width)), masked=True).astype(np.float64).filled(np.nan)
    np.nan_to_num(bands, copy=False)
    cell_index = np.argwhere((bands > 0).any(axis=0))
    return cell_index + np.array([top, 0]), bands[:, cell_index[:, 0], cell_index[:, 1]]
