"""The meeting page in a real browser: no request, no complaint, and every number is the planner's own."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from pathlib import Path

import pytest

from planner.errors import StaleDecisionsError
from planner.i18n import format_money
from planner.report import publish_public, publish_review
from planner.report.meeting import meeting_page
from planner.siting import Floor, build_problem, evaluate_with_assignment
from planner.study.load import load_study
from planner.workflow.plan import plan
from tests.browser.recount import Recount
from tests.depth import ALL, some
from tests.unit.report.small_run import HOSTILE, small_run
from tests.verbs import pipeline_of, review

pytestmark = pytest.mark.browser

REPOSITORY = Path(__file__).resolve().parents[2]
#: rules of every kind over the bundled town: departments, two sizes, an incompatible pair, locks, counts, a walker to compare with
RULES = (
    "budgets.capital_cost=4500000",
    "budgets.yearly_cost=2000000",
    (
        "budgets.departments={civil: {name: {zh: 民政局, en: Civil affairs}, capital_cost: 2500000, yearly_cost: 1250000},"
        " health: {name: Health, capital_cost: 1000000}, schools: {name: Schools}}"
    ),
    "budgets.modes={shared: {name: Shared, payers: {civil: 0.7, health: 0.3}}}",
    "budgets.building_department=civil",
    "services.elder_care.mode=shared",
    "services.canteen.department=health",
    "services.childcare.department=schools",
    (
        "services.canteen.sizes=[{id: small, area_m2: 150, fit_out_cost: 150000, yearly_cost: 125000},"
        " {id: large, area_m2: 320, fit_out_cost: 305000.5, yearly_cost: 240000}]"
    ),
    "services.childcare.min_openings=1",
    "services.canteen.max_openings=4",
    "co_location.incompatible=[[childcare, elder_care]]",
    "walking.profiles.standard={speed_m_s: 1.2, source: adult}",
    "siting.max_sites=6",
    "siting.existing={may_close: true, close_cost: 25000, may_move: true, move_cost: 10000}",
    "co_location.hub={min_area_m2: 300, min_services: 2, of: [elder_care, canteen], min_of: 1, min_hubs: 1}",
    "site_kinds.community.min_services=2",
    "site_kinds.commercial.hub_only=true",
    "siting.must=[{site: F02, service: childcare, standing: true}]",
    "siting.never=[{site: F01, service: childcare, standing: true}, {site: C009, service: canteen, size: small}]",
    "siting.floors=[{service: canteen, minutes: 15, share: 0.2}, {service: elder_care, minutes: 15, group: aged_75, share: 0.1}]",
    "siting.spreads=[{service: childcare, minutes: 15, most: 1.0}]",
    "solver.time_limit_s=90",
    "solver.gap=0.05",
)


STUDY = REPOSITORY / "configs" / "neubrandenburg.yaml"
#: the same town where places run out: two sizes of canteen, day nurseries with the places of the layer, which may be extended
PLACES = REPOSITORY / "configs" / "neubrandenburg_rules.yaml"
FEW = (
    "services.childcare.capacity=40",
    "siting.existing={may_close: true, may_extend: true, extend_cost: 50000, extend_capacity: 20}",
    "siting.floors=[{service: canteen, minutes: 15, share: 0.15}, {service: elder_care, minutes: 15, share: 0.2, group: aged_75}]",
    "siting.years=[]",
    "siting.capital_cost_by_year={}",
    "solver.time_limit_s=60",
    "solver.gap=0.1",
)


def planned(path, sets):
    pipeline = pipeline_of(load_study(path, sets=sets), path.parent)
    area = pipeline.area
    return plan(pipeline), build_problem(pipeline.study, area.district, area.travel_times), area.travel_times


@pytest.fixture(scope="session")
def town():
    """A run of the bundled town under every kind of rule, its problem and its walks."""
    return planned(STUDY, RULES)


@pytest.fixture(scope="session")
def full_town():
    """The same of the town where places run out."""
    return planned(PLACES, FEW)


@pytest.fixture(scope="session")
def meeting_file(town, tmp_path_factory):
    path = tmp_path_factory.mktemp("meeting") / "meeting.html"
    path.write_text(meeting_page(town[0]), encoding="utf-8", newline="\n")
    return path


@pytest.fixture(scope="session")
def full_file(full_town, tmp_path_factory):
    path = tmp_path_factory.mktemp("full") / "meeting.html"
    path.write_text(meeting_page(full_town[0]), encoding="utf-8", newline="\n")
    return path


BROKEN = """() => {
  const found = {};
  for (const one of planner.store.counted("room").broken) found[one.rule] = (found[one.rule] || 0) + 1;
  return found;
}"""
SHOWN = """() => [...document.querySelectorAll("[data-figure]")].map((one) => [one.dataset.figure, one.value, one.textContent])"""


#: choose a place, click one of its switches, and tell what the page shows and which rules it calls broken
TOGGLE = f"""([place, name]) => {{
  planner.store.look({{ place, tab: "sites", every: true }});
  document.querySelector(`[data-toggle="${{CSS.escape(name)}}"]`).click();
  return [({SHOWN})(), ({BROKEN})()];
}}"""


def compare(shown, recount):
    expected = recount.figures()
    wrong = [
        (name, value, expected.get(name))
        for name, value, _ in shown
        if name not in expected or float(value) != expected[name]
    ]
    assert not wrong, f"{len(wrong)} of {len(shown)} figures differ: {wrong[:5]}"
    return {name for name, _, _ in shown}


def toggled(opened, recount):
    """Toggle, look around and compare every figure each time; return the names of figures and rules that were met."""
    page, chance = opened.page, random.Random(6)  # noqa: S311
    recount.ask_more(page)
    page.evaluate("() => planner.store.look({level: 0})")
    seen, rules = compare(page.evaluate(SHOWN), recount), set()
    tabs, walkers = ["parts", "gaps", "decisions"], [None, None, *recount.reaches]
    for step in some(range(200), 4):
        site, service = chance.choice(recount.cells)
        # mostly close again what was opened, so that rules are now kept, now broken
        fresh = [cell for cell in recount.open if not recount.offers.existing[recount.open[cell]]]
        if len(fresh) > 12:
            site, service = chance.choice(fresh)
        recount.toggle(site, service)
        name = f"{recount.posed.place_ids[site]} {recount.posed.service_ids[service]}"
        shown, broken = page.evaluate(TOGGLE, [site, name])
        seen |= compare(shown, recount)
        assert broken == recount.broken_rules()
        rules |= set(broken)
        if step % 4 == 3:
            looked = recount.looked
            looked.service, looked.circle = chance.randrange(3), chance.randrange(3)
            looked.level, looked.walker = chance.randrange(2), chance.choice(walkers)
            tab = chance.choice(tabs)
            page.evaluate(
                "([service, circle, level, walker, tab]) => planner.store.look({service, circle, level, walker, tab, part: null})",
                [looked.service, looked.circle, looked.level, looked.walker, tab],
            )
            shown = page.evaluate(SHOWN)
            seen |= compare(shown, recount)
            if tab == "gaps":
                told = [(name, float(value)) for name, value, _ in shown if name.startswith("gap/")]
                assert told == recount.largest_gaps()
    assert opened.errors == []
    assert len(opened.requests) == 1
    return {name.split("/")[0] for name in seen}, rules


EVERYWHERE = {
    "people", "covered", "share", "gained", "lost", "net", "money", "sites", "openings", "area", "broken",
    "worst", "worst-left", "part-share", "part-left", "gap", "help", "near", "adds", "reach", "site-area", "site-capital",
}  # fmt: skip


def test_random_toggles_show_what_the_planner_counts(open_page, meeting_file, town):
    figures, rules = toggled(open_page(meeting_file, 1280, 720), Recount(*town))
    assert len(rules) >= (10 if ALL else 8), rules
    assert figures == EVERYWHERE | {"worth", "bound", "distance"}


@pytest.mark.deep
def test_random_toggles_where_places_run_out(open_page, full_file, full_town):
    figures, rules = toggled(open_page(full_file, 1280, 720), Recount(*full_town))
    assert rules >= {"floor", "spread", "department"} | ({"places", "thin", "must"} if ALL else set()), rules
    assert figures >= EVERYWHERE | {"places", "users", "seated", "part-users", "part-seated"}


@pytest.mark.deep
def test_no_sharing_out_of_places_does_better_than_the_page_says(full_town):
    recount, chance = Recount(*full_town), random.Random(3)  # noqa: S311
    canteens = [cell for cell in recount.cells if cell[1] == 1]
    for _ in range(6):
        for _ in range(2):
            recount.toggle(*chance.choice(canteens))
        found, figures = evaluate_with_assignment(recount.posed.problem, recount.chosen), recount.figures()
        for k, service in enumerate(recount.run.study.services):
            for c, circle in enumerate(service.circles):
                most = figures.get(f"seated/{service.id}/{circle.minutes:g}")
                assert most is None or float(found.served[k][c]) * service.participation <= most + 1e-6


@pytest.mark.deep
def test_a_share_within_reach_but_beyond_the_places_cannot_be_kept(full_town):
    recount = Recount(*full_town)
    recount.looked.service = 1
    reach = recount.figures()
    busiest = max(recount.cells, key=lambda c: (c[1] == 1, reach[f"reach/{recount.posed.place_ids[c[0]]}/canteen/15"]))
    recount.open = {c: m for c, m in recount.open.items() if c[1] != 1} | {busiest: recount.ways(*busiest)[0]}
    figures = recount.figures()
    users, most = figures["users/canteen/15"], figures["seated/canteen/15"]
    assert most == figures["places/canteen"] < users
    share = (users + most) / 2 / recount.run.study.services[1].participation / figures["people/canteen"]
    rules = replace(recount.posed.problem.rules, floors=(Floor(1, share, 2),))
    recount.posed = replace(recount.posed, problem=replace(recount.posed.problem, rules=rules))
    assert recount.beyond_places() == ["places"]
    assert [fault.where[:5] for fault in evaluate_with_assignment(recount.posed.problem, recount.chosen).broken].count(
        "floor"
    ) == 1


@pytest.mark.deep
def test_decisions_go_back_to_the_planner_and_come_out_on_a_new_page(open_page, meeting_file, town, tmp_path):
    run, posed, reaches = town
    opened, recount = open_page(meeting_file), Recount(run, posed, reaches)
    page = opened.page
    planned = [cell for cell, offer in recount.open.items() if not posed.problem.offers.existing[offer]]
    fresh = [cell for cell in recount.cells if cell not in recount.open and cell[1] == 2]
    locked = {lock.site for lock in posed.problem.rules.locks}
    standing = next(c for c, m in recount.open.items() if posed.problem.offers.may_close[m] and c[0] not in locked)
    touched = [planned[0], planned[-1], fresh[3], standing]
    for site, service in touched:
        page.evaluate("(site) => planner.store.look({place: site, tab: 'sites', every: true})", site)
        name = f"{posed.place_ids[site]} {posed.service_ids[service]}"
        page.evaluate('(name) => document.querySelector(`[data-toggle="${CSS.escape(name)}"]`).click()', name)
        recount.toggle(site, service)
    # the larger canteen, where the smaller one would be opened: this size is what is decided, not any
    sized = next(
        cell for cell in recount.cells if cell[1] == 1 and len(recount.ways(*cell)) > 1 and cell not in touched
    )
    large = recount.ways(*sized)[-1]
    page.evaluate("(site) => planner.store.look({place: site, tab: 'sites', every: true})", sized[0])
    if sized not in recount.open:
        name = f"{posed.place_ids[sized[0]]} canteen"
        page.evaluate('(name) => document.querySelector(`[data-toggle="${CSS.escape(name)}"]`).click()', name)
    page.select_option(f"[data-focus=size-{sized[0]}-1]", str(large))
    recount.open[sized] = large
    page.click("[data-focus=tab-decisions]")
    assert page.locator(".decision .way").all_text_contents()[-2:] == [
        "what stands there closes as well",
        f"in this way only: large · {format_money(posed.problem.offers.capital_cost[large], 'en', 'EUR')}",
    ]
    page.fill("[data-focus=who]", "街道办 <script>alert(1)</script>")
    page.fill(".decision .remark >> nth=0", "too near the tram")
    with page.expect_download() as download:
        page.click("[data-action=export]")
    exported = tmp_path / "decisions.json"
    download.value.save_as(exported)
    assert download.value.suggested_filename == "decisions.json"
    assert opened.errors == []

    folder = tmp_path / "review"
    found, _ = review(STUDY, exported, sets=RULES, out=folder, publish=publish_review)
    decided = found.column("decided")
    assert decided.offers.tolist() == recount.chosen.tolist()
    assert found.column("optimum").found.worth == pytest.approx(run.manifest.result.objective, rel=1e-12)
    assert found.column("completed").found.broken == ()
    assert found.column("completed").found.worth <= found.column("optimum").bound + 1e-6
    completed = {
        (int(posed.problem.offers.site[m]), int(posed.problem.offers.service[m]))
        for m in found.column("completed").offers
    }
    assert [cell in completed for cell in touched] == [False, False, True, False]
    assert large in found.column("completed").offers
    assert len(found.prices) == 5
    assert all(price.people is not None and 0 <= price.people <= price.people_most for price in found.prices)
    assert {decision.remark for decision in found.decisions.decisions} == {"", "too near the tram"}

    again = open_page(folder / "meeting.html")
    shown = {name: float(value) for name, value, _ in again.page.evaluate(SHOWN)}
    for name in ("decided", "completed"):
        column = found.column(name)
        assert shown[f"worth/{name}"] == column.found.worth
        assert shown[f"money/{name}/capital"] == column.found.capital_cost
        for k, service in enumerate(run.study.services):
            for c, circle in enumerate(service.circles):
                assert shown[f"covered/{name}/{service.id}/{circle.minutes:g}"] == column.found.covered[k][c]
    assert shown["covered/room/canteen/10"] == found.column("completed").found.covered[1][1]
    again.page.click("[data-focus=tab-decisions]")
    assert again.page.input_value("[data-focus=who]") == "街道办 <script>alert(1)</script>"
    assert again.page.locator(".decision").count() == 5
    with again.page.expect_download() as download:
        again.page.click("[data-action=export]")
    once_more = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    first = json.loads(exported.read_text(encoding="utf-8"))
    kept = ("place_id", "service", "state", "size", "exact", "remark")
    assert [[one[key] for key in kept] for one in once_more["decisions"]] == [
        [one[key] for key in kept] for one in first["decisions"]
    ]
    assert once_more["run"] == first["run"]
    assert again.errors == []


def test_decisions_of_another_run_are_refused(town, tmp_path):
    manifest, stale = town[0].manifest, tmp_path / "decisions.json"
    for digest, sets in (("0" * 64, RULES), (manifest.digest, (*RULES, "siting.max_sites=5"))):
        stale.write_text(
            json.dumps(
                {
                    "version": 1,
                    "run": {"id": manifest.run_id, "digest": digest, "scenario": "base"},
                    "decisions": [],
                    "open": [],
                }
            )
        )
        with pytest.raises(StaleDecisionsError, match="have changed since") as caught:
            review(STUDY, stale, sets=sets, out=tmp_path / "out")
        assert caught.value.exit_code == 3
    assert not (tmp_path / "out").exists()


@pytest.mark.deep
def test_steps_go_back_and_forth_by_keys_and_survive_the_language(open_page, meeting_file):
    opened = open_page(meeting_file, 1280, 720)
    page = opened.page
    worth = "() => Number(document.querySelector('[data-figure=worth]').value)"
    plan = page.evaluate(worth)
    page.click("[data-action=reset-today]")
    today = page.evaluate(worth)
    assert today < plan
    page.keyboard.press("Control+z")
    assert page.evaluate(worth) == plan
    page.keyboard.press("Control+y")
    assert page.evaluate(worth) == today
    page.click("[data-action=language]")
    assert page.title().endswith("方案会商")
    assert page.evaluate("() => document.documentElement.lang") == "zh-CN"
    assert page.evaluate(worth) == today
    page.keyboard.press("2")
    assert page.get_attribute("[data-service=canteen]", "aria-pressed") == "true"
    assert opened.errors == []


@pytest.mark.deep
def test_a_switch_keeps_the_focus_of_the_keyboard(open_page, meeting_file):
    opened = open_page(meeting_file, 1280, 720)
    opened.page.focus(".switch:not([disabled])")
    name = "() => document.activeElement.dataset.toggle"
    focused = opened.page.evaluate(name)
    opened.page.keyboard.press("Enter")
    assert focused is not None
    assert opened.page.evaluate(name) == focused
    assert opened.errors == []


@pytest.mark.deep
def test_two_choices_stand_beside_each_other_under_a_swipe(open_page, meeting_file):
    opened = open_page(meeting_file, 1280, 720)
    page = opened.page
    page.select_option("[data-action=compare]", "today")
    assert page.text_content(".swipe-then") == "Today"
    clip = "() => planner.map.getPane('communitiesThen').style.clip"
    before = page.evaluate(clip)
    page.focus(".swipe")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(clip) != before
    page.select_option("[data-action=compare]", "")
    assert page.evaluate("() => planner.map.getPane('communitiesThen') === undefined")
    assert opened.errors == []


@pytest.mark.deep
def test_the_sheet_is_one_page_of_a3(open_page, meeting_file):
    opened = open_page(meeting_file)
    page = opened.page
    page.click("[data-action=print]")
    assert page.locator("#sheet .sheet-title h1").text_content()
    assert page.locator(".leaflet-control-scale").is_visible()
    assert page.locator(".north").is_visible()
    foot = page.text_content(".sheet-foot")
    assert "OpenStreetMap" in foot
    assert "Map review no." not in foot  # the study names none: no empty field is printed
    assert "Classification" not in foot
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    boxes = re.findall(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]", printed)
    assert [(round(float(w) / 72 * 25.4), round(float(h) / 72 * 25.4)) for w, h in boxes] == [(420, 297)]
    page.click("[data-action=close-sheet]")
    assert page.locator("#board").is_visible()
    assert opened.errors == []


@pytest.mark.deep
def test_names_are_text_whatever_they_hold(open_page, tmp_path):
    path = tmp_path / "hostile.html"
    path.write_text(meeting_page(small_run()), encoding="utf-8", newline="\n")
    opened = open_page(path)
    page = opened.page
    for tab in ("sites", "parts", "gaps", "decisions"):
        page.evaluate("(tab) => planner.store.look({tab, every: true})", tab)
    page.evaluate("() => { planner.store.look({tab: 'parts', every: true}); }")
    shown = page.evaluate("() => [...document.querySelectorAll('.tab .row-name')].map((one) => one.textContent)")
    assert {name for name in HOSTILE if name.strip()} <= set(shown)
    assert page.evaluate("() => document.querySelectorAll('img[src=x], i.injected, .tab script').length") == 0
    for site in range(4, 16):
        page.evaluate("(site) => planner.store.choosePlace(site)", site)
    assert opened.errors == []
    assert len(opened.requests) == 1


@pytest.mark.deep
def test_the_public_page_opens_without_fault(open_page, tmp_path):
    run = small_run()
    opened = open_page(publish_public(run, tmp_path, declassify=True))
    page = opened.page
    assert page.locator("#board [data-cell]").count() == sum(len(service.circles) for service in run.study.services)
    page.click("[data-focus=service-1]")
    page.click("[data-focus=language]")
    assert "不足 10 人" in page.text_content("#board")
    assert opened.errors == []
    assert len(opened.requests) == 1
