"""Greedy assignment under capacity, with one-step reassignment and eviction, in machine code.

People are assigned to spare capacity in order of worth per unit of load. Whoever has a better slot may be reassigned to it, and
whoever loses least may be evicted to another slot for somebody who would otherwise be unserved. The result is a feasible plan,
perhaps not the best use of the same openings.
"""

from __future__ import annotations

from planner.access.compiled import compiled, compiled_inner
from planner.siting.heuristics.state import EPSILON, Assignment, Instance, State


@compiled_inner
def _mark_stale(g: Instance, s: State, group: int) -> None:
    for flow in range(g.group_ptr[group], g.group_ptr[group + 1]):
        s.stale[g.flow_slot[flow]] = True


@compiled_inner
def _serve(g: Instance, s: State, flow: int) -> float:
    """Assign unserved people of the flow's group to residual capacity at its slot; return their worth."""
    group, slot, load = g.flow_group[flow], g.flow_slot[flow], g.flow_load[flow]
    people = s.unserved[group]
    if people * load > s.residual[slot]:
        people = s.residual[slot] / load
    if people <= EPSILON:
        return 0.0
    s.unserved[group] -= people
    s.residual[slot] = max(s.residual[slot] - people * load, 0.0)
    s.served[flow] += people
    s.current[group] = flow
    return float(people * g.flow_worth[flow])


@compiled_inner
def _fill_slot(g: Instance, s: State, slot: int) -> float:
    more = 0.0
    for k in range(g.slot_flow_ptr[slot], g.slot_flow_ptr[slot + 1]):
        if s.residual[slot] <= EPSILON:
            break
        flow = g.slot_flow[k]
        if s.unserved[g.flow_group[flow]] > EPSILON:
            more += _serve(g, s, flow)
            _mark_stale(g, s, g.flow_group[flow])
    return more


@compiled_inner
def _reassign_to(g: Instance, s: State, slot: int) -> float:
    """Reassign people who are better off at ``slot``; the capacity they free goes to freed_slot people."""
    more = 0.0
    for k in range(g.slot_flow_ptr[slot], g.slot_flow_ptr[slot + 1]):
        if s.residual[slot] <= EPSILON:
            break
        flow = g.slot_flow[k]
        group = g.flow_group[flow]
        previous = s.current[group]
        if previous < 0 or s.served[previous] <= EPSILON or g.flow_worth[flow] <= g.flow_worth[previous] + EPSILON:
            continue
        people, load, freed_slot = s.served[previous], g.flow_load[flow], g.flow_slot[previous]
        if people * load > s.residual[slot]:
            people = s.residual[slot] / load
        s.served[previous] -= people
        s.served[flow] += people
        s.residual[slot] = max(s.residual[slot] - people * load, 0.0)
        s.residual[freed_slot] += people * load
        s.current[group] = flow
        _mark_stale(g, s, group)
        more += people * (g.flow_worth[flow] - g.flow_worth[previous]) + _fill_slot(g, s, freed_slot)
    return more


@compiled_inner
def open_slot(g: Instance, s: State, slot: int, capacity: float) -> float:
    """Open a slot with ``capacity`` for unserved or worse served people; return the gain in worth."""
    s.open_capacity[slot] = s.residual[slot] = capacity
    s.stale[slot] = True
    return _fill_slot(g, s, slot) + _reassign_to(g, s, slot)


@compiled_inner
def close_slot(g: Instance, s: State, slot: int) -> float:
    """Close a slot and reassign its people to residual capacity; return the change in worth (negative)."""
    more = 0.0
    first, stop = g.slot_flow_ptr[slot], g.slot_flow_ptr[slot + 1]
    s.open_capacity[slot] = s.residual[slot] = -1.0
    s.stale[slot] = True
    for k in range(first, stop):
        flow = g.slot_flow[k]
        if s.served[flow] <= 0:
            continue
        group = g.flow_group[flow]
        more -= s.served[flow] * g.flow_worth[flow]
        s.unserved[group] += s.served[flow]
        s.served[flow] = 0.0
        s.current[group] = -1
        for other in range(g.group_ptr[group], g.group_ptr[group + 1]):
            if s.served[other] > 0:
                s.current[group] = other
        _mark_stale(g, s, group)
    for k in range(first, stop):
        group = g.flow_group[g.slot_flow[k]]
        for other in range(g.group_ptr[group], g.group_ptr[group + 1]):
            if s.unserved[group] <= EPSILON:
                break
            if s.residual[g.flow_slot[other]] > EPSILON:
                more += _serve(g, s, other)
    return more


