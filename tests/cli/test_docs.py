"""What the pages tell a planner to type exists, and where they point there is something."""

import re
import runpy

import pytest
import typer.main

from planner.cli import app
from tests.conftest import REPOSITORY

DOCS = REPOSITORY / "docs"
PAGES = [*(REPOSITORY / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")), *sorted(DOCS.glob("*.md"))]
LARGEST_PICTURE_BYTES = 250_000
VERBS = typer.main.get_command(app).commands
#: what is typed: a span or a line of a block that begins with `planner`, up to a comment or the end of the span
TYPED = re.compile(r"(?:`|^\s*(?:\S*/)?)planner ([a-z]+)\b([^`\n#]*)", flags=re.MULTILINE)


def _by_name(path):
    return path.relative_to(REPOSITORY).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=_by_name)
def test_every_verb_and_flag_that_is_written_exists(page):
    for verb, rest in TYPED.findall(page.read_text(encoding="utf-8")):
        assert verb in VERBS, verb
        known = {flag for option in VERBS[verb].params for flag in (*option.opts, *option.secondary_opts)} | {"--help"}
        assert set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", rest)) <= known, (verb, rest)


@pytest.mark.parametrize("page", PAGES, ids=_by_name)
def test_every_link_leads_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if link.startswith(("http://", "https://")):
            continue
        path, _, part = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if part:
            heads = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), flags=re.MULTILINE)
            assert part in {re.sub(r"[^\w\- ]", "", head).strip().lower().replace(" ", "-") for head in heads}, link


def test_every_page_is_listed():
    listed = set(re.findall(r"\]\((\S+?)\)", (DOCS / "README.md").read_text(encoding="utf-8")))
    pages = {path.name for path in DOCS.iterdir() if path.suffix in {".md", ".yaml", ".json"}} - {"README.md"}
    notebooks = {f"notebooks/{path.name}" for path in (DOCS / "notebooks").glob("*.ipynb")}
    assert pages | notebooks == listed


def test_the_pages_name_every_verb():
    told = {verb for page in PAGES for verb, _ in TYPED.findall(page.read_text(encoding="utf-8"))}
    assert told == set(VERBS)


def test_the_recipes_name_files_that_are_there():
    text = (REPOSITORY / "docs" / "extending.md").read_text(encoding="utf-8")
    named = re.findall(r"\b((?:planner|tests|docs)/[\w/]+\.(?:py|js|toml|md))\b", text)
    missing = [name for name in named if "VERB" not in name and not (REPOSITORY / name).is_file()]
    assert len(named) > 20
    assert missing == []


def test_the_figures_are_those_that_their_script_draws_and_their_files_are_there():
    for name, drawn in runpy.run_path(str(DOCS / "figures.py"))["FIGURES"].items():
        svg = drawn().svg()
        assert (DOCS / "pictures" / name).read_text(encoding="utf-8") == svg
        assert "prefers-color-scheme: dark" in svg
        named = re.findall(r'class="path"[^>]*>([^<*,]+)', svg)
        found = [path for path in named if not list((REPOSITORY / "planner").rglob(path.strip().rstrip("/")))]
        assert len(named) >= 8
        assert found == []


def test_pictures_are_small():
    assert [path.name for path in (DOCS / "pictures").iterdir() if path.stat().st_size > LARGEST_PICTURE_BYTES] == []
