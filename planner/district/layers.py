"""Layers of a study as tables in one metric system: columns found by the names the study uses, rows kept as asked."""

from __future__ import annotations

import difflib
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj.exceptions import CRSError

from planner.district.crs import WGS84, parse_crs, probable_crs, unshift
from planner.district.encoding import cut_name
from planner.district.numbers import read_numbers
from planner.district.osm import Extract, Want, is_extract, read_extract
from planner.district.read import X_NAMES, Y_NAMES, UnreadableError, read_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray
    from pyproj import CRS

    from planner.district.findings import Findings
    from planner.study import Layer


@dataclass(frozen=True, eq=False)
class LayerTable:
    """One layer in memory: rows as the file has them, found by the names of the study."""

    label: str
    """Where the study names it: ``layers.people.0``."""
    spec: Layer
    frame: gpd.GeoDataFrame
    findings: Findings

    @property
    def where(self) -> str:
        """The file as the study names it."""
        return self.spec.path.as_posix()

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.frame)

    def has(self, name: str) -> bool:
        """Tell whether the layer has the column that the study or the file calls ``name``."""
        return self._find(name) is not None

    def column(self, name: str, use: str) -> pd.Series | None:
        """Return a column by our name or the file's; note an error and return None if the layer has none such."""
        found = self._find(name)
        if found is None:
            self._missing(self.spec.columns.get(name, name), use)
            return None
        column: pd.Series = self.frame[found]
        return column

    def optional(self, name: str) -> pd.Series | None:
        """Return a column by our name, or None; note an error if the study maps it to a column that is not there."""
        return self.column(name, name) if name in self.spec.columns or self._find(name) is not None else None

    def texts(self, name: str) -> list[str] | None:
        """Return an optional column as texts without blanks around them; empty where the cell is."""
        column = self.optional(name)
        if column is None:
            return None
        return [_as_text(value) for value in column]

    def numbers(self, name: str, *, required: bool = False) -> NDArray[np.float64] | None:
        """Return a column as float64[n] (NaN = empty); text numbers are read and noted, unreadable ones are errors."""
        column = self.column(name, name) if required else self.optional(name)
        if column is None:
            return None
        read, called = read_numbers(column), str(column.name)
        for code, cells, say in (
            ("text-number", read.text, self.findings.warn),
            ("unreadable-number", read.unreadable, self.findings.error if required else self.findings.warn),
            ("negative-number", read.amounts < 0, self.findings.error if required else self.findings.warn),
        ):
            if cells.any():
                rows = np.flatnonzero(cells)
                example = _as_text(column.iloc[rows[0]])
                say(code, self.label, self.where, self.row_names(rows), column=called, example=example)
        return read.amounts

    def row_names(self, rows: Iterable[int]) -> list[str]:
        """Return ids of rows, or their numbers in the file (1 = first) where the layer has none."""
        found = self._find("id")
        if found is None:
            return [str(int(self.frame.index[row]) + 1) for row in rows]
        return [_as_text(self.frame[found].iloc[row]) or str(int(self.frame.index[row]) + 1) for row in rows]

    def with_frame(self, frame: gpd.GeoDataFrame) -> LayerTable:
        """Return the same layer with other rows."""
        return replace(self, frame=frame)

    def _find(self, name: str) -> str | None:
        return find_column([str(c) for c in self.frame.columns if c != "geometry"], self.spec.columns.get(name, name))

    def _missing(self, wanted: str, use: str) -> None:
        columns = [str(c) for c in self.frame.columns if c != "geometry"]
        close = difflib.get_close_matches(wanted, columns, n=1)
        self.findings.error(
            "missing-column",
            self.label,
            self.where,
            column=wanted,
            use=use,
            near=f"{close[0]}? " if close else "",
            columns=", ".join(columns),
        )


class LayerReader:
    """Reads layers of one study; a street extract that several layers share is read once."""

    def __init__(self, folder: Path, findings: Findings, layers: Iterable[Layer]) -> None:
        self._folder = folder
        self._findings = findings
        self._extracts: dict[Path, list[Layer]] = {
            layer.path: [] for layer in layers if layer.tags and is_extract(layer.path)
        }
        for layer in layers:
            if layer.path in self._extracts and layer not in self._extracts[layer.path]:
                self._extracts[layer.path].append(layer)
        self._read: dict[Path, list[Extract]] = {}

    def read(self, label: str, layer: Layer) -> LayerTable | None:
        """Return a layer with its rows kept as asked, or None with an error noted."""
        where = layer.path.as_posix()
        try:
            frame = self._frame(label, layer)
        except UnreadableError as fault:
            self._findings.error(fault.code, label, where, rows=(), **fault.evidence)
            return None
        table = LayerTable(label, layer, frame, self._findings)
        kept = _keep(table)
        if kept is None:
            return None
        if kept.frame.empty:
            # no facilities yet is a state of the world; nobody to serve or nowhere to build is a fault
            optional = label.startswith(("layers.facilities", "layers.candidates"))
            (self._findings.warn if optional else self._findings.error)("empty-layer", label, where)
            return None
        return self._with_crs(kept)

    def _frame(self, label: str, layer: Layer) -> gpd.GeoDataFrame:
        if is_extract(layer.path):
            return self._from_extract(label, layer)
        frame = read_file(self._folder / layer.path, layer.layer, layer.encoding).frame
        return frame if isinstance(frame, gpd.GeoDataFrame) else _with_points(frame, layer)

    def _from_extract(self, label: str, layer: Layer) -> gpd.GeoDataFrame:
        path = self._folder / layer.path
        if not path.exists():
            raise UnreadableError("missing-file", near="")
        wanting = self._extracts.get(layer.path, [])
        if layer not in wanting:
            raise UnreadableError("missing-tags")
        if layer.path not in self._read:
            wants = [
                Want(w.tags, frozenset({*w.columns.values(), *w.keep, *w.drop}) - {"id", "storeys"}) for w in wanting
            ]
            try:
                self._read[layer.path] = read_extract(path, wants)
            except RuntimeError as error:
                raise UnreadableError("unreadable-file", reason=str(error)) from error
        extract = self._read[layer.path][wanting.index(layer)]
        if extract.open_shapes:
            self._findings.note("open-shapes", label, layer.path.as_posix(), extract.open_shapes)
        return extract.frame

    def _with_crs(self, table: LayerTable) -> LayerTable | None:
        label, where, frame, declared = table.label, table.where, table.frame, table.spec.crs
        if declared is not None:
            try:
                crs = parse_crs(declared)
            except CRSError:
                self._findings.error("unknown-crs", label, where, crs=declared)
                return None
            if isinstance(crs, str):
                return table.with_frame(unshift(frame, crs))
            return table.with_frame(frame.set_crs(crs, allow_override=True))
        if frame.crs is None:
            x_min, y_min, x_max, y_max = (float(v) for v in frame.total_bounds)
            names = probable_crs((x_min, y_min, x_max, y_max)) if np.isfinite(x_min) else []
            self._findings.error(
                "missing-crs", label, where, x_min=x_min, y_min=y_min, x_max=x_max, y_max=y_max,
                candidates=" / ".join(names) or "?",
            )  # fmt: skip
            return None
        return table


