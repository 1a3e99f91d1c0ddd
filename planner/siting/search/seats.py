"""Who gets which place while a plan is grown, in machine code.

People for whom places are limited go where places are left, those first who are worth most there per place; whoever has
a better place nearer by may move on and leaves one behind, and whoever loses little by it makes room for somebody who would
have none. What is counted is a plan that can be kept, and perhaps not quite the best use of the same openings.
"""

from __future__ import annotations

from planner.access.compiled import compiled
from planner.siting.search.standing import LITTLE, Ground, Seats, Standing

__all__ = ["assign", "close_places", "look_again", "open_places", "recall", "remember"]


@compiled
def _touch(g: Ground, s: Standing, group: int) -> None:
    for flow in range(g.group_ptr[group], g.group_ptr[group + 1]):
        s.stale[g.flow_slot[flow]] = True


@compiled
def _admit(g: Ground, s: Standing, flow: int) -> float:
    """Give people of the flow's group who have no place those that are left at its slot; return what that is worth."""
    group, slot, load = g.flow_group[flow], g.flow_slot[flow], g.flow_load[flow]
    people = s.left[group]
    if people * load > s.spare[slot]:
        people = s.spare[slot] / load
    if people <= LITTLE:
        return 0.0
    s.left[group] -= people
    s.spare[slot] = max(s.spare[slot] - people * load, 0.0)
    s.served[flow] += people
    s.current[group] = flow
    return float(people * g.flow_worth[flow])


@compiled
def _fill(g: Ground, s: Standing, slot: int) -> float:
    more = 0.0
    for k in range(g.slot_flow_ptr[slot], g.slot_flow_ptr[slot + 1]):
        if s.spare[slot] <= LITTLE:
            break
        flow = g.slot_flow[k]
        if s.left[g.flow_group[flow]] > LITTLE:
            more += _admit(g, s, flow)
            _touch(g, s, g.flow_group[flow])
    return more


@compiled
def _draw_in(g: Ground, s: Standing, slot: int) -> float:
    """Let people who are better off at ``slot`` come over; what they leave goes to people without a place."""
    more = 0.0
    for k in range(g.slot_flow_ptr[slot], g.slot_flow_ptr[slot + 1]):
        if s.spare[slot] <= LITTLE:
            break
        flow = g.slot_flow[k]
        group = g.flow_group[flow]
        before = s.current[group]
        if before < 0 or s.served[before] <= LITTLE or g.flow_worth[flow] <= g.flow_worth[before] + LITTLE:
            continue
        people, load, left = s.served[before], g.flow_load[flow], g.flow_slot[before]
        if people * load > s.spare[slot]:
            people = s.spare[slot] / load
        s.served[before] -= people
        s.served[flow] += people
        s.spare[slot] = max(s.spare[slot] - people * load, 0.0)
        s.spare[left] += people * load
        s.current[group] = flow
        _touch(g, s, group)
        more += people * (g.flow_worth[flow] - g.flow_worth[before]) + _fill(g, s, left)
    return more


@compiled
def open_places(g: Ground, s: Standing, slot: int, places: float) -> float:
    """Open ``places`` at a slot to whoever has none or a worse one; return what that is worth."""
    s.places[slot] = s.spare[slot] = places
    s.stale[slot] = True
    return _fill(g, s, slot) + _draw_in(g, s, slot)


@compiled
def close_places(g: Ground, s: Standing, slot: int) -> float:
    """Close a slot; its people go where places are left. Return how much more that is worth (less than nothing)."""
    more = 0.0
    first, stop = g.slot_flow_ptr[slot], g.slot_flow_ptr[slot + 1]
    s.places[slot] = s.spare[slot] = -1.0
    s.stale[slot] = True
    for k in range(first, stop):
        flow = g.slot_flow[k]
        if s.served[flow] <= 0:
            continue
        group = g.flow_group[flow]
        more -= s.served[flow] * g.flow_worth[flow]
        s.left[group] += s.served[flow]
        s.served[flow] = 0.0
        s.current[group] = -1
        for other in range(g.group_ptr[group], g.group_ptr[group + 1]):
            if s.served[other] > 0:
                s.current[group] = other
        _touch(g, s, group)
    for k in range(first, stop):
        group = g.flow_group[g.slot_flow[k]]
        for other in range(g.group_ptr[group], g.group_ptr[group + 1]):
            if s.left[group] <= LITTLE:
                break
            if s.spare[g.flow_slot[other]] > LITTLE:
                more += _admit(g, s, other)
    return more


