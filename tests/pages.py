"""Tables of the documentation, read as a planner reads them, to be held against the files they describe."""

import re

import pyarrow as pa
import pyarrow.parquet as pq

from tests.conftest import REPOSITORY

#: tables with a geometry
GEOGRAPHIC = {"communities", "demand", "places", "circles", "streets", "ground"}


def page(name):
    return (REPOSITORY / "docs" / name).read_text(encoding="utf-8")


def rows(text, heading):
    """Rows of the first table below a heading: lists of cells."""
    section = text.split(f"\n{heading}\n", 1)[1].split("\n#", 1)[0]
    cells = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip()[1:-1])]
        for line in section.splitlines()
        if line[:1] == "|"
    ]
    return cells[2:]


def described(text, table, study):
    """Columns of a table as the page says, its placeholders filled in: name → type."""
    filled = {
        "people_<group>": [f"people_{group}" for group in study.groups],
        "people_<service>": [f"people_{service.id}" for service in study.services],
        "reached_<service>": [f"reached_{service.id}" for service in study.services],
        "<roll_up>": study.layers.communities.roll_up,
        "pays_<department>": [f"pays_{department}" for department in study.budgets.departments],
    }
    found = {}
    for name, kind, *_ in rows(text, f"### {table}"):
        plain = name.strip("`")
        found |= dict.fromkeys(filled.get(plain, [plain]), kind)
    return found


def stored(path, *, geographic=False):
    """Columns of a parquet file: name → type, by the words of the pages."""
    return {field.name: _kind(field, geographic) for field in pq.read_schema(path)}


def _kind(field, geographic):
    kinds = {
        "geometry": geographic and field.name == "geometry",
        "category": pa.types.is_dictionary(field.type),
        "text": pa.types.is_string(field.type) or pa.types.is_large_string(field.type),
        "float": pa.types.is_floating(field.type),
        "int": pa.types.is_integer(field.type),
        "bool": pa.types.is_boolean(field.type),
    }
    return next(kind for kind, fits in kinds.items() if fits)
