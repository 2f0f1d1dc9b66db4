"""Publishers whose documents change at nearly every poll, and who remember what they have been told about."""

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial

from aggregator.dedup.flood import BATCH_MOST
from tests.fetch.server import Answer, Asked, Server
from tests.protocol.looking import source
from tests.protocol.markup import rss

SOURCES = 8
BURST = 3  # new items of one document
WINDOW = BATCH_MOST  # items in a document: all may be new when polls were killed, and more would be held as a flood
TEXT = 60  # words of an item, of nobody else's
SHARED = 5  # every so many items a neighbour's article is told as well
UNCHANGED = 0.2  # of all polls
WITHOUT_VALIDATORS = 3  # every third source has none
BEGUN_AT = datetime(2026, 1, 1, tzinfo=UTC)
HOSTS = tuple(f"127.0.3.{number}" for number in range(1, SOURCES + 1))


class Newsroom:
    """Answers on `server` for all sources; `seed` decides what they say, `frozen` that they say nothing new."""

    def __init__(self, server: Server, seed: str) -> None:
        self.frozen = False
        self._server = server
        self._seed = seed
        self._random = random.Random(seed)
        self._versions = [1] * SOURCES
        self._read: dict[int, set[int]] = defaultdict(set)  # versions that validators were sent back of
        for number in range(SOURCES):
            server.answer(f"/{number}", partial(self._answer, number))

    @property
    def tables(self) -> str:
        """The sources for the configuration."""
        return "".join(
            source(f"s{number}", self._server.url(f"/{number}", HOSTS[number])) for number in range(SOURCES)
        )

    def polls(self) -> list[int]:
        """Return how often each source was asked."""
        return [len(self._server.asked(f"/{number}")) for number in range(SOURCES)]

    def confirmed(self) -> set[str]:
        """Titles of all documents that the client says it has, by sending back their validators."""
        return {
            title
            for number, versions in list(self._read.items())
            for version in list(versions)
            for title in self._titles(number, version)
        }

    def last(self) -> set[str]:
        """Titles of the documents as they are now."""
        return {title for number in range(SOURCES) for title in self._titles(number, self._versions[number])}

    def _answer(self, number: int, asked: Asked) -> Answer:
        version = self._versions[number]
        tag = asked.header("if-none-match")
        if tag is not None:
            self._read[number].add(int(tag.strip('"')))
        if self.frozen or self._random.random() < UNCHANGED:
            if tag == f'"{version}"':
                return Answer(status=304, headers=[("ETag", tag)])
        elif len(self._server.asked(f"/{number}")) > 1:
            self._versions[number] = version = version + 1
        headers = [] if number % WITHOUT_VALIDATORS == 0 else [("ETag", f'"{version}"')]
        return Answer(body=rss(*self._items(number, version), title=f"Feed {number}"), headers=headers)

    def _told(self, number: int, version: int) -> range:
        """Return the numbers of the items in a version."""
        end = version * BURST
        return range(max(0, end - WINDOW), end)

    def _owner(self, number: int, item: int) -> int:
        """Return whose article an item is: some are a neighbour's."""
        return number - 1 if number % 2 and item % SHARED == 0 else number

    def _titles(self, number: int, version: int) -> set[str]:
        return {self._title(number, item) for item in self._told(number, version)}

    def _title(self, number: int, item: int) -> str:
        # Of random words: titles that are alike are compared.
        owner = self._owner(number, item)
        words = " ".join(self._words(f"title {owner} {item}", 6))
        return f"{words} {owner}x{item}"

    def _words(self, of: str, count: int) -> list[str]:
        words = random.Random(f"{self._seed} {of}")
        return ["".join(words.choices("abcdefghijklmnoprstuvz", k=7)) for _ in range(count)]

    def _items(self, number: int, version: int) -> list[str]:
        return [self._item(number, item) for item in reversed(self._told(number, version))]

    def _item(self, number: int, item: int) -> str:
        owner = self._owner(number, item)
        date = BEGUN_AT + timedelta(minutes=item, seconds=owner)
        text = " ".join(self._words(f"text {owner} {item}", TEXT))
        return (
            f"<item><guid>{number}-{item}</guid><title>{self._title(number, item)}</title>"
            f"<link>https://s{owner}.example/{item}</link><pubDate>{format_datetime(date)}</pubDate>"
            f"<description>{text}</description></item>"
        )
