"""Write mended copies of the layers, and a study that uses them; the planner's own files stay as they are.

Mended: encoding, cut names, coordinate order, declared shifts, heights, broken rings, rows without a place (set apart in
a CSV), numbers written as text, ids that are missing or stand twice. Not mended, because nobody but the planner knows:
a coordinate system, figures that cannot be, files that cannot be read.
"""

from __future__ import annotations

import os
import shutil
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from ruamel.yaml import YAML

from planner.district.files import as_text, read_numbers
from planner.district.ids import made_ids, unique_ids
from planner.study import Facilities, People
from planner.study.connection import is_connection
from planner.study.parts import parts_of

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from planner.district.district import Survey
    from planner.district.layers import LayerTable
    from planner.study import Study

#: our names of columns that hold numbers
_NUMBERS = ("area_m2", "storeys", "capacity", "storey", "setup_yuan", "yearly_yuan", "ready_year", "weight")
#: keys of a layer that say how to read its file; a mended copy needs none of them
_OF_THE_FILE = (
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
class Mended:
    """What was written."""

    study_file: Path
    written: tuple[str, ...]
    """Layers of which there is a mended copy."""
    left: tuple[str, ...]
    """Layers that could not be read; the new study still names the old files."""


def mend(study: Study, folder: Path, out: Path, survey: Survey, *, final: Path | None = None) -> Mended:
    """Write mended copies of the layers below ``out``, and ``out/study.yaml``.

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
    written, left = [], []
    raw = study.model_dump(mode="json", exclude_unset=True)
    for label, layer in survey.layers.items():
        block = _block(raw["layers"], label)
        table = survey.tables.get(label)
        if table is None:
            if not is_connection(layer.path):
                block["path"] = _relative(folder / layer.path, final or out)
            left.append(label)
            continue
        name = label.removeprefix("layers.").replace(".", "-")
        columns = _write(table, survey.left_out.get(label), out / "layers", name)
        for key in _OF_THE_FILE:
            block.pop(key, None)
        block["path"] = f"layers/{name}.gpkg"
        if columns:
            block["columns"] = columns
        written.append(label)
    elevation = study.layers.elevation
    others = {"streets": study.layers.streets.path} | ({"elevation": elevation.path} if elevation else {})
    for label, path in others.items():
        if not is_connection(path):
            raw["layers"][label]["path"] = _copied(folder / path, out, label, final or out)
    target = out / "study.yaml"
    yaml = YAML()
    yaml.allow_unicode = True
    yaml.width = 120
    with target.open("w", encoding="utf-8") as file:
        yaml.dump(raw, file)
    return Mended(target, tuple(written), tuple(left))


def mended_frame(table: LayerTable) -> tuple[gpd.GeoDataFrame, dict[str, str]]:
    """Return a layer's rows with full names, numbers that are numbers and ids that are ids; and its new ``columns``."""
    frame = table.frame.copy()
    columns = {ours: theirs for ours, theirs in table.spec.columns.items() if ours not in ("x", "y")}
    renamed = {found: wanted for wanted, found in table.cut_names().items()}
    frame = frame.rename(columns=renamed)
    for name in _number_columns(table):
        if name in frame:
            numbers = read_numbers(frame[name], decimal=table.spec.decimal, usual=table.usual_decimal)
            doubtful = numbers.unreadable | numbers.ranged | numbers.percent | numbers.broken
            if numbers.text.any() and not doubtful.any() and not numbers.marks.doubtful:
                frame[name] = numbers.amounts
    id_name = columns.get("id", "id")
    if id_name not in frame:
        frame[id_name] = made_ids(table)
    elif not isinstance(table.spec, Facilities):  # a facility may have a row for each service
        ids = [as_text(value) for value in frame[id_name]]
        if "" in ids or len(set(ids)) < len(ids):
            made = made_ids(table)
            frame[id_name] = unique_ids([name or made[row] for row, name in enumerate(ids)])
    return frame, columns


def _write(table: LayerTable, left_out: pd.DataFrame | None, folder: Path, name: str) -> dict[str, str]:
    frame, columns = mended_frame(table)
    if left_out is not None and len(left_out):
        rows = pd.DataFrame(left_out.drop(columns="geometry", errors="ignore"))
        rows.insert(0, "row", left_out.index + 1)
        rows.to_csv(folder / f"{name}.left-out.csv", index=False, encoding="utf-8-sig")
    storable = _storable(frame)
    kinds = set(storable.geometry.geom_type)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what GDAL says of column types is of no use to a planner
        storable.to_file(
            folder / f"{name}.gpkg", layer=name, driver="GPKG", engine="pyogrio",
            layer_options={"FID": "planner_fid", "GEOMETRY_NAME": "planner_geom"},
            **({"geometry_type": "Unknown"} if len(kinds) > 1 else {}),
        )  # fmt: skip
    return columns


def _copied(path: Path, out: Path, label: str, final: Path) -> str:
    """Copy a layer that is not mended, with every file it is read from; return its path in the new study."""
    parts = parts_of(path)
    if not parts:
        return _relative(path, final)
    for name, part in parts.items():
        # a folder of its own: no copy takes the place of another, and no file beside it is taken for its companion
        target = out / "layers" / label / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(part, target)
    return f"layers/{label}/{path.name}"


def _storable(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Make texts of mixed cells, and names unique without regard to case, as a GeoPackage wants them."""
    stored = frame.reset_index(drop=True)
    for name in stored.columns:
        if name != "geometry" and stored[name].dtype == object:
            texts = [as_text(value) or None for value in stored[name]]
            stored[name] = pd.Series(texts, index=stored.index, dtype=object)
    taken: set[str] = set()
    names = []
    for name in stored.columns:
        fresh, number = str(name), 2
        while fresh.casefold() in taken:
            fresh, number = f"{name}_{number}", number + 1
        taken.add(fresh.casefold())
        names.append(fresh)
    return stored.set_axis(names, axis=1).set_geometry("geometry")


def _number_columns(table: LayerTable) -> list[str]:
    """Return the file's names of columns that the study reads as numbers."""
    named = [table.spec.columns.get(ours, ours) for ours in _NUMBERS]
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
