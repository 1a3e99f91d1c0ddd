"""Read how many people of each group a layer counts, and doubt the figures that cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import shapely

from planner.district.elsewhere import note_unjoined
from planner.district.files import as_text, folded, read_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from planner.district.files import Numbers
    from planner.district.layers import LayerTable
    from planner.study import Counted, People

    Floats = NDArray[np.float64]

#: people per km² above which a polygon's figure is doubted; the densest quarters of the world stay under 150,000
MOST_PER_KM2 = 200_000.0
#: people in one row; more than live on earth
MOST_PEOPLE = 1e10
#: polygons smaller than this may be a single tower
DOUBTED_FROM_M2 = 10_000.0
#: sums of fractions are compared to this
_LEAST_DIFFERENCE = 0.01


def join_to_communities(
    table: LayerTable, spec: People, communities: LayerTable, renamed: Mapping[str, str]
) -> LayerTable:
    """Return a table's rows with the shapes of the communities they name; rows that name none are noted."""
    join = spec.join
    if join is None:
        return table
    keys, targets = table.codes(join.column, "join"), communities.codes(join.to, "join")
    if keys is None or targets is None:
        return _nowhere(table, communities)
    new_names = {folded(old): folded(new) for old, new in renamed.items()}
    named = [folded(key) for key in keys]
    named = [new_names.get(key, key) for key in named]
    known: dict[str, int] = {}
    for position, target in enumerate(targets):
        known.setdefault(folded(target), position)
    at = np.array([known.get(key, known.get(_without_fraction(key), -1)) for key in named], dtype=np.int64)
    if (at < 0).any():
        note_unjoined(table, list(keys), named, list(known), at >= 0)
    twice = (at >= 0) & (np.bincount(at[at >= 0], minlength=len(targets))[at] > 1)
    if twice.any():
        table.flag("error", "joined-twice", twice)
    without = np.setdiff1d(np.arange(len(targets)), at)
    if len(without):
        communities.flag("warning", "community-without-row", without, table=table.where)
    found = table.frame[at >= 0]
    shapes = np.array(communities.frame.geometry.array, dtype=object)[at[at >= 0]]
    return table.with_frame(
        gpd.GeoDataFrame(found, geometry=gpd.GeoSeries(shapes, found.index, crs=communities.frame.crs))
    )


def _without_fraction(key: str) -> str:
    """Return ``310111`` for ``310111.0``: a program that met one empty cell wrote the codes of the others so."""
    return key.removesuffix(".0") if key[:-2].isdecimal() else key


def read_counts(table: LayerTable, spec: People) -> dict[str, Floats]:
    """Return the people of each group, float64[n], no NaN, not negative; doubtful figures are noted."""
    counts: dict[str, Floats] = {}
    for group, counted in spec.groups.items():
        numbers = _people(table, counted)
        if numbers is not None:
            beyond = numbers > MOST_PEOPLE
            if beyond.any():
                table.flag("error", "impossible-people", beyond, group=group, most=float(numbers.max()))
                numbers = np.where(beyond, 0.0, numbers)
            counts[group] = numbers
    for group, said in spec.stated.items():
        total = float(counts[group].sum()) if group in counts else said
        if abs(total - said) >= _LEAST_DIFFERENCE:
            # figures published in 万人 to two places differ from their published sum by their own rounding
            slack = _rounding(table, spec.groups[group]) * len(table)
            severity: Literal["warning", "note"] = "warning" if abs(total - said) > slack else "note"
            table.flag(severity, "sum-disagrees", group=group, total=total, stated=said, difference=total - said)
    if spec.total is not None:
        read = table.figures(spec.total, "total")
        if read is not None:
            everybody = read.amounts
            for group, people in counts.items():
                more = people > np.nan_to_num(everybody) * spec.groups[group].unit + _LEAST_DIFFERENCE
                if more.any():
                    table.flag("error", "band-exceeds-total", more, group=group, column=spec.total)
    _doubt_density(table, counts)
    for text in dict.fromkeys(spec.estimates.values()):
        named = [group for group, said in spec.estimates.items() if said == text]
        table.flag("note", "estimated-people", groups=", ".join(named), estimate=text)
    return counts


