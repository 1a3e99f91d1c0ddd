"""Every state that the buildings, locks and budgets of a tiny siting problem allow, from what the documentation says."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

__all__ = ["States", "column", "exact", "share_of"]

SHARE_UNIT = 10**7
"""Shares are read as the nearest fraction with no greater denominator: 0.333… is a third of the people."""


def exact(number):
    """Return the number as a fraction; infinity stays what it is."""
    return math.inf if math.isinf(number) else Fraction(float(number))


def share_of(number):
    return Fraction(float(number)).limit_denominator(SHARE_UNIT)


def column(values, count, default, kind):
    return [default] * count if values is None else [kind(value) for value in values]


class States:
    """What may be open together and when; offers are positions, a state is a sorted tuple of those open, a plan one state per period."""

    def __init__(self, problem):
        self.problem = problem
        offers, sites = problem.offers, problem.sites
        m, self.n_sites = offers.count, sites.count
        self.m, self.periods = m, problem.n_periods
        self.site = [int(site) for site in offers.site]
        self.service = [int(service) for service in offers.service]
        self.cell = list(zip(self.site, self.service, strict=True))
        self.stands = [bool(stands) for stands in offers.existing]
        self.may_close = column(offers.may_close, m, False, bool)
        self.closing = column(offers.closing_cost, m, Fraction(0), exact)
        self.moves = column(offers.moves, m, -1, int)
        self.capital = [exact(cost) for cost in offers.capital_cost]
        self.yearly = [exact(cost) for cost in offers.yearly_cost]
        self.area = [exact(area) for area in offers.area_m2]
        self.capacity = column(offers.capacity, m, math.inf, exact)
        self.min_load = column(offers.min_load, m, Fraction(0), exact)
        self.tier = column(offers.tier, m, 0, int)
        self.rival = column(offers.competitor, m, False, bool)
        self.top = column(offers.top_storey, m, math.inf, int)

    def plans(self):
        """Return every plan that keeps the rules which do not depend on who goes where."""
        states = self._states()
        if self.problem.phases is None:
            return [(state,) for state in states if not self.broken_end(state)]
        begun = [(state,) for state in states if self._in_time(state, 0)]
        for period in range(1, self.periods):
            here = [state for state in states if self._in_time(state, period)]
            begun = [(*plan, state) for plan in begun for state in here if self._follows(plan[-1], state)]
        return [plan for plan in begun if not self.broken_order(plan) and not self.broken_end(plan[-1])]

    def _states(self):
        buildings = []
        for j in range(self.n_sites):
            cells = {}
            for c in range(self.m):
                if self.site[c] == j:
                    cells.setdefault(self.cell[c], []).append(c)
            ways = itertools.product(*[[None, *here] for here in cells.values()])
            bundles = [tuple(c for c in way if c is not None) for way in ways]
            buildings.append([bundle for bundle in bundles if not self.broken_building(j, bundle)])
        most = math.inf if self.problem.rules.max_sites is None else self.problem.rules.max_sites
        begun = [((), 0)]
        for bundles in buildings:
            opens = [(bundle, any(not self.stands[c] for c in bundle)) for bundle in bundles]
            begun = [
                (state + bundle, opened + new)
                for state, opened in begun
                for bundle, new in opens
                if opened + new <= most
            ]
        states = (tuple(sorted(state)) for state, _ in begun)
        return [state for state in states if not self.broken_state(state)]

    def broken_building(self, j, here):
        """Name the first rule that the services of one building break."""
        sites, rules = self.problem.sites, self.problem.rules
        services = [self.service[c] for c in here]
        if len(set(services)) < len(services):
            return f"two ways to run one service at site {j}"
        clash = rules.incompatible
        if clash is not None and any(clash[a][b] or clash[b][a] for a, b in itertools.combinations(services, 2)):
            return f"incompatible services at site {j}"
        used = self.area_of(here)
        if used > exact(sites.floor_area_m2[j]):
            return f"more than the area of site {j}"
        if sites.storey_area_m2 is not None:
            storeys = [exact(area) for area in sites.storey_area_m2[j]]
            if used > sum(storeys):
                return f"more than the storeys of site {j}"
            if any(self.area_of(here, up_to=s) > sum(storeys[: s + 1]) for s in range(len(storeys))):
                return f"too much low down at site {j}"
        if any(not self.stands[c] for c in here):
            least_area = column(sites.min_area_m2, self.n_sites, Fraction(0), exact)[j]
            least = column(sites.min_services, self.n_sites, 0, int)[j]
            if used < least_area or len(here) < least:
                return f"site {j} opens for less than its class asks"
            if column(sites.hub_only, self.n_sites, False, bool)[j] and not self.is_hub(here):
                return f"site {j} opens, but not as a hub"
        return None

    def area_of(self, here, up_to=math.inf):
        """Return the area of a bundle; with ``up_to`` only what may go no higher."""
        total = sum((self.area[c] for c in here if up_to == math.inf or self.top[c] <= up_to), Fraction(0))
        for room in self.problem.rules.rooms:
            low = up_to == math.inf or (room.top_storey is not None and room.top_storey <= up_to)
            if low and any(room.services[self.service[c]] for c in here):
                total += exact(room.area_m2)
        return total

    def is_hub(self, here):
        hub = self.problem.rules.hub
        if hub is None:
            return False
        core = sum(bool(hub.core[self.service[c]]) for c in here)
        return self.area_of(here) >= exact(hub.min_area_m2) and len(here) >= hub.min_services and core >= hub.min_core

    def broken_state(self, state):
        """Name the first rule that one period's state breaks: what stands, locks that forbid, money."""
        occupied = {self.cell[c] for c in state}
        for old in range(self.m):
            if not self.stands[old]:
                continue
            movers = [c for c in range(self.m) if self.moves[c] == old]
            places = int(self.cell[old] in occupied) + sum(c in state for c in movers)
            if not places and not self.may_close[old]:
                return f"offer {old} stands and must stay"
            if movers and places > 1:
                return f"offer {old} moves and stays, or moves twice"
        for lock in self.problem.rules.locks:
            if lock.kind == "never" and any(self.means(lock, c) and (lock.offers or not self.stands[c]) for c in state):
                return f"{lock} is not kept"
        return self.broken_money(state)

    def means(self, lock, c):
        if lock.offers:
            return c in lock.offers
        return lock.site == self.site[c] and lock.service in {None, self.service[c]}

    def money(self, state, sites_of=None):
        """Return what changes from today: (capital, yearly) of all, and of each department; with ``sites_of`` only there."""
        departments = self.problem.budgets.departments
        sums = [Fraction(0), Fraction(0)]
        parts = [[Fraction(0)] * departments, [Fraction(0)] * departments]

        def pay(kind, amount, share):
            sums[kind] += amount
            for d in range(departments if share is not None else 0):
                parts[kind][d] += amount * exact(float(share[d]))

        offers, sites = self.problem.offers, self.problem.sites
        occupied = {self.cell[c] for c in state}
        there = range(self.n_sites) if sites_of is None else sites_of
        for c in range(self.m):
            if self.site[c] not in there:
                continue
            once = None if offers.capital_share is None else offers.capital_share[c]
            each = None if offers.yearly_share is None else offers.yearly_share[c]
            if c in state:
                pay(0, Fraction(0) if self.stands[c] else self.capital[c], once)
                pay(1, self.yearly[c], each)
            if self.stands[c]:
                pay(1, -self.yearly[c], each)
                pay(0, Fraction(0) if self.cell[c] in occupied else self.closing[c], once)
        for j in {self.site[c] for c in state} & set(there):
            here = [c for c in state if self.site[c] == j]
            self._pay_building(j, here, pay, None if sites.setup_share is None else sites.setup_share[j])
        return sums, parts

    def _pay_building(self, j, here, pay, share):
        """Pay the set-up where anything new opens, and every shared room that is not there already."""
        sites = self.problem.sites
        taken = sum((self.area[c] for c in here if not self.stands[c]), Fraction(0))
        if any(not self.stands[c] for c in here):
            pay(0, exact(sites.setup_cost[j]), share)
            pay(1, column(sites.setup_yearly_cost, self.n_sites, Fraction(0), exact)[j], share)
        standing = {self.cell[c] for c in range(self.m) if self.stands[c]}
        for room in self.problem.rules.rooms:
            users = [c for c in here if room.services[self.service[c]]]
            # A service that stands, as it is or extended, has its room already.
            if users and not any(self.cell[c] in standing for c in users):
                pay(0, exact(room.capital_cost), room.share)
                pay(1, exact(room.yearly_cost), room.share)
                taken += exact(room.area_m2)
        pay(0, column(sites.setup_cost_per_m2, self.n_sites, Fraction(0), exact)[j] * taken, share)

    def public(self, state, sites_of=None):
        """Return (capital, yearly) without the parts of outside payers."""
        sums, parts = self.money(state, sites_of)
        outside = self.problem.budgets.outside
        if outside is None:
            return tuple(sums)
        return tuple(
            total - sum((part for part, out in zip(by, outside, strict=True) if out), Fraction(0))
            for total, by in zip(sums, parts, strict=True)
        )

    def broken_money(self, state):
        budgets = self.problem.budgets
        capital, yearly = self.public(state)
        if capital > exact(budgets.capital_cost):
            return f"{float(capital)} of {budgets.capital_cost} of capital"
        if yearly > exact(budgets.yearly_cost):
            return f"{float(yearly)} of {budgets.yearly_cost} a year"
        _, parts = self.money(state)
        limits = (budgets.department_capital_cost, budgets.department_yearly_cost)
        for name, limit, by in zip(("capital", "yearly"), limits, parts, strict=True):
            if limit is not None and any(part > exact(most) for part, most in zip(by, limit, strict=True)):
                return f"a department's {name} budget"
        for number, area in enumerate(self.problem.rules.areas):
            limits = (area.capital_cost, area.yearly_cost)
            if any(
                spent > exact(most) for spent, most in zip(self.public(state, self.sites_of(area)), limits, strict=True)
            ):
                return f"the money of area {number}"
        return None

    def sites_of(self, area):
        return {j for j in range(self.n_sites) if area.sites[j]}

    def capacity_of(self, here):
        """Return the capacity by service; what is not limited counts as none."""
        return self._by_service(here, lambda c: self.capacity[c] if self.capacity[c] < math.inf else Fraction(0))

    def service_area_of(self, here):
        """Return the floor area by service, the whole of every room that it shares included."""
        rooms = self.problem.rules.rooms
        return self._by_service(
            here,
            lambda c: self.area[c] + sum(exact(room.area_m2) for room in rooms if room.services[self.service[c]]),
        )

    def _by_service(self, here, amount):
        return [
            sum((amount(c) for c in here if self.service[c] == k), Fraction(0)) for k in range(self.problem.n_services)
        ]

    def broken_areas(self, state):
        """Name the first number or least sum of an area that the last state breaks."""
        today = [c for c in range(self.m) if self.stands[c]]
        for number, area in enumerate(self.problem.rules.areas):
            sites = self.sites_of(area)
            here, was = [[c for c in some if self.site[c] in sites] for some in (state, today)]
            new = [c for c in here if not self.stands[c]]
            opened = len({self.site[c] for c in new})
            if opened < area.min_sites or (area.max_sites is not None and opened > area.max_sites):
                return f"{opened} sites opened in area {number}"
            hubs = sum(self.is_hub([c for c in here if self.site[c] == j]) for j in sites)
            if hubs < area.min_hubs:
                return f"{hubs} hubs in area {number}"
            openings = [sum(self.service[c] == k for c in new) for k in range(self.problem.n_services)]
            if any(n < least for n, least in zip(openings, area.min_openings, strict=False)):
                return f"too few openings in area {number}"
            if any(most is not None and n > most for n, most in zip(openings, area.max_openings, strict=False)):
                return f"too many openings in area {number}"
            for what, counted, limits in (
                ("places", self.capacity_of, area.min_capacity),
                ("area", self.service_area_of, area.min_service_area_m2),
            ):
                more = [a - b for a, b in zip(counted(here), counted(was), strict=True)]
                if any(least is not None and got < exact(least) for got, least in zip(more, limits, strict=False)):
                    return f"too little {what} of a service in area {number}"
            if area.min_area_m2 is not None:
                used, before = (
                    sum((self.area_of([c for c in some if self.site[c] == j]) for j in sites), Fraction(0))
                    for some in (here, was)
                )
                if used - before < exact(area.min_area_m2):
                    return f"too little floor area in area {number}"
        return None

    def broken_end(self, state):
        """Name the first count or lock that the last state breaks."""
        rules = self.problem.rules
        new = [c for c in state if not self.stands[c]]
        opened = len({self.site[c] for c in new})
        if opened < rules.min_sites or (rules.max_sites is not None and opened > rules.max_sites):
            return f"{opened} sites opened"
        for k in range(self.problem.n_services):
            number = sum(self.service[c] == k for c in new)
            if rules.min_openings and number < rules.min_openings[k]:
                return f"{number} openings of service {k}"
            if rules.max_openings and rules.max_openings[k] is not None and number > rules.max_openings[k]:
                return f"{number} openings of service {k}"
        for lock in rules.locks:
            if lock.kind == "must" and not any(self.means(lock, c) for c in state):
                return f"{lock} is not kept"
        hubs = sum(self.is_hub([c for c in state if self.site[c] == j]) for j in {self.site[c] for c in state})
        return f"{hubs} hubs" if hubs < rules.min_hubs else self.broken_areas(state)

    def _in_time(self, state, period):
        ready = self.problem.phases.ready
        return all(self.stands[c] or ready[self.site[c]] <= period for c in state)

    def _follows(self, before, after):
        """Say whether what opens stays, and what has gone does not come back."""
        return all(self.stands[c] or c in after for c in before) and all(
            not self.stands[c] or c in before for c in after
        )

    def broken_order(self, plan):
        """Name the first rule of time that a plan over periods breaks."""
        phases = self.problem.phases
        if phases is None:
            return None
        spent = [self.public(state)[0] for state in plan]
        money = [exact(cost) for cost in phases.capital_cost]
        for period, state in enumerate(plan):
            if not self._in_time(state, period):
                return f"something opens in period {period}, before it is ready"
            if period and not self._follows(plan[period - 1], state):
                return f"something closes again or comes back in period {period}"
            if phases.carry_over:
                over = spent[period] > sum(money[: period + 1])
            else:
                over = spent[period] - (spent[period - 1] if period else 0) > money[period]
            if over:
                return f"the money of period {period}"
        for number, area in enumerate(self.problem.rules.areas):
            if area.period_capital_cost is not None:
                spent = [self.public(state, self.sites_of(area))[0] for state in plan]
                if self._overspent(spent, [exact(cost) for cost in area.period_capital_cost], phases.carry_over):
                    return f"the money by period of area {number}"
        return None

    @staticmethod
    def _overspent(spent, money, carry_over):
        if carry_over:
            return any(amount > sum(money[: period + 1]) for period, amount in enumerate(spent))
        return any(amount - before > most for amount, before, most in zip(spent, [0, *spent[:-1]], money, strict=True))
