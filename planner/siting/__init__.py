"""WHERE TO OPEN WHAT: the siting question as arrays, its exact solution, an independent recount, and the reasons.

`pose` translates a study into a `SitingProblem`, `solve` finds the `Plan`, `evaluate` recounts it. What is asked about
a plan afterwards: `find_conflict` (why there is none), `price_rules`, `unfunded`, `marginal`, `best_swaps`,
`trace_frontier`, `schedule`; `value_of` says what any other set of offers would give.
"""

from planner.siting.conflict import Conflict, Relaxation, find_conflict
from planner.siting.evaluate import Evaluation, count, evaluate
from planner.siting.frontier import Frontier, FrontierPoint, trace_frontier
from planner.siting.marginal import Marginal, Swap, best_swaps, marginal
from planner.siting.optimise import solve
from planner.siting.outcome import Outcome, SolverSettings
from planner.siting.phases import Schedule, schedule
from planner.siting.places import value_of
from planner.siting.plan import Assignments, Openings, Plan, Step
from planner.siting.pose import Posed, demand_of, pose
from planner.siting.price import Price, price_rules, unfunded
from planner.siting.problem import Budgets, Demand, Goal, Offers, Phases, Sites, SitingProblem
from planner.siting.rules import Floor, Hub, Lock, Room, Rules, Spread
from planner.siting.ruleset import Rule, rules_of, with_limit, without

__all__ = [
    "Assignments",
    "Budgets",
    "Conflict",
    "Demand",
    "Evaluation",
    "Floor",
    "Frontier",
    "FrontierPoint",
    "Goal",
    "Hub",
    "Lock",
    "Marginal",
    "Offers",
    "Openings",
    "Outcome",
    "Phases",
    "Plan",
    "Posed",
    "Price",
    "Relaxation",
    "Room",
    "Rule",
    "Rules",
    "Schedule",
    "Sites",
    "SitingProblem",
    "SolverSettings",
    "Spread",
    "Step",
    "Swap",
    "best_swaps",
    "count",
    "demand_of",
    "evaluate",
    "find_conflict",
    "marginal",
    "pose",
    "price_rules",
    "rules_of",
    "schedule",
    "solve",
    "trace_frontier",
    "unfunded",
    "value_of",
    "with_limit",
    "without",
]
