"""Standards measured on a district and on what is open in it, community by community: amounts that sum to every larger area.

The last cell of every array stands for what lies in no community.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from planner.access import people_within
from planner.district.demand import community_of
from planner.workflow.hubs import check_hub, hub_conditions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from planner.district import District
    from planner.siting import BuiltProblem, Evaluation, Plan
    from planner.study import Service, Study
    from planner.study.standards import Ages, Measure, Standard
    from planner.workflow.walks import ProfileWalks

#: services under one roof that make a centre, where the study has no rule for hubs (导则 2024: three functions)
HUB_SERVICES = 3

Missing = tuple[str, "Mapping[str, object]"]
Form = Literal["ratio", "inverse", "mean", "count", "smallest", "largest"]

#: measure → how its figure follows from amounts: ``per`` × amount / base; base / amount; amount / base of single facilities, on average;
#: the amount itself; the smallest, the largest of single facilities
FORMS: Mapping[Measure, Form] = {
    "coverage": "ratio",
    "places": "ratio",
    "facilities": "count",
    "circle_people": "mean",
    "circle_dwellings": "mean",
    "service_m2": "ratio",
    "all_m2": "ratio",
    "facility_m2": "smallest",
    "facility_places": "smallest",
    "storey": "largest",
    "use_years": "largest",
    "places_of_size": "count",
    "hub_pass_rate": "ratio",
    "hubs_per_km2": "ratio",
    "communities_per_hub": "inverse",
    "households_per_hub": "inverse",
}
#: measure → unit in which it is short
UNITS: Mapping[Measure, str] = {
    "coverage": "people",
    "places": "places",
    "facilities": "facilities",
    "circle_people": "people",
    "circle_dwellings": "dwellings",
    "service_m2": "m2",
    "all_m2": "m2",
    "facility_m2": "m2",
    "facility_places": "places",
    "storey": "facilities",
    "use_years": "facilities",
    "places_of_size": "facilities",
    "hub_pass_rate": "facilities",
    "hubs_per_km2": "facilities",
    "communities_per_hub": "facilities",
    "households_per_hub": "facilities",
}
#: measures that say nothing of a single community: a centre is there for several
OF_LARGER_AREAS: frozenset[Measure] = frozenset(
    {"circle_people", "circle_dwellings", "places_of_size", "hubs_per_km2", "communities_per_hub", "households_per_hub"}
)


@dataclass(frozen=True, eq=False)
class Supply:
    """What is open at one time, one row an opening.

    Attributes
    ----------
    place : int64[k]
        Facilities, then candidates.
    service : object[k]
        Ids.
    capacity, own_m2 : float64[k]
        NaN = not known.
    place_m2 : float64[p]
        Floor area in use of every place, shared rooms counted once; NaN = not known.
    covered : mapping
        (service, minutes) → heads within reach, float64[c]; (service, 0.0) → all of them.
    """

    place: NDArray[np.int64]
    service: NDArray[np.object_]
    capacity: NDArray[np.float64]
    own_m2: NDArray[np.float64]
    place_m2: NDArray[np.float64]
    covered: Mapping[tuple[str, float], NDArray[np.float64]]

    @cached_property
    def services_by_place(self) -> dict[int, list[str]]:
        """The services open at each place, by its position, ascending."""
        found: dict[int, list[str]] = {}
        for place, service in sorted(zip(self.place.tolist(), self.service.tolist(), strict=True)):
            if service not in found.setdefault(place, []):
                found[place].append(service)
        return found


@dataclass(frozen=True, eq=False)
class MeasuredDistrict:
    """The district that standards are held against."""

    study: Study
    district: District
    walks: Mapping[str, ProfileWalks]

    @property
    def n_cells(self) -> int:
        """Communities, and one cell for what lies outside."""
        return len(self.district.communities) + 1

    @cached_property
    def place_ids(self) -> list[str]:
        """Ids of facilities, then of candidates."""
        return [*self.district.facilities["id"], *self.district.sites["id"]]

    @cached_property
    def place_names(self) -> list[str]:
        """Names of facilities, then of candidates."""
        return [*self.district.facilities["name"], *self.district.sites["name"]]

    @cached_property
    def cell_of_place(self) -> NDArray[np.int64]:
        """The community in which each place lies."""
        district = self.district
        points = np.array([*district.facilities.geometry, *district.sites.geometry], dtype=object)
        found = community_of(points, district.communities).astype(np.int64)
        return np.where(found < 0, self.n_cells - 1, found)

    @cached_property
    def cell_of_demand(self) -> NDArray[np.int64]:
        """The community of each demand point."""
        community = self.district.demand["community"].to_numpy(dtype=np.int64)
        return np.where(community < 0, self.n_cells - 1, community)

    @cached_property
    def storey(self) -> NDArray[np.float64]:
        """Storey of every place; NaN = not known."""
        district = self.district
        if "storey" in district.facilities:
            of_facilities = district.facilities["storey"].to_numpy(dtype=np.float64)
        else:
            of_facilities = np.full(len(district.facilities), np.nan)
        return np.concatenate([of_facilities, district.sites["storey"].to_numpy(dtype=np.float64)])

    @cached_property
    def change_of_use_years(self) -> NDArray[np.float64]:
        """Years for which every place is used otherwise than approved; NaN = its use does not change."""
        years = {name: kind.change_of_use_years for name, kind in self.study.site_kinds.items()}
        of_sites = [years.get(str(kind)) for kind in self.district.sites["kind"]]
        known = [np.nan if value is None else value for value in of_sites]
        return np.array([*[np.nan] * len(self.district.facilities), *known], dtype=np.float64)

    @cached_property
    def households(self) -> NDArray[np.float64] | None:
        """Households of every community, NaN where it does not say; None where none does."""
        communities = self.district.communities
        if "households" not in communities or communities["households"].isna().all():
            return None
        return np.append(communities["households"].to_numpy(dtype=np.float64), 0.0)

    def people(self, ages: Ages) -> NDArray[np.float64] | None:
        """Return the people of a group with exactly these ages at each demand point, float64[n]; None without such a group."""
        counted = {group for people in self.study.layers.people for group in people.groups}
        for name, group in self.study.groups.items():
            if name in counted and (group.from_age, group.to_age) == tuple(ages):
                people: NDArray[np.float64] = self.district.demand[name].to_numpy(dtype=np.float64)
                if people.sum() > 0:
                    return people
        return None

    def by_cell(self, cell: NDArray[np.int64], values: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Return sums of ``values`` (else counts) by cell, float64[c]."""
        return np.bincount(cell, weights=values, minlength=self.n_cells).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Measured:
    """One standard measured on one service (or all), cell by cell.

    Attributes
    ----------
    have, base : float64[c]
        Amount that is there, and what it is related to (people, households, km², facilities).
    unknown, asked : float64[c]
        Facilities that do not say their figure, of so many.
    cell, figure : int64[m], float64[m]
        Of single facilities, where the form is ``smallest`` or ``largest``.
    gap : str
        Key of the text about those that do not say.
    missing : sequence
        Why nothing could be measured: keys of the glossary with their values.
    """

    service: str
    have: NDArray[np.float64]
    base: NDArray[np.float64]
    unknown: NDArray[np.float64]
    asked: NDArray[np.float64]
    cell: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    figure: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    gap: str = "area"
    missing: Sequence[Missing] = ()


