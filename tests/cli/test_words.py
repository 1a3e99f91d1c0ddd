"""What a planner types, and the exit code that comes back."""

import json

import pytest

from planner import __version__
from planner.cli import _run


def test_help_fits_one_screen(capsys):
    assert _run(["--help"]) == 0
    said = capsys.readouterr().out
    assert len(said.splitlines()) <= 24
    assert max(len(line) for line in said.splitlines()) <= 80
    assert "plan" in said


def test_the_version_is_told(capsys):
    assert _run(["--version"]) == 0
    assert capsys.readouterr().out.strip() == f"planner {__version__}"


@pytest.mark.parametrize("words", [["plna"], ["plan"], ["plan", "a", "b"], ["plan", "--nonsense"], ["check"]])
def test_wrong_words_are_usage_faults(words, capsys):
    assert _run(words) == 2
    assert "Usage" in capsys.readouterr().err


def test_a_missing_study_is_a_study_fault(tmp_path, capsys):
    assert _run(["plan", str(tmp_path / "no.yaml")]) == 3
    assert "does not exist" in capsys.readouterr().err


def test_a_folder_without_a_run_is_a_data_fault(tmp_path, capsys):
    assert _run(["report", str(tmp_path)]) == 4
    assert "holds no finished run" in capsys.readouterr().err


def test_the_schema_is_json(capsys):
    assert _run(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Study"
