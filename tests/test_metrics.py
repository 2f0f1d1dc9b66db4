"""The figures of the real daemon, read as Prometheus reads them, and the probes of supervisors."""

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.fetch.server import Answer, Server
from tests.running import Running, Site, eventually

FEED = b"""<rss version="2.0"><channel><title>A</title>
<item><guid>1</guid><title>News of alfa</title></item></channel></rss>"""
# INTERFACE, "Metrics"
PROMISED = {
    "aggregator_polls",
    "aggregator_poll_duration_seconds",
    "aggregator_poll_lateness_seconds",
    "aggregator_sources",
    "aggregator_entries",
    "aggregator_http_responses",
    "aggregator_fetched_bytes",
    "aggregator_feed_requests",
    "aggregator_publish_delay_seconds",
    "aggregator_event_loop_lag_seconds",
    "aggregator_config_last_reload_successful",
    "aggregator_db_size_bytes",
    "aggregator_build_info",
}


def figures(daemon: Running) -> dict[tuple[str, tuple[str, ...]], float]:
    """Every sample by its name and the values of its labels."""
    families = list(text_string_to_metric_families(daemon.get("/metrics").text))
    assert {family.name for family in families} >= PROMISED
    return {
        (sample.name, tuple(sorted(sample.labels.values()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_the_daemon_counts_what_it_does(tmp_path: Path, publisher: Server) -> None:
    publisher.answer("/alfa", Answer(body=FEED, headers=[("ETag", '"1"')]), Answer(status=304))
    publisher.answer("/bad", Answer(status=404))
    sources = "".join(
        f'[[source]]\nid = "{name}"\nurl = "{publisher.url(f"/{name}")}"\ninterval = "1s"\n'
        for name in ("alfa", "bad")
    )
    site = Site(tmp_path, sources=sources)
    assert site.run("healthcheck").returncode == 69
    with site.daemon() as daemon:
        daemon.feed("News of alfa")
        eventually(lambda: len(publisher.asked("/alfa")) > 2, "a 304")
        checked = site.run("healthcheck")
        assert (checked.returncode, checked.stdout) == (0, f"127.0.0.1:{site.port}: ready\n")
        found = figures(daemon)
        assert found["aggregator_polls_total", ("ok",)] == 1
        assert found["aggregator_polls_total", ("unchanged",)] >= 1
        assert found["aggregator_polls_total", ("failed",)] >= 1
        assert found["aggregator_entries_total", ("new",)] == 1
        assert found["aggregator_http_responses_total", ("404",)] >= 1
        assert found["aggregator_fetched_bytes_total", ()] == len(FEED)
        assert found["aggregator_sources", ("ok",)] == found["aggregator_sources", ("failing",)] == 1
        assert found["aggregator_feed_requests_total", ("200", "atom")] >= 1
        assert found["aggregator_publish_delay_seconds_count", ()] >= 1
        assert found["aggregator_poll_lateness_seconds_count", ()] >= 3
        assert found["aggregator_event_loop_lag_seconds_count", ()] >= 10
        assert found["aggregator_db_size_bytes", ()] > 10_000
        assert found["aggregator_config_last_reload_successful", ()] == 1
        site.sources.write_text("[[source]]\nurl = 1\n")
        daemon.log("event=reload", "error")
        assert figures(daemon)["aggregator_config_last_reload_successful", ()] == 0
        site.sources.write_text(sources)
        eventually(
            lambda: figures(daemon)["aggregator_config_last_reload_successful", ()] == 1, "a good reload"
        )
        assert not any(word in daemon.get("/metrics").text for word in ("alfa", publisher.url("/")))


def test_healthcheck_knows_a_daemon_behind_a_socket_and_one_without_a_server(tmp_path: Path) -> None:
    for name, listen in (("socket", f"unix:{tmp_path}/http.sock"), ("none", "")):
        site = Site(tmp_path / name)
        site.environ["AGGREGATOR_SERVER__LISTEN"] = listen
        assert site.run("healthcheck").returncode == 69
        with site.daemon():
            assert site.run("healthcheck").returncode == 0, name
