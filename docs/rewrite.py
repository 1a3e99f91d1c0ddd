"""Write the generated pages of this folder again: JSON Schema, reference and starter of the study file, and the findings."""

from pathlib import Path

from planner.study.reference import reference_text, schema_text
from planner.study.starter import starter_text
from planner.words.page import findings_text

DOCS = Path(__file__).parent

for name, text in (
    ("study.schema.json", schema_text()),
    ("study-reference.md", reference_text()),
    ("study.starter.yaml", starter_text()),
    ("findings.md", findings_text()),
):
    (DOCS / name).write_text(text, encoding="utf-8", newline="\n")
