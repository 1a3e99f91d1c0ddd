"""What the data doctor says: finding → part (what, hint) → (中文, English)."""

from planner.words.findings.figures import FIGURES
from planner.words.findings.files import FILES
from planner.words.findings.shapes import SHAPES
from planner.words.findings.streets import STREETS

FINDINGS: dict[str, dict[str, tuple[str, str]]] = {**FILES, **SHAPES, **FIGURES, **STREETS}

__all__ = ["FIGURES", "FILES", "FINDINGS", "SHAPES", "STREETS"]
