"""All that a worker process makes of one document, as one call that can be sent there."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from aggregator import rules
from aggregator.errors import printable
from aggregator.model import Entry, KnownItem, ParsedFeed, Passed, Reading, Response, Source
from aggregator.normalise import Normalised, normalise_entries, normalise_head, normalise_tombstones
from aggregator.parse import guid_digest, parse

TAKEN_APART_MOST = 10_000  # items of one document that are not known: a worker has room for some 40,000
LEFT_LEAST = 10  # one in so many entries that were read of a document is there as long as it is the same


def read(
    source: Source,
    response: Response,
    known: Sequence[KnownItem] = (),
    date_orders: Collection[str] = (),
    passed: Passed | None = None,
) -> Reading:
    """Parse, normalise and sift one document; raises `ParseError` when it is no feed.

    Items in `known` are left out, which costs a fraction of reading them. What remains comes out as if
    all had been read. `date_orders` is what earlier documents have told of how the source writes dates. Of what
    one poll does not read at once the next does: `passed` is what the last one's `Reading` has told.
    """
    remembered = {item.digest: item for item in known}
    most = max(TAKEN_APART_MOST, 2 * source.max_new) + (passed.stays if passed else 0)
    parsed = parse(response, source.kind, known=remembered.keys(), most=most, settings=source.reading)
    found = normalise_entries(source, parsed, date_orders, remembered=remembered, passed=passed)
    skipped = [remembered[digest] for digest in parsed.skipped]
    if _tangled(found.entries, skipped) or (parsed.unread and not found.read):
        # Each has a say in what becomes of the others, or all hide what is new: the whole is read, and what is known
        # is still known.
        parsed = parse(response, source.kind, settings=source.reading)
        found = normalise_entries(source, parsed, date_orders, remembered=remembered, passed=passed)
        skipped = []
    is_partial = passed is not None or found.beyond > 0
    carried = tuple(_still_known(parsed, found.entries, remembered)) if is_partial else ()
    reading = _reading(source, parsed, found, skipped, carried)
    again = found.begin + len(skipped) + len(carried)
    return replace(reading, is_another=passed is not None and again * LEFT_LEAST < passed.count)


def _reading(
    source: Source,
    parsed: ParsedFeed,
    found: Normalised,
    skipped: Sequence[KnownItem],
    carried: Iterable[KnownItem],
) -> Reading:
    return Reading(
        head=normalise_head(parsed),
        format=parsed.format,
        entries=rules.apply(source.rules, found.entries),
        skipped=len(skipped),
        beyond=found.beyond,
        passed=found.passed,
        known=(*skipped, *carried, *_to_remember(parsed, found.entries)),
        hints=parsed.hints,
        archive_url=parsed.archive_url,
        tombstones=normalise_tombstones(parsed),
        ended=parsed.ended,
        date_orders=found.date_orders,
        problems=(
            *_told_beyond(found),
            *map(printable, parsed.problems),
            *(problem for item in skipped for problem in item.problems),
        ),
    )


def _told_beyond(found: Normalised) -> Iterable[str]:
    if found.beyond:
        yield (
            f"{found.read + found.beyond} new entries at once: {found.beyond} are left for the next polls"
            " ([poll] max_new_entries)"
        )


def _tangled(entries: Sequence[Entry], skipped: Sequence[KnownItem]) -> bool:
    """Whether items left out would have a say in what becomes of the others.

    Those that share a guid are told apart by all of them, and dates tell each other their order.
    """
    if not skipped:
        return False
    guids = {item.guid for item in skipped}
    return (
        len(guids) < len(skipped)
        or any(entry.leans for entry in entries)
        or any(guid_digest(name) in guids for entry in entries for name in _names(entry))
    )


def _names(entry: Entry) -> Iterable[str]:
    """Yield every guid an entry had while it was told apart (see `normalise`)."""
    yield entry.guid
    if entry.said_guid is not None:
        yield entry.said_guid
        yield f"{entry.said_guid} {entry.url or ''}"
        yield f"{entry.said_guid} {entry.url or ''} {entry.title}"


def _still_known(
    parsed: ParsedFeed, entries: Sequence[Entry], remembered: Mapping[str, KnownItem]
) -> Iterable[KnownItem]:
    """Yield the items of a large document that were known, and are not among the `entries` read this time."""
    read_now = {entry.position for entry in entries}
    for one in parsed.entries:
        if one.digest is not None and one.digest in remembered and one.position not in read_now:
            yield remembered[one.digest]


def _to_remember(parsed: ParsedFeed, entries: Sequence[Entry]) -> Iterable[KnownItem]:
    """Yield the items whose entry is kept, rules or not, and would be the same whatever stands beside it."""
    digests = {entry.position: entry.digest for entry in parsed.entries}
    for entry in entries:
        digest = digests.get(entry.position)
        if digest is not None and entry.can_be_known:
            yield KnownItem(digest=digest, guid=guid_digest(entry.guid), problems=entry.problems)
