"""Notebooks of the documentation: execute one, and what its cells print. ``python -m tests.notebooks`` stores the outputs again."""

import os

import nbformat
from nbclient import NotebookClient

from tests.conftest import REPOSITORY

FOLDER = REPOSITORY / "docs" / "notebooks"
NAMES = sorted(path.stem for path in FOLDER.glob("*.ipynb"))
CELL_LIMIT_S = 300
PICTURE = "image/png"


def path_of(name):
    return FOLDER / f"{name}.ipynb"


def stored(name):
    return nbformat.read(path_of(name), as_version=4)


def executed(name):
    """Return the notebook executed by this interpreter, in its folder, with this checkout's planner."""
    notebook = stored(name)
    client = NotebookClient(
        notebook, timeout=CELL_LIMIT_S, record_timing=False, resources={"metadata": {"path": FOLDER}}
    )
    client.execute(
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    )
    return notebook


def store(name, notebook):
    """Write an executed notebook without what differs from run to run."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            output.pop("metadata", None) if output.output_type == "stream" else output.update(metadata={})
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    nbformat.validate(notebook)
    nbformat.write(notebook, path_of(name))


def printed(notebook):
    """Return what each code cell prints and shows as text, pictures by their number alone: (source, text, pictures)."""
    rows = []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        text, pictures = [], 0
        for output in cell.outputs:
            if output.output_type == "stream":
                text.append(f"{output.name}: {output.text}")
            elif output.output_type == "error":
                text.append(f"{output.ename}: {output.evalue}")
            elif PICTURE in output.data:
                pictures += 1
            else:
                text.append(output.data["text/plain"])
        rows.append((cell.source, "".join(text), pictures))
    return rows
