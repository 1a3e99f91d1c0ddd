"""Damage layers and studies at random and check them: ``python -m tests.data.broken.fuzz FIRST LAST``.

Prints a line for every number that led to anything but findings or a `PlannerError`. Each number is one damage, always the same.
"""

import copy
import io
import shutil

from ruamel.yaml import YAML

from planner.district import check_layers
from planner.study import Study
from planner.study.load import load_study
from tests.data.broken import build  # noqa: F401 - fills the catalogue
from tests.data.broken.catalogue import CASES
from tests.data.broken.driver import damaged, numbers, run
from tests.data.broken.sound import HERE, STUDY

#: a check that takes longer hangs
MOST_S = 20.0


def sound_study():
    """Return the study of the sound layers, in a folder of their own."""
    raw = copy.deepcopy(STUDY)
    layers = raw["layers"]
    singles = [layers["communities"], layers["buildings"], layers["streets"]]
    for block in [*singles, *layers["people"], *layers["facilities"], *layers["candidates"]]:
        block["path"] = f"sound/{block['path']}"
    return raw


def try_layer(luck, place):
    """Damage a file or two of a broken layer, and check the study that uses it."""
    case = luck.choice([case for case in CASES.values() if case.layer != "streets"])
    folder = place / "layer"
    shutil.copytree(HERE / case.name, folder)
    shutil.copytree(HERE / "sound", folder / "sound")
    files = sorted(path for path in folder.iterdir() if path.is_file())
    for path in luck.sample(files, min(len(files), luck.choice([1, 1, 2]))):
        path.write_bytes(damaged(path.read_bytes(), luck))
    raw = sound_study()
    layers = raw["layers"]
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


if __name__ == "__main__":
    run((try_study, try_layer, try_layer, try_layer), *numbers(), most_s=MOST_S)
