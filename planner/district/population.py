"""Population per group of each row of a layer, joined to communities and checked for plausibility."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import shapely

from planner.district.layer_table import matching_columns, requested_columns
from planner.io.cells import as_text, normalised_name
from planner.io.numbers import read_numbers
from planner.study import People

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from planner.district.layer_table import LayerTable
    from planner.io.numbers import NumberColumn
    from planner.study import Counted

    Floats = NDArray[np.float64]

#: implausible density of people per km²; the densest quarters of the world stay under 150,000
MAX_PER_KM2 = 200_000.0
#: people in one row; more than live on earth
MAX_PEOPLE = 1e10
#: polygons smaller than this may be a single tower
MIN_DENSITY_AREA_M2 = 10_000.0
#: sums of fractions are compared to this
_SUM_TOLERANCE = 0.01
#: names listed in a finding
_NAMES_LISTED = 10
#: maximum share of distinct values of a column that distinguishes districts
_MAX_DISTINCT_SHARE = 0.5


def join_to_communities(
    table: LayerTable, spec: People, communities: LayerTable, renamed: Mapping[str, str]
) -> LayerTable:
    """Return a table's rows with the shapes of the communities they name; rows that name none are noted."""
    join = spec.join
    if join is None:
        return table
    keys, targets = table.codes(join.column, "join"), communities.codes(join.to, "join")
    if keys is None or targets is None:
        return _without_rows(table, communities)
    new_names = {normalised_name(old): normalised_name(new) for old, new in renamed.items()}
    named = [normalised_name(key) for key in keys]
    named = [new_names.get(key, key) for key in named]
    known: dict[str, int] = {}
    for position, target in enumerate(targets):
        known.setdefault(normalised_name(target), position)
    at = np.array([known.get(key, known.get(_without_fraction(key), -1)) for key in named], dtype=np.int64)
    if (at < 0).any():
        check_unjoined_rows(table, list(keys), named, list(known), at >= 0)
    duplicated = (at >= 0) & (np.bincount(at[at >= 0], minlength=len(targets))[at] > 1)
    if duplicated.any():
        table.flag("error", "joined-twice", duplicated)
    missing_rows = np.setdiff1d(np.arange(len(targets)), at)
    if len(missing_rows):
        communities.flag("warning", "community-without-row", missing_rows, table=table.where)
    found = table.frame[at >= 0]
    shapes = np.array(communities.frame.geometry.array, dtype=object)[at[at >= 0]]
    return table.with_frame(
        gpd.GeoDataFrame(found, geometry=gpd.GeoSeries(shapes, found.index, crs=communities.frame.crs))
    )


def _without_fraction(key: str) -> str:
    """Return ``310111`` for ``310111.0``: a program that met one empty cell wrote the codes of the others so."""
    return key.removesuffix(".0") if key[:-2].isdecimal() else key


def read_counts(table: LayerTable, spec: People) -> dict[str, Floats]:
    """Return the people of each group, float64[n], no NaN, not negative; implausible figures are flagged."""
    counts: dict[str, Floats] = {}
    for group, counted in spec.groups.items():
        numbers = _people(table, counted)
        if numbers is not None:
            impossible = numbers > MAX_PEOPLE
            if impossible.any():
                table.flag("error", "impossible-people", impossible, group=group, most=float(numbers.max()))
                numbers = np.where(impossible, 0.0, numbers)
            counts[group] = numbers
    for group, stated_total in spec.stated.items():
        total = float(counts[group].sum()) if group in counts else stated_total
        if abs(total - stated_total) >= _SUM_TOLERANCE:
            # figures published in 万人 to two decimals differ from their published sum by rounding
            rounding = _rounding_error(table, spec.groups[group]) * len(table)
            severity: Literal["warning", "note"] = "warning" if abs(total - stated_total) > rounding else "note"
            table.flag(
                severity,
                "sum-disagrees",
                group=group,
                total=total,
                stated=stated_total,
                difference=total - stated_total,
            )
    if spec.total is not None:
        read = table.figures(spec.total, "total")
        if read is not None:
            totals = read.amounts
            for group, people in counts.items():
                more = people > np.nan_to_num(totals) * spec.groups[group].unit + _SUM_TOLERANCE
                if more.any():
                    table.flag("error", "band-exceeds-total", more, group=group, column=spec.total)
    _check_density(table, counts)
    for text in dict.fromkeys(spec.estimates.values()):
        named = [group for group, stated_total in spec.estimates.items() if stated_total == text]
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
    # a percent sign overrides the declared unit
    people = np.maximum(np.nan_to_num(read.amounts), 0.0) * np.where(read.percent, 1.0, counted.unit)
    if base is None:
        if read.percent.any():
            example = as_text(
                table.frame[_column_name(table, counted.column)].iloc[int(np.flatnonzero(read.percent)[0])]
            )
            table.flag("error", "percent-for-people", read.percent, column=counted.column, example=example)
    else:
        people = _percentages_as_shares(table, counted, read, people) * np.maximum(np.nan_to_num(base.amounts), 0.0)
        unmatched = base.missing & (people == 0) & (read.amounts > 0)
        if unmatched.any():
            table.flag("warning", "missing-number", unmatched, column=str(counted.percent_of))
    return people if counted.share is None else people * counted.share


