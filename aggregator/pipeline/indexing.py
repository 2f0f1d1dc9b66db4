"""Filling the full-text index: beside polls, and before feeds that are made by searching."""

from aggregator.store.protocol import Store

INDEXED_AT_ONCE = 200  # changes in one transaction: what a poll may have to wait for
NEWS_MOST = 2_000  # changes that a publication waits for; what is more is published when it is indexed


def index_some(store: Store) -> int:
    """Index a few changes, the latest first; return how many."""
    return store.index(INDEXED_AT_ONCE)


def index_news(store: Store) -> None:
    """Let searches find what has just been stored, whatever older changes still wait."""
    for _ in range(NEWS_MOST // INDEXED_AT_ONCE):
        if not index_some(store):
            break
