"""What is kept is kept for exactly what it depends on, survives damage and company, and stays within its limit."""

import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from planner.store.cache import Cache, default_folder
from planner.store.locks import locked
from tests.conftest import REPOSITORY


def _maker(made, value=7):
    def make():
        made.append(value)
        return np.full(1000, value)

    return make


def _hows(cache):
    return [recall.how for recall in cache.events]


def test_made_once_then_at_hand_then_kept(tmp_path):
    made = []
    cache = Cache(tmp_path)
    first = cache.get_or_compute("walks of elder", {"a": "1"}, _maker(made))
    assert cache.get_or_compute("walks of elder", {"a": "1"}, _maker(made)).value is first.value
    other = Cache(tmp_path)
    again = other.get_or_compute("walks of elder", {"a": "1"}, _maker(made))
    np.testing.assert_array_equal(again.value, first.value)
    assert again.digest == first.digest
    assert len(made) == 1
    assert _hows(cache) + _hows(other) == ["made", "at hand", "kept"]
    assert not list(tmp_path.rglob("*.part"))
    assert not list(tmp_path.glob("locks/*"))


def test_another_ingredient_or_stage_is_another_result(tmp_path):
    made = []
    cache = Cache(tmp_path)
    for stage, ingredients in [("x", {"a": "1"}), ("x", {"a": "2"}), ("x", {"b": "1"}), ("y", {"a": "1"})]:
        cache.get_or_compute(stage, ingredients, _maker(made))
    assert len(made) == 4


def test_what_is_missing_is_made_in_one_call_and_kept_one_by_one(tmp_path):
    calls = []

    def make(names):
        calls.append(list(names))
        return {name: np.full(3, len(name)) for name in names}

    wanted = {name: {"a": name} for name in ("adult", "elder", "frail")}
    Cache(tmp_path).get_or_compute("walks of elder", {"a": "elder"}, lambda: np.full(3, 5))
    cache = Cache(tmp_path)
    found = cache.get_or_compute_each("walks", wanted, make)
    assert calls == [["adult", "frail"]]
    assert {name: one.value.tolist() for name, one in found.items()} == {name: [5, 5, 5] for name in wanted}
    assert {recall.stage: recall.how for recall in cache.events} == {
        "walks of elder": "kept",
        "walks of adult": "made",
        "walks of frail": "made",
    }
    assert list(found) == list(wanted)
    other = Cache(tmp_path)
    assert other.get_or_compute("walks of frail", {"a": "frail"}, lambda: 0).digest == found["frail"].digest
    assert other.get_or_compute_each("walks", wanted, make)["adult"].digest == found["adult"].digest
    assert _hows(other) == ["kept", "at hand", "kept", "kept"]
    assert len(calls) == 1
    assert not list(tmp_path.glob("locks/*"))


def test_two_who_need_the_same_in_another_order_make_it_once_and_never_wait_for_each_other(tmp_path):
    calls, names = [], ["adult", "elder", "frail", "quick"]

    def ask(order):
        def make(missing):
            calls.append(sorted(missing))
            time.sleep(0.2)
            return {name: np.full(3, 1) for name in missing}

        return Cache(tmp_path).get_or_compute_each("walks", {name: {"a": name} for name in order}, make)

    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(ask, order) for order in (names, names[::-1])]
        assert all(len(one.result(timeout=60)) == 4 for one in both)
    assert calls == [names]


def test_it_says_why(tmp_path):
    cache = Cache(tmp_path)
    cache.get_or_compute("x", {"a": "1", "b": "1", "c": "1"}, _maker([]))
    cache.get_or_compute("x", {"a": "1", "b": "2", "c": "1"}, _maker([]))
    cache.get_or_compute("x", {"a": "2", "b": "2", "c": "1"}, _maker([]))
    other = Cache(tmp_path)
    other.get_or_compute("x", {"a": "2", "b": "2", "c": "1"}, _maker([]))
    assert [recall.why for recall in (*cache.events, *other.events)] == [
        "none is kept yet",
        "differs from the nearest one kept in b",
        "differs from the nearest one kept in a",
        "all of a, b, c as they were",
    ]


@pytest.mark.parametrize("harm", ["cut", "swap", "lose", "garble"])
def test_a_damaged_entry_is_made_again(tmp_path, harm):
    made = []
    Cache(tmp_path).get_or_compute("x", {"a": "1"}, _maker(made))
    (arrays,) = tmp_path.glob("x/*/arrays.npz")
    if harm == "cut":
        arrays.write_bytes(arrays.read_bytes()[:-9])
    elif harm == "swap":
        np.savez(arrays, a0=np.zeros(1000))
    elif harm == "lose":
        arrays.unlink()
    else:
        (arrays.parent / "entry.json").write_text("{")
    for _ in range(2):
        value = Cache(tmp_path).get_or_compute("x", {"a": "1"}, _maker(made)).value
        np.testing.assert_array_equal(value, np.full(1000, 7))
    assert len(made) == 2


