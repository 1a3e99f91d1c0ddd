"""Faults of files: formats, archives, sidecars, encodings, columns."""

import struct
import zipfile

import numpy as np
import pandas as pd
import pyogrio

from tests.data.broken.catalogue import PEOPLE, at, case
from tests.data.broken.sound import TOWN, write_geojson, write_shapefile, write_table

#: the quarters under Chinese names, as a Chinese bureau would hand them in
CHINESE = {
    "Q02": "上溪社区居民委员会",
    "Q12": "内城社区居民委员会",
    "Q13": "雅恩社区居民委员会",
    "Q14": "凯瑟琳社区居民委员会",
}


def in_chinese(communities):
    renamed = {
        "id": "编号",
        "name": "社区名称",
        "town_area": "所属街道",
        "pop": "人口",
        "p65up": "老年人口",
        "p0_2": "婴幼儿",
    }
    return communities.assign(name=communities["id"].map(CHINESE)).rename(columns=renamed)


CHINESE_COLUMNS = {"id": "编号", "name": "社区名称"}


@case("empty-file", "facilities.0", at("facilities.gpkg"), "empty-file")
def _(sound, folder):
    (folder / "facilities.gpkg").write_bytes(b"")


@case("truncated-geopackage", "facilities.0", at("facilities.gpkg"), "unreadable-file")
def _(sound, folder):
    pyogrio.write_dataframe(sound.facilities, folder / "whole.gpkg")
    content = (folder / "whole.gpkg").read_bytes()
    (folder / "whole.gpkg").unlink()
    (folder / "facilities.gpkg").write_bytes(content[:3000])


@case("text-called-shapefile", "facilities.0", at("facilities.shp"), "not-what-it-says")
def _(sound, folder):
    (folder / "facilities.shp").write_text("see attachment")


@case("web-page-called-geojson", "facilities.0", at("facilities.geojson"), "not-what-it-says")
def _(sound, folder):
    (folder / "facilities.geojson").write_text("<!doctype html><title>404</title>")


