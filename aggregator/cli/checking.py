"""`check`: is the configuration good?"""

from dataclasses import replace
from pathlib import Path

import click

from aggregator.cli.context import Context


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.pass_obj
def check(context: Context, file: Path | None) -> None:
    """Validate the configuration, offline.

    Every problem is a line `file:line:column: error: …`. Exit code 0 or 78.
    """
    if file is not None:
        context = replace(context, config=file)
    configuration = context.load()
    for warning in configuration.warnings:
        click.echo(warning, err=True)
    row: dict[str, object] = {
        "config": str(context.config),
        "files": len(configuration.files),
        "sources": len(configuration.sources),
        "feeds": len(configuration.outputs) + 1,
    }
    if context.as_json:
        context.show([row], list(row))
    else:
        click.echo(
            f"{context.config}: good: {row['sources']} sources and {row['feeds']} feeds in {row['files']} files"
        )


COMMANDS = [check]
