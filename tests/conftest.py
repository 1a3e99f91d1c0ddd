"""What all tests share: where the real data sets lie, and that the same examples are tried every time."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Derandomised: the gate gives the same answer twice. No deadlines: a busy machine is not a fault of the code.
settings.register_profile("gate", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("PLANNER_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets that may not be committed; tests that need it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"the shared data sets are absent (looked in {SHARED}; set PLANNER_SHARED_DATA)")
    return SHARED
