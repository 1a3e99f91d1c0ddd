"""Write again what is generated in this folder: JSON Schema, reference and starter of the study file, findings, tables."""

import re
from pathlib import Path

from findings_page import findings_text

from planner.store.schema import as_markdown
from planner.study.reference import catalogues_text, reference_text, schema_text
from planner.study.starter import starter_text

DOCS = Path(__file__).parent

for name, text in (
    ("study.schema.json", schema_text()),
    ("study-reference.md", reference_text()),
    ("study.starter.yaml", starter_text()),
    ("findings.md", findings_text()),
):
    (DOCS / name).write_text(text, encoding="utf-8", newline="\n")

#: pages that hold tables of the stored folders between two marks, the first of which may name some of them
MARKED = re.compile(r"(<!-- tables of (\w+)(?:: ([\w, ]+))? -->\n).*?(<!-- end of tables -->)", re.DOTALL)


def tables(mark: re.Match[str]) -> str:
    """Return the tables between two marks."""
    head, folder, names, end = mark.groups()
    return f"{head}\n{as_markdown(folder, names.split(', ') if names else None)}\n\n{end}"


for page in ("run-folder.md", "assess.md", "explain.md", "frontier.md", "batch.md", "programme.md"):
    text = (DOCS / page).read_text(encoding="utf-8")
    (DOCS / page).write_text(MARKED.sub(tables, text), encoding="utf-8", newline="\n")

page = DOCS / "standards.md"
head, _, rest = page.read_text(encoding="utf-8").partition("<!-- catalogues -->\n")
_, _, end = rest.partition("<!-- end of catalogues -->")
text = f"{head}<!-- catalogues -->\n{catalogues_text()}\n<!-- end of catalogues -->{end}"
page.write_text(text, encoding="utf-8", newline="\n")
