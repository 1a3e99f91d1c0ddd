"""The siting problem: inputs, defaults of optional columns, and validation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.errors import Fault, StudyError, raise_all
from planner.siting.model.data import Assignment, Budgets, Demand, Goal, Offers, Phases, Rules, Sites

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.arrays import BoolArray, FloatArray, IntArray
    from planner.siting.model.data import AreaLimits, Assignment, Lock, SolverSettings


ANY_STOREY = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class SitingProblem:
    """A siting problem; see `planner.siting.model.data` for its parts.

    Parameters
    ----------
    n_demand, n_services
        Number of demand points and services.
    sites, offers, demands
        The buildings, the ways to run a service in them, and the people.
    budgets, rules
        Limits of money, and all other constraints.
    goals
        Objectives, the most important first.
    community : int64[n]
        The community of each demand point, −1 for none; needed by floors and fairness per community.
    phases
        Periods; None for a plan without time.
    settings
        Time limit, gap, threads and seed of the solver.

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
    community: IntArray | None = None
    phases: Phases | None = None
    settings: SolverSettings | None = None

    def __post_init__(self) -> None:
        """Validate the arrays."""
        check_problem(self)

    def assigned_by(self, way: Assignment) -> BoolArray:
        """Return bool[K]: services whose people are assigned in that way."""
        return np.array([one == way for one in self.rules.assignment or ("split",) * self.n_services])

    @property
    def n_communities(self) -> int:
        """Number of communities."""
        return 0 if self.community is None else int(self.community.max(initial=-1)) + 1

    @property
    def n_periods(self) -> int:
        """Number of periods; 1 without phases."""
        return 1 if self.phases is None else self.phases.count


@dataclass(frozen=True, slots=True, eq=False)
class OptionalColumns:
    """The optional columns of offers and sites with their defaults; shares of cost default to nobody.

    ``stays`` marks offers that must remain: existing, not to be closed, and not movable.
    """

    may_close: BoolArray
    closing_cost: FloatArray
    moves: IntArray
    stays: BoolArray
    capacity: FloatArray
    min_load: FloatArray
    tier: IntArray
    competitor: BoolArray
    top_storey: IntArray
    capital_share: FloatArray
    yearly_share: FloatArray
    setup_yearly_cost: FloatArray
    setup_cost_per_m2: FloatArray
    setup_share: FloatArray
    min_area_m2: FloatArray
    min_services: IntArray
    hub_only: BoolArray
    room_share: FloatArray
    outside: BoolArray


def optional_columns(problem: SitingProblem) -> OptionalColumns:
    """Return the optional columns of ``problem`` with their defaults."""
    offers, sites, budgets = problem.offers, problem.sites, problem.budgets
    m, n_sites, payers = offers.count, sites.count, budgets.departments

    def column(values: NDArray[np.generic] | None, count: int, default: float, kind: type) -> NDArray[Any]:
        return np.full(count, default, dtype=kind) if values is None else values.astype(kind)

    def share(values: FloatArray | None, count: int) -> FloatArray:
        nobody = np.zeros((count, budgets.departments))
        return nobody if values is None else np.asarray(values, dtype=np.float64)

    may_close = column(offers.may_close, m, 0, np.bool_) & offers.existing
    moves = column(offers.moves, m, -1, np.int64)
    movable = np.zeros(m, dtype=np.bool_)
    movable[moves[moves >= 0]] = True
    rooms = [share(None if room.share is None else room.share[None, :], 1) for room in problem.rules.rooms]
    return OptionalColumns(
        may_close=may_close,
        closing_cost=column(offers.closing_cost, m, 0, np.float64),
        moves=moves,
        stays=offers.existing & ~may_close & ~movable,
        capacity=column(offers.capacity, m, np.inf, np.float64),
        min_load=column(offers.min_load, m, 0, np.float64),
        tier=column(offers.tier, m, 0, np.int64),
        competitor=column(offers.competitor, m, 0, np.bool_),
        top_storey=column(offers.top_storey, m, ANY_STOREY, np.int64),
        capital_share=share(offers.capital_share, m),
        yearly_share=share(offers.yearly_share, m),
        setup_yearly_cost=column(sites.setup_yearly_cost, n_sites, 0, np.float64),
        setup_cost_per_m2=column(sites.setup_cost_per_m2, n_sites, 0, np.float64),
        setup_share=share(sites.setup_share, n_sites),
        min_area_m2=column(sites.min_area_m2, n_sites, 0, np.float64),
        min_services=column(sites.min_services, n_sites, 0, np.int64),
        hub_only=column(sites.hub_only, n_sites, 0, np.bool_),
        room_share=np.concatenate(rooms) if rooms else np.zeros((0, payers)),
        outside=np.zeros(payers, dtype=np.bool_) if budgets.outside is None else budgets.outside,
    )


