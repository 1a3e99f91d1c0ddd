"""How many random problems a property is tried on: a part of them in the gate, all of them behind ``make test-scale``."""

import os

ALL = os.environ.get("PLANNER_TEST_DEPTH") == "all"


def some(seeds, part=5):
    """Return the first of ``part`` parts of ``seeds``, two at least; all of them where ``PLANNER_TEST_DEPTH=all``.

    >>> some(range(100, 150))
    range(100, 110)
    """
    return seeds if ALL else seeds[: max(2, -(-len(seeds) // part))]


def enough(count, part=5):
    """Return how many of ``count`` problems of a kind are to be met where only some seeds are tried."""
    return count if ALL else max(0, count // (2 * part) - 1)
