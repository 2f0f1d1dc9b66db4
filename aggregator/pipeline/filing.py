"""The archives of our feeds (RFC 5005): what leaves a feed is filed, page by page, and pages never change.

A page is named by what it holds: `archive/feed/12/37-0f3a5c7d9b1e.atom` are the first 37 entries of page 12 of the
merged feed, and the digits say which, and when they were archived. So the last page has another address whenever it
grows, so has every page that is filed otherwise after a backup was restored, and caches can keep each for ever.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path

from aggregator import public, rules
from aggregator.emit import Press, atom_page
from aggregator.merge import EMPTY_AT, lasting, merge, shown
from aggregator.model import (
    Absence,
    Archived,
    ArchiveLength,
    ArchivePage,
    Document,
    FeedHead,
    Leavers,
    MergedEntry,
    MergedFeed,
    Output,
    Source,
    Story,
)
from aggregator.pipeline.plant import Plant
from aggregator.store.protocol import PAGE_ENTRIES, Store

STEP_ENTRIES = 1000  # of each feed filed at once
STEP_PAGES = 20  # of each feed written to files at once
FILES = "archive files"  # name of the store's note of which pages lie in public/
CLOSED = "closed archives"  # name of the store's note of the feeds that ask, or last asked, for a token
PLAIN = "plain archives"  # name of the store's note of how long archives were before addresses had digits
DIGITS = 12  # of a page's digest, in its address: never to be changed
PATHS_KEPT = 2_000  # a publication asks for two of each feed
_ADDRESS = re.compile(
    rf"(feed|feeds/[^/]+)/(0|[1-9][0-9]{{0,8}})/([1-9][0-9]{{0,2}})(?:-[0-9a-f]{{{DIGITS}}})?\.atom"
)


def archive_document(
    store: Store, public_url: str, address: str, *, guarded: Collection[str]
) -> Document | Absence:
    """Return the page of that address below archive/: the same bytes whenever it is asked for.

    `guarded` are the feeds that ask for a token now: one that did, and has left the configuration, is gone with it.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None or int(found[3]) > PAGE_ENTRIES:
        return Absence.NEVER
    name, page, count = found[1], int(found[2]), int(found[3])
    if name in _closed(store).difference(guarded):
        return Absence.NEVER
    if page < store.archive_lengths().get(name, ArchiveLength()).dropped:
        return Absence.DROPPED
    if _path(store, name, page, count) != f"archive/{address}":
        return Absence.NEVER  # or it was there before a backup was restored
    return _document(store, public_url, name, page, count) or Absence.NEVER


def guarded(plant: Plant) -> frozenset[str]:
    """Return the feeds that ask for a token of their own."""
    return frozenset(output.name for output in plant.outputs if output.tokens)


def _closed(store: Store) -> frozenset[str]:
    return frozenset(json.loads(store.noted(CLOSED) or "[]"))


def _path(store: Store, name: str, page: int, count: int) -> str | None:
    """Return the path of the first `count` entries of a page, None unless so many are archived.

    What was told without digits, by versions of us that knew none, keeps its address.
    """
    digest = store.archive_digest(name, page, count)
    if digest is None:
        return None
    is_plain = page * PAGE_ENTRIES + count <= _plain(store).get(name, 0)
    return f"archive/{name}/{page}/{count}{'' if is_plain else f'-{digest[:DIGITS]}'}.atom"


def _plain(store: Store) -> Mapping[str, int]:
    """Return how many entries each archive had when its addresses had no digits."""
    noted = store.noted(PLAIN)
    if noted is not None:
        return dict(json.loads(noted))
    return {name: length.entries for name, length in store.archive_lengths().items() if length.entries}


def _document(store: Store, public_url: str, name: str, page: int, count: int) -> Document | None:
    content, path = store.archive_page(name, page, count), _path(store, name, page, count)
    if content is None or path is None:
        return None
    around = ArchivePage(
        path=path,
        public_url=public_url,
        feed_id=f"{public_url}/{name}.atom",
        title=content.title,
        updated_at=max(entry.updated_at for entry in content.entries),
        previous=_path(store, name, page - 1, PAGE_ENTRIES) if page else None,
    )
    return atom_page(
        around, [entry.body for entry in reversed(content.entries)]
    )  # the newest first, as in feeds


def stays(output: Output, story: Story) -> bool:
    """Whether the rules of an output let a story stay, by the words it would be shown with."""
    return not output.rules or bool(rules.apply(output.rules, [shown(story, output.sources).entry]))


