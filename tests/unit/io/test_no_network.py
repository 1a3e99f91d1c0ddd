"""Opening a layer makes no request, whatever it holds: one server on the loopback, every driver of the install, every suffix."""

import contextlib
import http.server
import json
import sqlite3
import threading
import warnings

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import rasterio
from pyproj import CRS
from shapely.geometry import Point

from planner.access import raster_heights, read_network
from planner.errors import LayerError
from planner.io.osm import TagQuery, read_extract
from planner.io.read import read_file
from planner.io.staging import offline
from planner.io.table import UnreadableError
from planner.io.vector_checks import safe_geojson

SUFFIXES = (
    ".geojson", ".json", ".shp", ".dbf", ".gpkg", ".fgb", ".tif", ".tiff", ".asc", ".csv", ".txt", ".xlsx", ".parquet", ".zip",
)  # fmt: skip
POINT = {"type": "Feature", "properties": {"a": 1}, "geometry": {"type": "Point", "coordinates": [1, 2]}}


class Server:
    """Counts requests and answers none."""

    def __enter__(self):
        self.asked = asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                self.send_error(404)

            do_HEAD = do_POST = do_OPTIONS = do_GET  # noqa: N815 - the names that http.server looks for

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")  # else the machine's settings could hide a request
    with Server() as running:
        yield running
        assert running.asked == []


def collection(**more):
    return json.dumps({"type": "FeatureCollection", **more, "features": [POINT]})


def crs(kind, url):
    return {"type": kind, "properties": {"url" if kind == "url" else "href": f"{url}/crs"}}


