"""The real daemon in a process of its own, with its configuration in a directory of the test's."""

import itertools
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import httpx

T = TypeVar("T")

PATIENCE = 20.0  # seconds for anything that should happen soon
ROOT = Path(__file__).resolve().parents[1]

FIRST_PORT = 20_000  # below all that kernels give to whoever connects, Linux from 32768 on
PORTS_EACH = 400  # for a worker of pytest-xdist
WORKERS_APART = 30


def _ports() -> Iterator[int]:
    """The ports of this worker, for ever in turn, from one by chance on: another run may go on beside this one."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    start = secrets.randbelow(PORTS_EACH)
    for number in itertools.count(start):
        yield FIRST_PORT + worker % WORKERS_APART * PORTS_EACH + number % PORTS_EACH


_own_ports = _ports()


def free_port() -> int:
    """A port that nobody listens on, and that nobody else is given before the daemon has it.

    One from the kernel may become that of any connection until then.
    """
    for port in itertools.islice(_own_ports, PORTS_EACH):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise AssertionError(f"none of {PORTS_EACH} ports from {FIRST_PORT} on is free")


def eventually(what: Callable[[], T | None], why: str) -> T:
    """Return the first true value of `what`, looked at until `PATIENCE` ends."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := what():
            return found
        threading.Event().wait(0.05)
    raise AssertionError(f"did not happen within {PATIENCE:g} s: {why}")


def aggregator(
    *arguments: str, cwd: Path, environ: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end and return what it printed."""
    return subprocess.run(
        [sys.executable, "-m", "aggregator", *arguments],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | (environ or {}),
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


class Site:
    """A directory with config/aggregator.toml and config/sources.toml, and what runs there.

    `settings` follow the ones given here; `environ` is the environment's, where AGGREGATOR_POLL__… takes their place.
    """

    def __init__(
        self,
        directory: Path,
        *,
        settings: str = "",
        sources: str = "",
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.directory = directory
        self.environ = dict(environ or {})
        self.port = free_port()
        self.config = directory / "config" / "aggregator.toml"
        self.sources = directory / "config" / "sources.toml"
        self.config.parent.mkdir(parents=True)
        self.sources.write_text(sources, encoding="utf-8")
        self.config.write_text(
            f"""
[aggregator]
title = "Test"
include = ["sources.toml"]
[server]
listen = "127.0.0.1:{self.port}"
[poll]
allow_addresses = ["127.0.0.0/8"]
min_interval = "1s"
host_gap = "0s"
{settings}
""",
            encoding="utf-8",
        )

    @property
    def data(self) -> Path:
        return self.directory / "data"

    def run(self, *arguments: str, environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command here to its end."""
        return aggregator(*arguments, cwd=self.directory, environ=self.environ | (environ or {}))

    def daemon(self) -> "Running":
        return Running(self)


class Running:
    """`aggregator run` from `with` to its end, by SIGTERM."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.program: Sequence[str] = ("-m", "aggregator")
        self.lines: list[str] = []
        address = f"http://127.0.0.1:{site.port}"
        self._client = httpx.Client(base_url=address, timeout=PATIENCE, trust_env=False)

    def __enter__(self) -> Self:
        self._start()
        try:
            self.log("event=ready")
        except BaseException:
            self.process.kill()
            self.process.wait(10)
            raise
        return self

    @contextmanager
    def started(self) -> Iterator[Self]:
        """It from its first instruction on, without waiting until it is ready; what is left of it is killed."""
        self._start()
        try:
            yield self
        finally:
            if self.process.poll() is None:
                self.process.kill()
            self.process.wait(10)
            self._reader.join(PATIENCE)
            self._client.close()

    def _start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *self.program, "run"],
            cwd=self.site.directory,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | self.site.environ,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.stop()
        self._client.close()

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as stderr:
            self.lines.extend(iter(stderr.readline, ""))

    def log(self, *words: str) -> str:
        """Wait for a log line with all these words, and return the first."""

        def find() -> str | None:
            return next((line for line in self.lines if all(word in line for word in words)), None)

        return self.eventually(find, f"a log line with {words}")

    def eventually(self, what: Callable[[], T | None], why: str) -> T:
        """As `eventually`; where it fails, with what was logged."""
        try:
            return eventually(what, why)
        except AssertionError as exc:
            raise AssertionError(f"{exc}; logged:\n{''.join(self.lines)}") from exc

    def get(self, path: str, headers: Sequence[tuple[str, str]] = ()) -> httpx.Response:
        return self._client.get(path, headers=list(headers))

    def feed(self, *words: str, without: str = "\0", path: str = "/feed.atom") -> str:
        """Wait until a feed has all these words and not the other, and return it."""

        def find() -> str | None:
            text = self.get(path).text
            return text if all(word in text for word in words) and without not in text else None

        return self.eventually(find, f"{words} in {path}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to stop and return its exit code; it has 10 s (INTERFACE)."""
        self.process.send_signal(number)
        code = self.process.wait(timeout=10)
        self._reader.join(PATIENCE)
        return code
