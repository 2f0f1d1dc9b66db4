"""P11 to P15 at the speed of clocks on walls: a daemon, and publishers who ask for seconds."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from tests.fetch.server import Answer, Asked, Say, Server
from tests.protocol.documents import asctime_date, feed, http_date, rfc850_date, rss
from tests.protocol.watching import EVERY_SECOND, HOSTS, Watch, table
from tests.running import Site

ONE, TWO = "http://one.example", "http://two.example"  # of which the publisher is the proxy
SOON = timedelta(seconds=4)


def _dated(name: str, form: Callable[[datetime], str], status: int = 200) -> Say:
    """An answer with a header that names a moment `SOON` after it; the next is as usual."""

    def answer(asked: Asked) -> Answer:
        return Answer(status=status, headers=[(name, form(asked.when + SOON))], body=rss("1"))

    return answer


SHORT: dict[str, Say] = {  # waits of real seconds
    "/p11-max-age": feed("1", headers=[("Cache-Control", "max-age=14"), ("Age", "10")]),
    "/p11-expires": _dated("Expires", http_date),
    "/p13-429": Answer(status=429, headers=[("Retry-After", "4")]),
    "/p13-503": Answer(status=503, headers=[("Retry-After", "4")]),
    "/p14-fixdate": _dated("Retry-After", http_date, 503),
    "/p14-850": _dated("Retry-After", rfc850_date, 503),
    "/p14-asctime": _dated("Retry-After", asctime_date, 429),
}


@pytest.fixture(scope="module", params=["host", "url"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    """A daemon with two sources of a public host, one of another, and some that ask for seconds."""
    with Server(HOSTS) as publisher:
        proxy = f'proxy = "{publisher.url().rstrip("/")}"\n' + EVERY_SECOND
        tables = [table(url[-1], url, proxy) for url in (f"{ONE}/a", f"{ONE}/b", f"{TWO}/c")]
        publisher.answer(f"{ONE}/a", Answer(status=429, headers=[("Retry-After", "7200")]))
        publisher.answer(f"{ONE}/b", feed("b"))
        publisher.answer(f"{TWO}/c", feed("c"))
        for number, (path, answer) in enumerate(SHORT.items()):
            publisher.answer(path, answer, feed("1"))
            tables.append(table(path.strip("/"), publisher.url(path, HOSTS[number])))
        # The default is "host".
        settings = 'retry_after_scope = "url"' if request.param == "url" else ""
        site = Site(tmp_path_factory.mktemp(request.param), sources="".join(tables), settings=settings)
        with site.daemon() as daemon:
            yield Watch(publisher, site, daemon)


def test_p15_a_hold_is_for_the_host_or_the_url_as_configured(run: Watch) -> None:
    run.asked(f"{ONE}/a", 1)
    run.later(f"{TWO}/c", polls=3)
    assert len(run.publisher.asked(f"{ONE}/a")) == 1
    told = run.status("b")
    if "url" in run.site.config.read_text().partition("retry_after_scope")[2]:
        assert len(run.publisher.asked(f"{ONE}/b")) >= 3
        assert told["state"] == "ok"
    else:
        assert run.publisher.asked(f"{ONE}/b") == []
        assert told["because"] == "host on hold"
        assert "host on hold" in run.site.run("explain", "b").stdout


def _short(run: Watch, prefix: str) -> None:
    for path in SHORT:
        if path.startswith(prefix):
            first, second, *_ = run.asked(path, 2)
            assert second.when - first.when >= SOON - timedelta(seconds=1), path  # dates have no fractions
            assert second.when - first.when < 2 * SOON, path


def test_p11_freshness_in_seconds(run: Watch) -> None:
    _short(run, "/p11")


def test_p13_retry_after_in_seconds(run: Watch) -> None:
    _short(run, "/p13")


def test_p14_retry_after_as_dates(run: Watch) -> None:
    _short(run, "/p14")