class Filing:
    """Files what has left the feeds, and keeps the pages in `directory` for web servers that know nothing of us."""

    def __init__(self, store: Store, press: Press, directory: Path) -> None:
        self._store = store
        self._press = press
        self._directory = directory
        self._public_url: str | None = None  # that the pages in files name
        self._written: dict[str, int] = {}  # how many pages of each feed lie there whole
        self._partial: dict[str, str] = {}  # path of each feed's newest page, when it is not whole
        self._path = lru_cache(PATHS_KEPT)(partial(_path, store))
        self._is_noted = False  # how long archives were before addresses had digits

    def newest(self, name: str, length: ArchiveLength) -> str | None:
        """Return the path of the newest page of a feed's archive; None while there is none."""
        page, count = divmod(length.entries - 1, PAGE_ENTRIES)
        return None if length.entries == 0 or page < length.dropped else self._path(name, page, count + 1)

    def file(
        self,
        plant: Plant,
        sources: Mapping[str, tuple[Source, FeedHead]],
        feeds: Sequence[MergedFeed],
        *,
        now: datetime,
    ) -> bool:
        """File some of what `feeds` show no more, oldest first; return whether there was any."""
        bodies: dict[MergedEntry, bytes] = {}  # many feeds lose a story at once
        leavers = []
        refused = False
        for output, feed in zip(plant.outputs, feeds, strict=True):
            if output.query is not None:
                continue
            shown_ids = {entry.id for entry in feed.entries}
            found = self._store.leaving(output, STEP_ENTRIES, shown=shown_ids)
            if left_out := [story for story in found if not stays(output, story)]:
                self._store.leave_out(output.name, left_out)
                refused = True
            stories = [story for story in found if story not in left_out]
            leavers.append(self._leavers(plant, output, sources, stories, bodies))
        if filed := [one for one in leavers if one.entries]:
            self._note_plain()
            self._store.archive(filed, at=now)
        return bool(filed) or refused

    def _note_plain(self) -> None:
        """Before the first entry is archived by us: note up to where addresses have no digits."""
        if not self._is_noted and self._store.noted(PLAIN) is None:
            self._store.note(PLAIN, json.dumps(_plain(self._store)))
        self._is_noted = True

    def _leavers(
        self,
        plant: Plant,
        output: Output,
        sources: Mapping[str, tuple[Source, FeedHead]],
        stories: Sequence[Story],
        bodies: dict[MergedEntry, bytes],
    ) -> Leavers:
        left = merge(
            stories,
            path=output.name,
            title=output.title,
            public_url=plant.public_url,
            sources=sources,
            limit=STEP_ENTRIES,
            only=output.sources,
            sorting=output.sorting,
            content=output.content,
            groups=plant.window.group is not None,
        )
        left = lasting(
            left, self._store.emitted(output.name, [entry.id for entry in left.entries]), now=EMPTY_AT
        )
        for entry in left.entries:
            if entry not in bodies:
                bodies[entry] = self._press.archived(entry, left.home_url)
        entries = tuple(
            Archived(story_id=entry.id, updated_at=entry.updated_at, body=bodies[entry])
            for entry in reversed(left.entries)
        )
        return Leavers(output=output.name, title=output.title, entries=entries)

    def write(self, plant: Plant, lengths: Mapping[str, ArchiveLength]) -> bool:
        """Bring the files of pages up to date, some of them; return whether there are more to write."""
        if self._public_url != plant.public_url:
            self._begin(plant.public_url)
        self._close(plant)
        for name, length in lengths.items():
            self._drop(name, length.dropped)
        names = [one.name for one in plant.outputs if one.name in lengths and not one.tokens]
        more = [self._write(name, lengths[name]) for name in names]
        return any(more)

    def _close(self, plant: Plant) -> None:
        """Let feeds with a token of their own have no files, and no archive once they leave the configuration."""
        before, now_guarded = _closed(self._store), guarded(plant)
        closed = before.difference(output.name for output in plant.outputs) | now_guarded
        if closed != before:
            self._store.note(CLOSED, json.dumps(sorted(closed)))
        for name in now_guarded:
            public.drop_page(f"archive/{name}", self._directory)
            self._partial.pop(name, None)

    def _begin(self, public_url: str) -> None:
        """See what lies there already; nothing, when it names another address of ours."""
        noted = json.loads(self._store.noted(FILES) or "{}")
        self._written = noted["pages"] if noted.get("public_url") == public_url else {}
        self._public_url = public_url
        self._partial = {}

    def _write(self, name: str, length: ArchiveLength) -> bool:
        whole, rest = divmod(length.entries, PAGE_ENTRIES)
        done = self._written.get(name, 0)
        if done > length.dropped and not self._lies(self._path(name, done - 1, PAGE_ENTRIES)):
            done = 0  # somebody has emptied the directory
        done = max(done, length.dropped)
        upto = min(whole, done + STEP_PAGES)
        for page in range(done, upto):
            self._write_page(name, page, PAGE_ENTRIES)
        if upto != self._written.get(name, 0):
            self._written[name] = upto
            said = {"public_url": self._public_url, "pages": self._written}
            self._store.note(FILES, json.dumps(said))
        if upto == whole and rest:
            path = self._path(name, whole, rest)
            if path is not None and self._partial.get(name) != path:
                self._write_page(name, whole, rest)
                self._partial[name] = path
        return upto < whole

    def _lies(self, path: str | None) -> bool:
        return path is not None and (self._directory / path).exists()

    def _write_page(self, name: str, page: int, count: int) -> None:
        """Write one. The last page as it was before stays a while, for who has just been told its address.

        So do whole ones of before a backup was restored, until retention lets go of that page.
        """
        assert self._public_url is not None
        document = _document(self._store, self._public_url, name, page, count)
        if document is not None:  # else retention has let it go since
            folder = self._directory / f"archive/{name}/{page}"
            whole = [path.relative_to(self._directory) for path in folder.glob(f"{PAGE_ENTRIES}[-.]*")]
            keep = [self._partial.get(name, ""), *(path.as_posix() for path in whole)]
            public.write_page(document, self._directory, keep=keep)

    def _drop(self, name: str, dropped: int) -> None:
        for page in range(dropped - 1, -1, -1):
            if not public.drop_page(f"archive/{name}/{page}", self._directory):
                break
