"""What the yardstick runs, as a planner would type it: every verb that leaves a folder, on both towns."""

from __future__ import annotations

import json
from dataclasses import dataclass

from planner.cli import _run
from tests.conftest import REPOSITORY
from tests.keys.street import write_full_street
from tests.yardstick.fingerprint import fingerprint

_TOWN = str(REPOSITORY / "configs" / "neubrandenburg.yaml")
_PORTO = str(REPOSITORY / "configs" / "porto.yaml")
_PROVEN = ["--only", "base", "--only", "whole-city"]


@dataclass(frozen=True)
class Work:
    """Calls of the command line; ``{out}`` is the folder that is then digested."""

    calls: tuple[tuple[str, ...], ...]
    prepare: object = None
    """Writes the study into ``{out}/study`` first."""

    def run(self, out):
        """Make the calls with everything below ``out``; return file → part → digest."""
        if self.prepare is not None:
            (out / "study").mkdir()
            self.prepare(out / "study")
        for call in self.calls:
            code = _run([part.replace("{out}", str(out)) for part in call] + ["--quiet"])
            assert code == 0, (code, call)
        return {file: parts for file, parts in fingerprint(out).items() if not file.startswith("study/")}


WORKS = {
    "town": Work((("plan", _TOWN, "--out", "{out}/base"),)),
    "town_assessed": Work((("assess", _TOWN, "--out", "{out}/base"),)),
    "town_explained": Work((("explain", _TOWN, "--out", "{out}/base"),)),
    "street_with_every_key": Work(
        (
            ("explain", "{out}/study/street.yaml", "--out", "{out}/explained"),
            ("assess", "{out}/study/street.yaml", "--out", "{out}/assessed"),
            ("frontier", "{out}/study/street.yaml", "--out", "{out}/frontier"),
        ),
        write_full_street,
    ),
    "town_compared": Work(
        (
            ("batch", _TOWN, "--jobs", "1", "--out", "{out}/store"),
            ("compare", "{out}/store/neubrandenburg", "--out", "{out}/comparison"),
        )
    ),
    "porto": Work(
        (
            # `every-rule` ends within a gap by the clock: its bound differs from run to run
            ("batch", _PORTO, *_PROVEN, "--jobs", "1", "--reports", "--out", "{out}/store"),
        )
    ),
    "porto_assessed": Work((("assess", _PORTO, "--out", "{out}/base"),)),
}


def _file(name):
    return REPOSITORY / "tests" / "yardstick" / f"{name}.json"


def recorded(name):
    """Return the digests written down for a work; none before the first time."""
    file = _file(name)
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def write(name, found):
    """Write the digests of a work down."""
    _file(name).write_text(json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
