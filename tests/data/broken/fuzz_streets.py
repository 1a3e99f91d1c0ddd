"""Damage street files at random and check the study that uses them: ``python -m tests.data.broken.fuzz_streets FIRST LAST``.

Prints a line for every number that led to anything but findings or a `PlannerError`. Each number is one damage, always the same.
"""

import copy
import random
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

from ruamel.yaml import YAML

from planner.errors import PlannerError
from planner.workflow.check import check
from tests.data.broken import build  # noqa: F401 - fills the catalogue
from tests.data.broken.catalogue import CASES
from tests.data.broken.fuzz import MOST_S, damaged
from tests.data.broken.sound import HERE, STUDY


def try_streets(luck, place):
    """Damage one file of broken streets, and check a study that walks on them."""
    case = luck.choice([case for case in CASES.values() if case.layer == "streets"])
    folder = place / "streets"
    shutil.copytree(HERE / case.name, folder)
    shutil.copytree(HERE / "sound", folder / "sound")
    raw = copy.deepcopy(STUDY)
    layers = raw["layers"]
    singles = [layers["communities"], layers["buildings"], layers["streets"]]
    for block in [*singles, *layers["people"], *layers["facilities"], *layers["candidates"]]:
        block["path"] = f"sound/{block['path']}"
    layers["streets"] = dict(case.spec)
    path = luck.choice(sorted(path for path in folder.iterdir() if path.is_file()))
    path.write_bytes(damaged(path.read_bytes(), luck))
    with (folder / "study.yaml").open("wb") as file:
        YAML().dump(raw, file)
    checked = check(folder / "study.yaml")
    assert all(said["what"]["zh"] and said["what"]["en"] for said in checked.rows())


def main(first, last):
    for number in range(first, last):
        began = time.process_time()
        with tempfile.TemporaryDirectory() as place:
            try:
                try_streets(random.Random(number), Path(place))  # noqa: S311 - damage, not secrets
            except PlannerError:
                pass
            except Exception:  # noqa: BLE001 - anything else is what is looked for
                print(number, traceback.format_exc(limit=-2).replace("\n", " | "), flush=True)
        if time.process_time() - began > MOST_S:
            print(number, "took", round(time.process_time() - began), "seconds", flush=True)
    print("done", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
