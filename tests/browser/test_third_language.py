"""A third language is one folder: every text of English in brackets, and nothing outside the brackets on pages and in workbooks."""

import dataclasses
import json
import re
import shutil

import openpyxl
import pandas as pd
import pytest
from babel.messages.pofile import read_po, write_po

from planner.i18n import catalogue
from planner.report import publish_assessment, publish_explanation
from tests.tiny_town import write_town
from tests.verbs import assess, explain

pytestmark = [pytest.mark.browser, pytest.mark.deep]
OPEN, CLOSE = "⟦", "⟧"
_RUN_ID = re.compile(r"\b[\w-]+-[0-9a-f]{12}\b")
#: symbols, units and names of programs that are the same in every language; the money of the English locale, which `xx` copies
UNTRANSLATED = {"base", "min", "leaflet", "openstreetmap", "contributors", "odbl", "yuan"}
#: columns that hold names of layers and of standards, codes, keys of the study, and sources
NAMES = ("name", "area", "name_en", "code", "key", "source", "clause", "derived")


@pytest.fixture(scope="module")
def language(tmp_path_factory):
    """Add the language ``xx`` beside ``zh`` and ``en``, in a copy of the catalogues."""
    folder = tmp_path_factory.mktemp("catalogues") / "i18n"
    shutil.copytree(catalogue.FOLDER, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (folder / "xx").mkdir()
    for path in (folder / "en").glob("*.po"):
        with path.open("rb") as file:
            texts = read_po(file)
        for message in texts:
            if message.id and not message.id.startswith("locale."):
                message.string = f"{OPEN}{message.string}{CLOSE}"
        with (folder / "xx" / path.name).open("wb") as file:
            write_po(file, texts)
    cached = (catalogue.languages, catalogue.messages, catalogue._plurals, catalogue._read)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "FOLDER", folder)
        for one in cached:
            one.cache_clear()
        yield "xx"
    for one in cached:
        one.cache_clear()


@pytest.fixture(scope="module")
def folders(language, tmp_path_factory):
    study = write_town(tmp_path_factory.mktemp("town"))
    out = tmp_path_factory.mktemp("out")
    run, found, explained = explain(study, out=out / "why")
    publish_explanation(_in(language, run), found, explained)
    assessment, assessed = assess(study, sets=["walking.compare=[quick, slow]"], out=out / "assess")
    publish_assessment(_in(language, assessment), assessed)
    return explained, assessed


def _in(language, result):
    """Return a run or an assessment whose study is in ``language``: the codes a study file may name are read at import."""
    return dataclasses.replace(result, study=result.study.model_copy(update={"language": language}))


@pytest.fixture(scope="module")
def names(folders):
    """Words of the study and its layers: nothing of the planner's own."""
    study = json.loads((folders[0] / "study.json").read_text(encoding="utf-8"))
    tables = [pd.read_parquet(path) for folder in folders for path in sorted(folder.rglob("*.parquet"))]
    layers = [str(value) for table in tables for name in NAMES if name in table for value in table[name]]
    return _words(json.dumps(study, ensure_ascii=False) + " ".join(layers)) | UNTRANSLATED


def _words(text):
    return {word.lower() for word in re.findall(r"[^\W\d_]{3,}", text)}


def _outside(text):
    """Return what of a text lies outside the brackets."""
    kept, depth = [], 0
    for letter in text:
        depth += (letter == OPEN) - (letter == CLOSE)
        if depth == 0 and letter != CLOSE:
            kept.append(letter)
    return "".join(kept)


def _untranslated(texts, names):
    return "\n".join(sorted({text for text in texts if _words(_RUN_ID.sub("", _outside(text))) - names}))


@pytest.mark.parametrize(("which", "book"), [(0, "plan.xlsx"), (0, "explanation.xlsx"), (1, "assess.xlsx")])
def test_workbooks_speak_the_new_language(folders, names, which, book):
    workbook = openpyxl.load_workbook(folders[which] / book)
    cells = [sheet.title for sheet in workbook]
    cells += [
        str(cell.value)
        for sheet in workbook
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str)
    ]
    workbook.close()
    assert any(OPEN in cell for cell in cells)
    assert _untranslated(cells, names) == ""


@pytest.mark.parametrize(("which", "page"), [(0, "map.html"), (0, "meeting.html"), (1, "assess.html")])
def test_pages_speak_the_new_language(folders, names, open_page, which, page):
    opened = open_page(folders[which] / page)
    assert opened.errors == []
    texts = opened.page.evaluate(
        """() => {
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), texts = [];
          while (walker.nextNode()) {
            const { parentElement, textContent } = walker.currentNode;
            if (!parentElement.closest("script, style")) texts.push(textContent);
          }
          for (const one of document.querySelectorAll("[title], [aria-label]")) texts.push(one.title, one.getAttribute("aria-label") || "");
          return texts;
        }"""
    )
    assert sum(OPEN in text for text in texts) > 20
    assert _untranslated(texts, names) == ""


def test_the_switch_of_the_meeting_page_goes_through_every_language(folders, open_page):
    opened = open_page(folders[0] / "meeting.html")
    tags = []
    for _ in range(3):
        opened.page.locator("[data-action=language]").click()
        tags.append(opened.page.evaluate("document.documentElement.lang"))
    assert tags == ["zh-CN", "en", "en"], "xx is copied from en, its tag too"
    assert opened.errors == []


def test_the_explanation_speaks_the_new_language(folders, names):
    lines = (folders[0] / "explanation.md").read_text(encoding="utf-8").splitlines()
    assert _untranslated(lines, names) == ""
