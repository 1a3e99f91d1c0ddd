"""How a run came to be and what came of it: the one page at the head of its folder, readable without any table."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from planner.study.former_names import with_names_of_today


@dataclass(frozen=True)
class GoalResult:
    """What one goal of the chain reached, and the best any plan could have."""

    goal: str
    status: str
    objective: float | None
    bound: float | None
    gap: float | None


@dataclass(frozen=True)
class Result:
    """What the solver said of the plan, and the recount that agreed with it.

    Status, objective, bound and gap are those of the first goal; ``goals`` has every goal of the chain.
    """

    status: str
    """``optimal``, ``feasible`` (stopped early: bound not reached), ``nothing_to_do`` …"""
    objective: float | None
    """Of the first goal; None where it is not finite (the longest walk, where somebody reaches nothing)."""
    bound: float | None
    """The best any plan could reach; None where the solver gave none."""
    gap: float | None
    """|bound − objective| / |objective|."""
    seconds: float
    solver: str
    capital_cost: float
    yearly_cost: float
    sites_opened: int
    services_opened: int
    co_located: int
    """Buildings opened with two services or more."""
    proven: bool
    """Whether every goal of the chain is proven optimal."""
    goals: tuple[GoalResult, ...] = ()
    stopped_by: str = "proof"
    """What ended the search: ``proof``, ``time``, ``limit`` or ``interrupt`` (somebody pressed Ctrl-C)."""


@dataclass(frozen=True)
class Manifest:
    """How a run came to be."""

    run_id: str
    scenario: str
    digest: str
    """sha256 over the study as asked, its input files and the planner's version."""
    inputs: dict[str, str]
    """Input file (relative to the study) → sha256."""
    versions: dict[str, str]
    seed: int
    crs: str
    result: Result
    timings_s: dict[str, float]
    without_checksum: tuple[str, ...] = ()
    """Connections to databases that layers were read from: nothing proves what those held, so no run is taken for this one."""
    scenario_label: dict[str, str] = field(default_factory=dict)
    """Language → what outputs call the scenario; empty: the study has no label for it."""

    def as_json(self) -> str:
        """Return the manifest as indented JSON with sorted keys."""
        return plain_json(labelled(asdict(self)), sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Read back what ``as_json`` wrote."""
        fields: dict[str, Any] = json.loads(text)
        known = Result.__dataclass_fields__
        result = with_names_of_today(fields["result"], known)
        goals = tuple(GoalResult(**goal) for goal in result["goals"])
        unproven = tuple(fields.get("without_checksum", ()))
        return cls(**{**fields, "result": Result(**{**result, "goals": goals}), "without_checksum": unproven})


__all__ = ["finite", "labelled", "plain_json"]


def labelled(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a manifest, without the label of a scenario that has none."""
    return {name: value for name, value in manifest.items() if name != "scenario_label" or value}


def plain_json(value: object, *, sort_keys: bool = False) -> str:
    """Return ``value`` as indented JSON; NaN and infinities are null, as in the tables of a page.

    >>> print(plain_json({"bound": float("inf")}))
    {
      "bound": null
    }
    """
    return json.dumps(finite(value), ensure_ascii=False, indent=2, sort_keys=sort_keys, allow_nan=False)


def finite(value: Any) -> Any:
    """Return plain values (mappings, sequences, numbers, texts) with None in the place of every number that is not finite."""
    if isinstance(value, Mapping):
        return {name: finite(held) for name, held in value.items()}
    if isinstance(value, list | tuple):
        return [finite(held) for held in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