@case("truncated-geojson", "facilities.0", at("facilities.geojson"), "unreadable-file")
def _(sound, folder):
    write_geojson(sound.facilities, folder / "facilities.geojson")
    content = (folder / "facilities.geojson").read_bytes()
    (folder / "facilities.geojson").write_bytes(content[: len(content) // 2])


@case("unknown-format", "facilities.0", at("facilities.kml"), "unknown-format")
def _(sound, folder):
    (folder / "facilities.kml").write_text("<kml/>")


@case("missing-dbf", "facilities.0", at("facilities.shp"), "missing-sidecar")
def _(sound, folder):
    write_shapefile(sound.facilities, folder / "facilities.shp")
    (folder / "facilities.dbf").unlink()


@case("missing-shx", "facilities.0", at("facilities.shp"), "rebuilt-index", "warning")
def _(sound, folder):
    write_shapefile(sound.facilities, folder / "facilities.shp")
    (folder / "facilities.shx").unlink()


@case("truncated-shapefile", "communities", at("communities.shp"), "null-geometry", "warning")
def _(sound, folder):
    write_shapefile(sound.communities, folder / "communities.shp")
    content = (folder / "communities.shp").read_bytes()
    (folder / "communities.shp").write_bytes(content[: len(content) * 2 // 3])


@case("several-tables", "facilities.0", at("facilities.gpkg"), "several-tables")
def _(sound, folder):
    for name in ("2019", "2020"):
        pyogrio.write_dataframe(sound.facilities.iloc[:2], folder / "facilities.gpkg", layer=name)


@case("missing-table", "facilities.0", at("facilities.gpkg", layer="2021"), "missing-table")
def _(sound, folder):
    pyogrio.write_dataframe(sound.facilities.iloc[:2], folder / "facilities.gpkg", layer="2020")


@case("zip-of-two-layers", "facilities.0", at("facilities.zip"), "several-tables")
def _(sound, folder):
    _zip_of(sound, folder, ["a", "b"])


@case("zip-without-layer", "facilities.0", at("facilities.zip"), "unreadable-file")
def _(sound, folder):
    with zipfile.ZipFile(folder / "facilities.zip", "w") as archive:
        archive.writestr("readme.docx", b"nothing")


@case("zip-bomb", "facilities.0", at("facilities.zip"), "zip-bomb")
def _(sound, folder):
    with zipfile.ZipFile(folder / "facilities.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("facilities.shp", bytes(20_000_000))


@case("zip-locked", "facilities.0", at("facilities.zip"), "zip-locked")
def _(sound, folder):
    _zip_of(sound, folder, ["a"])
    content = bytearray((folder / "facilities.zip").read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = content.find(mark)
        while start >= 0:
            content[start + offset] |= 1
            start = content.find(mark, start + 4)
    (folder / "facilities.zip").write_bytes(content)


@case("zip-truncated", "facilities.0", at("facilities.zip"), "unreadable-file")
def _(sound, folder):
    _zip_of(sound, folder, ["a"])
    content = (folder / "facilities.zip").read_bytes()
    (folder / "facilities.zip").write_bytes(content[:-200])


def _zip_of(sound, folder, names):
    with zipfile.ZipFile(folder / "facilities.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            write_shapefile(sound.facilities.iloc[:3], folder / f"{name}.shp")
            for part in sorted(folder.glob(f"{name}.*")):
                archive.write(part, zipfile.ZipInfo(part.name).filename)
                part.unlink()


@case("csv-without-coordinates", "facilities.0", at("facilities.csv"), "no-geometry")
def _(sound, folder):
    write_table(sound.facilities, folder / "facilities.csv")


@case("csv-ragged", "facilities.0", at("facilities.csv", crs="EPSG:25833"), "unreadable-file")
def _(sound, folder):
    (folder / "facilities.csv").write_text("id,service,x,y\nf1,childcare,1,2\nf2,childcare,1,2,3,4\n")


@case("csv-binary", "facilities.0", at("facilities.csv", crs="EPSG:25833"), "not-what-it-says")
def _(sound, folder):
    (folder / "facilities.csv").write_bytes((TOWN / "facilities.dbf").read_bytes()[:600])


@case("csv-empty", "facilities.0", at("facilities.csv", crs="EPSG:25833"), "empty-file")
def _(sound, folder):
    (folder / "facilities.csv").write_text("\n\n")


@case("csv-called-xlsx", "facilities.0", at("facilities.xlsx", crs="EPSG:25833"), "not-what-it-says")
def _(sound, folder):
    (folder / "facilities.xlsx").write_text("id,service,x,y\n")


@case("workbook-of-two-sheets", "facilities.0", at("facilities.xlsx", crs="EPSG:25833"), "several-tables")
def _(sound, folder):
    with pd.ExcelWriter(folder / "facilities.xlsx", engine="xlsxwriter") as book:
        for name in ("托育", "养老"):
            pd.DataFrame({"id": ["f1"], "x": [1], "y": [2]}).to_excel(book, sheet_name=name, index=False)


@case("extract-without-tags", "facilities.0", at("facilities.osm"), "missing-tags")
def _(sound, folder):
    (folder / "facilities.osm").write_text('<osm version="0.6"></osm>')


@case("truncated-extract", "facilities.0", at("facilities.osm.pbf", tags={"amenity": []}), "unreadable-file")
def _(sound, folder):
    (folder / "facilities.osm.pbf").write_bytes((TOWN / "streets.osm.pbf").read_bytes()[:5000])


@case("nothing-kept", "communities", at("communities.shp", keep={"town_area": ["Nowhere"]}), "empty-layer")
def _(sound, folder):
    write_shapefile(sound.communities, folder / "communities.shp")


@case("gbk-without-cpg", "communities", at("communities.shp", columns=CHINESE_COLUMNS), "encoding-decided", "note")
def _(sound, folder):
    _chinese(sound, folder, None)


@case("gbk-called-utf-8", "communities", at("communities.shp", columns=CHINESE_COLUMNS), "wrong-encoding", "warning")
def _(sound, folder):
    _chinese(sound, folder, "UTF-8")


@case("gbk-called-latin-1", "communities", at("communities.shp", columns=CHINESE_COLUMNS), "wrong-encoding", "warning")
def _(sound, folder):
    _chinese(sound, folder, "ISO-8859-1")


@case("utf-8-called-latin-1", "communities", at("communities.shp"), "wrong-encoding", "warning")
def _(sound, folder):
    write_shapefile(sound.communities.assign(name=sound.communities["id"].map(CHINESE)), folder / "communities.shp")
    (folder / "communities.cpg").write_text("ISO-8859-1")


def _chinese(sound, folder, called):
    columns = ["编号", "社区名称", "人口", "geometry"]
    write_shapefile(in_chinese(sound.communities)[columns], folder / "communities.shp", encoding="GBK")
    (folder / "communities.cpg").unlink()
    if called:
        (folder / "communities.cpg").write_text(called)


@case("mixed-encodings", "facilities.0", at("facilities.csv", crs="EPSG:25833"), "mixed-encoding", "warning")
def _(sound, folder):
    rows = [f"{i},childcare,{name},{p.x:.1f},{p.y:.1f}" for i, name, p in _named(sound)]
    half = len(rows) // 2
    content = "\n".join(["id,service,名称,x,y", *rows[:half]]).encode("gb18030")
    (folder / "facilities.csv").write_bytes(content + b"\n" + "\n".join(rows[half:]).encode() + b"\n")


@case("latin-1-unsaid", "facilities.0", at("facilities.csv", crs="EPSG:25833"), "guessed-encoding", "warning")
def _(sound, folder):
    rows = [f"{i},childcare,Förderstätte {i},{p.x:.1f},{p.y:.1f}" for i, _, p in _named(sound)]
    (folder / "facilities.csv").write_bytes("\n".join(["id,service,name,x,y", *rows]).encode("latin-1"))


def _named(sound):
    names = ["阳光托育园", "内城日间照料中心", "社区食堂", "老年活动室"]
    points = sound.facilities.geometry
    return [(i, names[k % 4], point) for k, (i, point) in enumerate(zip(sound.facilities["id"], points, strict=True))]


def _cut(sound, folder, encoding, columns):
    frame = in_chinese(sound.communities).rename(columns={"老年人口": "老年人口数量", "婴幼儿": "零至三岁婴幼儿"})
    ascii_names = frame.rename(columns={"编号": "id", "社区名称": "name", "老年人口数量": "c1", "零至三岁婴幼儿": "c2"})
    write_shapefile(ascii_names[["id", "name", "c1", "c2", "geometry"]], folder / "communities.shp", encoding=encoding)
    dbf = bytearray((folder / "communities.dbf").read_bytes())
    for short, long in zip(("c1", "c2"), columns, strict=True):
        start = next(
            s for s in range(32, struct.unpack("<H", dbf[8:10])[0], 32) if dbf[s : s + 3] == short.encode() + b"\0"
        )
        cut = long if isinstance(long, bytes) else long.encode(encoding)[:10]
        dbf[start : start + 11] = cut.ljust(11, b"\0")
    (folder / "communities.dbf").write_bytes(dbf)
    (folder / "communities.cpg").unlink(missing_ok=True)


CUT_PEOPLE = {**PEOPLE, "groups": {"elders": "老年人口数量", "toddlers": "零至三岁婴幼儿"}}


@case("names-cut-in-utf-8", "people.0", at("communities.shp", **CUT_PEOPLE), "cut-name", "note")
def _(sound, folder):
    _cut(sound, folder, "utf-8", ("老年人口数量", "零至三岁婴幼儿"))


@case("names-cut-in-gbk", "people.0", at("communities.shp", **CUT_PEOPLE), "cut-name", "note")
def _(sound, folder):
    _cut(sound, folder, "gbk", ("老年人口数量", "零至三岁婴幼儿"))


@case(
    "names-cut-alike",
    "people.0",
    at("communities.shp", **{**PEOPLE, "groups": {"elders": "老年人口数量", "toddlers": "id"}}),
    "ambiguous-column",
)
def _(sound, folder):
    # what GDAL makes of 老年人口数量男 and 老年人口数量女
    _cut(sound, folder, "utf-8", ("老年人口数量男", "老年人口".encode()[:8] + b"_1"))


@case(
    "missing-column",
    "people.0",
    at("communities.shp", **{**PEOPLE, "groups": {"elders": "p65_up", "toddlers": "p0_2"}}),
    "missing-column",
)
def _(sound, folder):
    write_shapefile(sound.communities, folder / "communities.shp")


@case("duplicate-ids", "candidates.0", at("candidates.shp"), "duplicate-id")
def _(sound, folder):
    write_shapefile(sound.candidates.assign(id=["C1", "C1", *sound.candidates["id"][2:]]), folder / "candidates.shp")


@case("blank-ids", "communities", at("communities.shp"), "duplicate-id")
def _(sound, folder):
    blank = np.where(np.arange(len(sound.communities)) < 2, "", sound.communities["id"])
    write_shapefile(sound.communities.assign(id=blank), folder / "communities.shp")


@case("no-ids", "candidates.0", at("candidates.shp"), "ids-made", "note")
def _(sound, folder):
    write_shapefile(sound.candidates.drop(columns="id"), folder / "candidates.shp")


@case("duplicate-names", "communities", at("communities.shp"), "duplicate-name", "warning")
def _(sound, folder):
    write_shapefile(sound.communities.assign(name="幸福社区"), folder / "communities.shp")