def check_problem(problem: SitingProblem) -> None:
    """Raise `StudyError` naming every contradiction in ``problem``; do nothing when there is none."""
    faults = [*_offers(problem), *_sites(problem), *_rules(problem), *_money(problem)]
    for position, demand in enumerate(problem.demands):
        faults += _demand(problem, demand, f"demands[{position}]")
    faults += [
        Fault(f"goals[{position}].cost_per_walked_s", f"must be ≥ 0, not {goal.cost_per_walked_s}")
        for position, goal in enumerate(problem.goals)
        if not goal.cost_per_walked_s >= 0
    ]
    if not problem.demands:
        faults.append(Fault("demands", "nobody wants any service", "give at least one demand group"))
    raise_all(faults, StudyError, "the siting problem contradicts itself")


def _offers(problem: SitingProblem) -> list[Fault]:
    offers, faults = problem.offers, []
    for name in [
        "site",
        "service",
        "capital_cost",
        "yearly_cost",
        "area_m2",
        "existing",
        "may_close",
        "capacity",
        "min_load",
        "tier",
        "capital_share",
        "yearly_share",
    ]:
        values = getattr(offers, name)
        if values is None:
            continue
        if len(values) != offers.count:
            faults.append(Fault(f"offers.{name}", f"has {len(values)} rows, not {offers.count}"))
        elif name in {"capital_cost", "yearly_cost"} and not np.isfinite(values).all():
            faults.append(Fault(f"offers.{name}", "must be finite"))
        elif name in {"area_m2", "capacity", "min_load"} and not (values >= 0).all():
            faults.append(Fault(f"offers.{name}", "must be ≥ 0"))
    if offers.count and len(offers.service) == offers.count:
        faults += _positions("offers.site", offers.site, problem.sites.count)
        faults += _positions("offers.service", offers.service, problem.n_services)
    return faults


def _sites(problem: SitingProblem) -> list[Fault]:
    sites, faults = problem.sites, []
    for name in ("setup_cost", "floor_area_m2", "setup_yearly_cost", "setup_cost_per_m2", "setup_share"):
        values = getattr(sites, name)
        if values is not None and len(values) != sites.count:
            faults.append(Fault(f"sites.{name}", f"has {len(values)} rows, not {sites.count}"))
        elif values is not None and np.isnan(values).any():
            faults.append(Fault(f"sites.{name}", "holds a value that is not a number"))
    return faults


def _named_offers(problem: SitingProblem, lock: Lock, where: str) -> list[Fault]:
    """Check the offers that a lock names: of its service, at its site, and none closed that must stay."""
    offers, named = problem.offers, np.array(lock.offers, dtype=np.int64)
    wrong = _positions(f"{where}.offers", named, offers.count)
    if wrong or not len(named):
        return wrong
    if (offers.site[named] != lock.site).any() or (offers.service[named] != lock.service).any():
        return [Fault(f"{where}.offers", "are not of its service at its site")]
    stays = offers.existing[named]
    if offers.may_close is not None:
        stays &= ~offers.may_close[named]
    if offers.moves is not None:
        stays &= ~np.isin(named, offers.moves)
    if lock.kind == "never" and stays.any():
        return [Fault(f"{where}.offers", "one of them stands today and may not close")]
    return []


