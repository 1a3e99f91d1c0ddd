"""What a programme of works needs beyond a plan: steps of approval, months of opening, tender lots."""

from __future__ import annotations

import difflib
import itertools
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from planner.study._base import Block, Id, Label

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

Months = Annotated[int, Field(ge=0, le=240)]


class ApprovalStep(Block):
    """One step of the approval of a building: who decides, how long it takes, what must come before."""

    id: Id
    name: Label
    authority: Id
    """Department that decides, of ``budgets.departments``."""
    months: Months
    """Calendar months from application to decision."""
    after: list[Id] = []
    """Steps of the same chain that must be finished before this one starts."""
    acts: Id | None = None
    """Department that applies and delivers what is asked; none = who pays for the building, else who leads its first service."""


class ApprovalChain(Block):
    """Steps of approval before buildings of some kinds can open."""

    kinds: list[Id] = []
    """Kinds of sites; empty = every building whose kind no other chain names, facilities that are extended among them."""
    steps: Annotated[list[ApprovalStep], Field(min_length=1)]


class TenderLots(Block):
    """Openings of one service and year, near each other, that are put out to tender together (打包)."""

    min_openings: Annotated[int, Field(ge=1)] = 2
    """Smaller lots are joined with a neighbour while the lot stays within ``max_openings``."""
    max_openings: Annotated[int, Field(ge=1)] = 5
    within_m: Annotated[float, Field(gt=0, le=50_000)] = 1500.0
    """Straight line from an opening of a lot to the next one, at most."""
    months: Months = 6
    """From the call for tenders to the opening."""


class ProgrammeSettings(Block):
    """What `planner programme` assumes where the plan does not say."""

    opening_month: Annotated[int, Field(ge=1, le=12)] = 12
    """Month in which openings of a year (``siting.years``, else ``siting.open_by``) are due."""
    lots: TenderLots = TenderLots()


def cycles(after: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """Return chains of steps that wait for each other, each with its first step repeated at the end.

    Parameters
    ----------
    after
        Step → steps that must be finished before; steps that are not keys are ignored.

    >>> cycles({"land": ["permit"], "permit": ["land"], "tender": []})
    [('land', 'permit', 'land')]
    """
    left = {step: [one for one in before if one in after] for step, before in after.items()}
    found: list[tuple[str, ...]] = []
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as fault:
            cycle: list[str] = fault.args[1]
            start = cycle.index(min(cycle))
            found.append((*cycle[start:-1], *cycle[:start], cycle[start]))
            for earlier, later in itertools.pairwise(cycle):
                left[later] = [one for one in left[later] if one != earlier]
        else:
            return found


def programme_faults(
    approvals: Sequence[ApprovalChain], lots: TenderLots, kinds: Collection[str], departments: Collection[str]
) -> Iterator[str]:
    """Return every fault of the blocks ``approvals`` and ``programme`` that one key alone does not show.

    Parameters
    ----------
    kinds, departments
        Ids that the study has in ``site_kinds`` and ``budgets.departments``.
    """
    named: dict[str, int] = {}
    for position, chain in enumerate(approvals):
        where = f"approvals.{position}"
        for kind in dict.fromkeys(chain.kinds or [""]):
            if kind and kind not in kinds:
                yield f"{where}: {kind} is no kind of site_kinds{_meant(kind, kinds)}"
            if kind in named:
                what = f"{kind} has" if kind else "kinds that no chain names have"
                yield f"{where}: {what} a chain already, approvals.{named[kind]}"
            named.setdefault(kind, position)
        ids = [step.id for step in chain.steps]
        yield from (f"{where}: step {one} stands twice" for one in sorted({one for one in ids if ids.count(one) > 1}))
        for step in chain.steps:
            yield from (
                f"{where}.steps.{step.id}: after names {one}, which is no step of this chain; it has {', '.join(ids)}{_meant(one, ids)}"
                for one in step.after
                if one not in ids
            )
            yield from (
                f"{where}.steps.{step.id}: {key} {department} is not in budgets.departments{_meant(department, departments)}"
                for key, department in (("authority", step.authority), ("acts", step.acts))
                if department is not None and department not in departments
            )
        yield from (
            f"{where}: steps wait for each other: {' → '.join(cycle)}; take one of them out of after"
            for cycle in cycles({step.id: step.after for step in chain.steps})
        )
    if lots.min_openings > lots.max_openings:
        yield f"programme.lots: min_openings {lots.min_openings} is above max_openings {lots.max_openings}"


def _meant(name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {near[0]}?)" if near else ""
