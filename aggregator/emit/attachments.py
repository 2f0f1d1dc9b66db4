"""What an entry brings with it as JSON Feed has it: recordings with their length, and one picture."""

from collections.abc import Iterator

from aggregator.model import Media, MergedEntry

_HEARD_OR_SEEN = ("audio", "video")


def attachments(entry: MergedEntry) -> Iterator[Media]:
    """Yield the enclosures and the recordings among the media, each address once.

    The length of an episode is that of its first recording; what else is attached to it says its own.
    """
    described = {media.url: media for media in entry.extras.media}
    duration = entry.extras.episode.duration if entry.extras.episode else None
    for enclosure in entry.enclosures:
        known = described.pop(enclosure.url, None)
        yield Media(
            url=enclosure.url,
            type=enclosure.type or (known.type if known else None),
            length=enclosure.length if enclosure.length is not None else (known.length if known else None),
            duration=(known.duration if known else None) or duration,
            title=known.title if known else None,
        )
        duration = None
    for media in described.values():
        if is_recording(media):
            yield (
                media
                if media.duration
                else Media(
                    url=media.url, type=media.type, length=media.length, duration=duration, title=media.title
                )
            )
            duration = None


def is_recording(media: Media) -> bool:
    return media.medium in _HEARD_OR_SEEN or (media.type or "").startswith(_HEARD_OR_SEEN)


def picture(entry: MergedEntry) -> str | None:
    """Return the picture that stands for an entry: its own, its episode's, else the first among its media."""
    own = entry.extras.thumbnail or (entry.extras.episode and entry.extras.episode.image)
    images = (
        media.url
        for media in entry.extras.media
        if media.medium == "image" or (media.type or "").startswith("image/")
    )
    return own or next(images, None)