def test_it_can_be_deleted_at_any_time(tmp_path):
    made = []
    cache = Cache(tmp_path / "cache")

    def make():
        shutil.rmtree(tmp_path / "cache")
        return _maker(made)()

    cache.get_or_compute("x", {"a": "1"}, make)
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)
    cache.get_or_compute("x", {"a": "2"}, _maker(made))
    assert len(list((tmp_path / "cache").glob("x/*"))) == 1


def test_what_cannot_be_kept_is_still_made(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    assert Cache(tmp_path / "file").get_or_compute("x", {}, lambda: 3).value == 3
    assert Cache(tmp_path / "cache").get_or_compute("x", {}, lambda: {1, 2}).value == {1, 2}
    assert sum("is not kept" in record.getMessage() for record in caplog.records) == 2
    assert not list((tmp_path / "cache").glob("x/*"))


def test_a_disk_that_is_full_leaves_nothing_half(tmp_path, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    assert Cache(tmp_path).get_or_compute("x", {}, lambda: 3).value == 3
    assert not list(tmp_path.glob("x/*"))


def test_a_failure_keeps_nothing_and_lets_others_try(tmp_path):
    cache = Cache(tmp_path)

    def fail():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        cache.get_or_compute("x", {}, fail)
    assert cache.get_or_compute("x", {}, lambda: 3).value == 3


def test_what_is_not_worth_keeping_is_not_kept(tmp_path):
    cache = Cache(tmp_path)
    seen = [cache.get_or_compute("x", {}, lambda n=n: n, store_if=lambda n: n == 2).value for n in (1, 2, 3)]
    assert seen == [1, 2, 2]


def test_the_longest_out_of_use_goes_first(tmp_path):
    cache = Cache(tmp_path, limit_bytes=30_000)  # each entry has about 8.5 kB
    for k in range(3):
        cache.get_or_compute("x", {"a": str(k)}, _maker([]))
        _age(tmp_path, seconds=10)
    Cache(tmp_path).get_or_compute("x", {"a": "0"}, _maker([]))  # used again
    cache.get_or_compute("x", {"a": "3"}, _maker([]))
    kept = {json.loads(path.read_text())["depends_on"]["a"] for path in tmp_path.glob("x/*/entry.json")}
    assert kept == {"0", "2", "3"}


def test_what_a_dead_process_left_is_swept_after_a_day(tmp_path):
    for name, age_s in (("old", 2 * 24 * 3600), ("new", 60)):
        left = tmp_path / "x" / f".{name}.part"
        left.mkdir(parents=True)
        os.utime(left, (time.time() - age_s,) * 2)
    Cache(tmp_path).get_or_compute("x", {}, lambda: 3)
    assert [path.name for path in tmp_path.glob("x/.*.part")] == [".new.part"]


def _age(folder, *, seconds):
    for path in folder.rglob("entry.json"):
        then = path.stat().st_mtime - seconds
        os.utime(path, (then, then))


WORK = """
import sys, time
from pathlib import Path
from planner.store.cache import Cache
def make():
    with open(sys.argv[2], "a") as log:
        log.write("made\\n")
    time.sleep(0.5)
    return 5
assert Cache(Path(sys.argv[1])).get_or_compute("x", {"a": "1"}, make).value == 5
"""


@pytest.mark.deep
def test_processes_that_want_the_same_make_it_once(tmp_path):
    words = [sys.executable, "-c", WORK, str(tmp_path / "cache"), str(tmp_path / "log")]
    working = [subprocess.Popen(words, cwd=REPOSITORY) for _ in range(4)]
    assert [process.wait(60) for process in working] == [0] * 4
    assert (tmp_path / "log").read_text() == "made\n"


def test_a_lock_ends_with_its_holder(tmp_path):
    hold = "import sys, time; from pathlib import Path; from planner.store.locks import locked\n"
    hold += "with locked(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    path = tmp_path / "locks" / "a.lock"
    holder = subprocess.Popen([sys.executable, "-c", hold, str(path)], cwd=REPOSITORY, stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    with locked(path, wait=False) as mine:
        assert not mine
    holder.kill()
    with locked(path) as mine:
        assert mine
    holder.wait()
    holder.stdout.close()
    assert not path.exists()


def test_where_results_are_kept(monkeypatch, tmp_path):
    monkeypatch.delenv("PLANNER_CACHE", raising=False)
    assert default_folder(tmp_path) == tmp_path / ".cache"
    monkeypatch.setenv("PLANNER_CACHE", str(tmp_path / "x"))
    assert default_folder(tmp_path) == tmp_path / "x"
    monkeypatch.setenv("PLANNER_CACHE", "off")
    assert default_folder(tmp_path) is None
