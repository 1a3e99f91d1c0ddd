"""Small inputs that claim too much are refused at once, in one message; nothing waits, nothing fills the memory."""

import json
import os
import resource
import time
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import rasterio

from planner.errors import StudyError
from planner.io import tabular
from planner.io.cells import read_coordinates, read_dms
from planner.io.numbers import read_numbers
from planner.io.read import read_file
from planner.io.table import UnreadableError
from planner.study.load import load_study, parse_set
from planner.workflow.decisions import read_decisions

#: seconds of this process, so that a busy machine proves nothing
SECONDS = 10
MEGABYTES = 2000


@pytest.fixture(autouse=True)
def quick():
    """Every case ends within ten seconds of computing and two gigabytes."""
    began, held = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert time.process_time() - began < SECONDS
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held) / 1024 < MEGABYTES


def refused(path):
    with pytest.raises(UnreadableError) as fault:
        read_file(path)
    return fault.value.code


@pytest.mark.parametrize(
    "text",
    ["1" + "余人" * 24 + "x", "1" + "余人" * 15, "1" + "人" * 60 + "x", "1" + " " * 50_000 + "x", "约" * 50_000, "1," * 50_000,
     "1" * 100_000, "1'" * 50_000 + "x", "1" + "多人" * 24 + "!", "-" * 50_000 + "1", "1e" + "9" * 50_000],
)  # fmt: skip
def test_no_text_holds_up_the_reading_of_numbers(text):
    read = read_numbers(pd.Series([text, "约120余人"]))
    assert read.amounts[1] == 120
    assert np.isnan(read.amounts[0]) or read.amounts[0] == 1


@pytest.mark.parametrize(
    "text",
    [
        "121" + " " * 50_000 + "x",
        "121" + "-: " * 20_000 + "x",
        "121°30′" + " " * 50_000 + "x",
        "121 30" + " " * 9000 + "5 ",
    ],
)
def test_no_text_holds_up_the_reading_of_coordinates(text):
    assert np.isnan(read_dms(text))
    assert read_coordinates(pd.Series([text, "121°30′"]))[1] == 121.5


@pytest.mark.deep
def test_a_workbook_that_lays_out_too_much_is_refused_however_little_it_holds(tmp_path):
    with pd.ExcelWriter(tmp_path / "x.xlsx", engine="xlsxwriter") as book:
        pd.DataFrame({f"c{i}": [i] for i in range(4_500)}).to_excel(book, index=False)
        for row in range(5_000):
            book.sheets["Sheet1"].write(2 + 7 * row, 0, "x")
    assert refused(tmp_path / "x.xlsx") == "table-too-large"


