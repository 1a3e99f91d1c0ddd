"""Every form in which a layer arrives gives the same rows."""

import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
from shapely.geometry import Point

from planner.io.cells import read_coordinates
from planner.io.read import read_file

NAMES = ["幸福社区", "五角场街道", "长海路街道"]
CRS = "EPSG:4549"


@pytest.fixture
def layer():
    points = [Point(630_000 + 100 * i, 3_460_000 + 50 * i) for i in range(3)]
    return gpd.GeoDataFrame(
        {"id": ["a", "b", "c"], "名称": NAMES, "人口": np.array([12, 0, 7], dtype=np.int32)}, geometry=points, crs=CRS
    )


def same(read, layer):
    frame = read.frame
    assert list(frame["名称"]) == NAMES
    assert [int(v) for v in frame["人口"]] == [12, 0, 7]
    if isinstance(frame, gpd.GeoDataFrame):
        assert frame.geometry.geom_equals_exact(layer.geometry.set_crs(frame.crs, allow_override=True), 1e-6).all()


def shapefile(layer, path, encoding="UTF-8", cpg=True):
    pyogrio.write_dataframe(layer, path, driver="ESRI Shapefile", encoding=encoding)
    if not cpg:
        path.with_suffix(".cpg").unlink()
    return path


@pytest.mark.parametrize(("encoding", "cpg"), [("UTF-8", True), ("UTF-8", False), ("GBK", True), ("GBK", False)])
def test_shapefiles_in_any_encoding(tmp_path, layer, encoding, cpg):
    path = shapefile(layer, tmp_path / "社区 边界.shp", encoding, cpg)
    same(read_file(path), layer)


def test_shapefiles_in_capitals(tmp_path, layer):
    shapefile(layer, tmp_path / "x.shp", "GBK", cpg=False)
    for part in list(tmp_path.iterdir()):
        part.rename(tmp_path / part.name.upper())
    same(read_file(tmp_path / "X.SHP"), layer)


@pytest.mark.parametrize("name", ["x.gpkg", "x.geojson", "x.fgb", "x.gdb"])
def test_other_vector_formats(tmp_path, layer, name):
    driver = {"x.gdb": "OpenFileGDB"}.get(name)
    pyogrio.write_dataframe(layer, tmp_path / name, driver=driver)
    read = read_file(tmp_path / name).frame.sort_values("id")
    assert list(read["名称"]) == NAMES
    assert len(read.geometry) == 3


def test_geojson_in_gbk(tmp_path, layer):
    path = tmp_path / "x.geojson"
    pyogrio.write_dataframe(layer, path, driver="GeoJSON")
    path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))
    read = read_file(path)
    same(read, layer)
    assert [remark.code for remark in read.issues] == ["wrong-encoding"]


def test_geoparquet(tmp_path, layer):
    layer.to_parquet(tmp_path / "x.parquet")
    same(read_file(tmp_path / "x.parquet"), layer)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv(tmp_path, layer, encoding, separator):
    plain = pd.DataFrame(layer.drop(columns="geometry"))
    (tmp_path / "表 一.csv").write_bytes(plain.to_csv(index=False, sep=separator).encode(encoding))
    same(read_file(tmp_path / "表 一.csv"), layer)


def test_csv_keeps_codes_that_begin_with_zero(tmp_path):
    (tmp_path / "x.csv").write_text("code,n\n0310,1\n0311,2\n")
    assert list(read_file(tmp_path / "x.csv").frame["code"]) == ["0310", "0311"]


def test_workbook_with_a_named_sheet(tmp_path, layer):
    plain = pd.DataFrame(layer.drop(columns="geometry"))
    with pd.ExcelWriter(tmp_path / "x.xlsx", engine="xlsxwriter") as book:
        plain.iloc[:1].to_excel(book, sheet_name="说明", index=False)
        plain.to_excel(book, sheet_name="数据", index=False)
    same(read_file(tmp_path / "x.xlsx", "数据"), layer)


@pytest.mark.parametrize("inside", ["x", "数据/社区边界", "社区边界"])
def test_zipped_shapefile_with_names_in_gbk(tmp_path, layer, inside):
    shapefile(layer, tmp_path / "x.shp", "GBK", cpg=False)
    with zipfile.ZipFile(tmp_path / "y.zip", "w") as archive:
        for part in sorted(tmp_path.glob("x.*")):
            info = zipfile.ZipInfo(inside.encode("gbk").decode("cp437") + part.suffix)
            archive.writestr(info, part.read_bytes())
    content = (tmp_path / "y.zip").read_bytes()
    # zipfile marks names as UTF-8; Chinese Windows writes the raw bytes of code page 936 and no mark
    raw = inside.encode("gbk").decode("cp437").encode()
    content = _unmarked(content, raw, inside.encode("gbk"))
    (tmp_path / "z.zip").write_bytes(content)
    same(read_file(tmp_path / "z.zip"), layer)


def _unmarked(content, marked, raw):
    """Rebuild an archive of stored members with names as raw bytes and no UTF-8 flag."""
    import io
    import struct

    out, directory = bytearray(), bytearray()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in archive.infolist():
            name = member.filename.encode().replace(marked, raw)
            data = archive.read(member)
            head = struct.pack("<HHHHHIII", 20, 0, 0, 0, 33, member.CRC, len(data), len(data))
            offset = len(out)
            out += b"PK\x03\x04" + head + struct.pack("<HH", len(name), 0) + name + data
            directory += (
                b"PK\x01\x02"
                + struct.pack("<H", 20)
                + head
                + struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, offset)
                + name
            )
    count = directory.count(b"PK\x01\x02")
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(out), 0)
    return bytes(out + directory + end)


def test_nothing_in_an_archive_names_a_place_on_this_machine(tmp_path, layer):
    shapefile(layer, tmp_path / "x.shp")
    with zipfile.ZipFile(tmp_path / "y.zip", "w") as archive:
        for part in sorted(tmp_path.glob("x.*")):
            archive.writestr(f"../../escaped{part.suffix}", part.read_bytes())
    same(read_file(tmp_path / "y.zip"), layer)
    assert not list(tmp_path.parent.parent.glob("escaped*"))


def test_a_planners_folder_is_never_written_to(tmp_path, layer):
    path = shapefile(layer, tmp_path / "x.shp")
    path.with_suffix(".shx").unlink()
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    same(read_file(path), layer)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("121.5", 121.5),
        ("121°30′00″E", 121.5),
        ("121°30'0\"", 121.5),
        ("121度30分", 121.5),
        ("北纬31°12′36″", 31.21),
        ("N31 12 36", 31.21),
        ("31°12.6'S", -31.21),
        ("-0.5", -0.5),
        ("１２１．５", 121.5),
    ],
)
def test_coordinates_as_people_write_them(text, degrees):
    assert read_coordinates(pd.Series([text]))[0] == pytest.approx(degrees, abs=1e-9)


@pytest.mark.parametrize("text", ["见附图", "－", "121°75′", "121°30′99″", "12/13"])
def test_what_is_no_coordinate_is_none(text):
    assert pd.isna(read_coordinates(pd.Series([text]))[0])
