"""Bytes that are no text, wherever a publisher may put them, cost at most what they stand in."""

import json
import os
from pathlib import Path

import pytest

from aggregator.errors import printable
from aggregator.model import Access, Source
from tests.fetch.server import Answer, Server, raw
from tests.protocol.documents import feed, sent
from tests.world import World

SURROGATE = "\ud800"  # JSON may name half of a pair, which no encoding of text can hold
CONTROLS = [chr(number) for number in (1, 8, 0x0B, 0x1B, 0x1F, 0x7F)]


def written(folder: Path, name: bytes, content: bytes) -> None:
    folder.mkdir(exist_ok=True)
    Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(content)


def test_what_is_said_is_one_printable_line() -> None:
    assert printable("Grüße ✓ a b") == "Grüße ✓ a b"
    assert printable("a\x1b[31m\nb\ud800\u2028") == r"a\x1b[31m\nb\ud800\u2028"


@pytest.mark.parametrize("control", CONTROLS)
async def test_p1_an_etag_that_cannot_be_sent_does_not_end_the_source(
    world: World, publisher: Server, control: str
) -> None:
    publisher.answer(
        "/a",
        feed("1", headers=[("ETag", f'"a{control}b"'), ("Last-Modified", "then")]),
        feed("1", "2", headers=[("Last-Modified", f"a{control}b")]),
        feed("1", "2", "3"),
    )
    world.configure(Source(id="a", url=publisher.url("/a")))
    results = [(await world.poll())["a"] for _ in range(3)]
    assert [(result.error, result.new) for result in results] == [(None, 1)] * 3
    assert [sent(one) for one in publisher.asked("/a")] == [(None, None), (None, "then"), (None, None)]


async def test_a_proxy_that_refuses_in_another_encoding_stops_nobody(world: World, publisher: Server) -> None:
    refusal = b"HTTP/1.1 407 Authentification exig\xe9e\x1b\r\nContent-Length: 0\r\n\r\n"
    publisher.answer("feeds.example.org:443", raw(refusal))
    proxied = Access(proxy=publisher.url(""))
    world.configure(Source(id="a", url="https://feeds.example.org/rss", access=proxied))
    result = (await world.poll())["a"]
    assert result.error is not None
    assert "Authentification exig" in result.error
    assert printable(result.error) == result.error
    assert world.store.state("a").last_error == result.error


async def test_a_json_feed_of_half_characters_loses_no_entry(world: World, publisher: Server) -> None:
    odd = f"{SURROGATE}x\x1b"
    whole = {"id": "1", "title": "Whole"}
    item = {"id": odd, "title": odd, "date_published": odd, "tags": [odd], "authors": [{"name": odd}]}
    document = {"version": "https://jsonfeed.org/version/1.1", "title": odd, "items": [item, whole]}
    publisher.answer("/a", Answer(body=json.dumps(document).encode()))
    world.configure(Source(id="a", url=publisher.url("/a")))
    result = (await world.poll())["a"]
    assert (result.error, result.new) == (None, 2)
    assert all(problem.isprintable() for problem in world.store.state("a").problems)
    assert len((await world.feed()).entries) == 2


async def test_a_file_whose_name_is_no_text_does_not_hide_its_folder(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    written(folder, b"caf\xe9.txt", b"Posted: 14.11.2023 11:33:00\n\nOne\n\nText\n")
    written(folder, b"plain.txt", b"Posted: 14.11.2023 11:33:00\n\nTwo\n\nText\n")
    written(folder, b"\xe9.txt", b"no entry\n")
    world.configure(Source(id="a", url=folder.as_uri()))
    results = [(await world.poll())["a"] for _ in range(2)]
    assert [(result.error, result.new) for result in results] == [(None, 2), (None, 0)]
    assert any(r"\udce9.txt" in problem for problem in world.store.state("a").problems)
