"""Whatever file decides what a layer reads as is in the digest of the layer: else old numbers are served for changed layers."""

import bz2
import contextlib
import gzip
import shutil
import sqlite3
import zipfile

import geopandas as gpd
import networkx as nx
import numpy as np
import osmium
import osmnx
import pandas as pd
import pyogrio
import pytest
import rasterio
from rasterio import Affine
from shapely.geometry import Point

from planner.access.network import StreetsError
from planner.access.network_reading import read_network
from planner.io.osm import OSM_SUFFIXES, TagQuery, is_extract, read_extract
from planner.io.raster import RASTER_SUFFIXES
from planner.io.read import read_file
from planner.io.table import UnreadableError
from planner.io.tabular import TABLE_SUFFIXES
from planner.io.vector import VECTOR_SUFFIXES
from planner.store.provenance import hashes_in
from planner.study.load import load_study
from planner.workflow.batch import expand, finished_run
from tests.tiny_town import write_town
from tests.unit.access.osm_street import STREET, nodes, place, way, written
from tests.verbs import compute_run

CRS = "EPSG:32633"


def layer(factor=1):
    points = [Point(500_000 + 100 * i, 4_650_000) for i in range(4)]
    people = np.array([10, 20, 30, 40]) * factor
    return gpd.GeoDataFrame({"id": list("abcd"), "名称": list("甲乙丙丁"), "people": people}, geometry=points, crs=CRS)


def vector(name, driver=None, **options):
    def write(folder):
        pyogrio.write_dataframe(layer(), folder / name, driver=driver, **options)
        return folder / name

    return write


def shapefile(name):
    def write(folder):
        path = vector("x.shp", encoding="GBK")(folder)
        for part in list(folder.glob("x.*")):
            part.rename(folder / f"{name}{part.suffix}")
        path = folder / f"{name}.shp"
        # what other programs leave beside it
        for suffix in (".qix", ".sbn", ".sbx", ".qpj", ".shp.xml", ".fix", ".idm"):
            (folder / f"{name}{suffix}").write_bytes(b"left here by another program")
        return path

    return write


def attributes_alone(folder):
    path = shapefile("x")(folder)
    path.unlink()
    return path.with_suffix(".dbf")


def logged(folder):
    """A GeoPackage whose last change stands in its log alone, as a program leaves it that was killed."""
    path = vector("x.gpkg")(folder / "at work")
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA wal_autocheckpoint = 0")
        for trigger in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{trigger[0]}"')
        database.execute("UPDATE x SET people = people * 3")
        database.commit()
        for part in (folder / "at work").iterdir():
            shutil.copyfile(part, folder / part.name)
    shutil.rmtree(folder / "at work")
    return folder / "x.gpkg"


def linked(folder):
    """The same behind a link: SQLite looks for the log beside the file that is linked to."""
    (folder / "home").mkdir()
    real = logged_in(folder / "home")
    (folder / "y.gpkg").symlink_to(real)
    return folder / "y.gpkg"


def logged_in(folder):
    (folder / "at work").mkdir()
    return logged(folder)


def plain_geopackage(folder):
    path = vector("x.gpkg")(folder)
    for ending in ("-wal", "-shm", "-journal", ".aux.xml"):
        (folder / f"x.gpkg{ending}").write_bytes(b"")
    return path


def geodatabase(folder):
    path = vector("x.gdb", driver="OpenFileGDB", TARGET_ARCGIS_VERSION="ARCGIS_PRO_3_2_OR_LATER")(folder)
    (path / "x.lock").write_bytes(b"left here")
    (path / "below").mkdir()
    (path / "below" / "a00000001.gdbtable").write_bytes(b"left here")
    return path


def table(name):
    def write(folder):
        plain = pd.DataFrame(layer().drop(columns="geometry"))
        path = folder / name
        if path.suffix == ".xlsx":
            plain.to_excel(path, index=False, engine="xlsxwriter")
        elif path.suffix in (".parquet", ".geoparquet"):
            layer().to_parquet(path)
        else:
            path.write_text(plain.to_csv(index=False, sep="\t" if path.suffix == ".tsv" else ","), encoding="utf-8")
            path.with_suffix(".csvt").write_text('"String","String","Integer"')
            path.with_suffix(".prj").write_text("left here")
        return path

    return write


def zipped(folder):
    shapefile("x")(folder)
    with zipfile.ZipFile(folder / "z.zip", "w") as archive:
        for part in sorted(folder.glob("x.*")):
            archive.writestr(part.name, part.read_bytes())
            part.unlink()
    return folder / "z.zip"


