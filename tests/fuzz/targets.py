"""The targets: what each is given, begins with, and may take."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tests.fuzz import documents, headers, lists, seeds, texts
from tests.fuzz.seeds import DATA, LENGTH_MOST

CASES = DATA / "fuzz"  # what was found, by target


@dataclass(frozen=True, slots=True)
class Target:
    """`check` raises whatever is wrong with what we make of some bytes."""

    check: Callable[[bytes], None]
    seeds: Callable[[], Iterator[bytes]]
    length_most: int = LENGTH_MOST  # bytes
    seconds: float = 2.0  # of CPU for one input, watched as it runs; more is a hang
    words: str = ""  # that are worth trying, beside what the seeds have

    def run(self, data: bytes) -> None:
        """Check `data`, within the time that it may take."""
        started = time.process_time()
        self.check(data)
        took = time.process_time() - started
        assert took <= self.seconds, f"{took:.1f} s for {len(data)} bytes, {self.seconds} are allowed"


XML = "<item> </item> <entry> <title> <link <content <?xml <![CDATA[ ]]> <!DOCTYPE <!ENTITY &amp; &#x xml:base= xmlns"
JSON = '"items": "content_html": "\\ud800" "date_published": "version": null true 1e999 [[[[ {"'
HTML = "<svg <math <mtext <style <script <noscript <template <table <p <a href= <img src= on =javascript: <!-- --> &lt;"
TOML = '[[source]] [[feed]] [aggregator] [poll] [server] [retention] url id tags rule = " """ \' { } 1979-05-27 inf 0x'
WORDS = 'AND OR NOT ( ) - * " : title: text: author: tag: source: url: after: before: « “'
FIELDS = 'for= proto= , ; = " q= Bearer GMT Nov 1994 max-age= no-store subscribers limit= since= q= token= &'

TARGETS: Mapping[str, Target] = {
    "feeds": Target(documents.check_document, seeds.feeds, seconds=20, words=XML),
    "json": Target(documents.check_document, seeds.json_feeds, seconds=20, words=JSON),
    "text": Target(documents.check_document, seeds.texts, seconds=20, words="Posted: Title: \n\n"),
    "dates": Target(
        texts.check_date, seeds.dates, length_most=400, words="年 月 日 AM PM GMT +0000 Nov T Z % W"
    ),
    "addresses": Target(
        texts.check_address, seeds.addresses, length_most=9_000, words="http:// // # ? & % @ [ ] xn--"
    ),
    "html": Target(texts.check_html, seeds.html, length_most=4_000, seconds=10, words=HTML),
    "queries": Target(texts.check_query, seeds.queries, length_most=1_200, words=WORDS),
    "subscriptions": Target(
        lists.check_subscriptions, seeds.subscriptions, seconds=10, words="xmlUrl= <outline [ ]"
    ),
    "configuration": Target(lists.check_configuration, seeds.configurations, length_most=4_000, words=TOML),
    "requests": Target(headers.check_request, seeds.requests, length_most=2_000, words=FIELDS),
    "responses": Target(headers.check_response, seeds.responses, length_most=2_000, words=FIELDS),
}


def cases(name: str) -> Iterator[bytes]:
    """Yield what was found before with that target."""
    yield from seeds.files(CASES / name)
