"""Files that operators bring: subscription lists and configurations."""

from lxml import etree

from aggregator.config import NewSource, add_sources, load
from aggregator.config.environment import PREFIX
from aggregator.config.loading import survey
from aggregator.emit import emit_opml
from aggregator.errors import ConfigError
from aggregator.model import FeedHead, Source
from aggregator.parse.subscriptions import read_subscriptions
from tests.fuzz.scratch import scratch

FOLLOWED_MOST = 4  # of a list: files are written for each
SEPARATOR = b"\n# environment\n"


def check_subscriptions(data: bytes) -> None:
    """Whatever is found in a list can be followed, and is found in the list that we write of it."""
    subscriptions, problems = read_subscriptions(data)
    assert subscriptions or problems
    assert all(one.url.startswith(("http://", "https://")) for one in subscriptions), subscriptions
    named = [
        (Source(id=f"s{n}", url=one.url, title=one.title, tags=one.tags), FeedHead())
        for n, one in enumerate(subscriptions)
    ]
    written = emit_opml("News", named).body
    etree.fromstring(written)
    again, _ = read_subscriptions(written)
    assert [one.url for one in again] == [one.url for one in subscriptions], (again, subscriptions)
    assert [one.tags for one in again] == [one.tags for one in subscriptions], (again, subscriptions)
    followed = subscriptions[:FOLLOWED_MOST]
    _follow([NewSource(url=one.url, title=one.title, tags=one.tags) for one in followed])


def _follow(new: list[NewSource]) -> None:
    path = scratch("lists") / "aggregator.toml"
    path.write_bytes(b"")
    if new:
        add_sources(path, new, environ={})
        followed = load(path, environ={}).sources
        assert 0 < len(followed) <= len(new)


def check_configuration(data: bytes) -> None:
    """A configuration is read, or refused with a sentence for every mistake.

    After a line `# environment` come variables, one a line.
    """
    file, _, given = data.partition(SEPARATOR)
    environ = {
        f"{PREFIX}{name}": value
        for line in given.decode("utf-8", "surrogateescape").splitlines()
        for name, _, value in [line.partition("=")]
    }
    path = scratch("configuration") / "aggregator.toml"
    try:
        found = survey(path, environ, overlay={path: file}).configuration
    except ConfigError:
        return
    repr(found)
    assert len({source.id for source in found.sources}) == len(found.sources)
