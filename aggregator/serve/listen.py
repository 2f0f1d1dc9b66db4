"""The socket we serve on, bound before anything else starts so that a taken port is told at once."""

import errno
import re
import socket
import stat
from pathlib import Path
from typing import Final

from aggregator.errors import Busy, ConfigError

BACKLOG: Final = 512
UNSENT_BYTES: Final = (
    128 * 1024
)  # in the kernel for a client that takes nothing; else megabytes, which count as ours
ANSWER_SECONDS: Final = 1.0  # for whoever holds a Unix socket to be noticed
UNIX: Final = "unix:"
SOCKET_MODE: Final = 0o666  # a proxy of another user must connect; the directory says who may
_HOST_AND_PORT: Final = re.compile(r"(?:\[(?P<six>[^\[\]]+)\]|(?P<host>[^:\[\]]+)):(?P<port>[0-9]{1,5})")


def listen(address: str) -> socket.socket:
    """Return a listening socket for "host:port", "[ipv6]:port" or "unix:/path"; port 0 takes any free one.

    Raises Busy when another process has the address, and ConfigError when it cannot be had at all.
    """
    if address.startswith(UNIX):
        return _listen_unix(address, Path(address.removeprefix(UNIX)))
    found = _HOST_AND_PORT.fullmatch(address)
    if found is None or int(found["port"]) > 65535:
        raise ConfigError(
            f'[server] listen: {address!r} is no address: write "127.0.0.1:8080" or "unix:/path"'
        )
    try:
        choices = socket.getaddrinfo(
            found["six"] or found["host"], int(found["port"]), type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError) as exc:
        raise ConfigError(f"[server] listen: {address}: this host name is unknown: {_reason(exc)}") from exc
    family, kind, protocol, _, bindable = choices[0]
    opened = socket.socket(family, kind, protocol)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):  # connections have it from the socket that takes them
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
    return _bound(opened, bindable, address)


def socket_file(listening: socket.socket) -> Path | None:
    """Return the file of a Unix socket, None for any other."""
    return Path(listening.getsockname()) if listening.family == socket.AF_UNIX else None


def tidy(path: Path | None) -> None:
    """Remove the file of a Unix socket that was closed, unless somebody else answers there by now."""
    if path is not None and path.is_socket() and not _answers(path):
        path.unlink(missing_ok=True)


def _listen_unix(address: str, path: Path) -> socket.socket:
    if not path.is_absolute():
        raise ConfigError(f"[server] listen: {address}: the path of the socket must be absolute")
    try:
        _make_room(address, path)
    except OSError as exc:
        raise ConfigError(f"[server] listen: {address}: {_reason(exc)}") from exc
    listening = _bound(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), str(path), address)
    path.chmod(SOCKET_MODE)
    return listening


def _make_room(address: str, path: Path) -> None:
    """Remove a socket that a process left behind; refuse to touch anything else."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ConfigError(f"[server] listen: {address}: a file that is no socket is in the way: move it")
    if _answers(path):
        raise _busy(address)
    path.unlink()


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(ANSWER_SECONDS)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except TimeoutError:  # alive, with a full queue
            return True
        return True


def _bound(opened: socket.socket, bindable: object, address: str) -> socket.socket:
    try:
        opened.bind(bindable)  # type: ignore[arg-type]  # whatever its family wants
        opened.listen(BACKLOG)
    except OSError as exc:
        opened.close()
        if exc.errno == errno.EADDRINUSE:
            raise _busy(address) from exc
        raise ConfigError(f"[server] listen: {address} cannot be bound: {_reason(exc)}") from exc
    opened.setblocking(False)
    return opened


def _busy(address: str) -> Busy:
    return Busy(f"{address} is in use by another process: stop it or change [server] listen")


def _reason(exc: Exception) -> str:
    """Say what is wrong and, where it is not plain, what to do."""
    if isinstance(exc, PermissionError):
        return "permission denied: take a port from 1024 up, or a directory this user may write to"
    if isinstance(exc, FileNotFoundError):
        return "its directory does not exist: make it first"
    if isinstance(exc, OSError) and exc.errno == errno.EADDRNOTAVAIL:
        return "this machine does not have that address"
    return (exc.strerror if isinstance(exc, OSError) else None) or str(exc)
