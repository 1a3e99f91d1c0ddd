"""Every broken input: its name is its fault, what makes it, and what must be said of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.data.broken.sound import Sound

Make = Callable[[Sound, Path], None]


@dataclass(frozen=True)
class Case:
    """A broken input and the finding it must lead to."""

    name: str
    make: Make
    layer: str
    """Layer of the sound study that it replaces: ``facilities.0``."""
    spec: dict[str, Any]
    """The layer's block in the study; ``path`` is inside the folder of the case."""
    code: str
    """Finding that must be there."""
    severity: str
    about: str
    """Layer that the finding must name: ``layers.…``."""
    layers: dict[str, dict[str, Any]]
    """Other layers that the case replaces."""

    @property
    def exit_code(self) -> int:
        return 4 if self.severity == "error" else 0


CASES: dict[str, Case] = {}


def case(name, layer, spec, code, severity="error", *, about="", layers=None):
    """Register what makes a broken input."""

    def register(make: Make) -> Make:
        assert name not in CASES, name
        CASES[name] = Case(name, make, layer, spec, code, severity, f"layers.{about or layer}", layers or {})
        return make

    return register


def at(path: str, **more: Any) -> dict[str, Any]:
    """A layer's block."""
    return {"path": path, **more}


PEOPLE = {
    "groups": {"elders": "p65up", "toddlers": "p0_2"},
    "basis": "resident",
    "year": 2020,
    "source": "the bundled town",
}
