"""Reader of a study's layers: row filters, geometry from columns, declared coordinate system."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from pyproj.exceptions import CRSError, ProjError

from planner.district.crs import WGS84, crs_conflict, parse_crs, probable_crs, remove_shift, swap_axes
from planner.district.gcj02 import in_china
from planner.district.layer_table import LayerTable, display_path
from planner.io.cells import LAT_NAMES, LON_NAMES, X_NAMES, Y_NAMES, as_text, normalised_name, read_coordinates
from planner.io.geometry import geometry_column, parse_geometries
from planner.io.osm import TagQuery, is_extract, read_extract
from planner.io.read import read_file
from planner.io.table import RawTable, UnreadableError
from planner.study import People

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from pyproj import CRS

    from planner.district.crs import Box, ShiftedDatum
    from planner.district.findings import Findings
    from planner.io.osm import ExtractLayer
    from planner.study import Layer


#: share of the rows of a table that must be longitudes and latitudes; single slips are reported by row
MIN_DEGREES_SHARE = 0.9
#: a number that is no code: without a leading zero
_NUMBER = re.compile(r"[+-]?(?:0|[1-9]\d*)(?:\.\d*)?(?:e[+-]?\d+)?", re.IGNORECASE)


class LayerReader:
    """Reads layers of one study; a street extract that several layers share is read once."""

    def __init__(self, folder: Path, findings: Findings, layers: Iterable[Layer]) -> None:
        self._folder = folder
        self._findings = findings
        self._sharing: dict[Path, list[Layer]] = {}
        for layer in layers:
            if layer.tags and is_extract(layer.path) and layer not in self._sharing.setdefault(layer.path, []):
                self._sharing[layer.path].append(layer)
        self._extracts: dict[Path, list[ExtractLayer]] = {}
        self.unplaced: dict[str, LayerTable] = {}
        """Layers whose coordinates are in no system, or cannot be in the one declared: rows as the file has them."""

    def read(self, label: str, layer: Layer) -> LayerTable | None:
        """Return a layer with its row filters applied, or None with an error."""
        try:
            raw = self._raw(label, layer)
        except UnreadableError as fault:
            self._findings.error(fault.code, label, display_path(layer), rows=(), **fault.evidence)
            return None
        table = LayerTable(label, layer, raw.frame, self._findings, raw.duplicate_headings, raw.usual_decimal)
        kept_rows = _filter_rows(table)
        if kept_rows is None:
            return None
        if kept_rows.frame.empty:
            # an empty facility layer is valid; no population or no candidate sites is an error
            kept_rows.flag(
                "error" if label.startswith(("layers.communities", "layers.people")) else "warning", "empty-layer"
            )
            return None
        if isinstance(layer, People) and layer.join is not None:
            return kept_rows
        with_geometry = _with_geometry(kept_rows)
        found = None if with_geometry is None else _with_crs(with_geometry)
        if with_geometry is not None and found is None:
            self.unplaced[label] = with_geometry
        return found

    def _raw(self, label: str, layer: Layer) -> RawTable:
        if is_extract(layer.path):
            return RawTable(self._from_extract(label, layer))
        raw: RawTable = read_file(self._folder / layer.path, layer.layer, layer.encoding)
        say = {"error": self._findings.error, "warning": self._findings.warn, "note": self._findings.note}
        for remark in raw.issues:
            say[remark.severity](
                remark.code, label, display_path(layer), [f"#{row}" for row in remark.rows], **remark.evidence
            )
        return raw

    def _from_extract(self, label: str, layer: Layer) -> gpd.GeoDataFrame:
        path = self._folder / layer.path
        if not path.exists():
            raise UnreadableError("missing-file", near="")
        sharing = self._sharing.get(layer.path, [])
        if layer not in sharing:
            raise UnreadableError("missing-tags")
        if layer.path not in self._extracts:
            generated = {"id", "storeys"}
            wants = [TagQuery(w.tags, frozenset({*w.columns.values(), *w.keep, *w.drop}) - generated) for w in sharing]
            self._extracts[layer.path] = read_extract(path, wants)
        extract = self._extracts[layer.path][sharing.index(layer)]
        if extract.open_shapes:
            self._findings.note("open-shapes", label, layer.path.as_posix(), extract.open_shapes)
        frame: gpd.GeoDataFrame = extract.frame
        return frame


def _filter_rows(table: LayerTable) -> LayerTable | None:
    kept_rows = np.ones(len(table), dtype=bool)
    complete = True
    for use, wanted in (("keep", table.spec.keep), ("drop", table.spec.drop)):
        for name, values in wanted.items():
            column = table.column(name, use)
            if column is None:
                complete = False
                continue
            texts = [as_text(value) for value in column]
            matches = {as_text(value): _rows_of(value, texts) for value in values}
            unmatched = [value for value, rows in matches.items() if not rows.any()]
            if unmatched and len(table):
                close = difflib.get_close_matches(unmatched[0], sorted(set(texts)), n=1)
                near = f"{close[0]}? " if close else ""
                listed = ", ".join(value or "–" for value in unmatched[:10])
                table.flag("warning", "unmatched-value", (), use=use, column=name, values=listed, near=near)
            named = np.logical_or.reduce([*matches.values(), np.zeros(len(texts), dtype=bool)])
            kept_rows &= named == (use == "keep")
    return table.with_frame(table.frame[kept_rows]) if complete else None


def _rows_of(wanted: str | float, texts: Sequence[str]) -> NDArray[np.bool_]:
    """Return the rows whose text equals ``wanted``; a number also matches other notations (``1.10``, not ``01.1``)."""
    if isinstance(wanted, bool):
        return np.array([text.casefold() == str(wanted).casefold() for text in texts], dtype=bool)
    if isinstance(wanted, int | float):
        return np.array([text == as_text(wanted) or _is_number(text, wanted) for text in texts], dtype=bool)
    return np.array([text == as_text(wanted) for text in texts], dtype=bool)


def _is_number(text: str, number: float) -> bool:
    if not _NUMBER.fullmatch(text):
        return False
    return float(text) == number


def _with_geometry(table: LayerTable) -> LayerTable | None:
    """Create point geometries from a table's coordinate columns where it has no geometry."""
    frame = table.frame
    if isinstance(frame, gpd.GeoDataFrame):
        return table
    shaped = geometry_column(frame, table.spec.columns.get("geometry"))
    if shaped is not None:
        return _with_wkt_geometry(table, shaped)
    by_name = {normalised_name(str(column)): str(column) for column in frame.columns}
    axis_columns = {axis: table.spec.columns.get(axis) for axis in ("x", "y")}
    usual = {"x": X_NAMES, "y": Y_NAMES}
    columns = {}
    for axis, column in axis_columns.items():
        if column is not None:
            found = table.column(axis, axis)
            if found is None:
                return None
            columns[axis] = found
        else:
            name = next((by_name[n] for n in usual[axis] if n in by_name), None)
            if name is None:
                table.flag("error", "no-geometry")
                return None
            columns[axis] = frame[name]
    usual_decimal = table.spec.decimal or table.usual_decimal
    x, y = (read_coordinates(columns[axis], usual_decimal) for axis in ("x", "y"))
    finite = np.isfinite(x) & np.isfinite(y)
    written = np.array([bool(as_text(a)) or bool(as_text(b)) for a, b in zip(columns["x"], columns["y"], strict=True)])
    if (written & ~finite).any():
        row = int(np.flatnonzero(written & ~finite)[0])
        example = f"{as_text(columns['x'].iloc[row])}, {as_text(columns['y'].iloc[row])}"
        table.flag("warning", "unreadable-coordinates", written & ~finite, example=example)
    points = np.full(len(frame), None, dtype=object)
    points[finite] = shapely.points(x[finite], y[finite])
    crs = _degrees_crs(table, [normalised_name(str(columns[axis].name)) for axis in ("x", "y")], x[finite], y[finite])
    return table.with_frame(gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(points, index=frame.index, crs=crs)))


