"""Random-shift test: the fit of points to the ground under one displacement, under none, and under many others.

After Lotwick and Silverman (1982): two patterns that have nothing to do with each other fit equally well under any
displacement of one of them. The fit of the points, displaced by many vectors of the size of a map's shift, is therefore
the distribution of chance, with the dependence of neighbours in it: points of one block are displaced together.

Let Z(v) be the fit of the points displaced by v, standardised over the reference displacements. Where the points lie as
they should, Z(0) is high and Z(s) is like any other; where they have nothing to do with the ground, both are like any
other; where they carry the shift s, Z(0) is like any other and Z(s) is high. Only Z(s) tells the third case from the
second: it is the statistic, and its distribution without a shift is that of Z over the references. That Z(s) exceeds Z(0)
is asked besides, so that the first case is never taken for the third.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: reference displacements, spread over all directions
REFERENCES = 399
#: no reference is nearer than this to the points as they are, or to a shift that is tried: the fit is still good there
APART_M = 120.0
#: a displacement under which fewer points than this, or a smaller share, can be tested says nothing
LEAST_POINTS = 8
LEAST_SHARE = 0.4
#: a shift must fit better than the points as they are by so many standard deviations
LEAST_GAIN = 1.0
_GOLDEN_ANGLE = np.pi * (3.0 - np.sqrt(5.0))


def reference_displacements(shifts: Floats) -> Floats:
    """Return displacements in metres, float64[n, 2]: of half to one and a half times the size of ``shifts``, in all directions.

    The same ones every time: golden angles, sizes evenly spread.
    """
    sizes = np.hypot(*shifts.T)
    size = np.linspace(max(0.5 * sizes.min(), APART_M), 1.5 * sizes.max(), REFERENCES)
    angle = _GOLDEN_ANGLE * np.arange(REFERENCES)
    # sizes and angles in step would be a spiral: take the sizes in an order that mixes them
    size = size[(np.arange(REFERENCES) * 137) % REFERENCES]
    vectors = np.column_stack([size * np.cos(angle), size * np.sin(angle)])
    apart = np.hypot(*(vectors[:, None, :] - shifts[None, :, :]).transpose(2, 0, 1)).min(axis=1) > APART_M
    return np.ascontiguousarray(vectors[apart])


@dataclass(frozen=True, eq=False)
class Tally:
    """How many points lie where they should under each displacement; tallies of several layers add up."""

    hits: Floats
    """float64[v]."""
    tested: Floats
    """float64[v]: points that can be tested there."""
    points: int
    """Points in all."""

    def __add__(self, other: Tally) -> Tally:
        """Return the tally of both layers' points."""
        return Tally(self.hits + other.hits, self.tested + other.tested, self.points + other.points)

    def share(self, displacement: int) -> float:
        """Return the share of the tested points that lie where they should, 0 to 1."""
        return float(self.hits[displacement] / max(float(self.tested[displacement]), 1.0))


def standardised(tally: Tally, first_reference: int) -> Floats | None:
    """Return the fit of the points under each displacement, float64[v], in standard deviations of the references.

    Parameters
    ----------
    tally
        Points that lie where they should, by displacement.
    first_reference
        Displacements before it are the points as they are and the shifts to be tried.

    Returns
    -------
    None
        if nothing can be said: too few points, or a fit that no displacement changes. NaN for a displacement under
        which too few points can be tested.
    """
    count = tally.tested
    enough = count >= max(LEAST_POINTS, LEAST_SHARE * tally.points)
    references = enough.copy()
    references[:first_reference] = False
    if references.sum() < REFERENCES // 4 or not enough[0]:
        return None
    usual = float(tally.hits[references].sum() / count[references].sum())
    # the number of points that can be tested differs: a sum of deviations grows with its root
    total = (tally.hits - usual * count) / np.sqrt(np.maximum(count, 1))
    spread = float(total[references].std())
    if not spread > 1e-9:
        return None
    scores: Floats = np.where(enough, (total - total[references].mean()) / spread, np.nan)
    return scores


@dataclass(frozen=True)
class Verdict:
    """What the displacements say of one shift."""

    shift: int
    """Position among the shifts tried."""
    chance: float
    """Probability that points without this shift fit so much better with it, over all shifts tried (Bonferroni)."""
    as_is: float
    """Standardised fit of the points as they are."""
    moved: float
    """Standardised fit with the shift."""


def best_shift(scores: Sequence[Floats], first_reference: int) -> Verdict | None:
    """Return the shift under which the points fit best by all sources of evidence together; None where nothing can be said.

    Parameters
    ----------
    scores
        One float64[v] for each source (`standardised`); their sum is used, so that sources which depend on each other
        are not taken for independent.
    first_reference
        Position of the first reference displacement; 0 is the points as they are.
    """
    if not scores:
        return None
    fit = np.sum(scores, axis=0)
    references = fit[first_reference:]
    references = references[np.isfinite(references)]
    tried = fit[1:first_reference]
    if len(references) < REFERENCES // 4 or not np.isfinite(fit[0]) or not np.isfinite(tried).any():
        return None
    centre, spread = references.mean(), references.std()
    fit, references = (fit - centre) / spread, np.sort((references - centre) / spread)
    tried = np.where(np.isfinite(tried), fit[1:first_reference], -np.inf)
    best = int(np.argmax(tried))
    chance = _tail(references, float(tried[best])) if tried[best] - fit[0] >= LEAST_GAIN else 1.0
    return Verdict(best, min(1.0, chance * len(tried)), float(fit[0]), float(tried[best]))


def _tail(references: Floats, value: float) -> float:
    """Return the probability that a reference (ascending) reaches ``value``.

    By rank; beyond the ninth decile an exponential tail with the mean excess of the references there, which is longer
    than that of a sum of bounded terms (Knijnenburg et al. 2009 fit the generalised Pareto distribution, of which it is the
    case of shape 0).
    """
    decile = float(np.quantile(references, 0.9))
    by_rank = (1 + int((references >= value).sum())) / (1 + len(references))
    if value <= decile:
        return by_rank
    excess = float((references[references > decile] - decile).mean())
    by_tail = 0.1 * float(np.exp(-(value - decile) / excess))
    return by_tail if value > references[-1] else max(by_rank, by_tail)
