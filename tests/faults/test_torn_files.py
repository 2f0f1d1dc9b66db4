"""Killed while publishing, again and again: every file is whole, and the next start removes what was unfinished.

PUBLISH_KILLS=300 kills so often; by default it is twenty times.
"""

import hashlib
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

from aggregator import public
from tests.fetch.server import Server
from tests.running import PATIENCE, ROOT, Site
from tests.test_daemon import serve

KILLS = int(os.environ.get("PUBLISH_KILLS", "20"))
PATHS = ("feed.atom", "feeds/a.atom", "feeds/b.rss", "archive/feed/1/feed.atom")

# Publishes one version after the other, each document with its digest in its first line, until it is killed.
PUBLISHING = """
import hashlib, itertools, sys
from pathlib import Path
from aggregator import public
from aggregator.model import Document
for version in itertools.count(int(sys.argv[2])):
    documents = []
    for path in sys.argv[3:]:
        text = f"{path} {version} ".encode() * 20_000
        body = hashlib.sha256(text).hexdigest().encode() + b"\\n" + text
        documents.append(Document(path=path, body=body, content_type="text/plain"))
    public.write(documents, Path(sys.argv[1]))
    print(version, flush=True)
"""


def is_whole(path: Path) -> bool:
    digest, _, text = path.read_bytes().partition(b"\n")
    return hashlib.sha256(text).hexdigest().encode() == digest


def test_every_file_is_whole_whenever_its_writer_is_killed(tmp_path: Path) -> None:
    directory, chance, strays, version = tmp_path / "public", random.Random(7), 0, 0
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-c", PUBLISHING, str(directory), str(version), *PATHS],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        version = int(process.stdout.readline()) + 1
        threading.Event().wait(chance.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)
        process.stdout.close()
        assert all(is_whole(directory / path) for path in PATHS)
        strays += len(list(directory.rglob(".new-*")))
        version += 100  # later than whatever it has written
    assert strays  # it was hit in the middle, and more than once left something
    public.clear(directory)
    assert sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*.*")) == sorted(PATHS)


def test_the_next_start_removes_what_was_unfinished(tmp_path: Path, publisher: Server) -> None:
    site = Site(tmp_path, sources=serve(publisher, "alfa"))
    strays = [site.data / place / ".new-x1y2" for place in ("public", "public/archive/feed/1", "private")]
    for stray in strays:
        stray.parent.mkdir(parents=True)
        stray.write_text("<feed")
    with site.daemon() as daemon:
        daemon.feed("News of alfa")
        assert not any(stray.exists() for stray in strays)
