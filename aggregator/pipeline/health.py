"""What has changed in the health of sources is told: in the log, in a feed, and by the channels of the operator."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import TypeAlias

from aggregator.errors import NoticeError, StoreError
from aggregator.health import to_tell
from aggregator.logs import log
from aggregator.model import HealthEvent, State
from aggregator.pipeline.plant import Plant
from aggregator.store.protocol import Store
from aggregator.urls import authority

AT_ONCE = 100  # events in one message
# After as many failures a message is given up.
WAITS = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))

Send: TypeAlias = Callable[[Sequence[HealthEvent]], Awaitable[None]]  # raises NoticeError


def tell_health(plant: Plant, store: Store, *, now: datetime) -> tuple[HealthEvent, ...]:
    """Log and keep the changes that have lasted long enough, each once; return them."""
    events = to_tell(
        store.untold(),
        plant.sources,
        after=plant.health_after,
        authority=authority(plant.public_url),
        now=now,
    )
    if not events:
        return ()
    store.tell(events)
    for event in events:
        say = log.info if event.state in (State.OK, State.PAUSED) else log.warning
        said = {
            "source": event.source_id,
            "state": event.state.value,
            "was": event.was.value,
            "since": f"{event.since:%Y-%m-%dT%H:%M:%SZ}",
            "reason": event.reason,
            "advice": event.advice,
        }
        say("health", **{name: text for name, text in said.items() if text})
    return events


class Notices:
    """Sends what was told by every channel there is, at least once and in order, and gives up what nobody takes.

    How far a channel has come is kept in the store. A new channel begins with what is told from then on.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._failures: dict[str, tuple[int, float]] = {}  # of the next message: how many, tried again when

    async def begin(self, channels: Mapping[str, Send]) -> None:
        """Note where channels begin that were not there before, and forget those that are no more."""
        await asyncio.to_thread(self._begin, channels)

    def _begin(self, channels: Mapping[str, Send]) -> None:
        for name in CHANNELS:
            has_begun = self._store.noted(_note(name)) not in (None, "")
            if name in channels and not has_begun:
                told = self._store.health_events()
                self._reach(name, told[-1].number if told else 0)
            elif has_begun and name not in channels:
                self._store.note(_note(name), "")

    async def send(self, channels: Mapping[str, Send]) -> None:
        """Send each channel what it has not had yet; one that fails is left alone for a while."""
        await asyncio.gather(*(self._send(name, send) for name, send in channels.items()))

    async def _send(self, name: str, send: Send) -> None:
        failures, again_at = self._failures.get(name, (0, 0.0))
        if monotonic() < again_at:
            return
        while events := await asyncio.to_thread(self._waiting, name):
            try:
                await send(events)
            except StoreError:
                raise
            except Exception as exc:  # noqa: BLE001 - a bug of ours must not end the daemon again at each start
                if not isinstance(exc, NoticeError):
                    log.exception("bug", by=name)
                failures += 1
                if failures <= len(WAITS):
                    wait = WAITS[failures - 1]
                    self._failures[name] = failures, monotonic() + wait.total_seconds()
                    log.warning("notice", by=name, error=str(exc), retry=f"{wait.total_seconds():g}s")
                    return
                log.error("notice", by=name, error=str(exc), given_up=len(events))
            else:
                log.info("notice", by=name, told=len(events))
            failures = 0
            self._failures.pop(name, None)
            await asyncio.to_thread(self._reach, name, events[-1].number)

    def _waiting(self, name: str) -> tuple[HealthEvent, ...]:
        return self._store.health_events(after=int(self._store.noted(_note(name)) or 0), limit=AT_ONCE)

    def _reach(self, name: str, number: int) -> None:
        self._store.note(_note(name), str(number))


WEBHOOK, COMMAND = "webhook", "command"
CHANNELS = (WEBHOOK, COMMAND)  # names of all there may be


def _note(name: str) -> str:
    return f"health told by {name}"
