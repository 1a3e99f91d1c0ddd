"""The siting question as arrays: who must be served, by what, where, for how much, under which rules.

Positions only: demand points ``0 … n−1``, sites ``0 … J−1`` (existing facilities and candidates together, the columns
of every reach), services ``0 … K−1``, departments ``0 … D−1``, communities ``0 … R−1``, periods ``0 … T−1``. Ids are
translated once, by whoever builds the problem.

The vocabulary:

*Demand* is one group of people who want one service and walk at one speed; a service may have several (60–74 and 75+).
An *offer* is one way to run one service at one site: its size, its cost, who pays. Several offers of the same service
at the same site are alternatives (size classes, supply modes, keep or extend); the plan picks at most one of them.
What stands today is an offer with ``existing`` set. A *bundle* is a set of offers that fit together in one building.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from planner.siting.question.rules import Rules

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.question.outcome import SolverSettings

__all__ = ["Budgets", "Demand", "Goal", "Offers", "Phases", "ReachArrays", "Sites", "SitingProblem"]


class ReachArrays(Protocol):
    """What siting needs of a reach: who walks where in how many seconds, absent pairs absent.

    ``indptr`` int64[n+1], ``site`` int32[k], ``seconds`` float32[k] ascending in each row, ``n_sites`` columns.
    """

    @property
    def indptr(self) -> NDArray[np.int64]: ...  # noqa: D102
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
        Walking seconds of this group's profile to every site within the largest cutoff.
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
        Walking seconds that the ``walk`` goal counts for somebody whom nobody serves; the largest cutoff if not given.
    part_of
        Position of the demand whose people these are among (a protected group that floors speak of): it takes no
        places of its own, and where places are limited it is served in the same proportion as the whole, point by
        point. Same service, circles and tiers; not counted again by the ``walk`` goal.
    """

    service: int
    people: NDArray[np.float64]
    reach: ReachArrays
    cutoffs_s: tuple[float, ...]
    weights: tuple[float, ...]
    tiers: tuple[int, ...] = ()
    load_per_person: float = 1.0
    beyond_s: float | None = None
    part_of: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Offers:
    """Every way a service can be run at a site; ``m`` rows of equal length. Optional columns may be None.

    Parameters
    ----------
    site, service : int32[m]
        Where and what.
    capital_yuan, yearly_yuan : float64[m]
        Fit-out of this service alone (set-up of the building is in `Sites`), and its running cost. What stands costs
        no capital; the yearly bill is counted as the change against today.
    area_m2 : float64[m]
        Its own rooms, without shared ones.
    existing : bool[m]
        It stands today. Without ``may_close`` the plan keeps it, or picks another offer of the same service at the
        same site instead (an extension), or one that moves it (``moves``). Every offer that does not stand is new,
        an extension too: it counts as an opening, and its site as an opened site.
    may_close : bool[m]
        The plan may close it, for ``closing_yuan`` of capital; its yearly cost is then saved.
    moves : int32[m]
        The existing offer that this one moves here, −1 for none: only one of both is open.
    capacity, min_load : float64[m]
        Most and least load; infinite and 0 where they do not bind.
    tier : int32[m]
        What kind of place it is, for demands that count only some.
    competitor : bool[m]
        Somebody else's: it draws people (``assignment`` nearest) but does not count as coverage.
    top_storey : int32[m]
        The highest storey it may use, 0 the ground floor; a large number where any will do.
    capital_share, yearly_share : float64[m, D]
        What part each department pays; the rest of 1 is paid by nobody's budget but the overall one.
    """

    site: NDArray[np.int32]
    service: NDArray[np.int32]
    capital_yuan: NDArray[np.float64]
    yearly_yuan: NDArray[np.float64]
    area_m2: NDArray[np.float64]
    existing: NDArray[np.bool_]
    may_close: NDArray[np.bool_] | None = None
    closing_yuan: NDArray[np.float64] | None = None
    moves: NDArray[np.int32] | None = None
    capacity: NDArray[np.float64] | None = None
    min_load: NDArray[np.float64] | None = None
    tier: NDArray[np.int32] | None = None
    competitor: NDArray[np.bool_] | None = None
    top_storey: NDArray[np.int32] | None = None
    capital_share: NDArray[np.float64] | None = None
    yearly_share: NDArray[np.float64] | None = None

    @property
    def count(self) -> int:
        """How many offers there are."""
        return len(self.site)


