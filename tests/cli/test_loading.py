"""What a command loads before it begins."""

import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import aggregator.cli
from aggregator.cli import COMMANDS


def test_every_command_of_a_file_can_be_asked_for() -> None:
    found: dict[str | None, str] = {}
    for file in pkgutil.iter_modules(aggregator.cli.__path__):
        for command in getattr(import_module(f"aggregator.cli.{file.name}"), "COMMANDS", []):
            found[command.name] = file.name
    assert found == COMMANDS


def said_at_the_end(expression: str, *arguments: str, cwd: Path) -> str:
    """Run a command and return what an expression was when it ended."""
    script = (
        f"import atexit, gc, sys\nsys.argv[1:] = {arguments}\n"
        f"atexit.register(lambda: print({expression}, file=sys.stderr))\n"
        "import aggregator.__main__ as entry\nentry.main()\n"
    )
    return subprocess.run(
        [sys.executable, "-c", script], cwd=cwd, capture_output=True, text=True, timeout=50, check=True
    ).stderr


@pytest.mark.parametrize("command", ["check", "run", "config"])
def test_garbage_is_looked_for_again_once_all_is_loaded(tmp_path: Path, command: str) -> None:
    assert said_at_the_end("gc.isenabled()", command, "--help", cwd=tmp_path) == "True\n"


@pytest.mark.parametrize("command", ["check", "list", "status", "healthcheck"])
def test_who_asks_waits_for_nothing_that_only_the_daemon_uses(tmp_path: Path, command: str) -> None:
    heavy = "{'aiohttp', 'apscheduler', 'feedparser', 'jinja2', 'starlette', 'uvicorn'} & sys.modules.keys()"
    assert said_at_the_end(heavy, command, "--help", cwd=tmp_path) == "set()\n"
    assert said_at_the_end(f"len({heavy})", "run", "--help", cwd=tmp_path) == "6\n"


@pytest.mark.parametrize("arguments", [("search", "run"), ("-c", "run", "check"), ("poll", "run")])
def test_only_the_daemon_ends_at_once_while_it_is_loaded(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """A command that is interrupted must not say that all is well."""
    told = "__import__('signal').getsignal(15) is __import__('signal').SIG_DFL"
    assert said_at_the_end(told, *arguments, "--help", cwd=tmp_path) == "True\n"
    assert (
        said_at_the_end(told, "-c", "x", "--log-format", "json", "run", "--help", cwd=tmp_path) == "False\n"
    )
