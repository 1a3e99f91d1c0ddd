"""The meeting page as text: every word known, every name harmless, nothing of people in the public one."""

import json
import re
from importlib import resources

import pytest

from planner.report.meeting import SCRIPTS, meeting_page
from planner.report.payload import page_texts
from tests.unit.report.small_run import HOSTILE, small_run

ASSETS = resources.files("planner.report") / "web"


def data(page: str, block: str) -> dict:
    """Return one of the data blocks of a page."""
    found = re.search(rf'<script type="application/json" id="{block}">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found.group(1))


def test_every_word_a_script_says_is_in_both_languages():
    words = {language: page_texts(language, "CNY") for language in ("zh", "en")}
    assert words["zh"].keys() == words["en"].keys()
    for name in SCRIPTS:
        script = (ASSETS / name).read_text(encoding="utf-8")
        for key in re.findall(r"""say\(["']([\w.]+)["']""", script):
            assert key in words["en"], f"{name} says {key}"
        for start in re.findall(r"say\(`([\w.]+)\$\{", script):
            assert any(key.startswith(start) for key in words["en"]), f"{name} says {start}…"


@pytest.mark.deep
def test_the_page_is_the_same_each_time():
    assert meeting_page(small_run()) == meeting_page(small_run())


@pytest.mark.deep
def test_names_travel_as_data_and_never_as_markup():
    page = meeting_page(small_run())
    assert data(page, "planner-ground")["communities"]["name"] == list(HOSTILE)
    outside = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    for name in HOSTILE:
        if name.strip() and name.isascii() and "<" in name:
            assert name not in page
            assert name not in outside


def test_no_script_ever_writes_markup():
    for name in SCRIPTS:
        script = (ASSETS / name).read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", script), (
            name
        )


@pytest.mark.deep
def test_the_page_carries_the_digest_of_its_run():
    run = small_run()
    assert data(meeting_page(run), "planner-run")["digest"] == run.manifest.digest
