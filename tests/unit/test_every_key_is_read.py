"""A key of the study that no code reads promises what nothing does: every field of every block is read somewhere outside the schema."""

import ast
import inspect

import pytest

import planner
from planner.study import Block, Study
from tests.conftest import REPOSITORY

pytestmark = pytest.mark.deep

#: read by whoever opens the file, not by the planner: the version of the format, and notes of where a figure comes from
BY_HAND = {("Study", "version")}


def blocks():
    """Every block of the study file, found through the types of its fields."""
    found, open_ends = {}, [Study]
    while open_ends:
        block = open_ends.pop()
        if block.__name__ in found:
            continue
        found[block.__name__] = block
        for field in block.model_fields.values():
            open_ends += [kind for kind in parts(field.annotation) if inspect.isclass(kind) and issubclass(kind, Block)]
    return found


def parts(annotation):
    inner = getattr(annotation, "__args__", ())
    return [annotation, *(part for one in inner for part in parts(one))]


def read_names(trees):
    """Names that some code takes from an object: as an attribute, or as the text given to getattr or kept in a tuple of fields."""
    found = set()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                found.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
                found.add(node.value)
    return found


def trees_of_the_planner():
    """Every module of the planner; validators of the schema itself count as no reader."""
    for path in sorted((REPOSITORY / "planner").rglob("*.py")):
        if path.parts[-2:-1] == ("words",) or path.name in {"starter.py", "reference.py"}:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if path.parent.name == "study":
            tree.body = [without_validators(node) for node in tree.body]
        yield tree


def without_validators(node):
    if isinstance(node, ast.ClassDef):
        node.body = [part for part in node.body if not (isinstance(part, ast.FunctionDef) and checks(part))]
    return node


def checks(function):
    return any(
        "validator" in ast.unparse(decorator) for decorator in function.decorator_list
    ) or function.name.startswith("_unknown")


def unread(found, names):
    return sorted(
        f"{block}.{field}"
        for block, kind in found.items()
        for field in kind.model_fields
        if field not in names and (block, field) not in BY_HAND
    )


def test_every_key_of_the_schema_is_read_by_some_code():
    assert planner.__file__.startswith(str(REPOSITORY))
    found = blocks()
    assert len(found) > 30
    assert unread(found, read_names(trees_of_the_planner())) == []


def test_a_key_that_nothing_reads_is_named():
    class Promise(Block):
        kept_by_nobody_at_all: bool = False

    assert unread({"Promise": Promise}, read_names(trees_of_the_planner())) == ["Promise.kept_by_nobody_at_all"]
