"""Checks of the frames and series that the library is given: every fault at once, each with how to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from planner.errors import Fault, LayerError, StudyError, raise_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pyproj
    from numpy.typing import NDArray

    from planner.access import WalkNetwork

SHOWN = 5
"""Ids listed in a message."""


def listed(ids: Iterable[object]) -> str:
    """Return the first ids as text, and how many there are if more.

    >>> listed(["a", "b"])
    "'a', 'b'"
    """
    every = list(ids)
    rest = f" and {len(every) - SHOWN} more" if len(every) > SHOWN else ""
    return ", ".join(map(repr, every[:SHOWN])) + rest


def point_faults(name: str, frame: object, crs: pyproj.CRS) -> list[Fault]:
    """Return what keeps a frame from being points in the system of a network.

    Parameters
    ----------
    name
        The argument, for the message.
    frame
        What was given.
    crs
        System of the network.
    """
    if not isinstance(frame, gpd.GeoDataFrame):
        found = type(frame).__name__
        mend = "geopandas.GeoDataFrame(frame, geometry=geopandas.points_from_xy(x, y), crs=…)"
        return [Fault(name, f"is a {found}, not a GeoDataFrame", mend)]
    faults = []
    if frame.empty:
        faults.append(Fault(name, "has no rows", "check the filter or the file it was read from"))
    faults += index_faults(name, frame.index)
    faults += _geometry_faults(name, frame)
    faults += _crs_faults(name, frame, crs)
    return faults


def index_faults(name: str, index: pd.Index[Any]) -> list[Fault]:
    """Return what keeps an index from naming each row once."""
    faults = []
    doubled = index[index.duplicated()].unique()
    if len(doubled):
        mend = "set_index() to a unique id, or merge the rows with dissolve()"
        faults.append(Fault(f"{name}.index", f"names rows twice: {listed(doubled)}", mend))
    if index.hasnans:
        faults.append(
            Fault(
                f"{name}.index", f"has {int(np.sum(index.isna()))} rows without an id", "set_index() to a full column"
            )
        )
    return faults


def _geometry_faults(name: str, frame: gpd.GeoDataFrame) -> list[Fault]:
    where, shapes = f"{name}.geometry", frame.geometry
    missing = shapes.isna() | shapes.is_empty
    faults = []
    if missing.any():
        rows = listed(frame.index[missing])
        faults.append(Fault(where, f"is missing or empty in {rows}", f"drop them: {name}[~{name}.geometry.isna()]"))
    others = frame.index[~missing & (shapes.geom_type != "Point")]
    if len(others):
        kinds = ", ".join(sorted(set(shapes[others].geom_type)))
        what = f"is {kinds}, not Point, in {listed(others)}"
        faults.append(Fault(where, what, f"use the doors, or {name}.geometry.representative_point()"))
    return faults


def _crs_faults(name: str, frame: gpd.GeoDataFrame, crs: pyproj.CRS) -> list[Fault]:
    where, wanted = f"{name}.crs", crs.to_string()
    if frame.crs is None:
        return [Fault(where, "is missing", f"say what the coordinates are in: {name}.set_crs(…).to_crs({wanted!r})")]
    if frame.crs.is_geographic:
        what = f"is in degrees ({frame.crs.to_string()}); the network is in metres ({wanted})"
        return [Fault(where, what, f"make sure that they are not GCJ-02, then {name}.to_crs({wanted!r})")]
    if frame.crs != crs:
        what = f"is {frame.crs.to_string()}, the network is in {wanted}"
        return [Fault(where, what, f"{name}.to_crs({wanted!r})")]
    return []


def points_xy(frame: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return the coordinates of points, float64[n, 2], in metres."""
    return np.column_stack([frame.geometry.x, frame.geometry.y]).reshape(-1, 2).astype(np.float64)


def apart_faults(name: str, frame: gpd.GeoDataFrame, network: WalkNetwork, max_connector_m: float) -> list[Fault]:
    """Return the fault of points of which none is near a street: degrees called metres, or another place."""
    west, south, east, north = (float(edge) for edge in frame.total_bounds)
    if max(abs(west), abs(east)) <= 180 and max(abs(south), abs(north)) <= 90:
        wanted = network.crs.to_string()
        what = f"says {wanted}, but the coordinates look like degrees ({west:g} {south:g} … {east:g} {north:g})"
        mend = f"{name}.set_crs('EPSG:4326', allow_override=True).to_crs({wanted!r}), if they are WGS 84"
        return [Fault(f"{name}.crs", what, mend)]
    (low_x, low_y), (high_x, high_y) = network.xy.min(axis=0), network.xy.max(axis=0)
    what = (
        f"no street within {max_connector_m:g} m of any of them: they lie in {west:.0f} {south:.0f} … {east:.0f} {north:.0f},"
        f" the streets in {low_x:.0f} {low_y:.0f} … {high_x:.0f} {high_y:.0f}"
    )
    return [Fault(name, what, "compare the two systems on a map, or read the streets of this place")]


