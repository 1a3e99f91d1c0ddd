"""Coordinate systems: read what is declared, name what is probable, choose one in metres, guess nothing in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS, Proj
from pyproj.exceptions import CRSError, ProjError

from planner.district.gcj02 import bd09_to_wgs84, gcj02_to_wgs84

if TYPE_CHECKING:
    from numpy.typing import NDArray

Shifted = Literal["gcj02", "bd09"]
Box = tuple[float, float, float, float]

WGS84 = CRS.from_epsg(4326)
#: lengths may be wrong by this much in the system computed in; EPSG:3857 is wrong by 17 % at Shanghai
MOST_DISTORTION = 0.01
#: China's land and near seas, degrees
_CHINA: Box = (73.0, 3.0, 136.0, 54.0)


def parse_crs(text: str) -> CRS | Shifted:
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


def unshift(frame: gpd.GeoDataFrame, shifted: Shifted) -> gpd.GeoDataFrame:
    """Return ``frame`` with its GCJ-02 or BD-09 degrees taken back to WGS 84."""
    back = gcj02_to_wgs84 if shifted == "gcj02" else bd09_to_wgs84

    def move(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(back(xy[:, 0], xy[:, 1]))

    return frame.set_geometry(gpd.GeoSeries(shapely.transform(frame.geometry.array, move), frame.index, crs=WGS84))


def probable_crs(box: Box) -> list[str]:
    """Name the systems in which coordinates of extent ``box`` would lie where people live; for a hint, never for use."""
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


def choose_metric(communities: gpd.GeoDataFrame) -> CRS:
    """Return the system in metres to compute in: the communities' own if it is one, else one chosen by their place."""
    west, south, east, north = (float(v) for v in communities.to_crs(WGS84).total_bounds)
    box = (west, south, east, north)
    own = CRS(communities.crs)
    if refusal(own, box) is None:
        return own
    if _within(box, _CHINA):
        zone = round((box[0] + box[2]) / 6)
        return CRS.from_epsg(4534 + min(max(zone, 25), 45) - 25)
    return CRS(communities.estimate_utm_crs())


def refusal(crs: CRS, degrees: Box) -> str | None:
    """Return why ``crs`` must not be computed in over the extent ``degrees`` (west, south, east, north); None if it may."""
    if not crs.is_projected:
        return "degrees are no lengths"
    units = {axis.unit_name for axis in crs.axis_info[:2]}
    if not units <= {"metre", "meter"}:
        return f"its unit is {', '.join(sorted(units))}, not the metre"
    west, south, east, north = degrees
    lon, lat = np.meshgrid(np.linspace(west, east, 3), np.linspace(south, north, 3))
    try:
        factors = Proj(crs).get_factors(lon.ravel(), lat.ravel(), radians=False, errcheck=False)
    except (ProjError, CRSError):
        return "PROJ cannot compute its scale there"
    scales = np.concatenate([np.atleast_1d(factors.meridional_scale), np.atleast_1d(factors.parallel_scale)])
    worst = float(np.max(np.abs(scales - 1.0)))
    if not worst <= MOST_DISTORTION:
        return f"lengths are {worst:.1%} wrong there" if np.isfinite(worst) else "the district lies outside it"
    return None


def _gauss_kruger(x_min: float, y_min: float, x_max: float, y_max: float, swapped: str) -> list[str]:
    """Name the CGCS2000 3-degree systems of eastings x (with or without the zone's number) and northings y."""
    if not (300_000 <= y_min <= y_max <= 6_000_000):
        return []
    zone, easting = divmod(x_min, 1_000_000)
    if 25 <= zone <= 45 and x_max // 1_000_000 == zone and 150_000 <= easting <= 850_000:
        return [f"EPSG:{4513 + int(zone) - 25} (CGCS2000, zone {int(zone)}){swapped}"]
    if 150_000 <= x_min <= x_max <= 850_000:
        return [f"EPSG:4534–4554 (CGCS2000, 3°){swapped}"]
    return []


def _within(box: Box, frame: Box) -> bool:
    return frame[0] <= box[0] and frame[1] <= box[1] and box[2] <= frame[2] and box[3] <= frame[3]
