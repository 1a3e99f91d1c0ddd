"""Where the solver disagrees with the enumeration: status, goals step by step, bounds, rules, recount.

    python -m tests.oracle.enumeration --count 1000 --seed 0

prints one line per disagreement with the seed and the path that repeat it, and exits 1 if there is any.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import math
import sys
import time
from fractions import Fraction
from unittest import mock

import numpy as np

from planner.errors import PlannerError
from planner.siting import Outcome, Plan, SolverSettings, evaluate, optimiser, solve
from planner.siting.heuristics import matheuristic
from tests.oracle.drawn import drawn_problem
from tests.oracle.enumeration import Enumeration

__all__ = ["PATHS", "disagreements", "main", "solved"]

PATHS = ("plain", "shortcuts", "warm", "grown", "tree")
"""HiGHS alone; with the methods of our own; from a plan in hand; from a plan that is grown first; through the tree."""

NEAR = 1e-6
"""Relative difference of one number computed twice in floating point."""

LEEWAY = Fraction(2, 10**7)
"""Twice what the solver leaves of earlier goals, so that its own rounding does not make them impossible (`GOAL_SLACK`)."""

SLACK = 1e-5
"""The same for later goals, which may use what the solver's tolerance leaves of the earlier ones."""


def settings_of(path):
    return SolverSettings(time_limit_s=60.0, gap=0.0, shortcuts=path not in {"plain", "warm"})


def solved(problem, path, oracle, seed=0):
    """Return the plan found on one of the paths."""
    with contextlib.ExitStack() as stack:
        start = None
        if path == "warm":
            plans = [plan for plan in oracle.plans() if oracle.optimum(plan, None, 0, ()) is not None]
            if plans:
                start = as_start(plans[int(np.random.default_rng(seed).integers(len(plans)))])
        if path == "grown":
            stack.enter_context(mock.patch.object(optimiser, "WARM_FROM", 0))
            stack.enter_context(mock.patch.object(optimiser, "WARM_SHARE", 0.001))
        if path == "tree":
            stack.enter_context(mock.patch.object(matheuristic, "LARGE", 0))
            stack.enter_context(mock.patch.object(matheuristic, "BEYOND_SHORTCUTS", 0))
        return solve(problem, settings_of(path), start=start)


def as_start(plan):
    unproven = Outcome("feasible", None, None, None, 0.0, "none", "")
    return Plan(tuple(np.array(state, dtype=np.int64) for state in plan), None, (), unproven)


def near(one, two, slack, unit=1.0):
    one, two = float(one), float(two)
    return one == two or abs(one - two) <= slack * max(abs(one), abs(two), unit)


def disagreements(problem, plan, oracle, chain):
    """Return what a plan gets wrong, as texts; ``chain`` is the enumeration's."""
    if chain is None:
        return [] if plan.outcome.status == "infeasible" else [f"{plan.outcome.status}, but no plan keeps the rules"]
    if not plan.found:
        return [f"{plan.outcome.status}, but {float(chain[0].best):g} is possible"]
    found = _steps(plan, oracle, chain, chain)
    if found and len(chain) > 1:
        # a later goal may turn what is left of an earlier one to account: 1e-7 of all walks is much for a share of few people
        found = _steps(plan, oracle, chain, Enumeration(problem).chain(LEEWAY))
    return [
        *found,
        *_rules(plan, oracle),
        *_values(plan, oracle, chain),
        *_recount(problem, plan),
    ]


def _steps(plan, oracle, chain, relaxed):
    """Compare each step with the best value; one between those of the two chains is right."""
    found = []
    # A flow that the solver leaves within its tolerance of 1e-6 people is walked for up to the widest circle.
    longest_s = max((float(cutoffs[-1]) for cutoffs in oracle.cutoffs), default=1.0)
    if len(plan.steps) != len(chain):
        found.append(f"{len(plan.steps)} steps reached of {len(chain)}")
    for number, (step, strict, loose) in enumerate(zip(plan.steps, chain, relaxed, strict=False)):
        name, outcome = f"step {number} {strict.goal.kind}/{strict.rank}", step.outcome
        sign, slack = (1 if strict.maximised else -1), (SLACK if number else NEAR)
        right = _nearest(strict, loose, outcome.objective)
        value, best, kept = outcome.objective, right.best, right.kept()
        unit = max(longest_s, 1.0) if right.goal.kind == "walk" else 1.0
        given_up = outcome.status == "feasible" and outcome.stopped_by == "tolerance"
        if outcome.status != "optimal" and not given_up:
            found.append(f"{name}: {outcome.status}")
        if best == math.inf or value is None:
            if value is not None and not math.isinf(value):
                found.append(f"{name}: {value:g}, where it is infinite")
            elif value is None and best != math.inf:
                found.append(f"{name}: no number, where it is {float(best):g}")
            continue
        # What the final plan gives of a goal lies between what later goals may leave of it and the best.
        if not near(value, best, slack, unit):
            if sign * value > sign * best:
                found.append(f"{name}: {value:.9g}, more than the best {float(best):.9g}")
            elif sign * value < sign * float(kept) and not near(value, kept, slack, unit):
                found.append(f"{name}: {value:.9g} instead of {float(best):.9g} (kept {float(kept):.9g})")
        # Proven is what is reached of a goal in the end; what later goals were allowed to give up of it is not.
        if value is not None and given_up == near(value, best, SLACK, unit) and not near(value, best, NEAR, unit):
            found.append(f"{name}: {outcome} where {float(best):.9g} is possible")
        bound = outcome.bound
        if bound is None:
            found.append(f"{name}: no bound")
        elif sign * bound < sign * best and not near(bound, best, slack, unit):
            found.append(f"{name}: bound {bound:.9g} on the wrong side of {float(best):.9g}")
    if len(plan.steps) == len(chain) and not found:
        last = plan.steps[-1].outcome.objective
        right = _nearest(chain[-1], relaxed[-1], last).best
        if last is not None and right != math.inf and not near(last, right, SLACK, unit):
            found.append(f"last step {chain[-1].goal.kind}: {last:.9g} instead of {float(right):.9g}")
    return found