def supply_today(district: District, covered: Mapping[tuple[str, float], NDArray[np.float64]]) -> Supply:
    """Return the supply of existing facilities; a facility with several services has its floor area in each of their rows."""
    existing = district.existing
    place = existing["facility"].to_numpy(dtype=np.int64)
    of_facilities = district.facilities["area_m2"].to_numpy(dtype=np.float64)
    return Supply(
        place,
        existing["service"].to_numpy(dtype=object),
        existing["capacity"].to_numpy(dtype=np.float64),
        of_facilities[place],
        np.append(of_facilities, np.zeros(len(district.sites))),
        covered,
    )


def supply_of_plan(
    district: District,
    built: BuiltProblem,
    plan: Plan,
    recount: Evaluation,
    covered: Mapping[tuple[str, float], NDArray[np.float64]],
) -> Supply:
    """Return what is open with the plan: what stands and stays, and what opens.

    An opening has its own floor area without shared rooms; a building its area with each shared room once. What opens in a facility
    adds to the facility's own area.
    """
    today, offers = supply_today(district, covered), built.problem.offers
    chosen = plan.offers
    new = chosen[~offers.existing[chosen]]
    standing = chosen[offers.existing[chosen]]
    services = np.array(built.service_ids, dtype=object)
    stays = set(zip(offers.site[standing].tolist(), services[offers.service[standing]].tolist(), strict=True))
    there = list(zip(today.place.tolist(), today.service.tolist(), strict=True))
    kept = np.array([one in stays for one in there], dtype=np.bool_)
    site, service = offers.site[new].astype(np.int64), services[offers.service[new]]
    capacity = np.full(len(new), np.inf) if offers.capacity is None else offers.capacity[new]
    grown = np.array([one in set(there) for one in zip(site.tolist(), service.tolist(), strict=True)], dtype=np.bool_)
    own = offers.area_m2[new] + np.where(grown, today.place_m2[site], 0.0)
    place_m2 = np.asarray(recount.site_area_m2, dtype=np.float64).copy()
    first = len(district.facilities)
    added = np.bincount(site, weights=offers.area_m2[new], minlength=len(place_m2))[:first]
    used = np.isin(np.arange(first), np.concatenate([today.place[kept], site[grown]]))
    place_m2[:first] = np.where(used, today.place_m2[:first], 0.0) + added
    return Supply(
        np.concatenate([today.place[kept], site]),
        np.concatenate([today.service[kept], service]),
        np.concatenate([today.capacity[kept], np.where(np.isfinite(capacity), capacity, np.nan)]),
        np.concatenate([today.own_m2[kept], own]),
        place_m2,
        covered,
    )


