"""A small sound district cut out of the bundled town: what every broken layer was before it was broken."""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import osmium
import pandas as pd
import pyogrio
import shapely

HERE = Path(__file__).resolve().parent
TOWN = HERE.parents[2] / "data" / "neubrandenburg"
QUARTERS = ["Q02", "Q12", "Q13", "Q14"]
DATE = "2015-12-31"
#: walkable ground around the homes, so that circles of five minutes are whole
MARGIN_M = 700

STUDY = {
    "version": 1,
    "name": {"zh": "新勃兰登堡内城", "en": "Inner Neubrandenburg"},
    "language": "en",
    "layers": {
        "communities": {
            "path": "communities.shp",
            "roll_up": ["town_area"],
            "roll_up_names": {"town_area": "Part of town"},
        },
        "people": [
            {
                "path": "communities.shp",
                "groups": {"elders": "p65up", "toddlers": "p0_2"},
                "total": "pop",
                "basis": "resident",
                "year": 2020,
                "source": "the bundled town",
            }
        ],
        "buildings": {"path": "buildings.shp"},
        "facilities": [{"path": "facilities.shp"}],
        "candidates": [{"path": "candidates.shp"}],
        "streets": {"path": "streets.osm.pbf"},
    },
    "groups": {"elders": {"name": "elders"}, "toddlers": {"name": "toddlers"}},
    "walking": {"profiles": {"elder": {"name": "Older person", "speed_m_s": 0.8}}},
    "services": [
        {
            "id": "elder_care",
            "name": "elder care",
            "demand": {"elders": 1},
            "walker": "elder",
            "circles": [{"minutes": 5, "weight": 1}],
            "area_m2": 300,
            "fit_out_cost": 900_000,
        },
        {
            "id": "childcare",
            "name": "childcare",
            "demand": {"toddlers": 1},
            "walker": "elder",
            "circles": [{"minutes": 5, "weight": 1}],
            "area_m2": 200,
            "fit_out_cost": 600_000,
        },
    ],
    "site_kinds": {kind: {"name": kind} for kind in ("college", "school", "public", "church", "vacant")},
}


@dataclass(frozen=True)
class Sound:
    """The layers of the small district, in EPSG:25833."""

    communities: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    candidates: gpd.GeoDataFrame

    def layers(self) -> dict[str, gpd.GeoDataFrame]:
        return vars(self)


def cut_out() -> Sound:
    communities = gpd.read_file(TOWN / "communities.shp")
    communities = communities[communities["id"].isin(QUARTERS)].reset_index(drop=True)
    ground = shapely.union_all(communities.geometry)
    buildings = gpd.read_file(TOWN / "buildings.shp")
    buildings = buildings[buildings.within(ground)].iloc[::6].reset_index(drop=True)
    facilities = gpd.read_file(TOWN / "facilities.shp")
    facilities = facilities[facilities.within(ground) & facilities["service"].isin(["elder_care", "childcare"])]
    candidates = gpd.read_file(TOWN / "candidates.shp")
    candidates = candidates[candidates.within(ground)].iloc[::4].reset_index(drop=True)
    candidates["kind"] = [["school", "public", "vacant"][i % 3] for i in range(len(candidates))]
    buildings["storeys"] = buildings["res_levels"]
    homes = buildings[["id", "storeys", "geometry"]]
    quarters = communities[["id", "name", "town_area", "pop", "p0_2", "p65up", "geometry"]]
    offers = facilities[["id", "name", "service", "geometry"]].reset_index(drop=True)
    sites = candidates[["id", "name", "kind", "area_m2", "storey", "lift", "geometry"]]
    return Sound(quarters, homes, offers, sites)


def write_shapefile(frame, path, encoding="UTF-8", **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    pyogrio.write_dataframe(
        frame, path, driver="ESRI Shapefile", encoding=encoding,
        layer_options={"DBF_DATE_LAST_UPDATE": DATE, "RESIZE": "YES"}, **options,
    )  # fmt: skip


def write_geojson(frame, path, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    pyogrio.write_dataframe(frame, path, driver="GeoJSON", **options)


def write_table(frame, path, encoding="utf-8", **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = pd.DataFrame(frame.drop(columns="geometry", errors="ignore"))
    path.write_bytes(plain.to_csv(index=False, lineterminator="\n", **options).encode(encoding))


def write_streets(path, ground_4326, without=()):
    """Copy the streets that touch ``ground_4326`` with their nodes there, all but the classes ``without``."""
    source = str(TOWN / "streets.osm.pbf")
    shapely.prepare(ground_4326)
    inside = {
        node.id
        for node in osmium.FileProcessor(source, osmium.osm.NODE)
        if shapely.contains_xy(ground_4326, node.location.lon, node.location.lat)
    }
    ways = [
        (way.id, [ref.ref for ref in way.nodes if ref.ref in inside], {"highway": way.tags["highway"]})
        for way in osmium.FileProcessor(source, osmium.osm.WAY)
        if "highway" in way.tags and way.tags["highway"] not in without
    ]
    needed = {ref for _, refs, _ in ways for ref in refs}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with osmium.SimpleWriter(str(path)) as writer:
        for node in osmium.FileProcessor(source, osmium.osm.NODE):
            if node.id in needed:
                place = (node.location.lon, node.location.lat)
                writer.add_node(osmium.osm.mutable.Node(id=node.id, location=place, version=1))
        for way_id, refs, tags in ways:
            if len(refs) > 1:
                writer.add_way(osmium.osm.mutable.Way(id=way_id, nodes=refs, tags=tags, version=1))


def around(frame, margin_m=MARGIN_M):
    """The ground around a layer, in degrees."""
    hull = shapely.convex_hull(shapely.union_all(frame.geometry)).buffer(margin_m)
    return gpd.GeoSeries([hull], crs=frame.crs).to_crs(4326).iloc[0]


def draw_cross(communities, path, gap_m=0.0, highway="footway"):
    """Draw two streets through the middle, the second ``gap_m`` short of the first."""
    middle = shapely.union_all(communities.geometry).centroid
    x, y = middle.x, middle.y
    ends = shapely.multipoints([(x - 900, y), (x, y), (x + 900, y), (x, y + gap_m), (x, y + 900)])
    points = gpd.GeoSeries([ends], crs=communities.crs).to_crs(4326).iloc[0].geoms
    nodes = [f'<node id="{i}" lon="{p.x:.9f}" lat="{p.y:.9f}" version="1"/>' for i, p in enumerate(points, start=1)]
    ways = []
    for i, way in enumerate([(1, 2, 3), (4 if gap_m else 2, 5)], start=1):
        refs = "".join(f'<nd ref="{node}"/>' for node in way)
        ways.append(f'<way id="{i}" version="1">{refs}<tag k="highway" v="{highway}"/></way>')
    path.write_text("\n".join(['<osm version="0.6">', *nodes, *ways, "</osm>", ""]))