@dataclass(frozen=True, slots=True, eq=False)
class Sites:
    """The buildings. Set-up is paid once, when the first new service opens in the building.

    Parameters
    ----------
    setup_yuan, setup_yearly_yuan : float64[J]
        Cost of taking the building into use, once and every year.
    floor_area_m2 : float64[J]
        Room for offers and shared rooms; infinite where area does not bind.
    setup_share : float64[J, D]
        What part of the set-up each department pays.
    setup_yuan_per_m2 : float64[J]
        Set-up once for each m² taken into use: of new services and of the shared rooms built for them, a room once.
    storey_area_m2 : float64[J, L]
        Area of each storey from the ground up; None where storeys do not matter.
    min_area_m2, min_services : float64[J], int64[J]
        Least use of a building that is opened at all (candidate classes).
    hub_only : bool[J]
        Opens as a hub in the sense of `Hub` or not at all.
    """

    setup_yuan: NDArray[np.float64]
    floor_area_m2: NDArray[np.float64]
    setup_yearly_yuan: NDArray[np.float64] | None = None
    setup_share: NDArray[np.float64] | None = None
    setup_yuan_per_m2: NDArray[np.float64] | None = None
    storey_area_m2: NDArray[np.float64] | None = None
    min_area_m2: NDArray[np.float64] | None = None
    min_services: NDArray[np.int64] | None = None
    hub_only: NDArray[np.bool_] | None = None

    @property
    def count(self) -> int:
        """How many sites there are."""
        return len(self.setup_yuan)


@dataclass(frozen=True, slots=True, eq=False)
class Budgets:
    """Upper limits on new money; infinite where there is none.

    ``department_*`` are float64[D]. ``outside`` bool[D] marks payers whose money is not the planner's (families, the
    market): the overall budgets leave their part out.
    """

    capital_yuan: float = np.inf
    yearly_yuan: float = np.inf
    department_capital_yuan: NDArray[np.float64] | None = None
    department_yearly_yuan: NDArray[np.float64] | None = None
    outside: NDArray[np.bool_] | None = None

    @property
    def departments(self) -> int:
        """How many departments there are."""
        for limits in (self.department_capital_yuan, self.department_yearly_yuan, self.outside):
            if limits is not None:
                return len(limits)
        return 0


@dataclass(frozen=True, slots=True, eq=False)
class Phases:
    """A plan in periods: what opens stays open, each period has its money, coverage counts in every period.

    Parameters
    ----------
    capital_yuan : float64[T]
        New capital that each period may spend; unspent money moves on when ``carry_over``.
    weights : float64[T]
        Worth of coverage in each period.
    ready : int32[J]
        First period in which something new can open at a site; T or more means not within the plan.
    """

    capital_yuan: NDArray[np.float64]
    weights: NDArray[np.float64]
    ready: NDArray[np.int32]
    carry_over: bool = True

    @property
    def count(self) -> int:
        """How many periods there are."""
        return len(self.weights)


@dataclass(frozen=True, slots=True)
class Goal:
    """One thing to optimise; a problem has a chain of them, the first the most important.

    Parameters
    ----------
    kind
        ``coverage``: most people by circle weight. ``walk``: fewest person-seconds to the nearest opening.
        ``furthest``: shortest longest walk of anybody who can be served at all. ``fair``: best share of the worst-off
        community and group, then of the second worst, to ``depth``. ``cost``: least capital plus ``years`` of the
        yearly bill, and the walks at a price (facility location). ``sites``: fewest newly opened sites.
    tolerance
        What later goals may give up of this one, as a part of its value.
    depth, circle
        Of ``fair``: how many worst-off shares, and of which circle (None is the widest).
    years
        Of ``cost``.
    yuan_per_walked_s
        Of ``cost``: what a second that one person walks is worth, so that money and walks are weighed up in one sum.
    """

    kind: Literal["coverage", "walk", "furthest", "fair", "cost", "sites"]
    tolerance: float = 0.0
    depth: int = 1
    circle: int | None = None
    years: float = 1.0
    yuan_per_walked_s: float = 0.0

    @property
    def walks(self) -> bool:
        """Whether seconds walked are part of the goal."""
        return self.kind == "walk" or (self.kind == "cost" and self.yuan_per_walked_s > 0)


@dataclass(frozen=True, slots=True, eq=False)
class SitingProblem:
    """Everything the optimiser is told; see the module docstring for the words.

    Parameters
    ----------
    n_demand, n_services
        How many demand points and services there are.
    sites, offers, demands
        The buildings, the ways to run a service in them, and the people.
    budgets, rules
        What may be spent and what must be kept.
    goals
        What to optimise, the most important first.
    community : int64[n]
        The community of each demand point, −1 for none; needed by floors and fairness per community.
    phases
        Periods; None for a plan without time.
    settings
        Time, gap, threads and seed for the solver.

    Raises
    ------
    planner.errors.StudyError
        When arrays disagree in length, weights increase, or a position points nowhere: every fault at once.
    """

    n_demand: int
    n_services: int
    sites: Sites
    offers: Offers
    demands: tuple[Demand, ...]
    budgets: Budgets = field(default_factory=Budgets)
    rules: Rules = field(default_factory=Rules)
    goals: tuple[Goal, ...] = (Goal("coverage"), Goal("cost"))
    community: NDArray[np.int64] | None = None
    phases: Phases | None = None
    settings: SolverSettings | None = None

    def __post_init__(self) -> None:
        """Refuse arrays that contradict each other."""
        from planner.siting.question.check import check_problem  # noqa: PLC0415  # it needs the types above

        check_problem(self)

    @property
    def n_communities(self) -> int:
        """How many communities there are."""
        return 0 if self.community is None else int(self.community.max(initial=-1)) + 1

    @property
    def n_periods(self) -> int:
        """How many periods there are; 1 without phases."""
        return 1 if self.phases is None else self.phases.count
