"""Write hostile but well-formed files at random and read them: ``python -m tests.data.broken.fuzz_formats FIRST LAST``.

OpenStreetMap files out of order, without ids, with histories and barriers; shapefiles with codes of nineteen digits;
workbooks with formulas and far cells; GeoPackages with views that never end. Prints a line for every number that led to anything but rows or a named refusal, to
more than ten seconds of computing, or to more than two gigabytes. Each number is one file, always the same.
"""

import contextlib
import gzip
import sqlite3

import geopandas as gpd
import xlsxwriter
from shapely.geometry import Point

from planner.access.network_reading import read_network
from planner.io.osm import TagQuery, read_extract
from planner.io.read import read_file
from planner.io.table import UnreadableError
from tests.data.broken.driver import damaged, numbers, run

MOST_S, MOST_KB = 10.0, 2_000_000
CRS = "EPSG:25833"
KEYS = (
    "highway",
    "barrier",
    "foot",
    "access",
    "locked",
    "layer",
    "area",
    "amenity",
    "type",
    "name",
    "bridge",
    "oneway",
)
VALUES = ("residential", "footway", "steps", "gate", "bollard", "wall", "no", "yes", "private", "1", "-1", "cafe",
          "multipolygon", "食堂", "", "x" * 300, "&amp;&lt;")  # fmt: skip
ERRORS = ("#REF!", "#DIV/0!", "NA", "None", "0.5%", "1,250", "1 250,5", "２０", "约20", "20-30床", "")


def extract(luck, place):
    """An OpenStreetMap file with anything that editors, histories and Overpass write, and then some."""
    ids = list(range(-8, 0)) + list(range(1, 12)) + [2**31, 2**62]

    def attributes():
        said = {"id": luck.choice(ids), "version": luck.choice([0, 1, 1, 2, 3])}
        if luck.random() < 0.1:
            said.pop(luck.choice(["id", "version"]))
        if luck.random() < 0.15:
            said["visible"] = luck.choice(["true", "false"])
        if luck.random() < 0.1:
            said["action"] = luck.choice(["delete", "modify", "create"])
        return said

    def tags():
        return "".join(f'<tag k="{luck.choice(KEYS)}" v="{luck.choice(VALUES)}"/>' for _ in range(luck.randrange(4)))

    def spot():
        lon, lat = 13.2 + luck.randrange(20) / 1e4, 53.5 + luck.randrange(20) / 1e4
        return luck.choice([(lon, lat)] * 20 + [(lon, 91.0), ("x", lat), (180.0, -90.0)])

    def node():
        said = attributes()
        if luck.random() < 0.95:
            said["lon"], said["lat"] = spot()
        return "node", said, tags()

    def way():
        refs = [luck.choice(ids) for _ in range(luck.randrange(7))]
        if refs and luck.random() < 0.4:
            refs.append(refs[0])
        placed = luck.random() < 0.2
        inside = ""
        for ref in refs:
            lon, lat = spot()
            inside += f'<nd ref="{ref}" lon="{lon}" lat="{lat}"/>' if placed else f'<nd ref="{ref}"/>'
        if luck.random() < 0.1:
            inside += '<center lat="53.5" lon="13.2"/>'
        return "way", attributes(), inside + '<tag k="highway" v="residential"/>' * (luck.random() < 0.6) + tags()

    def relation():
        inside = "".join(
            f'<member type="{luck.choice(["node", "way", "relation"])}" ref="{luck.choice(ids)}" role="{luck.choice(["outer", "inner", ""])}"/>'
            for _ in range(luck.randrange(5))
        )
        area = '<tag k="type" v="multipolygon"/><tag k="highway" v="pedestrian"/><tag k="amenity" v="cafe"/>'
        return "relation", attributes(), inside + area * (luck.random() < 0.7) + tags()

    things = [luck.choice([node, node, node, way, way, relation])() for _ in range(luck.randrange(60))]
    if luck.random() < 0.5:
        things.sort(key=lambda thing: ("node", "way", "relation").index(thing[0]))
    text = '<?xml version="1.0"?><osm version="0.6">'
    for kind, said, inside in things:
        head = " ".join(f'{name}="{value}"' for name, value in said.items())
        text += f"<{kind} {head}>{inside}</{kind}>"
    content = (text + "</osm>").encode()
    if luck.random() < 0.2:
        content = damaged(content, luck)
    path = place / luck.choice(["x.osm", "x.osm.gz", "x.osh"])
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    with contextlib.suppress(UnreadableError):
        (found,) = read_extract(path, [TagQuery({"amenity": []}, frozenset({"name"}))])
        assert found.frame["id"].is_unique
    read_network(path, CRS)


