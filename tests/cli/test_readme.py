"""What the README says a command prints is what it prints."""

import re

import pytest

from planner.cli import _run
from tests.conftest import REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def _block_after(heading: str) -> str:
    found = re.search(rf"^## {re.escape(heading)}\n.*?```text\n(.*?)```", README, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1].strip()


def test_the_main_job_prints_what_the_readme_shows(tmp_path, capsys):
    assert _run(["plan", str(REPOSITORY / "configs/neubrandenburg.yaml"), "--out", str(tmp_path / "base")]) == 0
    printed = capsys.readouterr().out.strip().replace(str(tmp_path), "outputs/neubrandenburg")
    assert printed == _block_after("What the main job prints")


@pytest.mark.deep
@pytest.mark.shared
def test_porto_prints_what_the_readme_shows(shared_data, tmp_path, capsys):
    study = (REPOSITORY / "configs/porto.yaml").read_text(encoding="utf-8")
    copy = tmp_path / "porto.yaml"
    copy.write_text(study.replace("../../shared/data", shared_data.as_posix()), encoding="utf-8")
    assert _run(["plan", str(copy), "--out", str(tmp_path / "base")]) == 0
    printed = capsys.readouterr().out.strip().replace(str(tmp_path), "outputs/porto")
    assert printed == _block_after("A second study: Porto")


def test_the_help_is_what_the_readme_shows(capsys):
    assert _run(["--help"]) == 0
    assert capsys.readouterr().out.strip() == _block_after("Commands")


def test_faults_are_named_as_the_readme_shows(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = (REPOSITORY / "configs/neubrandenburg.yaml").read_text(encoding="utf-8")
    for right, wrong in (("fit_out_cost: 300000", "fit_out_cost: -5"), ("{capital_cost: 6", "{captal_cost: 6")):
        assert text.count(right) == 1
        text = text.replace(right, wrong)
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    assert _run(["plan", "study.yaml"]) == 3
    assert capsys.readouterr().err.strip() == _block_after("The study file")
