"""Inputs of a siting problem as arrays: people, offers, sites, budgets, periods, goals and rules.

Positions only: demand points ``0 … n−1``, sites ``0 … J−1`` (existing facilities and candidates together, the columns
of every travel-time matrix), services ``0 … K−1``, departments ``0 … D−1``, communities ``0 … R−1``, periods ``0 … T−1``.
Ids are translated once, in `planner.siting.build`.

*Demand* is one group of people who want one service and walk at one speed; a service may have several (60–74 and 75+).
An *offer* is one way to run one service at one site: its size, its cost, who pays. Several offers of the same service
at the same site are alternatives (size classes, supply modes, keep or extend); a plan chooses at most one of them.
A facility that exists today is an offer with ``existing`` set. A *bundle* is a set of offers that fit together in one building.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from planner.study.rules import MAXIMISED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.arrays import BoolArray, FloatArray, IntArray


Assignment = Literal["split", "whole", "nearest"]
"""Assignment of people under capacity: freely; each point to one site; everybody to the nearest open one."""


class TravelTimeArrays(Protocol):
    """Travel times from demand points to sites in seconds, in compressed rows; absent pairs are beyond the cutoff.

    ``indptr`` int64[n+1], ``site`` int32[k], ``seconds`` float32[k] ascending in each row, ``n_sites`` columns.
    """

    @property
    def indptr(self) -> IntArray: ...  # noqa: D102
    @property
    def site(self) -> NDArray[np.int32]: ...  # noqa: D102
    @property
    def seconds(self) -> NDArray[np.float32]: ...  # noqa: D102
    @property
    def n_sites(self) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """One group of people who want one service, and how they walk.

    Parameters
    ----------
    service
        Position of the service they want.
    people : float64[n]
        Weighted head count at each demand point.
    reach
        Travel times of this group's walking profile to every site within the largest cutoff.
    cutoffs_s
        The circles, ascending; a site at exactly the cutoff is inside.
    weights
        Worth of one person whose best circle is the first, second, …; never increasing. All zero for a group that
        only appears in floors.
    tiers
        Which offer tiers count for this group (circles that do not nest); empty means all.
    load_per_person
        Capacity one person uses (4.4 meals a day per 100 elders is 0.044).
    beyond_s
        Walking seconds that the ``walk`` goal counts for unserved people; the largest cutoff if not given.
    part_of
        Position of the demand whose people these are a part of (a protected group named by floors): it uses no
        capacity of its own, and where capacity is limited it is served in the same proportion as the whole, point by
        point. Same service, circles and tiers; not counted again by the ``walk`` goal.
    """

    service: int
    people: FloatArray
    reach: TravelTimeArrays
    cutoffs_s: tuple[float, ...]
    weights: tuple[float, ...]
    tiers: tuple[int, ...] = ()
    load_per_person: float = 1.0
    beyond_s: float | None = None
    part_of: int | None = None

    @property
    def unserved_s(self) -> float:
        """Walking seconds counted for unserved people."""
        return self.cutoffs_s[-1] if self.beyond_s is None else self.beyond_s


@dataclass(frozen=True, slots=True, eq=False)
class Offers:
    """Every way a service can be run at a site; ``m`` rows of equal length. Optional columns may be None.

    Parameters
    ----------
    site, service : int32[m]
        Where and what.
    capital_cost, yearly_cost : float64[m]
        Fit-out of this service alone (set-up of the building is in `Sites`), and its running cost. Existing offers cost
        no capital; the yearly bill is counted as the change against today.
    area_m2 : float64[m]
        Its own floor area, without shared rooms.
    existing : bool[m]
        An existing facility. Without ``may_close`` the plan keeps it, or picks another offer of the same service at the
        same site instead (an extension), or one that moves it (``moves``). Every other offer is new,
        an extension too: it counts as an opening, and its site as an opened site.
    may_close : bool[m]
        The plan may close it, for ``closing_cost`` of capital; its yearly cost is then saved.
    moves : int32[m]
        The existing offer that this one moves here, −1 for none: only one of both is open.
    capacity, min_load : float64[m]
        Most and least load; infinite and 0 where they do not bind.
    tier : int32[m]
        Tier of the facility, for demands that count only some.
    competitor : bool[m]
        A competitor's: people are assigned to it (``assignment`` nearest) but it does not count as coverage.
    top_storey : int32[m]
        The highest storey it may use, 0 the ground floor; a large number where any will do.
    capital_share, yearly_share : float64[m, D]
        Share of each department; the rest of 1 is charged to the overall budget alone.
    """

    site: NDArray[np.int32]
    service: NDArray[np.int32]
    capital_cost: FloatArray
    yearly_cost: FloatArray
    area_m2: FloatArray
    existing: BoolArray
    may_close: BoolArray | None = None
    closing_cost: FloatArray | None = None
    moves: NDArray[np.int32] | None = None
    capacity: FloatArray | None = None
    min_load: FloatArray | None = None
    tier: NDArray[np.int32] | None = None
    competitor: BoolArray | None = None
    top_storey: NDArray[np.int32] | None = None
    capital_share: FloatArray | None = None
    yearly_share: FloatArray | None = None

    @property
    def count(self) -> int:
        """Number of offers."""
        return len(self.site)


@dataclass(frozen=True, slots=True, eq=False)
class Sites:
    """The buildings. Set-up is paid once, when the first new service opens in the building.

    Parameters
    ----------
    setup_cost, setup_yearly_cost : float64[J]
        Cost of taking the building into use, once and every year.
    floor_area_m2 : float64[J]
        Floor area for offers and shared rooms; infinite where area does not bind.
    setup_share : float64[J, D]
        Share of each department in the set-up.
    setup_cost_per_m2 : float64[J]
        Set-up once for each m² taken into use: of new services and of the shared rooms built for them, a room once.
    storey_area_m2 : float64[J, L]
        Area of each storey from the ground up; None where storeys do not matter.
    min_area_m2, min_services : float64[J], int64[J]
        Least use of an opened building (site classes).
    hub_only : bool[J]
        Opens as a hub in the sense of `Hub` or not at all.
    """

    setup_cost: FloatArray
    floor_area_m2: FloatArray
    setup_yearly_cost: FloatArray | None = None
    setup_share: FloatArray | None = None
    setup_cost_per_m2: FloatArray | None = None
    storey_area_m2: FloatArray | None = None
    min_area_m2: FloatArray | None = None
    min_services: IntArray | None = None
    hub_only: BoolArray | None = None

    @property
    def count(self) -> int:
        """Number of sites."""
        return len(self.setup_cost)


@dataclass(frozen=True, slots=True, eq=False)
class Budgets:
    """Upper limits on new money; infinite where there is none.

    ``department_*`` are float64[D]. ``outside`` bool[D] marks payers whose money is not the planner's (families, the
    market): the overall budgets exclude their share.
    """

    capital_cost: float = np.inf
    yearly_cost: float = np.inf
    department_capital_cost: FloatArray | None = None
    department_yearly_cost: FloatArray | None = None
    outside: BoolArray | None = None

    @property
    def departments(self) -> int:
        """Number of departments."""
        for limits in (self.department_capital_cost, self.department_yearly_cost, self.outside):
            if limits is not None:
                return len(limits)
        return 0


@dataclass(frozen=True, slots=True, eq=False)
class Phases:
    """Periods of a plan: openings stay open, each period has its budget, coverage counts in every period.

    Parameters
    ----------
    capital_cost : float64[T]
        New capital that each period may spend; unspent money moves on when ``carry_over``.
    weights : float64[T]
        Worth of coverage in each period.
    ready : int32[J]
        First period in which something new can open at a site; T or more means not within the plan.
    """

    capital_cost: FloatArray
    weights: FloatArray
    ready: NDArray[np.int32]
    carry_over: bool = True

    @property
    def count(self) -> int:
        """Number of periods."""
        return len(self.weights)


@dataclass(frozen=True, slots=True)
class Goal:
    """One objective; a problem has a lexicographic chain of them.

    Parameters
    ----------
    kind
        ``coverage``: most people by circle weight. ``walk``: fewest person-seconds to the nearest opening.
        ``furthest``: shortest longest walk of anybody who can be served at all. ``fair``: best share of the worst-off
        community and group, then of the second worst, to ``depth``. ``cost``: least capital plus ``years`` of the
        yearly bill, and the walks at a price (facility location). ``sites``: fewest newly opened sites.
    tolerance
        Relative loss of this goal that later goals may cause.
    depth, circle
        Of ``fair``: how many worst-off shares, and of which circle (None is the widest).
    years
        Of ``cost``.
    cost_per_walked_s
        Of ``cost``: value of one person-second of walking, so that money and walks are one sum.
    """

    kind: Literal["coverage", "walk", "furthest", "fair", "cost", "sites"]
    tolerance: float = 0.0
    depth: int = 1
    circle: int | None = None
    years: float = 1.0
    cost_per_walked_s: float = 0.0

    @property
    def maximise(self) -> bool:
        """Whether more of it is better."""
        return self.kind in MAXIMISED

    @property
    def sign(self) -> float:
        """1 where more of it is better, −1 where less is."""
        return 1.0 if self.maximise else -1.0

    @property
    def walks(self) -> bool:
        """Whether seconds walked are part of the goal."""
        return self.kind == "walk" or (self.kind == "cost" and self.cost_per_walked_s > 0)


@dataclass(frozen=True, slots=True, eq=False)
class SharedRoom:
    """A room that some services need and share: built, paid and counted once in a building that has any of them.

    ``services`` is bool[K]; offers' own areas and costs exclude it. A room that an existing service uses exists already
    and costs nothing, as long as the service is run at its site, as it is or extended. ``share`` float64[D] is each department's part;
    ``top_storey`` as in offers.
    """

    services: BoolArray
    area_m2: float
    capital_cost: float = 0.0
    yearly_cost: float = 0.0
    share: FloatArray | None = None
    top_storey: int | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """A decision fixed in advance: ``must`` or ``never`` open at ``site``, any service or just ``service``.

    ``must`` is satisfied by existing as well as new offers; ``never`` forbids only new ones. A lock that names
    ``offers`` (positions of offers of that service at that site) applies to these alone: one of them open, or none of them,
    existing ones included.
    """

    kind: Literal["must", "never"]
    site: int
    service: int | None = None
    offers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Hub:
    """Requirements of a hub: area, number of services, and how many of them from the core list (bool[K]).

    Source of usual figures: 城市社区嵌入式服务设施建设导则(试行): ≥ 600 m², ≥ 3 functions, of which
    ≥ 2 from 养老/托育/儿童托管/助餐.
    """

    min_area_m2: float
    min_services: int
    core: BoolArray
    min_core: int = 0


@dataclass(frozen=True, slots=True)
class Floor:
    """At least ``share`` of the people of a demand within a circle (None: the widest), 兜底.

    Overall, or in one ``community``, or in ``every_community`` that has anybody of the group.

    Parameters
    ----------
    among
        The communities of an area: the floor holds in all of them together, or with ``every_community`` in each of them. Empty: everywhere.
    also
        Further demands for the same service, counted together with ``demand`` (people of areas with circles or a walk of their own). A
        circle that they do not have is their widest.
    """

    demand: int
    share: float
    circle: int | None = None
    community: int | None = None
    every_community: bool = False
    among: tuple[int, ...] = ()
    also: tuple[int, ...] = ()

    @property
    def demands(self) -> tuple[int, ...]:
        """The demands counted together."""
        return (self.demand, *self.also)

    def regions(self, n_communities: int) -> list[tuple[int, ...] | None]:
        """Return the sets of communities in each of which the floor holds; None for everybody."""
        if self.every_community:
            return [(region,) for region in self.among or range(n_communities)]
        if self.community is not None:
            return [(self.community,)]
        return [self.among or None]


@dataclass(frozen=True, slots=True)
class Spread:
    """At most ``most`` between the shares of the best and the worst community, of a demand within a circle; ``also`` as in `Floor`."""

    demand: int
    most: float
    circle: int | None = None
    also: tuple[int, ...] = ()

    @property
    def demands(self) -> tuple[int, ...]:
        """The demands counted together."""
        return (self.demand, *self.also)


@dataclass(frozen=True, slots=True, eq=False)
class AreaLimits:
    """Limits of one area: of a set of sites, such as those of a street. Limits of areas that overlap all hold.

    Counts and money are those of `Rules` and `Budgets`: newly opened sites and services, hubs in the end, the change of money from today
    without outside payers. The three sums are changes from today as well: what opens, less what closes.

    Parameters
    ----------
    sites : bool[J]
        The sites of the area.
    min_openings, max_openings
        One number per service; empty for none.
    min_capacity
        Least change of capacity, one number or None per service; empty for none. New offers of the service in the area must have a capacity;
        an existing one without any counts as none.
    min_service_area_m2
        Least change of the floor area of each service, with the whole of every shared room it uses: one number or None per service.
    min_area_m2
        Least change of the floor area of all services together, a shared room once.
    period_capital_cost : float64[T]
        New capital that each period of `Phases` may spend in the area; unspent money moves on as there.
    """

    sites: BoolArray
    min_sites: int = 0
    max_sites: int | None = None
    min_openings: tuple[int, ...] = ()
    max_openings: tuple[int | None, ...] = ()
    min_hubs: int = 0
    min_capacity: tuple[float | None, ...] = ()
    min_service_area_m2: tuple[float | None, ...] = ()
    min_area_m2: float | None = None
    capital_cost: float = np.inf
    yearly_cost: float = np.inf
    period_capital_cost: FloatArray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """Constraints on every plan besides money. Counts are of *newly* opened sites and services.

    ``incompatible`` is bool[K, K]; ``assignment`` names one way per service, and matters where offers have a capacity
    or a minimum load (of equally near sites everybody goes to the first in the order of sites); ``min_openings`` and
    ``max_openings`` hold one number per service.
    """

    min_sites: int = 0
    max_sites: int | None = None
    min_openings: tuple[int, ...] = ()
    max_openings: tuple[int | None, ...] = ()
    incompatible: BoolArray | None = None
    rooms: tuple[SharedRoom, ...] = ()
    locks: tuple[Lock, ...] = ()
    hub: Hub | None = None
    min_hubs: int = 0
    floors: tuple[Floor, ...] = ()
    spreads: tuple[Spread, ...] = ()
    assignment: tuple[Assignment, ...] = ()
    areas: tuple[AreaLimits, ...] = ()


@dataclass(frozen=True, slots=True)
class SolverSettings:
    """Limits and parameters of a solve.

    Parameters
    ----------
    time_limit_s
        Wall seconds for the whole solve.
    gap
        Stop when ``|bound − incumbent| / |incumbent|`` is this small.
    threads, seed
        Of the solver; equal settings on an equal problem give an equal plan unless the time runs out.
    solver
        ``"HiGHS"`` or the name of any other solver that PuLP lists as available.
    shortcuts
        Whether own methods may be used: p-median methods, construction heuristics, the matheuristic; only with HiGHS.
    """

    time_limit_s: float = 120.0
    gap: float = 1e-4
    threads: int = 1
    seed: int = 0
    solver: str = "HiGHS"
    shortcuts: bool = True

    def within(self, seconds: float) -> SolverSettings:
        """Return the settings with another time limit."""
        return replace(self, time_limit_s=seconds)
