"""A command of the operator's, run for real."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.command import run_command
from aggregator.errors import NoticeError

SOON = timedelta(seconds=20)


async def test_it_is_given_the_text(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    text = b"Subject: x\r\n\r\n" + b"y" * 300_000
    await run_command(["/bin/sh", "-c", f"cat >{kept}"], text, within=SOON)
    assert kept.read_bytes() == text


async def test_it_need_not_read() -> None:
    await run_command(["/bin/true"], b"y" * 300_000, within=SOON)


async def test_another_exit_code_is_an_error() -> None:
    with pytest.raises(NoticeError, match="exit code 3"):
        await run_command(["/bin/sh", "-c", "exit 3"], b"", within=SOON)


async def test_what_does_not_end_is_killed_with_what_it_started(tmp_path: Path) -> None:
    noted = tmp_path / "pid"
    script = f"sleep 600 & echo $! >{noted}; wait"
    with pytest.raises(NoticeError, match="not ended within 1 s"):
        await run_command(["/bin/sh", "-c", script], b"", within=timedelta(seconds=1))
    child = int(noted.read_text())
    for _ in range(100):
        if _has_ended(child):
            return
        await asyncio.sleep(0.05)
    pytest.fail("its child lives on")


def _has_ended(pid: int) -> bool:
    try:
        return ") Z " in Path(f"/proc/{pid}/stat").read_text()  # nobody has asked for its exit code yet
    except FileNotFoundError:
        return True


async def test_a_helper_in_the_background_may_go_on(tmp_path: Path) -> None:
    """As sendmail does when it delivers."""
    kept = tmp_path / "kept"
    started = asyncio.get_running_loop().time()
    await run_command(["/bin/sh", "-c", f"(sleep 1; echo done >{kept}) &"], b"", within=SOON)
    assert asyncio.get_running_loop().time() - started < 1
    for _ in range(100):
        if kept.exists():
            return
        await asyncio.sleep(0.05)
    pytest.fail("it was killed")


async def test_a_name_that_is_no_program() -> None:
    with pytest.raises(NoticeError, match="cannot be started"):
        await run_command(["/nowhere"], b"", within=SOON)
    with pytest.raises(NoticeError, match="cannot be started"):
        await run_command(["a\0b"], b"", within=SOON)
