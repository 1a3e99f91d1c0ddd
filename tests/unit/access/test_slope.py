"""Hills, added up by hand from Tobler's function."""

import numpy as np
import pytest
from pyproj import CRS

from planner.access import EdgeFlag, add_slopes, compute_travel_times, raster_heights, snap
from planner.access.edge_costs import UNREACHABLE, edge_costs
from planner.access.slope import tobler_factor
from planner.errors import LayerError, StudyError
from planner.study import WalkingProfile
from tests.property.streets import network_of

HIKER = WalkingProfile(speed_m_s=1.0, slope="tobler")


def hill(flags=0):
    """A street of 100 m, west to east."""
    xy = np.array([[0.0, 0.0], [100.0, 0.0]])
    return network_of((xy, np.array([0]), np.array([1]), np.zeros(1, np.uint8), np.array([flags], np.uint8)))


def seconds(network, start, end):
    doors = [snap(network, np.array([[x, 0.0]]), max_connector_m=1) for x in (start, end)]
    return float(compute_travel_times(network, *doors, HIKER, 3600.0).seconds[0])


def test_tobler_is_one_on_level_ground_and_quickest_gently_downhill():
    assert tobler_factor(np.array([0.0]))[0] == pytest.approx(1.0)
    assert tobler_factor(np.array([-0.05]))[0] == pytest.approx(np.exp(-0.175))
    assert tobler_factor(np.array([0.1]))[0] == pytest.approx(np.exp(0.35))
    slopes = np.linspace(-0.5, 0.5, 1001)
    assert slopes[tobler_factor(slopes).argmin()] == pytest.approx(-0.05)


def test_uphill_takes_longer_than_downhill():
    network = add_slopes(hill(), lambda xy: xy[:, 0] * 0.1)
    assert seconds(network, 0, 100) == pytest.approx(100 * np.exp(0.35), abs=2e-3)
    assert seconds(network, 100, 0) == pytest.approx(100 * np.exp(0.0), abs=2e-3)


def test_a_ridge_is_felt_between_the_ends_but_not_by_a_bridge():
    def ridge(xy):
        return 10.0 - np.abs(xy[:, 0] - 50.0) * 0.2

    # samples at 0, 20, 40, 60, 80, 100 m: two fifths up, one level, two fifths down, at 20 %
    up, down = np.exp(3.5 * 0.2), np.exp(3.5 * 0.1)
    assert seconds(add_slopes(hill(), ridge), 0, 100) == pytest.approx(40 * up + 20 + 40 * down, abs=2e-3)
    assert add_slopes(hill(2), ridge).slope_ahead.tolist() == [1.0]


def test_unknown_heights_are_bridged_or_told():
    network = add_slopes(hill(), lambda xy: np.where(np.isin(xy[:, 0], (0.0, 100.0)), xy[:, 0] * 0.1, np.nan))
    assert network.slope_ahead[0] == pytest.approx(np.exp(0.35))
    blind = add_slopes(hill(), lambda xy: np.full(len(xy), np.nan))
    assert blind.slope_ahead.tolist() == [1.0]
    assert "1 of 1 streets lie outside the heights" in blind.notes[-1].what("en")


def test_forbidden_stairs_are_not_walked_downhill_either():
    network = add_slopes(hill(int(EdgeFlag.STAIRS)), lambda xy: xy[:, 0] * 0.05)
    wheelchair = HIKER.model_copy(update={"stairs": "forbidden"})
    for ticks in (edge_costs(network, wheelchair).ahead, edge_costs(network, wheelchair).back):
        assert ticks.tolist() == [UNREACHABLE]
    assert edge_costs(network, HIKER).back[0] < edge_costs(network, HIKER).ahead[0] < UNREACHABLE


def test_slope_without_heights_is_refused():
    with pytest.raises(StudyError, match="needs heights"):
        seconds(hill(), 0, 100)


def test_heights_from_a_raster(tmp_path):
    rasterio = pytest.importorskip("rasterio", reason="the optional extra raster is not installed")
    grid = np.add.outer(np.zeros(4), np.arange(4) * 10.0).astype(np.float32)  # 10 m higher with every 100 m eastwards
    grid[0, 0] = -9999
    transform = rasterio.Affine(100, 0, 500_000, 0, -100, 3_400_400)
    with rasterio.open(
        tmp_path / "dem.tif", "w", driver="GTiff", height=4, width=4, count=1, dtype="float32", crs="EPSG:32650",
        transform=transform, nodata=-9999,
    ) as out:  # fmt: skip
        out.write(grid, 1)
    heights = raster_heights(tmp_path / "dem.tif", CRS.from_epsg(32650))
    asked = np.array([[500_150, 3_400_150], [500_200, 3_400_150], [500_050, 3_400_350], [499_000, 3_400_150]], float)
    np.testing.assert_allclose(heights(asked), [10, 15, np.nan, np.nan])
    (tmp_path / "not.tif").write_text("no raster")
    with pytest.raises(LayerError, match=r"its content is not \.tif"):
        raster_heights(tmp_path / "not.tif", CRS.from_epsg(32650))


