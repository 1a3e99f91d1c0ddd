"""Short digests of everything a run leaves, one for each column, sheet and text, so that a difference names itself.

A change of the house that promises to change nothing is held against these. What differs from run to run or from commit to
commit by design is left out: seconds, the digest over the planner's own code, and versions of packages.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import zipfile
from html.parser import HTMLParser

import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import shapely

DIGITS = 9
"""Significant digits of a number: the last ones differ between processors."""
_UNTIMED = {"timings_s", "seconds", "versions", "digest", "run_id", "inputs", "solver"}


def fingerprint(folder):
    """Return file → part → digest for every file below ``folder``; a part is a column, a sheet, a layer or the words."""
    digests = [
        json.loads(manifest.read_text(encoding="utf-8"))["digest"] for manifest in sorted(folder.rglob("manifest.json"))
    ]
    places = {str(folder), str(folder.resolve())}
    found = {}
    for path in sorted(folder.rglob("*")):
        reader = _READERS.get(path.suffix)
        if path.is_file() and reader is not None and ".cache" not in path.parts:
            found[path.relative_to(folder).as_posix()] = reader(path, [*digests, *places])
    return found


def differences(before, after):
    """Return one line for each file or part that one of two fingerprints lacks, or that differs."""
    lines = []
    for file in sorted(before.keys() | after.keys()):
        if file not in before or file not in after:
            lines.append(f"{file}: {'new' if file not in before else 'gone'}")
            continue
        parts = before[file].keys() | after[file].keys()
        lines += [
            f"{file}: {part} {'new' if part not in before[file] else 'gone' if part not in after[file] else 'differs'}"
            for part in sorted(parts)
            if before[file].get(part) != after[file].get(part)
        ]
    return lines


def _short(*texts):
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode())
        digest.update(b"\0")
    return digest.hexdigest()[:12]


def _number(value):
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else str(value)
    return f"{float(value) + 0.0:.{DIGITS}g}"


def _plain(value):
    """Return a cell or a JSON value as text that does not depend on the type that holds a number."""
    if isinstance(value, dict):
        return json.dumps({key: _plain(inner) for key, inner in sorted(value.items()) if key not in _UNTIMED})
    if isinstance(value, list | tuple | np.ndarray):
        return json.dumps([_plain(inner) for inner in value])
    if isinstance(value, int | float | np.number | np.bool_):
        return _number(value)
    if isinstance(value, bytes):
        return _shape(value)
    return "nan" if value is None or value is pd.NA else str(value)


def _shape(wkb):
    points = shapely.get_coordinates(shapely.from_wkb(wkb))
    return " ".join(f"{number + 0.0:.4f}" for number in points.ravel())


def _columns(table):
    return {str(name): _short(*map(_plain, table[name].tolist())) for name in table.columns}


def _parquet(path, _):
    table = pq.read_table(path)
    return {"rows": str(table.num_rows)} | {
        name: _short(*map(_plain, table.column(name).to_pylist())) for name in table.column_names
    }


def _workbook(path, digests):
    book = openpyxl.load_workbook(path)
    parts = {}
    for sheet in book:
        cells = [cell for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None]
        figures = [cell for cell in cells if isinstance(cell, int | float)]
        parts[f"{sheet.title}: figures"] = _short(*map(_plain, figures))
        parts[f"{sheet.title}: words"] = _short(*(_still(cell, digests) for cell in cells if isinstance(cell, str)))
    book.close()
    return parts


class _Words(HTMLParser):
    """Text that a reader sees, and the data that scripts of type application/json carry."""

    def __init__(self):
        super().__init__()
        self.inside = []
        self.words = []
        self.data = []

    def handle_starttag(self, tag, attributes):
        if tag in {"script", "style"}:
            self.inside.append((tag, dict(attributes).get("type")))

    def handle_endtag(self, tag):
        if tag in {"script", "style"} and self.inside:
            self.inside.pop()

    def handle_data(self, data):
        if not self.inside:
            if data.strip():
                self.words.append(" ".join(data.split()))
        elif self.inside[-1] == ("script", "application/json"):
            self.data.append(data)


def _page(path, digests):
    text = _still(path.read_text(encoding="utf-8"), digests)
    words = _Words()
    words.feed(text)
    return {"words": _short(*words.words), "data": _short(*words.data), "whole": _short(text)}


def _still(text, digests):
    """Return ``text`` without digests of runs, which change with the planner's code, of the page's own scripts, and the folder."""
    for digest in digests:
        text = text.replace(digest, "DIGEST")
        if re.fullmatch("[0-9a-f]{12,}", digest):
            text = text.replace(digest[:12], "DIGEST")
    return re.sub(r"sha256-[A-Za-z0-9+/=]{44}", "SHA256", text)


def _json(path, digests):
    found = json.loads(_still(path.read_text(encoding="utf-8"), digests))
    if not isinstance(found, dict):
        return {"all": _short(_plain(found))}
    return {key: _short(_plain(value)) for key, value in found.items() if key not in _UNTIMED}


def _text(path, digests):
    return {"whole": _short(_still(path.read_text(encoding="utf-8"), digests))}


def _layers(path, _):
    return {
        f"{layer}: {part}": digest
        for layer, _ in pyogrio.list_layers(path)
        for part, digest in _columns(pyogrio.read_dataframe(path, layer=layer, fid_as_index=False)).items()
    }


def _zipped(path, _):
    with zipfile.ZipFile(path) as archive:
        return {name: hashlib.sha256(archive.read(name)).hexdigest()[:12] for name in sorted(archive.namelist())}


_READERS = {
    ".parquet": _parquet,
    ".xlsx": _workbook,
    ".html": _page,
    ".json": _json,
    ".geojson": _json,
    ".md": _text,
    ".csv": _text,
    ".txt": _text,
    ".svg": _text,
    ".yaml": _text,
    ".gpkg": _layers,
    ".zip": _zipped,
}
