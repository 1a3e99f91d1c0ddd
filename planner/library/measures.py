"""Coverage, nearest destination, floating catchments and equity measures on the origins' index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from planner.access import Binary, Decay, Gaussian, Steps, people_share
from planner.access import floating_catchment as catchment_of_arrays
from planner.access import gini as gini_of_arrays
from planner.access import palma as palma_of_arrays
from planner.errors import Fault
from planner.library.frames import SHOWN, amounts, at_least, index_faults, listed, refuse_frames, wrong_type

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.library.matrix import TravelTimeMatrix

Minutes = float | Sequence[float]


def nearest(times: TravelTimeMatrix) -> gpd.GeoDataFrame:
    """Return the nearest destination of each origin and the walk to it.

    Parameters
    ----------
    times : TravelTimeMatrix
        Of `planner.travel_times`.

    Returns
    -------
    geopandas.GeoDataFrame
        On the origins' index: ``destination`` (its id; missing where none is in reach), ``seconds`` (``inf`` where none
        is), and the origins' points.

    Examples
    --------
    >>> import geopandas, shapely, planner
    >>> street = geopandas.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (1000, 0)])], crs="EPSG:25833")
    >>> homes = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy([0, 900], [0, 0]), index=["a", "b"], crs=25833)
    >>> rooms = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy([100], [20]), index=["room"], crs=25833)
    >>> times = planner.travel_times(planner.read_network(street), homes, rooms, walker=1.0, minutes=5)
    >>> planner.nearest(times)["seconds"]
    a    120.0
    b      inf
    Name: seconds, dtype: float32
    """
    found = times.times.nearest_site()
    ids = times.destinations.index.take(np.maximum(found, 0)) if len(times.destinations) else times.origins.index
    destination = pd.Series(ids, index=times.origins.index).where(found >= 0)
    return gpd.GeoDataFrame(
        {"destination": destination, "seconds": times.times.nearest_s()},
        geometry=times.origins.geometry.array,
        index=times.origins.index,
        crs=times.origins.crs,
    )


def coverage(
    times: TravelTimeMatrix, people: pd.Series | str, minutes: Minutes = 15, by: pd.Series | str | None = None
) -> pd.DataFrame:
    """Return how many people have a destination within each number of minutes, of all people.

    People out of reach stay in the total. Each person counts as one: give heads, not weighted demand.

    Parameters
    ----------
    times : TravelTimeMatrix
        Walks to the destinations that count; ``times.to(…)`` takes some of them.
    people : Series or str
        Heads on the origins' index, or the column of the origins that holds them.
    minutes : float or sequence of float
        Cutoffs, themselves included; none beyond that of the travel times.
    by : Series or str, optional
        Area of each origin (community, street …), or the column with it; origins without one form no area.

    Returns
    -------
    pandas.DataFrame
        By minutes (with ``by``: by area and minutes): ``people``, ``covered`` and ``share`` = covered / people (NaN where
        nobody lives).

    Raises
    ------
    LayerError
        If people are missing, negative or on another index, or a cutoff exceeds that of the travel times.

    Examples
    --------
    >>> import geopandas, shapely, planner
    >>> street = geopandas.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (1000, 0)])], crs="EPSG:25833")
    >>> homes = geopandas.GeoDataFrame({"elders": [30, 70]}, geometry=geopandas.points_from_xy([0, 900], [0, 0]), crs=25833)
    >>> rooms = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy([100], [20]), index=["room"], crs=25833)
    >>> times = planner.travel_times(planner.read_network(street), homes, rooms, walker=1.0)
    >>> planner.coverage(times, "elders", minutes=[5, 15]).reset_index()
       minutes  people  covered  share
    0      5.0   100.0     30.0    0.3
    1     15.0   100.0    100.0    1.0
    """
    faults: list[Fault] = []
    heads = amounts("people", people, times.origins, faults=faults)
    cutoffs = _cutoffs(minutes, times, faults)
    areas = None if by is None else _areas(by, times.origins, faults)
    refuse_frames(faults)
    codes, names = (np.zeros(len(heads), dtype=np.int64), None) if areas is None else pd.factorize(areas, sort=True)
    n = 1 if names is None else len(names)
    inside = codes >= 0
    total = np.bincount(codes[inside], weights=heads[inside], minlength=n)
    walks = times.times.nearest_s()
    rows = []
    for cutoff in cutoffs:
        # rounded as the times are, so that a walk of exactly the cutoff is within it
        within = walks <= np.float32(60.0 * cutoff)
        covered = np.bincount(codes[inside], weights=(heads * within)[inside], minlength=n)
        share = people_share(heads, within, codes, n)
        rows.append(pd.DataFrame({"people": total, "covered": covered, "share": share}))
    if names is None:
        return pd.concat(rows).set_index(pd.Index(cutoffs, name="minutes", dtype=np.float64))
    frame = pd.concat(rows, keys=cutoffs, names=["minutes", "area"]).swaplevel().sort_index(kind="stable")
    area = "area" if not isinstance(by, str) else by
    levels = pd.MultiIndex.from_arrays(
        [np.asarray(names)[frame.index.get_level_values(0)], frame.index.get_level_values(1)], names=[area, "minutes"]
    )
    return frame.set_index(levels)


def floating_catchment(
    times: TravelTimeMatrix,
    people: pd.Series | str,
    capacity: pd.Series | str | float,
    decay: Decay | Mapping[float, float] | Literal["binary", "gaussian"] = "binary",
) -> pd.Series:
    """Return the places per person within reach of each origin: 2SFCA, or E2SFCA with a decay.

    Each destination's places are shared among the people who reach it; each origin adds up the shares of the destinations
    that it reaches (Luo and Wang 2003; Luo and Qi 2009).

    Parameters
    ----------
    times : TravelTimeMatrix
        Of `planner.travel_times`.
    people : Series or str
        People on the origins' index, or a column of the origins.
    capacity : Series, str or float
        Places on the destinations' index, or a column of the destinations; one number for all of them.
    decay : {"binary", "gaussian"}, mapping or Decay
        Weight of a walk up to the cutoff of the travel times: 1; falling smoothly to 0 (Dai 2010); by zone, as
        ``{5: 1.0, 10: 0.68, 15: 0.22}`` (minutes → weight); or any function of seconds with a ``cutoff_s``.

    Returns
    -------
    pandas.Series
        ``accessibility`` in places per person, on the origins' index; 0 where nothing is in reach.

    Raises
    ------
    LayerError
        If an amount is missing, negative or on another index, or the decay goes beyond the travel times.

    Examples
    --------
    >>> import geopandas, shapely, planner
    >>> street = geopandas.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (1000, 0)])], crs="EPSG:25833")
    >>> homes = geopandas.GeoDataFrame({"elders": [30, 70]}, geometry=geopandas.points_from_xy([0, 900], [0, 0]), crs=25833)
    >>> rooms = geopandas.GeoDataFrame({"beds": [6]}, geometry=geopandas.points_from_xy([100], [20]), crs=25833)
    >>> times = planner.travel_times(planner.read_network(street), homes, rooms, walker=1.0, minutes=5)
    >>> planner.floating_catchment(times, "elders", "beds")
    0    0.2
    1    0.0
    Name: accessibility, dtype: float64
    """
    faults: list[Fault] = []
    heads = amounts("people", people, times.origins, faults=faults)
    places = amounts("capacity", capacity, times.destinations, faults=faults, of="destinations")
    weight = _decay(decay, times, faults)
    refuse_frames(faults)
    found = catchment_of_arrays(times.times, heads, places, weight)
    return pd.Series(found, index=times.origins.index, name="accessibility")


def gini(values: pd.Series, people: pd.Series) -> float:
    """Return the Gini coefficient of a quantity among people: 0 = equal, towards 1 = one has all.

    Parameters
    ----------
    values : Series
        The quantity each person at an origin has, such as `planner.floating_catchment`; 0 for people who reach nothing.
    people : Series
        Heads, on the same index.

    Returns
    -------
    float
        Half the mean absolute difference between two people, over the mean; NaN where nobody has anything.

    Raises
    ------
    LayerError
        If the indexes differ, or a number is missing, negative or infinite.

    Examples
    --------
    >>> import pandas, planner
    >>> planner.gini(pandas.Series([0.0, 1.0]), pandas.Series([50, 50]))
    0.5
    """
    return gini_of_arrays(*_of_people(values, people))


def palma(values: pd.Series, people: pd.Series) -> float:
    """Return the Palma ratio: what the best-served 10 % of people have over what the worst-served 40 % have.

    Parameters
    ----------
    values, people : Series
        As in `planner.gini`.

    Returns
    -------
    float
        1 / 4 where all have the same; infinite where the worst-served have nothing; NaN where nobody has anything.

    Raises
    ------
    LayerError
        As `planner.gini`.

    Examples
    --------
    >>> import pandas, planner
    >>> planner.palma(pandas.Series([1.0, 3.0]), pandas.Series([90, 10]))
    0.75
    """
    return palma_of_arrays(*_of_people(values, people))


def _of_people(values: pd.Series, people: pd.Series) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    faults: list[Fault] = []
    for name, series in (("values", values), ("people", people)):
        faults += wrong_type(name, series, pd.Series, "give a Series on the origins' index")
    refuse_frames(faults)
    faults += index_faults("values", values.index)
    refuse_frames(faults)
    frame = gpd.GeoDataFrame(index=values.index, geometry=[None] * len(values))
    found = amounts("values", values, frame, faults=faults, of="values")
    heads = amounts("people", people, frame, faults=faults, of="values")
    refuse_frames(faults)
    return found, heads


def _cutoffs(minutes: Minutes, times: TravelTimeMatrix, faults: list[Fault]) -> list[float]:
    cutoffs_min = [minutes] if isinstance(minutes, int | float | np.number) else list(minutes)
    before = len(faults)
    if not cutoffs_min:
        faults.append(Fault("minutes", "names no cutoff", "give one or several, such as [5, 10, 15]"))
    at_least(faults, {f"minutes[{i}]": cutoff for i, cutoff in enumerate(cutoffs_min)})
    if len(faults) == before and max(cutoffs_min) * 60.0 > times.times.cutoff_s:
        what = f"{max(cutoffs_min):g} is asked for, the travel times end at {times.minutes:g} min"
        faults.append(Fault("minutes", what, f"planner.travel_times(…, minutes={max(cutoffs_min):g})"))
    return [float(cutoff) for cutoff in cutoffs_min] if len(faults) == before else []


def _areas(by: object, origins: gpd.GeoDataFrame, faults: list[Fault]) -> pd.Series:
    if isinstance(by, str):
        if by in origins.columns:
            return pd.Series(origins[by])
        faults.append(Fault("by", f"origins have no column {by!r}", f"they have {listed(origins.columns[:SHOWN])}"))
    elif not isinstance(by, pd.Series):
        faults.append(
            Fault("by", f"is a {type(by).__name__}", "give a Series on the origins' index, or a column of theirs")
        )
    else:
        wrong = index_faults("by", by.index)
        absent = origins.index.difference(by.index)
        if len(absent):
            wrong.append(Fault("by", f"says nothing of {listed(absent)}", "reindex it to the origins"))
        if not wrong:
            return by.reindex(origins.index)
        faults += wrong
    return pd.Series(0, index=origins.index)


def _decay(decay: Decay | Mapping[float, float] | str, times: TravelTimeMatrix, faults: list[Fault]) -> Decay:
    cutoff_s = times.times.cutoff_s
    known: dict[str, Decay] = {"binary": Binary(cutoff_s), "gaussian": Gaussian(cutoff_s)}
    function: Decay = known["binary"]
    if isinstance(decay, str):
        if decay not in known:
            faults.append(Fault("decay", f"{decay!r} is unknown", "give 'binary', 'gaussian' or {minutes: weight}"))
        function = known.get(decay, function)
    elif isinstance(decay, Mapping):
        zones = sorted(decay.items())
        if zones and all(isinstance(number, int | float) and number >= 0 for zone in zones for number in zone):
            function = Steps(tuple(60.0 * minutes for minutes, _ in zones), tuple(weight for _, weight in zones))
        else:
            faults.append(
                Fault("decay", "needs zones of minutes and weights ≥ 0", "such as {5: 1.0, 10: 0.68, 15: 0.22}")
            )
    else:
        function = decay
    if function.cutoff_s > cutoff_s:
        what = f"reaches {function.cutoff_s / 60:g} min, the travel times end at {times.minutes:g} min"
        faults.append(Fault("decay", what, f"planner.travel_times(…, minutes={function.cutoff_s / 60:g})"))
    return function
