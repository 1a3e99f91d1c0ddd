"""How a solve ended, read from the solver's own status: never better than it is."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

__all__ = ["Outcome", "SolverSettings", "Status", "Stopped", "relative_gap"]

Stopped = Literal["proof", "time", "interrupt", "limit", "tolerance"]
Status = Literal["optimal", "feasible", "infeasible", "unbounded", "unknown"]


@dataclass(frozen=True, slots=True)
class SolverSettings:
    """How long and how hard to try.

    Parameters
    ----------
    time_limit_s
        Wall seconds for the whole solve.
    gap
        Stop when ``|bound − incumbent| / |incumbent|`` is this small.
    threads, seed
        Of the solver; equal settings on an equal problem give an equal plan unless the time runs out.
    solver
        ``"HiGHS"`` or the name of any other solver that PuLP lists as available.
    shortcuts
        Whether methods of our own may help: answering a problem that only asks how many, finding a plan to begin with;
        only with HiGHS.
    """

    time_limit_s: float = 120.0
    gap: float = 1e-4
    threads: int = 1
    seed: int = 0
    solver: str = "HiGHS"
    shortcuts: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the solver says about the plan.

    ``status`` is ``optimal`` only when the solver itself closed the gap that was asked for; ``feasible`` is a plan
    whose optimality is not proven (``stopped_by`` says what ended the search; ``tolerance`` that the goal's own search ended
    in proof, and later goals gave up part of it within its tolerance); ``infeasible`` is proven;
    ``unknown`` means that the search ended before any plan was found. ``objective``, ``bound`` and ``gap`` are None
    where there is none, the longest walk infinite where somebody reaches nothing who could (`finite`); ``bound`` is the best any plan could reach. ``bound_from`` tells whether the solver's own search
    proved it, or the tree by which large problems are looked at first (`planner.siting.cuts`).
    """

    status: Status
    objective: float | None
    bound: float | None
    gap: float | None
    seconds: float
    solver: str
    version: str
    stopped_by: Stopped = "proof"
    nodes: int = 0
    bound_from: Literal["solver", "tree"] = "solver"

    @property
    def proven(self) -> bool:
        """Whether the plan is optimal within the gap asked for."""
        return self.status == "optimal"

    @property
    def interrupted(self) -> bool:
        """Whether somebody pressed Ctrl-C."""
        return self.stopped_by == "interrupt"

    def finite(self) -> Outcome:
        """Return the outcome as it is stored: None for the longest walk where somebody reaches nothing, which has no number."""
        objective, bound = (
            None if value is None or not math.isfinite(value) else value for value in (self.objective, self.bound)
        )
        gap = None if objective is None or bound is None else self.gap
        return replace(self, objective=objective, bound=bound, gap=gap)

    def __str__(self) -> str:
        """One line with status, both numbers, gap and time."""
        numbers = ", ".join(
            f"{name} {value:,.6g}"
            for name, value in (("objective", self.objective), ("bound", self.bound))
            if value is not None
        )
        gap = "" if self.gap is None else f", gap {self.gap:.3%}"
        ended = "" if self.stopped_by == "proof" else f" (stopped by {self.stopped_by})"
        return f"{self.status}{ended}: {numbers}{gap}, {self.seconds:.1f} s, {self.solver} {self.version}"


def relative_gap(objective: float | None, bound: float | None) -> float | None:
    """Return ``|bound − objective| / |objective|``; None where either is missing, 0 where they are equal."""
    if objective is None or bound is None:
        return None
    if objective == bound:
        return 0.0
    if math.isinf(objective):
        return float("inf")
    return abs(bound - objective) / abs(objective) if objective else float("inf")
