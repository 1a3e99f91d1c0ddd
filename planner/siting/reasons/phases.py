"""Reading a plan in time: what opens when, by when its site must be started, and what must start now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.question.plan import Plan
    from planner.siting.question.problem import SitingProblem

__all__ = ["Schedule", "schedule"]


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """New openings in time, one row each, by period of opening.

    ``ready`` is the first period in which the site could open if its approval started now: how long that takes.
    ``latest_start`` is the period in which approval has to start for the opening to be in time; 0 is now. Both count periods
    of equal length: where the years of a study lie unevenly, calendar years say when approval has to start.
    """

    offer: NDArray[np.int64]
    opens: NDArray[np.int64]
    ready: NDArray[np.int64]
    latest_start: NDArray[np.int64]

    def start_now(self, by: int | None = None) -> NDArray[np.int64]:
        """Return the offers whose approval must start in the first period to open as planned, by period ``by``."""
        mine = self.latest_start <= 0
        if by is not None:
            mine &= self.opens <= by
        return self.offer[mine]


def schedule(problem: SitingProblem, plan: Plan) -> Schedule:
    """Return when each new opening of ``plan`` opens and must be started."""
    new = plan.openings(problem)
    ready = np.zeros(problem.sites.count, dtype=np.int64)
    if problem.phases is not None:
        ready = problem.phases.ready.astype(np.int64)
    order = np.lexsort((new.offer, new.period))
    opens, ready_of = new.period[order], ready[new.site[order]]
    return Schedule(new.offer[order], opens, ready_of, opens - ready_of)
