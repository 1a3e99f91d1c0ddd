"""Damaged shapefiles, tables, archives and studies: always a clean finding, never a traceback, never a hang."""

import resource
import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY

pytestmark = pytest.mark.deep


def fuzz(first, last, timeout_s, what="fuzz"):
    """Damage in a process of its own: a reader that crashes would take the tests with it.

    A hang ends by the seconds that the process computes, so that a busy machine is no fault of a reader.
    """
    command = [sys.executable, "-m", f"tests.data.broken.{what}", str(first), str(last)]

    def bounded():
        resource.setrlimit(resource.RLIMIT_CPU, (timeout_s, timeout_s))

    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, preexec_fn=bounded, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    return ran.stdout.splitlines()


def test_some_damaged_inputs():
    assert fuzz(0, 25, timeout_s=300) == ["done"]


@pytest.mark.scale
@pytest.mark.parametrize("first", range(25, 4025, 500))
def test_thousands_of_damaged_inputs(first):
    assert fuzz(first, first + 500, timeout_s=1800) == ["done"]


def test_some_damaged_street_files():
    assert fuzz(0, 8, timeout_s=300, what="fuzz_streets") == ["done"]


@pytest.mark.scale
def test_hundreds_of_damaged_street_files():
    assert fuzz(8, 530, timeout_s=1800, what="fuzz_streets") == ["done"]


def test_some_hostile_files_of_each_format():
    assert fuzz(0, 60, timeout_s=200, what="fuzz_formats") == ["done"]


@pytest.mark.scale
@pytest.mark.parametrize("first", range(60, 20_060, 2_500))
def test_thousands_of_hostile_files_of_each_format(first):
    assert fuzz(first, first + 2_500, timeout_s=1800, what="fuzz_formats") == ["done"]
