"""Coordinate systems of layers: several systems, two zones, and candidates for a layer without one.

A layer without a system, or one that lies elsewhere, is placed in every projected system that EPSG lists for the
district, in degrees, and with its axes exchanged. Candidates are ranked by the share of the layer's rows that would lie in the
communities, or near the streets where the communities themselves have no known location; they are never applied.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import osmium
import shapely
from pyproj import CRS
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_crs_info
from pyproj.enums import PJType
from pyproj.exceptions import CRSError, ProjError

from planner.district.checks.locations import extent_gap_m, longest_walk_m
from planner.district.crs import (
    WGS84,
    Box,
    choose_projected_crs,
    projection_zones,
    scale_distortion,
    transformer,
    utm_zone,
)
from planner.district.gcj02 import in_china
from planner.io.osm import OSMIUM_ERRORS, is_extract, sorted_extract
from planner.io.osm_format import osmium_source
from planner.io.read import read_file
from planner.io.table import UnreadableError
from planner.study.connection import is_connection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from planner.district.findings import Findings
    from planner.district.layer_table import LayerTable
    from planner.study import Study

    Points = NDArray[np.float64]

#: minimum share of rows in the district under a candidate system
MIN_SHARE = 0.5
#: a row is near the streets within this distance
NEAR_STREETS_M = 500.0
#: systems that place a layer within this distance of each other are one candidate: they cannot be told apart
SAME_POSITION_M = 5.0
#: rows of a layer that are tested, evenly sampled
_ROWS_TRIED = 300
#: candidates listed, and systems named in each
_CANDIDATES_LISTED, _CRS_LISTED = 3, 3
#: EPSG codes that are usual for data of planners, most usual first: CGCS2000, ETRS89 / UTM, WGS 84 / UTM
_USUAL_CODES = (range(4513, 4555), range(25828, 25839), range(32601, 32661), range(32701, 32761))
#: streets in the sample, evenly taken
_STREETS_SAMPLED = 5_000
#: ways of an extract read for the sample at most
_MAX_WAYS = 500_000


def check_crs(read: dict[str, LayerTable], crs: CRS, findings: Findings) -> None:
    """Check for layers in several coordinate systems, and for a district that spans two zones."""
    systems: dict[str, list[str]] = {}
    for label, table in read.items():
        layer_crs = getattr(table.frame, "crs", None)
        if layer_crs is not None:
            systems.setdefault(layer_crs.name, []).append(label)
    if len(systems) > 1:
        listed = "; ".join(f"{name}: {', '.join(labels)}" for name, labels in systems.items())
        findings.note("several-crs", "layers", "", systems=listed, crs=crs.name)
    base = read.get("layers.communities")
    if base is None:
        return
    west, south, east, north = (float(v) for v in base.frame.to_crs(WGS84).total_bounds)
    spanned = projection_zones((west, south, east, north))
    if len(spanned) > 1:
        worst = scale_distortion(crs, (west, south, east, north))
        base.flag("note", "two-zones", zones=", ".join(spanned), crs=crs.name, worst_ppm=worst * 1e6)


def suggest_crs(
    study: Study,
    folder: Path,
    read: dict[str, LayerTable],
    unplaced: dict[str, LayerTable],
    findings: Findings,
) -> None:
    """Suggest systems for layers without one, or located elsewhere, in which they would lie in the district.

    Parameters
    ----------
    read
        Layers as they were read, each in its own system.
    unplaced
        Layers without a system, or with coordinates that cannot be in the one declared.
    """
    located = {label: table for label, table in read.items() if isinstance(table.frame, gpd.GeoDataFrame)}
    elsewhere = _layers_elsewhere(study, located)
    if not unplaced and not elsewhere:
        return
    reference = next(_references(study, folder, located, elsewhere), None)
    if reference is None:
        return
    for label, table in {**unplaced, **{label: located[label] for label in elsewhere}}.items():
        matching, tried = crs_candidates(np.array(table.frame.geometry.array, dtype=object), reference)
        if not matching:
            continue
        table.flag(
            "note", "would-meet", systems="; ".join(one.text() for one in matching), tried=tried, known=reference.word
        )
        for code in ("missing-crs", "coordinates-outside-crs", "swapped-axes"):
            findings.amend(code, label, candidates="; ".join(one.text() for one in matching))


def _layers_elsewhere(study: Study, located: dict[str, LayerTable]) -> list[str]:
    """Return the layers beyond walking distance of the communities; the communities, if all others are."""
    base = located.get("layers.communities")
    if base is None:
        return []
    projected_crs = choose_projected_crs(base.frame)
    communities = base.frame.to_crs(projected_crs)
    others = {label: table for label, table in located.items() if table.spec.path != base.spec.path}
    distant = []
    for label, table in others.items():
        frame = table.with_frame(table.frame.to_crs(projected_crs))
        if not np.isfinite(frame.frame.total_bounds).all() or extent_gap_m(frame, communities) > longest_walk_m(study):
            distant.append(label)
    return ["layers.communities"] if len(distant) == len(others) > 1 else distant


def _references(
    study: Study, folder: Path, located: dict[str, LayerTable], elsewhere: list[str]
) -> Iterator[Reference]:
    """Yield reference layers, the best first: communities, streets, other layers."""
    base = located.get("layers.communities")
    if base is not None and "layers.communities" not in elsewhere:
        reference = reference_from("@in_communities", base.frame.geometry)
        if reference is not None:
            yield reference
    streets = street_sample(study, folder)
    reference = None if streets is None else reference_from("@near_streets", streets)
    if reference is not None:
        yield reference
    others = [table.frame.geometry.to_crs(WGS84) for label, table in located.items() if label not in elsewhere]
    reference = reference_from("@near_layers", gpd.GeoSeries(np.concatenate(others), crs=WGS84)) if others else None
    if reference is not None:
        yield reference


@dataclass(frozen=True, eq=False)
class Reference:
    """Layer whose location is known, as reference for others."""

    word: Literal["@in_communities", "@near_streets", "@near_layers"]
    """Glossary word for the relation that is tested."""
    shapes: NDArray[np.object_]
    """In metres, in ``crs``."""
    crs: CRS
    degrees: tuple[float, float, float, float]
    """Extent: west, south, east, north."""


@dataclass(frozen=True)
class CrsCandidate:
    """Systems in which a layer would lie in the district, all at the same location."""

    names: tuple[str, ...]
    share: float
    """Of the rows tried, 0 to 1."""

    def text(self) -> str:
        """Return the systems with the share of rows: ``EPSG:25833 = EPSG:32633 (100%)``."""
        return (
            f"{' = '.join(self.names[:_CRS_LISTED])}{' …' if len(self.names) > _CRS_LISTED else ''} ({self.share:.0%})"
        )


def reference_from(
    word: Literal["@in_communities", "@near_streets", "@near_layers"], frame: gpd.GeoSeries
) -> Reference | None:
    """Return shapes with a known location as a reference."""
    frame = frame[~(frame.is_empty | frame.isna())]
    if frame.empty:
        return None
    west, south, east, north = (float(v) for v in frame.to_crs(WGS84).total_bounds)
    if not np.isfinite([west, south, east, north]).all():
        return None
    projected_crs = utm_zone((west, south, east, north))
    shapes = np.asarray(frame.to_crs(projected_crs).array, dtype=object)
    return Reference(word, shapes, projected_crs, (west, south, east, north))


def crs_candidates(shapes: NDArray[np.object_], reference: Reference) -> tuple[list[CrsCandidate], int]:
    """Return the candidate systems of ``shapes``, the best first, and the number of rows tested."""
    drawn = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    if not len(drawn):
        return [], 0
    sample_rows = np.linspace(0, len(drawn) - 1, min(len(drawn), _ROWS_TRIED)).astype(np.int64)
    xy = shapely.get_coordinates(shapely.point_on_surface(drawn[sample_rows]))
    tree = shapely.STRtree(reference.shapes)
    matching: list[tuple[float, str, Points]] = []
    for name, crs in _candidate_crs(xy, reference):
        for axes, transposed in (("", xy), (", axes: yx", xy[:, ::-1])):
            located = _transformed(transposed, crs, reference.crs)
            share = _share_near(located, tree, reference)
            if share >= MIN_SHARE:
                matching.append((share, name + axes, located))
    return _group_by_location(matching)[:_CANDIDATES_LISTED], len(xy)


def _candidate_crs(xy: Points, reference: Reference) -> list[tuple[str, CRS]]:
    """Return the systems to test: geographic for values in degrees, else the projected ones EPSG lists for the district."""
    if (np.abs(xy) <= 180).all():
        west, south, east, north = reference.degrees
        china = bool(in_china(np.array([west, east]), np.array([south, north])).all())
        return [("EPSG:4326, gcj02, bd09" if china else "EPSG:4326", WGS84)]
    return _projected_systems(reference.degrees)


@lru_cache(maxsize=64)
def _projected_systems(degrees: Box) -> list[tuple[str, CRS]]:
    """Return the projected systems that EPSG lists for an extent in degrees, the usual ones first."""
    infos = query_crs_info(
        auth_name="EPSG", pj_types=[PJType.PROJECTED_CRS], area_of_interest=AreaOfInterest(*degrees), contains=True
    )
    codes = sorted({int(info.code) for info in infos} | {3857}, key=_usage_rank)
    return [(f"EPSG:{code}", CRS.from_epsg(code)) for code in codes]


def _usage_rank(code: int) -> tuple[int, int]:
    return next((i for i, usual in enumerate(_USUAL_CODES) if code in usual), len(_USUAL_CODES)), code


def _transformed(xy: Points, crs: CRS, projected_crs: CRS) -> Points:
    try:
        x, y = transformer(crs, projected_crs).transform(xy[:, 0], xy[:, 1])
    except (CRSError, ProjError):
        return np.full_like(xy, np.nan)
    located = np.column_stack([x, y])
    located[~np.isfinite(located).all(axis=1)] = np.nan
    return located


def _share_near(located: Points, tree: shapely.STRtree, reference: Reference) -> float:
    """Return the share of points within the communities, or near the other reference."""
    finite = np.isfinite(located).all(axis=1)
    within = 0.0 if reference.word == "@in_communities" else NEAR_STREETS_M
    points = shapely.points(located[finite])
    hit = np.unique(tree.query(points, predicate="dwithin", distance=within)[0])
    return len(hit) / len(located)


def _group_by_location(matching: Sequence[tuple[float, str, Points]]) -> list[CrsCandidate]:
    """Group the systems that place the layer at the same location."""
    groups: list[tuple[float, list[str], Points]] = []
    for share, name, located in matching:
        for _, names, at in groups:
            if float(np.nanmedian(np.hypot(*(located - at).T))) < SAME_POSITION_M:
                names.append(name)
                break
        else:
            groups.append((share, [name], located))
    groups.sort(key=lambda group: -group[0])
    return [CrsCandidate(tuple(names), share) for share, names, _ in groups]


def street_sample(study: Study, folder: Path) -> gpd.GeoSeries | None:
    """Return a sample of street lines, in the streets' own system; None where they cannot be read.

    Faults of the streets are reported by `planner.access`, which reads them.
    """
    path = study.layers.streets.path
    if is_connection(path) or not (folder / path).is_file():
        return None
    if is_extract(path):
        return _extract_streets(folder / path)
    try:
        frame = read_file(folder / path, study.layers.streets.layer, None).frame
    except UnreadableError:
        return None
    if not isinstance(frame, gpd.GeoDataFrame):
        return None
    declared = study.layers.streets.crs
    crs = frame.crs if declared is None else declared
    lines = np.asarray(frame.geometry.array, dtype=object)
    lines = lines[shapely.get_dimensions(lines) == 1]
    if crs is None or not len(lines):
        return None
    sample_rows = np.linspace(0, len(lines) - 1, min(len(lines), _STREETS_SAMPLED)).astype(np.int64)
    return gpd.GeoSeries(lines[sample_rows], crs=crs)


def _extract_streets(path: Path) -> gpd.GeoSeries | None:
    lines: list[list[tuple[float, float]]] = []
    try:
        with sorted_extract(path) as whole:
            ways = osmium.FileProcessor(osmium_source(whole), osmium.osm.NODE | osmium.osm.WAY).with_locations()
            for way in ways.with_filter(osmium.filter.KeyFilter("highway")):
                if not isinstance(way, osmium.osm.Way) or len(lines) >= _MAX_WAYS:
                    continue
                xy = [(node.lon, node.lat) for node in way.nodes if node.location.valid()]
                if len(xy) > 1:
                    lines.append(xy)
    except (UnreadableError, *OSMIUM_ERRORS):
        return None
    if not lines:
        return None
    sample_rows = np.linspace(0, len(lines) - 1, min(len(lines), _STREETS_SAMPLED)).astype(np.int64)
    return gpd.GeoSeries([shapely.LineString(lines[int(i)]) for i in sample_rows], crs=WGS84)
