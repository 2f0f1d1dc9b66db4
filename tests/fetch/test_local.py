"""file: sources."""

import os
from pathlib import Path

import pytest

from aggregator.errors import FetchError
from aggregator.fetch import Fetcher
from aggregator.model import Response, Source, Validators
from tests.fetch.server import packed

FEED = b"<rss/>"


async def read(fetcher: Fetcher, url: str) -> Response:
    return await fetcher.fetch(Source(id="s", url=url, max_bytes=1000), Validators(etag='"unused"'))


@pytest.mark.parametrize("name", ["feed.xml", "a b%20c#d?e.xml", "лента.xml"])
async def test_a_file_is_read(fetcher: Fetcher, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(FEED)
    response = await read(fetcher, file.as_uri())
    assert (response.status, response.body, response.url) == (200, FEED, file.as_uri())
    assert response.validators == Validators()
    assert response.fresh_for is None


async def test_short_form_of_the_url(fetcher: Fetcher, tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_bytes(FEED)
    assert (await read(fetcher, f"file:{tmp_path}/feed.xml")).body == FEED
    assert (await read(fetcher, f"FILE://localhost{tmp_path}/feed.xml")).body == FEED


async def test_a_compressed_file_is_inflated(fetcher: Fetcher, tmp_path: Path) -> None:
    file = tmp_path / "feed.xml.gz"
    file.write_bytes(packed(FEED))
    assert (await read(fetcher, file.as_uri())).body == FEED


async def test_a_missing_file_is_named(fetcher: Fetcher, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"/nowhere\.xml cannot be read: No such file"):
        await read(fetcher, (tmp_path / "nowhere.xml").as_uri())


async def test_a_pipe_nobody_writes_to_holds_up_nothing(fetcher: Fetcher, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FetchError, match="is no regular file"):
        await read(fetcher, (tmp_path / "pipe").as_uri())


async def test_an_unreadable_file_is_named(fetcher: Fetcher, tmp_path: Path) -> None:
    (tmp_path / "feed.xml").symlink_to("feed.xml")  # a link to itself: unreadable even for root
    with pytest.raises(FetchError, match=r"feed\.xml cannot be read: "):
        await read(fetcher, (tmp_path / "feed.xml").as_uri())


async def test_a_name_that_cannot_be(fetcher: Fetcher) -> None:
    with pytest.raises(FetchError, match="names no file"):
        await read(fetcher, "file:///a%00b")


@pytest.mark.parametrize("content", [b"<" * 1001, packed(bytes(1001))])
async def test_p30_a_large_file_is_refused(fetcher: Fetcher, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "feed.xml"
    file.write_bytes(content)
    with pytest.raises(FetchError, match="body is larger than 1000 bytes"):
        await read(fetcher, file.as_uri())
