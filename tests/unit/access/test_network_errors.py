"""Whatever is said of streets is said in Chinese and in English, with the same figures."""

import re

import pytest

from planner.access.network import STREETS, StreetsError, network_error, network_note
from planner.errors import LayerError, PlannerError
from planner.i18n import messages
from tests.conftest import REPOSITORY

CODE = "\n".join(path.read_text(encoding="utf-8") for path in sorted((REPOSITORY / "planner" / "access").glob("*.py")))
FACTS = {
    "near_m": 0.5,
    "within_m": 5.0,
    "pieces": 3,
    "before": 0.61,
    "after": 0.88,
    "least_m": 80.0,
    "gone_m": 40.0,
    "share": 0.123,
    "gates": 2,
    "streets": 9,
    "fault": "X",
    "said": "X",
    "system": "X",
    "near": "",
    "crs": "X",
    "reason": "@crs.degrees",
    "read": "X",
    "least": -32768.0,
    "length_m": 120.0,
    "most": 1.0,
    "columns": "X",
    "column": "X",
    "classes": "X",
    "area_m2": 400.0,
    "megabytes": 12.0,
}
SAID = sorted(
    set(re.findall(r'(?:network_note|network_error)\(\s*"([a-z-]+)"', CODE)) | {"lines-joined", "lines-apart"}
)


def test_the_code_says_nothing_of_streets_but_by_the_glossary():
    assert set(SAID) <= {key.split(".")[1] for key in messages("en") if key.startswith("finding.")}
    assert len(SAID) >= 20
    assert not re.search(r"raise LayerError\(\s*f?\"\{path\}", CODE)
    assert not re.search(r"notes=\(\*?[^)]*f\"", CODE)


@pytest.mark.parametrize("code", SAID)
def test_every_remark_speaks_both_languages(code):
    told = network_note(code, count=1234, **FACTS)
    zh, en = told.text("zh"), told.text("en")
    assert re.search(r"[\u4e00-\u9fff]{3}", zh.split(code)[1])
    assert not re.search(r"[\u4e00-\u9fff]", en)
    assert not re.search(r"[a-z]+ [a-z]+ [a-z]+", zh.split(code)[1])
    figures = [re.findall(r"\d[\d,.]*%?", text.replace(",", "")) for text in (told.what("zh"), told.what("en"))]
    assert sorted(figures[0]) == sorted(figures[1])


def test_an_error_of_streets_is_worded_in_either_language():
    fault = network_error("streets-astray", "streets.osm", count=3, system="UTM\n50")
    assert isinstance(fault, LayerError | PlannerError)
    assert fault.exit_code == 4
    assert str(fault) == f"{STREETS} (streets.osm): 3 street nodes cannot be placed in UTM 50 → choose the local system"
    assert (
        str(StreetsError(fault.finding, "zh"))
        == f"{STREETS} (streets.osm): 3 个道路节点无法换算到 UTM 50 → 选用当地的坐标系"
    )
