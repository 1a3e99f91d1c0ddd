"""Districts on both sides of 180°: one zone for both, coordinates that run on."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from planner.district.crs import choose_projected_crs


@pytest.mark.parametrize(
    ("south", "codes"),
    [(66.0, {32601, 32660}), (-16.8, {32701, 32760}), (52.0, {32601, 32660})],
    ids=["Chukotka", "Taveuni", "Aleutians"],
)
@pytest.mark.parametrize(("west", "east"), [(-0.02, 0.02), (-0.05, 0.01), (-0.01, 0.05)])
def test_the_zone_is_that_of_the_place(south, codes, west, east):
    left = shapely.box(180 + west, south, 180, south + 0.02)
    right = shapely.box(-180, south, -180 + east, south + 0.02)
    quarters = gpd.GeoDataFrame(geometry=[left, right], crs=4326)
    crs = choose_projected_crs(quarters)
    assert crs.to_epsg() in codes
    placed = quarters.to_crs(crs)
    # the two touch, the eastern one lies east, and the whole is as large as on the globe
    assert placed.distance(placed.geometry[1])[0] < 0.01
    assert placed.centroid.x[0] < placed.centroid.x[1]
    square_m = (east - west) * 0.02 * 111_320**2 * np.cos(np.radians(south + 0.01))
    assert placed.area.sum() == pytest.approx(square_m, rel=0.02)


def test_a_declared_zone_is_kept():
    shapes = [shapely.box(179.98, -16.8, 180, -16.78), shapely.box(-180, -16.8, -179.98, -16.78)]
    quarters = gpd.GeoDataFrame(geometry=shapes, crs=4326).to_crs(32760)
    assert choose_projected_crs(quarters).to_epsg() == 32760


def test_elsewhere_nothing_changes():
    quarters = gpd.GeoDataFrame(geometry=[shapely.box(13.2, 53.5, 13.3, 53.6)], crs=4326)
    assert choose_projected_crs(quarters).to_epsg() == 32633
