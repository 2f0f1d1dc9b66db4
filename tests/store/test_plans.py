"""What the SQLite engine does for every publication looks at what changed, never at all that is stored."""

from pathlib import Path

import pytest

from aggregator.model import Output
from aggregator.store import archived
from aggregator.store.latest import ENTRIES
from tests.archives import Newsroom

SMALL = ("json_each", "touched", "t", "u")  # tables that have what changed, or what feeds show
FEED = Output(name="feed", title="Everything", limit=9)
STEPS = {
    "what changed enters": archived._ENTER_TOUCHED,
    "what is swept enters": f"{archived._ENTER} AND s.key > :swept AND s.key <= :end",
    "what lost its sources leaves": archived._LEAVE,
    "what is told again": archived._BACK,
    "bytes nobody needs": archived._UNUSED,
    "current": archived.current(FEED).replace("?", ":name", 1).replace("?", ":limit"),
    "leaving": archived.leaving(FEED)
    .replace("?", ":name", 1)
    .replace("?", ":keys", 1)
    .replace("?", ":limit"),
    "what a page is called by": archived._DIGESTS,
    "told": ENTRIES.replace("?", ":keys"),
}


@pytest.mark.parametrize("step", STEPS)
def test_no_step_of_a_publication_scans_the_store(tmp_path: Path, step: str) -> None:
    room = Newsroom("sqlite", tmp_path)
    values = {"archive": 1, "sources": "[]", "swept": 0, "end": 9, "first": 0, "page": 9}
    plan = room.store._db.execute(  # type: ignore[attr-defined]
        f"EXPLAIN QUERY PLAN {STEPS[step]}", values | {"name": "feed", "limit": 9, "keys": "[]"}
    ).fetchall()
    details = [row["detail"] for row in plan]
    assert [one for one in details if one.startswith("SCAN") and one.split()[1] not in SMALL] == []
    # An archive is as long as the store: neither is it read from one end to the other.
    assert [one for one in details if one == "SEARCH y USING PRIMARY KEY (archive=?)"] == []
    room.store.close()