def find_column(columns: list[str], wanted: str) -> str | None:
    """Return which of ``columns`` is meant by ``wanted``: itself, or the only one equal but for case, width or cutting."""
    if wanted in columns:
        return wanted
    for same in (_folded, lambda name: cut_name(name, "utf-8"), lambda name: cut_name(name, "gb18030")):
        alike = [column for column in columns if same(column) == same(wanted) and _plausible(column, wanted)]
        if len(alike) == 1:
            return alike[0]
    return None


def to_metric(table: LayerTable, crs: CRS) -> LayerTable:
    """Return the layer in ``crs``, without rows that have no geometry, with invalid shapes mended and both noted."""
    frame = table.frame
    if frame.crs != crs:
        frame = frame.to_crs(crs)
    missing = frame.geometry.isna() | frame.geometry.is_empty
    if missing.any():
        rows = table.row_names(np.flatnonzero(missing))
        table.findings.warn("null-geometry", table.label, table.where, rows)
        frame = frame[~missing]
    shapes = frame.geometry.array
    broken = ~shapely.is_valid(shapes)
    if broken.any():
        rows = table.with_frame(frame).row_names(np.flatnonzero(broken))
        mended = np.array(shapes, dtype=object)
        mended[broken] = [_same_dimension(shape) for shape in shapely.make_valid(mended[broken])]
        change = float(
            np.abs(shapely.area(mended[broken]) - shapely.area(np.array(shapes, dtype=object)[broken])).sum()
        )
        table.findings.warn("invalid-geometry", table.label, table.where, rows, change_m2=change)
        frame = frame.set_geometry(gpd.GeoSeries(mended, frame.index, crs=crs))
    return table.with_frame(frame)


def _same_dimension(shape: shapely.Geometry) -> shapely.Geometry:
    """Drop the lines and points that mending a polygon leaves beside it."""
    if shape.geom_type != "GeometryCollection":
        return shape
    areas = [part for part in shapely.get_parts(shape) if part.area > 0]
    return shapely.union_all(areas) if areas else shape


def _keep(table: LayerTable) -> LayerTable | None:
    kept = np.ones(len(table), dtype=bool)
    whole = True
    for use, wanted in (("keep", table.spec.keep), ("drop", table.spec.drop)):
        for name, values in wanted.items():
            column = table.column(name, use)
            if column is None:
                whole = False
                continue
            named = {_as_text(value) for value in values}
            kept &= np.array([(_as_text(value) in named) == (use == "keep") for value in column], dtype=bool)
    return table.with_frame(table.frame[kept]) if whole else None


def _with_points(frame: pd.DataFrame, layer: Layer) -> gpd.GeoDataFrame:
    columns = [str(column) for column in frame.columns]
    by_name = {_folded(column): column for column in columns}
    x, y = layer.columns.get("x"), layer.columns.get("y")
    x = x or next((by_name[name] for name in X_NAMES if name in by_name), None)
    y = y or next((by_name[name] for name in Y_NAMES if name in by_name), None)
    if x is None or y is None or x not in columns or y not in columns:
        raise UnreadableError("no-geometry")
    xs, ys = read_numbers(frame[x]).amounts, read_numbers(frame[y]).amounts
    there = np.isfinite(xs) & np.isfinite(ys)
    points = np.full(len(frame), None, dtype=object)
    points[there] = shapely.points(xs[there], ys[there])
    return gpd.GeoDataFrame(frame, geometry=points, crs=None)


def _as_text(value: object) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold()


def _plausible(column: str, wanted: str) -> bool:
    """Tell whether ``column`` can be ``wanted`` cut short: a cut name begins the one it was cut from."""
    return _folded(column) == _folded(wanted) or wanted.startswith(column.rstrip("\ufffd"))


__all__ = ["WGS84", "LayerReader", "LayerTable", "find_column", "to_metric"]