def heads_by_cell(
    study: Study, district: District, table: pd.DataFrame, *, area: str, heads: str, covered: str
) -> dict[tuple[str, float], NDArray[np.float64]]:
    """Return heads within reach by (service, minutes), and all of them under 0 minutes, from a table of coverage by community."""
    order = [*district.communities["id"], ""]
    found: dict[tuple[str, float], NDArray[np.float64]] = {}
    for service in study.services:
        mine = table[table["service"] == service.id]
        for circle in service.circles:
            rows = mine[mine["minutes"] == circle.minutes].set_index(area).reindex(order)
            found[service.id, circle.minutes] = rows[covered].fillna(0.0).to_numpy(dtype=np.float64)
            found[service.id, 0.0] = rows[heads].fillna(0.0).to_numpy(dtype=np.float64)
    return found


def measure(one: Standard, district: MeasuredDistrict, supply: Supply) -> list[Measured]:
    """Return what ``one`` measures: an entry for every service that it goes for, or one for all; none of walkers."""
    found = _MEASURES.get(one.measure)
    return [] if found is None else list(found(one, district, supply))


def _services(one: Standard, district: MeasuredDistrict) -> Iterator[Service]:
    for service in district.study.services:
        if one in district.study.standards_of(service):
            yield service


def _nothing(service: str, n: int, missing: Sequence[Missing]) -> Measured:
    unknown = np.full(n, np.nan)
    return Measured(service, unknown, unknown, np.zeros(n), np.zeros(n), missing=missing)


def _ages_missing(ages: Ages) -> Missing:
    return ("everybody" if tuple(ages) == (0, None) else "ages", {"first": ages[0]})


def _coverage(one: Standard, district: MeasuredDistrict, supply: Supply) -> Iterator[Measured]:
    none = np.zeros(district.n_cells)
    for service in _services(one, district):
        have, base = supply.covered[service.id, float(one.minutes or 0)], supply.covered[service.id, 0.0]
        yield Measured(service.id, have, base, none, none)


def _counted(one: Standard, service: Service) -> list[Missing]:
    if not one.counts or service.capacity_counts in one.counts:
        return []
    return [("counts", {"service": service.id, "wanted": one.counts[0], "counts": service.capacity_counts})]


def _places(one: Standard, district: MeasuredDistrict, supply: Supply) -> Iterator[Measured]:
    ages = one.ages or (0, None)
    people = district.people(ages)
    for service in _services(one, district):
        missing = _counted(one, service) + ([] if people is not None else [_ages_missing(ages)])
        if missing or people is None:
            yield _nothing(service.id, district.n_cells, missing)
            continue
        mine = supply.service == service.id
        yield _summed(district, service.id, supply.place[mine], supply.capacity[mine], gap="capacity", people=people)


