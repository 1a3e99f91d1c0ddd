"""Datum shifts of Chinese web maps: GCJ-02 (Gaode, Tencent) and BD-09 (Baidu) to and from WGS 84.

The forward formulas are the ones in general use since 2010 (the "eviltransform" constants); no authority publishes
them. The inverse iterates on the forward formula, so a round trip closes to well under a millimetre.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Degrees = NDArray[np.float64]
    Shift = Callable[[Degrees, Degrees], tuple[Degrees, Degrees]]

#: Krasovsky 1940, on which the shift is computed
_A_M = 6378245.0
_E2 = 0.00669342162296594323
_BAIDU = np.pi * 3000.0 / 180.0
#: 1e-11 degrees are about a micrometre
_CLOSE_DEG = 1e-11
_STEPS = 60


def in_china(lon: Degrees, lat: Degrees) -> NDArray[np.bool_]:
    """Return where the shift applies, bool[n]: the rectangle used by the web maps, Taiwan and near seas included."""
    return (lon >= 72.004) & (lon <= 137.8347) & (lat >= 0.8293) & (lat <= 55.8271)


def wgs84_to_gcj02(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Return GCJ-02 longitudes and latitudes (degrees) of WGS 84 ones; unchanged outside China."""
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    moved_lon, moved_lat = _gcj(lon, lat)
    inside = in_china(lon, lat)
    return np.where(inside, moved_lon, lon), np.where(inside, moved_lat, lat)


def gcj02_to_wgs84(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Return WGS 84 longitudes and latitudes (degrees) of GCJ-02 ones, exact to under a millimetre."""
    return _invert(_gcj, lon, lat)


def gcj02_to_bd09(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Return BD-09 longitudes and latitudes (degrees) of GCJ-02 ones; unchanged outside China."""
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    moved_lon, moved_lat = _baidu(lon, lat)
    inside = in_china(lon, lat)
    return np.where(inside, moved_lon, lon), np.where(inside, moved_lat, lat)


def bd09_to_gcj02(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Return GCJ-02 longitudes and latitudes (degrees) of BD-09 ones, exact to under a millimetre."""
    return _invert(_baidu, lon, lat)


def wgs84_to_bd09(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Return BD-09 longitudes and latitudes (degrees) of WGS 84 ones."""
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def bd09_to_wgs84(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Return WGS 84 longitudes and latitudes (degrees) of BD-09 ones, exact to under a millimetre."""
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


def _invert(forward: Shift, lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Invert ``forward`` by fixed-point iteration; unchanged for origins outside China.

    The shift varies slowly (its derivative is about 0.01), so subtracting the miss converges by that factor a step.
    """
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    x, y = lon.copy(), lat.copy()
    for _ in range(_STEPS):
        there_x, there_y = forward(x, y)
        miss_x, miss_y = there_x - lon, there_y - lat
        x, y = x - miss_x, y - miss_y
        if x.size == 0 or max(np.max(np.abs(miss_x)), np.max(np.abs(miss_y))) < _CLOSE_DEG:
            break
    moved = in_china(x, y)
    return np.where(moved, x, lon), np.where(moved, y, lat)


def _gcj(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    ripple = (20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + ripple
    north += (20.0 * np.sin(np.pi * y) + 40.0 * np.sin(np.pi * y / 3.0)) * 2.0 / 3.0
    north += (160.0 * np.sin(np.pi * y / 12.0) + 320.0 * np.sin(np.pi * y / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + ripple
    east += (20.0 * np.sin(np.pi * x) + 40.0 * np.sin(np.pi * x / 3.0)) * 2.0 / 3.0
    east += (150.0 * np.sin(np.pi * x / 12.0) + 300.0 * np.sin(np.pi * x / 30.0)) * 2.0 / 3.0
    phi = np.radians(lat)
    w2 = 1.0 - _E2 * np.sin(phi) ** 2
    meridian_m = _A_M * (1.0 - _E2) / (w2 * np.sqrt(w2))
    parallel_m = _A_M / np.sqrt(w2) * np.cos(phi)
    return lon + np.degrees(east / parallel_m), lat + np.degrees(north / meridian_m)


def _baidu(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    z = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BAIDU)
    theta = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BAIDU)
    return z * np.cos(theta) + 0.0065, z * np.sin(theta) + 0.006
