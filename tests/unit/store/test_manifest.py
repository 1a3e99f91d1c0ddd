"""No file and no answer holds a bare Infinity or NaN, which JSON does not know."""

import dataclasses
import json

import numpy as np

from planner.store.manifest import Manifest, plain_json
from tests.unit.report.small_run import small_run


def strict(text):
    return json.loads(text, parse_constant=lambda name: (_ for _ in ()).throw(ValueError(name)))


def test_what_is_not_finite_is_null_at_any_depth():
    value = {"a": [1.5, float("inf"), {"b": (float("nan"), -float("inf"))}], "c": np.float64("inf"), "d": "Infinity"}
    assert strict(plain_json(value)) == {"a": [1.5, None, {"b": [None, None]}], "c": None, "d": "Infinity"}


def test_a_manifest_is_plain_json_and_comes_back():
    manifest = small_run().manifest
    result = dataclasses.replace(manifest.result, objective=float("inf"), gap=float("inf"), bound=float("nan"))
    told = strict(dataclasses.replace(manifest, result=result).as_json())
    assert [told["result"][name] for name in ("objective", "bound", "gap")] == [None, None, None]
    assert Manifest.from_json(json.dumps(told)).result.objective is None
