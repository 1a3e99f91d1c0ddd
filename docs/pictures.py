"""Take the pictures of the README again: map, meeting page and frontier of the bundled town, in headless Chromium.

``python docs/pictures.py`` writes ``docs/pictures/*.png``. A run and a frontier that lie in ``outputs/`` are used again: the
pages are written anew from the stored tables, which takes seconds; what is missing is computed first. ``--anew`` computes both.
"""

import argparse
import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from planner.cli import _run

ROOT = Path(__file__).resolve().parent.parent
STUDY = ROOT / "configs" / "neubrandenburg.yaml"
RUN = ROOT / "outputs" / "neubrandenburg" / "base"
FRONTIER = ROOT / "outputs" / "neubrandenburg@frontier" / "base"
PICTURES = ROOT / "docs" / "pictures"

LARGEST_BYTES = 250_000
COLOURS = (256, 128, 64, 32)
"""Sizes of the palette, tried in turn until a picture is small enough."""

SETTLE_MS = 700
"""For transitions of a page that is ready."""


def main() -> int:
    """Compute what is missing, and take every picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--anew", action="store_true", help="compute run and frontier even where they are stored")
    parser.add_argument("--only", choices=["map", "meeting", "frontier"], help="take one picture")
    asked = parser.parse_args()
    names = [asked.only] if asked.only else ["map", "meeting", "frontier"]
    code = _computed(names, anew=asked.anew)
    if code:
        return code
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("no Chromium found: install it (apt-get install chromium)")
    PICTURES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name in names:
            path = PICTURES / f"{name}.png"
            path.write_bytes(_compressed(_frontier(browser) if name == "frontier" else _page(browser, name)))
            print(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1000:.0f} kB")  # noqa: T201
        browser.close()
    return 0


def _computed(names: list[str], *, anew: bool) -> int:
    """Make run and frontier where they are missing, else the run's pages from its tables; return an exit code."""
    commands = []
    if {"map", "meeting"} & set(names):
        stored = (RUN / "manifest.json").is_file() and not anew
        commands.append(["report", str(RUN)] if stored else ["plan", str(STUDY), "--out", str(RUN), "--quiet"])
    if "frontier" in names and (anew or not (FRONTIER / "frontier.svg").is_file()):
        commands.append(["frontier", str(STUDY), "--steps", "8", "--out", str(FRONTIER), "--quiet"])
    return next((code for code in map(_run, commands) if code), 0)


def _page(browser: Browser, name: str) -> bytes:
    """Return a picture of a page of the run, as it opens."""
    page = _opened(browser, RUN / f"{name}.html", width=1440, height=900)
    page.wait_for_function("document.body.dataset.ready === 'true'")
    page.wait_for_timeout(SETTLE_MS)
    return page.screenshot()


def _frontier(browser: Browser) -> bytes:
    """Return a picture of the chart on a white ground."""
    page = _opened(browser, FRONTIER / "frontier.svg", width=960, height=640)
    page.wait_for_timeout(SETTLE_MS)
    return page.locator("svg").first.screenshot()


def _opened(browser: Browser, path: Path, width: int, height: int) -> Page:
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme="light", reduced_motion="reduce")
    page.context.set_offline(True)
    page.goto(path.as_uri())
    return page


def _compressed(png: bytes) -> bytes:
    """Return a picture with a palette, small enough for a README."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for colours in COLOURS:
        packed = io.BytesIO()
        picture.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
            packed, "PNG", optimize=True
        )
        if packed.tell() <= LARGEST_BYTES:
            break
    return packed.getvalue()


if __name__ == "__main__":
    sys.exit(main())