def _nearest(strict, loose, value):
    """Return the step whose best value lies between those of two chains, nearest to ``value``."""
    least, most = sorted([strict.best, loose.best])
    return strict if value is None or least == most else dataclasses.replace(strict, best=min(max(value, least), most))


def _rules(plan, oracle):
    """Return the rules of states and of assignments that the plan breaks."""
    states = tuple(tuple(sorted(int(c) for c in state)) for state in plan.states)
    found = []
    for state in states:
        broken = oracle.broken_state(state)
        for j in range(oracle.n_sites):
            broken = broken or oracle.broken_building(j, tuple(c for c in state if oracle.site[c] == j))
        if broken:
            found.append(f"rule broken: {broken}")
    ended = (oracle.broken_end(states[-1]), oracle.broken_order(states), oracle.broken_spread(states))
    found += [f"rule broken: {broken}" for broken in ended if broken]
    allowed = [set(oracle.flows(t, state)) for t, state in enumerate(states)]
    sent = flows_of(plan)
    if set(sent) - set().union(*allowed):
        found.append("rule broken: people sent where they may not go")
        return found
    for t, state in enumerate(states):
        for row, most in oracle.place_rows(state, allowed[t]):
            used = sum(float(part) * sent.get(key, 0.0) for key, part in row.items())
            if used > float(most) + NEAR * max(abs(float(most)), 1.0):
                found.append(f"rule broken: {used:.9g} of {float(most):.9g} places")
        for (_, d, i, _), people in sent.items():
            whole = oracle.way[d] == "whole"
            if whole and not near(people, oracle.people[d][i], NEAR):
                found.append(f"rule broken: point {i} is split")
    for people, least in oracle.floors(states, [tuple(mine) for mine in allowed]):
        if people.at(sent) < float(least) - NEAR * max(float(least), 1.0):
            found.append(f"rule broken: a floor, {float(people.at(sent)):.9g} of {float(least):.9g} people")
    return sorted(set(found))


def flows_of(plan):
    sent = {}
    rows = plan.assignments
    if rows is not None:
        for t, d, i, c, people in zip(rows.period, rows.demand, rows.point, rows.offer, rows.people, strict=True):
            key = (int(t), int(d), int(i), int(c))
            sent[key] = sent.get(key, 0.0) + float(people)
    return sent


def _values(plan, oracle, chain):
    """Return the goals whose number is not what the plan itself gives."""
    states = tuple(tuple(sorted(int(c) for c in state)) for state in plan.states)
    flows = [tuple(oracle.flows(t, state)) for t, state in enumerate(states)]
    sent, found = flows_of(plan), []
    for number, (step, right) in enumerate(zip(plan.steps, chain, strict=False)):
        if right.goal.kind == "fair":
            shares = sorted(float(share.at(sent)) for share in oracle.shares(states[-1], flows[-1], right.goal))
            value = sum(shares[: right.rank + 1])
        else:
            value = oracle.value(states, right.goal, right.rank, flows).at(sent)
        claimed = step.outcome.objective
        if claimed is not None and not near(claimed, value, SLACK):
            found.append(f"step {number} {right.goal.kind}/{right.rank} says {claimed:.9g}, is {float(value):.9g}")
    return found


def _recount(problem, plan):
    try:
        evaluate(problem, plan)
    except PlannerError as error:
        return [f"recount: {error}"]
    return []


def main(arguments=None):
    """Print every disagreement of ``--count`` problems from ``--seed`` on."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--middle", action="store_true", help="30 to 90 points, 8 to 11 sites")
    parser.add_argument("--areas", action="store_true", help="rules of areas as well")
    parser.add_argument("--large-numbers", action="store_true", help="amounts in millions that differ by one")
    parser.add_argument("--paths", nargs="+", choices=PATHS, default=list(PATHS))
    asked = parser.parse_args(arguments)
    wrong, began = set(), time.perf_counter()
    lines, spent = 0, dict.fromkeys(["enumeration", *asked.paths], 0.0)
    for seed in range(asked.seed, asked.seed + asked.count):
        problem = drawn_problem(seed, middle=asked.middle, large_numbers=asked.large_numbers, areas=asked.areas)
        oracle, since = Enumeration(problem), time.perf_counter()
        chain = oracle.chain()
        spent["enumeration"] += time.perf_counter() - since
        for path in asked.paths:
            since = time.perf_counter()
            try:
                found = disagreements(problem, solved(problem, path, oracle, seed), oracle, chain)
            except Exception as error:  # noqa: BLE001  # whatever is raised is a disagreement of its own
                found = [f"{type(error).__name__}: {error}"]
            spent[path] += time.perf_counter() - since
            for text in found:
                lines += 1
                wrong.add(seed)
                print(f"seed {seed} {path}: " + " ".join(text.split()), flush=True)
    seconds = ", ".join(f"{name} {value:.0f} s" for name, value in spent.items())
    print(f"{asked.count} problems, {len(wrong)} wrong ({lines} lines), {time.perf_counter() - began:.0f} s: {seconds}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
