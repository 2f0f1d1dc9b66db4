"""A publication costs what has changed (PERFORMANCE)."""

import os
from pathlib import Path

import pytest

from aggregator.errors import PublishError
from aggregator.model import Output
from tests.archives import Newsroom, story


def test_what_has_not_changed_is_the_same_document_and_file(tmp_path: Path) -> None:
    room = Newsroom("sqlite", tmp_path)
    room.outputs = (Output(name="feeds/politics", title="Politics", sources=("bravo",), limit=5),)
    first = story(1)
    room.tell(first)
    room.tell(story(2, "bravo"))
    before = room.publish()
    again = room.publish()
    assert all(again.published[path] is one for path, one in before.published.items())
    room.revise(first, title="Revised")
    after = room.publish()
    changed = {path for path, one in after.published.items() if one is not before.published[path]}
    assert changed == {"feed.atom", "feed.rss", "feed.json"}
    assert b"Revised" in (room.public / "feed.atom").read_bytes()
    room.store.close()


def test_a_file_that_somebody_touched_is_written_again(tmp_path: Path) -> None:
    room = Newsroom("sqlite", tmp_path)
    room.tell(story(1))
    body = room.publish().published["feed.atom"].document.body
    (room.public / "feed.atom").write_bytes(b"spoilt")
    (room.public / "feed.rss").unlink()
    os.utime(room.public / "feed.json", (1, 1))
    published = room.publish().published
    assert (room.public / "feed.atom").read_bytes() == body
    assert (room.public / "feed.rss").exists()
    assert published["feed.json"].modified_at.timestamp() == 1
    room.store.close()


def test_each_change_has_a_later_date_than_the_one_before(tmp_path: Path) -> None:
    """Also within a second, and after the clock was set back: else If-Modified-Since, and nginx, see no change."""
    room = Newsroom("sqlite", tmp_path)
    dates = []
    for number in range(1, 4):
        room.tell(story(number))
        dates.append(room.publish().published["feed.atom"].modified_at)
    assert dates == sorted({*dates})
    path = room.public / "feed.atom"
    assert path.stat().st_mtime == dates[-1].timestamp()
    assert room.publish().published["feed.atom"].modified_at == dates[-1]
    room.store.close()


def test_what_changed_before_a_failed_publication_is_published_by_the_next(tmp_path: Path) -> None:
    room = Newsroom("sqlite", tmp_path)
    room.publish()
    room.tell(story(1))
    (room.public / "feed.atom").unlink()
    (room.public / "feed.atom").mkdir()
    with pytest.raises(PublishError):
        room.publish()
    (room.public / "feed.atom").rmdir()
    room.publish()
    assert room.shown() == [story(1).story_id]
    room.store.close()
