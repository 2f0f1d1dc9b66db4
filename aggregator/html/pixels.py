"""Images that nobody is meant to see: they tell somebody that an entry is being read."""

import re
from collections.abc import Mapping

from aggregator.html.allowed import kept

# Known by where they come from, whatever size they say: counters, ads and share buttons of feed services.
# "host" or "host/start of the path", subdomains included. From the feeds of the corpora, from miniflux's list
# (Apache-2.0) and from what the services tell publishers to paste; a host that also serves pictures is
# listed with its path only.
TRACKERS = """
    feeds.feedburner.com/~r/ feeds.feedburner.com/~f/ feeds.feedburner.com/~ff/ feeds.feedburner.com/~a/
    feedproxy.google.com/~r/ feedproxy.google.com/~ff/ feedsportal.com pheedo.com feeds.feedblitz.com/~/
    feeds.wordpress.com/1.0/ stats.wordpress.com pixel.wp.com medium.com/_/stat
    blogger.googleusercontent.com/tracker/ img.zemanta.com/pixy.gif api.flattr.com rss.buysellads.com
    vgwort.de cpx.golem.de counter.theconversation.com pixel.propublica.org
    doubleclick.net google-analytics.com googletagmanager.com facebook.com/tr bat.bing.com
    scorecardresearch.com quantserve.com imrworldwide.com bluekai.com adsrvr.org c.statcounter.com
    mc.yandex.ru counter.yadro.ru top-fwz1.mail.ru
"""
# The same services, and counters that publishers run, under the publisher's own name.
TRACKER_PATHS = r"/~r/[^?#]*/~4/", r"/[^?#]*/mf\.gif", r"/(?:[^?#]*/)?(?:piwik|matomo)\.php"

_HOSTS = "|".join(
    re.escape(tracker) + ("" if tracker.endswith("/") else r"(?=[/?#]|$)") for tracker in TRACKERS.split()
)
_TRACKER = re.compile(rf"https?://(?:(?:[^/?#]*\.)?(?:{_HOSTS})|[^/?#]*(?:{'|'.join(TRACKER_PATHS)}))")
_SMALL = re.compile(r"0*[01]", re.ASCII)
_HIDDEN_STYLE = re.compile(r"(?<![\w-])(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_SMALL_STYLE = re.compile(
    r"(?<![\w-])(width|height)\s*:\s*[01](?:\.0*)?(?:px)?\s*(?:!\s*important\s*)?(?:;|$)",
    re.ASCII | re.IGNORECASE,
)


def is_tracker(address: str) -> bool:
    """Whether an absolute address is one of `TRACKERS`."""
    return _TRACKER.match(address) is not None


def is_unseen(said: Mapping[str, str]) -> bool:
    """Whether the attributes of an image or a frame hide it, or leave no more than a pixel of it."""
    style = said.get("style", "")
    # As they are written: what is shown once is shown again.
    sizes = [kept("img", name, said[name]) for name in ("width", "height") if name in said]
    seen = [size for size in sizes if size is not None]
    return (
        (bool(seen) and all(map(_SMALL.fullmatch, seen)))
        or "hidden" in said
        or _HIDDEN_STYLE.search(style) is not None
        or len({found.lower() for found in _SMALL_STYLE.findall(style)}) == 2
    )
