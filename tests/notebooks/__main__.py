"""Execute notebooks and store their outputs: ``python -m tests.notebooks [NAME …]``."""

import sys

from tests.notebooks import NAMES, executed, store

for name in sys.argv[1:] or NAMES:
    store(name, executed(name))
    print(name)  # noqa: T201
