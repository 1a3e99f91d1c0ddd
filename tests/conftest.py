"""What all tests share: where the real data sets lie, and that the same examples are tried every time."""

import gc
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import depth

# Derandomised: the gate gives the same answer twice. No deadlines: a busy machine is not a fault of the code.
settings.register_profile("gate", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))

REPOSITORY = Path(__file__).resolve().parent.parent
_LIBRARIES = Path(pytest.__file__).parent.parent
SHARED = Path(os.environ.get("PLANNER_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--open-files",
        action="store_true",
        help="fail the test that leaves a file open, and collect garbage after each test",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is deep or of scale.

    Of a test with ``deep_after(n)`` the first n variants are quick, the others `deep`. Where all random problems are
    asked for, tests that the gate runs on some of them belong to `scale`.
    """
    seen: Counter[str] = Counter()
    for item in items:
        kept = item.get_closest_marker("deep_after")
        if kept is not None:
            test = item.nodeid.partition("[")[0]
            seen[test] += 1
            if seen[test] > kept.args[0]:
                item.add_marker(pytest.mark.deep)
    if depth.ALL:
        for item in items:
            if isinstance(item, pytest.Function) and hasattr(item.module, "some"):
                item.add_marker(pytest.mark.scale)


def _open_files() -> set[str]:
    """The regular files this process holds open; nothing where the system has no /proc.

    The data of libraries are left out: PROJ opens its database once, and keeps it as long as the process lives.
    """
    held = set()
    for entry in Path("/proc/self/fd").glob("*"):
        try:
            target = entry.readlink()
            if target.is_file() and not target.is_relative_to(_LIBRARIES):
                held.add(str(target))
        except OSError:  # closed meanwhile
            continue
    return held


@pytest.fixture(autouse=True)
def _no_file_left_open(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whether a leak fails a test must not depend on when garbage is collected: here it is asked at once."""
    if not request.config.getoption("--open-files"):
        yield
        return
    before = _open_files()
    yield
    left = _open_files() - before
    gc.collect()
    assert not left, f"left open: {sorted(left)}"


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets that may not be committed; tests that need it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"the shared data sets are absent (looked in {SHARED}; set PLANNER_SHARED_DATA)")
    return SHARED