@compiled_inner
def _evict_for_unserved(g: Instance, s: State, slot: int) -> float:
    """Evict the people who lose least from a full slot to another, for people who would be unserved."""
    more = 0.0
    first, stop = g.slot_flow_ptr[slot], g.slot_flow_ptr[slot + 1]
    for k in range(first, stop):
        flow = g.slot_flow[k]
        unserved_group = g.flow_group[flow]
        while s.unserved[unserved_group] > EPSILON:
            least_loss, evicted, to = g.flow_worth[flow] - EPSILON, -1, -1
            for m in range(first, stop):
                here = g.slot_flow[m]
                if s.served[here] <= EPSILON:
                    continue
                group = g.flow_group[here]
                for other in range(g.group_ptr[group], g.group_ptr[group + 1]):
                    loss = g.flow_worth[here] - g.flow_worth[other]
                    if loss >= least_loss:
                        break
                    if other != here and s.residual[g.flow_slot[other]] > EPSILON:
                        least_loss, evicted, to = loss, here, other
                        break
            if evicted < 0:
                return more  # the next ones are worth less here
            there, load = g.flow_slot[to], g.flow_load[to]
            people = min(s.served[evicted], s.unserved[unserved_group] * g.flow_load[flow] / max(load, EPSILON))
            people = min(people, s.residual[there] / max(load, EPSILON))
            s.served[evicted] -= people
            s.served[to] += people
            s.current[g.flow_group[to]] = to
            s.residual[there] -= people * load
            s.residual[slot] += people * load
            more -= people * least_loss
            more += _serve(g, s, flow)
    return more


@compiled_inner
def _capacity_gain(g: Instance, s: State, slot: int, offer: int) -> float:
    """Return the approximate worth of the capacity of ``offer`` at ``slot``, beyond what is open there."""
    room = g.capacity[offer] - max(s.open_capacity[slot], 0.0)
    first, stop, most, gain = g.slot_flow_ptr[slot], g.slot_flow_ptr[slot + 1], room, 0.0
    for k in range(first, stop):
        if room <= EPSILON:
            return gain
        flow = g.slot_flow[k]
        people, load = s.unserved[g.flow_group[flow]], g.flow_load[flow]
        if people <= EPSILON:
            continue
        if people * load > room:
            people = room / load
        room -= people * load
        gain += people * g.flow_worth[flow]
    for k in range(first, stop):
        if room <= EPSILON:
            break
        flow = g.slot_flow[k]
        previous, load = s.current[g.flow_group[flow]], g.flow_load[flow]
        if previous < 0 or g.flow_worth[flow] <= g.flow_worth[previous] + EPSILON:
            continue
        people = s.served[previous]
        if people * load > room:
            people = room / load
        room -= people * load
        gain += people * (g.flow_worth[flow] - g.flow_worth[previous])
    return gain if most - room >= g.min_load[offer] else 0.0


@compiled_inner
def refresh_gains(g: Instance, s: State) -> int:
    """Recompute the capacity gains of slots marked stale; return the number of flows evaluated."""
    evaluated = 0
    for slot in range(len(g.slot_flow_ptr) - 1):
        if not s.stale[slot]:
            continue
        s.stale[slot] = False
        for k in range(g.slot_offer_ptr[slot], g.slot_offer_ptr[slot + 1]):
            s.capacity_gain[g.slot_offer[k]] = _capacity_gain(g, s, slot, g.slot_offer[k])
            evaluated += g.slot_flow_ptr[slot + 1] - g.slot_flow_ptr[slot]
    return evaluated


@compiled
def assign(g: Instance, s: State) -> float:
    """Assign everybody anew, so that the worth of a plan does not depend on its history; return that worth."""
    total = 0.0
    s.previous.unserved[:] = s.unserved
    s.previous.current[:] = s.current
    s.previous.served[:] = s.served
    s.unserved[:] = g.people
    s.served[:] = 0
    s.current[:] = -1
    s.residual[:] = s.open_capacity
    next_flow = g.slot_flow_ptr[:-1].copy()
    for level in range(g.levels):
        for slot in range(len(s.open_capacity)):
            if s.open_capacity[slot] < 0:
                continue
            while next_flow[slot] < g.slot_flow_ptr[slot + 1] and g.level[next_flow[slot]] == level:
                flow = g.slot_flow[next_flow[slot]]
                if s.residual[slot] > EPSILON and s.unserved[g.flow_group[flow]] > EPSILON:
                    total += _serve(g, s, flow)
                next_flow[slot] += 1
    for slot in range(len(s.residual)):
        if 0 <= s.residual[slot] <= EPSILON:
            total += _evict_for_unserved(g, s, slot)
    _mark_changed(g, s, s.previous)
    return total


@compiled_inner
def _mark_changed(g: Instance, s: State, previous: Assignment) -> None:
    for group in range(len(s.unserved)):
        flow = s.current[group]
        moved = s.unserved[group] != previous.unserved[group] or flow != previous.current[group]
        if moved or (flow >= 0 and s.served[flow] != previous.served[flow]):
            _mark_stale(g, s, group)


@compiled_inner
def save_assignment(s: State) -> None:
    """Save the current assignment."""
    s.saved.unserved[:] = s.unserved
    s.saved.served[:] = s.served
    s.saved.current[:] = s.current
    s.saved.residual[:] = s.residual
    s.saved.open_capacity[:] = s.open_capacity


@compiled_inner
def restore_assignment(g: Instance, s: State) -> None:
    """Restore the saved assignment."""
    _mark_changed(g, s, s.saved)
    for slot in range(len(s.open_capacity)):
        if s.open_capacity[slot] != s.saved.open_capacity[slot]:
            s.stale[slot] = True
    s.unserved[:] = s.saved.unserved
    s.served[:] = s.saved.served
    s.current[:] = s.saved.current
    s.residual[:] = s.saved.residual
    s.open_capacity[:] = s.saved.open_capacity