#: name → content for an address; each leads some driver of GDAL to it
HOSTILE = {
    "GeoJSON, crs by link": lambda url: collection(crs=crs("link", url)),
    "GeoJSON, crs by url": lambda url: collection(crs=crs("url", url)),
    "GeoJSON, crs by Link": lambda url: collection(crs=crs("LiNK", url)),
    "GeoJSON, crs spelled in escapes": lambda url: collection(crs=crs("link", url)).replace("link", "l\\u0069nk"),
    "GeoJSON, key spelled in escapes": lambda url: collection(crs=crs("link", url)).replace('"crs"', '"\\u0063rs"'),
    "GeoJSON, crs by name": lambda url: collection(crs={"type": "name", "properties": {"name": f"{url}/crs"}}),
    "GeoJSON, crs of a geometry": lambda url: json.dumps(
        {"type": "Point", "crs": crs("link", url), "coordinates": [1, 2]}
    ),
    "GeoJSON, crs of a feature": lambda url: json.dumps({**POINT, "crs": crs("url", url)}),
    "GeoJSON, grid of a projection": lambda url: collection(
        crs={"type": "name", "properties": {"name": f"+proj=longlat +ellps=WGS84 +nadgrids={url}/grid.gsb"}}
    ),
    "VRT in GeoJSON": lambda url: json.dumps(
        {"a": f"<OGRVRTDataSource><OGRVRTLayer name='x'><SrcDataSource>/vsicurl/{url}/v.geojson</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"}
        | json.loads(collection())
    ),
    "VRT": lambda url: (
        f"<OGRVRTDataSource><OGRVRTLayer name='x'><SrcDataSource>/vsicurl/{url}/v.json</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    ),
    "VRT behind a mark of order": lambda url: "\ufeff" + HOSTILE["VRT"](url),
    "GDALG": lambda url: json.dumps(
        {"type": "gdal_streamed_alg", "command_line": f"gdal vector pipeline ! read /vsicurl/{url}/g.geojson"}
    ),
    "GDALG by HTTP": lambda url: json.dumps(
        {"type": "gdal_streamed_alg", "command_line": f"gdal vector pipeline read {url}/g.geojson"}
    ),
    "JSON-FG": lambda url: collection(conformsTo=["[ogc-json-fg-1-0.1:core]"], coordRefSys=f"{url}/crs"),
    "Esri JSON": lambda url: json.dumps(
        {"geometryType": "esriGeometryPoint", "spatialReference": {"wkt": f"{url}/crs"}, "features": []}
    ),
    "TopoJSON": lambda url: json.dumps({"type": "Topology", "crs": crs("link", url), "objects": {}, "arcs": []}),
    "WFS": lambda url: f"<OGRWFSDataSource><URL>{url}/wfs</URL></OGRWFSDataSource>",
    "OAPIF": lambda url: f"<OGCAPIDataset><URL>{url}/api</URL></OGCAPIDataset>",
    "GML": lambda url: (
        f'<gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://x {url}/x.xsd"><gml:featureMember/></gml:FeatureCollection>'
    ),
    "KML": lambda url: (
        f'<kml xmlns="http://www.opengis.net/kml/2.2"><NetworkLink><Link><href>{url}/x.kml</href></Link></NetworkLink></kml>'
    ),
    "entity of XML": lambda url: f'<?xml version="1.0"?><!DOCTYPE osm SYSTEM "{url}/x.dtd"><osm/>',
    "raster VRT": lambda url: (
        f'<VRTDataset rasterXSize="2" rasterYSize="2"><VRTRasterBand dataType="Byte" band="1"><SimpleSource><SourceFilename>/vsicurl/{url}/a.tif</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>'
    ),
    "WMS": lambda url: (
        f'<GDAL_WMS><Service name="TMS"><ServerUrl>{url}/${{z}}/${{x}}/${{y}}.png</ServerUrl></Service><DataWindow><UpperLeftX>0</UpperLeftX><UpperLeftY>1</UpperLeftY><LowerRightX>1</LowerRightX><LowerRightY>0</LowerRightY><SizeX>256</SizeX><SizeY>256</SizeY><TileLevel>1</TileLevel><YOrigin>top</YOrigin></DataWindow><Projection>EPSG:4326</Projection><BandsCount>3</BandsCount></GDAL_WMS>'
    ),
    "WCS": lambda url: f"<WCS_GDAL><ServiceURL>{url}/wcs</ServiceURL><CoverageName>x</CoverageName></WCS_GDAL>",
    "WMTS": lambda url: f"<GDAL_WMTS><GetCapabilitiesUrl>{url}/wmts</GetCapabilitiesUrl></GDAL_WMTS>",
    "STAC": lambda url: json.dumps(
        {"type": "Feature", "stac_version": "1.0.0", "id": "x", "assets": {"a": {"href": f"{url}/a.tif"}}, "properties": {}}
    ),
    "tile index": lambda url: f"<GDALTileIndexDataset><IndexDataset>/vsicurl/{url}/i.gpkg</IndexDataset></GDALTileIndexDataset>",
}  # fmt: skip
#: those that make requests when GDAL is left alone, in this install; without them the others would prove nothing
REACHES = {
    "GeoJSON, crs by link": ".geojson",
    "GeoJSON, crs by url": ".json",
    "GeoJSON, key spelled in escapes": ".geojson",
    "VRT in GeoJSON": ".geojson",
    "GDALG": ".json",
    "WFS": ".gpkg",
}


def _opened(path):
    """Read a layer in every way a study may, whatever comes of it."""
    for read in (
        read_file,
        lambda p: read_network(p, CRS.from_epsg(32633)),
        lambda p: raster_heights(p, CRS.from_epsg(32633)),
    ):
        with contextlib.suppress(UnreadableError, LayerError):
            read(path)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_content_makes_a_request(tmp_path, server, name):
    for suffix in SUFFIXES:
        path = tmp_path / f"x{suffix}"
        path.write_text(HOSTILE[name](server.url), encoding="utf-8")
        _opened(path)


@pytest.mark.parametrize("name", REACHES)
def test_the_server_would_hear_of_a_request(tmp_path, name):
    with Server() as running, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = tmp_path / f"x{REACHES[name]}"
        path.write_text(HOSTILE[name](running.url), encoding="utf-8")
        with contextlib.suppress(Exception):
            pyogrio.read_dataframe(path)
        assert running.asked


@pytest.mark.parametrize(
    "driver", sorted({*pyogrio.list_drivers(), *rasterio.drivers.raster_driver_extensions().values()})
)
def test_no_driver_is_reached_by_a_path(tmp_path, server, monkeypatch, driver):
    monkeypatch.chdir(tmp_path)
    for path in (
        f"{driver}:{server.url}/x", f"{driver.upper()}:{server.url}/x.geojson", f"{server.url}/{driver}.geojson",
        f"/vsicurl/{server.url}/x.gpkg", f"/vsizip//vsicurl/{server.url}/x.zip",
    ):  # fmt: skip
        _opened(tmp_path.joinpath(path))
        _opened(type(tmp_path)(path))


@pytest.mark.parametrize("way", ["CPL_VSIL_CURL", "HTTP"])
def test_gdal_itself_is_kept_off_the_network_too(server, monkeypatch, way):
    monkeypatch.delenv("no_proxy")
    monkeypatch.delenv("NO_PROXY", raising=False)
    address = f"/vsicurl/{server.url}/x.geojson" if way == "CPL_VSIL_CURL" else f"WFS:{server.url}/x"
    before = pyogrio.get_gdal_config_option("GDAL_HTTP_PROXY")
    with offline(), pytest.raises(pyogrio.errors.DataSourceError):
        pyogrio.read_info(address)
    assert pyogrio.get_gdal_config_option("GDAL_HTTP_PROXY") == before


def points():
    return gpd.GeoDataFrame({"a": [1]}, geometry=[Point(500_000, 4_650_000)], crs="EPSG:32633")


def test_no_companion_and_no_definition_makes_a_request(tmp_path, server):
    pyogrio.write_dataframe(points(), tmp_path / "x.shp")
    (tmp_path / "x.prj").write_text(f"{server.url}/crs")
    (tmp_path / "x.cpg").write_text(f"{server.url}/cpg")
    pyogrio.write_dataframe(points(), tmp_path / "x.gpkg")
    with contextlib.closing(sqlite3.connect(tmp_path / "x.gpkg")) as database:
        database.execute("UPDATE gpkg_spatial_ref_sys SET definition = ?, organization = 'none'", [f"{server.url}/crs"])
        database.commit()
    head = {"driver": "GTiff", "height": 2, "width": 2, "count": 1, "dtype": "float32"}
    with rasterio.open(tmp_path / "x.tif", "w", **head, transform=rasterio.Affine(10, 0, 0, 0, -10, 0)) as grid:
        grid.write(np.ones((2, 2), dtype=np.float32), 1)
    (tmp_path / "x.tif.aux.xml").write_text(
        f'<PAMDataset><SRS>{server.url}/crs</SRS><PAMRasterBand band="1"><Description>/vsicurl/{server.url}/x</Description></PAMRasterBand></PAMDataset>'
    )
    (tmp_path / "x.tif.ovr").write_text(HOSTILE["raster VRT"](server.url))
    (tmp_path / "x.tif.msk").write_text(HOSTILE["raster VRT"](server.url))
    for suffix in (".shp", ".dbf", ".gpkg", ".tif"):
        _opened(tmp_path / f"x{suffix}")


def test_a_virtual_table_of_a_geopackage_is_refused_and_the_others_read(tmp_path, server):
    pyogrio.write_dataframe(points(), tmp_path / "x.gpkg")
    with contextlib.closing(sqlite3.connect(tmp_path / "x.gpkg")) as database:
        database.execute("PRAGMA writable_schema = ON")
        sql = f"CREATE VIRTUAL TABLE y USING VirtualOGR('/vsicurl/{server.url}/x.geojson', 0)"
        database.execute("INSERT INTO sqlite_master VALUES ('table', 'y', 'y', 0, ?)", [sql])
        database.commit()
    with pytest.raises(UnreadableError) as refused:
        read_file(tmp_path / "x.gpkg", "y")
    evidence = {"table": "y", "module": "VirtualOGR"}
    assert (refused.value.code, refused.value.evidence) == ("virtual-table", evidence)
    read = read_file(tmp_path / "x.gpkg")
    assert list(read.frame["a"]) == [1]
    assert [(issue.severity, issue.code, issue.evidence) for issue in read.issues] == [
        ("warning", "virtual-table", evidence)
    ]


def test_an_extract_in_a_folder_named_like_an_address_is_a_file(tmp_path, server, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "http:" / server.url.removeprefix("http://")
    folder.mkdir(parents=True)
    (folder / "x.osm").write_text(
        '<osm version="0.6"><node id="1" lon="1" lat="2"><tag k="shop" v="yes"/></node></osm>'
    )
    path = folder.relative_to(tmp_path) / "x.osm"
    (extract,) = read_extract(path, [TagQuery({"shop": []})])
    assert list(extract.frame["id"]) == ["n1"]
    with contextlib.suppress(LayerError):
        read_network(path, CRS.from_epsg(32633))


@pytest.mark.parametrize("kind", ["link", "url"])
def test_a_system_named_by_an_address_must_be_declared(tmp_path, server, kind):
    path = tmp_path / "x.geojson"
    path.write_text(collection(crs=crs(kind, server.url)), encoding="utf-8")
    read = read_file(path)
    assert read.frame.crs is None, "WGS 84 would be a guess"
    assert list(read.frame["a"]) == [1]
    assert [(r.code, r.severity, r.evidence["link"]) for r in read.issues] == [
        ("crs-by-link", "warning", f"{server.url}/crs")
    ]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("GDALG", "GDALG"), ("Esri JSON", "Esri JSON"), ("TopoJSON", "TopoJSON"), ("JSON-FG", "JSON-FG")],
)
def test_json_of_another_format_is_named(tmp_path, server, name, kind):
    path = tmp_path / "x.json"
    path.write_text(HOSTILE[name](server.url), encoding="utf-8")
    with pytest.raises(UnreadableError) as refused:
        read_file(path)
    assert (refused.value.code, refused.value.evidence) == ("other-json", {"kind": kind})


