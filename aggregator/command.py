"""Runs a command of the operator's: a text on its standard input, its exit code is the answer."""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from aggregator.errors import NoticeError


async def run_command(command: Sequence[str], text: bytes, *, within: timedelta) -> None:
    """Run `command` without a shell, give it `text` and wait for its end; what it complains about goes to our stderr.

    Raises `NoticeError` when it cannot be started, ends with another exit code than 0, or does not end within
    that time: then it is killed with all that it has started.
    """
    name = command[0]
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=DEVNULL, start_new_session=True
        )
    except (OSError, ValueError) as exc:
        raise NoticeError(f"{name} cannot be started: {getattr(exc, 'strerror', None) or exc}") from exc
    try:
        async with asyncio.timeout(within.total_seconds()):
            await process.communicate(text)
    except TimeoutError as exc:
        raise NoticeError(f"{name} has not ended within {within.total_seconds():g} s and was killed") from exc
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):  # the whole group: a script may have started others
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if process.returncode:
        raise NoticeError(f"{name} ended with exit code {process.returncode}")
