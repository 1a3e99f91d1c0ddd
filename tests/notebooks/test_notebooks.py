"""The notebooks of the documentation run, and print what is stored in them."""

import pytest

from tests.conftest import REPOSITORY
from tests.notebooks import NAMES, executed, path_of, printed, stored

LARGEST_BYTES = 300_000


@pytest.mark.deep
@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_prints_what_is_stored(name):
    assert printed(executed(name)) == printed(stored(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_stored_executed_small_and_clean(name):
    notebook = stored(name)
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert "stderr: " not in "".join(text for _, text, _ in printed(notebook))
    assert path_of(name).stat().st_size < LARGEST_BYTES


def test_every_notebook_is_listed():
    page = (REPOSITORY / "docs" / "README.md").read_text(encoding="utf-8")
    assert len(NAMES) == 3
    assert [name for name in NAMES if f"(notebooks/{name}.ipynb)" not in page] == []
