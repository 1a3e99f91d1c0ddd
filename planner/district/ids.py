"""Identifiers: read from the layer, generated where missing, made unique across layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from planner.district.findings import Findings
    from planner.district.layer_table import LayerTable


def layer_ids(table: LayerTable, *, several_rows_per_id: bool = False) -> list[str]:
    """Return the layer's ids as texts; generated from file name and row numbers where it has none.

    An id that stands twice is an error; with ``several_rows_per_id`` only if its rows lie apart.
    """
    ids = table.codes("id", "id") if table.optional("id") is not None else None
    if ids is None:
        table.flag("note", "ids-made")
        return generated_ids(table)
    series = pd.Series(ids, dtype=object)
    invalid = series.eq("") | series.duplicated(keep=False)
    if several_rows_per_id and invalid.any():
        invalid = series.eq("") | (
            invalid
            & (pd.Series(_rounded_positions(table.frame.geometry.array)).groupby(series).transform("nunique") > 1)
        )
    if invalid.any():
        table.flag("error", "duplicate-id", invalid.to_numpy(dtype=bool))
    # a blank id is an error; messages name the row instead
    return [name or f"#{int(row) + 1}" for name, row in zip(ids, table.frame.index, strict=True)]


def generated_ids(table: LayerTable) -> list[str]:
    """Return ids generated from file name and row numbers (1 = first)."""
    stem = table.spec.path.name.split(".")[0]
    return [f"{stem}-{int(row) + 1}" for row in table.frame.index]


def unique_ids(ids: Sequence[str]) -> list[str]:
    """Return ids that are unique: the second ``a`` becomes ``a~2``."""
    series = pd.Series(ids, dtype=object)
    occurrence = series.groupby(series, sort=False).cumcount()
    used = set(series)
    unique = []
    for name, turn in zip(series, occurrence, strict=True):
        new_ids, number = str(name), int(turn) + 1
        while turn and new_ids in used:
            new_ids, number = f"{name}~{number}", number + 1
        used.add(new_ids)
        unique.append(new_ids)
    return unique


def qualify_clashing_ids(rows: pd.DataFrame, findings: Findings, layer: str) -> pd.DataFrame:
    """Return rows (``id``, ``point``, ``source``) with ids prefixed by file where different objects share one."""
    if rows.empty:
        return rows
    clash = rows.assign(place=_rounded_positions(rows["point"])).groupby("id")["place"].transform("nunique") > 1
    if not clash.any():
        return rows
    shared = list(rows["id"][clash].unique())
    findings.note("ids-qualified", layer, "", shared)
    stems = [str(source).rsplit("/", 1)[-1].split(".")[0] for source in rows["source"]]
    new_ids = [f"{stem}-{i}" if occurrence else i for stem, i, occurrence in zip(stems, rows["id"], clash, strict=True)]
    return rows.assign(id=np.array(new_ids, dtype=object))


def distinct_facility_ids(facilities: Sequence[str], sites: Sequence[str], findings: Findings) -> list[str]:
    """Return facility ids that no candidate site has: ``w1`` becomes ``w1~today`` if it is a candidate site too.

    The candidate keeps the id, for it is what locks, decisions and entrances usually name.
    """
    candidates = set(sites)
    shared_ids = [name for name in facilities if name in candidates]
    if not shared_ids:
        return list(facilities)
    used = candidates | set(facilities)
    new_ids = {}
    for name in shared_ids:
        new_id, number = f"{name}~today", 2
        while new_id in used:
            new_id, number = f"{name}~today{number}", number + 1
        used.add(new_id)
        new_ids[name] = new_id
    findings.warn(
        "ids-of-both", "layers.facilities", "", shared_ids, example=shared_ids[0], apart=new_ids[shared_ids[0]]
    )
    return [new_ids.get(name, name) for name in facilities]


def _rounded_positions(shapes: Iterable[shapely.Geometry]) -> list[str]:
    """Return the position of each shape rounded to the metre, as text."""
    points = shapely.point_on_surface(np.array(list(shapes), dtype=object))
    return [f"{x:.0f} {y:.0f}" for x, y in shapely.get_coordinates(points)]
