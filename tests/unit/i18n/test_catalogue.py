import re
import runpy
import shutil
import string

import pytest

from planner.i18n import catalogue, join, languages, messages, text_column, translate

KEYS = sorted(messages("en"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Copy the catalogues, so that a test may add a language; what is read of them is forgotten afterwards."""
    shutil.copytree(catalogue.FOLDER, tmp_path / "i18n")
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path / "i18n")
    _forget()
    yield tmp_path / "i18n"
    monkeypatch.undo()
    _forget()


def _forget():
    for cached in (catalogue.languages, catalogue.messages, catalogue._plurals, catalogue._read):
        cached.cache_clear()


def test_puts_values_in_their_places():
    assert translate("circle_minutes", "en", minutes=5.0) == "5-minute circle"
    assert translate("circle_minutes", "zh", minutes=7.5) == "7.5 分钟生活圈"


def test_a_brace_meant_as_a_brace_stays_one():
    assert "{x: …, y: …}" in translate("finding.no-geometry.hint", "en")


def test_unknown_key_is_a_bug_of_ours():
    with pytest.raises(KeyError):
        translate("no such word", "en")
    with pytest.raises(KeyError):
        translate("coverage", "no such language")


def _fields(text):
    return {field for _, field, _, _ in string.Formatter().parse(text) if field}


@pytest.mark.parametrize("language", languages())
def test_every_language_has_every_text_with_the_same_fields(language):
    own, english = catalogue._read(language)[0], messages("en")
    assert sorted(own) == KEYS
    assert [key for key in KEYS if not all(own[key])] == []
    texts = [key for key in KEYS if not key.startswith("locale.")]
    assert [key for key in texts if any(_fields(form) != _fields(english[key]) for form in own[key])] == []


@pytest.mark.parametrize("language", languages())
def test_a_text_stands_in_one_catalogue_alone(language):
    read = catalogue._read(language)[0]
    entries = [
        line
        for path in (catalogue.FOLDER / language).glob("*.po")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("msgid ") and line != 'msgid ""'
    ]
    assert len(entries) == len(read)


def test_a_language_is_one_folder_and_what_it_lacks_is_english(folder):
    (folder / "pl").mkdir()
    header = 'msgid ""\nmsgstr ""\n"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 ? 1 : 2);\\n"\n\n'
    plural = 'msgid "batch.cache_finished"\nmsgid_plural "batch.cache_finished"\n'
    forms = "".join(f'msgstr[{i}] "{{count}} {text}"\n' for i, text in enumerate(("plik", "pliki", "plików")))
    (folder / "pl" / "all.po").write_text(header + plural + forms, encoding="utf-8")
    assert languages() == ("zh", "en", "pl")
    said = [translate("batch.cache_finished", "pl", count=count) for count in (1, 3, 5)]
    assert said == ["1 plik", "3 pliki", "5 plików"]
    assert translate("coverage", "pl") == translate("coverage", "en")


def test_separators_and_columns_follow_the_language():
    assert [join(["a", "b"], "zh", kind) for kind in ("list", "phrases", "clauses")] == ["a、b", "a，b", "a；b"]
    assert text_column(["name_zh", "name_en"], "name", "zh") == "name_zh"
    assert text_column(["name_zh", "name_en"], "name", "pl") == "name_en"


def test_the_page_of_findings_is_up_to_date(repository):
    committed = (repository / "docs" / "findings.md").read_text(encoding="utf-8")
    written = runpy.run_path(str(repository / "docs" / "findings_page.py"))["findings_text"]()
    assert committed == written, "run `python docs/rewrite.py`"


def test_every_finding_in_the_code_has_words_and_every_word_a_finding(repository):
    known = {key.split(".")[1] for key in KEYS if key.startswith("finding.")}
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for path in sorted((repository / "planner").rglob("*.py"))
        if path.relative_to(repository / "planner").parts[0] not in {"report", "i18n", "cli"}
    )
    said = set(re.findall(r'"([a-z0-9]+(?:-[a-z0-9]+)+)"', code))
    assert known <= said
    flagged = set(re.findall(r'\.flag\(\s*"\w+",\s*"([a-z0-9-]+)"', code))
    assert flagged <= known
