"""The same town three times is no city: `compare` adds up no districts that overlap, and `batch` suggests its own studies."""

import json
import shutil

import pytest

from planner.cli import _run
from tests.street_town import study_of, write_street

pytestmark = pytest.mark.deep


def town(folder, name, language="en", **more):
    path = write_street(folder / name, study_of(language=language, **more))
    return path.rename(path.with_name(f"{name}.yaml"))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_same_town_three_times_is_refused_as_a_city(tmp_path, monkeypatch, capsys, language):
    monkeypatch.chdir(tmp_path)
    files = [str(town(tmp_path, name, language)) for name in ("first", "second", "third")]
    assert _run(["batch", *files, "--jobs", "1"]) == 0
    said = capsys.readouterr()
    assert "City totals" not in said.out
    for name in ("first", "second", "third"):
        assert f"outputs/{name}" in said.out + said.err
    assert "planner compare outputs\n" not in said.out + said.err
    assert _run(["compare", "outputs", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["totals"] == []
    pairs = {frozenset((row["study"], row["other"])) for row in told["overlaps"]}
    assert len(pairs) == 3
    # every elder of one town lives in the communities of the other
    assert {(row["people"], row["share"]) for row in told["overlaps"]} == {(210, 1.0)}
    assert _run(["compare", "outputs"]) == 0
    said = capsys.readouterr()
    shown = said.out + said.err
    assert {"en": "would count twice", "zh": "重叠"}[language] in shown
    assert "3 districts" not in shown
    assert "630" not in shown, "630 elders do not exist"


def test_districts_apart_are_added_up(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    files = [town(tmp_path, name) for name in ("here", "there")]
    for layer in files[1].parent.glob("*.geojson"):  # the second town lies 10 km to the north
        told = json.loads(layer.read_text(encoding="utf-8"))
        layer.write_text(json.dumps(moved(told)), encoding="utf-8")
    assert _run(["batch", *map(str, files), "--jobs", "1", "--quiet"]) == 0
    capsys.readouterr()
    assert _run(["compare", "outputs", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["overlaps"] == []
    assert {row["people"] for row in told["totals"]} == {420}


def test_one_run_copied_elsewhere_is_the_same_district(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert _run(["batch", str(town(tmp_path, "first")), "--jobs", "1", "--quiet"]) == 0
    shutil.copytree(tmp_path / "outputs" / "first", tmp_path / "outputs" / "copy")
    capsys.readouterr()
    assert _run(["compare", "outputs", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["totals"] == []
    assert len(told["overlaps"]) == 1


def moved(told):
    if isinstance(told, list) and len(told) == 2 and all(isinstance(value, int | float) for value in told):
        return [told[0], told[1] + 10_000]
    if isinstance(told, list):
        return [moved(part) for part in told]
    return {key: moved(value) for key, value in told.items()} if isinstance(told, dict) else told