def grid(name):
    def write(folder):
        path = folder / name
        cells = np.array([[5, 0], [7, 9]], dtype=np.float32)
        if path.suffix == ".asc":
            rows = "ncols 2\nnrows 2\nxllcorner 500000\nyllcorner 4650000\ncellsize 100\nNODATA_value -1\n5 0\n7 9\n"
            path.write_text(rows)
            path.with_suffix(".prj").write_text(rasterio.CRS.from_string(CRS).to_wkt())
        else:
            head = {"driver": "GTiff", "height": 2, "width": 2, "count": 1, "dtype": "float32", "crs": CRS}
            with rasterio.open(path, "w", **head, transform=Affine(100, 0, 500_000, 0, -100, 4_650_200)) as target:
                target.write(cells, 1)
            with rasterio.open(
                folder / "mask.tif", "w", **head | {"dtype": "uint8"}, transform=Affine(2, 0, 0, 0, -2, 0)
            ) as target:
                target.write(np.array([[255, 0], [0, 255]], dtype=np.uint8), 1)
            (folder / "mask.tif").rename(folder / f"{name}.msk")
            (folder / "mask.tif.aux.xml").unlink(missing_ok=True)
            for suffix in (".tfw", ".wld", ".tifw"):
                path.with_suffix(suffix).write_text("10\n0\n0\n-10\n500005\n4650195\n")
            for suffix in (".tab", ".IMD", "_RPC.TXT", ".prj"):
                path.with_name(f"{path.stem}{suffix}").write_text("left here")
            path.with_name(f"{name}.ovr").write_text("left here")
        path.with_name(f"{name}.aux.xml").write_text(
            '<PAMDataset><PAMRasterBand band="1"><NoDataValue>9</NoDataValue></PAMRasterBand></PAMDataset>'
        )
        return path

    return write


def extract(name):
    """An OpenStreetMap extract, with what downloads leave beside it."""

    def write(folder):
        text = nodes(at=300, said='<tag k="amenity" v="cafe"/>') + way(1, STREET)
        plain = written(folder / "x.osm", text)
        path = folder / name
        if name.endswith(".pbf"):
            with osmium.SimpleWriter(str(path)) as out:
                for thing in osmium.FileProcessor(str(plain)):
                    out.add(thing)
        elif name.endswith(".gz"):
            path.write_bytes(gzip.compress(plain.read_bytes(), mtime=0))
        elif name.endswith(".bz2"):
            path.write_bytes(bz2.compress(plain.read_bytes()))
        else:
            plain.replace(path)
        if path != plain:
            plain.unlink(missing_ok=True)
        for ending in (".poly", ".md5", ".state.txt"):
            (folder / f"{name}{ending}").write_text("left here")
        return path

    return write


def graph(folder):
    """Streets as osmnx writes them."""
    streets = nx.MultiDiGraph(crs="EPSG:4326")
    for number in (1, 2):
        lon, lat = place(100 * number)
        streets.add_node(number, x=float(lon), y=float(lat))
    streets.add_edge(1, 2, osmid=7, highway="residential", length=100.0)
    osmnx.save_graphml(streets, folder / "x.graphml")
    (folder / "x.graphml.xml").write_text("left here")
    return folder / "x.graphml"


def zipped_database(folder):
    inside = geodatabase(folder)
    with zipfile.ZipFile(folder / "z.zip", "w") as archive:
        for part in sorted(inside.glob("*.*")):
            if part.is_file():
                archive.writestr(f"x.gdb/{part.name}", part.read_bytes())
    shutil.rmtree(inside)
    return folder / "z.zip"


FORMATS = {
    "shapefile": shapefile("x"),
    "shapefile in brackets": shapefile("communities[1]"),
    "shapefile with a star": shapefile("a*b?c"),
    "shapefile with marks of addresses": shapefile("a!b;c#d%20"),
    "attributes alone": attributes_alone,
    "GeoPackage": plain_geopackage,
    "GeoPackage with a log": logged_in,
    "GeoPackage with a log behind a link": linked,
    "geodatabase": geodatabase,
    "GeoJSON": vector("x.geojson", driver="GeoJSON"),
    "FlatGeobuf": vector("x.fgb"),
    "zip": zipped,
    "CSV": table("x.csv"),
    "workbook": table("x.xlsx"),
    "GeoParquet": table("x.parquet"),
    "JSON": vector("x.json", driver="GeoJSON"),
    "TSV": table("x.tsv"),
    "text": table("x.txt"),
    "GeoParquet by its long name": table("x.geoparquet"),
    "zip of a geodatabase": zipped_database,
    "OpenStreetMap XML": extract("x.osm"),
    "OpenStreetMap PBF": extract("x.osm.pbf"),
    "OpenStreetMap gzip": extract("x.osm.gz"),
    "OpenStreetMap bzip2": extract("x.osm.bz2"),
    "OpenStreetMap history": extract("x.osh.gz"),
    "GraphML": graph,
    "GeoTIFF": grid("x.tif"),
    "TIFF": grid("x.tiff"),
    "ASCII grid": grid("x.asc"),
}


