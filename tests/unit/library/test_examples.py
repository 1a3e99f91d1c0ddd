"""Every public name shows itself working: its example runs, and says what it prints."""

import doctest
import importlib
import pkgutil

import pytest

import planner
import planner.library

MODULES = [
    importlib.import_module(f"planner.library.{module.name}")
    for module in pkgutil.iter_modules(planner.library.__path__)
]
EXAMPLES = {
    example.name: example
    for module in MODULES
    for example in doctest.DocTestFinder(exclude_empty=True).find(module)
    if example.examples
}
PUBLIC = [name for name in planner.__all__ if name != "__version__"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_runs(name):
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    written = []
    runner.run(EXAMPLES[name], out=written.append)
    assert runner.failures == 0, "".join(written)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_has_an_example(name):
    thing = getattr(planner, name)
    assert f"{thing.__module__}.{thing.__qualname__}" in EXAMPLES
