"""Where down is, and which library lives where. The map itself is in ARCHITECTURE.md."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "aggregator"

# From the top down; rooms of one layer do not know each other.
LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"__main__"}),
    frozenset({"cli"}),
    frozenset({"daemon"}),
    frozenset({"schedule", "serve", "upkeep"}),
    frozenset({"pipeline", "breaker"}),
    frozenset({"fetch", "store", "workers", "public", "lock", "orders", "reading", "command"}),
    frozenset({"health"}),
    frozenset({"config", "parse", "normalise", "rules", "dedup", "cadence", "addresses", "merge", "emit"}),
    frozenset({"extras"}),
    frozenset({"html"}),
    frozenset({"dates", "urls", "search"}),
    frozenset({"metrics"}),
    frozenset({"model", "errors", "logs"}),
)
ROOMS = {
    "aiohttp": {"fetch"},
    "httpx": {"fetch"},
    "httpx_aiohttp": {"fetch"},
    "backports": {"fetch", "serve"},
    "compression": {"fetch", "serve"},
    "feedparser": {"parse"},
    "apscheduler": {"schedule"},
    "sqlite_utils": {"store"},
    "sqlite3": {"store"},
    "starlette": {"serve"},
    "uvicorn": {"serve"},
    "httptools": {"serve"},
    "jinja2": {"serve"},
    "click": {"cli"},
    "prometheus_client": {"metrics"},
    "pydantic": {"config"},
    "tomlkit": {"config"},
    "tree_sitter": {"config"},
    "tree_sitter_toml": {"config"},
    "pebble": {"workers"},
    "idna": {"urls"},
    "charset_normalizer": {"parse"},
    "nh3": {"html"},
    "structlog": {"logs"},
}


def room(path: Path) -> str:
    """The first name below the package: "store" for aggregator/store/sqlite.py."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def layer(name: str) -> int:
    return next(n for n, rooms in enumerate(LAYERS) if name in rooms)


def imports(path: Path, text: str) -> Iterator[str]:
    """Every module that a file imports, in full, wherever the import stands."""
    for node in ast.walk(ast.parse(text, str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where down is"
            assert node.module
            if node.module == "aggregator":
                yield from (f"aggregator.{alias.name}" for alias in node.names)
            else:
                yield node.module


def wrongs(path: Path, text: str) -> Iterator[str]:
    """Every import of a file that breaks a rule, as a sentence."""
    here = room(path)
    for module in imports(path, text):
        top, *rest = module.split(".")
        if top == "aggregator" and rest and rest[0] != "__version__":
            there = rest[0]
            if there != here and layer(there) <= layer(here):
                yield f"{path.relative_to(ROOT)} imports {module}, which is not below it"
        elif top in ROOMS and here not in ROOMS[top]:
            yield f"{path.relative_to(ROOT)} imports {top}, which lives in {', '.join(ROOMS[top])}"


def files() -> list[Path]:
    found = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")
    assert len(found) > 30
    return found


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down_and_libraries_stay_in_their_rooms(path: Path) -> None:
    assert list(wrongs(path, path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("merge.py", "from aggregator.store import Store"),
        ("merge.py", "import aggregator.pipeline"),
        ("merge.py", "from aggregator import emit"),
        ("dedup/place.py", "from aggregator.merge import merge"),
        ("pipeline.py", "import httpx"),
        ("store/sqlite.py", "def f():\n    from click import echo"),
    ],
)
def test_a_wrong_import_is_found(file: str, line: str) -> None:
    assert len(list(wrongs(PACKAGE / file, line))) == 1


def test_every_room_has_its_place_and_its_docstring() -> None:
    rooms = {room(path) for path in files()}
    assert rooms == set().union(*LAYERS)
    for path in files():
        if path.name != "__init__.py" or path.read_text(encoding="utf-8").strip():
            assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), (
                f"{path} does not say what it is"
            )


def test_functions_fit_a_screen_and_files_a_sitting() -> None:
    long = []
    for path in files():
        text = path.read_text(encoding="utf-8")
        if len(text.splitlines()) > 400 and path.name != "model.py":  # all the nouns, in one place on purpose
            long.append(str(path))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                statements = sum(isinstance(one, ast.stmt) for one in ast.walk(node)) - 1
                if statements > 40:
                    long.append(f"{path}:{node.lineno} {node.name}: {statements} statements")
    assert long == []
