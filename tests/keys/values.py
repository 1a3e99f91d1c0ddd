"""Every key of the study file and the values documented for it, derived from the models themselves.

A key or a value that joins the schema joins the walk by itself. A key of free text takes the value that the street gives it
(`tests.keys.street`) and no text; where neither can be, the walk fails and asks for one.
"""

from __future__ import annotations

import copy
import types
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from planner.study import Study

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

Place = tuple[str | int, ...]

LARGE = {int: 1_000, float: 1e9}
"""What a number without an upper limit is also given."""


@dataclass(frozen=True)
class Key:
    """One key of one block of the street's study: where it stands, and what the schema says of it."""

    block: str
    name: str
    place: Place
    field: FieldInfo

    @property
    def called(self) -> str:
        return f"{self.block}.{self.name}"

    @property
    def path(self) -> str:
        """As `--set` and scenarios name it."""
        return ".".join(map(str, self.place))


@dataclass(frozen=True)
class Value:
    """One documented value of a key."""

    key: Key
    value: Any

    def __str__(self) -> str:
        return f"{self.key.path} = {self.value!r}"


def keys_of(told: dict[str, Any], model: type[BaseModel] = Study, place: Place = ()) -> Iterator[Key]:
    """Every key of every block that the study ``told`` holds, blocks of one kind each time they occur."""
    for name, field in model.model_fields.items():
        yield Key(model.__name__, name, (*place, name), field)
        if name in told:
            yield from _within(told[name], field.annotation, (*place, name))


def blocks_of_the_schema(model: type[BaseModel] = Study) -> dict[str, type[BaseModel]]:
    """Every block that a study can hold."""
    found: dict[str, type[BaseModel]] = {}
    waiting = [model]
    while waiting:
        block = waiting.pop()
        if block.__name__ not in found:
            found[block.__name__] = block
            waiting += [inner for field in block.model_fields.values() for inner in _models(field.annotation)]
    return found


def values_of(key: Key, told: dict[str, Any]) -> list[Any]:
    """The values documented for ``key``, without those that equal what ``told`` says already."""
    now = _at(told, key.place)
    found: list[Any] = []
    for value in _values(key.field.annotation, key.field.metadata, now):
        if not any(_same(value, other) for other in [*found, now]):
            found.append(value)
    return found


def beyond(key: Key) -> list[Any]:
    """Values just outside the limits of a key, and one of a kind that it does not take; all of them are to be refused."""
    annotation, rules = _bare(key.field.annotation, key.field.metadata)
    kind = _kind(annotation)
    if kind in (int, float):
        step = 1 if kind is int else 1e-6
        low = [rule.ge - step for rule in rules if getattr(rule, "ge", None) is not None]
        low += [rule.gt for rule in rules if getattr(rule, "gt", None) is not None]
        high = [rule.le + step for rule in rules if getattr(rule, "le", None) is not None]
        return [*low, *high, "many", float("inf"), float("nan")]
    if get_origin(annotation) is Literal:
        return ["of no such kind"]
    return [3.5] if kind is bool else []


def changed(told: dict[str, Any], values: list[Value]) -> dict[str, Any]:
    """A copy of the study with ``values`` laid over it, in their order."""
    new = copy.deepcopy(told)
    for one in values:
        holder = _at(new, one.key.place[:-1])
        if holder is not None:
            holder[one.key.place[-1]] = copy.deepcopy(one.value)
    return new


def _within(value: Any, annotation: Any, place: Place) -> Iterator[Key]:
    """Blocks inside a list, a mapping or an optional block."""
    annotation, _ = _bare(annotation, [])
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is list and isinstance(value, list):
        for i, one in enumerate(value):
            yield from _within(one, inner[0], (*place, i))
    elif origin is dict and isinstance(value, dict):
        for name, one in value.items():
            yield from _within(one, inner[1], (*place, name))
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel) and isinstance(value, dict):
        yield from keys_of(value, annotation, place)


def _values(annotation: Any, rules: list[Any], now: Any) -> Iterator[Any]:
    if type(None) in get_args(annotation) and get_origin(annotation) in (Union, types.UnionType):
        yield None
    annotation, rules = _bare(annotation, rules)
    origin, inner = get_origin(annotation), get_args(annotation)
    kind = _kind(annotation)
    if origin is Literal:
        yield from inner
    elif kind is bool:
        yield from (False, True)
    elif kind in (int, float):
        yield from _numbers(kind, rules)
    elif kind is str:
        yield "" if now != "" else "a word"
    elif origin is list:
        if not any(getattr(rule, "min_length", None) for rule in rules):
            yield []
        if get_origin(_bare(inner[0], [])[0]) is Literal:
            yield from ([value] for value in get_args(_bare(inner[0], [])[0]))
            values = get_args(_bare(inner[0], [])[0])
            yield from ([one, other] for one, other in zip(values, (*values[1:], values[0]), strict=True))
    elif origin is dict and not any(getattr(rule, "min_length", None) for rule in rules):
        yield {}
    if origin is dict and isinstance(now, dict) and now:
        inside, limits = _bare(inner[1], [])
        if _kind(inside) in (int, float):
            yield from ({**now, next(iter(now)): number} for number in _numbers(_kind(inside) or float, limits))
    if now is not None and isinstance(now, list) and len(now) > 1:
        yield now[:1]


def _numbers(kind: type, rules: list[Any]) -> Iterator[Any]:
    """The limits of a number, both ends included; a large one where there is no upper limit."""
    lowest = [getattr(rule, "ge", None) for rule in rules]
    highest = [getattr(rule, "le", None) for rule in rules]
    yield from (kind(limit) for limit in lowest if limit is not None)
    if kind is int and any(limit is not None for limit in lowest):
        yield from (int(limit) + 1 for limit in lowest if limit is not None)
    yield from (kind(limit) for limit in highest if limit is not None)
    if any(getattr(rule, "gt", None) is not None for rule in rules):
        yield from (
            kind(rule.gt) + (1 if kind is int else 1e-3) for rule in rules if getattr(rule, "gt", None) is not None
        )
    if all(limit is None for limit in highest):
        yield LARGE[kind]
    if all(limit is None for limit in lowest) and not any(getattr(rule, "gt", None) is not None for rule in rules):
        yield from (kind(0), kind(-1))


def _bare(annotation: Any, rules: list[Any]) -> tuple[Any, list[Any]]:
    """Take off None and the limits around a type."""
    rules = list(rules)
    while True:
        if hasattr(annotation, "__metadata__"):
            for one in annotation.__metadata__:
                rules += [one, *getattr(one, "metadata", [])]
            annotation = get_args(annotation)[0]
            continue
        inner = [one for one in get_args(annotation) if one is not type(None)]
        if get_origin(annotation) in (Union, types.UnionType) and len(inner) == 1:
            annotation = inner[0]
            continue
        return annotation, rules


def _kind(annotation: Any) -> type | None:
    return annotation if isinstance(annotation, type) and annotation in (bool, int, float, str, Path) else None


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models(inner)]


def _at(told: Any, place: Place) -> Any:
    for step in place:
        try:
            told = told[step]
        except (KeyError, IndexError, TypeError):
            return None
    return told


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and one == other
