"""Walk values of the study through every verb: each ends with a result or with a refusal in words, never with a traceback."""

from __future__ import annotations

import contextlib
import io
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd
from pydantic import ValidationError

from planner.cli import _run
from planner.errors import PlannerError
from planner.store.cache import Cache
from planner.study import Study
from tests.keys.street import FULL, write_full_street
from tests.keys.values import Key, Value, changed, keys_of, values_of
from tests.verbs import compute_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

REFUSALS = {3: "study", 4: "layer", 5: "no plan", 6: "not proven", 7: "some scenario"}
"""Exit codes with which the documentation lets a value be refused."""

_DATA = re.compile(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', re.DOTALL)


@dataclass(frozen=True)
class Answer:
    """How one command ended."""

    words: tuple[str, ...]
    code: int
    said: str
    values: tuple[Value, ...] = ()

    @property
    def fault(self) -> str:
        """What is wrong with it; nothing where it is a result, or a refusal in words."""
        if "Traceback" in self.said or self.code not in {0, *REFUSALS}:
            return f"exit {self.code}: {self.said[-1500:]}"
        if self.code and not self.said.strip():
            return f"exit {self.code} without a word"
        return ""

    def __str__(self) -> str:
        changes = "; ".join(map(str, self.values)) or "the street as it is"
        return f"{' '.join(self.words)} [{changes}]: {self.fault}"


@dataclass
class Walk:
    """Commands called on copies of the street, in one folder."""

    folder: Path
    answers: list[Answer] = field(default_factory=list)
    made: int = 0
    cache: Cache = field(default_factory=lambda: Cache(None))
    groups: list[list[Value]] = field(default_factory=list)
    """Values taken among themselves that are refused together with the others of their group."""

    def call(self, *words: str, values: Iterable[Value] = ()) -> Answer:
        said = io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = _run(words)
        self.answers.append(Answer(words, code, said.getvalue(), tuple(values)))
        return self.answers[-1]

    def study(self, values: Sequence[Value], told: dict[str, Any]) -> str:
        """Write the street with ``values`` laid over it; return the name of the study file."""
        if not self.made:
            write_full_street(self.folder)
        self.made += 1
        name = f"s{self.made}.yaml"
        text = json.dumps(changed(told, list(values)), ensure_ascii=False, indent=1)
        (self.folder / name).write_text(text, encoding="utf-8")
        return name

    def settle(self, values: Sequence[Value], verbs: Sequence[str], told: dict[str, Any]) -> None:
        """Call ``verbs`` on the street with those of ``values`` that are not refused, and `plan` on each that is."""
        refused, taken = self.told_apart(values, told)
        for one in refused:
            assert self.call("plan", self.study([one], told), "--quiet", values=[one]).code, (
                f"{one} is refused by itself"
            )
        if taken:
            self.every(taken, verbs, told)

    def told_apart(self, values: Sequence[Value], told: dict[str, Any]) -> tuple[list[Value], list[Value]]:
        """Return the values refused, found by halves, and the others, which are taken together."""
        if not values or not self.refuses(values, told):
            return [], list(values)
        if len(values) == 1:
            return list(values), []
        middle = len(values) // 2
        halves = [self.told_apart(part, told) for part in (values[:middle], values[middle:])]
        refused, taken = ([one for half in halves for one in half[side]] for side in (0, 1))
        if not taken or not self.refuses(taken, told):
            return refused, taken
        # each half is taken and the two together are not: no plan keeps all their rules
        for half in halves:
            self.groups.append(half[1])
        return refused, []

    def refuses(self, values: Sequence[Value], told: dict[str, Any]) -> bool:
        """Say whether a study is refused, in memory; anything but a refusal is raised."""
        if not self.made:
            write_full_street(self.folder)
        try:
            study = Study.model_validate(changed(told, list(values)))
            compute_run(study, self.folder, scenario="base", cache=self.cache)
        except PlannerError as fault:
            return fault.exit_code in REFUSALS
        return False

    def every(self, values: Sequence[Value], verbs: Sequence[str], told: dict[str, Any]) -> None:
        """Call ``verbs`` on the street with ``values``."""
        name = self.study(values, told)
        first, *others = verbs
        answer = self.call(first, name, "--quiet", values=values)
        run = self.folder / "outputs" / name.removesuffix(".yaml") / "base"
        for verb in others:
            if verb == "review":
                if not answer.code:
                    self.call("review", name, decisions(run), "--quiet", values=values)
            elif verb == "reports":
                if not answer.code:
                    self.call("report", str(run), "--public", values=values)
                    self.call("compare", str(run), "--quiet", values=values)
                    self.call("programme", str(run), "--as-of", "2025-01-01", "--quiet", values=values)
            else:
                self.call(verb, name, "--quiet", values=values)

    def faults(self) -> list[str]:
        """Every traceback, undocumented exit code and refusal without a word."""
        return [str(answer) for answer in self.answers if answer.fault]

    def not_json(self) -> list[str]:
        """Every file or page of which a strict reader of JSON refuses something."""
        found = []
        for path in sorted([*self.folder.rglob("*.json"), *self.folder.rglob("*.html")]):
            text = path.read_text(encoding="utf-8")
            for part in [text] if path.suffix == ".json" else _DATA.findall(text):
                try:
                    json.loads(part, parse_constant=_refuse)
                except ValueError as fault:
                    found.append(f"{path.relative_to(self.folder)}: {fault}")
        return found


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def decisions(run: Path) -> str:
    """Write what a meeting decides over a run: everything as planned, one opening forced and one closed; return the file."""
    told = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    offers = pd.read_parquet(run / "tables" / "offers.parquet")
    planned = offers[offers["planned"]]
    opened = [
        {
            "place_id": row["place_id"],
            "service": row["service"],
            "size": row["size"],
            "moves_from": row["moves_from"],
            "stands": bool(row["stands"]),
        }
        for row in planned.to_dict("records")
    ]
    forced = [
        {"place_id": row["place_id"], "service": row["service"], "state": "open"}
        for row in planned[~planned["stands"]].head(1).to_dict("records")
    ]
    head = {"id": told["run_id"], "digest": told["digest"], "scenario": told["scenario"]}
    path = run.parent.parent / f"{run.parent.name}.decisions.json"
    path.write_text(json.dumps({"version": 1, "run": head, "decisions": forced, "open": opened}), encoding="utf-8")
    return str(path)


def values_walked(told: dict[str, Any] = FULL) -> list[Value]:
    """Every documented value of every key of the street's study."""
    return [Value(key, value) for key in keys_of(told) for value in values_of(key, told)]


def is_choice(value: Value) -> bool:
    """Whether it is one of a few that the schema lists, or leaves something out, and not a size or a text."""
    return value.value is None or isinstance(value.value, bool) or value.value in ([], {}) or _listed(value)


def _listed(value: Value) -> bool:
    return isinstance(value.value, str) and value.value != ""


def holds_together(values: Sequence[Value], told: dict[str, Any] = FULL) -> bool:
    """Whether the schema takes the street with ``values``."""
    try:
        Study.model_validate(changed(told, list(values)))
    except ValidationError:
        return False
    return True


def packed(values: Iterable[Value], told: dict[str, Any] = FULL) -> list[list[Value]]:
    """Values of keys that are independent, together; a value goes into the first group that the schema takes with it."""
    groups: list[list[Value]] = []
    for one in values:
        for group in groups:
            if not any(_touch(one.key, other.key) for other in group) and holds_together([*group, one], told):
                group.append(one)
                break
        else:
            groups.append([one])
    return groups


def _touch(one: Key, other: Key) -> bool:
    """Whether one key holds the other."""
    size = min(len(one.place), len(other.place))
    return one.place[:size] == other.place[:size]
