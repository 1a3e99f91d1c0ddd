"""Contrast of what is drawn on the maps against every class beneath it, by WCAG 2.1: lines have a casing, one of both stands out."""

import re
from importlib import resources

import pytest

from planner.report.cartography import (
    BASE_MAP,
    DIVERGING,
    EMPTY,
    HOMES,
    MUTED,
    RAMP,
    SERVICES,
    STREET,
    outline_colour,
    relative_luminance,
)

LEAST = 3.0
CASING = "#ffffff"


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((relative_luminance(one), relative_luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _over(top: str, share: float, below: str) -> str:
    """Return the colour of ``top`` with an opacity of ``share`` over ``below``."""
    parts = zip(*([int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (top, below)), strict=True)
    return "#" + "".join(f"{round(share * above + (1 - share) * under):02x}" for above, under in parts)


def _of_script(name: str) -> list[str]:
    """Return the colours of a constant of the meeting page's map."""
    text = (resources.files("planner.report") / "web" / "meeting_map.js").read_text(encoding="utf-8")
    found = re.search(rf"const {name} = (.*);", text)
    assert found, name
    return re.findall(r"#[0-9a-f]{6}", found[1])


CLASSES = sorted(
    {
        *RAMP,
        *DIVERGING,
        EMPTY,
        MUTED,
        *(colour for name in ("GAIN", "LOSS", "UNCHANGED") for colour in _of_script(name)),
        *(BASE_MAP[kind] for kind in ("green", "water")),
        *HOMES.values(),
    }
)
SEEN = sorted({*CLASSES, *(_over(BASE_MAP["building"], BASE_MAP["buildingOpacity"], colour) for colour in CLASSES)})


def test_the_classes_of_every_page_are_looked_at():
    assert len(_of_script("GAIN")) == len(_of_script("LOSS")) == 5
    assert len(SEEN) > 40


@pytest.mark.parametrize("below", SEEN)
def test_streets_stand_out(below):
    assert max(_contrast(STREET["line"], below), _contrast(STREET["casing"], below)) >= LEAST


@pytest.mark.parametrize("position", range(len(SERVICES)))
def test_walking_areas_stand_out(position):
    line = outline_colour(position)
    faint = {below: max(_contrast(line, below), _contrast(CASING, below)) for below in SEEN}
    assert min(faint.values()) >= LEAST, min(faint, key=faint.get)


def test_inside_and_edge_of_a_street_stand_out_against_each_other():
    assert _contrast(STREET["line"], STREET["casing"]) >= LEAST


@pytest.mark.parametrize("kind", ["railway", "wall", "border"])
def test_other_lines_stand_out_on_the_ground(kind):
    for below in (MUTED, BASE_MAP["green"], BASE_MAP["water"]):
        assert _contrast(BASE_MAP[kind], below) >= LEAST, (kind, below)
