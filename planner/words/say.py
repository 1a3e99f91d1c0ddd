"""Say a thing of the glossary in Chinese or English."""

from __future__ import annotations

from functools import cache
from typing import Literal

from planner.words.assess import ASSESS
from planner.words.batches import BATCHES
from planner.words.comparisons import COMPARISONS
from planner.words.explanations import EXPLANATIONS
from planner.words.figure_rules import FIGURE_RULES
from planner.words.findings import FINDINGS
from planner.words.frontiers import FRONTIERS
from planner.words.meeting import MEETING
from planner.words.reasons import REASONS
from planner.words.reports import REPORTS
from planner.words.terms import TERMS

Language = Literal["zh", "en"]


def say(key: str, language: Language, /, **values: object) -> str:
    """Return the text of ``key`` in ``language`` with ``values`` put in their places.

    Parameters
    ----------
    key
        Dotted name of a text, e.g. ``coverage`` or ``finding.missing-crs.what``.
    language
        ``zh`` or ``en``.
    **values
        What the places of the text hold (``{count}``, ``{count:,}`` …). They are put in as they are: whoever writes
        HTML or workbook cells escapes the result.

    Raises
    ------
    KeyError
        The glossary has no such key, or a place of the text was given no value.
    """
    text = glossary()[key][language]
    return text.format(**values)


@cache
def glossary() -> dict[str, dict[Language, str]]:
    """Return every text by key: ``{"coverage": {"zh": "覆盖率", "en": "coverage"}, …}``."""
    texts: dict[str, dict[Language, str]] = {key: {"zh": zh, "en": en} for key, (zh, en) in TERMS.items()}
    texts |= {key: {"zh": zh, "en": en} for key, (zh, en) in FIGURE_RULES.items()}
    texts |= {f"batch.{key}": {"zh": zh, "en": en} for key, (zh, en) in BATCHES.items()}
    texts |= {f"compare.{key}": {"zh": zh, "en": en} for key, (zh, en) in COMPARISONS.items()}
    texts |= {f"assess.{key}": {"zh": zh, "en": en} for key, (zh, en) in ASSESS.items()}
    texts |= {f"meeting.{key}": {"zh": zh, "en": en} for key, (zh, en) in MEETING.items()}
    texts |= {f"report.{key}": {"zh": zh, "en": en} for key, (zh, en) in REPORTS.items()}
    texts |= {f"explain.{key}": {"zh": zh, "en": en} for key, (zh, en) in EXPLANATIONS.items()}
    texts |= {f"frontier.{key}": {"zh": zh, "en": en} for key, (zh, en) in FRONTIERS.items()}
    texts |= {f"reason.{key}": {"zh": zh, "en": en} for key, (zh, en) in REASONS.items()}
    for code, parts in FINDINGS.items():
        for part, (zh, en) in parts.items():
            texts[f"finding.{code}.{part}"] = {"zh": zh, "en": en}
    return texts
