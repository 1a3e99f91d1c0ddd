"""Colours shared by page, print and legend.

Warm is need, cool is provision: the ground runs from paper to deep rust with the people a service does not reach;
services are blue, green, violet and so on. Lightness falls steadily along the ramp and every service also carries a letter,
so neither a colour-blind reader nor a weak projector loses anything.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: nobody uncovered, then five classes of growing need
RAMP = ("#fbf7ee", "#fbe0b5", "#f5bb7b", "#e58a4e", "#c25a2e", "#86301c")
#: nobody of the group lives there
EMPTY = "#d3dade"
#: one per service, in the order of the study; more services go round again and are told apart by their letter
SERVICES = ("#0b5ea8", "#00795f", "#7a3aa6", "#b0175f", "#3d4f5c", "#0097a7")
#: deficit to surplus, the balanced in the middle: the warm end of the ramp, and its cool opposite
DIVERGING = ("#86301c", "#f5bb7b", "#fbf7ee", "#a9cbe3", "#0b5ea8")
#: where one class of the balance (−1 … 1) ends and the next begins
DIVERGING_LIMITS = (-0.6, -0.2, 0.2, 0.6)
INK = "#1d2a33"
GROUND = "#eef1f2"


def service_colour(position: int) -> str:
    """Return the colour of the service at ``position`` in the study."""
    return SERVICES[position % len(SERVICES)]


def class_limits(values: NDArray[np.float64] | Sequence[float], classes: int = len(RAMP) - 1) -> tuple[float, ...]:
    """Return upper limits of at most ``classes`` classes of the positive values, round numbers, ascending.

    Quantiles rounded to one or two leading digits, the last limit at or above the largest value; equal limits fall together.
    Values of 0.5 and less (less than one person when shown) do not make classes.
    """
    array = np.asarray(values, dtype=float)
    positive = array[array > 0.5]
    if positive.size == 0:
        return ()
    inner = np.quantile(positive, np.arange(1, classes) / classes)
    last = _round_number(float(positive.max()), up=True)
    limits = {_round_number(float(limit), up=False) for limit in inner}
    return (*sorted(limit for limit in limits if limit < last), last)


def _round_number(value: float, *, up: bool) -> float:
    """Return a number of the form 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 x 10^k: the nearest to ``value``, or the next not below it."""
    scale = 10.0 ** math.floor(math.log10(value))
    steps = [step * scale for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)]
    chosen = (
        next(step for step in steps if value <= step * (1 + 1e-12))
        if up
        else min(steps, key=lambda step: abs(step - value))
    )
    return max(1.0, chosen)


def class_colours(limits: Sequence[float]) -> tuple[str, ...]:
    """Return one colour per class; few classes still run through the whole ramp."""
    last, count = len(RAMP) - 1, len(limits)
    if count >= last:
        return RAMP[1:]
    return tuple(RAMP[math.floor(1 + (i + 1) * (last - 1) / count + 0.5)] for i in range(count))


def class_colour(value: float, limits: Sequence[float]) -> str:
    """Return the colour of ``value`` people: the lightest for fewer than half a person, else that of its class."""
    if value < 0.5 or not limits:
        return RAMP[0]
    position = next((i for i, limit in enumerate(limits) if math.floor(value + 0.5) <= limit), len(limits) - 1)
    return class_colours(limits)[position]


def glyphs(names: Sequence[str]) -> tuple[str, ...]:
    """Return one short letter per name, telling them apart where one character can; else position numbers."""
    taken: list[str] = []
    for position, name in enumerate(names, start=1):
        letters = [letter.upper() for letter in name if letter.isalnum()]
        free = [letter for letter in letters if letter not in taken]
        taken.append(free[0] if free else str(position))
    return tuple(taken)
