"""Names that every JavaScript object already has: no file and no study can name one and break a page."""

import pytest

from tests.conftest import REPOSITORY

pytestmark = pytest.mark.deep

ASSETS = REPOSITORY / "planner" / "report" / "web"
NAMES = ["toString", "constructor", "__proto__", "hasOwnProperty", "valueOf", "isPrototypeOf"]


@pytest.fixture
def page(browser):
    context = browser.new_context(offline=True)
    opened = context.new_page()
    opened.set_content("<script>window.planner = {}</script>")
    opened.add_script_tag(content=(ASSETS / "decisions.js").read_text(encoding="utf-8"))
    yield opened
    context.close()


TAKE_UP = """([base, completed]) => {
  const offers = { count: 0, site: [], service: [], stands: [], moves: [], size: [], area: [] };
  const question = { plans: { today: [], plan: [], ...(completed ? { completed: [] } : {}) }, offers, services: [] };
  const file = JSON.parse(JSON.stringify({ version: 1, run: { digest: "d" }, decisions: [] }));
  file.base = base;
  const state = planner.decisions.imported(question, { digest: "d" }, [], file);
  return [state.base, planner.decisions.chosenBy(question, state)];
}"""


@pytest.mark.parametrize("base", [*NAMES, "nothing", "", None, 7, {}])
def test_a_file_with_a_strange_base_follows_the_plan(page, base):
    assert page.evaluate(TAKE_UP, [base, False]) == ["plan", []]


@pytest.mark.parametrize(("base", "found"), [("today", "today"), ("plan", "plan")])
def test_a_file_with_a_known_base_follows_it(page, base, found):
    assert page.evaluate(TAKE_UP, [base, False]) == [found, []]
    assert page.evaluate(TAKE_UP, [base, True])[0] == "completed"


@pytest.mark.parametrize("name", NAMES)
def test_a_place_or_service_called_so_is_unknown_or_known_by_its_own(page, name):
    asked = """([name, known]) => {
      const offers = { count: 1, site: [0], service: [0], stands: [0], moves: [-1], size: [""], area: [1] };
      const question = { plans: { today: [], plan: [] }, offers, services: [{ id: known }] };
      const one = { place_id: known, service: name, state: "open" };
      const file = { version: 1, run: { digest: "d" }, decisions: [one] };
      try { return planner.decisions.imported(question, { digest: "d" }, [known], file).forced.size; }
      catch (fault) { return fault.message; }
    }"""
    assert page.evaluate(asked, [name, "care"]) == "not_decisions"
    assert page.evaluate(asked, [name, name]) == 1
