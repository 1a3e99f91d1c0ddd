"""`planner` and `python -m planner` are one command: guarded against interrupts and lack of memory before anything is loaded."""

import os
import signal
import subprocess
import sys
import tomllib

import pytest

from planner.errors import LACKS_MEMORY
from tests.conftest import REPOSITORY
from tests.street_town import write_street

pytestmark = pytest.mark.deep

SCRIPT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]["planner"]

#: what an installer writes for an entry of `project.scripts`, and the module run by its name
DOORS = {
    "script": "from importlib.metadata import EntryPoint\n"
    f"sys.exit(EntryPoint('planner', {SCRIPT!r}, 'console_scripts').load()())\n",
    "module": "import runpy\nrunpy.run_module('planner', run_name='__main__', alter_sys=True)\n",
}


def call(door, *words, before="", cwd=None):
    code = f"import sys\n{before}\nsys.argv = ['planner', *sys.argv[1:]]\n{DOORS[door]}"
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        cwd=cwd,
        capture_output=True,
        check=False,
    )


def failing(library, error):
    return (
        "class Failing:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name == {library!r}: {error}\n"
        "sys.meta_path.insert(0, Failing())\n"
    )


def wrapped(error):
    return f"\n            try: raise {error}\n            except BaseException as fault: raise ImportError('not loaded') from fault"


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    "library",
    [
        pytest.param("typer", marks=pytest.mark.scale),
        pytest.param("rich.console", marks=pytest.mark.scale),
        "planner.cli.board",
    ],
)
@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        ("KeyboardInterrupt", 128 + signal.SIGINT, b"interrupted"),
        ("MemoryError", LACKS_MEMORY, b"not enough memory"),
    ],
)
def test_what_happens_while_the_command_line_is_loaded_is_told(door, library, error, code, said):
    for raised in (f"raise {error}", wrapped(error)):
        ended = call(door, "--version", before=failing(library, raised))
        assert (ended.returncode, b"Traceback" in ended.stderr) == (code, False), ended.stderr
        assert said in ended.stderr


@pytest.mark.parametrize("door", DOORS)
def test_a_library_that_is_broken_is_no_interrupt(door):
    ended = call(door, "--version", before=failing("typer", "raise ImportError('no typer')"))
    assert ended.returncode == 1
    assert b"no typer" in ended.stderr


@pytest.mark.parametrize(
    ("door", "out"),
    [
        ("script", ""),
        ("module", "."),
        *(
            pytest.param(*both, marks=pytest.mark.scale)
            for both in [("script", "."), ("script", ".."), ("module", ""), ("module", "..")]
        ),
    ],
)
def test_a_folder_that_is_not_the_planners_is_refused(tmp_path, door, out):
    write_street(tmp_path / "town")
    ended = call(door, "plan", "street.yaml", "--quiet", "--out", out, cwd=tmp_path / "town")
    assert ended.returncode in (2, 4)
    assert b"Traceback" not in ended.stderr
    assert ended.stderr.strip()
    assert (tmp_path / "town" / "street.yaml").is_file()


@pytest.mark.parametrize("door", ["script", pytest.param("module", marks=pytest.mark.scale)])
@pytest.mark.parametrize(
    "words",
    [[b"plan", b"\xff\xfe.yaml"], [b"plan", b"street.yaml", b"--set", b"name=\xff"], [b"compare", b"\xed\xa0\x80"]],
    ids=["study", "value", "run"],
)
def test_bytes_that_are_no_characters_are_refused_in_words(tmp_path, door, words):
    write_street(tmp_path)
    ended = call(door, *words, cwd=tmp_path)
    assert ended.returncode in (2, 3, 4)
    assert b"Traceback" not in ended.stderr
    assert ended.stderr.strip()


def test_the_installed_command_is_guarded():
    assert SCRIPT.split(":")[0] == "planner.__main__", "another module loads the command line before the guard"
