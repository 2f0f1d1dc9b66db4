"""The first words of an entry, as plain text. Pure."""

from html.parser import HTMLParser
from typing import Final

EXCERPT_CHARACTERS: Final = 280
MARKUP_CHARACTERS: Final = 8_000  # of HTML read for it: an entry may be a book
_INLINE: Final = frozenset(
    {"a", "abbr", "b", "bdi", "bdo", "cite", "code", "dfn", "em", "i", "kbd", "mark", "q", "s", "samp"}
    | {"small", "span", "strong", "sub", "sup", "u", "var"}
)


class _Words(HTMLParser):
    """Collects text; anything but inline markup separates words."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 (its signature)
        self._separate(tag)

    def handle_endtag(self, tag: str) -> None:
        self._separate(tag)

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    def _separate(self, tag: str) -> None:
        if tag not in _INLINE:
            self.pieces.append(" ")


def excerpt(html: str, *, limit: int = EXCERPT_CHARACTERS) -> str:
    """Return the beginning of safe HTML as one line of text, cut between words and then marked by "…"."""
    whole = len(html) <= MARKUP_CHARACTERS
    read = html[:MARKUP_CHARACTERS]
    if read.rfind("<") > read.rfind(">"):  # cut within a tag
        read = read[: read.rfind("<")]
    words = _Words()
    words.feed(read)
    words.close()
    text = " ".join("".join(words.pieces).split())
    if len(text) > limit:
        head, space, _ = text[: limit + 1].rpartition(" ")
        text = head if space else text[:limit]
    elif whole:
        return text
    return f"{text.rstrip(' .,;:–—-')}…" if text else ""
