"""`config` and `completion`: the configuration as text, and what the shell completes."""

import os
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from aggregator.cli.context import Context
from aggregator.config import effective, json_schema, sample, sample_sources
from aggregator.errors import Refused

NAME = "aggregator"  # of the command, as the shell knows it
COMPLETE = "_AGGREGATOR_COMPLETE"  # what click looks for in the environment


@click.group()
def config() -> None:
    """Show the configuration, describe it, begin one."""


@config.command()
def schema() -> None:
    """Print the JSON Schema of the configuration, for editors."""
    click.echo(json_schema())


@config.command()
@click.pass_obj
def show(context: Context) -> None:
    """Print every setting as it is in force, be it from the files, the environment or a default; no secrets."""
    click.echo(effective(context.config, environ=os.environ), nl=False)


@config.command()
@click.argument("directory", type=click.Path(path_type=Path), default=Path("config"))
def init(directory: Path) -> None:
    """Write aggregator.toml and sources.toml with every key explained into DIRECTORY (config/).

    Nothing that is there is written over.
    """
    files = {
        directory / "aggregator.toml": sample(),
        directory / "sources.toml": sample_sources(),
    }
    if there := [str(file) for file in files if file.exists()]:
        raise Refused(f"{' and '.join(there)}: there already; name another directory")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            file.write_text(text, encoding="utf-8")
            click.echo(str(file))
    except OSError as exc:
        raise Refused(f"{exc.filename or directory}: {exc.strerror}") from exc


@click.command(
    epilog="""\b
Examples:
  aggregator completion bash > ~/.local/share/bash-completion/completions/aggregator
  aggregator completion zsh > ~/.zfunc/_aggregator
  aggregator completion fish > ~/.config/fish/completions/aggregator.fish
"""
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what lets the shell complete commands, options and ids of sources."""
    made = get_completion_class(shell)
    assert made is not None
    click.echo(made(context.find_root().command, {}, NAME, COMPLETE).source())


COMMANDS = [config, completion]
