"""The package as a graph: no import circles, not even for types; no module that is two; no private names for packages."""

import ast

import networkx as nx
import pytest

from tests.conftest import REPOSITORY

PACKAGE = REPOSITORY / "planner"
MOST_LINES = 600
BANNED = {
    "utils",
    "helpers",
    "common",
    "misc",
    "bare",
    "posing",
    "question",
    "counting",
    "reasons",
    "words",
    "runs",
    "today",
    "aside",
}


def modules():
    return {
        ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def imports_of(path, known):
    """Yield the modules that one names at its top, those for types alone included; imports inside functions are deferred."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = [node for node in tree.body if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
    for node in (inner for outer in top for inner in ast.walk(outer)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module in known:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in known else node.module


@pytest.mark.deep
def test_there_is_no_import_circle_not_even_for_types():
    known = modules()
    graph = nx.DiGraph()
    for name, path in known.items():
        graph.add_edges_from((name, other) for other in imports_of(path, known) if other != name)
    circles = [sorted(part) for part in nx.strongly_connected_components(graph) if len(part) > 1]
    assert circles == []


def test_no_module_is_too_long_to_be_one_idea():
    long = {
        name: n
        for name, path in modules().items()
        if (n := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    assert long == {}


def test_names_are_those_a_specialist_knows():
    assert {part for name in modules() for part in name.split(".")} & BANNED == set()
