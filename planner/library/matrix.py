"""Travel-time matrix between frames of origins and destinations."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from planner.access import WalkNetwork, compute_travel_times, snap
from planner.access.edge_costs import MAX_CUTOFF_S
from planner.errors import Fault
from planner.library.frames import (
    apart_faults,
    at_least,
    chosen,
    listed,
    point_faults,
    points_xy,
    refuse_frames,
    wrong_type,
)
from planner.study import WalkingProfile

if TYPE_CHECKING:
    import geopandas as gpd

    from planner.access import Snapped, TravelTimes

Walker = float | Mapping[str, Any] | WalkingProfile
"""Who walks: a speed in m/s, keys of a walking profile of a study, or such a profile."""

MAX_CONNECTOR_M = 250.0
"""A point farther than this from every street is not connected: the default of a study."""


@dataclass(frozen=True, eq=False)
class TravelTimeMatrix:
    """Walking times from origins to destinations within a cutoff; an absent pair is out of reach.

    Attributes
    ----------
    origins, destinations : geopandas.GeoDataFrame
        Points in the network's system, each row named once by its index.
    times : TravelTimes
        CSR arrays by position: ``indptr``, ``site``, ``seconds``.
    network : WalkNetwork
        Streets.
    walker : WalkingProfile
        Who walks.

    Examples
    --------
    >>> import geopandas, shapely, planner
    >>> street = geopandas.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (1000, 0)])], crs="EPSG:25833")
    >>> homes = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy([0, 400], [0, 0]), index=["a", "b"], crs=25833)
    >>> rooms = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy([0, 300], [0, 0]), index=["P", "Q"], crs=25833)
    >>> times = planner.travel_times(planner.read_network(street), homes, rooms, walker=1.0, minutes=5)
    >>> isinstance(times, planner.TravelTimeMatrix), times
    (True, <TravelTimeMatrix: 2 origins, 2 destinations, 3 pairs within 5 min at 1 m/s>)
    >>> times.to(["Q"]).to_frame()
      origin destination  seconds
    0      a           Q    300.0
    1      b           Q    100.0
    """

    origins: gpd.GeoDataFrame
    destinations: gpd.GeoDataFrame
    times: TravelTimes
    network: WalkNetwork
    walker: WalkingProfile
    doors: Snapped
    """Doors of the destinations onto streets."""
    connected: pd.Series
    """Whether a street is near enough, on the origins' index."""

    @property
    def minutes(self) -> float:
        """Longest walk that counts, in minutes, itself included."""
        return self.times.cutoff_s / 60.0

    def to_frame(self) -> pd.DataFrame:
        """Return every pair within the cutoff, nearest first for each origin.

        Returns
        -------
        pandas.DataFrame
            ``origin`` and ``destination`` (ids of the two indexes), ``seconds``; a pair out of reach has no row.
        """
        return pd.DataFrame(
            {
                "origin": self.origins.index.take(self.times.demand),
                "destination": self.destinations.index.take(self.times.site),
                "seconds": self.times.seconds,
            }
        )

    def to(self, destinations: object) -> TravelTimeMatrix:
        """Return the times to some destinations only: those of today, of one operator, of one kind.

        Parameters
        ----------
        destinations
            Ids, a boolean series on the destinations' index, or the name of a boolean column of theirs.

        Raises
        ------
        LayerError
            If an id is not among the destinations.
        """
        faults: list[Fault] = []
        kept = chosen("destinations", destinations, self.destinations, faults=faults)
        refuse_frames(faults)
        return replace(
            self,
            destinations=self.destinations[kept],
            times=self.times.only(kept),
            doors=self.doors.take(np.flatnonzero(kept)),
        )

    def __repr__(self) -> str:
        """One line: size, cutoff and speed."""
        return (
            f"<TravelTimeMatrix: {len(self.origins):,} origins, {len(self.destinations):,} destinations,"
            f" {len(self.times.site):,} pairs within {self.minutes:g} min at {self.walker.speed_m_s:g} m/s>"
        )


