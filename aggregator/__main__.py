"""`python -m aggregator` and the `aggregator` command."""

import gc
import os
import signal
import sys
from collections.abc import Sequence

OPTIONS_WITH_VALUE = {"-c", "--config", "--log-format"}  # that may stand before the command


def main() -> None:
    """Run the command line; signals that come while the daemon is still being loaded count too.

    There is nothing to end yet, and an exception would be taken for one of its own by whatever is being loaded.
    """
    if _command(sys.argv[1:]) == "run":
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # it is about to read the configuration anyway
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: os._exit(0))
    gc.disable()  # until the command is loaded: nothing of it is garbage, and looking takes a fifth of the time
    from aggregator.cli import main as run_command_line  # noqa: PLC0415 - signals first

    run_command_line()


def _command(arguments: Sequence[str]) -> str | None:
    """Return which command is asked for: "run" may be the name of a source, or a word to search for, as well."""
    left = iter(arguments)
    for one in left:
        if one in OPTIONS_WITH_VALUE:
            next(left, None)
        elif not one.startswith("-"):
            return one
    return None


if __name__ == "__main__":
    main()
