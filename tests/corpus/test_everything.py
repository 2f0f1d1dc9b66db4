"""Every document of the corpus is read or refused, and no entry is lost that feedparser alone finds."""

import io
import json
from collections.abc import Iterator

import feedparser
import pytest

from aggregator.errors import ParseError
from aggregator.model import Reading, Response, Source
from aggregator.reading import read
from tests.corpus.place import CORPUS, needs_corpus

URL = "https://x.example/f"
NO_DOCUMENTS = {"notice", "sanitiser-case"}
TOLD = ("id", "link", "title", "summary", "published", "updated", "tags")


def documents() -> Iterator[str]:
    if CORPUS is not None:
        for line in (CORPUS / "INDEX.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["format"] not in NO_DOCUMENTS and row["bytes"]:
                yield row["path"]


def reading(body: bytes) -> Reading | None:
    """Return what we read; None for what is no feed."""
    try:
        return read(Source(id="x", url=URL), Response(status=200, url=URL, body=body))
    except ParseError:
        return None


@needs_corpus
@pytest.mark.parametrize("path", list(documents()))
def test_a_document_gives_what_feedparser_alone_finds(path: str) -> None:
    assert CORPUS is not None
    body = (CORPUS / path).read_bytes()
    found = reading(body)
    alone = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
    told = {repr([dict.get(entry, name) or None for name in TOLD]) for entry in alone["entries"]}
    told.discard(repr([None] * len(TOLD)))  # says nothing at all; one that is told twice is one
    assert len(found.entries if found else ()) >= len(told)
