"""What can go wrong, each with the exit code a script can rely on.

Exit codes: 0 done, 1 a bug of ours, 2 wrong usage, 3 study invalid, 4 data invalid, 5 no feasible plan,
6 plan not proven under ``--require-optimal``, 7 some scenarios of a batch failed, 8 not enough memory,
130 interrupted.
"""

from __future__ import annotations

from dataclasses import dataclass

LACKS_MEMORY = 8
"""Exit code where the machine has too little memory: neither study nor layers are at fault."""

INTERRUPTED = 130
"""Exit code where somebody pressed Ctrl-C."""

NOTHING_WRITTEN = "interrupted; nothing was written"
TOO_LITTLE_MEMORY = (
    "there is not enough memory for this; close other programs, clip the layers to the district, or ask fewer scenarios side"
    " by side (--jobs 1); nothing was written"
)


def caused_by(fault: BaseException, kind: type[BaseException]) -> bool:
    """Tell whether ``fault`` is of a kind or was raised because of one, as libraries do while they are loaded."""
    seen: BaseException | None = fault
    while seen is not None:
        if isinstance(seen, kind):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


class PlannerError(Exception):
    """A fault that a planner can mend; its text says what, where and how."""

    exit_code = 1


class StudyError(PlannerError, ValueError):
    """The study file asks for something that cannot be."""

    exit_code = 3


class StaleDecisionsError(StudyError):
    """Decisions of a meeting belong to a run that the study would no longer give."""


class LayerError(PlannerError, ValueError):
    """A layer is missing, unreadable or says something impossible."""

    exit_code = 4


class OutputError(PlannerError, OSError):
    """The results cannot be written where they were asked for."""

    exit_code = 4


class OccupiedFolderError(OutputError):
    """A folder that must be empty or absent holds something: the command names the wrong one."""

    exit_code = 2


class InfeasibleError(PlannerError, RuntimeError):
    """No plan keeps every rule of the study."""

    exit_code = 5


class UnprovenError(PlannerError, RuntimeError):
    """A plan was found, but its optimality was asked for and is not proven."""

    exit_code = 6


class BatchError(PlannerError, RuntimeError):
    """Some scenarios of a batch failed; the others are finished and stored."""

    exit_code = 7


class ClusterError(PlannerError, ConnectionError):
    """The cluster that was named cannot be used, or was lost."""

    exit_code = 2


class RecountError(PlannerError, AssertionError):
    """The recount of a plan disagrees with the solver: a bug of ours, never to be passed over."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to mend: where it is, what is wrong, and how to mend it."""

    where: str
    what: str
    mend: str = ""

    def __str__(self) -> str:
        """One line: where, what, how to mend it."""
        return f"{self.where}: {self.what}" + (f" → {self.mend}" if self.mend else "")


def raise_all(faults: list[Fault], error: type[PlannerError], title: str) -> None:
    """Raise ``error`` naming every fault at once; do nothing when there is none."""
    if faults:
        raise error("\n".join([title, *(f"  {fault}" for fault in faults)]))
