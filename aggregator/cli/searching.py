"""`search`: what is stored, found by its words."""

from collections.abc import Sequence
from dataclasses import replace

import click

from aggregator.cli.context import Context, reading_store, time
from aggregator.merge import telling
from aggregator.model import Story
from aggregator.search import TIME_MOST, parse_query

MOST = 10_000

HELP = """Search what is stored, the newest first; also while the daemon runs.

\b
CSTO Armenia              both words: in title, text, author or categories
'"collective security"'   these words one after the other
'CSTO OR Armenia'         one of them; AND binds tighter than OR
'CSTO -Belarus'           not with that word; also CSTO NOT Belarus
'(CSTO OR ODKB) Armenia'  parentheses
'Armen*'                  words that begin so
title:CSTO                in the title; also text: author: tag: source: url:
'title:(CSTO OR Armenia)' one of them in the title
after:2026-01-31          shown on that day (UTC) or later
before:2026-01-31         shown earlier than that day

AND, OR and NOT are written in capitals. Case and accents do not matter, except that й, ў and ї are no и, у and і.
tag: means tags of sources and categories of entries, source: words of a source's id or title, url: parts of an
address. Put the query in single quotes, so that the shell leaves it alone. [[feed]] query takes the same.
"""


@click.command(help=HELP, context_settings={"ignore_unknown_options": True})
@click.argument("query", nargs=-1, required=True, metavar="QUERY")
@click.option("--limit", type=click.IntRange(1, MOST), default=20, show_default=True, help="Stories to show.")
@click.option("--json", "as_json", is_flag=True, help="Print results as JSON.")
@click.pass_obj
def search(context: Context, query: Sequence[str], limit: int, as_json: bool) -> None:
    context = replace(context, as_json=context.as_json or as_json)
    asked = parse_query(" ".join(query))
    with reading_store(context.load()) as store:
        found = () if store is None else store.latest(limit, query=asked, within=TIME_MOST)
        left = 0 if store is None else store.unindexed()
    context.show([_row(story) for story in found], ["date", "source", "title", "entry_id"])
    if left:
        click.echo(
            f"{left} changes cannot be found yet: the daemon takes them in, or the next `poll`", err=True
        )


def _row(story: Story) -> dict[str, object]:
    shown = telling(story.entries)
    return {
        "date": time(story.shown_at),
        "source": shown.entry.source_id,
        "title": shown.entry.title,
        "entry_id": shown.entry_id,
        "story_id": story.story_id,
        "url": shown.entry.url,
        "sources": sorted({stored.entry.source_id for stored in story.entries}),
    }


COMMANDS = [search]
