"""The wheel holds the whole package and the bundled town: built from the files under version control, without a network."""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from planner._version import __version__
from planner.store.provenance import hashes_of
from planner.study.load import load_study
from tests.conftest import REPOSITORY

SHARED = f"community_facility_planner-{__version__}.data/data/share/community-facility-planner"
BUILD = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
NOT_SHIPPED = shutil.ignore_patterns("__pycache__", "*.pyc")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel; built in a copy, since a build leaves folders behind."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("planner", "configs", "data"):
        shutil.copytree(REPOSITORY / name, source / name, ignore=NOT_SHIPPED)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, source)
    built = subprocess.run(
        [sys.executable, "-c", BUILD, str(target)], cwd=source, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    return target / built.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def inside(wheel):
    """Names of the files in the wheel."""
    with zipfile.ZipFile(wheel) as files:
        return set(files.namelist())


@pytest.mark.deep
def test_every_file_of_the_package_is_inside(inside):
    files = {
        path.relative_to(REPOSITORY).as_posix()
        for path in (REPOSITORY / "planner").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {path.rsplit(".", 1)[-1] for path in files} >= {"py", "po", "toml", "js", "css", "html", "typed"}
    assert files - inside == set()
    assert {name for name in inside if name.startswith("planner/")} - files == set()


def test_nothing_else_is_inside(inside):
    roots = {name.split("/", 1)[0] for name in inside}
    release = f"community_facility_planner-{__version__}"
    assert roots == {"planner", f"{release}.data", f"{release}.dist-info"}


def test_the_bundled_town_is_inside(inside):
    study = REPOSITORY / "configs" / "neubrandenburg.yaml"
    layers = {f"{SHARED}/{name.removeprefix('../')}" for name in hashes_of(load_study(study), study.parent)}
    assert len(layers) > 15
    papers = {f"{SHARED}/data/neubrandenburg/{name}" for name in ("README.md", "LICENSE-ODbL.txt")}
    assert layers | papers | {f"{SHARED}/configs/neubrandenburg.yaml"} <= inside


def _installed():
    """Return the files that name what is installed in this environment."""
    return {path.name for path in Path(sysconfig.get_path("purelib")).glob("*.dist-info")}


@pytest.mark.deep
def test_the_installed_wheel_starts_and_copies_the_town(wheel, tmp_path):
    prefix = tmp_path / "prefix"
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--ignore-installed",  # pip would take away what this environment runs
        "--prefix",
        str(prefix),
        str(wheel),
    ]
    before = _installed()
    subprocess.run(pip, check=True, capture_output=True)
    assert _installed() == before
    library = sysconfig.get_path("purelib", vars={"base": str(prefix), "platbase": str(prefix)})
    environment = {**os.environ, "PYTHONPATH": library}
    code = "import sys, planner, planner.__main__; print(planner.__file__); sys.exit(planner.__main__.main())"
    told = subprocess.run(
        [sys.executable, "-c", code, "new", "town", "--example"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith(str(prefix))
    study = load_study(tmp_path / "town" / "study.yaml")
    assert hashes_of(study, tmp_path / "town").keys() == {
        f"layers/{path.name}" for path in (tmp_path / "town" / "layers").iterdir() if path.suffix not in {".md", ".txt"}
    }