def told(path):
    """What a layer reads as: rows, shapes, coordinate system and remarks; or the finding that refuses it."""
    try:
        if path.suffix == ".graphml" or is_extract(path):
            return _told_of_streets(path)
        read = read_file(path)
    except UnreadableError as fault:
        return fault.code
    except StreetsError as fault:
        return fault.finding.code
    frame = read.frame.copy()
    crs = None
    if isinstance(frame, gpd.GeoDataFrame):
        crs = None if frame.crs is None else frame.crs.to_wkt()
        shapes = frame.geometry.to_wkb(hex=True)
        frame = pd.DataFrame(frame.drop(columns="geometry")).assign(shape=shapes)
    return frame.to_csv(), crs, [(remark.code, remark.rows) for remark in read.issues]


def _told_of_streets(path):
    """Streets, and facilities where the file may hold them."""
    network = read_network(path, "EPSG:25833")
    streets = sorted(zip(network.length_m.tolist(), network.kind.tolist(), strict=True)), network.xy.tolist()
    if path.suffix == ".graphml":
        return streets
    (cafes,) = read_extract(path, [TagQuery({"amenity": ["cafe"]})])
    return streets, cafes.frame.to_wkt().to_csv(), cafes.open_shapes


def _flipped(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :] if content else b"\1"


