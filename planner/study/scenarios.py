"""Scenarios: named overrides of a study, one on top of another, multiplied out where a matrix says so.

A scenario takes over what it ``extends`` and lays its own ``set`` over it. With a ``matrix`` it stands for every
combination of its axes. An axis is a key with a list of values, or a name with labelled bundles of overrides::

    scenarios:
      - name: ageing
        matrix:
          budgets.capital_cost: [4000000, 8000000]
          walking.profiles.elder.speed_m_s: [0.64, 0.8]
          demand: {"2021": {}, "2035": {layers.people.0.path: people_2035.csv, layers.people.0.year: 2035}}

makes eight: ``ageing+capital_cost-4000000+speed_m_s-0.64+demand-2021`` and so on.
"""

from __future__ import annotations

import difflib
import hashlib
import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from planner.errors import Fault, StudyError, raise_all

#: what the study without any scenario is called
BASE = "base"

#: a matrix beyond this is a slip of the pen, and would fill a disk
MAX_VARIANTS = 10_000

#: a folder's name may have 255 bytes, and needs some of them while it is being written
LONGEST_NAME_BYTES = 180

#: names a message lists
_NAMED = 20

_NOT_IN_A_NAME = re.compile(r"[^\w.\-]+")


@dataclass(frozen=True, slots=True)
class Overlay:
    """One override: ``budgets.capital_cost`` = 5,000,000, and who resolved for it."""

    key: str
    value: Any
    origin: str


@dataclass(frozen=True, slots=True)
class Variant:
    """A study as it will be run: what it is called, and what is laid over the file, in order."""

    name: str
    overlays: tuple[Overlay, ...] = ()
    fault: str = ""
    """Why it cannot be run; the others can."""


@dataclass(frozen=True, slots=True)
class _Axis:
    """One dimension of a matrix: label → overrides."""

    key: str
    points: dict[str, dict[str, Any]]


@dataclass
class _Resolved:
    """A scenario with everything that it extends."""

    sets: dict[str, tuple[str, Any]] = field(default_factory=dict)
    """Key → who set it, and to what."""
    axes: dict[str, _Axis] = field(default_factory=dict)


def variants(where: str, scenarios: object) -> tuple[Variant, ...]:
    """Return the base study and every scenario, matrices multiplied out, in the order of the file.

    Parameters
    ----------
    where
        The study file, for messages.
    scenarios
        The block ``scenarios`` as plain values; what is not shaped like a scenario is left to the study's own check.

    Raises
    ------
    StudyError
        if a name occurs twice, or there are more than `MAX_VARIANTS`. A scenario that extends nothing known comes back
        with its fault.
    """
    items = {
        str(item["name"]): item
        for item in (scenarios if isinstance(scenarios, list) else [])
        if isinstance(item, Mapping) and "name" in item
    }
    found = [Variant(BASE)]
    for name in items:
        try:
            if len(name.encode()) > LONGEST_NAME_BYTES:
                raise LookupError("is too long a name for a folder", "shorten it")  # noqa: TRY301 - as its other faults
            found += _matrix_variants(name, _resolve(name, items))
        except LookupError as error:
            fault = Fault(f"{where}: scenario {name}", *error.args)
            found.append(Variant(name, fault=str(fault)))
        if len(found) > MAX_VARIANTS:
            msg = f"{where}: the scenarios make more than {MAX_VARIANTS:,} runs; shorten the matrix of {name}"
            raise StudyError(msg)
    repeated = [name for name, n in Counter(one.name for one in found).items() if n > 1]
    faults = [
        Fault(f"scenario {name}", "stands twice", f"{BASE} is the study itself" if name == BASE else "rename one")
        for name in repeated
    ]
    raise_all(faults, StudyError, f"{where}: every run needs a name of its own")
    return tuple(found)


def variant(where: str, scenarios: object, name: str) -> Variant:
    """Return the variant called ``name``; raises where there is none, or it has a fault."""
    known = {one.name: one for one in variants(where, scenarios)}
    if name not in known:
        products = [other for other in known if other.startswith(f"{name}+")]
        near = difflib.get_close_matches(name, known, n=1)
        meant = f" (did you mean {near[0]}?)" if near else ""
        few = [*list(known)[:_NAMED], *(["…"] if len(known) > _NAMED else [])]
        msg = f"{where}: there is no scenario {name}; the study has: {', '.join(few)}{meant}"
        if products:
            msg = f"{where}: scenario {name} is a matrix of {len(products)}; ask for one of them, e.g. {products[0]}"
        raise StudyError(msg)
    if known[name].fault:
        raise StudyError(known[name].fault)
    return known[name]


