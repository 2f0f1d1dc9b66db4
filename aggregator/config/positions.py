"""Line and column of every key in a TOML text, and the extent of its tables."""

import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

Path = tuple[str | int, ...]  # keys and positions in arrays: ("source", 0, "auth", "username")

_TOML = Language(tree_sitter_toml.language())
_KEYS = {"bare_key", "quoted_key", "dotted_key"}
_TABLES = {"table", "table_array_element"}


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found of a path: the node of its key, that of its value, and how much of it is left."""

    key: Node
    value: Node
    left: int


class Positions:
    """Where the keys of one text are. `text` must be valid TOML."""

    def __init__(self, text: str) -> None:
        self._bytes = text.encode()
        root = Parser(_TOML).parse(self._bytes).root_node
        self._tables: dict[Path, list[Node]] = defaultdict(list)
        self._tables[()].append(root)
        lengths: dict[Path, int] = {}
        for node in root.named_children:
            if node.type in _TABLES:
                self._tables[self._table_path(node, lengths)].append(node)

    def key(self, path: Path) -> tuple[int, int]:
        """Return line and column, both from 1, of a key, else of the nearest thing around it."""
        return self._line_and_column(self._find(path).key)

    def value(self, path: Path) -> tuple[int, int]:
        """Return line and column, both from 1, of a value, else of the nearest thing around it."""
        return self._line_and_column(self._find(path).value)

    def span(self, path: Path) -> tuple[int, int] | None:
        """Return the byte range of a value; None where there is no such key."""
        found = self._find(path)
        return None if found.left else (found.value.start_byte, found.value.end_byte)

    def extents(self, path: Path) -> list[tuple[int, int]]:
        """Return the byte ranges of the tables `[…]` at and below `path`, in whole lines.

        A range ends with its last key, or the comment on that line: what follows it, comments
        included, stands between tables and belongs to none. Empty where `path` is no such table.
        """
        if path not in self._tables:
            return []
        nodes = (node for at, nodes in self._tables.items() if at[: len(path)] == path for node in nodes)
        return sorted(self._whole_lines(node) for node in nodes)

    def _table_path(self, node: Node, lengths: dict[Path, int]) -> Path:
        """Return the path a header opens; `lengths` counts the elements of arrays of tables so far."""
        path: Path = ()
        parts = _parts(next(child for child in node.named_children if child.type in _KEYS))
        for place, part in enumerate(parts):
            path += (part,)
            if place == len(parts) - 1 and node.type == "table_array_element":
                lengths[path] = lengths.get(path, 0) + 1
            if path in lengths:
                path += (lengths[path] - 1,)
        return path

    def _find(self, path: Path) -> _Found:
        """Look in the innermost table around `path`: whatever it does not hold stands nowhere."""
        around = next(path[:known] for known in range(len(path), -1, -1) if path[:known] in self._tables)
        rest = path[len(around) :]
        starts = (_Found(table, table, len(rest)) for table in self._tables[around])
        return min((found for start in starts for found in _descents(start, rest)), key=lambda one: one.left)

    def _line_and_column(self, node: Node) -> tuple[int, int]:
        start = self._bytes.rfind(b"\n", 0, node.start_byte) + 1
        before = self._bytes[start : node.start_byte].decode()
        return node.start_point.row + 1, len(before) + 1

    def _whole_lines(self, node: Node) -> tuple[int, int]:
        last = [child for child in node.children if child.type != "comment"][-1]
        newline = self._bytes.find(b"\n", last.end_byte)
        end = len(self._bytes) if newline < 0 else newline + 1
        return self._bytes.rfind(b"\n", 0, node.start_byte) + 1, end


def _descents(found: _Found, path: Path) -> Iterator[_Found]:
    """Yield ever better matches of `path` inside a table or value, `found` itself first."""
    yield found
    if not path:
        return
    if found.value.type == "array" and isinstance(path[0], int):
        elements = [child for child in found.value.named_children if child.type != "comment"]
        if path[0] < len(elements):
            element = elements[path[0]]
            yield from _descents(_Found(element, element, len(path) - 1), path[1:])
        return
    for pair in found.value.named_children:
        if pair.type == "pair":
            key = pair.named_children[0]
            parts = _parts(key)
            if path[: len(parts)] == parts:
                inner = _Found(key, pair.named_children[1], len(path) - len(parts))
                yield from _descents(inner, path[len(parts) :])


def _parts(key: Node) -> tuple[str, ...]:
    """Return the names a key is made of: `a."b.c"` has two."""
    names: list[str] = []
    rest = [key]
    while rest:  # not by recursion: a dotted key nests once for every dot
        node = rest.pop()
        if node.type == "dotted_key":
            rest.extend(reversed(node.named_children))
            continue
        text = (node.text or b"").decode()
        if node.type == "quoted_key":
            names.extend(tomllib.loads(f"{text} = 0"))
        else:
            names.append(text)
    return tuple(names)
