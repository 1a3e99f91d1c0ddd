"""The page of documentation that lists every finding of `planner check`, in Chinese and English."""

from __future__ import annotations

import re

from babel.messages.pofile import read_po

from planner.i18n.catalogue import FOLDER, messages

_FIELD = re.compile(r"\{[^{}]*\}")
_SECTIONS = {
    "Files, encodings, columns": "files",
    "Coordinates, shapes, places": "shapes",
    "Figures, people, services, sites": "figures",
    "Streets": "streets",
}


def findings_text() -> str:
    """Return ``docs/findings.md``: every finding by code, in both languages."""
    lines = [
        "# Findings",
        "",
        "What `planner check` can say. Each finding names its layer, file and rows, the figures it rests on, and how to mend it;",
        "`…` stands for those figures here. Written by `docs/rewrite.py` from the message catalogues.",
    ]
    for title, section in _SECTIONS.items():
        lines += ["", f"## {title}", "", "| finding | 中文 | English |", "|---|---|---|"]
        for key in _keys(section):
            chinese, english = (
                _FIELD.sub("…", messages(language)[key]).replace("|", "\\|") for language in ("zh", "en")
            )
            lines.append(f"| `{key.split('.')[1]}` | {chinese} | {english} |")
    return "\n".join(lines) + "\n"


def _keys(section: str) -> list[str]:
    """Return the keys of what the findings of one catalogue say, in its order."""
    with (FOLDER / "en" / f"findings_{section}.po").open("rb") as file:
        keys = [str(message.id) for message in read_po(file)]
    return [key for key in keys if key.endswith(".what")]
