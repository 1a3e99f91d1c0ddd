"""WHERE TO OPEN WHAT: the siting question as arrays, its exact solution, and an independent recount."""

from planner.siting.evaluate import Evaluation, count, evaluate
from planner.siting.optimise import solve
from planner.siting.outcome import Outcome, SolverSettings
from planner.siting.plan import Openings, Plan
from planner.siting.pose import Posed, demand_of, pose
from planner.siting.problem import Budgets, Demand, Lock, Offers, Room, Rules, Sites, SitingProblem

__all__ = [
    "Budgets",
    "Demand",
    "Evaluation",
    "Lock",
    "Offers",
    "Openings",
    "Outcome",
    "Plan",
    "Posed",
    "Room",
    "Rules",
    "Sites",
    "SitingProblem",
    "SolverSettings",
    "count",
    "demand_of",
    "evaluate",
    "pose",
    "solve",
]
