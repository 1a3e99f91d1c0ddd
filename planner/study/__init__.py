"""What the planner asks: the study file as frozen values."""

from planner.study._base import Block, Evidence, Label, Language
from planner.study.layers import Buildings, Candidates, Communities, Facilities, Layer, Layers, People, Streets
from planner.study.model import Publication, Scenario, Study
from planner.study.rules import (
    Budgets,
    CoLocation,
    Department,
    ExistingRule,
    Floor,
    HubRule,
    Lock,
    SharedRoom,
    Siting,
    Solver,
    SupplyMode,
)
from planner.study.services import Circle, DemandGroup, Service, SiteKind, Size, Walking, WalkingProfile

__all__ = [
    "Block",
    "Budgets",
    "Buildings",
    "Candidates",
    "Circle",
    "CoLocation",
    "Communities",
    "DemandGroup",
    "Department",
    "Evidence",
    "ExistingRule",
    "Facilities",
    "Floor",
    "HubRule",
    "Label",
    "Language",
    "Layer",
    "Layers",
    "Lock",
    "People",
    "Publication",
    "Scenario",
    "Service",
    "SharedRoom",
    "SiteKind",
    "Siting",
    "Size",
    "Solver",
    "Streets",
    "Study",
    "SupplyMode",
    "Walking",
    "WalkingProfile",
]
