"""[[source]] tables -> sources: ids made, files found, secrets fetched."""

import ssl
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from os.path import realpath
from pathlib import Path
from urllib.parse import unquote, urlsplit

from aggregator.config import positions, secret
from aggregator.config.checks import check_header_value, check_proxy
from aggregator.config.documents import Document, located
from aggregator.config.identity import ids, same_address
from aggregator.config.problems import Place, Problems, quoted
from aggregator.config.quantities import duration, size
from aggregator.config.schema import AuthTable, RuleTable, SourceTable
from aggregator.config.settings import Poll
from aggregator.config.values import ReferenceTable
from aggregator.model import Access, Extent, Kind, Rule, Source


@dataclass(frozen=True, slots=True)
class Written:
    """A [[source]] that is right in itself, and where it stands."""

    table: SourceTable
    document: Document
    index: int  # among the [[source]] tables of its file

    @property
    def path(self) -> positions.Path:
        return ("source", self.index)

    @property
    def place(self) -> Place:
        return self.document.key(self.path)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What sources depend on beyond their own table."""

    environ: Mapping[str, str]
    file_roots: tuple[Path, ...]  # below which file: sources may lie
    poll: Poll


def sources(written: Sequence[Written], around: Surroundings, problems: Problems) -> tuple[Source, ...]:
    """Return the sources in their order. Whoever has noted an error in `problems` is incomplete."""
    _refuse_twins(written, problems)
    names = ids([(one.table.id, one.table.url) for one in written])
    found = []
    addresses: dict[str, Written] = {}
    for one, name in zip(written, names, strict=True):
        source = _source(one, name, around, problems)
        found.append(source)
        other = addresses.setdefault(same_address(source.url), one)
        if other is not one:
            place = one.document.value((*one.path, "url"))
            problems.error(place, f"{quoted(one.table.url)} is a source already, at {other.place.line_only}")
    return tuple(found)


def _refuse_twins(written: Sequence[Written], problems: Problems) -> None:
    taken: dict[str, Written] = {}
    for one in written:
        if one.table.id is None:
            continue
        other = taken.setdefault(one.table.id, one)
        if other is not one:
            place = one.document.value((*one.path, "id"))
            problems.error(
                place, f"the id {quoted(one.table.id)} is taken by the source at {other.place.line_only}"
            )


def _source(one: Written, name: str, around: Surroundings, problems: Problems) -> Source:
    table = one.table
    return Source(
        id=name,
        url=_file_url(one, around, problems) if table.url.lower().startswith("file:") else table.url,
        kind=Kind(table.kind),
        title=table.title,
        timezone=table.timezone,
        date_formats=tuple(table.date_formats),
        interval=_interval(one, around.poll, problems),
        tags=tuple(dict.fromkeys(table.tags)),
        timeout=duration(table.timeout) if table.timeout else None,
        max_bytes=size(table.max_bytes) if table.max_bytes else None,
        max_entries=table.max_entries,
        max_new=around.poll.max_new_entries,
        rules=tuple(as_rule(rule) for rule in table.rules),
        feed_hints=around.poll.feed_hints if table.feed_hints is None else table.feed_hints,
        delta=around.poll.delta if table.delta is None else table.delta,
        content=Extent(table.content),
        paused=table.paused,
        access=_Secrets(one, around.environ, problems).access(),
        where=one.place.line_only,
    )


def _interval(one: Written, poll: Poll, problems: Problems) -> timedelta | None:
    if one.table.interval is None:
        return None
    wished = duration(one.table.interval)
    if not poll.min_interval <= wished <= poll.max_interval:
        problems.warning(
            one.document.value((*one.path, "interval")),
            f"interval in [[source]]: {quoted(one.table.interval)} is kept within [poll] min_interval and max_interval",
        )
    return wished


def as_rule(table: RuleTable) -> Rule:
    (action,) = table.model_fields_set
    patterns = table.drop or table.keep
    named = patterns.model_dump(exclude_unset=True) if patterns is not None else {}
    return Rule(action=action, patterns=tuple(named.items()))


def _file_url(one: Written, around: Surroundings, problems: Problems) -> str:
    """Return the absolute file: URL of a source; symbolic links are followed before it is judged."""
    relative = unquote(urlsplit(one.table.url).path)
    if "\0" in relative:
        problems.error(
            one.document.value((*one.path, "url")), "url in [[source]]: a path must not contain %00"
        )
        return one.table.url
    path = Path(realpath(located(relative, one.document.path.parent, around.environ)))
    if not any(path.is_relative_to(realpath(root)) for root in around.file_roots):
        allowed = " or ".join(dict.fromkeys(str(root) for root in around.file_roots))
        problems.error(
            one.document.value((*one.path, "url")),
            f"url in [[source]]: {quoted(path)} may not be read: file: sources must lie below {allowed}",
        )
    return path.as_uri()


class _Secrets:
    """What a source needs to be let in, with its secrets fetched."""

    def __init__(self, one: Written, environ: Mapping[str, str], problems: Problems) -> None:
        self._one = one
        self._environ = environ
        self._problems = problems

    def access(self) -> Access:
        table = self._one.table
        auth = table.auth or AuthTable.model_construct()
        headers = ((name, self._header(name, value)) for name, value in table.headers.items())
        return Access(
            username=auth.username,
            password=self._credential("password", auth.password_file, auth.password_env),
            bearer=self._credential("bearer", auth.bearer_file, auth.bearer_env),
            headers=tuple((name, value) for name, value in headers if value is not None),
            proxy=self._proxy(table.proxy),
            ca_file=self._ca_file(table.ca_file),
        )

    def _credential(self, kind: str, file: str | None, variable: str | None) -> str | None:
        if file is None and variable is None:
            return None
        place = self._place("auth", f"{kind}_file" if file is not None else f"{kind}_env")
        value = self._secret(file, variable, place)
        if kind == "bearer" and value is not None:
            return self._checked(check_header_value, value, place, "the token")
        return value

    def _header(self, name: str, value: str | ReferenceTable) -> str | None:
        if isinstance(value, str):
            return value
        place = self._place("headers", name)
        text = self._secret(value.file, value.env, place)
        return None if text is None else self._checked(check_header_value, text, place, f"the header {name}")

    def _proxy(self, value: str | ReferenceTable | None) -> str | None:
        place = self._place("proxy")
        if isinstance(value, str):
            if "@" in value:
                self._problems.error(
                    place,
                    'proxy in [[source]]: credentials are a secret: write { env = "NAME" } or { file = "path" }',
                )
            return value
        if value is None:
            return None
        text = self._secret(value.file, value.env, place)
        return None if text is None else self._checked(check_proxy, text, place, "proxy in [[source]]")

    def _ca_file(self, text: str | None) -> str | None:
        if text is None:
            return None
        path = located(text, self._one.document.path.parent, self._environ)
        reason = None
        try:
            if stat.S_ISREG(path.stat().st_mode):
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
            else:  # opening a pipe would wait for somebody to write to it
                reason = "is no regular file"
        except ssl.SSLError:
            reason = "holds no certificates in PEM"
        except OSError as exc:
            reason = f"cannot be read: {exc.strerror}"
        if reason:
            self._problems.error(self._place("ca_file"), f"ca_file in [[source]]: {quoted(path)} {reason}")
        return str(path)

    def _secret(self, file: str | None, variable: str | None, place: Place) -> str | None:
        if file is not None:
            path = located(file, self._one.document.path.parent, self._environ)
            return secret.from_file(path, place, self._problems)
        if variable is not None:
            return secret.from_environment(variable, self._environ, place, self._problems)
        return None

    def _checked(self, check: Callable[[str], str], text: str, place: Place, subject: str) -> str | None:
        try:
            return check(text)
        except ValueError as exc:
            self._problems.error(place, f"{subject}: {exc}")
            return None

    def _place(self, *keys: str) -> Place:
        return self._one.document.value((*self._one.path, *keys))
