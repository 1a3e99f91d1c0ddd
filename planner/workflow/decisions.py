"""What a meeting decided, as its page exported it: read, checked, and turned into locks of the study."""

from __future__ import annotations

import json
import stat
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field, ValidationError

from planner.errors import Fault, StudyError, raise_all
from planner.study import Block, Lock

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from planner.siting import BuiltProblem
    from planner.study import Siting, Study

#: a meeting types its decisions; anything larger is a mistake or an attack
MAX_BYTES = 20_000_000

#: repeated decisions that a message names
_NAMED = 20

_DO_NOT_FIT = "the decisions do not fit the study; export them from its own meeting page"

Text = Annotated[str, Field(max_length=20_000)]


class RunOf(Block):
    """The run whose page the decisions were taken on."""

    id: Text
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    scenario: Text
    study: Text = ""


class Decision(Block):
    """One service at one place (or a place as a whole, where ``service`` is none) forced open or closed.

    ``exact``: the room chose the way as well (the size, the extension, or where it moves from); else any way will do.
    """

    place_id: Text
    service: Text | None
    state: Literal["open", "closed"]
    size: Text = ""
    moves_from: Text = ""
    exact: bool = False
    remark: Text = ""
    who: Text = ""
    when: Text = ""


class OpenOffer(Block):
    """One service that is open under the choice of the room."""

    place_id: Text
    service: Text
    size: Text = ""
    moves_from: Text = ""
    """The place whose service moves here; empty for a new one."""
    stands: bool = False


class Decisions(Block):
    """A file ``decisions.json``."""

    version: Literal[1]
    run: RunOf
    who: Text = ""
    when: Text = ""
    remark: Text = ""
    base: Text = "plan"
    """What everything undecided followed on the page: ``plan``, ``today`` …"""
    decisions: list[Decision]
    open: list[OpenOffer]
    """The whole choice of the room, existing services included."""


def read_decisions(path: Path) -> Decisions:
    """Return the decisions in ``path``.

    Raises
    ------
    StudyError
        if the file cannot be read or is no file of a meeting page; every fault is named.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            msg = f"{path} is no file; give the decisions.json that the meeting page exported"
            raise StudyError(msg)
        if status.st_size > MAX_BYTES:
            msg = f"{path} is larger than any file a meeting page exports"
            raise StudyError(msg)
        with path.open("rb") as file:
            read = json.loads(file.read(MAX_BYTES + 1).decode("utf-8-sig"))
    except OSError as fault:
        msg = f"{path} cannot be read: {fault.strerror}; give the decisions.json that the meeting page exported"
        raise StudyError(msg) from fault
    except (ValueError, RecursionError) as fault:
        msg = f"{path} is not readable as JSON ({fault}); export the decisions from the meeting page again"
        raise StudyError(msg) from fault
    try:
        found = Decisions.model_validate(read)
        _refuse_repeated(path, found)
        return found  # noqa: TRY300 - as the reading itself
    except ValidationError as found:
        faults = [Fault(".".join(str(part) for part in one["loc"]), one["msg"]) for one in found.errors()]
        raise_all(faults, StudyError, f"{path} is no file that a meeting page exported")
        raise


def _refuse_repeated(path: Path, decisions: Decisions) -> None:
    """Refuse a service of a place that is decided twice: each decision is priced, and two of one cell contradict or repeat."""
    counted = Counter((one.place_id, one.service) for one in decisions.decisions)
    faults = [
        Fault(f"decisions: {place}/{service or '*'}", f"stands {count} times", "keep one")
        for (place, service), count in counted.items()
        if count > 1
    ]
    more = [Fault("decisions", f"{len(faults) - _NAMED} more are repeated")] if len(faults) > _NAMED else []
    raise_all([*faults[:_NAMED], *more], StudyError, f"{path}: nothing can be decided twice")


def refuse_unknown(study: Study, decisions: Decisions) -> None:
    """Refuse decisions about services that the study does not have; raises as `read_decisions`."""
    known = {service.id for service in study.services}
    named = [("decisions", one.service) for one in decisions.decisions if one.service is not None]
    named += [("open", one.service) for one in decisions.open]
    faults = [
        Fault(f"{where}: {service}", "is no service of the study", f"it has: {', '.join(sorted(known))}")
        for where, service in dict.fromkeys(named)
        if service not in known
    ]
    raise_all(faults[:_NAMED], StudyError, _DO_NOT_FIT)


def with_locks(siting: Siting, decisions: Decisions, *, without: int | None = None) -> Siting:
    """Return the rules of siting with every decision but number ``without`` as a lock beside their own.

    An open service becomes a ``must``, in the way the room chose or else in any; a closed one a ``never``, which closes
    what stands there as well where the study lets facilities close.
    """
    must, never = list(siting.must), list(siting.never)
    for position, decision in enumerate(decisions.decisions):
        if position != without:
            (must if decision.state == "open" else never).append(_lock(siting, decision))
    return siting.model_copy(update={"must": must, "never": never})


def _lock(siting: Siting, decision: Decision) -> Lock:
    site, service = decision.place_id, decision.service
    if service is None:
        return Lock(site=site)
    if decision.state == "closed":
        return Lock(site=site, service=service, standing=siting.existing.may_close)
    if decision.exact:
        return Lock(site=site, service=service, size=decision.size, moves_from=decision.moves_from)
    return Lock(site=site, service=service)


def offers_of(cells: Iterable[OpenOffer], built: BuiltProblem) -> NDArray[np.int64]:
    """Return the positions of the offers that ``cells`` name, ascending.

    Raises
    ------
    StudyError
        naming every one that the study does not offer.
    """
    offers = built.problem.offers
    moved = np.full(offers.count, -1) if offers.moves is None else offers.moves
    at = {
        OpenOffer.model_construct(
            place_id=built.place_ids[offers.site[m]],
            service=built.service_ids[offers.service[m]],
            size=built.offer_sizes[m],
            moves_from=built.place_ids[offers.site[moved[m]]] if moved[m] >= 0 else "",
            stands=bool(offers.existing[m]),
        ): m
        for m in range(offers.count)
    }
    wanted = list(cells)
    faults = [
        Fault(f"open: {one.place_id}/{one.service} {one.size}".rstrip(), "the study offers no such service there")
        for one in wanted
        if one not in at
    ]
    raise_all(faults, StudyError, _DO_NOT_FIT)
    return np.array(sorted({at[one] for one in wanted}), dtype=np.int64)