def amounts(
    name: str,
    values: object,
    frame: gpd.GeoDataFrame,
    *,
    faults: list[Fault],
    of: str = "origins",
    endless: bool = False,
    negative: bool = False,
) -> NDArray[np.float64]:
    """Return an amount for each row of a frame, float64[n]; what is wrong with it is added to ``faults``.

    Parameters
    ----------
    name
        The argument, for the message.
    values
        A series on the frame's index (in any order), the name of one of its columns, or one number for every row.
    frame
        Origins or destinations.
    of
        What the frame is, for the message.
    endless, negative
        Whether infinite and negative amounts are permitted.
    """
    nothing = np.zeros(len(frame))
    if isinstance(values, str):
        if values not in frame.columns:
            columns = listed(column for column in frame.columns if column != frame.geometry.name)
            faults.append(Fault(name, f"{of} have no column {values!r}", f"they have {columns or 'none'}"))
            return nothing
        values = frame[values]
    if isinstance(values, int | float | np.number) and not isinstance(values, bool):
        values = pd.Series(float(values), index=frame.index)
    if not isinstance(values, pd.Series):
        found = type(values).__name__
        faults.append(
            Fault(name, f"is a {found}", f"give a Series on the index of the {of}, a column of theirs, or a number")
        )
        return nothing
    wrong = index_faults(name, values.index)
    absent = frame.index.difference(values.index)
    foreign = values.index.difference(frame.index)
    if len(absent):
        wrong.append(
            Fault(name, f"has no value for {listed(absent)}", f"reindex it to the {of}: .reindex(…, fill_value=0)")
        )
    if len(foreign):
        wrong.append(
            Fault(name, f"names {listed(foreign)}, which are not among the {of}", "drop them, or add them there")
        )
    if not (pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)):
        wrong.append(Fault(name, f"is {values.dtype}, not numbers", "pandas.to_numeric()"))
    if wrong:
        faults += wrong
        return nothing
    aligned = values.reindex(frame.index)
    amount = aligned.to_numpy(dtype=np.float64, na_value=np.nan)
    limits = (
        (np.isnan(amount), "is missing (NaN)", "fill it: .fillna(0) where there is nobody and nothing"),
        (np.isinf(amount) & (not endless), "is infinite", "give a finite number"),
        ((amount < 0) & (not negative), "is negative", "amounts are ≥ 0"),
    )
    for marked, what, mend in limits:
        if marked.any():
            faults.append(Fault(name, f"{what} in {listed(frame.index[marked])}", mend))
    return amount


def chosen(
    name: str, values: object, frame: gpd.GeoDataFrame, *, faults: list[Fault], of: str = "destinations"
) -> NDArray[np.bool_]:
    """Return which rows of a frame are named, bool[n]; what is wrong with it is added to ``faults``.

    Parameters
    ----------
    name, frame, of
        As in `amounts`.
    values
        A boolean series on the frame's index, the name of a boolean column, or ids.
    """
    marked = np.zeros(len(frame), dtype=np.bool_)
    if values is None:
        return marked
    if isinstance(values, str) and values in frame.columns:
        values = frame[values]
    if isinstance(values, pd.Series) and pd.api.types.is_bool_dtype(values):
        return amounts(name, values, frame, faults=faults, of=of).astype(np.bool_)
    try:
        ids = [values] if isinstance(values, str) else list(values)  # type: ignore[call-overload]
    except TypeError:
        ids = [values]
    unknown = [one for one in ids if one not in frame.index]
    if unknown:
        faults.append(Fault(name, f"{listed(unknown)} is not among the {of}", f"they are {listed(frame.index)}"))
    return np.asarray(frame.index.isin(ids))


def at_least(faults: list[Fault], numbers: Mapping[str, float | None], least: float = 0.0) -> None:
    """Add a fault for every number below ``least``, and for what is not a number."""
    for name, number in numbers.items():
        if number is None:
            continue
        if isinstance(number, bool) or not isinstance(number, int | float | np.number) or not number >= least:
            faults.append(Fault(name, f"must be a number ≥ {least:g}, not {number!r}"))


def wrong_type(name: str, value: object, kind: type, mend: str) -> list[Fault]:
    """Return a fault where ``value`` is of another type."""
    return [] if isinstance(value, kind) else [Fault(name, f"is a {type(value).__name__}", mend)]


def refuse_frames(faults: list[Fault]) -> None:
    """Raise LayerError naming every fault; do nothing when there is none."""
    raise_all(faults, LayerError, "the frames cannot be used")


def refuse_model(faults: list[Fault]) -> None:
    """Raise StudyError naming every fault; do nothing when there is none."""
    raise_all(faults, StudyError, "the model cannot be used")
