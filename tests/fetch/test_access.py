"""Credentials, proxies, certificates: for the publisher they are meant for and nobody else."""

import asyncio
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.errors import FetchError
from aggregator.fetch import Fetcher
from aggregator.model import Access

from .asking import FEED, NONE, make_fetcher, source
from .server import Answer, Server, redirect

CERTIFICATE = Path(__file__).parents[1] / "data" / "fetch" / "loopback.pem"
SECRET = "s3cr:t ü"


@pytest.fixture
def https() -> Iterator[Server]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(CERTIFICATE)
    with Server(["127.0.0.1", "127.0.0.2"], tls=tls) as running:
        yield running


KEYS = Access(
    username="me",
    password=SECRET,
    headers=(("X-Api-Key", "key"), ("user-agent", "mine/1"), ("Cookie", "a=b")),
)
BASIC = "Basic " + b64encode(f"me:{SECRET}".encode()).decode()


async def test_m18_basic_credentials_and_headers(server: Server, fetcher: Fetcher) -> None:
    await fetcher.fetch(source(server.url("/feed"), access=KEYS), NONE)
    (asked,) = server.requests
    assert asked.header("authorization") == BASIC
    assert asked.header("x-api-key") == "key"
    assert asked.header("user-agent") == "mine/1"  # in place of ours
    assert asked.header("cookie") == "a=b"  # the operator's, not the publisher's


async def test_m18_bearer(server: Server, fetcher: Fetcher) -> None:
    await fetcher.fetch(source(server.url("/feed"), access=Access(bearer="token")), NONE)
    assert server.requests[0].header("authorization") == "Bearer token"


async def test_nothing_is_sent_for_a_source_without_credentials(server: Server, fetcher: Fetcher) -> None:
    await fetcher.fetch(source(server.url("/feed"), access=KEYS), NONE)
    await fetcher.fetch(source(server.url("/feed"), access=Access()), NONE)
    assert server.requests[1].header("authorization") is None
    assert server.requests[1].header("x-api-key") is None


async def test_p22_credentials_stay_with_their_origin(server: Server, fetcher: Fetcher) -> None:
    server.answer("/feed", redirect("/same"))
    server.answer("/same", redirect(server.url("/other", "127.0.0.2")))
    server.answer("/other", redirect(server.url("/back", "127.0.0.1")))
    await fetcher.fetch(source(server.url("/feed"), access=KEYS), NONE)
    sent = [(one.path, one.header("authorization"), one.header("x-api-key")) for one in server.requests]
    assert sent == [
        ("/feed", BASIC, "key"),
        ("/same", BASIC, "key"),
        ("/other", None, None),
        ("/back", None, None),  # the other host chose what is asked here
    ]
    assert server.requests[2].header("cookie") is None
    assert server.requests[2].header("user-agent") == "aggregator/test (+https://example.org; feed-id=s)"


async def test_p22_another_port_is_another_publisher(server: Server, fetcher: Fetcher) -> None:
    with Server() as other:
        server.answer("/feed", redirect(other.url("/feed")))
        await fetcher.fetch(source(server.url("/feed"), access=KEYS), NONE)
        assert other.requests[0].header("authorization") is None


async def test_credentials_in_a_redirect_are_not_ours_to_send(server: Server, fetcher: Fetcher) -> None:
    server.answer("/feed", redirect(f"http://me:{'pw'}@127.0.0.2:{server.port}/next"))
    response = await fetcher.fetch(source(server.url("/feed"), access=Access()), NONE)
    assert server.requests[1].header("authorization") is None
    assert response.url == server.url("/next", "127.0.0.2")


async def test_p22_credentials_do_not_leave_https(https: Server, server: Server, fetcher: Fetcher) -> None:
    access = Access(username="me", password=SECRET, ca_file=str(CERTIFICATE))
    https.answer("/feed", redirect(server.url("/feed")))
    await fetcher.fetch(source(https.url("/feed"), access=access), NONE)
    assert https.requests[0].header("authorization") == BASIC
    assert server.requests[0].header("authorization") is None


@pytest.mark.parametrize("value", ["a\nX-Other: b", "a\r\n\r\nGET / HTTP/1.1", "a\0b", "\udc80"])
async def test_a_header_that_cannot_be_sent_is_named_without_its_value(
    server: Server, fetcher: Fetcher, value: str
) -> None:
    with pytest.raises(FetchError, match=r"^header 'X-Api-Key' cannot be sent") as caught:
        await fetcher.fetch(source(server.url("/"), access=Access(headers=(("X-Api-Key", value),))), NONE)
    assert value not in str(caught.value)
    assert server.connections == 0


# --- certificates


async def test_a_certificate_nobody_vouches_for_is_refused(https: Server, fetcher: Fetcher) -> None:
    with pytest.raises(FetchError, match=r"^certificate of 127\.0\.0\.1 is not valid: self-signed"):
        await fetcher.fetch(source(https.url("/feed"), access=Access()), NONE)
    assert https.requests == []


async def test_m18_ca_file_vouches_for_it(https: Server, fetcher: Fetcher) -> None:
    https.answer("/feed", Answer(body=FEED))
    access = Access(ca_file=str(CERTIFICATE))
    assert (await fetcher.fetch(source(https.url("/feed"), access=access), NONE)).body == FEED
    with pytest.raises(FetchError, match="certificate"):  # for that source only
        await fetcher.fetch(source(https.url("/feed"), access=Access()), NONE)


