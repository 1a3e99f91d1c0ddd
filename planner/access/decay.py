"""How much a walk is worth by its length: decay functions as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Decay(Protocol):
    """Weight of a walk by its seconds; zero beyond ``cutoff_s``."""

    @property
    def cutoff_s(self) -> float:
        """Longest walk with a weight, itself included."""

    def __call__(self, seconds: NDArray[np.floating]) -> NDArray[np.float64]:
        """Weights in 0…1 for an array of seconds."""


@dataclass(frozen=True, slots=True)
class Binary:
    """All walks up to the cutoff are worth the same: plain 2SFCA and cumulative opportunities."""

    cutoff_s: float

    @property
    def bounds_s(self) -> tuple[float, ...]:
        """One zone, up to the cutoff."""
        return (self.cutoff_s,)

    @property
    def weights(self) -> tuple[float, ...]:
        """1 in that zone."""
        return (1.0,)

    def __call__(self, seconds: NDArray[np.floating]) -> NDArray[np.float64]:
        """1 within the cutoff, else 0."""
        return (seconds <= self.cutoff_s).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Steps:
    """Zones of equal worth, e.g. 5, 10 and 15 minutes (Luo & Qi 2009, E2SFCA).

    Attributes
    ----------
    bounds_s : tuple of float
        Upper bound of each zone, ascending, itself included.
    weights : tuple of float
        Worth of each zone.
    """

    bounds_s: tuple[float, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse zones that do not go outwards."""
        if len(self.bounds_s) != len(self.weights) or not self.bounds_s or list(self.bounds_s) != sorted(self.bounds_s):
            raise ValueError("steps need as many weights as bounds, and bounds that ascend")

    @property
    def cutoff_s(self) -> float:
        """Upper bound of the last zone."""
        return self.bounds_s[-1]

    def __call__(self, seconds: NDArray[np.floating]) -> NDArray[np.float64]:
        """Weight of the zone each walk falls in."""
        worth = np.array([*self.weights, 0.0])
        walked = np.asarray(seconds)
        # A bound is rounded as the walks are, so that a walk of exactly 300.1 s lies within 300.1 s.
        return worth[np.searchsorted(np.array(self.bounds_s, dtype=walked.dtype), walked, side="left")]


Zoned = Binary | Steps
"""Decays that are constant from one bound to the next."""


@dataclass(frozen=True, slots=True)
class Gaussian:
    """Smooth decay from 1 at the door to 0 at the cutoff (Dai 2010): (e^(−½(t/T)²) − e^(−½)) / (1 − e^(−½))."""

    cutoff_s: float

    def __call__(self, seconds: NDArray[np.floating]) -> NDArray[np.float64]:
        """Weights of the walks."""
        rim = np.exp(-0.5)
        share = np.asarray(seconds, dtype=np.float64) / self.cutoff_s
        return np.where(share <= 1.0, (np.exp(-0.5 * share * share) - rim) / (1.0 - rim), 0.0)


@dataclass(frozen=True, slots=True)
class Exponential:
    """Gravity: worth halves with every ``half_s`` seconds (Hansen 1959, with exponential impedance)."""

    half_s: float
    cutoff_s: float

    def __call__(self, seconds: NDArray[np.floating]) -> NDArray[np.float64]:
        """Weights of the walks."""
        walked = np.asarray(seconds, dtype=np.float64)
        return np.where(walked <= self.cutoff_s, np.exp2(-walked / self.half_s), 0.0)
