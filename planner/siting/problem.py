"""The siting question as arrays: who must be served, by what, where, for how much, under which rules.

Positions only: demand points ``0 … n−1``, sites ``0 … J−1`` (existing facilities and candidates together, the columns
of every reach), services ``0 … K−1``, departments ``0 … D−1``. Ids are translated once, by whoever builds the problem.

The vocabulary:

*Demand* is one group of people who want one service and walk at one speed; a service may have several (60–74 and 75+).
An *offer* is one way to run one service at one site: its size, its cost, who pays. Several offers of the same service
at the same site are alternatives (size classes, supply modes); the plan picks at most one of them. A facility that
stands today is an offer with ``existing`` set. A *bundle* is a set of offers that fit together in one building.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.outcome import SolverSettings

__all__ = ["Budgets", "Demand", "Lock", "Offers", "ReachArrays", "Room", "Rules", "Sites", "SitingProblem"]


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
        Worth of one person whose best circle is the first, second, …; never increasing.
    tiers
        Which offer tiers count for this group (circles that do not nest); empty means all.
    load_per_person
        Capacity one person uses (4.4 meals a day per 100 elders is 0.044).
    """

    service: int
    people: NDArray[np.float64]
    reach: ReachArrays
    cutoffs_s: tuple[float, ...]
    weights: tuple[float, ...]
    tiers: tuple[int, ...] = ()
    load_per_person: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Offers:
    """Every way a service can be run at a site; ``m`` rows of equal length.

    ``capital_yuan`` is the fit-out of this service alone (the building's set-up is in `Sites`). ``existing`` rows stand
    today: without ``may_close`` the plan keeps them, or picks another offer of the same service at the same site
    instead (an extension). ``capacity`` is infinite where it does not bind. ``capital_share`` and ``yearly_share``
    say what part each department pays; what a row leaves of 1 counts against the overall budget alone.
    """

    site: NDArray[np.int32]
    service: NDArray[np.int32]
    capital_yuan: NDArray[np.float64]
    yearly_yuan: NDArray[np.float64]
    area_m2: NDArray[np.float64]
    existing: NDArray[np.bool_]
    may_close: NDArray[np.bool_] | None = None
    capacity: NDArray[np.float64] | None = None
    min_load: NDArray[np.float64] | None = None
    tier: NDArray[np.int32] | None = None
    capital_share: NDArray[np.float64] | None = None
    yearly_share: NDArray[np.float64] | None = None

    @property
    def count(self) -> int:
        """How many offers there are."""
        return len(self.site)


@dataclass(frozen=True, slots=True, eq=False)
class Sites:
    """The buildings. Set-up is paid once, when the first new service opens in the building.

    ``floor_area_m2`` is infinite where area does not bind; ``setup_share`` is float64[J, D], rows summing to at most 1.
    """

    setup_yuan: NDArray[np.float64]
    floor_area_m2: NDArray[np.float64]
    setup_yearly_yuan: NDArray[np.float64] | None = None
    setup_share: NDArray[np.float64] | None = None

    @property
    def count(self) -> int:
        """How many sites there are."""
        return len(self.setup_yuan)


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """A room that some services need and share: built, paid and counted once in a building that has any of them.

    ``services`` is bool[K]; offers' own areas and costs leave it out.
    """

    services: NDArray[np.bool_]
    area_m2: float
    capital_yuan: float = 0.0
    yearly_yuan: float = 0.0
    share: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """A decision taken outside: ``must`` or ``never`` open at ``site``, any service or just ``service``."""

    kind: Literal["must", "never"]
    site: int
    service: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Budgets:
    """Upper limits on new money; infinite where there is none. Departments are float64[D]."""

    capital_yuan: float = np.inf
    yearly_yuan: float = np.inf
    department_capital_yuan: NDArray[np.float64] | None = None
    department_yearly_yuan: NDArray[np.float64] | None = None

    @property
    def departments(self) -> int:
        """How many departments have a budget."""
        for limits in (self.department_capital_yuan, self.department_yearly_yuan):
            if limits is not None:
                return len(limits)
        return 0


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """What every plan must keep besides money. Counts are of *newly* opened sites and services."""

    min_sites: int = 0
    max_sites: int | None = None
    min_openings: tuple[int, ...] = ()
    max_openings: tuple[int | None, ...] = ()
    incompatible: NDArray[np.bool_] | None = None
    rooms: tuple[Room, ...] = ()
    locks: tuple[Lock, ...] = ()


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
    settings: SolverSettings | None = None

    def __post_init__(self) -> None:
        """Refuse arrays that contradict each other."""
        from planner.siting.check import check_problem  # noqa: PLC0415  # it needs the types above

        check_problem(self)
