"""The page of documentation that lists what the data doctor can say."""

from __future__ import annotations

import re

from planner.words.findings import FIGURES, FILES, SHAPES, STREETS

_PLACE = re.compile(r"\{[^{}]*\}")
_SECTIONS = {
    "Files, encodings, columns": FILES,
    "Coordinates, shapes, places": SHAPES,
    "Figures, people, services, sites": FIGURES,
    "Streets": STREETS,
}


def findings_text() -> str:
    """Return ``docs/findings.md``: every finding by name, in both languages."""
    lines = [
        "# Findings",
        "",
        "What `planner check` can say. Each finding names its layer, file and rows, the figures it rests on, and how to mend it;",
        "`…` stands for those figures here. Written by `docs/rewrite.py` from the glossary.",
    ]
    for title, findings in _SECTIONS.items():
        lines += ["", f"## {title}", "", "| finding | 中文 | English |", "|---|---|---|"]
        for code, parts in findings.items():
            chinese, english = (_PLACE.sub("…", text).replace("|", "\\|") for text in parts["what"])
            lines.append(f"| `{code}` | {chinese} | {english} |")
    return "\n".join(lines) + "\n"
