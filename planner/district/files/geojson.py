"""What GDAL leaves out of a GeoJSON file: ids of features that are numbers, and properties that stand twice."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Members:
    """Ids and doubled properties of a collection's features."""

    ids: list[str | None] = field(default_factory=list)
    """Top-level id of each feature, in the order of the file; None where it has none."""
    doubled: set[str] = field(default_factory=set)
    """Names that stand twice in one object."""


def read_members(content: bytes) -> Members:
    """Return ids and doubled names of the features of ``content``; nothing if it is no JSON (GDAL says so better).

    Geometries are let go as they are read, so that only properties are ever in memory.
    """
    members = Members()

    def kept(pairs: list[tuple[str, Any]]) -> Any:
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names):
            members.doubled |= {name for name in names if names.count(name) > 1}
        held = dict(pairs)
        if "coordinates" in held or "geometries" in held:
            return None
        if held.get("type") == "Feature" and "properties" in held:
            return _Feature(held.get("id"))
        features = held.get("features")
        return [f for f in features if isinstance(f, _Feature)] if isinstance(features, list) else None

    try:
        found = json.loads(content.decode("utf-8", errors="replace"), object_pairs_hook=kept, parse_float=str)
    except (ValueError, RecursionError):
        return Members()
    features = found if isinstance(found, list) else [found]
    members.ids = [_text(feature.id) for feature in features if isinstance(feature, _Feature)]
    return members


@dataclass(frozen=True, slots=True)
class _Feature:
    id: Any


def _text(value: Any) -> str | None:
    """Return an id as it is written; ids are texts or numbers."""
    return None if value is None or isinstance(value, bool | list) else str(value)
