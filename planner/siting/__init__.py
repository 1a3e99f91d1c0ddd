"""WHERE TO OPEN WHAT: the siting question as arrays, its exact solution, and an independent recount."""

from planner.siting.evaluate import Evaluation, count, evaluate
from planner.siting.optimise import solve
from planner.siting.outcome import Outcome, SolverSettings
from planner.siting.plan import Assignments, Openings, Plan, Step
from planner.siting.pose import Posed, demand_of, pose
from planner.siting.problem import Budgets, Demand, Goal, Offers, Phases, Sites, SitingProblem
from planner.siting.rules import Floor, Hub, Lock, Room, Rules, Spread

__all__ = [
    "Assignments",
    "Budgets",
    "Demand",
    "Evaluation",
    "Floor",
    "Goal",
    "Hub",
    "Lock",
    "Offers",
    "Openings",
    "Outcome",
    "Phases",
    "Plan",
    "Posed",
    "Room",
    "Rules",
    "Sites",
    "SitingProblem",
    "SolverSettings",
    "Spread",
    "Step",
    "count",
    "demand_of",
    "evaluate",
    "pose",
    "solve",
]
