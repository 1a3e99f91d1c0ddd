"""The study file described from its own models: JSON Schema for editors, a reference for people."""

from __future__ import annotations

import json
import re
import types
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from planner.study.model import Study
from planner.study.standards import SHARES, catalogues

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

    from planner.study.standards import Standard

_PLAIN = {
    "str": "text",
    "float": "number",
    "int": "whole number",
    "bool": "true or false",
    "Path": "path",
    "Any": "any value",
}
_LIMITS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "min_length": "at least", "max_length": "at most"}


def schema_text() -> str:
    """Return the JSON Schema of the study file as indented text."""
    return json.dumps(Study.model_json_schema(), ensure_ascii=False, indent=2) + "\n"


def reference_text() -> str:
    """Return every block of the study file as Markdown, from the attribute docstrings of the models."""
    parts = [
        "# The study file, key by key",
        "",
        "Made from the models (`planner.study`); a test fails when the two drift apart. A key without a default must be given.",
    ]
    for model in _blocks(Study):
        parts += ["", f"## {model.__name__}", "", " ".join((model.__doc__ or "").split()), ""]
        parts += ["| key | value | default | meaning |", "|---|---|---|---|"]
        parts += [_row(name, field) for name, field in model.model_fields.items()]
    return "\n".join(parts) + "\n"


def catalogues_text() -> str:
    """Return every standard of every catalogue as Markdown, a table for each."""
    head = [
        "| standard | what is measured | should be | kind | goes for | document | clause | verified |",
        "|---|---|---|---|---|---|---|---|",
    ]
    parts = []
    for name, catalogue in catalogues().items():
        lines = [f"### {catalogue.name.en} (`{name}`)", "", *head, *map(_standard_row, catalogue.standards), ""]
        parts.append("\n".join(lines))
    return "\n".join(parts).rstrip()


def _standard_row(one: Standard) -> str:
    goes_for = "named" if one.named else "all"
    goes_for += "" if one.by_default else ", on request"
    clause = " ".join(part for part in (one.clause, f"reckoned: {one.derived}" if one.derived else "") if part)
    share = one.measure in SHARES
    wanted = "; ".join(
        [
            _range(one.low, one.high, share=share),
            *(
                f"{_context(case.model_dump(exclude_none=True))}: {_range(case.low, case.high, share=share)}"
                for case in one.cases
            ),
        ]
    )
    cells = (
        f"`{one.id}`",
        one.name.en,
        wanted,
        one.kind,
        goes_for,
        one.document,
        clause,
        "yes" if one.verified else "no",
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _context(case: dict[str, Any]) -> str:
    return ", ".join(f"{name} {str(value).lower()}" for name, value in case.items() if name not in {"low", "high"})


def _range(low: float | None, high: float | None, *, share: bool) -> str:
    def figure(value: float) -> str:
        return f"{100 * value:g} %" if share else f"{value:,.10g}"

    if low is None:
        return "–" if high is None else f"≤ {figure(high)}"
    return f"≥ {figure(low)}" if high is None else f"{figure(low)}–{figure(high)}"


def _blocks(first: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Give every block that a study can hold, in the order in which they are met."""
    seen: dict[str, type[BaseModel]] = {}
    waiting = [first]
    while waiting:
        model = waiting.pop(0)
        if model.__name__ in seen:
            continue
        seen[model.__name__] = model
        yield model
        for field in model.model_fields.values():
            waiting += _models_in(field.annotation)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models_in(inner)]


def _row(name: str, field: FieldInfo) -> str:
    meaning = " ".join((field.description or "").split())
    limits = [
        f"{sign} {getattr(rule, key):g}"
        for rule in field.metadata
        for key, sign in _LIMITS.items()
        if getattr(rule, key, None) is not None
    ]
    kind = ", ".join([_kind(field.annotation), *limits])
    cells = (f"`{name}`", kind, _default(field), re.sub(r"``([^`]*)``", r"`\1`", meaning))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return ""
    value = field.default
    if isinstance(value, BaseModel):
        return "its own defaults"
    if value is None:
        return "none"
    return f"`{json.dumps(value, ensure_ascii=False)}`" if value not in ("", [], {}) else "empty"


def _kind(annotation: Any) -> str:
    """Return what may stand there, in words."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if annotation is type(None):
        return "none"
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in inner)
    if origin is list:
        return f"list of {_kind(inner[0])}"
    if origin is dict:
        return f"{_kind(inner[0])} → {_kind(inner[1])}"
    if origin in (Union, types.UnionType):
        return " or ".join(_kind(part) for part in inner if part is not type(None))
    if hasattr(annotation, "__metadata__"):
        return _kind(inner[0])
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    name = getattr(annotation, "__name__", str(annotation))
    return _PLAIN.get(name, name)
