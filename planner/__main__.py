"""`python -m planner` is the command `planner`."""

import sys

try:
    from planner.cli import main
except KeyboardInterrupt:  # pressed while the command line was loaded
    print("interrupted; nothing was written", file=sys.stderr)  # noqa: T201 - nothing else is loaded yet
    sys.exit(130)

main()
