"""Which engine a store URL means."""

from pathlib import Path

from aggregator.errors import ConfigError
from aggregator.store.memory import MemoryStore
from aggregator.store.protocol import Store
from aggregator.store.sqlite import SqliteStore

FILE_NAME = "aggregator.sqlite"


def sqlite_path(url: str, data_dir: Path) -> Path:
    """Return the database file that `url` names; "sqlite" is the default file in `data_dir`."""
    if url == "sqlite":
        return data_dir / FILE_NAME
    if url.startswith("sqlite:///"):
        return data_dir / url.removeprefix("sqlite:///")  # an absolute path replaces data_dir
    raise ConfigError(f'[store] url: no engine for {url!r}; use "sqlite" or "sqlite:///path"')


def store_file(url: str, data_dir: Path) -> Path | None:
    """Return the file that the store at `url` lives in; None when it lives in none."""
    return None if url == "memory" else sqlite_path(url, data_dir)


def store_exists(url: str, data_dir: Path) -> bool:
    """Return whether anything has been stored at `url` yet."""
    return sqlite_path(url, data_dir).exists()


def open_store(url: str, data_dir: Path, *, read_only: bool = False) -> Store:
    """Open the store at `url`, made or migrated as needed; `read_only` neither makes nor writes."""
    if url == "memory":
        return MemoryStore()
    return SqliteStore(sqlite_path(url, data_dir), read_only=read_only)