@pytest.mark.parametrize("content", [None, "no certificate"])
async def test_an_unusable_ca_file_is_named(
    https: Server, fetcher: Fetcher, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(FetchError, match=r"ca\.pem cannot be used: "):
        await fetcher.fetch(source(https.url("/feed"), access=Access(ca_file=str(file))), NONE)


async def test_http_on_an_https_address_says_so(fetcher: Fetcher) -> None:
    async def answer_plainly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    plain = await asyncio.start_server(answer_plainly, "127.0.0.1", 0)
    port = plain.sockets[0].getsockname()[1]
    async with plain:
        with pytest.raises(FetchError, match=r"^no TLS with 127\.0\.0\.1: "):
            await fetcher.fetch(source(f"https://127.0.0.1:{port}/", access=Access()), NONE)


# --- proxies


async def test_m18_a_proxy_is_asked_in_place_of_the_publisher(server: Server) -> None:
    """The operator named it, so its address needs no leave; the publisher's name is its to resolve."""
    server.answer("http://feeds.example.org/feed", Answer(body=FEED))
    proxy = f"http://us:{SECRET.replace(' ', '%20')}@127.0.0.1:{server.port}"
    async with make_fetcher(allow=[]) as fetcher:
        response = await fetcher.fetch(
            source("http://feeds.example.org/feed", access=Access(proxy=proxy)), NONE
        )
    assert response.body == FEED
    (asked,) = server.requests
    assert asked.target == "http://feeds.example.org/feed"
    assert asked.header("proxy-authorization") == "Basic " + b64encode(f"us:{SECRET}".encode()).decode()
    assert asked.header("authorization") is None


@pytest.mark.parametrize("host", ["10.0.0.1", "127.1", "0x7f000001", "[::1]"])
async def test_p21_a_proxy_is_not_asked_for_private_addresses(server: Server, host: str) -> None:
    async with make_fetcher(allow=[]) as fetcher:
        with pytest.raises(FetchError, match="allow_addresses"):
            await fetcher.fetch(source(f"http://{host}/", access=Access(proxy=server.url(""))), NONE)
    assert server.connections == 0


async def test_an_https_publisher_gets_no_proxy_credentials(https: Server) -> None:
    """The proxy is told to connect; what follows is between the publisher and us."""
    https.answer("/feed", Answer(body=FEED))
    told: list[bytes] = []

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told.append(await reader.readuntil(b"\r\n\r\n"))
        inner, outer = await asyncio.open_connection("127.0.0.1", https.port)
        writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        await asyncio.gather(pump(reader, outer), pump(inner, writer))

    proxy = await asyncio.start_server(tunnel, "127.0.0.1", 0)
    port = proxy.sockets[0].getsockname()[1]
    access = Access(
        username="me", password="pw", proxy=f"http://us:{'them'}@127.0.0.1:{port}", ca_file=str(CERTIFICATE)
    )
    async with proxy, make_fetcher() as fetcher:
        response = await fetcher.fetch(source(https.url("/feed"), access=access), NONE)
    assert response.body == FEED
    assert told[0].startswith(b"CONNECT 127.0.0.1:")
    assert b"Proxy-Authorization: Basic dXM6dGhlbQ==" in told[0]
    assert b"bWU6cHc=" not in told[0]
    assert https.requests[0].header("proxy-authorization") is None
    assert https.requests[0].header("authorization") == "Basic bWU6cHc="


@pytest.mark.parametrize("status", [403, 407])
async def test_a_proxy_that_refuses_is_named_without_its_password(server: Server, status: int) -> None:
    server.answer("feeds.example.org:443", Answer(status=status))
    proxy = f"http://us:hunter2@127.0.0.1:{server.port}"
    async with make_fetcher(allow=[]) as fetcher:
        with pytest.raises(FetchError, match=f"the proxy answers {status}") as caught:
            await fetcher.fetch(source("https://feeds.example.org/feed", access=Access(proxy=proxy)), NONE)
    assert "hunter2" not in everything_said(caught.value)


async def test_no_proxy_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening
        port = taken.getsockname()[1]
        proxy = f"http://us:hunter2@127.0.0.1:{port}"
        async with make_fetcher(allow=[]) as fetcher:
            with pytest.raises(FetchError, match=f"^no connection to the proxy 127.0.0.1:{port}") as caught:
                await fetcher.fetch(source("http://feeds.example.org/feed", access=Access(proxy=proxy)), NONE)
    assert "hunter2" not in everything_said(caught.value)


async def test_the_environment_names_no_proxy(
    server: Server, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server.answer("/feed", Answer(body=FEED))
    assert (await fetcher.fetch(source(server.url("/feed"), access=Access()), NONE)).body == FEED
    assert server.requests[0].header("authorization") is None


def everything_said(exc: BaseException | None) -> str:
    """Return the text of an exception and all its causes, as a traceback in a log would show it."""
    said = ""
    while exc is not None:
        said += repr(exc) + str(exc)
        exc = exc.__cause__ or exc.__context__
    return said


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()
