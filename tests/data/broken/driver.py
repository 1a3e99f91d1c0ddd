"""What every fuzzer does with its numbers: one damage each, always the same, in a folder of its own."""

import contextlib
import gc
import random
import resource
import sys
import tempfile
import time
import traceback
from pathlib import Path

from planner.errors import PlannerError
from planner.io.table import UnreadableError

WORDS = (b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f")


def damaged(content, luck):
    """Change, cut, repeat or drop a few bytes; the head of a file as often as all the rest."""
    content = bytearray(content)
    for _ in range(luck.choice([1, 1, 2, 4, 16])):
        if not content:
            break
        at = luck.randrange(len(content)) if luck.random() < 0.5 else luck.randrange(min(len(content), 120))
        match luck.randrange(6):
            case 0:
                content[at] = luck.randrange(256)
            case 1:
                content[at : at + luck.randrange(1, 9)] = luck.randbytes(luck.randrange(1, 9))
            case 2:
                del content[at : at + luck.randrange(1, 200)]
            case 3:
                del content[at:]
            case 4:
                content[at:at] = content[at : at + luck.randrange(1, 100)]
            case _:
                content[at : at + 4] = luck.choice(WORDS)
    return bytes(content)


def run(attempts, first, last, *, most_s, most_kb=None):
    """Make attempt ``number % len(attempts)`` for every number, and print a line for each that did not end as it should.

    Findings and errors of the planner are what should come; anything else raised, more than ``most_s`` seconds of computing
    and more than ``most_kb`` of memory are printed. ``done`` is printed last.

    Memory is that of one file: what the file before left in reference cycles (xlsxwriter keeps all cells of a sheet in one)
    is collected first, and the peak is counted anew.
    """
    for number in range(first, last):
        gc.collect()
        _forget_peak()
        luck = random.Random(number)  # noqa: S311 - damage, not secrets
        began = time.process_time()
        with tempfile.TemporaryDirectory() as place:
            try:
                attempts[number % len(attempts)](luck, Path(place))
            except (PlannerError, UnreadableError):
                pass
            except Exception:  # noqa: BLE001 - anything else is what is looked for
                print(number, traceback.format_exc(limit=-2).replace("\n", " | "), flush=True)
        if time.process_time() - began > most_s:
            print(number, "took", round(time.process_time() - began), "seconds", flush=True)
        if most_kb is not None and (peak_kb := _peak_kb()) > most_kb:
            print(number, "took", peak_kb, "kB, more than", most_kb, flush=True)
    print("done", flush=True)


def _forget_peak():
    """Begin to count the peak of memory anew, where the system can (Linux)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak_kb():
    """Return the most memory since `_forget_peak`, in kB; since the start of the process where that is not known."""
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def numbers():
    """Return the first number and the one after the last, from the command line."""
    return int(sys.argv[1]), int(sys.argv[2])
