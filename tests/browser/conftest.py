"""A real browser with no network: Debian's Chromium, driven by playwright."""

from __future__ import annotations

import functools
import shutil
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.sync_api import sync_playwright

from planner.report.assessment_page import assessment_page
from planner.report.comparison import comparison_page
from planner.report.meeting import meeting_page
from planner.report.public import public_page
from planner.report.web_map import map_page
from planner.store.comparison import compare, find_runs
from planner.workflow.decisions import Decisions
from planner.workflow.review import Column, Price, Review
from tests.tiny_town import write_town
from tests.unit.report.small_run import small_run, small_study
from tests.verbs import assess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from planner.store.assessment import Assessment
    from planner.store.comparison import Comparison, Setting
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
#: the same for the town that is assessed
NAMED_TOWN = [
    "walking.profiles.slow.name={zh: 老人, en: Older person}",
    "walking.profiles.quick.name={zh: 成人, en: Adult}",
    "groups.elder.name={zh: 老人, en: older people}",
    "layers.communities.roll_up_names={side: {zh: 片区, en: side}}",
]
#: of layers, in both languages alike
NAMES = ("幸福社区", "和平里", "东风新村", "滨河花园", "育才路", "曙光里")


def _named_run(language: str) -> Run:
    """Return the small run with names that a district would have."""
    publication = {"review_number": "审图号 测试(2025)001", "author": "规划局", "sources": ["© OpenStreetMap"]}
    asked = small_study().model_dump(mode="json", exclude_unset=True)
    layers, services = asked["layers"], asked["services"]
    services[0]["demand"] = {"elders": 0.5}  # of weighted people, whose unit is the longest
    layers["people"][0] |= {"source": "2021 年人口普查", "estimate": "按 0–14 岁推算"}
    layers["communities"] |= {"roll_up_names": {"street": {"zh": "街道", "en": "Street area"}}}
    run = small_run(
        language,
        walking={"profiles": WALKERS},
        name={"zh": "小城", "en": "Small town"},
        publication=publication,
        layers=layers,
        services=services,
    )
    for frame in (run.tables.communities, run.tables.places):
        frame["name"] = [f"{NAMES[i % len(NAMES)]}{i // len(NAMES) + 1}" for i in range(len(frame))]
    run.tables.communities["street"] = [
        "东街" if street == "East" else "西街" for street in run.tables.communities["street"]
    ]
    run.tables.opened_sites["name"] = run.tables.opened_sites["place_id"].map(run.tables.places.set_index("id")["name"])
    return run


def _reviewed(run: Run) -> str:
    """Return the meeting page of a review: two decisions, one of them dear, and the plan as completion."""
    planned = np.flatnonzero(run.tables.offers["planned"])
    told = [
        {
            "place_id": place,
            "service": "elder_care",
            "state": state,
            "exact": False,
            "remark": "",
            "who": "",
            "when": "",
        }
        for place, state in (("p05", "closed"), ("p09", "open"))
    ]
    decisions = Decisions.model_validate(
        {
            "version": 1,
            "run": {"id": run.manifest.run_id, "digest": run.manifest.digest, "scenario": "base"},
            "decisions": told,
            "open": [],
        }
    )
    found = SimpleNamespace(
        worth=1234.5,
        capital_cost=3_000_000.0,
        yearly_cost=900_000.0,
        opened_sites=[5, 8],
        broken=(),
        covered=np.ones((3, 3)),
    )
    found.of_demands = lambda demands: SimpleNamespace(covered=found.covered[demands[0]])
    built = SimpleNamespace(demands_of=((0,), (1,), (2,)))
    columns = [
        Column(name, planned[:count], found, None) for name, count in (("decided", 3), ("completed", 5), ("optimum", 6))
    ]
    prices = [Price(one, 1234.0, 1240.0, 1_500_000.0, -120_000.0) for one in decisions.decisions]
    return meeting_page(run, Review(decisions, run, run, built, tuple(columns), tuple(prices)))


def _public(run: Run) -> str:
    return public_page(run, declassify=True)


@pytest.fixture(scope="session")
def small_pages(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """Return the path of a page of one small town in a language; a page is written when first asked for."""
    folder, runs = tmp_path_factory.mktemp("pages"), {}
    makers = {"map": map_page, "meeting": meeting_page, "review": _reviewed, "public": _public}

    @functools.cache
    def assessed() -> Assessment:
        study = write_town(tmp_path_factory.mktemp("assessed"), scenarios="  []")
        found, _ = assess(
            study, sets=["walking.compare=[quick, slow]", *NAMED_TOWN], out=folder / "assessed", cache=None
        )
        return found

    @functools.cache
    def compared() -> tuple[Comparison, dict[str, Setting]]:
        for scenario, capital_cost in (("base", 4_000_000), ("增加投资", 8_000_000)):
            run = _named_run("en")
            budgets = run.study.budgets.model_copy(update={"capital_cost": capital_cost})
            study = run.study.model_copy(update={"budgets": budgets})
            manifest = replace(run.manifest, scenario=scenario, run_id=scenario)
            replace(run, study=study, manifest=manifest).write(folder / "store" / "town" / scenario)
        return compare(find_runs([folder / "store"]))

    def path_of(name: str, language: str) -> Path:
        path = folder / f"{name}-{language}.html"
        if path.exists():
            return path
        if name == "assessment":
            study = assessed().study.model_copy(update={"language": language})
            text = assessment_page(replace(assessed(), study=study))
        elif name == "comparison":
            text = comparison_page(*compared(), language)
        else:
            text = makers[name](runs.setdefault(language, _named_run(language)))
        path.write_text(text, encoding="utf-8", newline="\n")
        return path

    return path_of


@pytest.fixture(scope="session")
def open_page(browser: Browser) -> Iterator[Callable[..., Opened]]:
    """Open a file with the network off; whatever else the page asks for is refused and remembered."""
    contexts = []

    def opener(path: Path, width: int = 1920, height: int = 1080, *, ready: bool = True) -> Opened:
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
        if ready:  # a page without scripts is so at once
            opened.page.wait_for_selector("body[data-ready=true]", state="attached")
        return opened

    yield opener
    for context in contexts:
        context.close()
