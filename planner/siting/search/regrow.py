"""The loops of the first plan: tear some of a plan down and grow it again, over and over, in machine code.

People whom openings cover count by sets: the first opening of a set gives all of its worth. Those for whom places are
limited are seated by `seats`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.access.compiled import compiled
from planner.siting.search.seats import assign, close_places, look_again, open_places, recall, remember
from planner.siting.search.standing import LITTLE, Ground, Standing

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["rebuild", "settle_in"]

TOGETHER = 0.5
"""How often the sites torn down are neighbours, which alone leaves room for another pattern among them."""

LOOSE = 0.03
"""What part of a limit is left where it is not what stops the growing."""

BLINK = 0.02
"""How often the best next bundle is overlooked (Christiaens and Vanden Berghe 2020)."""


@compiled
def _drawn(s: Standing) -> float:
    """Return the next random number from 0 up to 1 (xorshift64*, Vigna 2016)."""
    x = s.luck[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    s.luck[0] = x
    return float((x * np.uint64(2685821657736338717)) >> np.uint64(11)) / 9007199254740992.0


@compiled
def _cover(g: Ground, s: Standing, slot: int, by: int) -> float:
    """Open (+1) or close (−1) a slot for the people whom openings cover."""
    more = 0.0
    for k in range(g.slot_ptr[slot], g.slot_ptr[slot + 1]):
        one = g.slot_set[k]
        s.covered[one] += by
        if s.covered[one] == (1 if by == 1 else 0):
            more += by * g.set_worth[one]
            for m in range(g.set_ptr[one], g.set_ptr[one + 1]):
                s.gain[g.set_slot[m]] -= by * g.set_worth[one]
    return more


@compiled
def _put(g: Ground, s: Standing, j: int, b: int, seats: bool) -> float:
    """Give site ``j`` bundle ``b`` (−1: none) instead of the one it has; return how much more sets are worth.

    Without ``seats`` nobody gets up or sits down.
    """
    more, before = 0.0, s.at[j]
    for q in range(g.slot.shape[1]):
        old = g.slot[before, q] if before >= 0 else -1
        new = g.slot[b, q] if b >= 0 else -1
        places = -1.0 if old < 0 or g.slot_flow_ptr[old] == g.slot_flow_ptr[old + 1] else s.places[old]
        if old >= 0 and old != new:
            more += _cover(g, s, old, -1)
        if seats and places >= 0 and (old != new or places != g.capacity[g.offer[b, q]]):
            close_places(g, s, old)
            places = -1.0
        if new < 0:
            continue
        if old != new:
            more += _cover(g, s, new, 1)
        if seats and places < 0 and g.slot_flow_ptr[new] < g.slot_flow_ptr[new + 1]:
            open_places(g, s, new, g.capacity[g.offer[b, q]])
    if before >= 0:
        s.used[:] -= g.use[before]
    if b >= 0:
        s.used[:] += g.use[b]
    s.at[j] = b
    return more


@compiled
def _best_next(g: Ground, s: Standing, dear: NDArray[np.float64]) -> tuple[int, int]:
    """Return the site and the bundle that give most for their part of the limits, priced by ``dear``; −1 for none."""
    most, site, choice = 0.0, -1, -1
    for j in range(len(s.at)):
        before = s.at[j]
        for b in range(g.first[j], g.first[j + 1]):
            given, fits = 0.0, b != before
            for q in range(g.slot.shape[1]):
                old, new = (g.slot[before, q] if before >= 0 else -1), g.slot[b, q]
                if old < 0 and new >= 0:
                    given += s.gain[new] + s.places_gain[g.offer[b, q]]
                elif old != new or (old >= 0 and g.capacity[g.offer[b, q]] < g.capacity[g.offer[before, q]]):
                    fits = False  # growing gives nothing up, or it might go round in circles
                elif old >= 0 and g.offer[before, q] != g.offer[b, q]:
                    given += s.places_gain[g.offer[b, q]]
            if not fits or given <= LITTLE:
                continue
            price = 1e-6
            for r in range(len(g.limit)):
                more = g.use[b, r] - (g.use[before, r] if before >= 0 else 0.0)
                if more > 0 and s.used[r] + more > g.limit[r]:
                    fits = False
                    break
                price += dear[r] * max(more, 0.0) / max(g.limit[r], LITTLE)
            if fits and given > most * price and (most == 0 or _drawn(s) >= BLINK):
                most, site, choice = given / price, j, b
    return site, choice


@compiled
def settle_in(g: Ground, s: Standing, bundles: NDArray[np.int64]) -> float:
    """Put ``bundles`` on empty ground and return what sets are worth by them."""
    s.at[:] = -1
    s.covered[:] = 0
    s.gain[:] = 0
    s.used[:] = 0
    s.left[:] = g.people
    s.served[:] = 0
    s.current[:] = -1
    s.spare[:] = -1
    s.places[:] = -1
    s.stale[:] = True
    for one in range(len(g.set_worth)):
        for m in range(g.set_ptr[one], g.set_ptr[one + 1]):
            s.gain[g.set_slot[m]] += g.set_worth[one]
    total = 0.0
    for j in range(len(bundles)):
        if bundles[j] >= 0:
            total += _put(g, s, j, bundles[j], True)
    return total


@compiled
def _tear_down(g: Ground, s: Standing, most: int) -> float:
    """Put up to ``most`` sites back to what they were before anything opened: neighbours, or any."""
    more = 0.0
    changed = np.flatnonzero(s.at != g.rest)
    if not len(changed):
        return more
    j = changed[int(_drawn(s) * len(changed))]
    more += _put(g, s, j, g.rest[j], True)
    left = int(_drawn(s) * most)
    if _drawn(s) < TOGETHER:
        for k in range(g.near.shape[1]):
            other = g.near[j, k]
            if left > 0 and other >= 0 and s.at[other] != g.rest[other] and _drawn(s) < 0.8:
                more += _put(g, s, other, g.rest[other], True)
                left -= 1
        return more
    for _ in range(left):
        other = changed[int(_drawn(s) * len(changed))]
        if s.at[other] != g.rest[other]:
            more += _put(g, s, other, g.rest[other], True)
    return more


@compiled
def rebuild(  # noqa: PLR0917 - machine code takes its arguments by position
    g: Ground,
    s: Standing,
    begin: NDArray[np.int64],
    best: NDArray[np.int64],
    record: float,
    slack: float,
    turns: int,
    most_down: int,
    most_looks: int,
) -> tuple[float, int, int]:
    """Tear down and grow again ``turns`` times, as long as fewer than ``most_looks`` bundles and flows were looked at.

    ``begin`` is left where the search stands, ``best`` at the best bundles of the sites. A plan is gone on from if it is worth
    no less than ``record`` by a part of at most ``slack``. Returns the best worth, how much was looked at, and the turns made.
    """
    looked, made = 0, 0
    sets = settle_in(g, s, begin)
    total = sets + assign(g, s)
    if total > record + LITTLE:
        record = total
        best[:] = begin
    remember(s)
    dear = np.empty(len(g.limit))
    for _ in range(turns):
        if looked >= most_looks:
            break
        made += 1
        sets += _tear_down(g, s, most_down)
        for r in range(len(dear)):
            dear[r] = s.dear[r] * (0.3 + 1.4 * _drawn(s))
        while True:
            looked += look_again(g, s) // 4 + len(g.slot)
            j, b = _best_next(g, s, dear)
            if b < 0:
                break
            sets += _put(g, s, j, b, True)
        total = sets + assign(g, s)
        looked += len(g.people)
        for r in range(len(dear)):
            tight = s.used[r] > (1 - LOOSE) * g.limit[r]
            s.dear[r] = min(s.dear[r] * 1.1, 1.0) if tight else max(s.dear[r] * 0.9, 0.01)
        if total > record * (1 - slack):
            begin[:] = s.at
            remember(s)
        else:
            for j in range(len(begin)):
                if s.at[j] != begin[j]:
                    sets += _put(g, s, j, g.rest[j], False)
            for j in range(len(begin)):
                if s.at[j] != begin[j]:
                    sets += _put(g, s, j, begin[j], False)
            recall(g, s)
        if total > record + LITTLE:
            record = total
            best[:] = s.at
    return record, looked, made
