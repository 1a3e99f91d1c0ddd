"""Siting: where to open what. The problem as arrays, its exact solution, an independent recount, and its analysis.

`build_problem` translates a study into a `SitingProblem`, `solve` finds the `Plan`, `evaluate` recounts it. Analysis of a plan:
`find_iis` (why there is none), `rule_costs`, `unfunded`, `marginal_values`, `best_swaps`, `trace_frontier`, `schedule`;
`evaluate_with_assignment` says what any other set of offers would give.
"""

from planner.siting.analysis.frontier import Frontier, FrontierPoint, trace_frontier
from planner.siting.analysis.iis import InfeasibleSet, Relaxation, find_iis
from planner.siting.analysis.openings import (
    MarginalValue,
    Swap,
    UnopenedService,
    best_swaps,
    evaluate_with_assignment,
    marginal_values,
    unopened_services,
)
from planner.siting.analysis.rule_costs import RuleCost, rule_costs, unfunded
from planner.siting.build.demands import head_count, heads_of, people_of, weighted_demand
from planner.siting.build.problem import BuiltProblem, build_problem
from planner.siting.model.data import (
    AreaLimits,
    Budgets,
    Demand,
    Floor,
    Goal,
    Hub,
    Lock,
    Offers,
    Phases,
    Rules,
    SharedRoom,
    Sites,
    SolverSettings,
    Spread,
)
from planner.siting.model.plan import Assignments, Openings, Outcome, Plan, Schedule, Step, schedule
from planner.siting.model.problem import SitingProblem
from planner.siting.model.ruleset import Rule, rules_of, with_limit, without_rules
from planner.siting.optimiser import solve
from planner.siting.verify.evaluate import Evaluation, evaluate, evaluate_offers

__all__ = [
    "AreaLimits", "Assignments", "Budgets", "BuiltProblem", "Demand", "Evaluation", "Floor", "Frontier", "FrontierPoint", "Goal", "Hub",
    "InfeasibleSet", "Lock", "MarginalValue", "Offers", "Openings", "Outcome", "Phases", "Plan", "Relaxation", "Rule", "RuleCost",
    "Rules", "Schedule", "SharedRoom", "Sites", "SitingProblem", "SolverSettings", "Spread", "Step", "Swap", "UnopenedService",
    "best_swaps", "build_problem", "evaluate", "evaluate_offers", "evaluate_with_assignment", "find_iis", "head_count", "heads_of",
    "marginal_values", "people_of", "rule_costs", "rules_of", "schedule", "solve", "trace_frontier", "unfunded", "unopened_services",
    "weighted_demand", "with_limit", "without_rules",
]  # fmt: skip
