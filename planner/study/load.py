"""From a YAML file to a `Study`: every fault at once, each with its line and how to mend it."""

from __future__ import annotations

import contextlib
import difflib
import logging
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from planner.errors import Fault, StudyError, raise_all
from planner.i18n import translate
from planner.study.connection import NO_PASSWORDS, holds_secret, without_secrets
from planner.study.former_names import FORMER_NAMES, BothNamesError, as_written_in
from planner.study.layer_files import path_kind
from planner.study.model import Study
from planner.study.plain_values import match_paths_on_disk, plain_scalar
from planner.study.scenarios import Overlay, variant, variants

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic_core import ErrorDetails

#: a study is typed by a person; anything larger is a mistake or an attack
MAX_BYTES = 2_000_000
MAX_VALUES = 100_000
MAX_DEPTH = 40
#: commas, colons, brackets and lines; the reader of YAML takes a second for each ten thousand
MAX_MARKS = 60_000

_LONGEST_SHOWN = 200

_LOG = logging.getLogger(__name__)

Key = tuple[str | int, ...]


def load_study(path: Path, *, scenario: str | None = None, sets: Sequence[str] = ()) -> Study:
    """Return the study in ``path`` with a scenario and ``key=value`` overrides laid over it.

    Parameters
    ----------
    path
        A YAML 1.2 file in UTF-8.
    scenario
        Name of one of the study's scenarios; one of a matrix by its whole name.
    sets
        ``key=value`` texts; they win over the scenario, and may change the scenarios themselves. Items of lists are named
        by their id, name or position.

    Raises
    ------
    StudyError
        naming every fault with its line.
    """
    text = _read(path)
    raw = _parse(path, text)
    overrides = [parse_set(item) for item in sets]
    of_scenario = () if scenario is None else variant(str(path), _scenarios(raw, overrides), scenario).overlays
    return _validated(path, raw, [*of_scenario, *overrides])


def load_variants(path: Path, *, sets: Sequence[str] = ()) -> dict[str, Study | StudyError]:
    """Return the study and all its scenarios by name, ``base`` first, the file read once.

    A scenario that does not hold together comes back as the fault it has, so that the others can be run.

    Raises
    ------
    StudyError
        if the file cannot be read, or its base study or the scenarios' names have faults.
    """
    raw = _parse(path, _read(path))
    overrides = [parse_set(item) for item in sets]
    base = _validated(path, raw, overrides)
    found: dict[str, Study | StudyError] = {}
    for one in variants(str(path), _scenarios(raw, overrides)):
        try:
            if one.fault:
                raise StudyError(one.fault)  # noqa: TRY301 - kept beside the faults of its values
            found[one.name] = _validated(path, raw, [*one.overlays, *overrides]) if one.overlays else base
        except StudyError as fault:
            found[one.name] = fault
    return found


def _scenarios(raw: Any, overlays: Sequence[Overlay]) -> object:
    """Return the block ``scenarios`` as plain values, overrides of scenarios laid over it."""
    content = _plain(raw)
    for overlay in overlays:
        if overlay.key.split(".", 1)[0] == "scenarios":
            with contextlib.suppress(LookupError):  # a fault of the study itself, named when it is validated
                _apply_overlay(content, overlay)
    return content.get("scenarios")


def load_overlaid(path: Path, overlays: Sequence[Overlay]) -> Study:
    """Return the study in ``path`` with ``overlays`` applied in order; raises as `load_study`."""
    return _validated(path, _parse(path, _read(path)), overlays)


def parse_set(item: str) -> Overlay:
    """Read one ``key=value`` of the command line; the value is YAML.

    Raises
    ------
    StudyError
        if it has no ``=`` or its value is not YAML.
    """
    key, found, value = item.partition("=")
    if _marks(value) > MAX_MARKS // 10:
        msg = f"--set {without_secrets(key)}: the value is too long; write it into a scenario of the study"
        raise StudyError(msg)
    if not found or not key.strip():
        msg = f"--set {without_secrets(item)}: write it as key=value, e.g. --set budgets.capital_cost=5000000"
        raise StudyError(msg)
    try:
        return Overlay(key.strip(), _plain(YAML(typ="rt", pure=True).load(value)), f"--set {key.strip()}")
    except (YAMLError, ValueError, RecursionError) as fault:
        msg = f"--set {without_secrets(item)}: the value cannot be read; quote texts that hold : # or brackets"
        raise StudyError(msg) from fault