def _summed(
    district: MeasuredDistrict,
    service: str,
    place: NDArray[np.int64],
    amount: NDArray[np.float64],
    *,
    gap: str,
    people: NDArray[np.float64] | None = None,
) -> Measured:
    """Return amounts of places beside the people of demand points, or beside the households."""
    cell, unknown = district.cell_of_place[place], np.isnan(amount)
    asked = district.by_cell(cell)
    if people is not None:
        base = district.by_cell(district.cell_of_demand, people)
    elif district.households is not None:
        base = district.households
    else:
        base = np.full(district.n_cells, np.nan)
    return Measured(
        service,
        district.by_cell(cell, np.where(unknown, 0.0, amount)),
        base,
        district.by_cell(cell, unknown.astype(np.float64)),
        asked,
        gap=gap,
        missing=() if people is not None or district.households is not None else [("households", {})],
    )


def _facilities(one: Standard, district: MeasuredDistrict, supply: Supply) -> Iterator[Measured]:
    none = np.zeros(district.n_cells)
    for service in _services(one, district):
        count = district.by_cell(district.cell_of_place[supply.place[supply.service == service.id]])
        yield Measured(service.id, count, none, none, count)


def _circle(one: Standard, district: MeasuredDistrict, supply: Supply) -> Iterator[Measured]:
    ages = one.ages or (0, None)
    people = district.people(ages)
    missing: list[Missing] = [] if people is not None else [_ages_missing(ages)]
    counted = people
    if one.measure == "circle_dwellings" and people is not None:
        if district.households is None:
            missing.append(("households", {}))
        else:
            # dwellings lie where the residents of their community live
            of_community = district.by_cell(district.cell_of_demand, people)
            with np.errstate(invalid="ignore", divide="ignore"):
                each = np.where(of_community > 0, district.households / of_community, 0.0)
            counted = people * np.nan_to_num(each)[district.cell_of_demand]
    for service in _services(one, district):
        place = np.unique(supply.place[supply.service == service.id])
        lacking = missing if len(place) else [*missing, ("facilities", {})]
        if lacking or counted is None:
            yield _nothing(service.id, district.n_cells, lacking)
            continue
        reach = district.walks[service.walker].times.only(place)
        within = people_within(reach, counted, 60 * float(one.minutes or 0))
        cell = district.cell_of_place[place]
        count = district.by_cell(cell)
        yield Measured(service.id, district.by_cell(cell, within), count, np.zeros(district.n_cells), count)


def _service_m2(one: Standard, district: MeasuredDistrict, supply: Supply) -> Iterator[Measured]:
    for service in _services(one, district):
        mine = supply.service == service.id
        yield _summed(district, service.id, supply.place[mine], supply.own_m2[mine], gap="area")


def _all_m2(_: Standard, district: MeasuredDistrict, supply: Supply) -> Iterator[Measured]:
    place = np.unique(supply.place)
    yield _summed(district, "", place, supply.place_m2[place], gap="area")


def _each(
    one: Standard,
    district: MeasuredDistrict,
    service: str,
    place: NDArray[np.int64],
    figure: NDArray[np.float64],
    *,
    gap: str,
) -> Measured:
    cell, unknown = district.cell_of_place[place], np.isnan(figure)
    asked = district.by_cell(cell)
    missing: list[Missing] = []
    if len(place) and unknown.all():
        missing.append((gap, {"count": len(place), "all": len(place)}))
    out = (figure < (-np.inf if one.low is None else one.low)) | (figure > (np.inf if one.high is None else one.high))
    return Measured(
        service,
        asked - district.by_cell(cell, (out | unknown).astype(np.float64)),
        asked,
        district.by_cell(cell, unknown.astype(np.float64)),
        asked,
        cell[~unknown],
        figure[~unknown],
        gap,
        missing,
    )


def _facility_m2(one: Standard, district: MeasuredDistrict, supply: Supply) -> Iterator[Measured]:
    for service in _services(one, district):
        mine = supply.service == service.id
        yield _each(one, district, service.id, supply.place[mine], supply.own_m2[mine], gap="area")


def _facility_places(one: Standard, district: MeasuredDistrict, supply: Supply) -> Iterator[Measured]:
    for service in _services(one, district):
        missing = _counted(one, service)
        mine = supply.service == service.id
        if missing:
            yield _nothing(service.id, district.n_cells, missing)
        else:
            yield _each(one, district, service.id, supply.place[mine], supply.capacity[mine], gap="capacity")


def _storey(one: Standard, district: MeasuredDistrict, supply: Supply) -> Iterator[Measured]:
    for service in _services(one, district):
        place = supply.place[supply.service == service.id]
        yield _each(one, district, service.id, place, district.storey[place], gap="storey")


