import socket
import threading
from pathlib import Path

import pytest

from aggregator.errors import Busy, ConfigError
from aggregator.serve.listen import listen, socket_file, tidy


@pytest.mark.parametrize(
    ("address", "host"), [("127.0.0.1:0", "127.0.0.1"), ("[::1]:0", "::1"), ("localhost:0", None)]
)
def test_addresses(address: str, host: str | None) -> None:
    if host == "::1" and not _has_ipv6():
        pytest.skip("this machine has no IPv6 loopback")
    with listen(address) as listening:
        assert host is None or listening.getsockname()[0] == host
        assert listening.getsockname()[1] > 0
        assert not listening.getblocking()


def test_port_in_use() -> None:
    with listen("127.0.0.1:0") as listening:
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        with pytest.raises(Busy) as caught:
            listen(address)
    assert str(caught.value) == f"{address} is in use by another process: stop it or change [server] listen"


def test_port_is_free_again_after_closing() -> None:
    """Connections of the process before may still linger in TIME_WAIT."""
    with listen("127.0.0.1:0") as listening:
        port = listening.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            listening.setblocking(True)
            listening.accept()[0].close()
    listen(f"127.0.0.1:{port}").close()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("8080", "is no address"),
        (":8080", "is no address"),
        ("::1:8080", "is no address"),  # where does the port begin?
        ("127.0.0.1:", "is no address"),
        ("127.0.0.1:99999", "is no address"),
        ("http://127.0.0.1:8080", "is no address"),
        ("no-such-host.invalid:8080", "unknown"),
        (f"{'a' * 70}.example:80", "unknown"),  # a label longer than DNS allows
        ("192.0.2.1:8080", "this machine does not have that address"),
        ("unix:relative.sock", "must be absolute"),
        ("unix:/no/such/directory/http.sock", "its directory does not exist"),
        (f"unix:/tmp/{'x' * 200}", "too long"),
    ],
)
def test_addresses_that_cannot_be_had(address: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        listen(address)
    assert str(caught.value).startswith("[server] listen: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "http.sock"
    with listen(f"unix:{path}") as listening:
        assert socket_file(listening) == path
        assert path.stat().st_mode & 0o777 == 0o666
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))


def test_unix_socket_that_answers_is_left_alone(tmp_path: Path) -> None:
    address = f"unix:{tmp_path}/http.sock"
    with listen(address) as listening:
        with pytest.raises(Busy, match="is in use by another process"):
            listen(address)
        tidy(socket_file(listening))
        assert (tmp_path / "http.sock").exists()


def test_stale_unix_socket_is_replaced(tmp_path: Path) -> None:
    address = f"unix:{tmp_path}/http.sock"
    listen(address).close()  # leaves its file, as a crash does
    assert (tmp_path / "http.sock").is_socket()
    listen(address).close()


def test_other_files_are_never_removed(tmp_path: Path) -> None:
    precious = tmp_path / "http.sock"
    precious.write_text("precious")
    with pytest.raises(ConfigError, match="no socket"):
        listen(f"unix:{precious}")
    assert precious.read_text() == "precious"


def test_two_at_once_get_one_port(tmp_path: Path) -> None:
    """Of many that ask for one Unix socket, those that came late are told so, and one has it."""
    first = listen(f"unix:{tmp_path}/http.sock")
    told: list[Exception] = []

    def ask() -> None:
        try:
            listen(f"unix:{tmp_path}/http.sock").close()
        except Busy as exc:
            told.append(exc)

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(told) == 4
    first.close()


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
