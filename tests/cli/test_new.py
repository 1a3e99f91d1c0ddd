"""`planner new`: a study to start from, and the bundled town as a folder of one's own."""

import json

import pytest

from planner.cli import _run
from planner.study import Study
from planner.study.load import load_study


def test_a_study_to_start_from(tmp_path, capsys):
    folder = tmp_path / "mine"
    assert _run(["new", str(folder)]) == 0
    assert {path.name for path in folder.iterdir()} == {
        "study.yaml",
        "study.schema.json",
        "study-reference.md",
        "layers",
    }
    assert load_study(folder / "study.yaml").name.en == "Sample district"
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    assert text.count("cells: voronoi") == text.count("cells: grid") == 2  # offered in both languages
    assert json.loads((folder / "study.schema.json").read_text(encoding="utf-8")) == Study.model_json_schema()
    assert str(folder / "study.yaml") in capsys.readouterr().out.replace("\n", " ")
    assert (
        _run(["check", str(folder / "study.yaml"), "--quiet"]) == 4
    )  # every layer is named that is still to be filled in
    said = capsys.readouterr().out
    assert "communities.shp" in said
    assert "streets.osm.pbf" in said


def test_nothing_is_overwritten(tmp_path, capsys):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "kept.txt").write_text("kept")
    assert _run(["new", str(folder)]) == 2  # the command names the wrong folder; no layer is at fault
    assert "holds something already" in capsys.readouterr().err
    assert [path.name for path in folder.iterdir()] == ["kept.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_file_in_the_place_of_the_folder_is_wrong_usage_too(tmp_path, capsys):
    (tmp_path / "mine").write_text("kept")
    assert _run(["new", str(tmp_path / "mine"), "--example"]) == 2
    assert "is a file" in capsys.readouterr().err
    assert (tmp_path / "mine").read_text() == "kept"


def test_mended_copies_over_somebodys_files_are_wrong_usage_too(tmp_path, capsys):
    folder = tmp_path / "mine"
    assert _run(["new", str(folder)]) == 0
    full = tmp_path / "full"
    full.mkdir()
    (full / "kept.txt").write_text("kept")
    assert _run(["check", str(folder / "study.yaml"), "--mend", str(full), "--quiet"]) == 2
    assert "holds something already" in capsys.readouterr().err
    assert [path.name for path in full.iterdir()] == ["kept.txt"]


@pytest.mark.parametrize("example", [False, True])
def test_an_empty_folder_is_filled(tmp_path, example):
    (tmp_path / "mine").mkdir()
    assert _run(["new", str(tmp_path / "mine"), *(["--example"] if example else [])]) == 0
    assert (tmp_path / "mine" / "study.yaml").is_file()


@pytest.mark.deep
def test_the_example_stands_on_its_own(tmp_path):
    folder = tmp_path / "town"
    assert _run(["new", str(folder), "--example"]) == 0
    study = load_study(folder / "study.yaml")
    layers = study.layers
    for layer in (layers.communities, *layers.people, *layers.facilities, *layers.candidates, layers.streets):
        assert (folder / layer.path).is_file()
        assert layer.path.parts[0] == "layers"
    assert "../" not in (folder / "study.yaml").read_text(encoding="utf-8")
    assert (folder / "layers" / "LICENSE-ODbL.txt").is_file()
    assert _run(["check", str(folder / "study.yaml"), "--quiet"]) == 0
