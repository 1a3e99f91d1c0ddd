"""This file → this finding, this exit code: every fault a planner's layer can have, one folder each."""

import copy
import json
import os

import pytest
from ruamel.yaml import YAML

from planner.cli import _run
from planner.district import number_rules_text
from tests.data.broken import build  # noqa: F401 - fills the catalogue
from tests.data.broken.catalogue import CASES
from tests.data.broken.sound import HERE, STUDY


def study_of(case, folder):
    """Write the sound study with one layer replaced by a broken one."""
    raw = copy.deepcopy(STUDY)
    sound, broken = (os.path.relpath(HERE / name, folder) for name in ("sound", case.name if case else "sound"))
    layers = raw["layers"]
    for block in [layers["communities"], layers["buildings"], layers["streets"]]:
        block["path"] = f"{sound}/{block['path']}"
    for block in [*layers["people"], *layers["facilities"], *layers["candidates"]]:
        block["path"] = f"{sound}/{block['path']}"
    if case is not None:
        for label, spec in {**case.layers, case.layer: case.spec}.items():
            name, _, position = label.partition(".")
            if spec is None:
                layers.pop(name)
                continue
            block = {**spec, "path": f"{broken}/{spec['path']}"}
            if position:
                layers[name][int(position)] = block
            else:
                layers[name] = block
    target = folder / "study.yaml"
    YAML().dump(raw, target)
    return target


def checked(capsys, case, folder):
    code = _run(["check", str(study_of(case, folder)), "--json", "--quiet"])
    out = capsys.readouterr()
    return code, json.loads(out.out) if out.out else [], out.err


@pytest.mark.deep
def test_the_sound_district_is_sound(capsys, tmp_path):
    code, findings, _ = checked(capsys, None, tmp_path)
    assert code == 0
    assert [finding for finding in findings if finding["severity"] != "note"] == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_check_prints_how_figures_are_read(capsys, tmp_path, language):
    study = study_of(None, tmp_path)
    study.write_text(
        study.read_text(encoding="utf-8").replace("language: en", f"language: {language}"), encoding="utf-8"
    )
    assert _run(["check", str(study), "--quiet"]) == 0
    printed = capsys.readouterr().out
    assert all(line in printed for line in number_rules_text(language))


@pytest.mark.deep_after(16)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_fault_is_found_and_named(capsys, tmp_path, case):
    code, findings, talk = checked(capsys, case, tmp_path)
    told = {(finding["code"], finding["severity"], finding["layer"]) for finding in findings}
    assert (case.code, case.severity, case.about) in told, (told, talk)
    assert code == case.exit_code, [finding for finding in findings if finding["severity"] == "error"]
    finding = next(f for f in findings if f["code"] == case.code)
    for language in ("zh", "en"):
        assert finding["what"][language]
        assert finding["hint"][language]


def test_there_are_at_least_sixty_and_each_has_its_folder():
    folders = {path.name for path in HERE.iterdir() if path.is_dir() and not path.name.startswith("_")}
    assert folders == {*CASES, "sound"}
    assert len(CASES) >= 60
