"""Siting model from frames: services, budgets and locks, and its solution."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
import pandas as pd

from planner.errors import Fault, InfeasibleError
from planner.library.frames import amounts, at_least, chosen, listed, refuse_model, wrong_type
from planner.library.matrix import TravelTimeMatrix
from planner.library.siting_plan import Plan, ServiceTerms
from planner.siting import (
    Budgets,
    Demand,
    Goal,
    Lock,
    Offers,
    Rules,
    Sites,
    SitingProblem,
    SolverSettings,
    evaluate,
    find_iis,
    solve,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from planner.siting import Rule

Objective = Literal["coverage", "walk", "furthest", "cost", "sites"]
OBJECTIVES: tuple[Objective, ...] = ("coverage", "walk", "furthest", "cost", "sites")

Amount = pd.Series | str | float
"""A series on the index of a frame, the name of one of its columns, or one number for every row."""


class SitingModel:
    """Where to open which services: a maximum-coverage model over a travel-time matrix, solved with a bound.

    The first objective is the people within the circles of each service, weighted by circle (and by need where a weight is
    given); the second the least cost (Church and ReVelle 1974, with budgets, floor area, capacities and co-location).

    Parameters
    ----------
    times : TravelTimeMatrix
        Walks from demand points to all destinations: existing facilities and candidate sites together.
    demand : Series or str
        Heads on the origins' index, or the column of the origins that holds them; a service may have its own.
    need_weight : Series, str or float
        Worth of a person at each origin relative to others; heads stay heads in every table.
    setup_cost : Series, str or float
        Capital to take a site into use, once, whichever services open there; on the destinations' index.
    floor_area_m2 : Series, str or float
        Floor area for all services of a site, on the destinations' index; infinite where it does not bind.

    Raises
    ------
    StudyError
        Every fault of the arguments at once.

    Examples
    --------
    Homes of 10, 20 … 60 elders along a street, a centre at one end and two rooms:

    >>> import geopandas, shapely, planner
    >>> def points(x, y, **columns):
    ...     return geopandas.GeoDataFrame(columns, geometry=geopandas.points_from_xy(x, [y] * len(x)), crs=25833)
    >>> street = geopandas.GeoDataFrame(geometry=[shapely.LineString([(-500, 0), (1500, 0)])], crs=25833)
    >>> homes = points([0, 200, 400, 600, 800, 1000], 10, elders=[10, 20, 30, 40, 50, 60])
    >>> places = points([0, 100, 900], -10, id=["F1", "C1", "C2"]).set_index("id")
    >>> times = planner.travel_times(planner.read_network(street), homes, places, walker=1.0, minutes=5)
    >>> model = planner.SitingModel(times, demand="elders")
    >>> model.add_service("care", circles={5: 1.0}, existing=["F1"], capital_cost=100_000).budget(max_sites=1)
    <SitingModel: 6 origins, 3 destinations, services care>
    >>> plan = model.solve(time_limit=20)
    >>> plan.status, list(plan.sites.index), plan.objective
    ('optimal', ['C2'], 140.0)
    >>> plan.coverage.loc[("care", 5), ["people", "covered_before", "covered_after"]].tolist()
    [210.0, 30.0, 140.0]
    """

    def __init__(
        self,
        times: TravelTimeMatrix,
        demand: Amount,
        *,
        need_weight: Amount = 1.0,
        setup_cost: Amount = 0.0,
        floor_area_m2: Amount = np.inf,
    ) -> None:
        faults = wrong_type("times", times, TravelTimeMatrix, "give what planner.travel_times(…) returns")
        refuse_model(faults)
        self._times = times
        self._heads = amounts("demand", demand, times.origins, faults=faults)
        self._need = amounts("need_weight", need_weight, times.origins, faults=faults)
        places = times.destinations
        self._setup_cost = amounts("setup_cost", setup_cost, places, faults=faults, of="destinations")
        area = amounts("floor_area_m2", floor_area_m2, places, faults=faults, of="destinations", endless=True)
        self._floor_area_m2 = area
        self._services: list[ServiceTerms] = []
        self._locks: list[tuple[Literal["must", "never"], int, int | None]] = []
        self._budgets, self._min_sites = Budgets(), 0
        self._max_sites: int | None = None
        refuse_model(faults)

    def add_service(
        self,
        name: str,
        *,
        circles: Mapping[float, float] | None = None,
        demand: Amount | None = None,
        need_weight: Amount | None = None,
        times: TravelTimeMatrix | None = None,
        capital_cost: Amount = 0.0,
        yearly_cost: Amount = 0.0,
        area_m2: float = 0.0,
        capacity: Amount | None = None,
        existing: object = None,
        at: object = None,
        min_openings: int = 0,
        max_openings: int | None = None,
    ) -> Self:
        """Add a service and return the model.

        Parameters
        ----------
        name : str
            Id of the service.
        circles : mapping of float to float
            Minutes → worth of a person served within them, never rising; default the cutoff of the times, weight 1.
        demand, need_weight : Series, str or float, optional
            Who wants this service, where others than the model's.
        times : TravelTimeMatrix, optional
            Walks of those who want this service, where they walk otherwise; of the same origins and destinations.
        capital_cost, yearly_cost : Series, str or float
            Of a new opening, without the site's set-up; on the destinations' index, in the currency of the budget.
        area_m2 : float
            Floor area of an opening.
        capacity : Series, str or float, optional
            Places of an opening (and of an existing facility), on the destinations' index; default unlimited.
        existing : ids, Series of bool or str, optional
            Destinations that run the service today; they stay.
        at : ids, Series of bool or str, optional
            Sites where it may open; default every destination that runs no service today.
        min_openings, max_openings : int
            Limits of new openings.

        Raises
        ------
        StudyError
            Every fault of the arguments at once.
        """
        own, faults = times or self._times, list[Fault]()
        origins, places = self._times.origins, self._times.destinations
        if any(service.name == name for service in self._services):
            faults.append(Fault("name", f"the service {name!r} is there already", "give each service an id of its own"))
        if not (own.origins.index.equals(origins.index) and own.destinations.index.equals(places.index)):
            what, mend = "are of other origins or destinations than the model's", "use the same two frames for both"
            faults.append(Fault("times", what, mend))
        counts = {"min_openings": min_openings, "max_openings": max_openings}
        at_least(faults, {"area_m2": area_m2, **counts})
        terms = ServiceTerms(
            name=str(name),
            times=own,
            circles=_circles(circles, own, faults),
            heads=self._heads if demand is None else amounts("demand", demand, origins, faults=faults),
            need=self._need if need_weight is None else amounts("need_weight", need_weight, origins, faults=faults),
            capital_cost=amounts("capital_cost", capital_cost, places, faults=faults, of="destinations"),
            yearly_cost=amounts("yearly_cost", yearly_cost, places, faults=faults, of="destinations", negative=True),
            area_m2=float(area_m2) if not faults else 0.0,
            capacity=amounts(
                "capacity",
                np.inf if capacity is None else capacity,
                places,
                faults=faults,
                of="destinations",
                endless=True,
            ),
            existing=chosen("existing", existing, places, faults=faults),
            at=None if at is None else chosen("at", at, places, faults=faults),
            min_openings=min_openings,
            max_openings=max_openings,
        )
        refuse_model(faults)
        self._services.append(terms)
        return self

    def budget(
        self,
        *,
        capital_cost: float | None = None,
        yearly_cost: float | None = None,
        max_sites: int | None = None,
        min_sites: int | None = None,
    ) -> Self:
        """Set limits of money and of newly opened sites, and return the model; what is not given stays as it is.

        Parameters
        ----------
        capital_cost, yearly_cost : float, optional
            Most new capital, and most yearly cost of what is new, in one currency.
        max_sites, min_sites : int, optional
            Newly opened buildings; each counts once, whichever services open there.

        Raises
        ------
        StudyError
            If a limit is no number ≥ 0.
        """
        faults: list[Fault] = []
        limits = {
            "capital_cost": capital_cost,
            "yearly_cost": yearly_cost,
            "max_sites": max_sites,
            "min_sites": min_sites,
        }
        at_least(faults, limits)
        refuse_model(faults)
        self._budgets = Budgets(
            self._budgets.capital_cost if capital_cost is None else float(capital_cost),
            self._budgets.yearly_cost if yearly_cost is None else float(yearly_cost),
        )
        self._max_sites = self._max_sites if max_sites is None else int(max_sites)
        self._min_sites = self._min_sites if min_sites is None else int(min_sites)
        return self

    def require(self, site: object, service: str | None = None) -> Self:
        """Require that a service (any, where none is named) is run at a destination, and return the model.

        An existing facility that runs it satisfies this as well as an opening.

        Raises
        ------
        StudyError
            If there is no such destination or service.
        """
        return self._lock("must", site, service)

    def forbid(self, site: object, service: str | None = None) -> Self:
        """Forbid that a service (any, where none is named) opens at a destination, and return the model; what exists stays.

        Raises
        ------
        StudyError
            If there is no such destination or service.
        """
        return self._lock("never", site, service)

    def solve(
        self,
        *,
        time_limit: float = 120.0,
        gap: float = 1e-4,
        threads: int = 1,
        seed: int = 0,
        objective: Sequence[Objective] = ("coverage", "cost"),
        progress: Callable[[float | None, float | None, float], None] | None = None,
    ) -> Plan:
        """Return the best plan found, recounted without the solver.

        Parameters
        ----------
        time_limit : float
            Wall seconds for all objectives together.
        gap : float
            Stop when ``|bound − objective| / |objective|`` is this small.
        threads, seed : int
            Of the solver; equal settings give an equal plan unless the time runs out.
        objective : sequence of {"coverage", "walk", "furthest", "cost", "sites"}
            The most important first; each keeps what those before it reached. ``cost`` is capital plus one year.
        progress : callable, optional
            Called with incumbent, bound and seconds.

        Returns
        -------
        Plan
            ``status`` is ``"optimal"`` only where the gap is proven; ``"feasible"`` where the time ran out.

        Raises
        ------
        StudyError
            If the model has no service, or contradicts itself.
        InfeasibleError
            If no plan keeps every rule (the message names the fewest rules that conflict), or none was found in time.
        """
        faults: list[Fault] = []
        if not self._services:
            faults.append(Fault("services", "there is none", "model.add_service(name, …)"))
        unknown = [goal for goal in objective if goal not in OBJECTIVES]
        if unknown or not objective:
            faults.append(
                Fault("objective", f"{listed(unknown) or 'nothing'} cannot be optimised", f"{', '.join(OBJECTIVES)}")
            )
        at_least(faults, {"time_limit": time_limit, "gap": gap, "threads": threads, "seed": seed})
        refuse_model(faults)
        settings = SolverSettings(time_limit, gap, max(int(threads), 1), int(seed))
        problem = self._problem(tuple(Goal(kind) for kind in objective), settings)
        plan = solve(problem, progress=progress)
        if plan.outcome.status == "infeasible":
            raise InfeasibleError(self._conflict(problem))
        if not plan.found:
            msg = f"no plan was found ({plan.outcome}); give more time, or loosen a rule"
            raise InfeasibleError(msg)
        return Plan(self._times, tuple(self._services), problem, plan, evaluate(problem, plan))

    def __repr__(self) -> str:
        """One line: size and services."""
        services = ", ".join(service.name for service in self._services) or "none"
        origins, destinations = len(self._times.origins), len(self._times.destinations)
        return f"<SitingModel: {origins:,} origins, {destinations:,} destinations, services {services}>"

    def _lock(self, kind: Literal["must", "never"], site: object, service: str | None) -> Self:
        places, names, faults = self._times.destinations, [service.name for service in self._services], list[Fault]()
        if site not in places.index:
            faults.append(Fault("site", f"{site!r} is not among the destinations", f"they are {listed(places.index)}"))
        if service is not None and service not in names:
            mend = f"they are {listed(names)}" if names else "add_service() comes first"
            faults.append(Fault("service", f"{service!r} is not among the services", mend))
        refuse_model(faults)
        position = int(np.flatnonzero(places.index == site)[0])
        self._locks.append((kind, position, None if service is None else names.index(service)))
        return self

    def _problem(self, goals: tuple[Goal, ...], settings: SolverSettings) -> SitingProblem:
        services = self._services
        return SitingProblem(
            n_demand=len(self._times.origins),
            n_services=len(services),
            sites=Sites(setup_cost=self._setup_cost, floor_area_m2=self._floor_area_m2),
            offers=self._offers(),
            demands=tuple(
                Demand(
                    service=k,
                    people=service.heads * service.need,
                    reach=service.times.times,
                    cutoffs_s=tuple(60.0 * minutes for minutes, _ in service.circles),
                    weights=tuple(weight for _, weight in service.circles),
                )
                for k, service in enumerate(services)
            ),
            budgets=self._budgets,
            rules=Rules(
                min_sites=self._min_sites,
                max_sites=self._max_sites,
                min_openings=tuple(service.min_openings for service in services),
                max_openings=tuple(service.max_openings for service in services),
                locks=tuple(Lock(*lock) for lock in self._locks),
                assignment=tuple("split" for _ in services),
            ),
            goals=goals,
            settings=settings,
        )

    def _offers(self) -> Offers:
        """Return existing facilities, then every service that fits at every candidate site, site after site."""
        services = self._services
        existing = np.column_stack([service.existing for service in services])
        occupied = existing.any(axis=1)
        openable = np.column_stack(
            [
                (~occupied if service.at is None else service.at & ~service.existing)
                & (service.area_m2 <= self._floor_area_m2)
                for service in services
            ]
        )
        site, k = (np.concatenate(pair) for pair in zip(np.nonzero(existing), np.nonzero(openable), strict=True))
        n_existing = int(existing.sum())
        new = np.arange(len(site)) >= n_existing

        def column(values: list[NDArray[np.float64]]) -> NDArray[np.float64]:
            return np.column_stack(values)[site, k]

        return Offers(
            site=site.astype(np.int32),
            service=k.astype(np.int32),
            capital_cost=new * column([service.capital_cost for service in services]),
            yearly_cost=new * column([service.yearly_cost for service in services]),
            area_m2=new * np.array([service.area_m2 for service in services])[k],
            existing=~new,
            capacity=column([service.capacity for service in services]),
        )

    def _conflict(self, problem: SitingProblem) -> str:
        """Return the fewest rules that no plan keeps together, in words."""
        found = find_iis(problem)
        if found is None or not found.rules:
            return "no plan keeps every rule; loosen one of them"
        rules = "; ".join(self._rule_text(rule) for rule in found.rules)
        return f"no plan keeps these rules together: {rules} → loosen or drop one of them"

    def _rule_text(self, rule: Rule) -> str:
        if rule.kind in {"must", "never"}:
            kind, site, service = self._locks[rule.position]
            of = "" if service is None else f", {self._services[service].name!r}"
            verb = "require" if kind == "must" else "forbid"
            return f"{verb}({self._times.destinations.index[site]!r}{of})"
        limit = "" if rule.limit is None else f" = {rule.limit:,.12g}"
        if rule.kind in {"min_openings", "max_openings"}:
            return f"{rule.kind} of {self._services[rule.position].name!r}{limit}"
        names = {
            "capital": "budget(capital_cost)",
            "yearly": "budget(yearly_cost)",
            "min_sites": "budget(min_sites)",
            "max_sites": "budget(max_sites)",
            "area": "floor_area_m2 of the sites",
            "stays": "existing facilities stay",
        }
        return names.get(rule.kind, rule.kind) + limit


def _circles(
    circles: Mapping[float, float] | None, times: TravelTimeMatrix, faults: list[Fault]
) -> tuple[tuple[float, float], ...]:
    if circles is None:
        return ((times.minutes, 1.0),)
    before, pairs = len(faults), list(circles.items())
    at_least(faults, {f"circles[{minutes!r}]": weight for minutes, weight in pairs})
    at_least(faults, {f"circles ({minutes!r} minutes)": minutes for minutes, _ in pairs})
    if not pairs:
        faults.append(Fault("circles", "names no circle", "such as {5: 1.0, 10: 0.6, 15: 0.3}"))
    if len(faults) > before:
        return ()
    pairs = sorted((float(minutes), float(weight)) for minutes, weight in pairs)
    widest = pairs[-1][0]
    if 60.0 * widest > times.times.cutoff_s:
        what = f"reach {widest:g} min, the travel times end at {times.minutes:g} min"
        faults.append(Fault("circles", what, f"planner.travel_times(…, minutes={widest:g})"))
    if any(later > nearer for (_, nearer), (_, later) in pairwise(pairs)):
        faults.append(
            Fault("circles", "a wider circle weighs more than a narrower one", "weights never rise with distance")
        )
    return tuple(pairs)
