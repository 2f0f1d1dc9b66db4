"""`import` and `export`: subscription lists and feeds, to and from other programs."""

from pathlib import Path

import click

from aggregator.cli.context import Context, reading_store
from aggregator.cli.following import followed
from aggregator.config import NewSource, add_sources
from aggregator.daemon import PUBLIC
from aggregator.emit import emit_opml
from aggregator.model import FeedHead
from aggregator.parse.subscriptions import read_subscriptions
from aggregator.public import PRIVATE

LIST_LIMIT = 64 << 20  # bytes of a subscription list


@click.group("import")
def import_() -> None:
    """Take over subscriptions."""


@import_.command("opml")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def import_opml(context: Context, file: Path) -> None:
    """Append the feeds of a subscription list to the sources file.

    OPML, a Planet's config.ini, newsboat's urls or a plain list, told apart by what is in it.
    """
    with file.open("rb") as opened:
        content = opened.read(LIST_LIMIT + 1)
    if len(content) > LIST_LIMIT:
        raise click.ClickException(f"{file} is larger than {LIST_LIMIT >> 20} MiB")
    subscriptions, problems = read_subscriptions(content)
    for problem in problems:
        click.echo(f"{file}: warning: {problem}", err=True)
    if not subscriptions:
        raise click.ClickException(f"{file}: no feed to follow in it; is it a subscription list?")
    before = context.load()
    known = {source.url for source in before.sources}
    new = [
        NewSource(url=one.url, title=one.title, tags=one.tags)
        for one in subscriptions
        if one.url not in known
    ]
    path = add_sources(context.config, new) if new else None
    if context.as_json:
        context.show(followed([one.url for one in subscriptions], before, context.load(), path), [])
        return
    if new:
        click.echo(f"{path}: {len(new)} added")
    click.echo(
        f"{file}: {len(subscriptions)} feeds, {len(subscriptions) - len(new)} followed already", err=True
    )


@click.group()
def export() -> None:
    """Hand over subscriptions or feeds, on standard output."""


@export.command("opml")
@click.pass_obj
def export_opml(context: Context) -> None:
    """Print the sources as OPML 2.0."""
    configuration = context.load()
    with reading_store(configuration) as store:
        heads = {} if store is None else store.heads()
    sources = [(source, heads.get(source.id, FeedHead())) for source in configuration.sources]
    click.echo(emit_opml(configuration.title, sources).body, nl=False)


@export.command("feed")
@click.option(
    "--format", "format_", type=click.Choice(["atom", "rss", "json"]), default="atom", show_default=True
)
@click.option("--feed", "name", help="A [[feed]] by name; without it the merged feed of everything.")
@click.pass_obj
def export_feed(context: Context, format_: str, name: str | None) -> None:
    """Print a feed as it was last published."""
    configuration = context.load()
    names = [output.name for output in configuration.outputs]
    if name is not None and name not in names:
        raise click.UsageError(
            f"no feed {name!r} in {context.config}; there are: {', '.join(names) or 'none'}"
        )
    output = next((output for output in configuration.outputs if output.name == name), None)
    if output is not None and format_ not in output.formats:
        raise click.UsageError(f"the feed {name!r} has no {format_}; it has: {', '.join(output.formats)}")
    directory = configuration.data_dir / (PRIVATE if output is not None and output.tokens else PUBLIC)
    path = directory / (f"feeds/{name}.{format_}" if name else f"feed.{format_}")
    if not path.exists():
        raise click.ClickException(f"{path} is not there yet: nothing has been published; `poll` does it")
    click.echo(path.read_bytes(), nl=False)


COMMANDS = [import_, export]
