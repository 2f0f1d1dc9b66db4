"""What podcast players read of RSS (https://podcasters.apple.com/support/823-podcast-requirements)."""

from lxml import etree

from aggregator.emit.extensions import add, clock
from aggregator.model import Episode, MergedFeed

CATEGORY = "News"  # one of Apple's list, which a channel with episodes must have
# RFC 2606 §2: an address that nobody has. Apple's directory mails the owner of a podcast; we have none to name.
NOBODY = "nobody@example.invalid"


def show(channel: etree._Element, feed: MergedFeed) -> None:
    """Say of the channel what players want of one that has episodes; nothing where it has none."""
    episodes = [entry.extras.episode for entry in feed.entries if entry.extras.episode]
    if not any(map(_has_facts, episodes)):
        return
    languages = {entry.language or "und" for entry in feed.entries}
    etree.SubElement(channel, "language").text = (
        languages.pop() if len(languages) == 1 else "mul"
    )  # ISO 639-2
    add(channel, "itunes:category", text_=CATEGORY)  # its attribute
    add(channel, "itunes:explicit", str(any(episode.explicit for episode in episodes)).lower())
    owner = add(channel, "itunes:owner")
    add(owner, "itunes:name", feed.title)
    add(owner, "itunes:email", NOBODY)


def episode(item: etree._Element, said: Episode) -> None:
    for name, value in _facts(said).items():
        if value is not None:
            add(item, f"itunes:{name}", value)
    if said.image:
        add(item, "itunes:image", href=said.image)


def _has_facts(said: Episode) -> bool:
    return said.image is not None or any(value is not None for value in _facts(said).values())


def _facts(said: Episode) -> dict[str, str | None]:
    return {
        "duration": None if said.duration is None else clock(said.duration),
        "season": str(said.season) if said.season else None,  # Apple: not zero
        "episode": str(said.number) if said.number else None,
        "episodeType": said.kind,
        "explicit": None if said.explicit is None else str(said.explicit).lower(),
    }