@pytest.mark.deep
def test_a_workbook_of_too_many_columns_is_refused(tmp_path):
    with pd.ExcelWriter(tmp_path / "x.xlsx", engine="xlsxwriter") as book:
        pd.DataFrame({f"c{i}": [i] for i in range(5_001)}).to_excel(book, index=False)
    assert refused(tmp_path / "x.xlsx") == "table-too-large"


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path):
    with pd.ExcelWriter(tmp_path / "x.xlsx", engine="xlsxwriter") as book:
        pd.DataFrame({"id": ["a"], "n": [1]}).to_excel(book, index=False)
    with zipfile.ZipFile(tmp_path / "x.xlsx", "a", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/other.xml", b" " * 50_000_000)
    assert refused(tmp_path / "x.xlsx") == "zip-bomb"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_fifty_megabytes_of_separators_are_refused(tmp_path, separator):
    path = tmp_path / "x.csv"
    path.write_bytes(separator.encode() * 50_000_000)
    assert refused(path) == "table-too-large"


@pytest.mark.parametrize("line", [",,,,\n", "\n", ",\r"])
def test_many_short_lines_are_refused(tmp_path, line):
    path = tmp_path / "x.csv"
    path.write_bytes(b"a,b,c,d,e\n" + line.encode() * (25_000_000 // len(line.rstrip() or "x")))
    assert refused(path) in ("table-too-large", "empty-file", "file-too-large", "unreadable-file")


def test_a_parquet_table_of_more_rows_than_bytes_is_refused(tmp_path):
    table = pa.table({"a": pa.array(np.zeros(30_000_000, dtype=np.int8))})
    pq.write_table(table, tmp_path / "x.parquet", compression="zstd")
    assert (tmp_path / "x.parquet").stat().st_size < 200_000
    assert refused(tmp_path / "x.parquet") == "table-too-large"


@pytest.mark.parametrize(
    ("width", "height", "bands"), [(40_000, 40_000, 1), (1000, 1000, 101), (5000, 5000, 3)], ids=str
)
def test_a_raster_is_bounded_in_size_and_bands(tmp_path, width, height, bands):
    head = {"driver": "GTiff", "width": width, "height": height, "count": bands, "dtype": "uint8", "sparse_ok": True}
    with rasterio.open(
        tmp_path / "x.tif", "w", **head, crs="EPSG:32633", transform=rasterio.Affine(1, 0, 5e5, 0, -1, 5e6), tiled=True
    ):
        pass
    assert refused(tmp_path / "x.tif") == "raster-too-large"


def test_a_raster_of_people_everywhere_is_refused_and_one_of_few_is_read(tmp_path):
    head = {"driver": "GTiff", "width": 2000, "height": 1100, "count": 1, "dtype": "uint8", "compress": "deflate"}
    few = np.zeros((1100, 2000), dtype=np.uint8)
    few[1099, 1999] = 7
    for name, cells in (("few", few), ("all", few + 1)):
        with rasterio.open(
            tmp_path / f"{name}.tif", "w", **head, crs="EPSG:32633", transform=rasterio.Affine(1, 0, 5e5, 0, -1, 5e6)
        ) as grid:
            grid.write(cells, 1)
    frame = read_file(tmp_path / "few.tif").frame
    assert list(frame["band_1"]) == [7]
    assert frame.geometry[0].bounds == (501_999, 4_998_900, 502_000, 4_998_901)
    assert refused(tmp_path / "all.tif") == "raster-too-large"


SUFFIXES = (".csv", ".xlsx", ".geojson", ".shp", ".gpkg", ".fgb", ".parquet", ".tif", ".asc", ".zip", ".dbf")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_pipes_devices_and_folders_are_no_layers(tmp_path, suffix):
    os.mkfifo(tmp_path / f"pipe{suffix}")
    (tmp_path / f"zero{suffix}").symlink_to("/dev/zero")
    (tmp_path / f"folder{suffix}").mkdir()
    for name in ("pipe", "zero", "folder"):
        assert refused(tmp_path / f"{name}{suffix}") == "no-file"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_path_that_no_system_can_hold_is_a_missing_file(tmp_path, suffix):
    assert refused(tmp_path / ("x" * 5000 + suffix)) == "missing-file"
    assert refused(tmp_path / f"a\0b{suffix}") == "missing-file"


def test_a_study_is_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    for path in (tmp_path / "pipe.yaml", type(tmp_path)("/dev/zero"), tmp_path / ("x" * 5000), tmp_path / "a\0b.yaml"):
        with pytest.raises(StudyError):
            load_study(path)


@pytest.mark.parametrize(
    "text",
    ["a: [" + "a," * 900_000 + "]", "- a\n" * 450_000, "{a: " * 400_000, "[" * 1_900_000, "a: &b c\n" * 200_000,
     "x: " + "1_" * 900_000, "x: '" + "y" * 1_900_000 + "'", "? " * 900_000],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_two_megabytes_of_tiny_items_are_no_study(tmp_path, text):
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError):
        load_study(tmp_path / "study.yaml")


@pytest.mark.parametrize(
    "value", ["[" * 100_000, "a," * 100_000, "{" * 50_000, "[" + "a," * 100_000 + "]"], ids=lambda v: v[:3]
)
def test_an_override_is_bounded_too(value):
    with pytest.raises(StudyError):
        parse_set(f"x=[{value}" if value.startswith("a") else f"x={value}")


def decisions(tmp_path, made, opened=()):
    told = {
        "version": 1,
        "run": {"id": "r", "digest": "0" * 64, "scenario": "base"},
        "decisions": made,
        "open": list(opened),
    }
    path = tmp_path / "decisions.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    return path


@pytest.mark.parametrize("states", [("open", "open"), ("open", "closed")])
def test_nothing_is_decided_twice(tmp_path, states):
    made = [{"place_id": "r1", "service": "canteen", "state": states[i % 2]} for i in range(5000)]
    with pytest.raises(StudyError, match="r1/canteen: stands 5000 times"):
        read_decisions(decisions(tmp_path, made))
    whole = [{"place_id": "r1", "service": None, "state": "closed"}] * 2
    with pytest.raises(StudyError, match=r"r1/\*: stands 2 times"):
        read_decisions(decisions(tmp_path, whole))


def test_decisions_are_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    for path in (tmp_path / "pipe.json", type(tmp_path)("/dev/zero"), tmp_path):
        with pytest.raises(StudyError):
            read_decisions(path)


def test_layers_as_large_as_a_city_are_within_the_limits(tmp_path):
    rows = 100_000
    frame = pd.DataFrame({f"c{i}": np.arange(rows) for i in range(5)})
    frame.to_csv(tmp_path / "x.csv", index=False)
    frame.to_parquet(tmp_path / "x.parquet")
    for name in ("x.csv", "x.parquet"):
        tabular.refuse_oversized_table(tmp_path / name)
        assert len(read_file(tmp_path / name).frame) == rows