def codes(luck, place):
    """A shapefile whose ids have up to nineteen digits, gaps among them: every digit is kept."""
    given = [luck.choice([None, luck.randrange(10 ** luck.choice([3, 9, 15, 16, 18, 19]))]) for _ in range(9)]
    given = [code if code is None or code < 2**63 else code // 10 for code in given]
    places = [Point(384_000 + 10 * i, 5_935_000) for i in range(9)]
    frame = gpd.GeoDataFrame({"code": gpd.pd.array(given, dtype="Int64")}, geometry=places, crs=CRS)
    path = place / f"x{luck.choice(['.shp', '.gpkg', '.geojson'])}"
    frame.to_file(path)
    if luck.random() < 0.3 and path.suffix == ".shp":
        path = path.with_suffix(".dbf")
        path.write_bytes(damaged(path.read_bytes(), luck))
        read_file(path)
        return
    read = [None if gpd.pd.isna(cell) else int(cell) for cell in read_file(path).frame["code"]]
    assert read == given, (given, read)


def workbook(luck, place):
    """A workbook of formulas, errors, percents, merged and far cells."""
    path = place / "x.xlsx"
    with xlsxwriter.Workbook(path) as book:
        percent = book.add_format({"num_format": "0.0%"})
        for _ in range(luck.choice([1, 1, 2])):
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, [luck.choice(["id", "人数", "elders", "面积", ""]) for _ in range(4)])
            for row in range(1, luck.randrange(2, 12)):
                for column in range(4):
                    match luck.randrange(6):
                        case 0:
                            sheet.write_formula(row, column, f"=A{row}+1", value=luck.choice([*ERRORS, 7]))
                        case 1:
                            sheet.write_number(row, column, luck.choice([0.235, 1e15, -1, 7]), percent)
                        case 2:
                            sheet.write_string(row, column, luck.choice(ERRORS))
                        case _:
                            sheet.write_number(row, column, luck.randrange(10**6))
            if luck.random() < 0.3:
                sheet.write_string(luck.choice([1, 2_000, 1_048_575]), luck.choice([5, 300, 16_383]), "x")
            if luck.random() < 0.3:
                sheet.merge_range(2, 5, 4, 7, "x")
    if luck.random() < 0.2:
        path.write_bytes(damaged(path.read_bytes(), luck))
    read_file(path)


#: what views select, and from what; some never end, some are not known to SQLite, some are ordinary
SELECTED = ("*", "fid, geom, people", "count(*) AS n", "fid, hex(zeroblob(400000000)) AS b", "ST_X(geom) AS x", "fid")
SOURCES = (
    "homes",
    "homes a, homes b, homes c, homes d, homes e",
    "(WITH RECURSIVE n(fid) AS (SELECT 1 UNION ALL SELECT fid + 1 FROM n) SELECT fid FROM n)",
    "(WITH RECURSIVE n(fid) AS (SELECT 1 UNION SELECT fid + 1 FROM n WHERE fid < 500) SELECT fid FROM n)",
    "v0",
    "no_such_table",
)
ENDINGS = ("", "WHERE fid < 0", "ORDER BY fid DESC", "LIMIT 5", "GROUP BY fid % 2")


def package(luck, place):
    """A GeoPackage of views that end and views that do not, virtual tables and triggers: its plain layer is read."""
    path = place / "x.gpkg"
    homes = gpd.GeoDataFrame(
        {"people": range(20)}, geometry=[Point(384_000 + i, 5_935_000) for i in range(20)], crs=CRS
    )
    homes.to_file(path, layer="homes")
    kept = luck.random() < 0.8
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA writable_schema = ON")
        for number in range(luck.randrange(4)):
            sql = f"CREATE VIEW v{number} AS SELECT {luck.choice(SELECTED)} FROM {luck.choice(SOURCES)} {luck.choice(ENDINGS)}"  # noqa: S608 - made here
            database.execute(sql)
            if luck.random() < 0.5:
                kind = luck.choice(["attributes", "features", "?"])
                database.execute(
                    "INSERT INTO gpkg_contents (table_name, data_type) VALUES (?, ?)", (f"v{number}", kind)
                )
        if luck.random() < 0.3:
            module = luck.choice(["VirtualOGR", "rtree", "csv", "fts5"])
            row = ("table", "y", "y", 0, f"CREATE VIRTUAL TABLE y USING {module}('/vsicurl/http://127.0.0.1:9/x', 0)")
            database.execute("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", row)
        database.commit()
    if not kept:
        path.write_bytes(damaged(path.read_bytes(), luck))
    table = luck.choice(["homes", "homes", "v0", "y", None])
    if kept and table == "homes":
        assert len(read_file(path, table).frame) == len(homes)
        return
    read_file(path, table)


if __name__ == "__main__":
    run((extract, extract, codes, workbook, package), *numbers(), most_s=MOST_S, most_kb=MOST_KB)
