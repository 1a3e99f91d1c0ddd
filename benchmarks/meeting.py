"""How large, how soon and how fast the meeting page is: 50,000 homes, 600 sites, 3 services, 1.5 million walks, in Chromium.

``python -m benchmarks.meeting`` ends with one line of JSON. ``ready_s`` runs from navigation until the page answers;
``toggle_ms`` is the median, over 60 clicks, from the click until everything is counted and laid out.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from benchmarks.made_up_town import made_up_run
from planner.report.meeting import meeting_page

if TYPE_CHECKING:
    from playwright.sync_api import Page

DEMAND, SITES, PAIRS = 50_000, 600, 1_500_000
OPENINGS, CLICKS = 5, 60
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

CLICK = """async (step) => {
  const switches = [...document.querySelectorAll(".switch:not(:disabled)")];
  const button = switches[(step * 7) % switches.length];
  const began = performance.now();
  button.click();
  document.body.offsetHeight;
  const counted = performance.now() - began;
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  return [counted, performance.now() - began];
}"""


def main() -> None:
    """Make the page, open it, click, and say how it went."""
    run, _, reaches = made_up_run(demand=DEMAND, sites=SITES, pairs=PAIRS)
    text = meeting_page(run)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("no Chromium found: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "meeting.html"
        path.write_text(text, encoding="utf-8", newline="\n")
        browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=list(FLAGS))
        context = browser.new_context(viewport={"width": 1920, "height": 1080}, offline=True)
        ready_s = statistics.median(_opened(context.new_page(), path) for _ in range(OPENINGS))
        page = context.new_page()
        _opened(page, path)
        clicks = [page.evaluate(CLICK, step) for step in range(CLICKS)]
        figures = page.evaluate("() => document.querySelectorAll('[data-figure]').length")
        browser.close()
    toggles = [counted for counted, _ in clicks]
    print(
        f"slowest of {CLICKS} toggles {max(toggles):.0f} ms; until the next frame {statistics.median(frame for _, frame in clicks):.0f} ms"
    )
    print(
        f"{figures} figures on the page, walks by walker { ({name: len(reach.site) for name, reach in reaches.items()}) }"
    )
    result = {
        "file_mb": round(len(text.encode()) / 1e6, 2),
        "ready_s": round(ready_s, 2),
        "toggle_ms": round(statistics.median(toggles), 1),
        "demand_points": DEMAND,
        "sites": SITES,
        "pairs": sum(len(reach.site) for reach in reaches.values()),
    }
    print(json.dumps(result))


def _opened(page: Page, path: Path) -> float:
    """Return the seconds from navigation until the page is ready, told by the page's own clock."""
    page.goto(path.as_uri())
    page.wait_for_function("document.body.dataset.ready === 'true'", timeout=60_000)
    return float(page.evaluate("() => performance.getEntriesByName('ready')[0].startTime")) / 1000


if __name__ == "__main__":
    main()
