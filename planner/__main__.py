"""The command `planner`, by its own name and as `python -m planner`: guarded before anything large is loaded."""

import sys

from planner.errors import INTERRUPTED, LACKS_MEMORY, NOTHING_WRITTEN, TOO_LITTLE_MEMORY, caused_by


def main() -> None:
    """Load the command line and run it; an interrupt or lack of memory meanwhile ends as it does later on."""
    try:
        from planner.cli import main as run  # noqa: PLC0415 - loading it is what is guarded
    except BaseException as fault:
        for kind, text, code in (
            (KeyboardInterrupt, NOTHING_WRITTEN, INTERRUPTED),
            (MemoryError, TOO_LITTLE_MEMORY, LACKS_MEMORY),
        ):
            if caused_by(fault, kind):
                print(text, file=sys.stderr)  # noqa: T201 - nothing else is loaded yet
                sys.exit(code)
        raise
    run()


if __name__ == "__main__":
    main()