def broken_street(*xs):
    """A street along y = 0, cut at the given places; level up to x = 500, then rising by 20 %."""
    xy = np.array([[x, 0.0] for x in xs])
    n = len(xs) - 1
    return network_of((xy, np.arange(n), np.arange(1, n + 1), np.zeros(n, np.uint8), np.zeros(n, np.uint8)))


def late_rise(xy):
    return np.maximum(xy[:, 0] - 500.0, 0.0) * 0.2


@pytest.mark.parametrize("cuts", [(0, 1000), (0, 450, 1000), (0, 111, 237, 500, 777, 1000)])
def test_a_level_stretch_of_a_street_that_rises_later_is_level(cuts):
    network = add_slopes(broken_street(*cuts), late_rise)
    assert seconds(network, 10, 270) == pytest.approx(260, abs=2e-3)
    assert seconds(network, 270, 10) == pytest.approx(260, abs=2e-3)
    assert seconds(network, 510, 600) == pytest.approx(90 * np.exp(0.7), abs=2e-3)
    assert seconds(network, 0, 1000) == pytest.approx(500 + 500 * np.exp(0.7), abs=5e-3)


def test_a_stub_changes_nothing():
    xy = np.array([[0.0, 0], [450, 0], [1000, 0], [450, 5]])
    nothing = np.zeros(3, np.uint8)
    network = add_slopes(network_of((xy, np.array([0, 1, 1]), np.array([1, 2, 3]), nothing, nothing)), late_rise)
    assert seconds(network, 10, 270) == pytest.approx(260, abs=2e-3)
    assert seconds(network, 10, 900) == pytest.approx(490 + 400 * np.exp(0.7), abs=5e-3)


@pytest.mark.parametrize("void", [-32768.0, -9999.0, 3.4e38, 32767.0, np.inf])
def test_a_void_that_the_raster_does_not_declare_closes_no_street(tmp_path, void):
    rasterio = pytest.importorskip("rasterio", reason="the optional extra raster is not installed")
    grid = np.full((8, 60), 50.0, np.float32)
    grid[:, 30] = void
    transform = rasterio.Affine(20, 0, -100, 0, -20, 80)
    with rasterio.open(
        tmp_path / "dem.tif", "w", driver="GTiff", height=8, width=60, count=1, dtype="float32", crs="EPSG:32650",
        transform=transform,
    ) as out:  # fmt: skip
        out.write(grid, 1)
    network = add_slopes(broken_street(0, 1000), raster_heights(tmp_path / "dem.tif", CRS.from_epsg(32650)))
    assert seconds(network, 0, 1000) == pytest.approx(1000, abs=5e-3)
    told = [note.code for note in network.notes]
    assert told == (["heights-beyond-earth"] if np.isfinite(void) else [])


def test_slopes_that_cannot_be_are_capped_and_told():
    network = add_slopes(broken_street(0, 100), lambda xy: np.where(xy[:, 0] >= 60, 500.0, 0.0))
    assert seconds(network, 0, 100) == pytest.approx(80 + 20 * np.exp(3.5), abs=5e-3)
    (note,) = network.notes
    assert note.what("en") == "1 streets are steeper than 100% over 20 m in all and count as 100%"


def test_a_bridge_cut_in_the_middle_rises_as_evenly_as_a_whole_one():
    def valley(xy):
        return np.abs(xy[:, 0] - 50.0) * 0.2

    for xs in ((0, 100), (0, 40, 100), (0, 13, 50, 87, 100)):
        n = len(xs) - 1
        xy = np.array([[x, 0.0] for x in xs] + [[0, 50.0], [100, 50]])
        tail, head = np.array([*range(n), 0, n]), np.array([*range(1, n + 1), n + 1, n + 2])
        flags = np.array([int(EdgeFlag.BRIDGE)] * n + [0, 0], np.uint8)
        network = add_slopes(network_of((xy, tail, head, np.zeros(n + 2, np.uint8), flags)), valley)
        doors = [snap(network, np.array([[x, 50.0]]), max_connector_m=1) for x in (0, 100)]
        assert float(compute_travel_times(network, *doors, HIKER, 3600.0).seconds[0]) == pytest.approx(200, abs=5e-3)
