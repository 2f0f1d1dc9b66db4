"""`healthcheck`: asks the running daemon how it is."""

import http.client
import socket
import sys

import click

from aggregator.cli.context import Context
from aggregator.config import Configuration
from aggregator.errors import Busy
from aggregator.lock import ownership

EXIT_UNREACHABLE = 69  # sysexits.h EX_UNAVAILABLE
PATIENCE = 4.0  # seconds: supervisors wait about five
READY = "/readyz"
UNIX = "unix:"
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "[::]": "::1"}  # noqa: S104 # asked, not bound to


@click.command()
@click.pass_obj
def healthcheck(context: Context) -> None:
    """Ask the running daemon whether it is ready: exit code 0, or 69 when it is not or does not answer."""
    configuration = context.load()
    works, said = ask(configuration)
    click.echo(said, err=not works)
    sys.exit(0 if works else EXIT_UNREACHABLE)


def ask(configuration: Configuration) -> tuple[bool, str]:
    """Return whether a daemon with this configuration is ready, and what it says or why it says nothing."""
    address = configuration.server.listen
    if not address:
        return _runs(configuration)
    connection = _Connection(address)
    try:
        connection.request("GET", READY)
        answer = connection.getresponse()
        said = answer.read(200).decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as exc:
        return False, f"{address}: no answer: {exc or type(exc).__name__}"
    finally:
        connection.close()
    return answer.status == 200, f"{address}: {said}"


def _runs(configuration: Configuration) -> tuple[bool, str]:
    """Without a server there is nobody to ask; but whoever runs owns the data directory."""
    try:
        with ownership(configuration.data_dir):
            return False, f"{configuration.data_dir}: no daemon runs, and [server] listen is empty"
    except Busy as exc:
        return True, str(exc)


class _Connection(http.client.HTTPConnection):
    """To "host:port", "[ipv6]:port" or "unix:/path", without proxies."""

    def __init__(self, address: str) -> None:
        self._path = address.removeprefix(UNIX) if address.startswith(UNIX) else None
        host, _, port = address.rpartition(":")
        host = EVERYWHERE.get(host, host.strip("[]"))
        super().__init__(
            "localhost" if self._path else host, 80 if self._path else int(port), timeout=PATIENCE
        )

    def connect(self) -> None:
        if self._path is None:
            return super().connect()
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self._path)
        return None


COMMANDS = [healthcheck]