def _degrees_crs(table: LayerTable, names: list[str], x: NDArray[np.float64], y: NDArray[np.float64]) -> CRS | None:
    """Return WGS 84, with a finding, where the columns are named longitude and latitude, hold degrees, and no system is declared."""
    named_degrees = names[0] in LON_NAMES and names[1] in LAT_NAMES
    if table.spec.crs is not None or not named_degrees or not x.size:
        return None
    if not ((np.abs(x) <= 180) & (np.abs(y) <= 90)).mean() >= MIN_DEGREES_SHARE:
        return None
    china = bool(in_china(x, y).mean() >= MIN_DEGREES_SHARE)
    table.flag(
        "warning" if china else "note", "degrees-in-china" if china else "degrees-read", columns=", ".join(names)
    )
    return WGS84


def _with_wkt_geometry(table: LayerTable, name: str) -> LayerTable:
    """Create geometries from a table's WKT column."""
    frame = table.frame
    column = frame[name]
    shapes, crs = parse_geometries(column)
    written = np.array([bool(as_text(value)) for value in column])
    unreadable = written & shapely.is_missing(shapes)
    if unreadable.any():
        example = as_text(column.iloc[int(np.flatnonzero(unreadable)[0])])[:60]
        table.flag("warning", "unreadable-coordinates", unreadable, example=example)
    return table.with_frame(
        gpd.GeoDataFrame(frame.drop(columns=name), geometry=gpd.GeoSeries(shapes, index=frame.index, crs=crs))
    )


