"""The street of `tests.street_town` as frames."""

import geopandas as gpd
import shapely

import planner
from tests.street_town import CRS, HOMES, SOUTH_M, WEST_M


def points(x, y, index, **columns):
    geometry = gpd.points_from_xy([WEST_M + one for one in x], [SOUTH_M + y] * len(x))
    return gpd.GeoDataFrame(columns, geometry=geometry, index=index, crs=CRS)


def homes():
    x, elders = zip(*HOMES, strict=True)
    side = ["west" if one < 500 else "east" for one in x]
    return points(x, 10, [f"h{one}" for one in x], elders=list(elders), side=side)


def places():
    return points([0, 100, 900], -10, ["F1", "C1", "C2"], name=["Old centre", "Room C1", "Room C2"])


def streets():
    line = shapely.LineString([(WEST_M - 2000, SOUTH_M), (WEST_M + 3200, SOUTH_M)])
    return gpd.GeoDataFrame(geometry=[line], crs=CRS)


def times(minutes=5, **options):
    return planner.travel_times(
        planner.read_network(streets()), homes(), places(), walker=1.0, minutes=minutes, **options
    )
