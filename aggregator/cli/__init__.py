"""The command line: one file per group of commands; results on stdout, everything else on stderr.

Exit codes: 0 good, 1 some sources failed or the store cannot be used, 2 usage, 69 daemon unreachable,
75 try later, 78 configuration.
"""

import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

import click

from aggregator import __version__
from aggregator.cli.context import Context, find_config
from aggregator.errors import AggregatorError, ConfigError

EPILOG = """\b
Examples:
  aggregator check                      is the configuration good?
  aggregator run                        poll, publish and serve until stopped
  aggregator poll --force               one cycle now, whatever the schedule says
  aggregator add https://example.org/   follow a feed
  aggregator status                     which sources are well, and why not
  aggregator search 'CSTO -Belarus'     what has been told of it
"""


COMMANDS = {  # and the file of each
    "add": "sources",
    "check": "checking",
    "completion": "configuring",
    "config": "configuring",
    "db": "maintaining",
    "diff": "comparing",
    "doctor": "doctoring",
    "explain": "explaining",
    "export": "exchange",
    "healthcheck": "asking",
    "import": "exchange",
    "join": "overruling",
    "list": "sources",
    "pause": "sources",
    "poll": "running",
    "release": "overruling",
    "remove": "sources",
    "resume": "sources",
    "run": "running",
    "search": "searching",
    "show": "stories",
    "split": "overruling",
    "status": "sources",
}


class Commands(click.Group):
    """Loads the file of a command when it is asked for: most have no use for what the daemon consists of."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        if (file := COMMANDS.get(cmd_name)) is None:
            return None
        commands: list[click.Command] = import_module(f"aggregator.cli.{file}").COMMANDS
        return next(command for command in commands if command.name == cmd_name)


@click.group(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-c", "--config", "config", type=click.Path(), help="Configuration file.")
@click.option("--json", "as_json", is_flag=True, help="Print results as JSON.")
@click.option("-q", "--quiet", "quiet", is_flag=True, help="Log warnings and errors only.")
@click.option("-v", "--verbose", "verbose", is_flag=True, help="Log details for finding faults.")
@click.option("--log-format", type=click.Choice(["logfmt", "json"]), default="logfmt", show_default=True)
@click.option("--color/--no-color", default=None, help="Colours: by default only on a terminal.")
@click.version_option(__version__, prog_name="aggregator")
@click.pass_context
def cli(
    context: click.Context,
    config: str | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    log_format: str,
    color: bool | None,
) -> None:
    """Poll news feeds and re-emit them as one merged feed, every story once."""
    gc.freeze()  # the command is loaded: see aggregator/__main__.py
    gc.enable()
    context.color = color
    context.obj = Context(
        config=find_config(config),
        as_json=as_json,
        verbosity=verbose - quiet,
        json_logs=log_format == "json",
    )


def _refuse_other_encodings(arguments: Sequence[str]) -> None:
    """Python hands bytes that are no UTF-8 on as lone surrogates, which nothing that is stored or sent can have."""
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError as exc:
            raise click.UsageError(
                f"{argument!a} is not UTF-8: write it, or name the file, in that encoding"
            ) from exc


def _refuse(why: str, code: int) -> NoReturn:
    """Exit with `code`, also when nobody reads `why`: a service manager goes by the code."""
    try:
        click.echo(why, err=True)
    except BrokenPipeError:
        sys.stderr = None  # else Python would fail at its end to write the rest
    sys.exit(code)


def main() -> None:
    """Run the command line and exit."""
    try:
        _refuse_other_encodings(sys.argv[1:])
        sys.exit(cli.main(standalone_mode=False) or 0)
    except click.ClickException as exc:
        exc.show()
        sys.exit(exc.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except ConfigError as exc:
        _refuse(str(exc), exc.exit_code)
    except AggregatorError as exc:
        _refuse(f"aggregator: {exc}", exc.exit_code)
    except BrokenPipeError:  # the reader of our output has seen enough
        sys.stderr.close()
        sys.exit(0)
