"""Every page at five widths in both languages: nothing clipped, nothing wider than the screen, no word of a program, one language."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.browser

WIDTHS = {390: 844, 1024: 768, 1280: 800, 1366: 768, 1920: 1080}
PAGES = ("map", "meeting", "review", "assessment", "comparison", "public")
#: what else a page can show: JavaScript that leads there
STATES = {
    "meeting": (
        "() => planner.store.look({place: 6, tab: 'sites', circle: 1})",
        "() => planner.store.look({place: null, part: 2, tab: 'parts', view: 'change'})",
        "() => planner.store.look({part: null, tab: 'gaps', view: 'room', measure: 'people', walker: 'adult'})",
        "() => { for (let site = 6; site < 12; site += 1) planner.store.toggle(site, 0); planner.store.look({tab: 'decisions', measure: 'share'}); }",
    ),
    "map": (
        "() => document.querySelector('.sites button').click()",
        "() => { document.querySelector('[data-value=people]').click(); document.querySelectorAll('details').forEach((one) => (one.open = true)); }",
    ),
    "review": ("() => planner.store.look({tab: 'decisions'})",),
    "assessment": ("() => planner.choose(0)",),
    "comparison": ("() => document.querySelectorAll('details').forEach((one) => (one.open = true))",),
    "public": ("() => document.querySelector('[data-focus=service-1]').click()",),
}
#: Latin words that stand on Chinese pages: units, names of products, standards and files, the switch to English, ids of places
LATIN = re.compile(
    r"OpenStreetMap|Leaflet|ODbL|contributors|GB|HiGHS|EN|Gini|Palma|Shanghai|app|C|2SFCA|E2SFCA|P90|Ctrl|Aa|A3|km|min|m|m2|s|x|[pf]\d+|A|Z|Y"
)
IDENTIFIER = re.compile(
    r"\b[a-z][a-z0-9]*_[a-z0-9_]+\b|\b[a-z]{3,}\.[a-z_]{3,}\b|\b(?:elders|toddlers|elder|child)\b|\[\{|\w:\d;\w"
)
#: what a page says in the words of others: names of layers and the number of the run; the file and the verb of a meeting; sources of
#: standards, and study keys in hints to the person who writes the study
QUOTED = """() => {
  const texts = ["decisions.json", "planner review", "planner assess", "East", "West", "east", "west"];
  for (const id of ["planner-ground", "planner-places", "planner-run"]) {
    const block = document.getElementById(id);
    if (!block) continue;
    const data = JSON.parse(block.textContent);
    texts.push(...(data.communities?.name || []), ...(data.name instanceof Array ? data.name : []), ...(data.runId ? [data.runId] : []));
    if (data.base) texts.push(...data.base.roads.name, ...data.base.waters.map(([name]) => name));
    for (const one of data.benchmarks || []) texts.push(one.source, one.derived, one.missing);
  }
  return texts.filter(Boolean).sort((one, two) => two.length - one.length);
}"""

#: faults of the layout: [kind, text] of every element that is shown
LOOK = """() => {
  const found = [], wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > wide + 1) found.push(["page wider than the screen", String(document.documentElement.scrollWidth)]);
  const hides = (style) => /hidden|clip/.test(style.overflowX);
  for (const element of document.body.querySelectorAll("*")) {
    if (element.closest(".pick > .quiet, .leaflet-map-pane, script, style, svg, option, .hidden-file") || !element.checkVisibility({ visibilityProperty: true })) continue;
    const own = [...element.childNodes].filter((node) => node.nodeType === 3 && node.data.trim());
    if (!own.length) continue;
    const range = document.createRange();
    range.setStartBefore(own[0]);
    range.setEndAfter(own[own.length - 1]);
    const text = own.map((node) => node.data.trim()).join(" ").slice(0, 60), box = range.getBoundingClientRect(), style = getComputedStyle(element);
    if (!box.width || !box.height) continue;
    let scrolls = false, left = -Infinity, right = Infinity, cut = null;
    for (let one = element; one && one !== document.body; one = one.parentElement) {
      const of = getComputedStyle(one);
      if (/auto|scroll/.test(of.overflowX) && one.scrollWidth > one.clientWidth + 1 && !one.matches(".scroll")) cut = cut || ["scrolls sideways", one.id || one.className];
      if (one.matches(".scroll")) scrolls = true;
      if (hides(of)) {
        const frame = one.getBoundingClientRect();
        left = Math.max(left, frame.left);
        right = Math.min(right, frame.right);
      }
      if (of.position === "fixed") break;
    }
    if (cut) found.push(cut);
    if (!scrolls && (box.right > Math.min(right, wide) + 1.5 || box.left < Math.max(left, 0) - 1.5)) found.push(["clipped", text]);
    if (element.tagName !== "SELECT" && hides(style) && element.scrollHeight > element.clientHeight + 3 && element.clientHeight > 0) found.push(["cut below", text]);
    const size = parseFloat(style.fontSize);
    if (text.length >= 3 && box.width < 1.7 * size && box.height > 2.4 * size) found.push(["runs vertically", text]);
  }
  return found;
}"""
SCALE = """() => {
  const scale = document.querySelector(".leaflet-control-scale-line"), source = document.querySelector(".leaflet-control-attribution");
  if (!scale || !source || !source.checkVisibility()) return true;
  const [a, b] = [scale.getBoundingClientRect(), source.getBoundingClientRect()];
  return a.right <= b.left + 1 || b.right <= a.left + 1 || a.bottom <= b.top + 1 || b.bottom <= a.top + 1;
}"""


@pytest.fixture(scope="module")
def shown(small_pages, open_page):
    """Return the opened page of a name and language, each opened once."""
    opened = {}

    def of(name, language):
        if (name, language) not in opened:
            opened[name, language] = open_page(small_pages(name, language), ready=name != "comparison")
        return opened[name, language]

    return of


@pytest.mark.deep_after(1)
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_every_screen_and_speaks_one_language(shown, name, language):
    opened = shown(name, language)
    page, faults = opened.page, []
    for step, state in enumerate(("() => null", *STATES[name])):
        page.evaluate(state)
        for width, height in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            faults += [f"state {step}, {width}: {kind}: {text}" for kind, text in page.evaluate(LOOK)]
            if not page.evaluate(SCALE):
                faults.append(f"state {step}, {width}: the scale lies under the sources")
        text = page.evaluate("() => document.body.innerText")
        for quoted in page.evaluate(QUOTED):
            text = text.replace(quoted, " ")
        faults += [f"state {step}: {word}" for word in re.findall(r"undefined|NaN|\bnull\b|\[object", text)]
        faults += [f"state {step}: identifier {word}" for word in IDENTIFIER.findall(text)]
        if language == "zh":
            words = set(re.findall(r"[A-Za-z][A-Za-z0-9]*", re.sub(r"审图号 测试\S*", "", text)))
            faults += [f"state {step}: {word} on a Chinese page" for word in words if not LATIN.fullmatch(word)]
    assert not faults, "\n" + "\n".join(sorted(set(faults)))
    assert opened.errors == []


@pytest.mark.deep_after(4)
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [1280, 1366, 1920])
def test_the_choices_of_the_meeting_page_stand_in_one_row(shown, language, width):
    page = shown("meeting", language).page
    page.set_viewport_size({"width": width, "height": 800})
    page.evaluate("() => planner.store.look({compare: null, walker: null})")
    tops = page.evaluate(
        "() => [...document.querySelectorAll('.bar-choices > *')].map((one) => one.getBoundingClientRect().top)"
    )
    assert max(tops) - min(tops) < 20


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [390, 1280, 1366, 1920])
def test_what_is_chosen_in_a_list_of_the_toolbar_is_read_whole(shown, language, width):
    page = shown("meeting", language).page
    page.set_viewport_size({"width": width, "height": 800})
    page.evaluate("() => planner.store.look({compare: null, walker: null})")
    cut = """() => [...document.querySelectorAll("#bar select")].filter((one) => {
      const pen = document.createElement("canvas").getContext("2d"), style = getComputedStyle(one);
      pen.font = style.font;
      return one.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) < pen.measureText(one.selectedOptions[0].text).width;
    }).map((one) => one.selectedOptions[0].text)"""
    assert page.evaluate(cut) == []


@pytest.mark.parametrize("width", [390, 1366])
def test_what_is_swiped_is_named_beside_the_divider(shown, width):
    page = shown("meeting", "en").page
    page.set_viewport_size({"width": width, "height": 800})
    page.evaluate("() => planner.store.look({compare: 'today', place: null, part: null})")
    left, middle, right = page.evaluate("""() => ['.swipe-then', '.swipe', '.swipe-now'].map((one) => {
      const of = document.querySelector(one).getBoundingClientRect();
      return [of.left, of.right];
    })""")
    page.evaluate("() => planner.store.look({compare: null})")
    at = sum(middle) / 2
    assert left[1] < at < right[0]
    assert at - left[1] < 30
    assert right[0] - at < 30


@pytest.mark.parametrize("name", ["map", "meeting", "assessment", "public"])
@pytest.mark.parametrize("width", [390, 1366])
def test_every_map_names_its_sources(shown, name, width):
    page = shown(name, "zh").page
    page.set_viewport_size({"width": width, "height": 800})
    assert "OpenStreetMap" in page.locator(".leaflet-container .leaflet-control-attribution").inner_text()


@pytest.mark.deep
@pytest.mark.parametrize("name", ["map", "meeting", "assessment", "public"])
def test_a_phone_shows_the_whole_district_first(open_page, small_pages, name):
    opened = open_page(small_pages(name, "zh"), 390, 844)
    within = """() => {
      const { focus } = JSON.parse(document.getElementById("planner-ground").textContent), frame = document.querySelector(".leaflet-container").getBoundingClientRect();
      const [low, high] = focus.map((at) => planner.map.latLngToContainerPoint(at));
      return [low.x >= 0 && high.x <= frame.width && high.y >= 0 && low.y <= frame.height, (high.x - low.x) / frame.width];
    }"""
    whole, share = opened.page.evaluate(within)
    assert whole
    assert share > 0.5
    assert opened.errors == []
