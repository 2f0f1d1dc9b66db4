"""What must hold for any document without knowing what it says: another encoding reads the same, a part of it
gives a part of the entries, the same again gives nothing new, another order gives the same set."""

import gzip
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.fetch.body import decode as unpacked
from aggregator.model import Entry
from aggregator.parse.encoding import decode
from tests.corpus.place import CORPUS, needs_corpus
from tests.corpus.test_everything import reading

COPIED = sorted(path for path in (Path(__file__).parents[1] / "data" / "feeds").iterdir() if path.suffix)
FEEDS = ("atom", "cdf-or-rss-fragment", "jsonfeed", "rdf", "rss")  # how the names of formats of feeds begin
LARGEST = 300_000  # bytes of a document that is read over and over
MAX_BYTES = 2**24

ENCODED: dict[str, Callable[[str], bytes]] = {
    "UTF-8 with a mark": lambda text: text.encode("utf-8-sig"),
    "UTF-16 with a mark": lambda text: text.encode("utf-16"),
    "UTF-16 without a mark": lambda text: text.encode("utf-16-le"),
    "UTF-16 the other way round": lambda text: text.encode("utf-16-be"),
    "UTF-32 with a mark": lambda text: text.encode("utf-32"),
    "UTF-32 without a mark": lambda text: text.encode("utf-32-be"),
    "line ends of Windows": lambda text: text.replace("\r\n", "\n").replace("\n", "\r\n").encode(),
    "blank lines before": lambda text: b"\n\n" + text.encode(),
    "compressed": lambda text: unpacked(gzip.compress(text.encode()), "", MAX_BYTES),
    "the same again": lambda text: text.encode(),
}


def entries(body: bytes) -> list[Entry]:
    found = reading(body)
    return list(found.entries) if found else []


def told(entry: Entry) -> tuple[object, ...]:
    """All that counts of an entry; a guid that stands in a document twice is told apart by what is in all of it."""
    return entry.said_guid or entry.guid, entry.digest, entry.published_at, entry.updated_at, entry.extras


def check_cut(body: bytes, at: int) -> None:
    whole, part = entries(body), reading(body[:at])
    kept = list(part.entries) if part else []
    assert [told(entry) for entry in kept] == [told(entry) for entry in whole[: len(kept)]]
    assert part is None or part.problems or len(kept) == len(whole)


@pytest.mark.parametrize("encoded", ENCODED.values(), ids=ENCODED)
@pytest.mark.parametrize("path", COPIED, ids=lambda path: path.name)
def test_how_a_document_is_written_does_not_matter(path: Path, encoded: Callable[[str], bytes]) -> None:
    text = path.read_text(encoding="utf-8")
    found = entries(path.read_bytes())
    assert len(found) >= 2
    assert entries(encoded(text)) == found


@pytest.mark.parametrize("path", COPIED, ids=lambda path: path.name)
@given(data=st.data())
def test_a_document_that_is_cut_gives_its_first_entries_and_says_so(path: Path, data: st.DataObject) -> None:
    body = path.read_bytes()
    check_cut(body, data.draw(st.integers(min_value=0, max_value=len(body))))


@pytest.mark.parametrize("path", COPIED, ids=lambda path: path.name)
def test_another_order_gives_the_same_set(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        said = json.loads(text)
        turned = json.dumps(said | {"items": said["items"][::-1]})
    else:
        pieces = re.split(r"(<item[ >].*?</item>|<entry[ >].*?</entry>)", text, flags=re.DOTALL)
        pieces[1::2] = pieces[1::2][::-1]
        turned = "".join(pieces)
    assert turned != text
    assert {told(entry) for entry in entries(turned.encode())} == {
        told(entry) for entry in entries(text.encode())
    }


def real_world() -> Iterator[tuple[str, int]]:
    """Yield every feed of the corpus with a number that chooses what is done to it: all to all takes a minute."""
    if CORPUS is not None:
        rows = map(json.loads, (CORPUS / "INDEX.jsonl").read_text(encoding="utf-8").splitlines())
        chosen = (row["path"] for row in rows if row["format"].startswith(FEEDS) and row["bytes"] <= LARGEST)
        yield from ((path, number) for number, path in enumerate(chosen))


@needs_corpus
@pytest.mark.parametrize(("path", "number"), list(real_world()))
def test_real_documents(path: str, number: int) -> None:
    assert CORPUS is not None
    body = (CORPUS / path).read_bytes()
    found = [told(entry) for entry in entries(body)]
    encoded = list(ENCODED.values())[number % len(ENCODED)]
    assert [told(entry) for entry in entries(encoded(decode(body).text))] == found
    check_cut(body, len(body) * (10 + number * 7 % 90) // 100)
