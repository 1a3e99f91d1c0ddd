import re
import string

import pytest

from planner.words import glossary, say
from planner.words.page import findings_text


def test_puts_values_in_their_places():
    assert say("circle_minutes", "en", minutes=5.0) == "5-minute circle"
    assert say("circle_minutes", "zh", minutes=7.5) == "7.5 分钟生活圈"


def test_a_brace_meant_as_a_brace_stays_one():
    assert "{x: …, y: …}" in say("finding.no-geometry.hint", "en")


def test_unknown_key_is_a_bug_of_ours():
    with pytest.raises(KeyError):
        say("no such word", "en")


@pytest.mark.parametrize("key", sorted(glossary()))
def test_both_languages_speak_of_the_same_values(key):
    places = {
        language: sorted(field for _, field, _, _ in string.Formatter().parse(text) if field)
        for language, text in glossary()[key].items()
    }
    assert all(glossary()[key].values())
    assert set(places["zh"]) == set(places["en"])


def test_the_page_of_findings_is_up_to_date(repository):
    committed = (repository / "docs" / "findings.md").read_text(encoding="utf-8")
    assert committed == findings_text(), "run `python docs/rewrite.py`"


def test_every_finding_in_the_code_has_words_and_every_word_a_finding(repository):
    known = {key.split(".")[1] for key in glossary() if key.startswith("finding.")}
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for floor in ("io", "district", "access", "runs")
        for path in sorted((repository / "planner" / floor).rglob("*.py"))
    )
    said = set(re.findall(r'"([a-z0-9]+(?:-[a-z0-9]+)+)"', code))
    assert known <= said
    flagged = set(re.findall(r'\.flag\(\s*"\w+",\s*"([a-z0-9-]+)"', code))
    assert flagged <= known