def _rules(problem: SitingProblem) -> list[Fault]:
    rules, faults = problem.rules, []
    for name in ("min_openings", "max_openings"):
        limits = getattr(rules, name)
        if limits and len(limits) != problem.n_services:
            faults.append(Fault(f"rules.{name}", f"names {len(limits)} services, not {problem.n_services}"))
    if rules.incompatible is not None and rules.incompatible.shape != (problem.n_services,) * 2:
        faults.append(Fault("rules.incompatible", f"must be {problem.n_services} × {problem.n_services}"))
    for position, lock in enumerate(rules.locks):
        where = f"rules.locks[{position}]"
        faults += _positions(where, np.array([lock.site]), problem.sites.count)
        if lock.service is not None:
            faults += _positions(where, np.array([lock.service]), problem.n_services)
        faults += _named_offers(problem, lock, where)
    share_rules = {
        f"rules.floors[{position}]": (floor.demands, floor.circle) for position, floor in enumerate(rules.floors)
    }
    share_rules |= {
        f"rules.spreads[{position}]": (one.demands, one.circle) for position, one in enumerate(rules.spreads)
    }
    for where, (demands, circle) in share_rules.items():
        wrong = _positions(where, np.array(demands), len(problem.demands))
        if not wrong and circle is not None:
            circles = max(len(problem.demands[demand].cutoffs_s) for demand in demands)
            wrong = _positions(where, np.array([circle]), circles)
        faults += wrong or _counted_together(problem, demands, where)
    for position, spread in enumerate(rules.spreads):
        if 0 <= spread.demand < len(problem.demands) and _limited(problem)[problem.demands[spread.demand].service]:
            where, what = (
                f"rules.spreads[{position}]",
                "places of this service are limited, so that people can be turned away",
            )
            faults.append(Fault(where, f"{what} to keep communities alike", "use a floor instead"))
    for position, floor in enumerate(rules.floors):
        where = f"rules.floors[{position}]"
        if floor.community is not None:
            faults += _positions(f"{where}.community", np.array([floor.community]), problem.n_communities)
        faults += _positions(f"{where}.among", np.array(floor.among, dtype=np.int64), problem.n_communities)
    for position, area in enumerate(rules.areas):
        faults += _area(problem, area, f"rules.areas[{position}]")
    if problem.community is None and (rules.spreads or any(floor.every_community for floor in rules.floors)):
        faults.append(Fault("community", "floors or spreads speak of communities", "give the community of each point"))
    for position, room in enumerate(rules.rooms):
        if len(room.services) != problem.n_services:
            faults.append(Fault(f"rules.rooms[{position}]", f"must say yes or no for {problem.n_services} services"))
    return faults


def _counted_together(problem: SitingProblem, demands: tuple[int, ...], where: str) -> list[Fault]:
    """Check that demands counted together want the same service."""
    if len({problem.demands[demand].service for demand in demands}) == 1:
        return []
    return [Fault(f"{where}.also", "are not demands for the same service")]


def _area(problem: SitingProblem, area: AreaLimits, where: str) -> list[Fault]:
    """Check the lengths of an area's limits, and that its sums have something to count."""
    faults, offers = [], problem.offers
    if len(area.sites) != problem.sites.count:
        return [Fault(f"{where}.sites", f"has {len(area.sites)} rows, not {problem.sites.count}")]
    for name in ("min_openings", "max_openings", "min_capacity", "min_service_area_m2"):
        limits = getattr(area, name)
        if limits and len(limits) != problem.n_services:
            faults.append(Fault(f"{where}.{name}", f"names {len(limits)} services, not {problem.n_services}"))
    asked = [service for service, least in enumerate(area.min_capacity) if least is not None]
    if asked and len(offers.service) == len(offers.site) == offers.count:
        here = np.isin(offers.service, asked) & area.sites[np.clip(offers.site, 0, problem.sites.count - 1)]
        if offers.capacity is None or np.isinf(offers.capacity[here & ~offers.existing]).any():
            faults.append(Fault(f"{where}.min_capacity", "some new offer of the service has no capacity to count"))
    money = area.period_capital_cost
    if money is not None and problem.phases is not None and len(money) != problem.phases.count:
        faults.append(Fault(f"{where}.period_capital_cost", f"has {len(money)} periods, not {problem.phases.count}"))
    elif money is not None and problem.phases is None and np.isfinite(money).any():
        faults.append(Fault(f"{where}.period_capital_cost", "needs periods", "give the problem phases"))
    return faults


