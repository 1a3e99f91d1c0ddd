"""A plan: which offers open, and how sure we are that none is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.outcome import Outcome
    from planner.siting.problem import SitingProblem

__all__ = ["Openings", "Plan"]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The chosen offers, ascending positions into ``problem.offers`` (what stands and stays included), and the outcome.

    ``offers`` is None when the solver found no plan (``outcome`` says whether there is none or time ran out).
    """

    offers: NDArray[np.int64] | None
    outcome: Outcome

    @property
    def found(self) -> bool:
        """Whether there is a plan at all."""
        return self.offers is not None

    def openings(self, problem: SitingProblem) -> Openings:
        """Return what the plan newly opens."""
        chosen = np.zeros(0, dtype=np.int64) if self.offers is None else self.offers
        offers = problem.offers
        new = chosen[~offers.existing[chosen]] if len(chosen) else chosen
        return Openings(
            new,
            offers.site[new],
            offers.service[new],
            offers.area_m2[new],
            offers.capital_yuan[new],
            offers.yearly_yuan[new],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Openings:
    """New openings, one row each, sorted by offer; money is the service's own, without the building's set-up."""

    offer: NDArray[np.int64]
    site: NDArray[np.int32]
    service: NDArray[np.int32]
    area_m2: NDArray[np.float64]
    capital_yuan: NDArray[np.float64]
    yearly_yuan: NDArray[np.float64]
