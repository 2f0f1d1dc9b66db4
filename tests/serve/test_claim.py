"""User-Agents as services send them, taken from web server logs and from their own documentation."""

import time

import pytest

from aggregator.serve.claim import MAX_CLAIMED, Claim, claim_of

NEWSBLUR = (
    "NewsBlur Feed Fetcher - 5 subscribers - https://www.newsblur.com/site/7649476/thoughts (Mozilla/5.0 "
    "(Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/14.0.1 "
    "Safari/605.1.15)"
)
OVERCAST = "Overcast/1.0 Podcast Sync (210 subscribers; feed-id=735461; +http://overcast.fm/)"


@pytest.mark.parametrize(
    ("user_agent", "service", "feed_id", "subscribers"),
    [
        ("Feedbin feed-id:1373711 - 142 subscribers", "feedbin", "1373711", 142),
        ("Feedbin feed-id:12345 - 1 subscriber", "feedbin", "12345", 1),
        (
            "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 12 subscribers; like FeedFetcher-Google)",
            "feedly",
            None,
            12,
        ),
        ("Feedly/1.0 (poller; 131 subscribers;)", "feedly", None, 131),
        ("Mozilla/5.0 (compatible; inoreader.com; 25 subscribers)", "inoreader.com", None, 25),
        (NEWSBLUR, "newsblur feed fetcher", None, 5),
        (
            "Mozilla/5.0 (compatible; BazQux/2.4; +https://bazqux.com/fetcher; 3 subscribers)",
            "bazqux",
            None,
            3,
        ),
        (
            "Mozilla/5.0 (compatible; theoldreader.com; 2 subscribers; feed-id=0719795c4d27c784217b0bc0)",
            "theoldreader.com",
            "0719795c4d27c784217b0bc0",
            2,
        ),
        (OVERCAST, "overcast", "735461", 210),
        ("Netvibes (http://www.netvibes.com/; 5 subscribers; feedId: 5404723)", "netvibes", "5404723", 5),
        ("Zhuaxia.com 1 Subscribers", "zhuaxia.com", None, 1),
        ("AideRSS/1.0 (aiderss.com); 2 subscribers", "aiderss", None, 2),
        (
            "LiveJournal.com (webmaster@livejournal.com; for http://www.livejournal.com/users/x/; 488 readers)",
            "livejournal.com",
            None,
            488,
        ),
        (
            "aggregator/0.1.0 (+https://news.example.org/river; 7 subscribers; feed-id=alfa)",
            "aggregator https://news.example.org/river",  # everybody runs one of their own
            "alfa",
            7,
        ),
        ("Robot Verter (v1.1; 0 subscriber)", "robot verter", None, 0),
    ],
)
def test_services(user_agent: str, service: str, feed_id: str | None, subscribers: int) -> None:
    assert claim_of(user_agent) == Claim(service=service, feed_id=feed_id, subscribers=subscribers)


@pytest.mark.parametrize(
    "user_agent",
    [
        "",
        "FreshRSS/1.24.1 (Linux; https://freshrss.org)",
        "Mozilla/5.0 (compatible; Miniflux/2.2.3; +https://miniflux.app)",
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "X/1.0 (-5 subscribers)",
        "X/1.0 (1.5 subscribers)",
        "X/1.0 (0x10 subscribers)",
        "X/1.0 (٥ subscribers)",
        "X/1.0 (² subscribers)",
        "X/1.0 (５ subscribers)",
        "X/1.0 (many subscribers)",
        "X/1.0 (5 subscribersabc)",
        "x" * 10_000 + " 5 subscribers",
    ],
)
def test_no_claim(user_agent: str) -> None:
    assert claim_of(user_agent) is None


@pytest.mark.parametrize("digits", ["999999999999999999999", "9" * 400, f"{MAX_CLAIMED + 1}"])
def test_a_number_nobody_can_believe_is_bounded(digits: str) -> None:
    claim = claim_of(f"X ({digits} subscribers)")
    assert claim is not None
    assert claim.subscribers == MAX_CLAIMED


@pytest.mark.parametrize(
    "piece", ["1", "1 ", "feed-id", "feed-id:", " - ", "(+", "mozilla/1 (compatible; ", "\0", "é"]
)
def test_a_hostile_user_agent_costs_nothing(piece: str) -> None:
    """A quadratic pattern would take seconds for so much."""
    started = time.process_time()
    claim_of(f"5 subscribers {piece * 1_000_000}")
    assert time.process_time() - started < 0.5
