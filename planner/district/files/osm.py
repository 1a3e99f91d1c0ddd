"""OpenStreetMap extracts as layers: nodes and areas with given tags, any number of layers in one pass over the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import shapely
from shapely.errors import ShapelyError

from planner.district.crs import WGS84
from planner.district.files.osm_packed import source_of
from planner.district.files.osm_sorted import in_order, said_id
from planner.district.files.raw import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

#: what osmium has been seen to raise on damaged extracts; its error of coordinates has no other parent than Exception
OSMIUM_RAISES = (osmium.InvalidLocationError, RuntimeError, OSError, ValueError, LookupError)
SUFFIXES = (".osm", ".pbf", ".osm.bz2", ".osm.gz", ".osh", ".osh.bz2", ".osh.gz")


@dataclass(frozen=True)
class Want:
    """What one layer asks of an extract."""

    tags: Mapping[str, Sequence[str]]
    """Key → values; no value = every value. An object with any of them belongs to the layer."""
    columns: frozenset[str] = frozenset()
    """Further keys whose values become columns."""


@dataclass
class _Found:
    """Rows of one layer as they come off the file."""

    ids: list[str] = field(default_factory=list)
    shapes: list[str] = field(default_factory=list)
    tags: list[dict[str, str]] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    def add(self, thing_id: str, wkb: str, tags: dict[str, str]) -> None:
        self.ids.append(thing_id)
        self.shapes.append(wkb)
        self.tags.append(tags)


@dataclass(frozen=True, eq=False)
class Extract:
    """One layer out of an extract."""

    frame: gpd.GeoDataFrame
    """``id`` (``n…`` node, ``w…`` way, ``r…`` relation), ``name``, ``storeys``, the keys asked for; EPSG:4326."""
    open_shapes: tuple[str, ...]
    """Ids of objects with the tags that are neither a node nor a closed area."""


def is_extract(path: Path) -> bool:
    """Tell whether ``path`` is named like an OpenStreetMap extract."""
    return path.name.lower().endswith(SUFFIXES)


def read_extract(path: Path, wants: Sequence[Want]) -> list[Extract]:
    """Return the layers that ``wants`` ask for, in one pass over ``path``.

    Deleted objects and old versions do not count, and the order of the objects does not matter (see `in_order`).

    Raises
    ------
    UnreadableError
        the file is no readable extract.
    """
    try:
        with in_order(path) as whole:
            return _read_extract(whole, wants)
    except MemoryError as error:
        raise UnreadableError("not-enough-memory", megabytes=path.stat().st_size / 1e6) from error
    except (*OSMIUM_RAISES, ShapelyError) as error:
        raise UnreadableError("unreadable-file", reason=f"{type(error).__name__}: {error}") from error


def _read_extract(path: Path, wants: Sequence[Want]) -> list[Extract]:
    keys = sorted({key for want in wants for key in want.tags})
    if not keys:
        return [_extract(_Found(), want) for want in wants]
    found = [_Found() for _ in wants]
    wkb = osmium.geom.WKBFactory()
    some_key = osmium.filter.KeyFilter(*keys)
    for thing in osmium.FileProcessor(source_of(path)).with_areas(some_key).with_filter(some_key):
        if isinstance(thing, osmium.osm.Changeset):
            continue
        tags = dict(thing.tags)
        for want, rows in zip(wants, found, strict=True):
            if not _asked(tags, want.tags):
                continue
            if isinstance(thing, osmium.osm.Area):
                rows.add(
                    f"{'w' if thing.from_way() else 'r'}{said_id(thing.orig_id())}",
                    wkb.create_multipolygon(thing),
                    tags,
                )
            elif isinstance(thing, osmium.osm.Node):
                rows.add(f"n{said_id(thing.id)}", wkb.create_point(thing), tags)
            else:  # closed ways and whole relations come again, as areas
                rows.others.append(f"{'w' if isinstance(thing, osmium.osm.Way) else 'r'}{said_id(thing.id)}")
    return [_extract(rows, want) for rows, want in zip(found, wants, strict=True)]


def _asked(tags: Mapping[str, str], wanted: Mapping[str, Sequence[str]]) -> bool:
    return any(key in tags and (not values or tags[key] in values) for key, values in wanted.items())


def _extract(rows: _Found, want: Want) -> Extract:
    columns = {key: [tags.get(key) for tags in rows.tags] for key in sorted(want.columns | set(want.tags) | {"name"})}
    columns["storeys"] = [tags.get("building:levels") for tags in rows.tags]
    columns["id"] = list(rows.ids)
    shapes = shapely.from_wkb(np.array(rows.shapes, dtype=object)) if rows.shapes else np.array([], dtype=object)
    frame = gpd.GeoDataFrame(pd.DataFrame(columns, dtype=object), geometry=gpd.GeoSeries(shapes, crs=WGS84))
    order = frame["id"].map(lambda i: (i[0], int(i[1:]))).argsort() if len(frame) else []
    return Extract(frame.iloc[order].reset_index(drop=True), tuple(sorted(set(rows.others) - set(rows.ids))))
