"""Coordinate systems: parsing, plausibility of declared ones, scale distortion, choice of a projected system in metres."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS, Proj, Transformer
from pyproj.exceptions import CRSError, ProjError

from planner.district.gcj02 import bd09_to_wgs84, gcj02_to_wgs84

if TYPE_CHECKING:
    from numpy.typing import NDArray


ShiftedDatum = Literal["gcj02", "bd09"]
Box = tuple[float, float, float, float]
WGS84 = CRS.from_epsg(4326)
#: lengths may be wrong by this much in the system computed in; EPSG:3857 is wrong by 17 % at Shanghai
MAX_DISTORTION = 0.01
#: tolerance around a system's area of use before coordinates are attributed to another system
_MARGIN_DEG = 10.0
#: extent of China's land and near seas, degrees
_CHINA: Box = (73.0, 3.0, 136.0, 54.0)
_HALF_TURN = 180.0
_CHINA_NORTHINGS_M = 300_000, 5_940_000  # to 53.56° N, on the Heilongjiang
_DEGREE_M = 111_320.0
#: data that reach somewhat over the edge of their zone are still kept in it
_ZONE_MARGIN_M = 15_000.0


def parse_crs(text: str) -> CRS | ShiftedDatum:
    """Return the system that ``text`` names: EPSG code, WKT, PROJ text, ``gcj02`` or ``bd09``.

    Raises
    ------
    pyproj.exceptions.CRSError
        PROJ knows no such system.
    """
    plain = text.strip().lower().replace("-", "")
    if plain in ("gcj02", "gcj"):
        return "gcj02"
    if plain in ("bd09", "bd09ll"):
        return "bd09"
    return CRS.from_user_input(int(text) if text.strip().isdigit() else text)


def remove_shift(frame: gpd.GeoDataFrame, shifted: ShiftedDatum) -> gpd.GeoDataFrame:
    """Return ``frame`` with GCJ-02 or BD-09 degrees converted to WGS 84."""
    back = gcj02_to_wgs84 if shifted == "gcj02" else bd09_to_wgs84

    def move(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(back(xy[:, 0], xy[:, 1]))

    return frame.set_geometry(gpd.GeoSeries(shapely.transform(frame.geometry.array, move), frame.index, crs=WGS84))


def swap_axes(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return ``frame`` with x and y of every shape exchanged."""
    swapped = shapely.transform(frame.geometry.array, lambda xy: xy[:, ::-1])
    return frame.set_geometry(gpd.GeoSeries(swapped, frame.index, crs=frame.crs))


def crs_conflict(crs: CRS, box: Box) -> str | None:
    """Return the finding's code if coordinates of extent ``box`` cannot be in ``crs``: swapped axes or another system.

    A geographic system holds ±180 by ±90 degrees; a projected one the area PROJ says it is made for, generously.
    """
    if crs.is_geographic:
        if _within(box, (-180.0, -90.0, 180.0, 90.0)):
            return None
        x_min, y_min, x_max, y_max = box
        return (
            "swapped-axes" if _within((y_min, x_min, y_max, x_max), (-180, -90, 180, 90)) else "coordinates-outside-crs"
        )
    if not crs.is_projected:
        return None
    if _lies_in_area(crs, box):
        return None
    x_min, y_min, x_max, y_max = box
    return "swapped-axes" if _lies_in_area(crs, (y_min, x_min, y_max, x_max)) else "coordinates-outside-crs"


def probable_crs(box: Box) -> list[str]:
    """Return names of systems in which the extent ``box`` is plausible; for hints only."""
    x_min, y_min, x_max, y_max = box
    if _within(box, _CHINA):
        return ["EPSG:4490 (CGCS2000)", "EPSG:4326 (WGS 84)", "gcj02", "bd09"]
    if _within((y_min, x_min, y_max, x_max), _CHINA):
        return ["EPSG:4490 / EPSG:4326, x ↔ y"]
    if abs(x_min) <= 180 and abs(x_max) <= 180 and abs(y_min) <= 90 and abs(y_max) <= 90:
        return ["EPSG:4326 (WGS 84)"]
    named = _gauss_kruger(x_min, y_min, x_max, y_max, "")
    named += _gauss_kruger(y_min, x_min, y_max, x_max, ", x ↔ y")
    if 166_000 <= x_min <= x_max <= 834_000 and 0 <= y_min <= y_max <= 9_400_000:
        named.append("UTM (EPSG:326xx, xx = zone)")
    if max(abs(x_min), abs(x_max), abs(y_min), abs(y_max)) <= 20_037_508.35 and x_max > 1_000_000:
        named.append("EPSG:3857 (web mercator)")
    return named