def _limited(problem: SitingProblem) -> BoolArray:
    """Return bool[K]: services of which some offer has a capacity, a least load, or is a competitor's."""
    offers = problem.offers
    capacitated = np.zeros(problem.n_services, dtype=bool)
    for column, binds in ((offers.capacity, np.isfinite), (offers.min_load, np.sign), (offers.competitor, np.asarray)):
        if column is not None and len(column) == offers.count == len(offers.service):
            capacitated[offers.service[np.asarray(binds(column)).astype(bool)]] = True
    return capacitated


def _money(problem: SitingProblem) -> list[Fault]:
    faults: list[Fault] = []
    departments = problem.budgets.departments
    shares = {
        "offers.capital_share": problem.offers.capital_share,
        "offers.yearly_share": problem.offers.yearly_share,
        "sites.setup_share": problem.sites.setup_share,
    } | {f"rules.rooms[{position}].share": room.share for position, room in enumerate(problem.rules.rooms)}
    for name, share in shares.items():
        if share is None:
            continue
        if share.shape[-1] != departments:
            faults.append(Fault(name, f"names {share.shape[-1]} departments, not {departments}"))
        elif (share < 0).any() or (share.sum(axis=-1) > 1 + 1e-6).any():
            faults.append(Fault(name, "shares of the departments must be ≥ 0 and sum to 1 at most"))
    return faults


def _demand(problem: SitingProblem, demand: Demand, where: str) -> list[Fault]:
    faults = _positions(f"{where}.service", np.array([demand.service]), problem.n_services)
    if len(demand.people) != problem.n_demand:
        faults.append(Fault(f"{where}.people", f"has {len(demand.people)} rows, not {problem.n_demand}"))
    elif not (np.isfinite(demand.people).all() and (demand.people >= 0).all()):
        faults.append(Fault(f"{where}.people", "must be finite and ≥ 0"))
    if len(demand.reach.indptr) != problem.n_demand + 1:
        faults.append(Fault(f"{where}.reach", f"has {len(demand.reach.indptr) - 1} rows, not {problem.n_demand}"))
    if demand.reach.n_sites != problem.sites.count:
        faults.append(Fault(f"{where}.reach", f"has {demand.reach.n_sites} sites, not {problem.sites.count}"))
    if demand.part_of is not None:
        wrong = _positions(f"{where}.part_of", np.array([demand.part_of]), len(problem.demands))
        whole = demand if wrong else problem.demands[demand.part_of]
        same = (whole.service, whole.cutoffs_s, whole.tiers) == (demand.service, demand.cutoffs_s, demand.tiers)
        if wrong or whole is demand or whole.part_of is not None or not same:
            what = "must be another demand of the same service, circles and tiers, and itself no part"
            faults.append(Fault(f"{where}.part_of", what))
    if demand.tiers and problem.offers.tier is None:
        faults.append(Fault(f"{where}.tiers", "names tiers, but offers have none", "give offers.tier"))
    if len(demand.cutoffs_s) != len(demand.weights) or not demand.cutoffs_s:
        faults.append(Fault(f"{where}.weights", "needs one weight for each cutoff, and at least one"))
    elif any(np.diff(demand.cutoffs_s) <= 0):
        faults.append(Fault(f"{where}.cutoffs_s", "must ascend"))
    elif any(np.diff(demand.weights) > 0) or demand.weights[-1] < 0:
        faults.append(Fault(f"{where}.weights", "must not increase with distance, nor be negative"))
    return faults


def _positions(where: str, values: np.ndarray[tuple[int], np.dtype[np.integer]], count: int) -> list[Fault]:
    if len(values) and not (values.min() >= 0 and values.max() < count):
        return [Fault(where, f"points at {int(values.min())} … {int(values.max())}, but there are {count}")]
    return []
