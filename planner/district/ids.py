"""Ids: the layer's own, made where there are none, told apart where several layers share them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from planner.district.findings import Findings
    from planner.district.layers import LayerTable


def own_ids(table: LayerTable, *, one_thing_may_have_many_rows: bool = False) -> list[str]:
    """Return the layer's ids as texts; made from the file's name and row numbers where it has none.

    An id that stands twice is an error; with ``one_thing_may_have_many_rows`` only if its rows lie apart.
    """
    ids = table.codes("id", "id") if table.optional("id") is not None else None
    if ids is None:
        table.flag("note", "ids-made")
        return made_ids(table)
    series = pd.Series(ids, dtype=object)
    bad = series.eq("") | series.duplicated(keep=False)
    if one_thing_may_have_many_rows and bad.any():
        bad = series.eq("") | (
            bad & (pd.Series(_places(table.frame.geometry.array)).groupby(series).transform("nunique") > 1)
        )
    if bad.any():
        table.flag("error", "duplicate-id", bad.to_numpy(dtype=bool))
    # a blank id is an error; until it is mended, messages name the row
    return [name or f"#{int(row) + 1}" for name, row in zip(ids, table.frame.index, strict=True)]


def made_ids(table: LayerTable) -> list[str]:
    """Return ids made from the file's name and row numbers (1 = first)."""
    stem = table.spec.path.name.split(".")[0]
    return [f"{stem}-{int(row) + 1}" for row in table.frame.index]


def unique_ids(ids: Sequence[str]) -> list[str]:
    """Return ids that are unique: the second ``a`` becomes ``a~2``."""
    series = pd.Series(ids, dtype=object)
    again = series.groupby(series, sort=False).cumcount()
    taken = set(series)
    unique = []
    for name, turn in zip(series, again, strict=True):
        fresh, number = str(name), int(turn) + 1
        while turn and fresh in taken:
            fresh, number = f"{name}~{number}", number + 1
        taken.add(fresh)
        unique.append(fresh)
    return unique


def qualified(rows: pd.DataFrame, findings: Findings, layer: str) -> pd.DataFrame:
    """Return rows (``id``, ``point``, ``source``) in which different things of different files have ids of their own."""
    if rows.empty:
        return rows
    clash = rows.assign(place=_places(rows["point"])).groupby("id")["place"].transform("nunique") > 1
    if not clash.any():
        return rows
    shared = list(rows["id"][clash].unique())
    findings.note("ids-qualified", layer, "", shared)
    stems = [str(source).rsplit("/", 1)[-1].split(".")[0] for source in rows["source"]]
    fresh = [f"{stem}-{i}" if again else i for stem, i, again in zip(stems, rows["id"], clash, strict=True)]
    return rows.assign(id=np.array(fresh, dtype=object))


def told_apart(facilities: Sequence[str], sites: Sequence[str], findings: Findings) -> list[str]:
    """Return ids of facilities of which none is also a candidate's: ``w1`` that stands and could be fitted out is ``w1~today``.

    The candidate keeps the id, for it is what locks, decisions and entrances usually name.
    """
    candidates = set(sites)
    both = [name for name in facilities if name in candidates]
    if not both:
        return list(facilities)
    taken = candidates | set(facilities)
    fresh = {}
    for name in both:
        apart, number = f"{name}~today", 2
        while apart in taken:
            apart, number = f"{name}~today{number}", number + 1
        taken.add(apart)
        fresh[name] = apart
    findings.warn("ids-of-both", "layers.facilities", "", both, example=both[0], apart=fresh[both[0]])
    return [fresh.get(name, name) for name in facilities]


def _places(shapes: Iterable[shapely.Geometry]) -> list[str]:
    """Name the place of each shape to the metre."""
    points = shapely.point_on_surface(np.array(list(shapes), dtype=object))
    return [f"{x:.0f} {y:.0f}" for x, y in shapely.get_coordinates(points)]
