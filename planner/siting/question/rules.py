"""What every plan must keep besides money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Assignment", "Floor", "Hub", "Lock", "Room", "Rules", "Spread"]

Assignment = Literal["split", "whole", "nearest"]
"""Who goes where when places are limited: as the plan likes; each point to one site; everybody to the nearest open one."""


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """A room that some services need and share: built, paid and counted once in a building that has any of them.

    ``services`` is bool[K]; offers' own areas and costs leave it out. A room that a standing service uses is there
    already and costs nothing, as long as the service is run at its site, as it stands or extended. ``share`` float64[D] says which department pays; ``top_storey`` as in offers.
    """

    services: NDArray[np.bool_]
    area_m2: float
    capital_yuan: float = 0.0
    yearly_yuan: float = 0.0
    share: NDArray[np.float64] | None = None
    top_storey: int | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """A decision taken outside: ``must`` or ``never`` open at ``site``, any service or just ``service``.

    ``must`` is kept by what stands as well as by what opens; ``never`` forbids only what is new. A lock that names
    ``offers`` (positions of offers of that service at that site) means these alone: one of them open, or none of them,
    also where one of them stands today.
    """

    kind: Literal["must", "never"]
    site: int
    service: int | None = None
    offers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Hub:
    """What makes a building a hub: area, number of services, and how many of them from the core list (bool[K]).

    Source of the figures a study would give: 城市社区嵌入式服务设施建设导则(试行): ≥ 600 m², ≥ 3 functions, of which
    ≥ 2 from 养老/托育/儿童托管/助餐.
    """

    min_area_m2: float
    min_services: int
    core: NDArray[np.bool_]
    min_core: int = 0


@dataclass(frozen=True, slots=True)
class Floor:
    """At least ``share`` of the people of a demand within a circle (None: the widest), 兜底.

    Overall, or in one ``community``, or in ``every_community`` that has anybody of the group.
    """

    demand: int
    share: float
    circle: int | None = None
    community: int | None = None
    every_community: bool = False


@dataclass(frozen=True, slots=True)
class Spread:
    """At most ``most`` between the shares of the best and the worst community, of a demand within a circle."""

    demand: int
    most: float
    circle: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """What every plan must keep besides money. Counts are of *newly* opened sites and services.

    ``incompatible`` is bool[K, K]; ``assignment`` names one way per service, and matters where offers have a capacity
    or a minimum load (of equally near places everybody goes to the first in the order of sites); ``min_openings`` and ``max_openings`` hold one number per service.
    """

    min_sites: int = 0
    max_sites: int | None = None
    min_openings: tuple[int, ...] = ()
    max_openings: tuple[int | None, ...] = ()
    incompatible: NDArray[np.bool_] | None = None
    rooms: tuple[Room, ...] = ()
    locks: tuple[Lock, ...] = ()
    hub: Hub | None = None
    min_hubs: int = 0
    floors: tuple[Floor, ...] = ()
    spreads: tuple[Spread, ...] = ()
    assignment: tuple[Assignment, ...] = ()
