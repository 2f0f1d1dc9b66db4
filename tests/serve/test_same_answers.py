"""A reader who has the newest feed gets the answer that the application would give, whatever is asked (E11 to E14)."""

import asyncio
import http.client
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from aggregator.serve import Server, ServeSettings, Subscribers, create_app
from tests.serve.conftest import AT, PUBLIC_URL, merged_entry, merged_feed, publication_of, status_of

PATH, CODINGS = "/feed.atom", ("identity", "gzip", "zstd")
PUBLICATION = publication_of(merged_feed("feed", merged_entry("Snow falls")))
OPEN = ServeSettings(title="News", public_url=PUBLIC_URL)
CLOSED = ServeSettings(title="News", public_url=PUBLIC_URL, token="s3cret")


class Served:
    """An application on a port; `roundabout`, so that it is asked for every answer."""

    def __init__(self, *, roundabout: bool) -> None:
        self.settings = OPEN
        self.subscribers = Subscribers(lambda: AT)
        self._app = create_app(
            publication=lambda: PUBLICATION,
            status=status_of,
            settings=lambda: self.settings,
            subscribers=self.subscribers,
        )
        self._server, self._roundabout = Server(), roundabout
        listening = self._server.listen("127.0.0.1:0")
        self.port = listening.getsockname()[1]
        self._listening = listening

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    async def start(self) -> None:
        await self._server.start(self if self._roundabout else self._app, self._listening)

    async def stop(self) -> None:
        await self._server.stop()

    def ask(self, method: str, fields: Sequence[tuple[str, str]]) -> tuple[int, list[tuple[str, str]], bytes]:
        """Return status, fields without the date and whether the connection stays, and the body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.putrequest(method, PATH, skip_accept_encoding=True)
        for name, value in fields:
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        body = response.read()
        connection.close()
        said = sorted((name.lower(), value) for name, value in response.getheaders())
        return response.status, [one for one in said if one[0] not in {"date", "connection"}], body


@contextmanager
def both() -> Iterator[tuple[Served, Served]]:
    """One that answers at once where it can, and one that never does; in a loop of their own."""
    served = Served(roundabout=False), Served(roundabout=True)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        for one in served:
            asyncio.run_coroutine_threadsafe(one.start(), loop).result(20)
        yield served
        for one in served:
            asyncio.run_coroutine_threadsafe(one.stop(), loop).result(20)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        loop.close()


def lists(words: Sequence[str]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(words), max_size=4).map(", ".join)


WEIGHTS = ("", ";q=0", ";q=0.0", "; Q=0.5", ";q=1", ";q=2", ";q=x")
DATES = (
    "Tue, 14 Nov 2023 08:33:00 GMT", "Tue, 14 Nov 2023 08:32:59 GMT", "Tuesday, 14-Nov-23 08:33:00 GMT",
    "Tue Nov 14 08:33:00 2023", "Tue, 14 Nov 2023 08:33:00 +0100", "yesterday", "", "0",
    "Fri, 31 Dec 9999 23:59:59 -2300",
)  # fmt: skip
OTHERS = (
    ("A-IM", "feed"), ("A-IM", "feed;q=0"), ("Range", "bytes=0-3"), ("If-Range", '"x"'), ("If-Match", '"x"'),
    ("Cache-Control", "no-cache"), ("Pragma", "no-cache"), ("Authorization", "Bearer s3cret"),
    ("Authorization", "bearer  s3cret"), ("Authorization", "Basic s3cret"), ("Authorization", ""),
    ("User-Agent", "Alfa/1"), ("User-Agent", "Beta/1 (7 subscribers)"), ("User-Agent", "\xff"),
    ("X-Forwarded-For", "192.0.2.1"), ("Forwarded", "for=[2001:db8::1]"), ("Accept", "text/html"),
)  # fmt: skip


def test_the_same_with_and_without_asking_the_application() -> None:
    with both() as served:
        tags = [dict(served[0].ask("GET", [("Accept-Encoding", one)])[1])["etag"] for one in CODINGS]
        known = [
            *tags,
            *(f"W/{tag}" for tag in tags),
            *(tag.strip('"') for tag in tags),
            "*",
            '"x"',
            '""',
            "",
        ]
        codings = [f"{one}{weight}" for one in (*CODINGS, "x-gzip", "br", "*") for weight in WEIGHTS]
        line = st.one_of(
            st.tuples(st.just("If-None-Match"), lists(known)),
            st.tuples(st.just("If-Modified-Since"), st.sampled_from(DATES)),
            st.tuples(st.just("Accept-Encoding"), lists(codings)),
            st.sampled_from(OTHERS),
        )
        likely = st.sampled_from(
            [
                (),
                (("If-None-Match", ", ".join(tags)),),
                (("If-None-Match", "*"), ("Authorization", "Bearer s3cret")),
            ]
        )
        answered = set()

        @settings(deadline=None, max_examples=300)
        @given(st.sampled_from(["GET", "HEAD"]), likely, st.lists(line, max_size=5), st.booleans())
        def same(
            method: str, first: tuple[tuple[str, str], ...], more: list[tuple[str, str]], closed: bool
        ) -> None:
            for one in served:
                one.settings = CLOSED if closed else OPEN
            answers = [one.ask(method, [*first, *more]) for one in served]
            assert answers[0] == answers[1]
            answered.add((answers[0][0], closed))

        same()
        assert {(200, False), (304, False), (304, True), (401, True)} <= answered
        counts = [one.subscribers.count(AT) for one in served]
        assert counts[0] == counts[1] > 1
