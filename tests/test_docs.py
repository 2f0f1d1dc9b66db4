"""Nothing a user or a newcomer can meet is undocumented, and nothing documented is gone."""

import re
import tomllib
from pathlib import Path

import click
import pytest

from aggregator.cli import cli
from aggregator.config import load, schema_keys
from tests.test_architecture import LAYERS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
SECURITY = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
SHIPPED = (ROOT / "config" / "aggregator.toml").read_text(encoding="utf-8")
SOURCES = (ROOT / "config" / "sources.toml").read_text(encoding="utf-8")
SETTINGS = [key for key in schema_keys() if key.section not in {"source", "feed"} and "." not in key.section]


def commands(group: click.Group, prefix: str = "") -> list[str]:
    found = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found += (
            commands(command, f"{prefix}{name} ") if isinstance(command, click.Group) else [prefix + name]
        )
    return found


@pytest.mark.parametrize("name", commands(cli))
def test_every_command_is_in_the_readme(name: str) -> None:
    assert re.search(rf"^aggregator {name}\b", README, re.MULTILINE)


def test_every_command_in_the_readme_is_there() -> None:
    named = set(
        re.findall(
            r"^aggregator ([a-z]+(?: (?:opml|feed|init|show|schema|(?<=db )[a-z]+))?)", README, re.MULTILINE
        )
    )
    assert named == set(commands(cli))


@pytest.mark.parametrize("key", SETTINGS, ids=lambda key: f"{key.section}.{key.key}")
def test_every_setting_is_in_the_shipped_configuration_with_its_default(key: object) -> None:
    section, name, default = (getattr(key, attribute) for attribute in ("section", "key", "default"))
    table = SHIPPED.split(f"\n[{section}]\n", 1)[1].split("\n[", 1)[0]
    assert f"\n# {name} = {default}\n" in f"\n{table}" or f"\n{name} = {default}\n" in table


def test_the_shipped_configuration_says_nothing_that_is_no_setting() -> None:
    uncommented = re.sub(r"^# (?=\[\[|[a-z_]+ = )", "", SHIPPED, flags=re.MULTILINE)
    said = tomllib.loads(uncommented)
    feeds = said.pop("feed")
    assert {(section, key) for section, table in said.items() for key in table} == {
        (key.section, key.key) for key in SETTINGS
    }
    assert set(feeds[0]) == {key.key for key in schema_keys() if key.section == "feed"}


@pytest.mark.parametrize("key", sorted({key.key for key in schema_keys() if key.section == "source"}))
def test_every_key_of_a_source_is_named_in_the_shipped_sources(key: str) -> None:
    assert re.search(rf"\b{key}\b", SOURCES)


def test_the_shipped_configuration_is_good_and_needs_no_network() -> None:
    configuration = load(ROOT / "config" / "aggregator.toml", environ={})
    local = [source for source in configuration.sources if source.url.startswith("file:")]
    assert len(local) == 4
    assert len(configuration.sources) - len(local) >= 12
    assert configuration.data_dir == ROOT / "data"
    assert configuration.server.listen == "127.0.0.1:8080"


def test_the_map_has_every_room_in_its_place() -> None:
    drawn = ARCHITECTURE.split("## Imports point down only\n\n```\n", 1)[1].split("\n```", 1)[0]
    layers = [layer.split(", ") for layer in re.split(r"\s*->\s*", drawn)]
    assert [sorted(layer) for layer in layers] == [sorted(layer) for layer in LAYERS]


def test_every_address_is_in_one_row_of_the_readme() -> None:
    table = README.split("## Subscribe\n\n", 1)[1].split("\n\n", 1)[0]
    addresses = re.findall(r"`(/[^`]*)`", "".join(row.split("|")[1] for row in table.splitlines()))
    assert len(addresses) > 10
    assert sorted(addresses) == sorted(set(addresses))


@pytest.mark.parametrize("path", re.findall(r"`(aggregator/[a-z_/.]+)`", README + ARCHITECTURE))
def test_every_path_named_is_there(path: str) -> None:
    assert (ROOT / path).exists()


def test_links_between_documents_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)]+)\)", README + ARCHITECTURE):
        assert (ROOT / target).exists()


def test_nothing_names_a_package_registry() -> None:
    names = ["pypi" + ".org", "npmjs" + ".com", "files.python" + "hosted"]
    tracked = [path for path in ROOT.iterdir() if path.suffix in {".md", ".toml", ".txt", ".sh"}]
    assert len(tracked) > 5
    for path in tracked:
        text = path.read_text(encoding="utf-8")
        assert not [name for name in names if name in text], path


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`((?:tests|aggregator)/[^` ]+)`", SECURITY))))
def test_what_the_threat_model_points_at_is_there(named: str) -> None:
    path, _, test = named.partition("::")
    found = ROOT / path
    assert found.exists()
    if test:
        assert re.search(rf"^(?:async )?def {test}\(", found.read_text(encoding="utf-8"), re.MULTILINE)


def test_every_claim_of_the_threat_model_names_a_test() -> None:
    rows = [line for line in SECURITY.splitlines() if line.startswith("| ") and "`aggregator/" in line]
    assert rows
    assert [row for row in rows if "`tests/" not in row] == []
