"""Which assumption moves the answer most: runs of one study that differ in one assumption alone are held side by side.

What differs between the studies of two runs is found in the studies themselves, whatever the scenarios are called. Values
that always change together (a demand year is a file, a column and a year) are one assumption.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterator

#: of the names of values that change together, how many are given
_NAMED = 3

#: what is said of a study but asks for nothing
_NO_ASSUMPTION = frozenset({"name", "date", "language", "notes", "publication", "version"})

#: about one run: its study's name, what was asked, what it opens, the people it covers
About = tuple[str, dict[str, object], frozenset[tuple[str, str]], float]


def assumptions_table(runs: Sequence[About]) -> pd.DataFrame:
    """Return what each assumption moves, the one that moves the plan most first within each study.

    Returns
    -------
    pandas.DataFrame
        ``study, assumption, values, pairs, plan_moved, people_moved, variance_share``: ``pairs`` of runs differ in this
        assumption alone; over them, ``plan_moved`` is the mean share of openings that are not in both (Jaccard distance)
        and ``people_moved`` the mean difference of covered people. ``variance_share`` is the share of the variance of
        covered people over all runs that lies between its values (correlation ratio). NaN where there are no such runs.
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
    asked = [_flat(about[1]) for about in runs]
    levels: dict[tuple[int, ...], list[str]] = {}
    values: dict[tuple[int, ...], list[str]] = {}
    for key in dict.fromkeys(key for one in asked for key in one):
        texts = [one.get(key, "–") for one in asked]
        known = list(dict.fromkeys(texts))
        if len(known) > 1:
            codes = tuple(known.index(text) for text in texts)
            levels.setdefault(codes, []).append(key)
            values.setdefault(codes, known)
    covered = np.array([about[3] for about in runs])
    for codes, keys in levels.items():
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
            _between(np.array(codes), covered),
        )


def _flat(asked: object, path: str = "") -> dict[str, str]:
    """Return every value by its dotted key; items of a list are named by their id, name or site."""
    if isinstance(asked, Mapping) and asked:
        found: dict[str, str] = {}
        for key, value in asked.items():
            if path or key not in _NO_ASSUMPTION:
                found |= _flat(value, f"{path}.{key}" if path else str(key))
        return found
    if isinstance(asked, Sequence) and not isinstance(asked, str) and all(isinstance(item, Mapping) for item in asked):
        named = [str(item.get("id") or item.get("minutes") or i) for i, item in enumerate(asked)]
        if asked and len(set(named)) == len(named) and not path.startswith("siting."):
            return _flat(dict(zip(named, asked, strict=True)), path)
    if isinstance(asked, float):
        return {path: f"{asked:.12g}"}
    return {path: asked if isinstance(asked, str) else json.dumps(asked, ensure_ascii=False, sort_keys=True)}


def _by_size(text: str) -> tuple[float, str]:
    """Return what sorts numbers by size, and texts after them."""
    try:
        return float(text), ""
    except ValueError:
        return float("inf"), text


def _apart(one: frozenset[tuple[str, str]], other: frozenset[tuple[str, str]]) -> float:
    either = one | other
    return len(one ^ other) / len(either) if either else 0.0


def _between(
    codes: np.ndarray[tuple[int], np.dtype[np.int64]], values: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> float:
    """Return the share of the variance of ``values`` that lies between the groups of ``codes``."""
    total = float(((values - values.mean()) ** 2).sum())
    if total <= 0:
        return float("nan")
    groups = [values[codes == code] for code in np.unique(codes)]
    return sum(len(group) * float((group.mean() - values.mean()) ** 2) for group in groups) / total