def _read(path: Path) -> str:
    if path_kind(path) == "folder":
        msg = f"{path} is a folder; give the study file in it, e.g. {path / 'study.yaml'}"
        raise StudyError(msg)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            msg = f"{path} is a device, pipe or socket; give the study file itself"
            raise StudyError(msg)
        if status.st_size > MAX_BYTES:
            msg = f"{path} has {status.st_size:,} bytes; a study file has at most {MAX_BYTES:,}. Is it a layer?"
            raise StudyError(msg)
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1).decode("utf-8-sig")
    except FileNotFoundError as fault:
        near = difflib.get_close_matches(path.name, _yaml_names(path.parent), n=1)
        hint = f"; did you mean {path.parent / near[0]}?" if near else "; `planner new DIR` makes one to start from"
        msg = f"{path} does not exist{hint}"
        raise StudyError(msg) from fault
    except UnicodeDecodeError as fault:
        msg = f"{path}: byte {fault.start} is not UTF-8; save the file as UTF-8"
        raise StudyError(msg) from fault
    except (OSError, ValueError) as fault:
        shown = str(path) if len(str(path)) <= _LONGEST_SHOWN else f"{str(path)[:_LONGEST_SHOWN]}…"
        msg = f"{shown} cannot be read: {getattr(fault, 'strerror', None) or fault}"
        raise StudyError(msg) from fault


def _yaml_names(folder: Path) -> list[str]:
    return [entry.name for entry in folder.glob("*.y*ml")] if path_kind(folder) == "folder" else []


def _parse(path: Path, text: str) -> Any:
    marks = _marks(text)
    if marks > MAX_MARKS:
        msg = f"{path}: {marks:,} lines, commas, colons and brackets; a study has at most {MAX_MARKS:,}. Is it a layer?"
        raise StudyError(msg)
    try:
        raw = YAML(typ="rt", pure=True).load(text)
        _plain(raw)
    except MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        line = f":{mark.line + 1}" if mark is not None else ""
        msg = f"{path}{line}: not readable as YAML: {' '.join(str(fault.problem or fault.context).split())}"
        raise StudyError(msg) from fault
    except (YAMLError, ValueError, RecursionError) as fault:
        msg = f"{path}: not readable as YAML: {' '.join(str(fault).split())}"
        raise StudyError(msg) from fault
    if not isinstance(raw, Mapping):
        msg = f"{path}: a study is a list of `key: value` lines beginning with `version: 1`"
        raise StudyError(msg)
    return raw


def _marks(text: str) -> int:
    """Return about how many items the reader of YAML will find."""
    return sum(text.count(mark) for mark in "\n,:[{")


def _plain(value: Any) -> Any:
    """Return ``value`` without the YAML reader's own types; refuse what is too large or nested in itself."""
    left = [MAX_VALUES]

    def strip(item: Any, depth: int) -> Any:
        left[0] -= 1
        if left[0] < 0 or depth > MAX_DEPTH:
            msg = "too many values, or values nested in themselves"
            raise ValueError(msg)
        if isinstance(item, Mapping):
            return {plain_scalar(key): strip(inner, depth + 1) for key, inner in item.items()}
        if isinstance(item, Sequence) and not isinstance(item, str | bytes):
            return [strip(inner, depth + 1) for inner in item]
        return plain_scalar(item)

    return strip(value, 0)


def _validated(path: Path, raw: Any, overlays: Sequence[Overlay]) -> Study:
    content = _plain(raw)
    origins: dict[Key, str] = {}
    faults: list[Fault] = []
    for overlay in overlays:
        try:
            origins[_apply_overlay(content, overlay)] = overlay.origin
        except LookupError as fault:
            faults.append(Fault(overlay.origin, str(fault.args[0])))
    _refuse_passwords(path, raw, content, origins)
    _refuse_half_characters(path, raw, content, origins)
    match_paths_on_disk(content.get("layers"), path.parent)
    former: set[str] = set()
    try:
        study = Study.model_validate(content, context=former)
    except ValidationError as error:
        faults += [_fault(path, raw, content, origins, detail) for detail in error.errors(include_url=False)]
        faults.sort(key=_by_line)
    raise_all(faults, StudyError, f"{path}: the study has {len(faults)} fault{'s' if len(faults) > 1 else ''}")
    if former:
        names = ", ".join(f"{name} → {FORMER_NAMES[name]}" for name in sorted(former))
        _warn_once(translate("former_names", study.language, file=path.name, names=names))
    return study


