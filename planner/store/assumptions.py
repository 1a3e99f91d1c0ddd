"""Which assumption moves the answer most: runs of one study that differ in one assumption alone are held side by side.

What differs between the studies of two runs is found in the studies themselves, whatever the scenarios are called. Values
that always change together (a demand year is a file, a column and a year) are one assumption.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

#: factors up to which every order of adding them is counted, and orders drawn beyond
_EXACT, _ORDERS = 8, 64

#: of the names of values that change together, how many are given
_NAMED = 3

#: what is said of a study but asks for nothing
_NO_ASSUMPTION = frozenset({"name", "date", "language", "notes", "publication", "version"})

#: about one run: its study's name, its settings, what it opens, the people it covers
About = tuple[str, dict[str, object], frozenset[tuple[str, str]], float]


def assumptions_table(runs: Sequence[About]) -> pd.DataFrame:
    """Return what each assumption moves, the one that moves the plan most first within each study.

    Returns
    -------
    pandas.DataFrame
        ``study, assumption, values, pairs, plan_moved, people_moved, variance_share``: ``pairs`` of runs differ in this
        assumption alone; over them, ``plan_moved`` is the mean share of openings that are not in both (Jaccard distance)
        and ``people_moved`` the mean difference of covered people. NaN where there are no such runs. ``variance_share`` is its
        share of the variance of covered people over all runs (`variance_shares`); over a study's assumptions these sum to at
        most 1.
    """
    rows = []
    for study in dict.fromkeys(about[0] for about in runs):
        mine = [about for about in runs if about[0] == study]
        rows += list(_of_study(study, mine))
    columns = ["study", "assumption", "values", "pairs", "plan_moved", "people_moved", "variance_share"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(
        ["study", "plan_moved", "people_moved"], ascending=[True, False, False], kind="stable", ignore_index=True
    )


def _of_study(study: str, runs: Sequence[About]) -> Iterator[tuple[object, ...]]:
    settings = [_flat(about[1]) for about in runs]
    levels: dict[tuple[int, ...], list[str]] = {}
    values: dict[tuple[int, ...], list[str]] = {}
    for key in dict.fromkeys(key for one in settings for key in one):
        texts = [one.get(key, "–") for one in settings]
        known = list(dict.fromkeys(texts))
        if len(known) > 1:
            codes = tuple(known.index(text) for text in texts)
            levels.setdefault(codes, []).append(key)
            values.setdefault(codes, known)
    covered = np.array([about[3] for about in runs])
    shares = variance_shares(np.array(list(levels), dtype=np.int64).reshape(len(levels), len(runs)), covered)
    for (codes, keys), variance_share in zip(levels.items(), shares.tolist(), strict=True):
        others = [other for other in levels if other != codes]
        pairs = [
            (i, j)
            for i, j in itertools.combinations(range(len(runs)), 2)
            if codes[i] != codes[j] and all(other[i] == other[j] for other in others)
        ]
        moved = [_apart(runs[i][2], runs[j][2]) for i, j in pairs]
        people = [abs(covered[i] - covered[j]) for i, j in pairs]
        named = ", ".join(keys[:_NAMED]) + (f" (+{len(keys) - _NAMED})" if len(keys) > _NAMED else "")
        yield (
            study,
            named,
            "; ".join(sorted(values[codes], key=_by_size)) if len(keys) == 1 else f"{len(values[codes])}",
            len(pairs),
            float(np.mean(moved)) if moved else np.nan,
            float(np.mean(people)) if people else np.nan,
            variance_share,
        )


def _flat(settings: object, path: str = "") -> dict[str, str]:
    """Return every value by its dotted key; items of a list are named by their id, name or site."""
    if isinstance(settings, Mapping) and settings:
        found: dict[str, str] = {}
        for key, value in settings.items():
            if path or key not in _NO_ASSUMPTION:
                found |= _flat(value, f"{path}.{key}" if path else str(key))
        return found
    if (
        isinstance(settings, Sequence)
        and not isinstance(settings, str)
        and all(isinstance(item, Mapping) for item in settings)
    ):
        named = [str(item.get("id") or item.get("minutes") or i) for i, item in enumerate(settings)]
        if settings and len(set(named)) == len(named) and not path.startswith("siting."):
            return _flat(dict(zip(named, settings, strict=True)), path)
    if isinstance(settings, float):
        return {path: f"{settings:.12g}"}
    return {path: settings if isinstance(settings, str) else json.dumps(settings, ensure_ascii=False, sort_keys=True)}


def _by_size(text: str) -> tuple[float, str]:
    """Return what sorts numbers by size, and texts after them."""
    try:
        return float(text), ""
    except ValueError:
        return float("inf"), text


def _apart(one: frozenset[tuple[str, str]], other: frozenset[tuple[str, str]]) -> float:
    either = one | other
    return len(one ^ other) / len(either) if either else 0.0


def variance_shares(codes: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each factor's share of the variance of ``values``, float64[k]; together they are what all main effects explain.

    Parameters
    ----------
    codes
        int64[k, n]: the level of each factor in each of n runs.
    values
        float64[n].

    Notes
    -----
    The gain in R² of a linear model of main effects when a factor is added, averaged over the orders in which factors can be
    added (Lindeman, Merenda and Gold 1980; a Shapley value). Where every combination of levels was run equally often it is
    the correlation ratio; elsewhere correlation ratios count what two factors share twice and add to more than 1. Up to
    `_EXACT` factors all orders count, beyond that `_ORDERS` drawn with a fixed seed. NaN where nothing varies.
    """
    k = len(codes)
    if not k or float(((values - values.mean()) ** 2).sum()) <= 0:
        return np.full(k, np.nan)
    dummies = [(factor[:, None] == np.unique(factor)[1:]).astype(np.float64) for factor in codes]
    known: dict[frozenset[int], float] = {}

    def explained(factors: frozenset[int]) -> float:
        if factors not in known:
            known[factors] = _r_squared([dummies[factor] for factor in sorted(factors)], values)
        return known[factors]

    shares = np.zeros(k)
    if k <= _EXACT:
        for factor in range(k):
            rest = [other for other in range(k) if other != factor]
            for size in range(k):
                weight = math.factorial(size) * math.factorial(k - size - 1) / math.factorial(k)
                for some in itertools.combinations(rest, size):
                    shares[factor] += weight * (explained(frozenset((*some, factor))) - explained(frozenset(some)))
        return np.maximum(shares, 0.0)
    draw = np.random.default_rng(0)
    orders = [order for _ in range(_ORDERS // 2) for order in [draw.permutation(k).tolist()]]
    for order in [*orders, *(order[::-1] for order in orders)]:
        for position, factor in enumerate(order):
            before, after = frozenset(order[:position]), frozenset(order[: position + 1])
            shares[factor] += (explained(after) - explained(before)) / _ORDERS
    return np.maximum(shares, 0.0)


def _r_squared(dummies: Sequence[NDArray[np.float64]], values: NDArray[np.float64]) -> float:
    """Return the share of the variance of ``values`` that a linear model of the given columns explains."""
    centred = values - values.mean()
    if not dummies:
        return 0.0
    columns = np.column_stack(dummies)
    columns = columns - columns.mean(axis=0)
    fitted = columns @ np.linalg.lstsq(columns, centred, rcond=None)[0]
    return float(np.clip((fitted @ fitted) / (centred @ centred), 0.0, 1.0))
