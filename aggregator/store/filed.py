"""What the memory engine is asked for: a story with all that is stored of it, stories of an event."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from aggregator.model import Dossier, Filed, Lookup, Mark, Overrule, StoredEntry
from aggregator.store.contents import Content
from aggregator.store.groupings import related
from aggregator.urls import strict_key


def find(content: Content, name: str) -> tuple[str, ...]:
    """See `Store.find`."""
    if name in content.entries:
        return (name,)
    key = strict_key(name)
    there = [
        stored
        for stored in content.entries.values()
        if stored.entry.url is not None and strict_key(stored.entry.url) == key
    ]
    there.sort(key=lambda stored: stored.first_seen_at)
    return tuple(stored.entry_id for stored in there)


def dossier(content: Content, entry_id: str) -> Dossier:
    """See `Store.dossier`."""
    story = content.stories[content.entries[entry_id].story_id]
    told = [stored for stored in content.entries.values() if stored.story_id == story.story_id]
    told.sort(key=lambda stored: stored.first_seen_at)
    members = {stored.entry_id for stored in told}
    return Dossier(
        story_id=story.story_id,
        representative=story.representative,
        is_settled=story.settled,
        shown_at=story.shown_at,
        entries=tuple(_filed(content, stored) for stored in told),
        marks=tuple(sorted(_marks_of(content, story.story_id), key=lambda m: (m.kind, m.value))),
        aliases=tuple(sorted(a for a, id_ in content.aliases.items() if id_ == story.story_id)),
        overrules=tuple(_overrules(content, members)),
        grouping=content.groups.get(story.story_id),
        related=related(content.groups, content.stories, story.story_id),
    )


def _overrules(content: Content, members: Collection[str]) -> Iterator[Overrule]:
    """Yield what was decided about any of these entries, the oldest first; it names the one first stored first."""
    places = {entry_id: place for place, entry_id in enumerate(content.entries)}

    def order(pair: frozenset[str]) -> list[int]:
        return sorted(places[entry_id] for entry_id in pair)

    named = sorted((pair for pair in content.overrules if not pair.isdisjoint(members)), key=order)
    for pair in sorted(named, key=lambda pair: content.overrules[pair].decided_at):
        one, other = sorted(pair, key=places.__getitem__)
        yield replace(content.overrules[pair], entry_id=one, other_id=other)


def first_stories(content: Content, lookup: Lookup, known: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return, by guid of an entry that is not `known`, the stories that may be the first to tell its event."""
    sharing = {
        guid: content.topics.sharing(topics) for guid, topics in lookup.topics.items() if guid not in known
    }
    if not any(sharing.values()):
        return {}
    stories = {
        (stored.entry.source_id, stored.entry.guid): stored.story_id
        for stored in content.entries.values()
        if stored.story_id not in content.groups
    }
    return {
        guid: tuple(dict.fromkeys(stories[name] for name in names if name in stories))
        for guid, names in sharing.items()
    }


def _filed(content: Content, stored: StoredEntry) -> Filed:
    decided = content.decided[stored.entry_id]
    return Filed(
        stored=stored,
        rule=decided.rule,
        scores=decided.scores,
        is_version=stored.is_version,
        is_pruned=stored.entry_id in content.pruned,
        is_held=stored.entry_id in content.held,
        withdrawn_at=content.withdrawn.get(stored.entry_id),
    )


def _marks_of(content: Content, story_id: str) -> set[Mark]:
    return {mark for mark, places in content.marks.items() if story_id in places.values()}
