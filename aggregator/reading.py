"""All that a worker process makes of one document, as one call that can be sent there."""

from aggregator import rules
from aggregator.model import Reading, Response, Source
from aggregator.normalise import normalise, normalise_head, normalise_tombstones
from aggregator.parse import parse


def read(source: Source, response: Response) -> Reading:
    """Parse, normalise and sift one document; raises `ParseError` when it is no feed."""
    parsed = parse(response, source.kind)
    entries = normalise(source, parsed)
    return Reading(
        head=normalise_head(parsed),
        format=parsed.format,
        entries=rules.apply(source.rules, entries),
        hints=parsed.hints,
        archive_url=parsed.archive_url,
        tombstones=normalise_tombstones(parsed),
        ended=parsed.ended,
        problems=parsed.problems,
    )
