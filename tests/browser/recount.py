"""What the meeting page must show, counted with the planner's own `count`: every figure by its name on the page."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner.siting import BuiltProblem, Evaluation, Floor, Spread, evaluate_offers

if TYPE_CHECKING:
    from planner.access import TravelTimes
    from planner.store.run import Run


def in_order(values: np.ndarray) -> float:
    return float(np.cumsum(values)[-1]) if len(values) else 0.0


#: side of the squares that people left out are gathered in
SQUARE_M = 400.0

#: what the page calls a broken rule, and how the recount words it (where, what)
KINDS = (
    ("budget", r"^budget (capital|yearly)$", ""),
    ("department", "^budget .*department", ""),
    ("area", "^site", "m² are used of"),
    ("incompatible", "^site", "incompatible"),
    ("stays", "^site", "must stay"),
    ("moved", "^site", "moved"),
    ("must", "^site", "lock .*kind='must'"),
    ("never", "^site", "lock .*kind='never'"),
    ("small", "^site", "less than its class"),
    ("hub_only", "^site", "only as a hub"),
    ("sites", "^sites", ""),
    ("openings", "^service", "openings"),
    ("hubs", "^hubs", ""),
    ("floor", "^floor", ""),
    ("spread", "^spread", ""),
)


@dataclass
class Looked:
    """What the page is looking at."""

    service: int = 0
    circle: int = 1
    level: int = 0
    walker: str | None = None


class Recount:
    """The same room in Python: toggled beside the page, and asked for the same figures."""

    def __init__(self, run: Run, posed: BuiltProblem, reaches: dict[str, TravelTimes]) -> None:
        self.run, self.posed, self.reaches = run, posed, reaches
        self.offers = posed.problem.offers
        self.today = np.flatnonzero(self.offers.existing)
        self.plan = np.flatnonzero(run.tables.offers["planned"].to_numpy())
        self.open = self._by_cell(self.plan)
        self.parts: dict[int, tuple[str, list[str], np.ndarray]] = {}
        self.walked: dict[tuple[str, float], tuple[np.ndarray, np.ndarray]] = {}
        self.reached: dict[tuple[str, int], dict[str, float]] = {}
        self.kept: dict[tuple[bytes, str | None, int], Evaluation] = {}
        self.looked = Looked()

    def _by_cell(self, offers: np.ndarray) -> dict[tuple[int, int], int]:
        return {(int(self.offers.site[m]), int(self.offers.service[m])): int(m) for m in offers}

    @property
    def moves(self) -> np.ndarray:
        return np.full(self.offers.count, -1) if self.offers.moves is None else self.offers.moves

    @property
    def chosen(self) -> np.ndarray:
        """What is open; what has moved elsewhere is gone where it stood."""
        gone = {int(self.moves[m]) for m in self.open.values()}
        return np.array(sorted(m for m in self.open.values() if m not in gone), dtype=np.int64)

    @cached_property
    def cells(self) -> list[tuple[int, int]]:
        """Every (site, service) that can be toggled: what could open, and what stands and may close."""
        may_close = np.zeros(self.offers.count, dtype=bool) if self.offers.may_close is None else self.offers.may_close
        free = np.flatnonzero(~self.offers.existing | may_close)
        return sorted({(int(self.offers.site[m]), int(self.offers.service[m])) for m in free})

    def toggle(self, site: int, service: int) -> None:
        if (site, service) in self.open:
            del self.open[site, service]
            return
        here = np.flatnonzero((self.offers.site == site) & (self.offers.service == service))
        ways = self.ways(site, service)
        planned = [m for m in ways if m in set(self.plan.tolist())]
        if not ways:
            self.open[site, service] = int(here[0])
        else:
            self.open[site, service] = (planned or ways)[0]

    def ways(self, site: int, service: int) -> list[int]:
        """Return the ways to run a service anew at a site, those that move nothing here first, then by size."""
        here = np.flatnonzero((self.offers.site == site) & (self.offers.service == service) & ~self.offers.existing)
        return sorted(map(int, here), key=lambda m: (self.moves[m] >= 0, self.offers.area_m2[m], m))

    def ask_more(self, page) -> None:
        """Ask, on the page and here, for more than any plan could keep: a share in every community, a small spread."""
        floor, spread = 2, 0
        cutoffs_s = [self.posed.problem.demands[k].cutoffs_s[1] for k in (floor, spread)]
        page.evaluate(
            """([floor, spread, cutoffs_s]) => {
              const { rules, services } = planner.store.problem, { people } = services[floor];
              rules.floors.push({ service: floor, group: null, cutoff_s: cutoffs_s[0], share: 0.5, every: true, people });
              rules.spreads.push({ service: spread, cutoff_s: cutoffs_s[1], most: 0.25 });
            }""",
            [floor, spread, cutoffs_s],
        )
        rules = self.posed.problem.rules
        rules = replace(
            rules,
            floors=(*rules.floors, Floor(floor, 0.5, 1, every_community=True)),
            spreads=(*rules.spreads, Spread(spread, 0.25, 1)),
        )
        self.posed = replace(self.posed, problem=replace(self.posed.problem, rules=rules))

    def broken_rules(self) -> dict[str, int]:
        """Return how often each kind of rule is broken, by the name the page gives it."""
        found: dict[str, int] = {}
        for fault in self.counted(self.chosen).broken:
            name = next(
                name for name, where, what in KINDS if re.search(where, fault.where) and re.search(what, fault.what)
            )
            found[name] = found.get(name, 0) + 1
        for name in self.beyond_places():
            found[name] = found.get(name, 0) + 1
        return found

    def counted(self, chosen: np.ndarray) -> Evaluation:
        asked = chosen.tobytes(), self.looked.walker, id(self.posed)
        if asked not in self.kept:
            if len(self.kept) > 20:
                self.kept.clear()
            self.kept[asked] = self._counted(chosen)
        return self.kept[asked]

    def _counted(self, chosen: np.ndarray) -> Evaluation:
        problem = self.posed.problem
        if self.looked.walker is not None:
            reach = self.reaches[self.looked.walker]
            problem = replace(
                problem,
                demands=tuple(
                    replace(d, reach=reach) if reach.cutoff_s >= d.cutoffs_s[-1] else d for d in problem.demands
                ),
            )
        return evaluate_offers(problem, chosen)

    def walker_of(self, service: int) -> str:
        asked, own = self.looked.walker, self.run.study.services[service].walker
        if asked is None or self.reaches[asked].cutoff_s < self.posed.problem.demands[service].cutoffs_s[-1]:
            return own
        return asked

    # ---- parts ----

    def part_names(self, level: int) -> tuple[str, list[str], np.ndarray]:
        """Return the level's name, its parts' ids and the part of each demand point (−1: none)."""
        if level not in self.parts:
            self.parts[level] = self._part_names(level)
        return self.parts[level]

    def _part_names(self, level: int) -> tuple[str, list[str], np.ndarray]:
        communities, demand = self.run.tables.communities, self.run.tables.demand
        ids = communities["id"].tolist()
        of = np.array([ids.index(name) if name else -1 for name in demand["community_id"]])
        if level == 0:
            return "community", ids, of
        column = self.run.study.layers.communities.roll_up[level - 1]
        names = communities[column].tolist()
        parts = list(dict.fromkeys(names))
        part_of = np.array([parts.index(name) for name in names])
        return column, parts, np.where(of < 0, -1, part_of[of])

    def by_part(self, found: Evaluation, service: int, level: int) -> np.ndarray:
        """Return people inside each circle by part, float64[parts, circles + 1]; the last column holds everybody."""
        _, ids, of = self.part_names(level)
        demand = self.posed.problem.demands[service]
        width = len(demand.cutoffs_s) + 1
        inside = of >= 0
        flat = np.bincount(
            of[inside] * width + found.circle[service][inside],
            weights=demand.people[inside],
            minlength=len(ids) * width,
        )
        return np.cumsum(flat.reshape(len(ids), width), axis=1)

    # ---- every figure ----

    def figures(self) -> dict[str, float]:
        now, today, plan = (self.counted(chosen) for chosen in (self.chosen, self.today, self.plan))
        found: dict[str, float] = {}
        services = self.run.study.services
        for k, service in enumerate(services):
            found[f"people/{service.id}"] = now.people[k]
            for c, circle in enumerate(service.circles):
                at = f"{service.id}/{circle.minutes:g}"
                found[f"covered/room/{at}"] = float(now.covered[k][c])
                found[f"share/room/{at}"] = float(now.covered[k][c]) / now.people[k] if now.people[k] else 0.0
        found |= self._moved(now, {"today": today, "plan": plan}) | self._money(now) | self._parts(now)
        found |= self._adds(now) | self._gaps(now) | self._seats() | self._reach()
        found["broken"] = float(len(now.broken) + len(self.beyond_places()))
        if all(self.walker_of(k) == service.walker for k, service in enumerate(services)):
            bound = self.run.manifest.result.bound
            found |= {"worth": now.worth, "bound": bound, "distance": bound - now.worth}
        return found

    def _at(self) -> tuple[int, int, str]:
        k, c = self.looked.service, self.looked.circle
        service = self.run.study.services[k]
        return k, c, f"{service.id}/{service.circles[c].minutes:g}"

    def _moved(self, now: Evaluation, others: dict[str, Evaluation]) -> dict[str, float]:
        k, c, at = self._at()
        people = self.posed.problem.demands[k].people
        found = {}
        for name, then in others.items():
            is_in, was_in = now.circle[k] <= c, then.circle[k] <= c
            gained, lost = in_order(people[is_in & ~was_in]), in_order(people[was_in & ~is_in])
            found |= {f"gained/{name}/{at}": gained, f"lost/{name}/{at}": lost, f"net/{name}/{at}": gained - lost}
        return found

    def _money(self, now: Evaluation) -> dict[str, float]:
        new = self.chosen[~self.offers.existing[self.chosen]]
        found = {
            "money/capital": now.capital_cost,
            "money/yearly": now.yearly_cost,
            "sites": float(len(now.opened_sites)),
            "openings": float(len(new)),
            "area": in_order(now.site_area_m2),
        }
        for d, department in enumerate(self.posed.department_ids):
            found[f"money/{department}/capital"] = float(now.department_capital_cost[d])
            found[f"money/{department}/yearly"] = float(now.department_yearly_cost[d])
        for j, place in enumerate(self.posed.place_ids):
            found[f"site-area/{place}"] = float(now.site_area_m2[j])
            found[f"site-capital/{place}"] = float(now.site_capital_cost[j])
        return found

    def _parts(self, now: Evaluation) -> dict[str, float]:
        k, c, at = self._at()
        level, ids, _ = self.part_names(self.looked.level)
        sums = self.by_part(now, k, self.looked.level)
        people, covered = sums[:, -1], sums[:, c]
        found = {}
        with np.errstate(invalid="ignore"):
            share = covered / people
        for r, name in enumerate(ids):
            if people[r] > 0:
                found[f"part-share/{level}/{name}/{at}"] = float(share[r])
                found[f"part-left/{level}/{name}/{at}"] = float(people[r] - covered[r])
        some = np.flatnonzero(people > 0)
        worst = some[np.lexsort((some, covered[some] - people[some], share[some]))[0]]
        found[f"worst/{level}/{at}"] = float(share[worst])
        found[f"worst-left/{level}/{at}"] = float(people[worst] - covered[worst])
        return found

    def _walks(self, service: int, circle: int) -> tuple[np.ndarray, np.ndarray]:
        """Return (place, demand point) of every pair inside the circle, demand points ascending within a place."""
        asked = self.walker_of(service), self.posed.problem.demands[service].cutoffs_s[circle]
        if asked not in self.walked:
            self.walked[asked] = self._inside(*asked)
        return self.walked[asked]

    def _inside(self, walker: str, cutoff_s: float) -> tuple[np.ndarray, np.ndarray]:
        reach = self.reaches[walker]
        demand = np.repeat(np.arange(len(reach.indptr) - 1), np.diff(reach.indptr))
        inside = reach.seconds.astype(np.float64) <= cutoff_s
        place, demand = reach.site[inside], demand[inside]
        order = np.lexsort((demand, place))
        return place[order], demand[order]

    def _open_places(self, service: int) -> np.ndarray:
        is_open = np.zeros(len(self.posed.place_ids), dtype=bool)
        here = self.chosen[self.offers.service[self.chosen] == service]
        is_open[self.offers.site[here]] = True
        return is_open

    def _adds(self, now: Evaluation) -> dict[str, float]:
        """Return what each place would add, in the circle looked at and (for the card) in every service's widest."""
        k, c, at = self._at()
        place, demand = self._walks(k, c)
        people, is_open = self.posed.problem.demands[k].people, self._open_places(k)
        times = np.bincount(demand[is_open[place]], minlength=len(people))
        counts = np.where(is_open[place], times[demand] == 1, now.circle[k][demand] > c)
        sums = np.bincount(place[counts], weights=people[demand[counts]], minlength=len(is_open))
        return {f"adds/{name}/{at}": float(sums[j]) for j, name in enumerate(self.posed.place_ids)}

    # ---- people left out, square by square ----

    @cached_property
    def squares(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the middle of every square with homes, float64[s, 2] in metres, and the square of each demand point."""
        points = self.run.tables.demand.geometry
        lower = set(zip(points.x // SQUARE_M, points.y // SQUARE_M, strict=True))
        known = {xy: position for position, xy in enumerate(sorted(lower))}
        of = np.array([known[xy] for xy in zip(points.x // SQUARE_M, points.y // SQUARE_M, strict=True)])
        return (np.array(sorted(lower)) + 0.5) * SQUARE_M, of

    def _could(self, service: int) -> np.ndarray:
        """Return bool by place: it could take the service anew and does not have it open."""
        could = np.zeros(len(self.posed.place_ids), dtype=bool)
        could[self.offers.site[(self.offers.service == service) & ~self.offers.existing]] = True
        return could & ~self._open_places(service)

    def _gaps(self, now: Evaluation) -> dict[str, float]:
        """Return who is left out in each square, the most one closed place could reach of them, and how far the nearest one is."""
        k, c, at = self._at()
        middle, of = self.squares
        people, beyond, could = self.posed.problem.demands[k].people, now.circle[k] > c, self._could(k)
        left = np.bincount(of[beyond], weights=people[beyond], minlength=len(middle))
        place, demand = self._walks(k, c)
        counts = could[place] & beyond[demand]
        sums = np.zeros((len(middle), len(could)))
        np.add.at(sums, (of[demand[counts]], place[counts]), people[demand[counts]])
        points = self.run.tables.places.geometry
        where = np.round(np.column_stack([points.x, points.y]), 1)[could]
        found = {}
        for square, (x, y) in enumerate(middle):
            found[f"gap/{square}/{at}"] = float(left[square])
            found[f"help/{square}/{at}"] = float(sums[square].max())
            if len(where):
                apart = (where[:, 0] - x) * (where[:, 0] - x) + (where[:, 1] - y) * (where[:, 1] - y)
                found[f"near/{square}/{at}"] = float(np.sqrt(apart.min()))
        return found

    def largest_gaps(self) -> list[tuple[str, float]]:
        """Return the twelve squares where most people are left out, and how many each holds."""
        _, _, at = self._at()
        found = self._gaps(self.counted(self.chosen))
        left = [(square, found[f"gap/{square}/{at}"]) for square in range(len(self.squares[0]))]
        told = sorted((one for one in left if one[1] >= 0.5), key=lambda one: (-one[1], one[0]))
        return [(f"gap/{square}/{at}", people) for square, people in told[:12]]

    # ---- what a place reaches, and places for those within reach ----

    def _reach(self) -> dict[str, float]:
        """Return the people of the service looked at inside each circle of every place."""
        k, _, _ = self._at()
        asked = self.walker_of(k), k
        if asked not in self.reached:
            reach, demand = self.reaches[asked[0]], self.posed.problem.demands[k]
            point = np.repeat(np.arange(len(reach.indptr) - 1), np.diff(reach.indptr))
            ring = np.searchsorted(demand.cutoffs_s, reach.seconds.astype(np.float64), side="left")
            width = len(demand.cutoffs_s) + 1
            flat = reach.site.astype(np.int64) * width + ring
            sums = np.bincount(flat, weights=demand.people[point], minlength=len(self.posed.place_ids) * width)
            inside = np.cumsum(sums.reshape(-1, width)[:, :-1], axis=1)
            service = self.run.study.services[k]
            self.reached[asked] = {
                f"reach/{name}/{service.id}/{circle.minutes:g}": float(inside[j, c])
                for j, name in enumerate(self.posed.place_ids)
                for c, circle in enumerate(service.circles)
            }
        return self.reached[asked]

    def _within(self, service: int, circle: int, part: np.ndarray, parts: int) -> tuple[np.ndarray, np.ndarray]:
        """Return users within a circle, part by part, and how many of them find a place at most."""
        demand = self.posed.problem.demands[service]
        ring = self.counted(self.chosen).circle[service]
        counts = (ring <= circle) & (part >= 0)
        users = np.bincount(part[counts], weights=demand.people[counts], minlength=parts) * demand.load_per_person
        place, point = self._walks(service, circle)
        most = np.zeros(parts)
        mine = self.chosen[self.offers.service[self.chosen] == service]
        for offer in mine[np.argsort(self.offers.site[mine])]:
            here = point[place == self.offers.site[offer]]
            here = here[part[here] >= 0]
            load = np.bincount(part[here], weights=demand.people[here], minlength=parts) * demand.load_per_person
            most += np.minimum(self.offers.capacity[offer], load)
        return users, np.minimum(most, users)

    def _seats(self) -> dict[str, float]:
        """Return places, users and who can find one at most, wherever the study limits the places of a service."""
        k, c, at = self._at()
        found: dict[str, float] = {}
        everybody = np.zeros(self.posed.problem.n_demand, dtype=np.int64)
        for position, service in enumerate(self.run.study.services):
            mine = self.offers.service == position
            if not np.isfinite(self.offers.capacity[mine]).any():
                continue
            chosen = self.chosen[mine[self.chosen]]
            found[f"places/{service.id}"] = in_order(self.offers.capacity[chosen])
            for r, circle in enumerate(service.circles):
                users, most = self._within(position, r, everybody, 1)
                found[f"users/{service.id}/{circle.minutes:g}"] = float(users[0])
                found[f"seated/{service.id}/{circle.minutes:g}"] = float(most[0])
        if f"places/{self.run.study.services[k].id}" in found:
            level, ids, of = self.part_names(self.looked.level)
            users, most = self._within(k, c, of, len(ids))
            for r, name in enumerate(ids):
                found[f"part-users/{level}/{name}/{at}"] = float(users[r])
                found[f"part-seated/{level}/{name}/{at}"] = float(most[r])
        return found

    def beyond_places(self) -> list[str]:
        """Return the rules that no sharing out of places can keep: floors with too few, openings with too few users."""
        return [*self._floors_beyond(), *self._too_few_users()]

    def _floors_beyond(self) -> list[str]:
        problem, broken = self.posed.problem, []
        for floor in problem.rules.floors:
            demand = problem.demands[floor.demand]
            if not np.isfinite(self.offers.capacity[self.offers.service == demand.service]).any():
                continue
            circle = len(demand.cutoffs_s) - 1 if floor.circle is None else floor.circle
            part = problem.community if floor.every_community else np.zeros(problem.n_demand, dtype=np.int64)
            parts = problem.n_communities if floor.every_community else 1
            _, most = self._within(demand.service, circle, part, parts)
            inside = (self.counted(self.chosen).circle[floor.demand] <= circle) & (part >= 0)
            everybody = np.bincount(part[part >= 0], weights=demand.people[part >= 0], minlength=parts)
            reached = np.bincount(part[inside], weights=demand.people[inside], minlength=parts)
            for r in np.flatnonzero(everybody > 0).tolist():
                short = most[r] / (demand.load_per_person * everybody[r]) < floor.share - 1e-6
                if short and not reached[r] / everybody[r] < floor.share - 1e-6:
                    broken.append("places")
        return broken

    def _too_few_users(self) -> list[str]:
        broken = []
        for offer in self.chosen[self.offers.min_load[self.chosen] > 0].tolist():
            service = int(self.offers.service[offer])
            demand = self.posed.problem.demands[service]
            place, point = self._walks(service, len(demand.cutoffs_s) - 1)
            users = in_order(demand.people[point[place == self.offers.site[offer]]]) * demand.load_per_person
            if users < self.offers.min_load[offer] * (1 - 1e-6) - 1e-6:
                broken.append("thin")
        return broken