@cache
def _warn_once(notice: str) -> None:
    """Log a notice the first time this process comes to it: a batch reads its study for every scenario."""
    _LOG.warning(notice)


def _refuse_passwords(path: Path, raw: Any, content: Any, origins: Mapping[Key, str]) -> None:
    """Refuse passwords in connections before anything can repeat them, wherever they stand: in scenarios and overrides too."""
    faults = []
    for keys in _secrets(content):
        origin = next((text for key, text in origins.items() if keys[: len(key)] == key), None)
        where = origin or f"{path.name}:{_line(raw, keys)}: {'.'.join(str(key) for key in keys)}"
        faults.append(Fault(where, NO_PASSWORDS))
    raise_all(faults, StudyError, f"{path}: the study holds passwords")


def _refuse_half_characters(path: Path, raw: Any, content: Any, origins: Mapping[Key, str]) -> None:
    """Refuse texts that hold half of a character (a lone surrogate): no file can store them."""
    faults = []
    for keys in _half_characters(content):
        origin = next((text for key, text in origins.items() if keys[: len(key)] == key), None)
        where = origin or f"{path.name}:{_line(raw, keys)}: {'.'.join(str(key) for key in keys)}"
        faults.append(Fault(ascii(where)[1:-1], "holds half of a character", "type the text again"))
    raise_all(faults, StudyError, f"{path}: the study holds texts that cannot be stored")


def _half_characters(value: Any, *keys: str | int) -> Iterator[Key]:
    if isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
        yield keys
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _half_characters(str(key), *keys, key)
            yield from _half_characters(inner, *keys, key)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _half_characters(inner, *keys, at)


def _secrets(value: Any, *keys: str | int) -> Iterator[Key]:
    if isinstance(value, str) and holds_secret(value):
        yield keys
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _secrets(inner, *keys, key)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _secrets(inner, *keys, at)


def _apply_overlay(content: dict[str, Any], overlay: Overlay) -> Key:
    """Put the overlay's value into ``content``; return where it went."""
    here: Any = content
    steps: list[str | int] = []
    names = overlay.key.split(".")
    for depth, name in enumerate(names):
        last = depth == len(names) - 1
        if isinstance(here, list):
            at = _position(here, name)
            if at is None:
                known = ", ".join(_names(here)) or f"0–{len(here) - 1}"
                msg = f"{'.'.join(names[:depth])} has no {name}; it has {known}"
                raise LookupError(msg)
            steps.append(at)
        elif isinstance(here, dict):
            written = as_written_in(here, name)
            steps.append(written)
            if not last and here.get(written) is None:
                here[written] = {}
        else:
            msg = f"{'.'.join(names[:depth])} is a single value; {name} cannot lie inside it"
            raise LookupError(msg)  # noqa: TRY004 - one kind of fault for the caller: the key leads nowhere
        if last:
            here[steps[-1]] = overlay.value
        else:
            here = here[steps[-1]]
    return tuple(steps)


def _position(items: list[Any], name: str) -> int | None:
    for at, item in enumerate(items):
        if isinstance(item, Mapping) and name in (item.get("id"), item.get("name")):
            return at
    return int(name) if name.isdigit() and int(name) < len(items) else None


def _names(items: Iterable[Any]) -> list[str]:
    return [
        str(item.get("id") or item.get("name"))
        for item in items
        if isinstance(item, Mapping) and (item.get("id") or item.get("name"))
    ]


def _by_line(fault: Fault) -> tuple[int, str]:
    line = fault.where.split(": ", 1)[0].rsplit(":", 1)[-1]
    return (int(line) if line.isdigit() else 0, fault.where)


