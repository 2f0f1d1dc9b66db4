"""What a stranger sees of a running daemon, and what it is told to follow."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.fetch.server import Asked, Server
from tests.running import Running, eventually


def source(name: str, url: str, **keys: str) -> str:
    """Return a [[source]] table; `keys` are TOML, except that an interval is 1 s unless given."""
    said = {"interval": '"1s"'} | keys
    lines = "".join(f"{key} = {value}\n" for key, value in said.items())
    return f'[[source]]\nid = "{name}"\nurl = "{url}"\n{lines}\n'


def status(daemon: Running) -> dict[str, dict[str, Any]]:
    """Return what /status.json says of every source, by id."""
    return {one["id"]: one for one in daemon.get("/status.json").json()["sources"]}


def seen(daemon: Running, name: str, is_so: Callable[[dict[str, Any]], bool], why: str) -> dict[str, Any]:
    """Wait until what /status.json says of a source is so, and return it."""

    def look() -> dict[str, Any] | None:
        facts = status(daemon)[name]
        return facts if is_so(facts) else None

    try:
        return eventually(look, why)
    except AssertionError as exc:
        raise AssertionError(f"{exc}; it is {status(daemon)[name]}") from exc


def failed(daemon: Running, name: str) -> str:
    """Wait until a source has failed, and return why."""
    return str(seen(daemon, name, lambda facts: facts["failures"] > 0, f"{name} fails")["last_error"])


def asked(publisher: Server, path: str, times: int = 1) -> list[Asked]:
    """Wait until so many requests for `path` have been answered, and return all there are."""

    def look() -> list[Asked] | None:
        answered = [one for one in publisher.asked(path) if one.ended_at < float("inf")]
        return answered if len(answered) >= times else None

    return eventually(look, f"{times} requests for {path}")


def polled_more(publisher: Server, path: str, times: int = 2) -> None:
    """Wait until a counting source has been polled so many times more: time enough for the others."""
    asked(publisher, path, len(publisher.asked(path)) + times)


def wait(facts: dict[str, Any]) -> timedelta | None:
    """Return the time between the last poll and the next; None for never again."""
    if facts["next_poll_at"] is None:
        return None
    last, following = (datetime.fromisoformat(facts[name]) for name in ("last_poll_at", "next_poll_at"))
    return following - last