def _percentages_as_shares(table: LayerTable, counted: Counted, read: NumberColumn, percent: Floats) -> Floats:
    """Return percentages as shares; flag values that may be shares already."""
    above = percent > 100
    if above.any():
        table.flag("error", "percentage-above-100", above, column=counted.column)
    small = ~read.percent & (read.amounts > 0) & (read.amounts <= 1)
    if small.any() and counted.unit == 1:
        example = as_text(table.frame[_column_name(table, counted.column)].iloc[int(np.flatnonzero(small)[0])])
        if read.percent.any():
            table.flag("error", "mixed-percents", small, column=counted.column, example=example)
        elif not (read.amounts > 1).any():
            table.flag("warning", "share-for-percent", small, column=counted.column, example=example)
    return percent / 100.0


def _column_name(table: LayerTable, name: str) -> str:
    column = table.column(name, "people")
    return name if column is None else str(column.name)


def _rounding_error(table: LayerTable, counted: Counted) -> float:
    """Return by how many people a figure may be wrong for being rounded; 0 where whole people are counted."""
    column = table.column(counted.column, "people")
    if column is None or (counted.unit == 1 and counted.percent_of is None and counted.share is None):
        return 0.0
    mark = read_numbers(column, decimal=table.spec.decimal, usual=table.usual_decimal).decimal_mark.decimal
    places = max((len(_digits(as_text(value).partition(mark)[2])) for value in column), default=0)
    whole = 1.0 if counted.percent_of is None else 100.0
    return 0.5 * 10.0**-places * counted.unit / whole * (counted.share or 1.0)


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdecimal())


def _check_density(table: LayerTable, counts: Mapping[str, Floats]) -> None:
    if not counts or not len(table):
        return
    area_m2 = shapely.area(np.array(table.frame.geometry.array, dtype=object))
    most = np.max(list(counts.values()), axis=0)
    per_km2 = np.divide(most * 1e6, area_m2, out=np.zeros_like(most), where=area_m2 > MIN_DENSITY_AREA_M2)
    dense = per_km2 > MAX_PER_KM2
    if dense.any():
        table.flag("warning", "implausible-people", dense, most=float(per_km2.max()))


def _without_rows(table: LayerTable, communities: LayerTable) -> LayerTable:
    nothing = table.frame.iloc[:0]
    return table.with_frame(gpd.GeoDataFrame(nothing, geometry=gpd.GeoSeries([], crs=communities.frame.crs)))


def check_unjoined_rows(
    table: LayerTable, keys: Sequence[object], named: Sequence[str], known: Sequence[str], joined: NDArray[np.bool_]
) -> None:
    """Flag the rows of ``table`` that name no community: elsewhere, or possibly misspelt.

    Where every community has its row, the others are of places elsewhere; so are those that a column of the table (a
    district, a city) tells from all that were joined. The rest may be misspelt: an error, since their people would be lost.

    Parameters
    ----------
    table
        The table, row by row.
    keys
        Name that each row gives.
    named
        The same as it is compared: folded, renamed.
    known
        Names of the communities as they are compared.
    joined
        Rows that name a community.
    """
    if table.findings.refused("layers.communities"):
        return  # communities that could not be read are missing here
    names = np.array([as_text(key) for key in keys], dtype=object)
    without_row = sorted(set(known) - {name for name, there in zip(named, joined, strict=True) if there})
    tells_apart = _district_column(table, joined) if joined.any() else None
    elsewhere = ~joined
    if without_row or not joined.any():
        other = np.zeros(len(joined), dtype=bool)
        if tells_apart is not None:
            column, value = tells_apart
            other = np.array([as_text(cell) != value for cell in table.frame[column]], dtype=bool)
        elsewhere &= other
    unmatched = ~joined & ~elsewhere
    if elsewhere.any():
        keep = f"keep: {{{tells_apart[0]}: ['{tells_apart[1]}']}}" if tells_apart else "keep: {…: […]}"
        severity: Literal["note", "warning"] = "note" if tells_apart else "warning"
        table.flag(severity, "rows-elsewhere", elsewhere, names=_listed(names[elsewhere]), keep=keep)
    if unmatched.any():
        first = named[int(np.flatnonzero(unmatched)[0])]
        similar = difflib.get_close_matches(first, without_row or list(known), n=1)
        suggestion = f"{similar[0]}? " if similar else ""
        table.flag("error", "unjoined-rows", unmatched, names=_listed(names[unmatched]), near=suggestion)


def _district_column(table: LayerTable, joined: NDArray[np.bool_]) -> tuple[str, str] | None:
    """Return the column, and its value, that all joined rows share and other rows do not; None where there is none."""
    columns = [str(name) for name in table.frame.columns if name != "geometry"]
    spec = table.spec
    joined_by = spec.join.column if isinstance(spec, People) and spec.join is not None else ""
    figures = {found for name in (*requested_columns(spec), joined_by) for found in matching_columns(columns, name)}
    for name in columns:
        if name in figures:
            continue
        cells = np.array([as_text(cell) for cell in table.frame[name]], dtype=object)
        joined_values = set(cells[joined])
        distinct_values = set(cells)
        if (
            len(joined_values) == 1
            and "" not in joined_values
            and 1 < len(distinct_values) <= max(2, _MAX_DISTINCT_SHARE * len(cells))
        ):
            return str(name), str(next(iter(joined_values)))
    return None


def _listed(names: NDArray[np.object_]) -> str:
    """Return some names, each once; a blank one as a dash."""
    several = sorted({str(name) or "–" for name in names})
    return ", ".join(several[:_NAMES_LISTED]) + (" …" if len(several) > _NAMES_LISTED else "")