MUTATIONS = {
    "one bit of the middle": _flipped,
    "one bit near the end": lambda content: content[:-3] + _flipped(content[-3:]) if len(content) > 3 else b"12",
    "cut": lambda content: content[: len(content) // 2],
    "emptied": lambda _: b"",
    "text": lambda _: b"GBK",
    "gone": None,
}


@pytest.mark.deep_after(4)
@pytest.mark.parametrize("name", FORMATS)
def test_what_changes_a_layer_changes_its_digest(tmp_path, name):
    path = FORMATS[name](tmp_path)
    block = {"path": path.name}
    digest, before = hashes_in(block, tmp_path), told(path)
    assert not isinstance(before, str), before
    moved = []
    for file in sorted(file for file in tmp_path.rglob("*") if file.is_file() and not file.is_symlink()):
        content = file.read_bytes()
        for mutation, mutate in MUTATIONS.items():
            if mutate is None:
                file.unlink()
            else:
                file.write_bytes(mutate(content))
            if hashes_in(block, tmp_path) != digest:
                moved.append(file.name)
            else:
                assert told(path) == before, f"{file.name}, {mutation}: other rows under the same digest"
            file.write_bytes(content)
    assert hashes_in(block, tmp_path) == digest
    assert told(path) == before
    assert path.name in moved or path.is_dir() or path.is_symlink()


@pytest.mark.parametrize("name", FORMATS)
def test_a_folder_named_like_an_address_holds_the_same_layer(tmp_path, name):
    """`!`, `;`, `#`, `%` and brackets lead some readers to another file, or to none."""
    (tmp_path / "plain").mkdir()
    path = FORMATS[name](tmp_path / "plain")
    marked = tmp_path / "区 a!b;c#d%20[1]{2},x=y&z"
    shutil.copytree(tmp_path / "plain", marked, symlinks=True)
    asked = marked / path.relative_to(tmp_path / "plain")
    assert told(asked) == told(path)
    digests = [hashes_in({"path": str(one.relative_to(tmp_path))}, tmp_path) for one in (path, asked)]
    plain, there = (sorted((part.rsplit("/", 1)[-1], digest) for part, digest in found.items()) for found in digests)
    assert there == plain
    assert plain


@pytest.mark.parametrize(
    ("name", "companions"),
    [
        ("shapefile in brackets", {".shp", ".shx", ".dbf", ".prj", ".cpg"}),
        ("attributes alone", {".dbf", ".cpg"}),
        ("GeoPackage with a log", {".gpkg", ".gpkg-wal"}),
        ("GeoTIFF", {".tif", ".tfw", ".tifw", ".wld", ".xml", ".msk"}),
        ("ASCII grid", {".asc", ".prj", ".xml"}),
    ],
)
def test_every_companion_counts(tmp_path, name, companions):
    path = FORMATS[name](tmp_path)
    assert {"." + part.rsplit(".", 1)[1] for part in hashes_in({"path": path.name}, tmp_path)} == companions


def test_every_kind_of_file_that_a_layer_can_be_is_among_them(tmp_path):
    written_as = {path_of.name.lower() for name in FORMATS if (path_of := FORMATS[name](_folder(tmp_path, name)))}
    known = {
        *VECTOR_SUFFIXES,
        *TABLE_SUFFIXES,
        *RASTER_SUFFIXES,
        *OSM_SUFFIXES,
        ".zip",
        ".parquet",
        ".geoparquet",
        ".graphml",
    }
    alike = {".xlsm": ".xlsx", ".osh": ".osm", ".osh.bz2": ".osh.gz", ".pbf": ".osm.pbf"}
    missing = {suffix for suffix in known if not any(name.endswith(alike.get(suffix, suffix)) for name in written_as)}
    assert not missing


def _folder(place, name):
    folder = place / name.replace(" ", "-")
    folder.mkdir()
    return folder


def test_a_log_is_read_as_the_program_that_wrote_it_would(tmp_path):
    path = logged_in(tmp_path)
    there = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert sorted(read_file(path).frame["people"]) == [30, 60, 90, 120]
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == there, (
        "a planner's folder is never written to"
    )


def test_a_geopackage_in_the_mode_of_logs_gets_none_beside_it(tmp_path):
    path = vector("x.gpkg")(tmp_path)
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
    there = sorted(file.name for file in tmp_path.iterdir())
    assert sorted(read_file(path).frame["people"]) == [10, 20, 30, 40]
    assert sorted(file.name for file in tmp_path.iterdir()) == there == ["x.gpkg"]


def test_a_change_that_waits_to_be_rolled_back_is_refused(tmp_path):
    path = vector("x.gpkg")(tmp_path)
    path.with_name("x.gpkg-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + b"\0" * 504)
    with pytest.raises(UnreadableError) as refused:
        read_file(path)
    assert refused.value.code == "database-in-use"
    assert refused.value.evidence == {"file": "x.gpkg-journal"}


def test_two_companions_that_differ_in_capitals_are_refused(tmp_path):
    path = vector("x.shp")(tmp_path)
    shutil.copyfile(tmp_path / "x.dbf", tmp_path / "x.DBF")
    with pytest.raises(UnreadableError) as refused:
        read_file(path)
    assert refused.value.code == "two-sidecars"
    assert {refused.value.evidence["first"], refused.value.evidence["second"]} == {"x.dbf", "x.DBF"}


def test_a_layer_that_is_written_meanwhile_is_refused(tmp_path, monkeypatch):
    path = table("x.csv")(tmp_path)
    from planner.io import read

    whole = read.read_table

    def slow(path, *rest):
        found = whole(path, *rest)
        path.write_text("id\nz\n")
        return found

    monkeypatch.setattr(read, "read_table", slow)
    with pytest.raises(UnreadableError) as refused:
        read_file(path)
    assert refused.value.code == "changed-while-read"


def _written(places, folder, name):
    places.to_file(folder / "plain.shp")  # the writer takes `!` and `;` for an address
    for part in list(folder.glob("plain.*")):
        part.replace(folder / f"{name}{part.suffix}")


@pytest.mark.deep
@pytest.mark.parametrize("name", ["communities[1]", "communities", "c*", "a;b!c"])
def test_a_run_is_not_reused_when_people_triple(tmp_path, name):
    study_file = write_town(tmp_path, scenarios="")
    places = gpd.read_file(tmp_path / "communities.geojson")
    _written(places, tmp_path, name)
    text = study_file.read_text(encoding="utf-8").replace("communities.geojson", f"'{name}.shp'")
    study_file.write_text(text, encoding="utf-8")
    study = load_study(study_file, sets=["solver.threads=1", "scenarios=[]"])
    run = compute_run(study, tmp_path, scenario="base")
    assert {f"{name}{suffix}" for suffix in (".shp", ".shx", ".dbf", ".prj", ".cpg")} <= set(run.manifest.inputs)
    run.write(tmp_path / "outputs" / study_file.stem / "base")
    (job,) = expand([study_file], sets=["scenarios=[]"], store=tmp_path / "outputs")
    assert finished_run(job.target, job.digest) is not None, "nothing changed"
    places["elder"] *= 3
    _written(places, tmp_path, name)
    (job,) = expand([study_file], sets=["scenarios=[]"], store=tmp_path / "outputs")
    assert finished_run(job.target, job.digest) is None
    again = compute_run(study, tmp_path, scenario="base")
    now, before = (
        {row["service"]: row["people"] for row in r.tables.coverage.to_dict("records")} for r in (again, run)
    )
    assert now == {"canteen": 3 * before["canteen"], "childcare": before["childcare"]}
