"""Read the OpenStreetMap extract of the town: its boundary, its tagged objects and its streets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import osmium
import shapely
from osmium.osm import Area, Node, Relation, Way
from pyproj import Transformer
from shapely import wkb

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

CRS = "EPSG:25833"
BOUNDARY_RELATION = 62705
STREET_MARGIN_M = 2000.0
"""Streets are kept this far past the boundary: nobody's shortest walk is cut at the town limit."""

GROUND_KEYS = ("highway", "railway", "waterway", "barrier")
"""Ways with one of these keys go into the street file: what people walk along, and what they cannot cross."""

GROUND_AREAS = (
    ("natural", "water", ("water",)),
    ("waterway", "water", ("riverbank",)),
    ("landuse", "water", ("reservoir", "basin")),
    ("natural", "green", ("wood", "scrub", "grassland", "wetland")),
    (
        "landuse",
        "green",
        ("forest", "grass", "meadow", "cemetery", "allotments", "recreation_ground", "village_green", "orchard"),
    ),
    ("leisure", "green", ("park", "garden", "playground", "pitch", "golf_course", "recreation_ground")),
)
"""Key, kind and values of the areas in ``ground.shp``."""

SMALLEST_BUILDING_M2 = 40.0
"""Smaller buildings are not drawn beneath the maps."""

DROPPED_KEYS = ("created_by", "source", "note", "fixme", "FIXME", "TMC", "openGeoDB", "image", "website")
"""Key prefixes that say something about the mapping, not about the street."""

_to_metres = Transformer.from_crs("EPSG:4326", CRS, always_xy=True)


@dataclass(frozen=True)
class Feature:
    """One tagged OpenStreetMap object.

    Attributes
    ----------
    osm_id : str
        ``n``, ``w`` or ``r`` followed by the object's number.
    tags : dict of str to str
    shape : shapely.Geometry
        Point, or polygon of a closed way or multipolygon; EPSG:25833, metres.
    """

    osm_id: str
    tags: dict[str, str]
    shape: shapely.Geometry

    @property
    def point(self) -> shapely.Point:
        """A point on the object: itself, or one guaranteed to lie inside the polygon."""
        return self.shape if self.shape.geom_type == "Point" else self.shape.representative_point()

    def tag(self, key: str) -> str:
        """Return the value of `key`, or an empty string."""
        return self.tags.get(key, "")


@dataclass(frozen=True)
class Town:
    """The municipality and every tagged point and area whose representative point lies in it."""

    boundary: shapely.Polygon
    features: tuple[Feature, ...]


def read_town(source: Path) -> Town:
    """Read boundary and features of the municipality from an ``.osm`` file of any pyosmium format."""
    boundary = _boundary(source)
    shapely.prepare(boundary)
    factory = osmium.geom.WKBFactory()
    features: list[Feature] = []
    for entity in osmium.FileProcessor(str(source)).with_areas():
        if len(entity.tags) == 0:
            continue
        if isinstance(entity, Node):
            osm_id, shape = f"n{entity.id}", shapely.Point(entity.lon, entity.lat)
        elif isinstance(entity, Area):
            letter = "w" if entity.from_way() else "r"
            osm_id, shape = f"{letter}{entity.orig_id()}", wkb.loads(factory.create_multipolygon(entity), hex=True)
        else:
            continue
        if shape.geom_type == "MultiPolygon" and len(shape.geoms) == 1:
            shape = shape.geoms[0]
        feature = Feature(osm_id, {tag.k: tag.v for tag in entity.tags}, to_metres(shape))
        if boundary.contains(feature.point):
            features.append(feature)
    return Town(boundary, tuple(sorted(features, key=lambda feature: (feature.osm_id[0], int(feature.osm_id[1:])))))


def write_streets(source: Path, town: Town, target: Path) -> None:
    """Write the ways of `GROUND_KEYS` near the town, with their nodes, as a reference-complete PBF.

    Tags of the nodes (crossings, gates, bollards, entrances …) are kept. Neither file nor objects carry a
    timestamp, a user or the version of the writing program, so equal inputs give equal contents.
    """
    kept_ways, kept_nodes = _ways_near(source, town.boundary.buffer(STREET_MARGIN_M))
    header = osmium.io.Header()
    header.set("generator", "community-facility-planner data/neubrandenburg/build.py")
    out_file = osmium.io.File(str(target), "pbf,add_metadata=none")
    with osmium.SimpleWriter(out_file, header=header, overwrite=True) as writer:
        for entity in osmium.FileProcessor(str(source)):
            kept = kept_nodes if isinstance(entity, Node) else kept_ways
            if isinstance(entity, Node | Way) and entity.id in kept:
                tags = [(tag.k, tag.v) for tag in entity.tags if not tag.k.startswith(DROPPED_KEYS)]
                writer.add(entity.replace(tags=sorted(tags)))


