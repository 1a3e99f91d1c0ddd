"""Plan of a siting model as frames: opened sites, openings, coverage, walks, bound and gap."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from planner.siting import evaluate_offers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.library.matrix import TravelTimeMatrix
    from planner.report.plan_map import OfflineMap
    from planner.siting import Evaluation, Outcome, SitingProblem
    from planner.siting import Plan as PlanOfArrays


@dataclass(frozen=True, eq=False)
class ServiceTerms:
    """One service of a model, by position of origins and destinations."""

    name: str
    times: TravelTimeMatrix
    circles: tuple[tuple[float, float], ...]
    """Minutes and weight, ascending in minutes."""
    heads: NDArray[np.float64]
    need: NDArray[np.float64]
    capital_cost: NDArray[np.float64]
    yearly_cost: NDArray[np.float64]
    area_m2: float
    capacity: NDArray[np.float64]
    existing: NDArray[np.bool_]
    at: NDArray[np.bool_] | None
    min_openings: int
    max_openings: int | None


class Plan:
    """Where to open what, with the bound on every other plan; made by `planner.SitingModel.solve`.

    Examples
    --------
    >>> import geopandas, shapely, planner
    >>> street = geopandas.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (1000, 0)])], crs=25833)
    >>> homes = geopandas.GeoDataFrame({"elders": [30, 70]}, geometry=geopandas.points_from_xy([0, 900], [0, 0]), crs=25833)
    >>> rooms = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy([0, 900], [9, 9]), index=["A", "B"], crs=25833)
    >>> times = planner.travel_times(planner.read_network(street), homes, rooms, walker=1.0, minutes=5)
    >>> model = planner.SitingModel(times, demand="elders").add_service("care", capital_cost=80_000)
    >>> plan = model.budget(capital_cost=100_000).solve(time_limit=10)
    >>> isinstance(plan, planner.Plan), plan.objective, plan.bound, plan.gap
    (True, 70.0, 70.0, 0.0)
    >>> plan.sites[["services", "capital_cost"]]
      services  capital_cost
    B     care       80000.0
    """

    def __init__(
        self,
        times: TravelTimeMatrix,
        services: tuple[ServiceTerms, ...],
        problem: SitingProblem,
        plan: PlanOfArrays,
        recount: Evaluation,
    ) -> None:
        self._times, self._services, self._problem, self._plan, self._recount = times, services, problem, plan, recount

    @property
    def outcome(self) -> Outcome:
        """Outcome of the first objective: status, objective, bound, gap, seconds, solver and version."""
        return self._plan.outcome

    @property
    def status(self) -> str:
        """``"optimal"`` where the gap asked for is proven, else ``"feasible"``."""
        return self.outcome.status

    @property
    def objective(self) -> float | None:
        """Value of the first objective in this plan; None where it is infinite."""
        return self.outcome.objective

    @property
    def bound(self) -> float | None:
        """The best value any plan could have; None where the solver gave none."""
        return self.outcome.bound

    @property
    def gap(self) -> float | None:
        """``|bound − objective| / |objective|``."""
        return self.outcome.gap

    @property
    def proven(self) -> bool:
        """Whether every objective is proven."""
        return self._plan.proven

    @property
    def capital_cost(self) -> float:
        """New capital of the plan, set-up included."""
        return float(self._recount.capital_cost)

    @property
    def yearly_cost(self) -> float:
        """Yearly cost of what is new."""
        return float(self._recount.yearly_cost)

    @cached_property
    def openings(self) -> pd.DataFrame:
        """New openings, one row each: ``site`` (id), ``service``, ``area_m2``, ``capital_cost``, ``yearly_cost``.

        Cost is the service's own; the site's set-up is in `sites`.
        """
        new = self._plan.openings(self._problem)
        return pd.DataFrame(
            {
                "site": self._times.destinations.index.take(new.site),
                "service": [self._services[k].name for k in new.service],
                "area_m2": new.area_m2,
                "capital_cost": new.capital_cost,
                "yearly_cost": new.yearly_cost,
            }
        )

    @cached_property
    def sites(self) -> gpd.GeoDataFrame:
        """Newly opened sites on the destinations' index, with the columns of the destinations.

        Before those: ``services`` (joined by commas), ``n_services``, ``area_m2_used``, ``capital_cost`` and ``yearly_cost``
        with the set-up; columns of the destinations of these names are left out.
        """
        opened = self._recount.opened_sites
        new, area = self._plan.openings(self._problem), np.zeros(len(self._times.destinations))
        np.add.at(area, new.site, new.area_m2)
        names = [[self._services[k].name for k in new.service[new.site == site]] for site in opened]
        places = self._times.destinations.iloc[opened]
        figures: dict[str, Any] = {
            "services": [", ".join(some) for some in names],
            "n_services": np.array([len(some) for some in names], dtype=np.int64),
            "area_m2_used": area[opened],
            "capital_cost": self._recount.site_capital_cost[opened],
            "yearly_cost": self._recount.site_yearly_cost[opened],
        }
        own = places.drop(columns=[places.geometry.name, *figures], errors="ignore")
        frame = pd.concat([pd.DataFrame(figures, index=places.index), pd.DataFrame(own)], axis=1)
        return gpd.GeoDataFrame(frame, geometry=places.geometry, crs=places.crs)

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """People within each circle of each service, before and after, by service and minutes.

        Heads: each person counts as one. ``people`` is everybody, out of reach or not; ``covered_…`` those with an opening in
        the circle; ``served_after`` those of them with a place, where places are limited; ``share_…`` of ``people``.
        """
        before = evaluate_offers(self._problem, np.flatnonzero(self._problem.offers.existing))
        rows = []
        for k, service in enumerate(self._services):
            served, need = self._recount.served_at[k], service.need[:, None]
            served = np.divide(served, need, out=np.zeros_like(served), where=need > 0)
            for ring, (minutes, _) in enumerate(service.circles):
                was, becomes = (service.heads[found.circle[k] <= ring].sum() for found in (before, self._recount))
                placed = served[:, ring].sum() if np.isfinite(service.capacity).any() else becomes
                rows.append((service.name, minutes, service.heads.sum(), was, becomes, placed))
        columns = ["service", "minutes", "people", "covered_before", "covered_after", "served_after"]
        table = pd.DataFrame(rows, columns=columns).set_index(["service", "minutes"])
        for when in ("before", "after"):
            table[f"share_{when}"] = (table[f"covered_{when}"] / table["people"]).where(table["people"] > 0)
        return table

    def walks(self, service: str | None = None) -> gpd.GeoDataFrame:
        """Return the walk of each origin to the nearest opening of a service, before and after.

        Parameters
        ----------
        service : str, optional
            Which one; the only one of a model with one service.

        Returns
        -------
        geopandas.GeoDataFrame
            On the origins' index: ``people`` (heads), ``before_s`` and ``after_s`` (``inf`` where none is in the widest circle).

        Raises
        ------
        KeyError
            If there is no such service, or several and none is named.
        """
        names = [one.name for one in self._services]
        if service is None and len(names) == 1:
            service = names[0]
        if service not in names:
            msg = f"name one of the services: {', '.join(names)}"
            raise KeyError(msg)
        k = names.index(service)
        before = evaluate_offers(self._problem, np.flatnonzero(self._problem.offers.existing))
        origins = self._times.origins
        return gpd.GeoDataFrame(
            {"people": self._services[k].heads, "before_s": before.nearest_s[k], "after_s": self._recount.nearest_s[k]},
            geometry=origins.geometry.array,
            index=origins.index,
            crs=origins.crs,
        )

    def explore(self) -> OfflineMap:
        """Return the plan as a folium map of streets, demand points, existing facilities and opened sites.

        It opens without a network, in a notebook or saved with ``.save("plan.html")``: Leaflet is inside, and there are no
        tiles. Networks of more than 20,000 streets are drawn without the smallest, and the map says so.
        """
        from planner.report.plan_map import plan_map  # noqa: PLC0415 - folium is slow to import

        existing = np.unique(self._problem.offers.site[self._problem.offers.existing])
        walks = [(service.name, self.walks(service.name)) for service in self._services]
        return plan_map(self._times.network, walks, self._times.destinations.iloc[existing], self.sites, str(self))

    def __str__(self) -> str:
        """Two lines: what opens, and the solver's outcome."""
        n_sites, n_openings = len(self.sites), len(self.openings)
        return f"{n_openings} openings at {n_sites} sites, capital cost {self.capital_cost:,.0f}\n{self.outcome}"

    def __repr__(self) -> str:
        """One line: status, sites and gap."""
        gap = "" if self.gap is None else f", gap {self.gap:.3%}"
        return f"<Plan: {self.status}, {len(self.sites)} sites{gap}>"
