"""Names that outputs show as they are: codes and tags in layers, and columns, sizes, walkers and scenarios without a label."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from planner.district.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.district.district import District
    from planner.study import Study

#: names that a finding lists
NAMED = 5
_RAW = re.compile(
    r"""^\d{6,}$                    # a code of a census
    | \w_\w                         # an id: town_hall
    | \b[nwr]\d{6,}\b               # an object of OpenStreetMap
    | [:;]-?[()DP]                  # a smiley
    | ^[a-z][a-z_ ]*,\             # a tag before a street: commercial, Main Street
    | [-,;:]$                       # cut off in the middle""",
    re.VERBOSE,
)


def looks_raw(name: str) -> bool:
    """Return whether a name looks like a code, an id, a tag or a fragment.

    >>> [looks_raw(name) for name in ("HKB :)", "commercial, Juri-Gagarin-Ring", "13121705207", "Rés da Rua", "幸福社区")]
    [True, True, True, False, False]
    """
    return _RAW.search(name.strip()) is not None


def check_names(study: Study, district: District) -> Iterator[Finding]:
    """Yield a warning for each layer with names that look raw, and for each sort of thing in the study that has no label."""
    layers = {
        "layers.communities": district.communities,
        "layers.facilities": district.facilities,
        "layers.candidates": district.sites,
    }
    for layer, frame in layers.items():
        raw = [
            (str(row), str(name)) for row, name in zip(frame["id"], frame["name"], strict=True) if looks_raw(str(name))
        ]
        if raw:
            rows = tuple(row for row, _ in raw[:20])
            names = _few([name for _, name in raw])
            yield Finding("raw-name", "warning", layer, "", rows, len(raw), {"names": names})
    for key, unnamed in _without_label(study).items():
        if unnamed:
            yield Finding("no-label", "warning", key, "", (), len(unnamed), {"names": _few(unnamed)})


def _few(names: list[str]) -> str:
    """Return the first names in one line."""
    different = list(dict.fromkeys(names))
    return "; ".join([*different[:NAMED], *(["…"] if len(different) > NAMED else [])])


def _without_label(study: Study) -> dict[str, list[str]]:
    """Return key of the study → what outputs show by its id for want of a label."""
    communities = study.layers.communities
    return {
        "layers.communities.roll_up_names": [
            one for one in communities.roll_up if one not in communities.roll_up_names
        ],
        "walking.profiles.*.name": [one for one in study.walking.profiles if study.walking.profiles[one].name is None],
        "services.*.sizes.*.name": [
            f"{service.id}.{size.id}" for service in study.services for size in service.sizes if size.name is None
        ],
        "scenarios.*.label": [scenario.name for scenario in study.scenarios if scenario.label is None],
    }
