"""What any set of offers gives, costs and breaks, counted from a run's folder by pandas, numpy and scipy's linear programmes.

Nothing of the planner is imported. Who gets a place is a transport problem, solved here point by point or merged by equal walks.
"""

import json
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

State = tuple[int, ...]
"""Offers that are open, as positions in ``tables/offers``."""


@dataclass(frozen=True)
class Served:
    """What one service gives: worth by circle weight, and people in the widest circle (a range, where shares are ties)."""

    worth: float
    least: float
    most: float
    keeps_floors: bool = True
    keeps_loads: bool = True


@dataclass
class Folder:
    """A run's folder, read once."""

    path: Path
    _known: dict[tuple[str, State], Served] = field(default_factory=dict)

    def table(self, name: str) -> pd.DataFrame:
        """Return ``<name>.parquet`` without geometry."""
        found = pd.read_parquet(self.path / f"{name}.parquet")
        return found.drop(columns=[column for column in found if column == "geometry"])

    @cached_property
    def study(self) -> dict:
        """Return the study as the run kept it."""
        return json.loads((self.path / "study.json").read_text(encoding="utf-8"))

    @cached_property
    def result(self) -> dict:
        """Return what the manifest says of the result."""
        return json.loads((self.path / "manifest.json").read_text(encoding="utf-8"))["result"]

    @cached_property
    def services(self) -> dict[str, dict]:
        """Return the services by id."""
        return {service["id"]: service for service in self.study["services"]}

    @cached_property
    def demand(self) -> pd.DataFrame:
        """Return the demand points by id."""
        return self.table("tables/demand").set_index("id")

    @cached_property
    def offers(self) -> pd.DataFrame:
        """Return every offer with the year in which the plan opens it."""
        keys = ["place_id", "service", "size"]
        years = self.table("tables/openings")[[*keys, "year"]].assign(planned=True, stands=False)
        return (
            self.table("tables/offers")
            .astype({"size": "str"})
            .merge(years, on=[*keys, "planned", "stands"], how="left")
        )

    @cached_property
    def places(self) -> pd.DataFrame:
        """Return the places by id."""
        return self.table("tables/places").set_index("id")

    @cached_property
    def years(self) -> list[int]:
        """Return the years of the plan; empty for a plan without."""
        return self.study["siting"].get("years", [])

    def people(self, service: str, group: str | None = None) -> pd.Series:
        """Return the people at each demand point whom a service is for, or all of one group."""
        if group is not None:
            return self.demand[f"people_{group}"] * self.demand["need_weight"]
        weights = self.services[service]["demand"]
        people = sum(weight * self.demand[f"people_{name}"] for name, weight in weights.items())
        return people * self.demand["need_weight"]

    @cached_property
    def _rings(self) -> dict[tuple[str, str], np.ndarray]:
        """Return (service, place) → the circle of each demand point, the number of circles where none."""
        reach = self.table("tables/reach").astype({"walker": str, "demand_id": str, "place_id": str})
        row = {point: i for i, point in enumerate(self.demand.index)}
        found = {}
        by_place = dict(iter(reach.groupby(["walker", "place_id"])))
        for name, service in self.services.items():
            cutoffs = [60.0 * circle["minutes"] for circle in service["circles"]]
            for place in self.offers.loc[self.offers["service"] == name, "place_id"].unique():
                rings = np.full(len(row), len(cutoffs), dtype=np.int8)
                pairs = by_place.get((service["walker"], place))
                if pairs is not None:
                    at = pairs["demand_id"].map(row).to_numpy()
                    rings[at] = np.searchsorted(cutoffs, pairs["seconds"].to_numpy(dtype=float), side="left")
                found[name, place] = rings
        return found

    def today(self) -> State:
        """Return what stands."""
        return tuple(np.flatnonzero(self.offers["stands"]).tolist())

    def planned(self, year: int | None = None) -> State:
        """Return what is open in the plan, in the end or in a year."""
        table = self.offers
        stays = {
            *np.flatnonzero(table["stands"] & table["planned"]),
            *(o for new in self.new() for o in self.replaced(new)),
        }
        if set(self.today()) - stays:
            raise ValueError("this recount does not know when what closes is closed")
        new = self.new() if year is None else [offer for offer in self.new() if table.loc[offer, "year"] <= year]
        gone = {one for offer in new for one in self.replaced(offer)}
        return tuple(sorted({*self.today(), *new} - gone))

    def new(self) -> list[int]:
        """Return what the plan opens."""
        return np.flatnonzero(self.offers["planned"] & ~self.offers["stands"]).tolist()

    def replaced(self, offer: int) -> State:
        """Return what stands and goes when ``offer`` opens: it is extended, or moves there."""
        table, row = self.offers, self.offers.loc[offer]
        same = table["stands"] & (table["service"] == row["service"])
        same &= table["place_id"].isin([row["place_id"], row["moves_from"]])
        return tuple(np.flatnonzero(same).tolist())

    def limited(self, service: str) -> bool:
        """Say whether places, or least loads, bind for a service."""
        mine = self.offers[self.offers["service"] == service]
        return bool(np.isfinite(mine["capacity"]).any() or self.services[service].get("min_load", 0) > 0)

    def served(self, service: str, state: State) -> Served:
        """Return what a service gives when ``state`` is open, its places shared out at best."""
        mine = tuple(offer for offer in state if self.offers.loc[offer, "service"] == service)
        # A floor that other services break is given up for this one too, so that it is part of the question.
        key = (f"{service} {self._floors_hold(state)}", mine)
        if key not in self._known:
            self._known[key] = (
                self._shared(service, mine, state) if self.limited(service) else self._near(service, mine)
            )
        return self._known[key]

    def worth(self, state: State) -> float:
        """Return people by circle weight over all services."""
        return sum(self.served(service, state).worth for service in self.services)

    def over_years(self, states: list[State]) -> float:
        """Return the worth summed over the years of a plan."""
        return sum(self.worth(state) for state in states)

    def states(self) -> list[State]:
        """Return what is open in each year; once for a plan without years."""
        return [self.planned(year) for year in self.years] or [self.planned()]

    def nearest(self, service: str, mine: State) -> np.ndarray:
        """Return the circle of each demand point."""
        places = {self.offers.loc[offer, "place_id"] for offer in mine}
        none = np.full(len(self.demand), len(self.services[service]["circles"]), dtype=np.int8)
        return np.minimum.reduce([none, *(self._rings[service, place] for place in places)])

    def _near(self, service: str, mine: State) -> Served:
        people = self.people(service).to_numpy()
        weights = np.array([*(circle["weight"] for circle in self.services[service]["circles"]), 0.0])
        rings = self.nearest(service, mine)
        within = float(people[rings < len(weights) - 1].sum())
        return Served(float(people @ weights[rings]), within, within)

    def _floors_hold(self, state: State) -> bool:
        return all(
            self._floor_share(floor, state) >= floor["share"] - 1e-6
            for floor in self.study["siting"].get("floors", [])
            if not self.limited(floor["service"])
        )

    def _floor_share(self, floor: dict, state: State) -> float:
        """Return the share a floor speaks of, the worst community's where it is for each."""
        service = floor["service"]
        mine = tuple(offer for offer in state if self.offers.loc[offer, "service"] == service)
        inside = self.nearest(service, mine) <= self._circle(service, floor["minutes"])
        people = self.people(service, floor.get("group"))
        if floor.get("per", "all") == "all":
            return float(people[inside].sum() / people.sum())
        return self._by_community(people, inside).min()

    def _by_community(self, people: pd.Series, inside: np.ndarray) -> pd.Series:
        totals = pd.DataFrame({"all": people, "in": people * inside}).groupby(self.demand["community_id"]).sum()
        totals = totals[totals["all"] > 0]
        return totals["in"] / totals["all"]

    def _circle(self, service: str, minutes: float) -> int:
        return [circle["minutes"] for circle in self.services[service]["circles"]].index(minutes)

    def _shared(self, service: str, mine: State, state: State) -> Served:
        if self.study["siting"].get("assignment", "split") != "split":
            raise ValueError("this recount shares people out as it suits")
        floors = [floor for floor in self.study["siting"].get("floors", []) if floor["service"] == service]
        if any(floor.get("group") or floor.get("per", "all") != "all" for floor in floors):
            raise ValueError("this recount knows floors of limited services for everybody alone")
        told = self.services[service]
        rings = np.array([self._rings[service, self.offers.loc[offer, "place_id"]] for offer in mine]).reshape(
            len(mine), len(self.demand)
        )
        kinds, of_kind = np.unique(rings, axis=1, return_inverse=True)
        everybody = np.bincount(of_kind.ravel(), weights=self.people(service).to_numpy(), minlength=kinds.shape[1])
        weights = np.array([circle["weight"] for circle in told["circles"]])
        place, kind = np.nonzero(kinds < len(weights))
        if not len(place):
            return Served(0.0, 0.0, 0.0, not floors, not told.get("min_load", 0))
        ring, n, load = kinds[place, kind], len(place), told.get("participation", 1.0)
        column = np.arange(n)
        of_people = csr_array((np.ones(n), (kind, column)), shape=(kinds.shape[1], n))
        of_place = csr_array((np.full(n, load), (place, column)), shape=(len(mine), n))
        capacity = self.offers.loc[list(mine), "capacity"].fillna(np.inf).to_numpy()
        least = np.array([self._least(offer) for offer in mine])
        asks = [(True, True)] if self._floors_hold(state) and floors else []
        for with_floors, with_loads in [*asks, (False, True), (False, False)]:
            rows, limits = [of_people, of_place[np.isfinite(capacity)]], [everybody, capacity[np.isfinite(capacity)]]
            if with_loads:
                rows.append(-of_place[least > 0])
                limits.append(-least[least > 0])
            for floor in floors if with_floors else []:
                rows.append(csr_array(-(ring <= self._circle(service, floor["minutes"]))[None, :].astype(float)))
                limits.append(np.array([-floor["share"] * float(self.people(service).sum())]))
            found = _best(weights[ring], rows, limits)
            if found is not None:
                return Served(*found, keeps_floors=with_floors or not floors, keeps_loads=with_loads)
        raise AssertionError("people can always stay at home")

    def _least(self, offer: int) -> float:
        """Return the least load of an offer; what stands, and its extension, have none."""
        row = self.offers.loc[offer]
        if row["stands"] or self.places.loc[row["place_id"], "role"] == "facility":
            return 0.0
        return self.services[row["service"]].get("min_load", 0.0)

    # Money

    def bill(self, state: State) -> dict[str, dict[str, float]]:
        """Return capital and yearly cost by department, ``""`` for the whole, outside payers left out there."""
        study = self.study
        departments = study.get("budgets", {}).get("departments", {})
        spent = {name: dict.fromkeys(["", *departments], 0.0) for name in ("capital", "yearly")}
        outside = {name for name, one in departments.items() if one.get("outside")}

        def pay(name: str, amount: float, payers: dict[str, float]) -> None:
            for department, part in payers.items():
                spent[name][department] += part * amount
            spent[name][""] += amount * (1 - sum(part for one, part in payers.items() if one in outside))

        building = study.get("budgets", {}).get("building_department")
        owner = {building: 1.0} if building else {}
        table, standing = self.offers, set(self.today())
        for offer in state:
            row = table.loc[offer]
            if offer not in standing:
                pay("capital", row["capital_cost"], self._payers(row["service"]))
            pay("yearly", row["yearly_cost"], self._payers(row["service"]))
        at = table[["place_id", "service"]].apply(tuple, axis=1)
        occupied = {at[offer] for offer in state}
        for offer in standing:
            pay("yearly", -table.loc[offer, "yearly_cost"], self._payers(table.loc[offer, "service"]))
            if at[offer] not in occupied:
                pay("capital", table.loc[offer, "closing_cost"], self._payers(table.loc[offer, "service"]))
        for place in {table.loc[offer, "place_id"] for offer in state if offer not in standing}:
            here = [offer for offer in state if table.loc[offer, "place_id"] == place]
            pay("capital", self.places.loc[place, "setup_cost"], owner)
            pay("yearly", self.places.loc[place, "yearly_cost"], owner)
            new = [offer for offer in here if offer not in standing]
            taken = table.loc[new, "area_m2"].sum()
            there = {at[offer] for offer in standing}
            for room in self._rooms(table.loc[new, "service"]):
                if not set(room["services"]) & {at[offer][1] for offer in here if at[offer] in there}:
                    pay("capital", room.get("fit_out_cost", 0.0), owner)
                    pay("yearly", room.get("yearly_cost", 0.0), owner)
                    taken += room["area_m2"]
            kind = self.study.get("site_kinds", {}).get(self.places.loc[place, "kind"], {})
            pay("capital", kind.get("setup_cost_per_m2", 0.0) * taken, owner)
        return spent

    def _payers(self, service: str) -> dict[str, float]:
        told, budgets = self.services[service], self.study.get("budgets", {})
        if told.get("mode"):
            return budgets["modes"][told["mode"]]["payers"]
        return {told["department"]: 1.0} if told.get("department") else {}

    def _rooms(self, services: pd.Series) -> list[dict]:
        rooms = self.study.get("co_location", {}).get("shared_rooms", [])
        return [room for room in rooms if set(room["services"]) & set(services)]

    # Rules

    @cached_property
    def ready(self) -> dict[str, float]:
        """Return the first year in which each place can open, where one is named."""
        return self.places["ready_year"].dropna().to_dict()

    def broken(self, states: list[State]) -> set[str]:
        """Return the keys of every rule that a sequence of states breaks; ``class`` for what kinds of buildings ask."""
        end, asked, budgets = states[-1], self.study["siting"], self.study.get("budgets", {})
        table, standing = self.offers, set(self.today())
        new = table.loc[[offer for offer in end if offer not in standing]]
        found = self._broken_money(states, budgets)
        sites = set(new["place_id"])
        for key, most in (("max_sites", 1), ("min_sites", -1)):
            limit = asked.get(key)
            if limit is not None and most * len(sites) > most * limit:
                found.add(f"siting.{key}")
        for name, service in self.services.items():
            number = int((new["service"] == name).sum())
            if number < (service.get("min_openings") or 0):
                found.add(f"services.{name}.min_openings")
            if service.get("max_openings") is not None and number > service["max_openings"]:
                found.add(f"services.{name}.max_openings")
        for kind, open_now in (("must", table.loc[list(end)]), ("never", new)):
            for i, lock in enumerate(asked.get(kind, [])):
                if set(lock) - {"site", "service"}:
                    raise ValueError("this recount knows locks by site and service alone")
                here = set(open_now.loc[open_now["place_id"] == lock["site"], "service"])
                if (lock["service"] in here if lock.get("service") else bool(here)) != (kind == "must"):
                    found.add(f"siting.{kind}.{i}")
        found |= self._broken_shares(end) | self._broken_houses(end, new)
        for state, year in zip(states, self.years, strict=False):
            early = [o for o in state if o not in standing and self.ready.get(table.loc[o, "place_id"], 0) > year]
            found |= {"ready_year"} if early else set()
        return found

    def _broken_money(self, states: list[State], budgets: dict) -> set[str]:
        bill = self.bill(states[-1])
        limits = {(name, ""): budgets.get(f"{name}_cost") for name in bill}
        for department, one in budgets.get("departments", {}).items():
            limits |= {(name, department): one.get(f"{name}_cost") for name in bill}
        found = {
            f"budgets.departments.{who}.{name}_cost" if who else f"budgets.{name}_cost"
            for (name, who), limit in limits.items()
            if limit is not None and bill[name][who] > limit + 1e-3
        }
        there_is = 0.0
        for state, year in zip(states, self.years, strict=False):
            there_is += self.study["siting"]["capital_cost_by_year"][str(year)]
            if self.bill(state)["capital"][""] > there_is + 1e-3:
                found.add(f"siting.capital_cost_by_year.{year}")
        return found

    def _broken_shares(self, end: State) -> set[str]:
        asked, found = self.study["siting"], set()
        for i, floor in enumerate(asked.get("floors", [])):
            if self.limited(floor["service"]):
                kept = self.served(floor["service"], end).keeps_floors
            else:
                kept = self._floor_share(floor, end) >= floor["share"] - 1e-6
            found |= set() if kept else {f"siting.floors.{i}.share"}
        for i, spread in enumerate(asked.get("spreads", [])):
            service = spread["service"]
            if self.limited(service):
                raise ValueError("this recount knows no spread of a limited service")
            mine = tuple(offer for offer in end if self.offers.loc[offer, "service"] == service)
            inside = self.nearest(service, mine) <= self._circle(service, spread["minutes"])
            shares = self._by_community(self.people(service), inside)
            if shares.max() - shares.min() > spread["most"] + 1e-6:
                found.add(f"siting.spreads.{i}.most")
        loaded = [name for name, service in self.services.items() if service.get("min_load", 0) > 0]
        if not all(self.served(name, end).keeps_loads for name in loaded):
            found.add(", ".join(f"services.{name}.min_load" for name in loaded))
        return found

    def _broken_houses(self, end: State, new: pd.DataFrame) -> set[str]:
        shared, found, hubs = self.study.get("co_location", {}), set(), 0
        hub = shared.get("hub")
        pairs = {frozenset(pair) for pair in shared.get("incompatible", [])}
        for place in {self.offers.loc[offer, "place_id"] for offer in end}:
            here = self.offers.loc[[offer for offer in end if self.offers.loc[offer, "place_id"] == place]]
            services = set(here["service"])
            if any(frozenset(two) in pairs for two in combinations(services, 2)):
                found.add("co_location.incompatible")
            area = here["area_m2"].sum() + sum(room["area_m2"] for room in self._rooms(here["service"]))
            if area > self.places.loc[place, "area_m2"] + 1e-6:
                found.add("area_m2")
            is_hub = hub is not None and area >= hub["min_area_m2"] - 1e-6 and len(services) >= hub["min_services"]
            is_hub = is_hub and len(services & set(hub.get("of", []))) >= hub.get("min_of", 0)
            opened = place in set(new["place_id"])
            hubs += int(is_hub and opened)
            kind = self.study.get("site_kinds", {}).get(self.places.loc[place, "kind"], {})
            little = len(services) < kind.get("min_services", 1) or area < kind.get("min_area_m2", 0.0) - 1e-6
            if opened and (little or (kind.get("hub_only") and not is_hub)):
                found.add("class")
        if hub is not None and hubs < hub.get("min_hubs", 0):
            found.add("co_location.hub.min_hubs")
        return found


def _best(weights: np.ndarray, rows: list, limits: list) -> tuple[float, float, float] | None:
    """Return the most worth, and the fewest and most people that have it; None where the rows contradict each other."""
    matrix, limit = vstack(rows, format="csr"), np.concatenate(limits)
    found = linprog(-weights, A_ub=matrix, b_ub=limit, method="highs")
    if found.status == 2:
        return None
    assert found.status == 0, found.message
    worth = -found.fun
    tied = vstack([matrix, csr_array(-weights[None, :])], format="csr")
    ends = [
        linprog(sign * np.ones(len(weights)), A_ub=tied, b_ub=np.append(limit, -worth + 1e-6), method="highs")
        for sign in (1.0, -1.0)
    ]
    return worth, ends[0].fun, -ends[1].fun
