"""`db`: the store is checked, backed up, migrated, pruned and compacted."""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from aggregator.cli.context import Context
from aggregator.config import Configuration
from aggregator.daemon import Engine
from aggregator.lock import ownership
from aggregator.store import Finding, back_up, backup_target, check_store, compact, migrate, store_file
from aggregator.upkeep import BACKUPS, forget

FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def db() -> None:
    """Look after the store."""


@db.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.pass_obj
def check(context: Context, file: Path | None) -> None:
    """Look whether the store, or a backup FILE, is whole; one line for everything that must be true.

    Works while the daemon runs. Exit code 1 when anything is wrong.
    """
    path = file or _stored(context.load())
    findings = check_store(path)
    if context.as_json:
        context.show(
            [{"file": str(path), "what": one.what, "wrong": one.wrong or None} for one in findings], []
        )
    else:
        _tell(findings)
    sys.exit(any(finding.wrong for finding in findings))


def _tell(findings: Sequence[Finding]) -> None:
    for finding in findings:
        if finding.wrong:
            click.secho(f"WRONG {finding.what}: {finding.wrong}", fg="red")
        else:
            click.secho(f"ok    {finding.what}", fg="green")


@db.command()
@click.argument("file", required=False, type=FILE)
@click.pass_obj
def backup(context: Context, file: Path | None) -> None:
    """Copy the store to FILE, whole and checked, also while the daemon runs.

    Without FILE the copy is named after the time, in <data_dir>/backups; only those that the daemon makes by night
    are let go later. An earlier backup is replaced, nothing else is: exit code 2.
    """
    configuration = context.load()
    store = _stored(configuration)
    path = file or configuration.data_dir / BACKUPS / f"manual-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.sqlite"
    back_up(store, backup_target(store, path))
    _say(context, file=str(path), bytes=path.stat().st_size)


@db.command("migrate")
@click.pass_obj
def migrate_store(context: Context) -> None:
    """Bring the store to the schema of this version, as the daemon does when it starts."""
    configuration = context.load()
    path = _file(configuration)
    with ownership(configuration.data_dir, path):
        steps = migrate(path)
    _say(context, file=str(path), steps=" ".join(steps) or "none")


@db.command()
@click.pass_obj
def prune(context: Context) -> None:
    """Forget what [retention] lets go, as the daemon does every hour."""
    configuration = context.load()
    _stored(configuration)
    context.set_up_logs()
    _say(context, pruned=asyncio.run(_prune(configuration)))


async def _prune(configuration: Configuration) -> int:
    async with Engine(configuration) as parts:
        pruned = forget(parts.store, configuration, at=datetime.now(UTC))
        await parts.pipeline.publish()
    return pruned


@db.command()
@click.pass_obj
def vacuum(context: Context) -> None:
    """Write the store anew without gaps, so that its file is smaller; not while the daemon runs."""
    configuration = context.load()
    path = _stored(configuration)
    with ownership(configuration.data_dir, path):
        before, after = compact(path)
    _say(context, file=str(path), bytes=after, before=before)


def _file(configuration: Configuration) -> Path:
    path = store_file(configuration.store_url, configuration.data_dir)
    if path is None:
        raise click.ClickException("the store is in no file")
    return path


def _stored(configuration: Configuration) -> Path:
    path = _file(configuration)
    if not path.exists():
        raise click.ClickException(f"{path}: nothing has been stored yet")
    return path


def _say(context: Context, **facts: object) -> None:
    if context.as_json:
        context.show([facts], [])
    else:
        click.echo(" ".join(f"{name}={fact}" for name, fact in facts.items()))


COMMANDS = [db]
