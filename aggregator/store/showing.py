"""What the SQLite engine gives to be published: stories, what became of emitted ones, and the archives of feeds."""

import json
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from sqlite_utils import Database

from aggregator.model import ArchiveLength, Leavers, Output, PageContent, Query, Removal, Sorting, Story
from aggregator.store import archived, removals, rows
from aggregator.store.latest import newest, told


class SqliteShowing(ABC):
    """The part of `SqliteStore` that publishing uses; see `Store`."""

    _db: Database

    @abstractmethod
    def _storage(self) -> AbstractContextManager[None]:
        """One caller at a time; the library's errors become ours."""

    @abstractmethod
    def _writing(self) -> AbstractContextManager[None]:
        """One transaction that nobody writes beside."""

    @abstractmethod
    def _find_stories(
        self,
        query: Query,
        limit: int,
        sources: Sequence[str] | None,
        *,
        settled: bool,
        within: timedelta | None,
        sorting: Sorting,
    ) -> tuple[Story, ...]:
        """Search."""

    def latest(
        self,
        limit: int,
        *,
        sources: Sequence[str] | None = None,
        settled: bool = False,
        query: Query | None = None,
        within: timedelta | None = None,
        sorting: Sorting = Sorting.PUBLISHED,
    ) -> tuple[Story, ...]:
        if query is not None:
            return self._find_stories(query, limit, sources, settled=settled, within=within, sorting=sorting)
        with self._storage():
            return told(self._db, newest(self._db, limit, sources, settled=settled, sorting=sorting), sources)

    def settle(self) -> None:
        with self._writing():
            self._db.execute("UPDATE stories SET settled = 1 WHERE NOT settled")

    def enrol(self, outputs: Sequence[Output]) -> frozenset[str]:
        with self._writing():
            return archived.enrol(self._db, outputs)

    def current(self, output: Output) -> tuple[Story, ...]:
        with self._storage():
            found = self._db.execute(archived.current(output), [output.name, output.limit]).fetchall()
            return told(self._db, found, output.sources)

    def leaving(self, output: Output, most: int, *, shown: Collection[str]) -> tuple[Story, ...]:
        with self._storage():
            found = self._db.execute(archived.leaving(output), [output.name, json.dumps([*shown]), most])
            return told(self._db, found.fetchall(), output.sources)

    def leave_out(self, output: str, stories: Collection[Story]) -> None:
        with self._writing():
            archived.leave_out(self._db, output, [story.story_id for story in stories])

    def archive(self, leavers: Sequence[Leavers], *, at: datetime) -> None:
        with self._writing():
            for one in leavers:
                archived.archive(self._db, one, rows.seconds(at))

    def archive_lengths(self) -> dict[str, ArchiveLength]:
        with self._storage():
            return archived.lengths(self._db)

    def is_archived(self, output: str, story_id: str) -> bool:
        with self._storage():
            return archived.is_archived(self._db, output, story_id)

    def archive_page(self, output: str, page: int, count: int) -> PageContent | None:
        with self._storage():
            return archived.page(self._db, output, page, count)

    def archive_digest(self, output: str, page: int, count: int) -> str | None:
        with self._storage():
            return archived.digest(self._db, output, page, count)

    def removals(self, output: Output, *, since: datetime) -> tuple[Removal, ...]:
        with self._storage():
            return removals.of(self._db, output, since)
