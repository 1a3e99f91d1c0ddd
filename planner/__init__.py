"""Community facility planner: who walks where in how many minutes, and where to open what.

=====================================  ===================================================================
``read_network(path, crs=…)``          walking network of a street file or a frame of lines
``travel_times(network, …)``           travel-time matrix: ``.to_frame()``, ``.to(destinations)``
``coverage``, ``nearest``              people within minutes; nearest destination of each origin
``floating_catchment``                 places per person in reach (2SFCA, E2SFCA)
``gini``, ``palma``                    equity of a quantity among people
``isochrones``                         polygons of the destinations
``SitingModel(times, demand=…)``       ``.add_service .budget .require .forbid .solve`` → ``Plan``
``load_study``, ``plan``, ``Run``      study file → run; tables of a run by name
=====================================  ===================================================================
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from planner._version import __version__

if TYPE_CHECKING:
    from planner.library import (
        LoadedStudy,
        Plan,
        Run,
        SitingModel,
        TravelTimeMatrix,
        coverage,
        floating_catchment,
        gini,
        isochrones,
        load_study,
        nearest,
        palma,
        plan,
        read_network,
        travel_times,
    )

__all__ = [
    "LoadedStudy",
    "Plan",
    "Run",
    "SitingModel",
    "TravelTimeMatrix",
    "__version__",
    "coverage",
    "floating_catchment",
    "gini",
    "isochrones",
    "load_study",
    "nearest",
    "palma",
    "plan",
    "read_network",
    "travel_times",
]


def __getattr__(name: str) -> Any:
    """Load the library when one of its names is first used: the command line needs none of it to start."""
    if name not in __all__:
        msg = f"module 'planner' has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module("planner.library"), name)


def __dir__() -> list[str]:
    """Names of the library, for completion."""
    return sorted(__all__)
