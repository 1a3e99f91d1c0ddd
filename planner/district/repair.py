"""Repaired copies of the layers and a study that uses them; the original files are left unchanged.

Repaired: encoding, truncated column names, axis order, declared datum shifts, heights, invalid rings, rows without geometry
(moved to a CSV), numbers stored as text, missing or duplicate ids. Not repaired, because only the user knows: a missing
coordinate system, impossible figures, unreadable files.
"""

from __future__ import annotations

import os
import shutil
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from ruamel.yaml import YAML

from planner.district.ids import generated_ids, unique_ids
from planner.io.cells import as_text
from planner.io.numbers import read_numbers
from planner.study import Facilities, People
from planner.study.connection import is_connection
from planner.study.layer_files import layer_files

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from planner.district.district import Survey
    from planner.district.layer_table import LayerTable
    from planner.study import Study


#: the planner's names of numeric columns
_NUMBER_COLUMNS = ("area_m2", "storeys", "capacity", "storey", "setup_cost", "yearly_cost", "ready_year", "weight")
#: keys of a layer that describe its file; a repaired copy needs none of them
_FILE_KEYS = (
    "path",
    "layer",
    "crs",
    "axes",
    "encoding",
    "keep",
    "drop",
    "box_deg",
    "tags",
    "join",
    "cells",
    "cell_m",
)


@dataclass(frozen=True)
class RepairedStudy:
    """What was written."""

    study_file: Path
    written: tuple[str, ...]
    """Layers with a repaired copy."""
    left: tuple[str, ...]
    """Layers that could not be read; the new study still names the old files."""


def repair_layers(study: Study, folder: Path, out: Path, survey: Survey, *, final: Path | None = None) -> RepairedStudy:
    """Write repaired copies of the layers below ``out``, and ``out/study.yaml``.

    Parameters
    ----------
    study, folder
        The study, and where its file lies.
    out
        An existing, empty folder.
    survey
        What `planner.district.survey_layers` found.
    final
        Where ``out`` will be moved to afterwards; paths to files that are not copied are relative to it.
    """
    (out / "layers").mkdir()
    repaired, unrepaired = [], []
    raw = study.model_dump(mode="json", exclude_unset=True)
    for label, layer in survey.layers.items():
        block = _block(raw["layers"], label)
        table = survey.tables.get(label)
        if table is None:
            if not is_connection(layer.path):
                block["path"] = _relative(folder / layer.path, final or out)
            unrepaired.append(label)
            continue
        name = label.removeprefix("layers.").replace(".", "-")
        columns = _write(table, survey.dropped_rows.get(label), out / "layers", name)
        for key in _FILE_KEYS:
            block.pop(key, None)
        block["path"] = f"layers/{name}.gpkg"
        if columns:
            block["columns"] = columns
        repaired.append(label)
    elevation = study.layers.elevation
    others = {"streets": study.layers.streets.path} | ({"elevation": elevation.path} if elevation else {})
    for label, path in others.items():
        if not is_connection(path):
            raw["layers"][label]["path"] = _copy_layer(folder / path, out, label, final or out)
    target = out / "study.yaml"
    yaml = YAML()
    yaml.allow_unicode = True
    yaml.width = 120
    with target.open("w", encoding="utf-8") as file:
        yaml.dump(raw, file)
    return RepairedStudy(target, tuple(repaired), tuple(unrepaired))


def repaired_frame(table: LayerTable) -> tuple[gpd.GeoDataFrame, dict[str, str]]:
    """Return a layer's rows with full names, numbers that are numbers and ids that are ids; and its new ``columns``."""
    frame = table.frame.copy()
    columns = {ours: theirs for ours, theirs in table.spec.columns.items() if ours not in ("x", "y")}
    renamed = {found: wanted for wanted, found in table.cut_names().items()}
    frame = frame.rename(columns=renamed)
    for name in _number_columns(table):
        if name in frame:
            numbers = read_numbers(frame[name], decimal=table.spec.decimal, usual=table.usual_decimal)
            doubtful = numbers.unreadable | numbers.is_range | numbers.percent | numbers.broken
            if numbers.text.any() and not doubtful.any() and not numbers.decimal_mark.doubtful:
                frame[name] = numbers.amounts
    id_name = columns.get("id", "id")
    if id_name not in frame:
        frame[id_name] = generated_ids(table)
    elif not isinstance(table.spec, Facilities):  # a facility may have a row for each service
        ids = [as_text(value) for value in frame[id_name]]
        if "" in ids or len(set(ids)) < len(ids):
            generated = generated_ids(table)
            frame[id_name] = unique_ids([name or generated[row] for row, name in enumerate(ids)])
    return frame, columns


def _write(table: LayerTable, dropped_rows: pd.DataFrame | None, folder: Path, name: str) -> dict[str, str]:
    frame, columns = repaired_frame(table)
    if dropped_rows is not None and len(dropped_rows):
        rows = pd.DataFrame(dropped_rows.drop(columns="geometry", errors="ignore"))
        rows.insert(0, "row", dropped_rows.index + 1)
        rows.to_csv(folder / f"{name}.left-out.csv", index=False, encoding="utf-8-sig")
    storable = _storable(frame)
    kinds = set(storable.geometry.geom_type)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # GDAL's warnings about column types
        storable.to_file(
            folder / f"{name}.gpkg", layer=name, driver="GPKG", engine="pyogrio",
            layer_options={"FID": "planner_fid", "GEOMETRY_NAME": "planner_geom"},
            **({"geometry_type": "Unknown"} if len(kinds) > 1 else {}),
        )  # fmt: skip
    return columns


def _copy_layer(path: Path, out: Path, label: str, final: Path) -> str:
    """Copy a layer that is not repaired, with all its files; return its path in the new study."""
    parts = layer_files(path)
    if not parts:
        return _relative(path, final)
    for name, part in parts.items():
        # one folder for each: copies neither overwrite each other nor become companions
        target = out / "layers" / label / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(part, target)
    return f"layers/{label}/{path.name}"


def _storable(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Convert mixed cells to text, and make names unique regardless of case, as a GeoPackage requires."""
    stored = frame.reset_index(drop=True)
    for name in stored.columns:
        if name != "geometry" and stored[name].dtype == object:
            texts = [as_text(value) or None for value in stored[name]]
            stored[name] = pd.Series(texts, index=stored.index, dtype=object)
    used_names: set[str] = set()
    names = []
    for name in stored.columns:
        new_name, number = str(name), 2
        while new_name.casefold() in used_names:
            new_name, number = f"{name}_{number}", number + 1
        used_names.add(new_name.casefold())
        names.append(new_name)
    return stored.set_axis(names, axis=1).set_geometry("geometry")


def _number_columns(table: LayerTable) -> list[str]:
    """Return the file's names of columns that the study reads as numbers."""
    named = [table.spec.columns.get(ours, ours) for ours in _NUMBER_COLUMNS]
    if isinstance(table.spec, People):
        named += [counted.column for counted in table.spec.groups.values()]
        named += [counted.percent_of for counted in table.spec.groups.values() if counted.percent_of]
        named += [table.spec.total] if table.spec.total else []
    return list(dict.fromkeys(named))


def _block(layers: dict[str, Any], label: str) -> dict[str, Any]:
    block: Any = layers
    for part in label.removeprefix("layers.").split("."):
        block = block[int(part) if part.isdigit() else part]
    found: dict[str, Any] = block
    return found


def _relative(path: Path, start: Path) -> str:
    return os.path.relpath(path, start).replace(os.sep, "/")
