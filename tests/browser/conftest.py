"""A real browser with no network: Debian's Chromium, driven by playwright."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from planner.report.meeting import meeting_page
from planner.report.public import public_page
from planner.report.web_map import map_page
from tests.unit.report.small_run import small_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from planner.store.run import Run

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Opened:
    """A page, and everything it complained about or asked for."""

    page: Page
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.fail("no Chromium found; the browser tests need one: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, headless=True, args=list(FLAGS))
        yield chromium
        chromium.close()


WALKERS = {
    "elder": {"speed_m_s": 0.8, "name": {"zh": "老人", "en": "Older person"}},
    "adult": {"speed_m_s": 1.2, "name": {"zh": "成人", "en": "Adult"}},
}


def _public(run: Run) -> str:
    return public_page(run, declassify=True)


@pytest.fixture(scope="session")
def small_pages(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """Return the path of a page of the small run in a language; a page is written when first asked for."""
    folder, makers = tmp_path_factory.mktemp("pages"), {"map": map_page, "meeting": meeting_page, "public": _public}
    runs: dict[str, Run] = {}

    def path_of(name: str, language: str) -> Path:
        path = folder / f"{name}-{language}.html"
        if not path.exists():
            run = runs.setdefault(language, small_run(language, walking={"profiles": WALKERS}))
            path.write_text(makers[name](run), encoding="utf-8", newline="\n")
        return path

    return path_of


@pytest.fixture(scope="session")
def open_page(browser: Browser) -> Iterator[Callable[..., Opened]]:
    """Open a file with the network off; whatever else the page asks for is refused and remembered."""
    contexts = []

    def opener(path: Path, width: int = 1920, height: int = 1080) -> Opened:
        context = browser.new_context(viewport={"width": width, "height": height}, offline=True)
        contexts.append(context)
        opened = Opened(context.new_page())
        address = path.resolve().as_uri()

        def only_the_file(route):
            opened.requests.append(route.request.url)
            if route.request.url == address:
                route.continue_()
            else:
                opened.refused.append(route.request.url)
                route.abort()

        context.route("**/*", only_the_file)
        opened.page.on("pageerror", lambda error: opened.errors.append(str(error)))
        opened.page.on(
            "console",
            lambda message: opened.errors.append(message.text) if message.type in ("error", "warning") else None,
        )
        opened.page.on("dialog", lambda dialog: (opened.errors.append(f"dialog {dialog.message}"), dialog.dismiss()))
        opened.page.goto(address)
        opened.page.wait_for_function("document.body.dataset.ready === 'true'")
        return opened

    yield opener
    for context in contexts:
        context.close()