def _with_crs(table: LayerTable) -> LayerTable | None:
    """Assign the declared system to a layer; refuse one that its coordinates contradict."""
    frame = swap_axes(table.frame) if table.spec.axes == "yx" else table.frame
    declared = table.spec.crs
    crs: CRS | ShiftedDatum | None
    try:
        crs = parse_crs(declared) if declared is not None else frame.crs
        real = WGS84 if isinstance(crs, str) else crs
        table = _drop_stray_shapes(table.with_frame(frame), real)
        box = _extent(table.frame)
        if box is None:
            table.flag("error", "nothing-drawn")
            return None
        evidence = _extent_evidence(box)
        if real is None:
            table.flag("error", "missing-crs", (), **evidence)
            return None
        code = crs_conflict(real, box)
    except (CRSError, ProjError):
        table.flag("error", "unknown-crs", crs=str(frame.crs.name) if declared is None else declared.strip() or "''")
        return None
    if code is not None:
        table.flag("error", code, (), crs=crs if isinstance(crs, str) else real.name, **evidence)
        return None
    if isinstance(crs, str):
        return table.with_frame(remove_shift(table.frame, crs))
    if not real.is_geographic and {axis.unit_name for axis in real.axis_info[:2]} - {"metre", "meter"}:
        table.flag("note", "not-metres", crs=real.name, unit=real.axis_info[0].unit_name)
    return table.with_frame(table.frame.set_crs(real, allow_override=True))


def _drop_stray_shapes(table: LayerTable, crs: CRS | None) -> LayerTable:
    """Remove the shapes of the few rows at 0, 0 or off the globe: faults of those rows, not of the layer."""
    bounds = shapely.bounds(np.array(table.frame.geometry.array, dtype=object))
    drawn = np.isfinite(bounds).all(axis=1)
    off_globe = (bounds == 0).all(axis=1)
    if crs is not None and crs.is_geographic:
        off_globe |= drawn & (
            (np.abs(bounds[:, [0, 2]]) > 180).any(axis=1) | (np.abs(bounds[:, [1, 3]]) > 90).any(axis=1)
        )
    if not off_globe.any() or 2 * off_globe.sum() >= drawn.sum():
        return table
    table.flag("warning", "stray-coordinates", off_globe)
    shapes = np.array(table.frame.geometry.array, dtype=object)
    shapes[off_globe] = None
    return table.with_frame(table.frame.set_geometry(gpd.GeoSeries(shapes, table.frame.index, crs=table.frame.crs)))


def _extent(frame: gpd.GeoDataFrame) -> Box | None:
    west, south, east, north = (float(v) for v in frame.total_bounds)
    return (west, south, east, north) if np.isfinite([west, south, east, north]).all() else None


def _extent_evidence(box: Box) -> dict[str, float | str]:
    names = " / ".join(probable_crs(box)) or "?"
    return {**dict(zip(("x_min", "y_min", "x_max", "y_max"), box, strict=True)), "candidates": names}
