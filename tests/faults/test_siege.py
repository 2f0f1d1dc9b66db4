"""Hostile sources beside good ones: the good ones are published in time, each bad one costs its own poll only.

By default every third of those that leave a worker busy is there; FAULTS=all has all of them at once.
"""

import logging
import os
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree

from aggregator.model import Document
from tests.faults.documents import DOCUMENTS
from tests.faults.hostile import DEADLINE, Hostile, placed
from tests.faults.places import PLACES
from tests.faults.wire import WIRE
from tests.fetch.server import Answer, Server
from tests.html.oracle import active, html_in
from tests.protocol.looking import source, status
from tests.protocol.markup import item, rss
from tests.running import Running, Site

pytestmark = [
    pytest.mark.timeout(400),
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs all of 127.0.0.0/8, and /proc"),
]
log = logging.getLogger(__name__)
ALL = WIRE | PLACES | DOCUMENTS
FEWER = 3  # of the documents, every so many, unless all are wanted
IN_TIME = 45.0  # seconds from the start in which good sources are published, though all others are hostile
PATIENCE = 300.0  # seconds until each has been polled, on a machine with much else to do
MEMORY = 200  # MB, of the daemon; its workers have a limit of their own
GOOD = tuple(f"127.0.2.{number}" for number in range(1, 21))


def chosen() -> Mapping[str, Hostile]:
    """Return the sources of this run."""
    if os.environ.get("FAULTS") == "all":
        return ALL
    documents = {name: one for n, (name, one) in enumerate(DOCUMENTS.items()) if n % FEWER == 0}
    return WIRE | PLACES | documents


BAD = chosen()
HOSTS = tuple(f"127.0.1.{number}" for number in range(1, len(BAD) + 1))  # one each: none waits for another
REFUSED = [name for name, one in BAD.items() if one.error is not None]
READ = [name for name, one in BAD.items() if one.error is None]


@dataclass
class Siege:
    """What came of it. Times are seconds after the start, memory is MB at its highest."""

    publisher: Server
    daemon: Running
    began: float
    published: float = float("inf")
    workers: int = 0
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)

    def watch(self) -> None:
        """Look until every source has been polled and the good ones are published."""
        while time.monotonic() < self.began + PATIENCE:
            self.workers = max(self.workers, *(peak(pid) for pid in offspring(self.daemon.process.pid)), 0)
            try:
                feed = self.daemon.get("/feed.atom").text
            except httpx.TransportError:  # it is starting
                continue
            if self.published == float("inf") and all(f"Good news {n}<" in feed for n in range(len(GOOD))):
                self.published = time.monotonic() - self.began
            self.facts = status(self.daemon)
            if self.published < float("inf") and all(self.facts[name]["last_poll_at"] for name in BAD):
                return
            threading.Event().wait(0.2)

    def read(self, path: str) -> httpx.Response:
        """Ask our daemon, who may have much to do."""
        return httpx.get(f"http://127.0.0.1:{self.daemon.site.port}{path}", timeout=PATIENCE, trust_env=False)

    @property
    def memory(self) -> int:
        return peak(self.daemon.process.pid)


def peak(pid: int) -> int:
    """Return the most memory a process has had, in MB; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")), 0)


def offspring(pid: int) -> Iterator[int]:
    """Yield the processes below one."""
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found = [int(child) for child in children.read_text(encoding="utf-8").split()]
        except (FileNotFoundError, ProcessLookupError):
            continue
        for child in found:
            yield child
            yield from offspring(child)


@pytest.fixture(scope="module")
def siege(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Siege]:
    """A daemon that is given all of them at its start, the bad ones first; each has been polled once."""
    with Server(hosts=(*GOOD, *HOSTS, "::1")) as publisher:
        tables = []
        for (name, hostile), host in zip(BAD.items(), HOSTS, strict=True):
            for path, answer in {f"/{name}": hostile.answer, **hostile.also}.items():
                publisher.answer(path, placed(answer, publisher.port))
            url = hostile.url.replace("{port}", str(publisher.port))
            tables.append(source(name, url or publisher.url(f"/{name}", host)))
        for number, host in enumerate(GOOD):
            link = f"http://good.example/{number}"
            told = item(f"good-{number}", link=link, text=f"Good news {number}")
            publisher.answer(f"/good/{number}", Answer(body=rss(told)))
            tables.append(source(f"good-{number}", publisher.url(f"/good/{number}", host)))
        site = Site(
            tmp_path_factory.mktemp("siege"),
            sources="".join(tables),
            environ={"AGGREGATOR_POLL__TIMEOUT": f"{DEADLINE:g}s", "AGGREGATOR_POLL__MAX_BYTES": "2MiB"},
        )
        began = time.monotonic()
        with site.daemon().started() as daemon:
            one = Siege(publisher, daemon, began)
            one.watch()
            yield one


def test_there_are_at_least_60() -> None:
    assert len(BAD) >= 60


def test_good_sources_are_published_in_time(siege: Siege) -> None:
    assert siege.published <= IN_TIME


def test_memory_is_bounded(siege: Siege) -> None:
    log.info(
        "%d hostile sources; good ones published after %.1f s; daemon %d MB, largest worker %d MB",
        len(BAD),
        siege.published,
        siege.memory,
        siege.workers,
    )
    assert siege.memory < MEMORY, f"the largest worker had {siege.workers} MB"


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_source_has_its_own_error(siege: Siege, name: str) -> None:
    facts = siege.facts[name]
    assert facts["failures"] > 0
    assert (BAD[name].error or "") in facts["last_error"]


@pytest.mark.parametrize("name", READ)
def test_what_only_looks_bad_is_read(siege: Siege, name: str) -> None:
    facts = siege.facts[name]
    assert facts["last_poll_at"], "it was never polled"
    assert not facts["failures"], facts["last_error"]


def test_nobody_was_led_to_what_is_not_theirs(siege: Siege) -> None:
    """Neither by redirect, nor by entity, nor by any spelling of an address."""
    assert siege.publisher.asked("/victim") == []
    assert "::1" not in siege.publisher.dialled


def test_requests_say_nothing_that_publishers_put_there(siege: Siege) -> None:
    for asked in siege.publisher.asked():
        names = {name.lower() for name, _ in asked.headers}
        assert not names & {"x-evil", "cookie", "authorization"}


@pytest.mark.parametrize("path", ["feed.atom", "feed.rss", "feed.json"])
def test_what_is_published_is_well_formed_and_does_nothing(siege: Siege, path: str) -> None:
    body = siege.read(f"/{path}?limit=1000").content
    if not path.endswith("json"):
        etree.fromstring(body)
    found = [*html_in(Document(path=path, body=body, content_type=""))]
    assert found
    assert [fault for html in found for fault in active(html)] == []
    assert b"root:x:0" not in body


@pytest.mark.parametrize("path", ["/", "/status"])
def test_pages_run_nothing(siege: Siege, path: str) -> None:
    page = siege.read(path)
    assert page.status_code == 200
    root = etree.HTML(page.content)
    assert list(root.iter("script", "iframe", "object", "embed")) == []
    for element in root.iter("*"):
        assert not [name for name in map(str, element.attrib) if name.startswith("on")]
        for name in ("href", "src", "action"):
            assert element.get(name, "").partition(":")[0].lower() not in {"javascript", "data", "vbscript"}