def _fault(path: Path, raw: Any, content: Any, origins: Mapping[Key, str], detail: ErrorDetails) -> Fault:
    keys, value = _reachable(content, detail["loc"])
    dotted = ".".join(str(key) for key in (*keys, *([detail["loc"][-1]] if detail["type"] == "missing" else [])))
    origin = next((text for key, text in origins.items() if keys[: len(key)] == key), None)
    where = origin or f"{path.name}:{_line(raw, keys)}"
    error = detail.get("ctx", {}).get("error")
    if isinstance(error, BothNamesError):
        lines = [f"line {_line(raw, (*keys, name))}" for name in (error.name, error.former)]
        dotted = ".".join(str(key) for key in (*keys, error.name))
        where = origin or f"{path.name}:{_line(raw, (*keys, error.name))}: {dotted}"
        what = f"has another value ({lines[0]}) than {error.former} ({lines[1]}), which is its former name"
        return Fault(where, what, f"keep `{error.name}`")
    return Fault(f"{where}: {dotted}" if dotted and origin is None else where, *_message_and_hint(detail, keys, value))


def _reachable(content: Any, loc: Sequence[str | int]) -> tuple[Key, Any]:
    """Return the part of ``loc`` that exists in ``content`` (pydantic adds steps of its own), and the value there."""
    keys: list[str | int] = []
    here = content
    for name in loc:
        step = as_written_in(here, name) if isinstance(here, Mapping) and isinstance(name, str) else name
        try:
            here = here[step]
        except (LookupError, TypeError):
            continue
        keys.append(step)
    return tuple(keys), here


def _line(raw: Any, keys: Key) -> int:
    """Return the line (from 1) at which the last of ``keys`` stands."""
    line = 1
    here = raw
    for key in keys:
        marks = getattr(here, "lc", None)
        try:
            if marks is not None:
                line = (marks.key(key) if isinstance(here, Mapping) else marks.item(key))[0] + 1
            here = here[key]
        except (LookupError, TypeError):
            break
    return line


_MESSAGES = {
    "greater_than_equal": "must be ≥ {ge}",
    "greater_than": "must be > {gt}",
    "less_than_equal": "must be ≤ {le}",
    "less_than": "must be < {lt}",
    "string_type": "must be text",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be a block of `key: value` lines",
    "model_type": "must be a block of `key: value` lines",
    "finite_number": "must be a finite number",
    "too_short": "needs at least {min_length}",
    "too_long": "takes at most {max_length}",
    "string_pattern_mismatch": "must be one word, without spaces or any of / \\ : ; , < > = quotes",
    "literal_error": "must be one of {expected}",
    "path_type": "must be a path",
}


def _message_and_hint(detail: ErrorDetails, keys: Key, value: Any) -> tuple[str, str]:
    """Return what is wrong and how to mend it."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "missing":
        return "is missing", f"add `{detail['loc'][-1]}: …`"
    if kind == "extra_forbidden":
        known = _fields_at(keys[:-1])
        near = difflib.get_close_matches(str(keys[-1]), known, n=1, cutoff=0.5)
        return (
            "is not a key of a study",
            f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(sorted(known))}",
        )
    if kind == "value_error":
        return str(context["error"]), ""
    if kind == "string_type" and isinstance(value, int | float):
        return f"must be text (got the number {value})", f'quote it: "{value}"'
    template = _MESSAGES.get(kind)
    text = template.format(**{name: _figure(limit) for name, limit in context.items()}) if template else detail["msg"]
    got = (
        repr(value)
        if not isinstance(value, Mapping | list)
        else "a block"
        if isinstance(value, Mapping)
        else f"{len(value)} items"
    )
    return f"{text} (got {got[:80]})", ""


def _figure(limit: object) -> object:
    """Return a limit as a planner writes it: 0, not 0.0."""
    return int(limit) if isinstance(limit, float) and limit.is_integer() else limit


def _fields_at(keys: Key) -> list[str]:
    """Return the keys that a study knows at ``keys``."""
    model: Any = Study
    for key in keys:
        if isinstance(model, type) and issubclass(model, BaseModel):
            field = model.model_fields.get(str(key))
            model = field.annotation if field is not None else None
        else:
            model = _inner(model)
        model = _unwrapped(model)
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []


def _inner(annotation: Any) -> Any:
    args = get_args(annotation)
    return args[-1] if args else None


def _unwrapped(annotation: Any) -> Any:
    """Return the block inside ``Block | None`` and ``Annotated[...]``; lists and dicts stay."""
    origin = get_origin(annotation)
    if origin in (list, dict, tuple, Literal) or origin is None:
        return annotation
    inner = [arg for arg in get_args(annotation) if isinstance(arg, type) or get_origin(arg) is not None]
    inner = [arg for arg in inner if arg is not type(None)]
    return _unwrapped(inner[0]) if inner else annotation