def test_geojson_with_doubtful_words_in_its_values_reads_as_before(tmp_path):
    value = {"url": "http://a.example/", "link": "<b>", "名称": "甲", "n": 12345678901, "x": 0.1, "none": None}
    told = {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32633"}},
        "features": [{"type": "Feature", "properties": value, "geometry": {"type": "Point", "coordinates": [1.5, 2]}}],
    }
    content = json.dumps(told, ensure_ascii=False).encode()
    assert safe_geojson(content)[0] != content, "it is parsed and written again"
    (tmp_path / "x.geojson").write_bytes(content)
    frame = read_file(tmp_path / "x.geojson").frame
    assert frame.crs == CRS.from_epsg(32633)
    assert frame.geometry[0] == Point(1.5, 2)
    row = frame.drop(columns="geometry").iloc[0].to_dict()
    assert row["none"] is None or np.isnan(row["none"])
    assert {key: row[key] for key in ("url", "link", "名称", "n", "x")} == {
        k: value[k] for k in ("url", "link", "名称", "n", "x")
    }


@pytest.mark.parametrize(
    "content", [collection(), collection(name="x"), json.dumps(POINT), "  " + collection(), "\ufeff" + collection()]
)
def test_plain_geojson_is_not_touched(content):
    content = content.encode()
    assert safe_geojson(content) == (content, None)