def read_ground(source: Path, town: Town, homes: set[str]) -> gpd.GeoDataFrame:
    """Return water, green and buildings near the town (``kind``, ``name``; EPSG:25833), simplified to a metre.

    Areas alone: rivers, railways and roads are in the street file already, and ``homes`` (ids) in a layer of their own.
    Sheds and garages under `SMALLEST_BUILDING_M2` are left out.
    """
    zone = town.boundary.buffer(STREET_MARGIN_M)
    shapely.prepare(zone)
    factory = osmium.geom.WKBFactory()
    rows = []
    for entity in osmium.FileProcessor(str(source)).with_areas():
        if not isinstance(entity, Area):
            continue
        tags = {tag.k: tag.v for tag in entity.tags}
        kind = ground_kind(tags)
        if kind is None:
            continue
        shape = to_metres(wkb.loads(factory.create_multipolygon(entity), hex=True))
        letter = "w" if entity.from_way() else "r"
        small = kind == "building" and shape.area < SMALLEST_BUILDING_M2
        if small or f"{letter}{entity.orig_id()}" in homes or not zone.intersects(shape):
            continue
        name = tags.get("name", "") if kind != "building" else ""
        rows.append(((letter, entity.orig_id()), kind, name, shape.simplify(1.0).intersection(zone)))
    ids, kinds, names, shapes = zip(*sorted(rows, key=lambda row: row[0]), strict=True)
    columns = {"id": [f"{letter}{number}" for letter, number in ids], "kind": kinds, "name": names}
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=CRS)


def ground_kind(tags: dict[str, str]) -> str | None:
    """Return ``building``, ``water``, ``green``, or None for everything else."""
    if tags.get("building", "no") != "no":
        return "building"
    return next((kind for key, kind, values in GROUND_AREAS if tags.get(key) in values), None)


def to_metres(shape: shapely.Geometry) -> shapely.Geometry:
    """Project longitude/latitude to EPSG:25833, rounded to the centimetre so that builds are comparable."""

    def project(lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> tuple[object, object]:
        x, y = _to_metres.transform(lon, lat)
        return np.round(x, 2), np.round(y, 2)

    return shapely.transform(shape, project, interleaved=False)


def _boundary(source: Path) -> shapely.Polygon:
    """Close the municipality's ring.

    One of its 16 member ways (345 m at the northern tip, outside the extract's own bounding box) is missing
    from the source; a straight segment stands in for it.
    """
    lines: dict[int, list[tuple[float, float]]] = {}
    members: list[int] = []
    for entity in osmium.FileProcessor(str(source)).with_locations():
        if isinstance(entity, Way) and "boundary" in entity.tags:
            lines[entity.id] = [(node.lon, node.lat) for node in entity.nodes]
        elif isinstance(entity, Relation) and entity.id == BOUNDARY_RELATION:
            members = [member.ref for member in entity.members if member.type == "w"]
    chain = shapely.line_merge(shapely.MultiLineString([lines[way] for way in members if way in lines]))
    if chain.geom_type != "LineString":
        raise SystemExit(f"{source}: relation {BOUNDARY_RELATION} has more than one gap; the boundary cannot be closed")
    return to_metres(shapely.Polygon(chain.coords))


def _ways_near(source: Path, zone: shapely.Polygon) -> tuple[set[int], set[int]]:
    shapely.prepare(zone)
    ways: set[int] = set()
    nodes: set[int] = set()
    for entity in osmium.FileProcessor(str(source)).with_locations():
        if not isinstance(entity, Way) or not any(key in entity.tags for key in GROUND_KEYS):
            continue
        located = [node for node in entity.nodes if node.location.valid()]
        lon_lat = shapely.MultiPoint([(node.lon, node.lat) for node in located])
        if zone.intersects(to_metres(lon_lat)):
            ways.add(entity.id)
            nodes.update(node.ref for node in located)
    return ways, nodes
