"""Real daemons that poll every second, seen by their publishers."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fetch.server import Asked, Say, Server
from tests.running import Running, Site, eventually

# Every one is a host of its own, so that the sources of a daemon do not wait for each other.
HOSTS = tuple(f"127.0.0.{number}" for number in range(1, 13))

EVERY_SECOND = 'interval = "1s"\n'


def table(source_id: str, url: str, more: str = EVERY_SECOND) -> str:
    """A [[source]] of sources.toml."""
    return f'[[source]]\nid = "{source_id}"\nurl = "{url}"\n{more}\n'


@dataclass(frozen=True, slots=True)
class Watch:
    """A daemon, its directory and its publisher."""

    publisher: Server
    site: Site
    daemon: Running

    def asked(self, path: str, count: int) -> list[Asked]:
        """Wait until `path` was asked for so often, and return all that asked."""

        def enough() -> list[Asked] | None:
            found = self.publisher.asked(path)
            return found if len(found) >= count else None

        return eventually(enough, f"{count} requests for {path}, not {len(self.publisher.asked(path))}")

    def later(self, path: str, polls: int) -> None:
        """Let time pass: until `path` was asked for so often from now on."""
        self.asked(path, len(self.publisher.asked(path)) + polls)

    def status(self, source_id: str) -> dict[str, Any]:
        """What `aggregator status --json` says of a source."""
        found = {row["id"]: row for row in json.loads(self.site.run("--json", "status").stdout)}
        status: dict[str, Any] = found[source_id]
        return status


def view(site: Site, query: str, *values: object) -> list[tuple[Any, ...]]:
    """Ask the store's public views."""
    uri = f"{(site.data / 'aggregator.sqlite').as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        return connection.execute(query, values).fetchall()


@contextmanager
def watch(
    directory: Path, answers: Mapping[str, Sequence[Say]], *, more: Mapping[str, str] | None = None
) -> Iterator[Watch]:
    """Run a daemon with a source for every target, polled every second; its id is the path without slashes.

    A target may have a query and a fragment; `more` are other keys of a source than `EVERY_SECOND`.
    """
    with Server(HOSTS) as publisher:
        tables = []
        for number, (target, said) in enumerate(answers.items()):
            path = target.partition("#")[0].partition("?")[0]
            publisher.answer(path, *said)
            url = publisher.url(target, HOSTS[number % len(HOSTS)])
            tables.append(table(path.strip("/"), url, (more or {}).get(path, EVERY_SECOND)))
        site = Site(directory, sources="".join(tables))
        with site.daemon() as daemon:
            yield Watch(publisher, site, daemon)
