"""WHERE TO OPEN WHAT: the siting question as arrays, its exact solution, an independent recount, and the reasons.

`pose` translates a study into a `SitingProblem`, `solve` finds the `Plan`, `evaluate` recounts it. What is asked about
a plan afterwards: `find_conflict` (why there is none), `price_rules`, `unfunded`, `marginal`, `best_swaps`,
`trace_frontier`, `schedule`; `value_of` says what any other set of offers would give.
"""

from planner.siting.counting.evaluate import Evaluation, count, evaluate
from planner.siting.posing.pose import Posed, demand_of, heads_of, pose
from planner.siting.question.outcome import Outcome, SolverSettings
from planner.siting.question.plan import Assignments, Openings, Plan, Step
from planner.siting.question.problem import Budgets, Demand, Goal, Offers, Phases, Sites, SitingProblem
from planner.siting.question.rules import Floor, Hub, Lock, Room, Rules, Spread
from planner.siting.question.ruleset import Rule, rules_of, with_limit, without
from planner.siting.reasons.conflict import Conflict, Relaxation, find_conflict
from planner.siting.reasons.frontier import Frontier, FrontierPoint, trace_frontier
from planner.siting.reasons.marginal import Marginal, Swap, best_swaps, marginal
from planner.siting.reasons.phases import Schedule, schedule
from planner.siting.reasons.places import value_of
from planner.siting.reasons.price import Price, price_rules, unfunded
from planner.siting.reasons.unopened import Unopened, unopened
from planner.siting.search.optimise import solve

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
    "Unopened",
    "best_swaps",
    "count",
    "demand_of",
    "evaluate",
    "find_conflict",
    "heads_of",
    "marginal",
    "pose",
    "price_rules",
    "rules_of",
    "schedule",
    "solve",
    "trace_frontier",
    "unfunded",
    "unopened",
    "value_of",
    "with_limit",
    "without",
]
