"""A value written as plain files comes back as it was; what is not plain is refused, on both ways."""

import json
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import CRS

from planner.access import TravelTimes
from planner.district import Finding
from planner.store.codec import UncodableError, read_value, write_value


def _reach():
    return TravelTimes(np.array([0, 2, 2]), np.array([1, 0], np.int32), np.array([3.5, 7.25], np.float32), 2, 900.0)


@pytest.mark.parametrize(
    "crs", ["EPSG:3763", "EPSG:4549", "+proj=tmerc +lat_0=31 +lon_0=121.46 +k=1 +x_0=0 +y_0=0 +ellps=WGS84 +units=m"]
)
def test_coordinate_systems_come_back_to_the_letter(tmp_path, crs):
    write_value(CRS(crs), tmp_path)
    back = read_value(tmp_path)
    assert (back.to_string(), back.to_json()) == (CRS(crs).to_string(), CRS(crs).to_json())


def test_values_come_back_with_their_types(tmp_path):
    told = {
        "plain": (None, True, 3, 0.1, float("inf"), "社区"),
        "list": [1, (2, [3])],
        1: {"nested": np.array([[1, 2]], np.uint8)},
        "finding": Finding("missing-crs", "error", "layers.people.0", "a.shp", ("1",), 1, {"rows": 3}),
    }
    write_value(told, tmp_path)
    back = read_value(tmp_path)
    assert back["plain"] == told["plain"]
    assert back["list"] == told["list"]
    assert back["finding"] == told["finding"]
    assert back[1]["nested"].dtype == np.uint8
    np.testing.assert_array_equal(back[1]["nested"], [[1, 2]])


def test_frames_come_back_with_columns_types_and_geometry(tmp_path):
    frame = pd.DataFrame(
        {"id": ["甲", ""], "n": np.array([1, -1], np.int32), "x": [np.nan, 2.0], "lift": [True, False]}
    )
    places = gpd.GeoDataFrame(frame, geometry=shapely.points([[0, 1], [1e-9, 2]]), crs="EPSG:3763")
    write_value([frame, places, frame], tmp_path)
    back, back_places, again = read_value(tmp_path)
    pd.testing.assert_frame_equal(back, frame)
    assert back is again
    assert isinstance(back_places, gpd.GeoDataFrame)
    assert back_places.crs == places.crs
    assert back_places.geometry.geom_equals_exact(places.geometry, 0).all()


def test_arrays_are_stored_once_and_lent_parts_not_at_all(tmp_path):
    reach = _reach()
    write_value([reach, reach.site, reach.site], tmp_path, shared={"elder": reach})
    assert np.load(tmp_path / "arrays.npz").files == ["a0"]
    back, first, second = read_value(tmp_path, shared={"elder": reach})
    assert back is reach
    assert first is second
    with pytest.raises(KeyError):
        read_value(tmp_path)


def test_dataclasses_of_the_package_come_back(tmp_path):
    write_value(_reach(), tmp_path)
    back = read_value(tmp_path)
    assert isinstance(back, TravelTimes)
    np.testing.assert_array_equal(back.seconds, _reach().seconds)
    assert (back.n_sites, back.cutoff_s) == (2, 900.0)


@dataclass
class Stranger:
    command: str


@pytest.mark.parametrize("value", [object(), np.array([object()]), {1, 2}, Stranger("x"), b"bytes"])
def test_what_has_no_plain_form_is_refused(tmp_path, value):
    with pytest.raises(UncodableError, match="no plain form"):
        write_value(value, tmp_path)


@pytest.mark.parametrize(
    "shape",
    [
        {"of": "subprocess:Popen", "parts": {"args": "true"}},
        {"of": "planner.store.codec:json", "parts": {}},
        {"of": "planner.store.codec:write_value", "parts": {}},
        {"of": "tests.unit.store.test_codec:Stranger", "parts": {"command": "x"}},
        {"frame": "../outside.parquet"},
        {"pickle": "gASV"},
    ],
)
def test_a_folder_tampered_with_runs_nothing(tmp_path, shape):
    folder = tmp_path / "entry"
    folder.mkdir()
    write_value(None, folder)
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "outside.parquet")
    (folder / "value.json").write_text(json.dumps(shape))
    with pytest.raises(ValueError, match=r"no type|no dataclass|outside|no value"):
        read_value(folder)
