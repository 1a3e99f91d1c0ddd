import string

import pytest

from planner.words import glossary, say


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
