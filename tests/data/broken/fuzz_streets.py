"""Damage street files at random and check the study that uses them: ``python -m tests.data.broken.fuzz_streets FIRST LAST``.

Prints a line for every number that led to anything but findings or a `PlannerError`. Each number is one damage, always the same.
"""

import shutil

from ruamel.yaml import YAML

from planner.workflow.check import check
from tests.data.broken import build  # noqa: F401 - fills the catalogue
from tests.data.broken.catalogue import CASES
from tests.data.broken.driver import damaged, numbers, run
from tests.data.broken.fuzz import MOST_S, sound_study
from tests.data.broken.sound import HERE


def try_streets(luck, place):
    """Damage one file of broken streets, and check a study that walks on them."""
    case = luck.choice([case for case in CASES.values() if case.layer == "streets"])
    folder = place / "streets"
    shutil.copytree(HERE / case.name, folder)
    shutil.copytree(HERE / "sound", folder / "sound")
    raw = sound_study()
    raw["layers"]["streets"] = dict(case.spec)
    path = luck.choice(sorted(path for path in folder.iterdir() if path.is_file()))
    path.write_bytes(damaged(path.read_bytes(), luck))
    with (folder / "study.yaml").open("wb") as file:
        YAML().dump(raw, file)
    checked = check(folder / "study.yaml")
    assert all(said["what"]["zh"] and said["what"]["en"] for said in checked.rows())


if __name__ == "__main__":
    run((try_streets,), *numbers(), most_s=MOST_S)