def _use_years(one: Standard, district: MeasuredDistrict, supply: Supply) -> Iterator[Measured]:
    years = district.change_of_use_years
    if np.isnan(years).all():
        yield _nothing("", district.n_cells, [("change_of_use", {})])
        return
    place = np.unique(supply.place)
    changed = place[np.isfinite(years[place])]
    yield _each(one, district, "", changed, years[changed], gap="area")


def _places_of_size(one: Standard, district: MeasuredDistrict, supply: Supply) -> Iterator[Measured]:
    place = np.unique(supply.place)
    area_m2, cell = supply.place_m2[place], district.cell_of_place[place]
    inside = (area_m2 >= (one.from_m2 or 0.0)) & (area_m2 <= (np.inf if one.to_m2 is None else one.to_m2))
    unknown = np.isnan(area_m2)
    yield Measured(
        "",
        district.by_cell(cell, inside.astype(np.float64)),
        np.zeros(district.n_cells),
        district.by_cell(cell, unknown.astype(np.float64)),
        district.by_cell(cell),
    )


def _hub_pass_rate(_: Standard, district: MeasuredDistrict, supply: Supply) -> Iterator[Measured]:
    conditions = hub_conditions(district.study)
    several = {place: offered for place, offered in supply.services_by_place.items() if len(offered) > 1}
    verdicts = [
        check_hub(conditions, offered, float(supply.place_m2[place])).verdict for place, offered in several.items()
    ]
    cell = district.cell_of_place[np.array(list(several), dtype=np.int64)]
    passes = np.array([verdict == "passes" for verdict in verdicts], dtype=np.float64)
    unknown = np.array([not verdict for verdict in verdicts], dtype=np.float64)
    count = district.by_cell(cell)
    missing: list[Missing] = [] if several else [("hubs", {"services": 2})]
    yield Measured(
        "", district.by_cell(cell, passes), count, district.by_cell(cell, unknown), count, gap="hub", missing=missing
    )


def _centres(district: MeasuredDistrict, supply: Supply) -> NDArray[np.float64]:
    """Return the places with the services of a centre, by cell."""
    least = hub_services(district.study)
    places = [place for place, offered in supply.services_by_place.items() if len(offered) >= least]
    return district.by_cell(district.cell_of_place[np.array(places, dtype=np.int64)])


def hub_services(study: Study) -> int:
    """Return how many services under one roof make a centre in ``study``."""
    hub = study.co_location.hub
    return min(HUB_SERVICES if hub is None else hub.min_services, len(study.services))


def _hubs_per_km2(_: Standard, district: MeasuredDistrict, supply: Supply) -> Iterator[Measured]:
    km2 = np.append(district.district.communities.geometry.area.to_numpy(dtype=np.float64) / 1e6, 0.0)
    yield _of_centres(district, supply, km2)


def _communities_per_hub(_: Standard, district: MeasuredDistrict, supply: Supply) -> Iterator[Measured]:
    yield _of_centres(district, supply, np.append(np.ones(district.n_cells - 1), 0.0))


def _households_per_hub(_: Standard, district: MeasuredDistrict, supply: Supply) -> Iterator[Measured]:
    if district.households is None:
        yield _nothing("", district.n_cells, [("households", {})])
    else:
        yield _of_centres(district, supply, district.households)


def _of_centres(district: MeasuredDistrict, supply: Supply, base: NDArray[np.float64]) -> Measured:
    centres = _centres(district, supply)
    return Measured("", centres, base, np.zeros(district.n_cells), centres)


_MEASURES: Mapping[Measure, Callable[[Standard, MeasuredDistrict, Supply], Iterator[Measured]]] = {
    "coverage": _coverage,
    "places": _places,
    "facilities": _facilities,
    "circle_people": _circle,
    "circle_dwellings": _circle,
    "service_m2": _service_m2,
    "all_m2": _all_m2,
    "facility_m2": _facility_m2,
    "facility_places": _facility_places,
    "storey": _storey,
    "use_years": _use_years,
    "places_of_size": _places_of_size,
    "hub_pass_rate": _hub_pass_rate,
    "hubs_per_km2": _hubs_per_km2,
    "communities_per_hub": _communities_per_hub,
    "households_per_hub": _households_per_hub,
}
