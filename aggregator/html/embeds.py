"""Where the link goes that stands for an embedded player."""

import re

# The address inside a frame is for a frame: opened by itself it is a bare player, and YouTube's refuses to
# play without a Referer. These lead to the page of what is played.
PLAYERS = (
    (
        r"(?:www\.|m\.)?youtube(?:-nocookie)?\.com/embed/videoseries\?(?:.*&)?list=([\w-]+).*",
        r"https://www.youtube.com/playlist?list=\1",
    ),
    (
        r"(?:www\.|m\.)?youtube(?:-nocookie)?\.com/(?:embed|v)/([\w-]{11})(?:[?&#/].*)?",
        r"https://www.youtube.com/watch?v=\1",
    ),
    (r"player\.vimeo\.com/video/(\d+)\?(?:.*&)?h=([0-9a-f]+).*", r"https://vimeo.com/\1/\2"),
    (r"player\.vimeo\.com/video/(\d+)(?:[?#].*)?", r"https://vimeo.com/\1"),
    (r"(?:www\.)?dailymotion\.com/embed/video/(\w+)(?:[?#].*)?", r"https://www.dailymotion.com/video/\1"),
    (r"open\.spotify\.com/embed(?:-podcast)?/([a-z]+/\w+)(?:[?#].*)?", r"https://open.spotify.com/\1"),
)

_PLAYERS = tuple((re.compile(rf"https?://{pattern}", re.ASCII), page) for pattern, page in PLAYERS)


def page_of(address: str) -> str:
    """Return the page of what is embedded where we know it, else the address of the embed."""
    for player, page in _PLAYERS:
        if found := player.fullmatch(address):
            return found.expand(page)
    return address
