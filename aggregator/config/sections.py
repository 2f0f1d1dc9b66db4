"""[sections] as written -> settings as used, with what they must be to one another."""

from collections.abc import Mapping
from datetime import timedelta

from aggregator.config import secret
from aggregator.config.checks import UNIX, check_header_value, check_webhook, network
from aggregator.config.documents import located
from aggregator.config.problems import Problems, quoted
from aggregator.config.quantities import duration, rate, size
from aggregator.config.schema import (
    DedupTable,
    HealthTable,
    PollTable,
    RetentionTable,
    ServerTable,
    StoreTable,
)
from aggregator.config.settings import Dedup, Health, Poll, Retention, Server
from aggregator.config.tables import Main

LOCALHOST = "localhost"
EVERYWHERE = {"0.0.0.0", "[::]"}  # noqa: S104  # compared with, not bound to
HTTP_PORT = "80"


def server(table: ServerTable, main: Main, environ: Mapping[str, str], problems: Problems) -> Server:
    """Return [server], its socket's path absolute and its token fetched."""
    base = main.document.path.parent
    listen = table.listen
    if listen.startswith(UNIX):
        listen = UNIX + str(located(listen.removeprefix(UNIX), base, environ))
    token_file = located(table.token_file, base, environ) if table.token_file else None
    token = None
    if token_file is not None:
        place = main.value(("server", "token_file"))
        token = secret.from_file(token_file, place, problems)
        try:
            check_header_value(token or "")
        except ValueError as exc:
            problems.error(place, f"the token {exc}")
    return Server(
        listen=listen,
        token=token,
        token_file=token_file,
        rate_limit=rate(table.rate_limit),
        trusted_proxies=tuple(network(text) for text in table.trusted_proxies),
    )


def public_url(written: str, listen: str) -> str:
    """Return the base of our addresses: what is `written`, else where this machine's browser finds us."""
    if written:
        return written
    host, _, port = listen.rpartition(":")
    if not host or listen.startswith(UNIX):
        return f"http://{LOCALHOST}"
    name = LOCALHOST if host in EVERYWHERE else host
    return f"http://{name}" if port == HTTP_PORT else f"http://{name}:{port}"


def poll(table: PollTable, main: Main, problems: Problems) -> Poll:
    """Return [poll]. An interval nobody wrote down gives way to the bounds."""
    shortest, longest = duration(table.min_interval), duration(table.max_interval)
    return Poll(
        interval=_interval(table, shortest, longest, main, problems),
        min_interval=shortest,
        max_interval=longest,
        concurrency=table.concurrency,
        host_gap=duration(table.host_gap),
        timeout=duration(table.timeout),
        max_bytes=size(table.max_bytes),
        allow_addresses=tuple(network(text) for text in table.allow_addresses),
        retry_after_scope=table.retry_after_scope,
        feed_hints=table.feed_hints,
        delta=table.delta,
        max_new_entries=table.max_new_entries,
        archives=table.archives,
    )


def _interval(
    table: PollTable, shortest: timedelta, longest: timedelta, main: Main, problems: Problems
) -> timedelta:
    interval = duration(table.interval)
    if shortest > longest:
        written = "min_interval" if "min_interval" in table.model_fields_set else "max_interval"
        problems.error(
            main.value(("poll", written)),
            f"min_interval {quoted(table.min_interval)} in [poll] is longer than "
            f"max_interval {quoted(table.max_interval)}",
        )
    elif "interval" not in table.model_fields_set:
        return max(shortest, min(interval, longest))
    elif not shortest <= interval <= longest:
        problems.error(
            main.value(("poll", "interval")),
            f"interval {quoted(table.interval)} in [poll] is not between min_interval "
            f"{quoted(table.min_interval)} and max_interval {quoted(table.max_interval)}",
        )
    return interval


def dedup(table: DedupTable) -> Dedup:
    """Return [dedup]."""
    return Dedup(window=duration(table.window), near_duplicates=table.near_duplicates, groups=table.groups)


def retention(table: RetentionTable) -> Retention:
    """Return [retention]."""
    return Retention(
        keep=duration(table.keep),
        keep_per_source=table.keep_per_source,
        tombstones=duration(table.tombstones),
    )


def health(table: HealthTable, main: Main, environ: Mapping[str, str], problems: Problems) -> Health:
    """Return [health], its webhook fetched from where it is kept."""
    return Health(
        after=duration(table.after),
        webhook=_webhook(table, main, environ, problems),
        command=tuple(table.command),
        mail_to=table.mail_to,
        mail_from=table.mail_from,
    )


def _webhook(table: HealthTable, main: Main, environ: Mapping[str, str], problems: Problems) -> str | None:
    kept = table.webhook
    if isinstance(kept, str):
        return kept or None
    place = main.value(("health", "webhook"))
    if kept.file is not None:
        path = located(kept.file, main.document.path.parent, environ)
        text = secret.from_file(path, place, problems)
    else:
        text = secret.from_environment(kept.env or "", environ, place, problems)
    try:
        return check_webhook(text or "") or None
    except ValueError as exc:
        problems.error(place, f"webhook in [health]: {exc}")
        return None


def store_url(table: StoreTable, main: Main, problems: Problems) -> str:
    """Return the store's URL; a password in it belongs into the environment."""
    credentials, at, _ = table.url.partition("://")[2].partition("@")
    place = main.value(("store", "url"))
    if at and ":" in credentials and place.line:
        problems.warning(
            place,
            "url in [store] carries a password: set AGGREGATOR_STORE__URL instead, or use a .pgpass file",
        )
    return table.url
