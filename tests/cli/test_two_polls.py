"""Two `poll` commands at once: one store has one owner, and the second brings its copy when the first is done."""

import asyncio
import threading
from pathlib import Path

from tests.cli.test_overruling import FEED, TEXT, shown
from tests.fetch.server import Answer, Server
from tests.running import PATIENCE, Site


def test_a_poll_beside_another_is_refused_and_joins_its_story_later(
    tmp_path: Path, publisher: Server
) -> None:
    documents = [
        FEED.format(name=name, hour=n, text=TEXT).encode() for n, name in enumerate(("alfa", "bravo"))
    ]
    asked, refused = threading.Event(), threading.Event()

    async def when_the_other_was_refused(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await asyncio.to_thread(refused.wait, PATIENCE)
        writer.write(Answer(body=documents[0], close=True).encode())
        await writer.drain()

    publisher.answer("/alfa", Answer(script=when_the_other_was_refused))
    publisher.answer("/bravo", Answer(body=documents[1]))
    tables = [
        f'[[source]]\nid = "{name}"\nurl = "{publisher.url(f"/{name}")}"\n' for name in ("alfa", "bravo")
    ]
    site = Site(tmp_path, sources="".join(tables))
    codes: list[int] = []
    first = threading.Thread(target=lambda: codes.append(site.run("poll", "alfa").returncode))
    first.start()
    assert asked.wait(PATIENCE)
    second = site.run("poll", "bravo")
    refused.set()
    first.join(PATIENCE)
    assert codes == [0]
    assert second.returncode == 75
    assert "belongs to a running aggregator" in second.stderr
    assert publisher.asked("/bravo") == []
    assert site.run("poll", "bravo").returncode == 0
    assert shown(site) == ["urn:alfa:1"]
