"""The page about the library: its script runs on the bundled town and prints what the page says; its table names every name."""

import re

import pytest

import planner
from tests.conftest import REPOSITORY

PAGE = (REPOSITORY / "docs" / "library.md").read_text(encoding="utf-8")


def _lines(text):
    return [line.rstrip() for line in text.strip("\n").splitlines()]


@pytest.mark.deep
def test_the_script_prints_what_the_page_says(monkeypatch, tmp_path, capsys):
    layers, library, _ = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    printed = re.search(r"```text\n(.*?)```", PAGE, flags=re.DOTALL).group(1)
    monkeypatch.chdir(REPOSITORY)
    script = (layers + library).replace('"plan.html"', repr(str(tmp_path / "plan.html")))
    exec(compile(script, "docs/library.md", "exec"), {})  # noqa: S102  # the page's own script
    assert _lines(capsys.readouterr().out) == _lines(printed)
    assert (tmp_path / "plan.html").stat().st_size > 100_000


def test_the_table_names_every_name():
    table = PAGE[PAGE.index("## Names") :]
    missing = [name for name in planner.__all__ if name != "__version__" and f"`{name}" not in table]
    assert missing == []