def choose_projected_crs(communities: gpd.GeoDataFrame) -> CRS:
    """Return the projected system to compute in: the communities' own if suitable, else one chosen by location."""
    box = _extent(communities)
    own_crs = CRS(communities.crs)
    if crs_refusal(own_crs, box) is None:
        return own_crs
    if _within(box, _CHINA):
        zone = round((box[0] + box[2]) / 6)
        return CRS.from_epsg(4534 + min(max(zone, 25), 45) - 25)
    if box[2] > _HALF_TURN:
        # across 180°: the zone of the middle, counted on eastwards
        zone = int(((box[0] + box[2]) / 2 + _HALF_TURN) // 6) % 60 + 1
        return CRS.from_epsg((32600 if box[1] + box[3] >= 0 else 32700) + zone)
    return utm_zone(box)


@lru_cache(maxsize=512)
def transformer(source: CRS, target: CRS) -> Transformer:
    """Return the transformation between two systems, x before y; PROJ searches its database for a twentieth of a second for each."""
    return Transformer.from_crs(source, target, always_xy=True)


@lru_cache(maxsize=512)
def utm_zone(box: Box) -> CRS:
    """Return the UTM zone that PROJ's database names first for a box in degrees; the search takes a quarter of a second."""
    west, south, east, north = box
    shapes = gpd.GeoSeries([shapely.box(west, south, east, north)], crs=WGS84)
    return CRS(shapes.estimate_utm_crs())


def _extent(frame: gpd.GeoDataFrame) -> Box:
    """Extent in degrees: west, south, east, north; east exceeds 180 where the shapes lie on both sides of the antimeridian."""
    west, south, east, north = (float(v) for v in frame.to_crs(WGS84).total_bounds)
    if east - west <= _HALF_TURN:
        return west, south, east, north
    sides = frame.to_crs(WGS84).bounds
    eastern = sides[["minx", "maxx"]].to_numpy(dtype=np.float64)
    unwrapped = np.where(eastern < 0, eastern + 2 * _HALF_TURN, eastern)
    unwrapped_extent = float(unwrapped.min()), float(unwrapped.max())
    if unwrapped_extent[1] - unwrapped_extent[0] > _HALF_TURN:
        return west, south, east, north
    return unwrapped_extent[0], south, unwrapped_extent[1], north


def crs_refusal(crs: CRS, degrees: Box) -> str | None:
    """Return the word for why ``crs`` must not be computed in over ``degrees`` (west, south, east, north); None if it may."""
    if not crs.is_projected:
        return "crs.degrees"
    units = {axis.unit_name for axis in crs.axis_info[:2]}
    if not units <= {"metre", "meter"}:
        return "crs.not_metres"
    max_error = scale_distortion(crs, degrees)
    if not max_error <= MAX_DISTORTION:
        return "crs.distorts" if np.isfinite(max_error) else "crs.elsewhere"
    return None


def scale_distortion(crs: CRS, degrees: Box) -> float:
    """Return by what share lengths in ``crs`` are wrong at worst over the extent ``degrees``; infinite outside it."""
    west, south, east, north = degrees
    lon, lat = np.meshgrid(np.linspace(west, east, 3), np.linspace(south, north, 3))
    try:
        factors = Proj(crs).get_factors(lon.ravel(), lat.ravel(), radians=False, errcheck=False)
    except (ProjError, CRSError):
        return float("inf")
    scales = np.concatenate([np.atleast_1d(factors.meridional_scale), np.atleast_1d(factors.parallel_scale)])
    max_error = float(np.max(np.abs(scales - 1.0)))
    return max_error if np.isfinite(max_error) and max_error < 1e6 else float("inf")


def projection_zones(degrees: Box) -> list[str]:
    """Name the usual zones that an extent touches: 3-degree Gauss-Krüger in China, UTM elsewhere."""
    west, south, east, north = degrees
    if _within((west, south, east, north), _CHINA):
        return [f"3° zone {zone}" for zone in range(round(west / 3), round(east / 3) + 1)]
    first, last = (int((lon + 180) // 6) + 1 for lon in (west, east))
    return [f"UTM {zone}" for zone in range(first, last + 1)]


def _gauss_kruger(x_min: float, y_min: float, x_max: float, y_max: float, swapped: str) -> list[str]:
    """Name the CGCS2000 3-degree systems of eastings x (with or without the zone's number) and northings y in China.

    A zone is 1.5 degrees wide on either side of its meridian; with the same eastings a UTM zone of 3 degrees goes on.
    """
    if not (_CHINA_NORTHINGS_M[0] <= y_min <= y_max <= _CHINA_NORTHINGS_M[1]):
        return []
    half_width_m = 1.5 * _DEGREE_M * np.cos(np.radians(y_min / _DEGREE_M)) + _ZONE_MARGIN_M
    zone, easting = divmod(x_min, 1_000_000)
    if 25 <= zone <= 45 and x_max // 1_000_000 == zone and 150_000 <= easting <= 850_000:
        return [f"EPSG:{4513 + int(zone) - 25} (CGCS2000, zone {int(zone)}){swapped}"]
    if 500_000 - half_width_m <= x_min <= x_max <= 500_000 + half_width_m:
        return [f"EPSG:4534–4554 (CGCS2000, 3°){swapped}"]
    return []


def _lies_in_area(crs: CRS, box: Box) -> bool:
    """Return whether the centre of ``box`` lies in the area of use of ``crs``, within ten degrees."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    lon, lat = transformer(crs, crs.geodetic_crs or WGS84).transform(x, y)
    if not (np.isfinite(lon) and np.isfinite(lat)):
        return False
    area = crs.area_of_use
    if area is None:
        return True
    width = (area.east - area.west) % 360 or 360.0
    unwrapped_extent = (lon - area.west + _MARGIN_DEG) % 360 <= width + 2 * _MARGIN_DEG
    return bool(unwrapped_extent and area.south - _MARGIN_DEG <= lat <= area.north + _MARGIN_DEG)


def _within(box: Box, frame: Box) -> bool:
    return frame[0] <= box[0] and frame[1] <= box[1] and box[2] <= frame[2] and box[3] <= frame[3]
