"""Damage layers and studies at random and check them: ``python -m tests.data.broken.fuzz FIRST LAST``.

Prints a line for every number that led to anything but findings or a `PlannerError`. Each number is one damage, always the same.
"""

import copy
import io
import random
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

from ruamel.yaml import YAML

from planner.district import check_layers
from planner.errors import PlannerError
from planner.study import Study
from planner.study.load import load_study
from tests.data.broken import build  # noqa: F401 - fills the catalogue
from tests.data.broken.catalogue import CASES
from tests.data.broken.sound import HERE, STUDY

#: a check that takes longer hangs
MOST_S = 20.0
WORDS = (b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f")


def damaged(content, luck):
    """Change, cut, repeat or drop a few bytes; the head of a file as often as all the rest."""
    content = bytearray(content)
    for _ in range(luck.choice([1, 1, 2, 4, 16])):
        if not content:
            break
        at = luck.randrange(len(content)) if luck.random() < 0.5 else luck.randrange(min(len(content), 120))
        match luck.randrange(6):
            case 0:
                content[at] = luck.randrange(256)
            case 1:
                content[at : at + luck.randrange(1, 9)] = luck.randbytes(luck.randrange(1, 9))
            case 2:
                del content[at : at + luck.randrange(1, 200)]
            case 3:
                del content[at:]
            case 4:
                content[at:at] = content[at : at + luck.randrange(1, 100)]
            case _:
                content[at : at + 4] = luck.choice(WORDS)
    return bytes(content)


def try_layer(luck, place):
    """Damage a file or two of a broken layer, and check the study that uses it."""
    case = luck.choice([case for case in CASES.values() if case.layer != "streets"])
    folder = place / "layer"
    shutil.copytree(HERE / case.name, folder)
    shutil.copytree(HERE / "sound", folder / "sound")
    files = sorted(path for path in folder.iterdir() if path.is_file())
    for path in luck.sample(files, min(len(files), luck.choice([1, 1, 2]))):
        path.write_bytes(damaged(path.read_bytes(), luck))
    raw = copy.deepcopy(STUDY)
    layers = raw["layers"]
    singles = [layers["communities"], layers["buildings"], layers["streets"]]
    for block in [*singles, *layers["people"], *layers["facilities"], *layers["candidates"]]:
        block["path"] = f"sound/{block['path']}"
    for label, spec in {**case.layers, case.layer: case.spec}.items():
        name, _, position = label.partition(".")
        if spec is None:
            layers.pop(name)
        elif position:
            layers[name][int(position)] = spec
        else:
            layers[name] = spec
    for finding in check_layers(Study.model_validate(raw), folder):
        assert finding.text("zh")
        assert finding.text("en")


def try_study(luck, place):
    """Damage the study file."""
    written = io.BytesIO()
    YAML().dump(STUDY, written)
    file = place / "study.yaml"
    file.write_bytes(damaged(written.getvalue(), luck))
    load_study(file)


def main(first, last):
    for number in range(first, last):
        luck = random.Random(number)  # noqa: S311 - damage, not secrets
        began = time.process_time()
        with tempfile.TemporaryDirectory() as place:
            try:
                (try_study if number % 4 == 0 else try_layer)(luck, Path(place))
            except PlannerError:
                pass
            except Exception:  # noqa: BLE001 - anything else is what is looked for
                print(number, traceback.format_exc(limit=-2).replace("\n", " | "), flush=True)
        if time.process_time() - began > MOST_S:
            print(number, "took", round(time.process_time() - began), "seconds", flush=True)
    print("done", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