@compiled
def _make_room(g: Ground, s: Standing, slot: int) -> float:
    """Let people move on from a full slot who lose little by it, for those who would have no place at all."""
    more = 0.0
    first, stop = g.slot_flow_ptr[slot], g.slot_flow_ptr[slot + 1]
    for k in range(first, stop):
        flow = g.slot_flow[k]
        waits = g.flow_group[flow]
        while s.left[waits] > LITTLE:
            least, gives_way, to = g.flow_worth[flow] - LITTLE, -1, -1
            for m in range(first, stop):
                here = g.slot_flow[m]
                if s.served[here] <= LITTLE:
                    continue
                group = g.flow_group[here]
                for other in range(g.group_ptr[group], g.group_ptr[group + 1]):
                    loss = g.flow_worth[here] - g.flow_worth[other]
                    if loss >= least:
                        break
                    if other != here and s.spare[g.flow_slot[other]] > LITTLE:
                        least, gives_way, to = loss, here, other
                        break
            if gives_way < 0:
                return more  # those who come next are worth less here
            there, load = g.flow_slot[to], g.flow_load[to]
            people = min(s.served[gives_way], s.left[waits] * g.flow_load[flow] / max(load, LITTLE))
            people = min(people, s.spare[there] / max(load, LITTLE))
            s.served[gives_way] -= people
            s.served[to] += people
            s.current[g.flow_group[to]] = to
            s.spare[there] -= people * load
            s.spare[slot] += people * load
            more -= people * least
            more += _admit(g, s, flow)
    return more


@compiled
def _worth_of_places(g: Ground, s: Standing, slot: int, offer: int) -> float:
    """Return about what the places of ``offer`` would add at ``slot``, beyond those that are there."""
    room = g.capacity[offer] - max(s.places[slot], 0.0)
    first, stop, most, gain = g.slot_flow_ptr[slot], g.slot_flow_ptr[slot + 1], room, 0.0
    for k in range(first, stop):
        if room <= LITTLE:
            return gain
        flow = g.slot_flow[k]
        people, load = s.left[g.flow_group[flow]], g.flow_load[flow]
        if people <= LITTLE:
            continue
        if people * load > room:
            people = room / load
        room -= people * load
        gain += people * g.flow_worth[flow]
    for k in range(first, stop):
        if room <= LITTLE:
            break
        flow = g.slot_flow[k]
        before, load = s.current[g.flow_group[flow]], g.flow_load[flow]
        if before < 0 or g.flow_worth[flow] <= g.flow_worth[before] + LITTLE:
            continue
        people = s.served[before]
        if people * load > room:
            people = room / load
        room -= people * load
        gain += people * (g.flow_worth[flow] - g.flow_worth[before])
    return gain if most - room >= g.least[offer] else 0.0


@compiled
def look_again(g: Ground, s: Standing) -> int:
    """Count the places that could be opened again wherever something moved; return how many flows were looked at."""
    looked = 0
    for slot in range(len(g.slot_flow_ptr) - 1):
        if not s.stale[slot]:
            continue
        s.stale[slot] = False
        for k in range(g.slot_offer_ptr[slot], g.slot_offer_ptr[slot + 1]):
            s.places_gain[g.slot_offer[k]] = _worth_of_places(g, s, slot, g.slot_offer[k])
            looked += g.slot_flow_ptr[slot + 1] - g.slot_flow_ptr[slot]
    return looked


@compiled
def assign(g: Ground, s: Standing) -> float:
    """Give all places out anew, so that what a plan is worth does not depend on how it came about; return that."""
    total = 0.0
    s.before.left[:] = s.left
    s.before.current[:] = s.current
    s.before.served[:] = s.served
    s.left[:] = g.people
    s.served[:] = 0
    s.current[:] = -1
    s.spare[:] = s.places
    at = g.slot_flow_ptr[:-1].copy()
    for level in range(g.levels):
        for slot in range(len(s.places)):
            if s.places[slot] < 0:
                continue
            while at[slot] < g.slot_flow_ptr[slot + 1] and g.level[at[slot]] == level:
                flow = g.slot_flow[at[slot]]
                if s.spare[slot] > LITTLE and s.left[g.flow_group[flow]] > LITTLE:
                    total += _admit(g, s, flow)
                at[slot] += 1
    for slot in range(len(s.spare)):
        if 0 <= s.spare[slot] <= LITTLE:
            total += _make_room(g, s, slot)
    _touch_changed(g, s, s.before)
    return total


@compiled
def _touch_changed(g: Ground, s: Standing, before: Seats) -> None:
    for group in range(len(s.left)):
        at = s.current[group]
        moved = s.left[group] != before.left[group] or at != before.current[group]
        if moved or (at >= 0 and s.served[at] != before.served[at]):
            _touch(g, s, group)


@compiled
def remember(s: Standing) -> None:
    """Keep who has which place."""
    s.kept.left[:] = s.left
    s.kept.served[:] = s.served
    s.kept.current[:] = s.current
    s.kept.spare[:] = s.spare
    s.kept.places[:] = s.places


@compiled
def recall(g: Ground, s: Standing) -> None:
    """Put everybody back to the places that were kept."""
    _touch_changed(g, s, s.kept)
    for slot in range(len(s.places)):
        if s.places[slot] != s.kept.places[slot]:
            s.stale[slot] = True
    s.left[:] = s.kept.left
    s.served[:] = s.kept.served
    s.current[:] = s.kept.current
    s.spare[:] = s.kept.spare
    s.places[:] = s.kept.places