def _resolve(name: str, items: Mapping[str, Mapping[str, Any]]) -> _Resolved:
    """Lay a scenario over what it extends, the root first; what is set later replaces an axis of the same key."""
    chain: list[str] = []
    wanted: str | None = name
    while wanted is not None:
        if wanted in chain:
            msg = f"extends itself through {chain[-1]}"
            raise LookupError(msg, "take one extends out")
        if wanted not in items:
            msg = f"extends {wanted}, which is no scenario"
            raise LookupError(msg, f"the study has: {', '.join(items)}")
        chain.append(wanted)
        parent = items[wanted].get("extends")
        wanted = None if parent is None else str(parent)
    resolved = _Resolved()
    for step in reversed(chain):
        for key, value in _block(items[step], "set").items():
            resolved.axes.pop(str(key), None)
            resolved.sets[str(key)] = (step, value)
        for key, values in _block(items[step], "matrix").items():
            resolved.axes[str(key)] = _axis(str(key), values)
    return resolved


def _block(item: Mapping[str, Any], name: str) -> Mapping[Any, Any]:
    block = item.get(name)
    return block if isinstance(block, Mapping) else {}


def _axis(key: str, values: object) -> _Axis:
    if isinstance(values, Mapping) and values:
        bundles = {str(label): dict(sets) if isinstance(sets, Mapping) else {} for label, sets in values.items()}
        return _Axis(key, {_label(label, 0): sets for label, sets in bundles.items()})
    if isinstance(values, Sequence) and not isinstance(values, str) and values:
        points = {_label(value, i): {key: value} for i, value in enumerate(values, start=1)}
        if len(points) == len(values):
            return _Axis(key, points)
        msg = f"matrix.{key}: two of its values would have the same name"
        raise LookupError(msg, "name them: {label: {key: value}, …}")
    msg = f"matrix.{key}: needs at least one value"
    raise LookupError(msg, "write a list of values, or {label: {key: value}, …}")


def _label(value: object, position: int) -> str:
    """Return how a value is called in the name of a run, which is also the name of a folder."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{int(value)}" if value == int(value) else f"{value:.12g}"
    if value is None or isinstance(value, str | int):
        return _NOT_IN_A_NAME.sub("_", "none" if value is None else str(value)) or f"{position}"
    return f"{position}"


def _matrix_variants(name: str, resolved: _Resolved) -> list[Variant]:
    shared = [Overlay(key, value, f"scenario {origin}, {key}") for key, (origin, value) in resolved.sets.items()]
    if not resolved.axes:
        return [Variant(name, tuple(shared))]
    axes = list(resolved.axes.values())
    short = _short([axis.key for axis in axes])
    size = 1
    for axis in axes:
        size *= len(axis.points)
    if size > MAX_VARIANTS:
        msg = f"makes {size:,} variants; at most {MAX_VARIANTS:,} are taken"
        raise LookupError(msg, "shorten its matrix")
    found = []
    for labels in itertools.product(*(axis.points for axis in axes)):
        run_name = _within_name_limit(
            "+".join([name, *(f"{short_key}-{label}" for short_key, label in zip(short, labels, strict=True))])
        )
        own = [
            Overlay(key, value, f"scenario {run_name}, {key}")
            for axis, label in zip(axes, labels, strict=True)
            for key, value in axis.points[label].items()
        ]
        found.append(Variant(run_name, (*shared, *own)))
    return found


def _within_name_limit(name: str) -> str:
    """Return a name that a folder can have; one too long ends in a digest of the whole."""
    whole = name.encode()
    if len(whole) <= LONGEST_NAME_BYTES:
        return name
    return whole[: LONGEST_NAME_BYTES - 9].decode(errors="ignore") + "~" + hashlib.sha256(whole).hexdigest()[:8]


def _short(keys: Sequence[str]) -> list[str]:
    """Return the last part of each key, with as many parts before it as tell it from the others."""
    parts = [key.split(".") for key in keys]
    depth = 1
    while True:
        names = [_NOT_IN_A_NAME.sub("_", ".".join(part[-depth:])) for part in parts]
        if len(set(names)) == len(names) or depth > max(len(part) for part in parts):
            return names
        depth += 1