def _people(table: LayerTable, counted: Counted) -> Floats | None:
    one_by_one = counted.unit == 1 and counted.percent_of is None
    read = table.figures(counted.column, "people", whole=one_by_one)
    base = table.figures(counted.percent_of, "percent_of", whole=True) if counted.percent_of else None
    if read is None or (counted.percent_of and base is None):
        return None
    if read.missing.any():
        table.flag("warning", "missing-number", read.missing, column=counted.column)
    # a cell with a percent sign says its own unit
    people = np.maximum(np.nan_to_num(read.amounts), 0.0) * np.where(read.percent, 1.0, counted.unit)
    if base is None:
        if read.percent.any():
            example = as_text(table.frame[_named(table, counted.column)].iloc[int(np.flatnonzero(read.percent)[0])])
            table.flag("error", "percent-for-people", read.percent, column=counted.column, example=example)
    else:
        people = _of_everybody(table, counted, read, people) * np.maximum(np.nan_to_num(base.amounts), 0.0)
        unknown = base.missing & (people == 0) & (read.amounts > 0)
        if unknown.any():
            table.flag("warning", "missing-number", unknown, column=str(counted.percent_of))
    return people if counted.share is None else people * counted.share


def _of_everybody(table: LayerTable, counted: Counted, read: Numbers, percent: Floats) -> Floats:
    """Return a column of percentages as shares; doubt figures that may be shares already."""
    above = percent > 100
    if above.any():
        table.flag("error", "percentage-above-100", above, column=counted.column)
    small = ~read.percent & (read.amounts > 0) & (read.amounts <= 1)
    if small.any() and counted.unit == 1:
        example = as_text(table.frame[_named(table, counted.column)].iloc[int(np.flatnonzero(small)[0])])
        if read.percent.any():
            table.flag("error", "mixed-percents", small, column=counted.column, example=example)
        elif not (read.amounts > 1).any():
            table.flag("warning", "share-for-percent", small, column=counted.column, example=example)
    return percent / 100.0


def _named(table: LayerTable, name: str) -> str:
    column = table.column(name, "people")
    return name if column is None else str(column.name)


def _rounding(table: LayerTable, counted: Counted) -> float:
    """Return by how many people a figure may be wrong for being rounded; 0 where whole people are counted."""
    column = table.column(counted.column, "people")
    if column is None or (counted.unit == 1 and counted.percent_of is None and counted.share is None):
        return 0.0
    mark = read_numbers(column, decimal=table.spec.decimal, usual=table.usual_decimal).marks.decimal
    places = max((len(_digits(as_text(value).partition(mark)[2])) for value in column), default=0)
    whole = 1.0 if counted.percent_of is None else 100.0
    return 0.5 * 10.0**-places * counted.unit / whole * (counted.share or 1.0)


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdecimal())


def _doubt_density(table: LayerTable, counts: Mapping[str, Floats]) -> None:
    if not counts or not len(table):
        return
    area_m2 = shapely.area(np.array(table.frame.geometry.array, dtype=object))
    most = np.max(list(counts.values()), axis=0)
    per_km2 = np.divide(most * 1e6, area_m2, out=np.zeros_like(most), where=area_m2 > DOUBTED_FROM_M2)
    dense = per_km2 > MOST_PER_KM2
    if dense.any():
        table.flag("warning", "implausible-people", dense, most=float(per_km2.max()))


def _nowhere(table: LayerTable, communities: LayerTable) -> LayerTable:
    nothing = table.frame.iloc[:0]
    return table.with_frame(gpd.GeoDataFrame(nothing, geometry=gpd.GeoSeries([], crs=communities.frame.crs)))
