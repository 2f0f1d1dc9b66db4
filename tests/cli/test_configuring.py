"""The configuration printed, described and begun; what the shell completes."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from aggregator.config import load, schema_keys
from tests.running import ROOT, Site, aggregator


def test_init_begins_a_configuration_that_is_good_and_has_every_key(tmp_path: Path) -> None:
    made = aggregator("config", "init", cwd=tmp_path)
    assert (made.returncode, made.stdout) == (0, "config/aggregator.toml\nconfig/sources.toml\n")
    assert aggregator("check", cwd=tmp_path).returncode == 0
    text = (tmp_path / "config" / "aggregator.toml").read_text()
    text += (tmp_path / "config" / "sources.toml").read_text()
    for key in schema_keys():
        if "." not in key.section:
            assert f"\n# {key.key} = {key.default}" in text, key
    again = aggregator("config", "init", cwd=tmp_path)
    assert again.returncode == 2
    assert "there already" in again.stderr


def test_an_uncommented_sample_is_good(tmp_path: Path) -> None:
    """Every default may be written down."""
    aggregator("config", "init", cwd=tmp_path)
    file = tmp_path / "config" / "aggregator.toml"
    keys = {key.key for key in schema_keys()}
    lines = [
        line.removeprefix("# ") if line.removeprefix("# ").partition(" = ")[0] in keys else line
        for line in file.read_text().splitlines()
    ]
    file.write_text("\n".join(lines))
    assert load(file, environ={}).poll.concurrency == 64


def test_show_prints_what_is_in_force_without_secrets(tmp_path: Path) -> None:
    site = Site(
        tmp_path,
        settings='[health]\nwebhook = "https://chat.example.org/t0ken"\n',
        sources='[[source]]\nurl = "https://example.org/rss"\ntags = ["x"]\n[[feed]]\nname = "f"\ntags = ["x"]\n',
        environ={"AGGREGATOR_POLL__CONCURRENCY": "7"},
    )
    shown = site.run("config", "show")
    assert shown.returncode == 0
    assert "t0ken" not in shown.stdout
    said = tomllib.loads(shown.stdout)
    assert said["poll"]["concurrency"] == 7
    assert said["poll"]["timeout"] == "30s"
    assert said["aggregator"]["public_url"] == f"http://127.0.0.1:{site.port}"
    assert said["source"] == [{"id": "example.org", "url": "https://example.org/rss", "tags": ["x"]}]
    assert said["feed"] == [{"name": "f", "tags": ["x"]}]
    site.sources.write_text("[[source]]\n")
    assert site.run("config", "show").returncode == 78


def test_schema_is_json(tmp_path: Path) -> None:
    said = json.loads(aggregator("config", "schema", cwd=tmp_path).stdout)
    assert {"poll", "health", "source", "feed"} <= set(said["properties"])


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_for_the_shell(tmp_path: Path, shell: str) -> None:
    said = aggregator("completion", shell, cwd=tmp_path)
    assert said.returncode == 0
    assert "_AGGREGATOR_COMPLETE" in said.stdout
    if shutil.which(shell):
        script = tmp_path / "script"
        script.write_text(said.stdout)
        subprocess.run([shell, "-n", str(script)], check=True, timeout=20)


def test_commands_and_ids_are_completed(tmp_path: Path) -> None:
    site = Site(tmp_path, sources='[[source]]\nid = "alfa"\nurl = "https://example.org/rss"\n')

    def completed(words: str, begun: str) -> str:
        environ = {
            "_AGGREGATOR_COMPLETE": "bash_complete",
            "COMP_WORDS": f"{words} {begun}",
            "COMP_CWORD": str(len(words.split())),
        }
        script = "import sys; sys.argv = ['aggregator']; import aggregator.__main__ as m; m.main()"
        ended = subprocess.run(
            [sys.executable, "-c", script],
            cwd=site.directory,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | environ,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
        return ended.stdout

    assert "pause" in completed("aggregator", "pa")
    assert "alfa" in completed("aggregator pause", "al")
    site.sources.write_text("[[source]]\n")
    assert completed("aggregator pause", "al").strip() == ""