def travel_times(
    network: WalkNetwork,
    origins: gpd.GeoDataFrame,
    destinations: gpd.GeoDataFrame,
    *,
    walker: Walker,
    minutes: float = 15,
    max_connector_m: float = MAX_CONNECTOR_M,
    threads: int = 2,
) -> TravelTimeMatrix:
    """Return the walking times of all pairs within a cutoff.

    Seconds count the straight connectors from both points to their nearest streets, and the streets between them.

    Parameters
    ----------
    network : WalkNetwork
        Streets, of `planner.read_network`.
    origins, destinations : geopandas.GeoDataFrame
        Points in the network's system, each row named once by the index. An origin that reaches nothing stays.
    walker : float, mapping or WalkingProfile
        Speed in m/s, or keys of a walking profile: ``{"speed_m_s": 0.8, "stairs": "forbidden"}``.
    minutes : float
        Longest walk that counts, itself included.
    max_connector_m : float
        A point farther than this from every street is not connected and reaches nothing; a warning names it.
    threads : int
        Threads that search; the answer does not depend on it.

    Returns
    -------
    TravelTimeMatrix
        With ``to_frame()``, and ``to(…)`` for some of the destinations.

    Raises
    ------
    LayerError
        Every fault of both frames at once: no system, degrees, another system than the network's, ids twice, no points,
        no street near any of them.

    Examples
    --------
    >>> import geopandas, shapely, planner
    >>> street = geopandas.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (1000, 0)])], crs="EPSG:25833")
    >>> homes = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy([0, 400], [0, 0]), index=["a", "b"], crs=25833)
    >>> rooms = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy([100], [20]), index=["room"], crs=25833)
    >>> times = planner.travel_times(planner.read_network(street), homes, rooms, walker=1.0, minutes=5)
    >>> times.to_frame()
      origin destination  seconds
    0      a        room    120.0
    """
    faults = wrong_type("network", network, WalkNetwork, "give what planner.read_network(path, crs=…) returns")
    refuse_frames(faults)
    profile = _profile(walker, faults)
    at_least(faults, {"minutes": minutes, "max_connector_m": max_connector_m, "threads": threads}, 0)
    if not faults and not 0 < minutes * 60 <= MAX_CUTOFF_S:
        faults.append(Fault("minutes", f"must lie in 0 … {MAX_CUTOFF_S / 60:g}, not {minutes:g}"))
    for name, frame in (("origins", origins), ("destinations", destinations)):
        faults += point_faults(name, frame, network.crs)
    refuse_frames(faults)
    ends = {
        name: snap(network, points_xy(frame), max_connector_m=max_connector_m, walker=profile)
        for name, frame in (("origins", origins), ("destinations", destinations))
    }
    for name, frame in (("origins", origins), ("destinations", destinations)):
        faults += _unconnected(name, frame, ends[name], network, max_connector_m)
    refuse_frames(faults)
    times = compute_travel_times(
        network, ends["origins"], ends["destinations"], profile, 60.0 * minutes, threads=max(int(threads), 1)
    )
    return TravelTimeMatrix(
        origins=origins,
        destinations=destinations,
        times=times,
        network=network,
        walker=profile,
        doors=ends["destinations"],
        connected=pd.Series(ends["origins"].connected, index=origins.index, name="connected"),
    )


def _profile(walker: Walker, faults: list[Fault]) -> WalkingProfile:
    if isinstance(walker, WalkingProfile):
        return walker
    keys = walker if isinstance(walker, Mapping) else {"speed_m_s": walker}
    try:
        return WalkingProfile.model_validate(keys)
    except ValidationError as fault:
        for detail in fault.errors():
            where = ".".join(["walker", *map(str, detail["loc"])])
            faults.append(Fault(where, detail["msg"], "give a speed in m/s, or keys of a walking profile"))
    return WalkingProfile(speed_m_s=1.0)


def _unconnected(
    name: str, frame: gpd.GeoDataFrame, doors: Snapped, network: WalkNetwork, max_connector_m: float
) -> list[Fault]:
    """Warn of points without a street near; all of them together are a fault."""
    alone = ~doors.connected
    if not alone.any():
        return []
    if alone.all():
        return apart_faults(name, frame, network, max_connector_m)
    warnings.warn(
        f"{name}: no street within {max_connector_m:g} m of {listed(frame.index[alone])}; they stay in every total and reach"
        " nothing → move them to a street, add the street, or raise max_connector_m",
        UserWarning,
        stacklevel=3,
    )
    return []
