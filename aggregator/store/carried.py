"""`Extras` to one column of JSON and back. What is absent is left out: most entries carry nothing."""

import json
from dataclasses import asdict
from typing import Any

from aggregator.model import (
    NO_EXTRAS,
    Chapter,
    Episode,
    Extras,
    Link,
    Media,
    Origin,
    Participant,
    Person,
    Place,
    Reply,
    Thread,
    Transcript,
)

_LISTS = {"media": Media, "contributors": Person, "links": Link}
_SINGLE = {"place": Place, "origin": Origin}
_OF_EPISODE = {"chapters": Chapter, "transcripts": Transcript, "people": Participant}


def extras_json(extras: Extras) -> str:
    """Return a bounded text: `normalise` has bounded what it is made of."""
    if extras == NO_EXTRAS:
        return "{}"
    return json.dumps(_stated(asdict(extras)), ensure_ascii=False, separators=(",", ":"))


def as_extras(text: str) -> Extras:
    """The reverse of `extras_json`."""
    if text == "{}":
        return NO_EXTRAS
    said = json.loads(text)
    for name, noun in _LISTS.items():
        said[name] = tuple(noun(**one) for one in said.get(name, ()))
    for name, noun in _SINGLE.items():
        said[name] = noun(**said[name]) if name in said else None
    return Extras(
        **said
        | {
            "episode": _episode(said["episode"]) if "episode" in said else None,
            "thread": _thread(said["thread"]) if "thread" in said else None,
            "licences": tuple(said.get("licences", ())),
        }
    )


def _episode(said: dict[str, Any]) -> Episode:
    lists = {name: tuple(noun(**one) for one in said.get(name, ())) for name, noun in _OF_EPISODE.items()}
    return Episode(**said | lists)


def _thread(said: dict[str, Any]) -> Thread:
    return Thread(**said | {"answers": tuple(Reply(**one) for one in said.get("answers", ()))})


def _stated(said: Any) -> Any:
    """Leave out None and what is empty, at any depth; zero and False are said."""
    if isinstance(said, dict):
        return {name: _stated(value) for name, value in said.items() if value not in (None, (), "")}
    return [_stated(one) for one in said] if isinstance(said, tuple) else said
