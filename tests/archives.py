"""A publisher over a real store, and a reader who walks its archives (RFC 5005)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from lxml import etree

from aggregator.cadence import Pace
from aggregator.dedup import Window
from aggregator.model import (
    Absence,
    Document,
    Join,
    Output,
    Placement,
    Plan,
    Publication,
    Revision,
    Source,
    Split,
    Withdrawal,
)
from aggregator.pipeline import Plant
from aggregator.pipeline.filing import archive_document, guarded
from aggregator.pipeline.publishing import Publisher
from aggregator.store import Store, open_store
from tests.things import NOON, entry, source, update

URL = "https://news.example"
NAMES = {
    "a": "http://www.w3.org/2005/Atom",
    "at": "http://purl.org/atompub/tombstones/1.0",
    "fh": "http://purl.org/syndication/history/1.0",
}
BATCH = 1000  # entries stored at once


def story(number: int, source_id: str = "alfa", **more: Any) -> Placement:
    """A story of one entry; a larger number is a later one."""
    facts = {
        "url": f"https://{source_id}.example/{number}",
        "content": f"<p>Text {number}</p>",
        "content_text": f"Text {number}",
        "published_at": NOON - timedelta(days=400) + timedelta(minutes=number),
    }
    name = f"tag:{source_id}.example,2026:{number}"
    made = entry(str(number), source_id, **facts | more)
    return Placement(entry=made, entry_id=name, story_id=name, rule="new")


@dataclass
class Newsroom:
    """What is stored is published when told to."""

    engine: str
    directory: Path
    limit: int = 10
    now: datetime = NOON
    title: str = "Everything"
    public_url: str = URL
    sources: tuple[str, ...] = ("alfa", "bravo")
    outputs: tuple[Output, ...] = ()
    tombstones: timedelta = timedelta(days=30)
    store: Store = field(init=False)
    publisher: Publisher = field(init=False)

    def __post_init__(self) -> None:
        self.store = open_store(self.engine, self.directory)
        self.publisher = Publisher(self.store, self.public)
        self.configure()

    @property
    def public(self) -> Path:
        return self.directory / "public"

    @property
    def configured(self) -> list[Source]:
        return [source(name) for name in self.sources]

    @property
    def plant(self) -> Plant:
        merged = Output(name="feed", title=self.title, limit=self.limit)
        return Plant(
            title=self.title,
            public_url=self.public_url,
            sources={one.id: one for one in self.configured},
            outputs=(merged, *self.outputs),
            pace=Pace(),
            window=Window(),
            tombstones=self.tombstones,
        )

    def configure(self) -> None:
        self.store.configure(self.configured, now=self.now)

    def restart(self) -> None:
        """A new process; what is in memory only would be gone with the old one."""
        if self.engine != "memory":
            self.store.close()
            self.store = open_store(self.engine, self.directory)
        self.publisher = Publisher(self.store, self.public)
        self.configure()

    def tell(self, *placements: Placement) -> None:
        for start in range(0, len(placements), BATCH):
            told = placements[start : start + BATCH]
            self.change(placements=told)

    def tell_many(self, numbers: Sequence[int], source_id: str = "alfa") -> None:
        self.tell(*(story(number, source_id) for number in numbers))

    def change(self, **plan: Any) -> None:
        sources = {one.entry.source_id for one in plan.get("placements", ())} or {"alfa"}
        self.store.apply(replace(update(min(sources), Plan(**plan)), at=self.now))

    def join(self, loser: Placement, winner: Placement) -> None:
        self.change(joins=(Join(loser=loser.story_id, winner=winner.story_id),))

    def split(self, from_: Placement, *leaving: Placement) -> None:
        members = [filed.stored.entry_id for filed in self.store.dossier(from_.entry_id).entries]
        taken = Split(
            story_id=from_.story_id,
            founder_id=leaving[0].entry_id,
            leaving=tuple(one.entry_id for one in leaving),
            members=tuple(members),
        )
        self.store.overrule(Plan(splits=(taken,)), at=self.now)

    def withdraw(self, *placements: Placement) -> None:
        """Their publisher has deleted these, an hour before we hear of it."""
        at = self.now - timedelta(hours=1)
        gone = tuple(Withdrawal(entry_id=one.entry_id, deleted_at=at) for one in placements)
        self.change(withdrawals=gone)

    def revise(self, placement: Placement, **facts: Any) -> None:
        said = replace(placement.entry, **facts, digest=f"another {facts}")
        self.change(revisions=(Revision(entry_id=placement.entry_id, entry=said),))

    def publish(self) -> Publication:
        return self.publisher.publish(self.plant, now=self.now)

    def publish_all(self) -> Publication:
        """Publish as the schedule does: then what is older, then again."""
        self.publish()
        while self.publisher.file_older(self.plant, now=self.now):
            pass
        return self.publish()

    def page(self, path: str) -> Document | Absence:
        address = path.removeprefix(f"{self.public_url}/archive/")
        return archive_document(self.store, self.public_url, address, guarded=guarded(self.plant))

    def path(self, page: str) -> str:
        """Return the path of a page below archive/, as "feed/0/100": the one that feeds lead to."""
        name = page.rsplit("/", 2)[0]
        found = [one.removeprefix(f"{self.public_url}/archive/") for one in self.walk(name)[1]]
        (path,) = [one for one in found if re.fullmatch(rf"{page}-[0-9a-f]{{12}}\.atom", one)]
        return path

    def read(self, name: str = "feed") -> Any:
        """The current document, from its file; the one of a feed that asks for a token lies beside public/."""
        public, private = (self.directory / place / f"{name}.atom" for place in ("public", "private"))
        return etree.fromstring((public if public.exists() else private).read_bytes())

    def shown(self, name: str = "feed") -> list[str]:
        return ids(self.read(name))

    def walk(self, name: str = "feed") -> tuple[list[str], dict[str, bytes]]:
        """Follow prev-archive to the end: every id met, newest first, and every page by its address."""
        root = self.read(name)
        met, pages = ids(root), {}
        while (address := link(root, "prev-archive")) is not None:
            found = self.page(address)
            if not isinstance(found, Document):
                assert found is Absence.DROPPED
                break
            assert address == f"{self.public_url}/{found.path}"
            assert address not in pages
            pages[address] = found.body
            root = etree.fromstring(found.body)
            met += ids(root)
        return met, pages


def ids(root: Any) -> list[str]:
    return [found.text for found in root.findall("a:entry/a:id", NAMES)]


def link(root: Any, rel: str) -> str | None:
    found = root.find(f"a:link[@rel='{rel}']", NAMES)
    return None if found is None else str(found.get("href"))


def numbered(met: Sequence[str]) -> list[int]:
    return [int(one.rpartition(":")[2]) for one in met]
