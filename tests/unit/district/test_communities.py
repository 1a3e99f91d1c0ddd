"""Overlaps and gaps of communities; gaps that open to the outside only where neighbours nearly touch."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from planner.district.checks.communities import check_borders
from planner.district.findings import Findings
from planner.district.layer_table import LayerTable
from planner.study import Communities


def found(*shapes):
    frame = gpd.GeoDataFrame({"id": [f"c{i}" for i in range(len(shapes))]}, geometry=list(shapes), crs="EPSG:32650")
    findings = Findings()
    table = LayerTable("layers.communities", Communities(path="c.gpkg"), frame, findings)
    check_borders(table, np.array(frame.geometry.array, dtype=object))
    return {finding.code: finding for finding in findings.all}


def test_a_sliver_that_opens_to_the_south_is_found():
    #   ┌───┬───┐
    #   │ 2     │    0 and 1 lie half a metre apart; 2 shuts the sliver in the north
    #   ├──┐ ┌──┤
    #   │0 │ │1 │
    said = found(shapely.box(0, 0, 100, 100), shapely.box(100.5, 0, 200, 100), shapely.box(0, 100, 200, 150)).pop(
        "communities-open-gap"
    )
    assert said.rows == ("c0", "c1")
    assert said.evidence["gaps"] == 1
    assert said.evidence["area_m2"] == pytest.approx(50, rel=0.02)
    assert "2 m" in said.what("en")
    assert "2 m" in said.what("zh")


def test_neighbours_that_do_not_touch_at_all_have_a_gap_between_them():
    said = found(*[shapely.box(x * 100.3, 0, x * 100.3 + 100, 80) for x in range(4)])
    assert set(said) == {"communities-open-gap"}
    assert said["communities-open-gap"].evidence["gaps"] == 3
    assert said["communities-open-gap"].evidence["area_m2"] == pytest.approx(3 * 0.3 * 80, rel=0.02)


def test_a_street_between_communities_is_no_gap():
    assert found(*[shapely.box(x * 112, 0, x * 112 + 100, 80) for x in range(4)]) == {}


def test_an_enclosed_gap_is_found_whatever_its_width():
    block = shapely.box(0, 0, 300, 300).difference(shapely.box(100, 100, 200, 200))
    west, east = block.intersection(shapely.box(0, 0, 150, 300)), block.intersection(shapely.box(150, 0, 300, 300))
    assert set(found(west, east)) == {"communities-gap"}


def test_a_narrow_inlet_of_one_community_is_its_own():
    inlet = shapely.box(0, 0, 200, 100).difference(shapely.box(100, 0, 100.8, 60))
    assert found(inlet, shapely.box(0, 100, 200, 200)) == {}


@pytest.mark.parametrize("degrees", [150, 90, 45, 20, 10])
def test_a_notch_where_a_shared_border_reaches_the_outside_is_no_gap(degrees):
    half = np.radians(degrees / 2)
    notch = shapely.Polygon([(100, 50), (100 - 200 * np.sin(half), 50 - 200 * np.cos(half)),
                             (100 + 200 * np.sin(half), 50 - 200 * np.cos(half))])  # fmt: skip
    west, east = shapely.box(0, 0, 100, 100).difference(notch), shapely.box(100, 0, 200, 100).difference(notch)
    assert "communities-open-gap" not in found(west, east)


def test_a_wedge_that_stays_narrow_is_a_gap():
    west = shapely.Polygon([(0, 0), (99.2, 0), (100, 100), (0, 100)])
    east = shapely.Polygon([(100.8, 0), (200, 0), (200, 100), (100, 100)])
    assert found(west, east)["communities-open-gap"].evidence["area_m2"] == pytest.approx(80, rel=0.05)


def test_communities_that_fit_say_nothing_whatever_their_outline():
    random = np.random.default_rng(8)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(random.uniform(0, 5000, (400, 2)))))
    whole = shapely.Point(2500, 2500).buffer(1800)
    cells = [cell for cell in cells if cell.within(whole)]
    assert found(*cells) == {}
    # each drawn a hand's breadth too small: the rim opens everywhere, and every gap is seen, enclosed or not
    apart = found(*[cell.buffer(-0.15, join_style="mitre") for cell in cells])
    assert apart["communities-open-gap"].count == len(cells)
