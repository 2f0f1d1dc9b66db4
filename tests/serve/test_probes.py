"""What other programs ask: is it alive, is it ready, what has it counted."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from aggregator import metrics
from aggregator.errors import StoreError
from aggregator.model import PollResult, Publication, State
from aggregator.serve import Server, ServeSettings, create_app
from aggregator.serve.probes import FRESH_SECONDS
from tests.serve.conftest import PUBLIC_URL, merged_feed, publication_of, status_of


@asynccontextmanager
async def serving(
    publication: Publication, usable: Callable[[], None], token: str | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(
        publication=lambda: publication,
        status=status_of,
        settings=lambda: ServeSettings(title="News", public_url=PUBLIC_URL, token=token),
        usable=usable,
        measured=lambda: metrics.exposition({State.OK: 2}, 4096),
    )
    server = Server()
    listening = server.listen("127.0.0.1:0")
    await server.start(app, listening)
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
        yield client
    await server.stop()


def works() -> None:
    pass


async def test_it_is_not_ready_before_anything_is_published() -> None:
    async with serving(Publication(), works) as client:
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.headers["cache-control"]) == (503, "no-store")
        assert (await client.get("/healthz")).status_code == 200


async def test_it_is_not_ready_while_the_store_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.serve.probes.FRESH_SECONDS", 0.0)
    failing = False

    def usable() -> None:
        if failing:
            raise StoreError("/secret/path: disk I/O error")

    async with serving(publication_of(merged_feed("feed")), usable) as client:
        assert (await client.get("/readyz")).status_code == 200
        failing = True
        answer = await client.get("/readyz")
        assert answer.status_code == 503
        assert "secret" not in answer.text
        failing = False
        assert (await client.get("/readyz")).status_code == 200


async def test_asking_often_asks_the_store_seldom() -> None:
    asked = 0

    def usable() -> None:
        nonlocal asked
        asked += 1

    async with serving(publication_of(merged_feed("feed")), usable) as client:
        for _ in range(20):
            assert (await client.get("/readyz")).status_code == 200
    assert asked <= 1 + 20 / FRESH_SECONDS
    assert asked < 10


async def test_metrics_are_prometheus_text_and_ask_for_the_token() -> None:
    async with serving(publication_of(merged_feed("feed")), works, token="t") as client:
        assert (await client.get("/metrics")).status_code == 401
        assert (await client.get("/readyz")).status_code == 200
        answer = await client.get("/metrics", headers={"Authorization": "Bearer t"})
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'aggregator_sources{state="ok"} 2.0' in answer.text
    assert 'aggregator_sources{state="stale"} 0.0' in answer.text
    assert "aggregator_db_size_bytes 4096.0" in answer.text


def test_a_publisher_makes_up_no_labels() -> None:
    for status in (200, 299, 799, 999):
        metrics.count_poll(PollResult(source_id="alfa", status=status))
    text = metrics.exposition({}, 0).decode()
    assert 'aggregator_http_responses_total{code="other"} 3.0' in text
    assert "799" not in text
    assert "alfa" not in text
