"""Which addresses are dialled, and who sees credentials (PROTOCOL P21, P22)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fetch.server import Answer, Asked, Server, redirect
from tests.protocol.looking import asked, failed, seen, source
from tests.protocol.markup import atom, entry, item, rss
from tests.running import Running, Site

ALLOWED = "127.0.0.2"
PRIVATE = "allow it in [poll] allow_addresses"

# Spellings of addresses that are not allowed; of those of this machine, somebody listens at {port}.
SPELLINGS = (
    "http://127.0.0.1:{port}/secret",
    "http://localhost:{port}/secret",
    "http://127.0.0.1.:{port}/secret",
    "http://2130706433:{port}/secret",
    "http://0x7f000001:{port}/secret",
    "http://0X7F.0x1:{port}/secret",
    "http://017700000001:{port}/secret",
    "http://127.1:{port}/secret",
    "http://127.0.1:{port}/secret",
    "http://0:{port}/secret",
    "http://0.0.0.0:{port}/secret",
    "http://[::1]:{port}/secret",
    "http://[::]:{port}/secret",
    "http://[::127.0.0.1]:{port}/secret",
    "http://[::ffff:127.0.0.1]:{port}/secret",
    "http://[::ffff:7f00:1]:{port}/secret",
    "http://[0:0:0:0:0:FFFF:7F00:0001]:{port}/secret",
    "http://[64:ff9b::7f00:1]:{port}/secret",
    "http://[64:ff9b:1::7f00:1]:{port}/secret",
    "http://[2002:7f00:1::]:{port}/secret",
    "http://10.1.2.3/",
    "http://172.16.1.2/",
    "http://192.168.1.1/",
    "http://100.64.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::ffff:169.254.169.254]/latest/meta-data/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://192.0.2.1/",
    "http://198.18.0.1/",
)
# What only a redirect can say; here any refusal will do.
TRICKS = (
    "http://localhost.:{port}/secret",
    "http://0177.0.0.01:{port}/secret",
    "HTTP://127.0.0.1:{port}/secret",
    "http://LOCALHOST:{port}/secret",
    "//127.0.0.1:{port}/secret",
    "http://127.0.0.2:{port}@127.0.0.1:{port}/secret",
    "http://127.0.0.1:{port}#@127.0.0.2:{port}/secret",
    "http://127.0.0.1:{port}\\@127.0.0.2:{port}/nothing",
    "http:\\\\127.0.0.1:{port}\\secret",
    "http:///127.0.0.1:{port}/secret",
    "http://%31%32%37.0.0.1:{port}/secret",
    "http://\uff11\uff12\uff17.0.0.1:{port}/secret",
    "http://127\u30020\u30020\u30021:{port}/secret",
    "http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460:{port}/secret",
    "http://[fe80::1%25lo]:{port}/secret",
    "http://[::1%25lo]:{port}/secret",
    " http://127.0.0.1:{port}/secret",
    "\thttp://127.0.0.1:{port}/secret",
    "file:///etc/passwd",
    "FILE:/etc/passwd",
    "ftp://127.0.0.1/secret",
    "gopher://127.0.0.1:{port}/_GET%20/secret",
    "data:application/rss+xml,<rss/>",
    "javascript:alert(1)",
)
# Names that the resolver below knows, with the addresses it gives one after the other.
NAMES = {
    "loopback.test": ["127.0.0.1"],
    "mapped.test": ["::ffff:127.0.0.1"],
    "metadata.test": ["169.254.169.254"],
    "rebound.test": ["127.0.0.2", "127.0.0.1"],  # a check that looks it up for itself is told a lie
    "turned.test": ["127.0.0.1", "127.0.0.2"],
}
RESOLVER = f"""
import itertools, socket
names = {{name: itertools.cycle(addresses) for name, addresses in {NAMES!r}.items()}}
real = socket.getaddrinfo
def getaddrinfo(host, port, *rest, **more):
    name = host.decode() if isinstance(host, bytes) else host
    if name not in names:
        return real(host, port, *rest, **more)
    address = next(names[name])
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    where = (address, port, 0, 0) if ":" in address else (address, port)
    return [(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", where)]
socket.getaddrinfo = getaddrinfo
"""


@pytest.fixture(scope="module")
def publisher() -> Iterator[Server]:
    with Server() as server:
        server.answer("/secret", Answer(body=rss(item("secret"))))
        yield server


@pytest.fixture(scope="module")
def guarded(publisher: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A daemon that may dial 127.0.0.2 only, with a resolver of names that we control."""
    directory = tmp_path_factory.mktemp("guarded")
    (directory / "dns").mkdir()
    (directory / "dns" / "sitecustomize.py").write_text(RESOLVER, encoding="utf-8")
    publisher.answer("/good", Answer(body=rss(item("good"))))
    tables = [source("good", publisher.url("/good", ALLOWED))]
    for number, spelling in enumerate((*SPELLINGS, *TRICKS)):
        target = spelling.format(port=publisher.port)
        publisher.answer(f"/to/{number}", redirect(target, (301, 302, 303, 307, 308)[number % 5]))
        tables.append(source(f"to-{number}", publisher.url(f"/to/{number}", ALLOWED)))
        if spelling in SPELLINGS:
            tables.append(source(f"at-{number}", target))
    for name in NAMES:
        table = source(name.partition(".")[0], f"http://{name}:{publisher.port}/secret")
        tables.append(table)
    site = Site(
        directory,
        sources="".join(tables),
        environ={
            "AGGREGATOR_POLL__ALLOW_ADDRESSES": f"{ALLOWED}/32",
            "PYTHONPATH": f"{directory / 'dns'}:{Path(__file__).resolve().parents[2]}",
        },
    )
    with site.daemon() as daemon:
        yield daemon


@pytest.mark.parametrize("number", range(len(SPELLINGS)), ids=SPELLINGS)
def test_p21_an_address_is_refused_however_it_is_spelled(guarded: Running, number: int) -> None:
    assert PRIVATE in failed(guarded, f"at-{number}")


@pytest.mark.parametrize("number", range(len(SPELLINGS)), ids=SPELLINGS)
def test_p21_a_redirect_to_it_is_refused_too(guarded: Running, number: int) -> None:
    assert PRIVATE in failed(guarded, f"to-{number}")


@pytest.mark.parametrize("trick", range(len(TRICKS)), ids=[ascii(trick) for trick in TRICKS])
def test_p21_a_redirect_cannot_talk_its_way_around(guarded: Running, trick: int) -> None:
    assert failed(guarded, f"to-{len(SPELLINGS) + trick}")


@pytest.mark.parametrize("name", ["loopback", "mapped", "metadata", "turned"])
def test_p21_a_name_is_judged_by_the_address_dialled(guarded: Running, name: str) -> None:
    guarded.log("event=poll", f"source={name} ", PRIVATE)


def test_p21_nobody_else_was_dialled_and_the_allowed_address_was(guarded: Running, publisher: Server) -> None:
    guarded.feed("Title good")
    names = [f"to-{number}" for number in range(len(SPELLINGS) + len(TRICKS))]
    for name in [*names, *(f"at-{number}" for number in range(len(SPELLINGS)))]:
        failed(guarded, name)
    asked(publisher, "/secret")  # by rebound.test, at the address that is allowed
    assert set(publisher.dialled) == {ALLOWED}
    assert "passwd" not in guarded.get("/feed.atom").text


# --- credentials

OTHER = "127.0.0.3"
SENT = {"authorization": "Basic bWU6czNjcmV0", "x-api-key": "k3y", "cookie": "session=1"}
KEYS = {
    "auth": '{ username = "me", password_env = "PASSWORD" }',
    "headers": '{ X-Api-Key = { env = "KEY" }, Cookie = { env = "COOKIE" } }',
}
BEARER = {"auth": '{ bearer_env = "TOKEN" }'}
SECRETS = {"PASSWORD": "s3cret", "KEY": "k3y", "COOKIE": "session=1", "TOKEN": "t0ken"}


@pytest.fixture(scope="module")
def trusted() -> Iterator[Server]:
    """The publisher whom the credentials are for, on one of several hosts."""
    with Server() as server:
        yield server


@pytest.fixture(scope="module")
def neighbour() -> Iterator[Server]:
    """Somebody else on the same machine, at another port."""
    with Server(hosts=["127.0.0.1"]) as server:
        server.answer("/port", Answer(body=rss(item("port"))))
        yield server


@pytest.fixture(scope="module")
def entrusted(
    trusted: Server, neighbour: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """A daemon that was given credentials for publishers who send it elsewhere, each in a way of its own."""
    away = {
        "other": trusted.url("/other", OTHER),
        "relative": f"//{OTHER}:{trusted.port}/relative",
        "user": f"http://them:theirs@{OTHER}:{trusted.port}/user",
        "name": f"http://localhost:{trusted.port}/name",
        "port": neighbour.url("/port"),
        "token": trusted.url("/token", OTHER),
        "moved": trusted.url("/moved", OTHER),  # seen five times: then it is asked there at once
    }
    tables = [source("home", trusted.url("/home"), **KEYS)]
    trusted.answer("/home", redirect("/home/feed"))
    trusted.answer("/home/feed", Answer(body=rss(item("home"))))
    for n, (name, target) in enumerate(away.items()):
        trusted.answer(f"/{name}", Answer(body=rss(item(name))))
        trusted.answer(f"/from/{name}", redirect(target, 301 if name == "moved" else (302, 307, 303)[n % 3]))
        tables.append(source(name, trusted.url(f"/from/{name}"), **(BEARER if name == "token" else KEYS)))
    trusted.answer("/from/back", redirect(trusted.url("/hop", OTHER)))
    trusted.answer("/hop", redirect(trusted.url("/back")))
    trusted.answer("/back", Answer(body=rss(item("back"))))
    tables.append(source("back", trusted.url("/from/back"), **KEYS))
    older = f'<link rel="prev-archive" href="{trusted.url("/older", OTHER)}"/>'
    trusted.answer("/newer", Answer(body=atom(entry("newer"), head=older)))
    trusted.answer("/older", Answer(body=atom(entry("older"))))
    tables.append(source("newer", trusted.url("/newer"), **KEYS))
    site = Site(tmp_path_factory.mktemp("entrusted"), sources="".join(tables), environ=SECRETS)
    with site.daemon() as daemon:
        yield daemon


def secrets(request: Asked) -> dict[str, str]:
    """Return what a request says that only its publisher should hear."""
    names = ("authorization", "proxy-authorization", "x-api-key", "cookie")
    return {name: value for name in names if (value := request.header(name)) is not None}


def test_p22_credentials_go_to_their_publisher_and_along_its_own_redirects(
    entrusted: Running, trusted: Server
) -> None:
    for path in ("/home", "/home/feed", "/from/other", "/newer"):
        assert secrets(asked(trusted, path)[0]) == SENT
    assert secrets(asked(trusted, "/from/token")[0]) == {"authorization": "Bearer t0ken"}


@pytest.mark.parametrize("name", ["other", "relative", "user", "name", "token", "hop", "older"])
def test_p22_credentials_never_follow_to_another_host(entrusted: Running, trusted: Server, name: str) -> None:
    request = asked(trusted, f"/{name}")[0]
    assert (request.header("host") or "").startswith("localhost" if name == "name" else OTHER)
    assert secrets(request) == {}


def test_p22_nor_to_another_port(entrusted: Running, neighbour: Server) -> None:
    assert secrets(asked(neighbour, "/port")[0]) == {}


def test_p22_nor_back_where_another_host_chose_the_address(entrusted: Running, trusted: Server) -> None:
    assert secrets(asked(trusted, "/back")[0]) == {}


def test_p22_nor_to_an_address_that_was_remembered(entrusted: Running, trusted: Server) -> None:
    seen(entrusted, "moved", lambda facts: facts["state"] == "moved", "five redirects are remembered")
    told = len(asked(trusted, "/from/moved"))
    for request in asked(trusted, "/moved", told + 1):
        assert secrets(request) == {}
    assert len(trusted.asked("/from/moved")) == told


def test_p22_credentials_are_nowhere_to_be_read(entrusted: Running) -> None:
    pages = [entrusted.get(path).text for path in ("/status.json", "/status", "/opml", "/feed.atom")]
    for text in (*pages, "".join(entrusted.lines)):
        assert not any(secret in text for secret in (*SECRETS.values(), SENT["authorization"][6:]))
