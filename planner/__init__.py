"""Community facility planner: who walks where in how many minutes, and where to open what."""

from planner._version import __version__

__all__ = ["__version__"]
