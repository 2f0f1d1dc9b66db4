"""What came of following sources, as rows for scripts."""

from collections.abc import Iterable
from pathlib import Path

from aggregator.config import Configuration, same_address

ADDED = "added"
FOLLOWED = "followed already"
REMOVED = "removed"


def edit(url: str, source_id: str, result: str, file: Path | None) -> dict[str, object]:
    """One source: its address as it was asked for, its id, what became of it, and the file that was edited."""
    return {"url": url, "id": source_id, "result": result, "file": None if file is None else str(file)}


def followed(
    urls: Iterable[str], before: Configuration, after: Configuration, file: Path | None
) -> list[dict[str, object]]:
    """Return a row for each of `urls`, which `file` was told to follow between the two configurations."""
    taken = {same_address(source.url) for source in before.sources}
    ids = {same_address(source.url): source.id for source in after.sources}
    rows = []
    for url in urls:
        address = same_address(url)
        is_new = address not in taken
        taken.add(address)
        rows.append(edit(url, ids[address], ADDED if is_new else FOLLOWED, file if is_new else None))
    return rows
