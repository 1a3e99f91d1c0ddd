"""A value of the planner as a folder of plain files, and back: JSON for its shape, npz for arrays, parquet for frames.

Nothing is pickled. What is read back can only become dataclasses of this package, arrays, frames and plain values, so that
a folder somebody tampered with can be wrong, but cannot run anything. Arrays that several parts share are stored once, and
are shared again when read; large parts that lie in another folder can be shared instead of stored.
"""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

if TYPE_CHECKING:
    from pathlib import Path

_PACKAGE = "planner."
_SHAPE, _ARRAYS = "value.json", "arrays.npz"


class UncodableError(TypeError):
    """A value holds something that has no plain form."""


def write_value(value: object, folder: Path, shared: Mapping[str, object] | None = None) -> None:
    """Write ``value`` into ``folder``, which must exist.

    Parameters
    ----------
    value
        Dataclasses of this package, arrays, frames, coordinate systems and plain values, nested at will.
    shared
        Parts of ``value`` (the very objects) that are not stored: name → part.

    Raises
    ------
    UncodableError
        naming the type that has no plain form.
    """
    writer = _Writer(folder, {id(part): name for name, part in (shared or {}).items()})
    shape = writer.shape(value)
    (folder / _SHAPE).write_text(json.dumps(shape, ensure_ascii=False, allow_nan=False), encoding="utf-8")
    np.savez(folder / _ARRAYS, allow_pickle=False, **writer.arrays)


def read_value(folder: Path, shared: Mapping[str, object] | None = None) -> Any:
    """Return the value in ``folder``; ``shared`` holds, by name, the parts that were shared when it was written.

    Raises
    ------
    OSError, ValueError, KeyError, TypeError
        if the folder is not whole, or holds something else.
    """
    with np.load(folder / _ARRAYS, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    shape = json.loads((folder / _SHAPE).read_text(encoding="utf-8"))
    return _Reader(folder, arrays, dict(shared or {})).value(shape)


@dataclass
class _Writer:
    folder: Path
    shared: dict[int, str]
    arrays: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)
    _seen: dict[int, tuple[object, dict[str, Any]]] = field(default_factory=dict)
    """By identity: the value (kept, so that its identity stays its own) and its form."""
    _frames: int = 0

    def shape(self, value: object) -> Any:
        """Return the JSON form of ``value``; its arrays and frames go into files."""
        if id(value) in self.shared:
            return {"shared": self.shared[id(value)]}
        if isinstance(value, float) and not math.isfinite(value):
            return {"number": str(float(value))}  # JSON has no word for it
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if id(value) not in self._seen:
            self._seen[id(value)] = (value, self._part(value))
        return self._seen[id(value)][1]

    def _part(self, value: object) -> dict[str, Any]:
        if isinstance(value, np.ndarray) and value.dtype != object:
            name = f"a{len(self.arrays)}"
            self.arrays[name] = value
            return {"array": name}
        if isinstance(value, np.ndarray) and all(isinstance(item, shapely.Geometry) for item in value):
            self._frames += 1
            name = f"frame{self._frames}.parquet"
            gpd.GeoDataFrame(geometry=gpd.GeoSeries(list(value))).to_parquet(self.folder / name)
            return {"shapes": name}
        if isinstance(value, pd.DataFrame):
            self._frames += 1
            name = f"frame{self._frames}.parquet"
            value.to_parquet(self.folder / name)
            return {"places" if isinstance(value, gpd.GeoDataFrame) else "frame": name}
        if isinstance(value, CRS):
            return {"crs": value.srs}  # the text it was made from: WKT and JSON do not give every system back as it was
        if isinstance(value, tuple | list):
            return {type(value).__name__: [self.shape(item) for item in value]}
        if isinstance(value, Mapping):
            return {"dict": [[self.shape(key), self.shape(item)] for key, item in value.items()]}
        if is_dataclass(value) and type(value).__module__.startswith(_PACKAGE):
            return {
                "of": f"{type(value).__module__}:{type(value).__qualname__}",
                "parts": {part.name: self.shape(getattr(value, part.name)) for part in fields(value) if part.init},
            }
        raise UncodableError(f"{type(value).__module__}.{type(value).__qualname__} has no plain form")


@dataclass
class _Reader:
    folder: Path
    arrays: dict[str, np.ndarray[Any, Any]]
    shared: dict[str, object]
    _frames: dict[str, pd.DataFrame] = field(default_factory=dict)

    def value(self, shape: Any) -> Any:
        """Return what ``shape`` stands for."""
        if not isinstance(shape, dict):
            return shape
        kind = next(iter(shape))
        content = shape[kind]
        if kind == "number":
            return float(content)
        if kind == "array":
            return self.arrays[content]
        if kind in ("frame", "places"):
            return self._frame(kind, str(content))
        if kind == "shapes":
            return np.array(self._frame("places", str(content)).geometry.array, dtype=object)
        if kind == "shared":
            return self.shared[content]
        if kind == "crs":
            return CRS.from_user_input(content)
        if kind in ("tuple", "list"):
            items = [self.value(item) for item in content]
            return tuple(items) if kind == "tuple" else items
        if kind == "dict":
            return {self.value(key): self.value(item) for key, item in content}
        if kind == "of":
            return _class(content)(**{name: self.value(part) for name, part in shape["parts"].items()})
        raise ValueError(f"{self.folder}: no value is written as {kind!r}")

    def _frame(self, kind: str, name: str) -> pd.DataFrame:
        if name not in self._frames:
            path = self.folder / name
            if path.parent != self.folder:
                raise ValueError(f"{name} lies outside {self.folder}")
            self._frames[name] = gpd.read_parquet(path) if kind == "places" else pd.read_parquet(path)
        return self._frames[name]


def _class(name: str) -> Any:
    """Return a dataclass of this package by ``module:name``; nothing else can be named."""
    module, _, qualified = name.partition(":")
    if not module.startswith(_PACKAGE) or not qualified.isidentifier():
        raise ValueError(f"{name} is no type of this package")
    found = getattr(importlib.import_module(module), qualified, None)
    if not isinstance(found, type) or not is_dataclass(found):
        raise ValueError(f"{name} is no dataclass")
    return found
