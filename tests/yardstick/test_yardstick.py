"""A change that promises to change nothing a planner sees is held against digests written before it.

What a difference means is looked at; where it was meant, ``python -m tests.yardstick NAME`` writes the digests again and the
CHANGELOG says what changed. The plan of the bundled town is held in ``tests/cli/test_main_job.py``, which makes it anyway.
"""

import pytest

from tests.yardstick.fingerprint import differences
from tests.yardstick.works import WORKS, recorded

_TOWNS = ["town_assessed", "town_explained", "street_with_every_key", "town_compared"]


@pytest.mark.deep
def test_every_work_is_written_down_and_held():
    held = {"town", *_TOWNS, "porto", "porto_assessed"}
    assert held == set(WORKS)
    assert all(recorded(name) for name in held)


@pytest.mark.scale
@pytest.mark.parametrize("name", _TOWNS)
def test_the_bundled_town(name, tmp_path):
    assert differences(recorded(name), WORKS[name].run(tmp_path)) == []


@pytest.mark.scale
@pytest.mark.shared
@pytest.mark.parametrize("name", ["porto", "porto_assessed"])
def test_porto(name, tmp_path, shared_data):  # noqa: ARG001 - skips where the layers are absent
    assert differences(recorded(name), WORKS[name].run(tmp_path)) == []
