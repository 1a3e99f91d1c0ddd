"""Count people once: groups nest (60 and over, 80 and over), and whoever is in both is one person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from planner.study import DemandGroup

#: the study's ages end at 120
_OLDEST = 120


def groups_apart(groups: Mapping[str, DemandGroup], people: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return the groups that hold nobody twice and together the most people, bool[g].

    Parameters
    ----------
    groups
        The study's groups. One without ages is taken for people of its own, since nobody says otherwise.
    people
        float64[g]: people of each group.

    Notes
    -----
    The heaviest set of intervals of ages of which no two overlap (weighted interval scheduling). Where one group holds
    another, or groups lie side by side, their people are everybody; where two overlap in part, at least so many.
    """
    apart = np.array([group.from_age is None for group in groups.values()], dtype=np.bool_)
    aged = [
        (_OLDEST if group.to_age is None else group.to_age, group.from_age, place)
        for place, group in enumerate(groups.values())
        if group.from_age is not None
    ]
    # best[k]: most people among the first k groups by their oldest, and which groups those are
    best: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    aged.sort()
    for number, (_, youngest, place) in enumerate(aged):
        before = sum(oldest < youngest for oldest, _, _ in aged[:number])
        with_it = (best[before][0] + float(people[place]), (*best[before][1], place))
        best.append(max(best[-1], with_it, key=lambda found: found[0]))
    apart[list(best[-1][1])] = True
    return apart


def heads(groups: Mapping[str, DemandGroup], people: NDArray[np.float64]) -> float:
    """Return how many people some rows hold, nobody counted in two groups.

    Parameters
    ----------
    people
        float64[n, g]: people of each group in each row.
    """
    of_each = people.sum(axis=0)
    return float(of_each[groups_apart(groups, of_each)].sum())
