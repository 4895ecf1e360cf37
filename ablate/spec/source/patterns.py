"""Path patterns, as written in edits: a path that may name many values at once.

`*` is any key, `[*]` any entry of a list, `[bn]` every entry that is the operation bn: `blocks.*.branch[bn]`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ablate.spec.source.document import Node
from ablate.spec.source.paths import ALIASES, INDEX, Part, check_root, split_path
from ablate.spec.source.problems import Location


@dataclass(frozen=True)
class Pattern:
    """A pattern in its parts; `text` is as written."""

    text: str
    parts: tuple[Part, ...]

    @property
    def location(self) -> Location | None:
        """The one path that the pattern is, or None where it is more than a path."""
        if any(name == "*" or (sign == "[" and not INDEX.fullmatch(name)) for sign, name in self.parts):
            return None
        return tuple(int(name) if sign == "[" else name for sign, name in self.parts)

    def match(self, root: Node) -> list[Location]:
        """Where in the document there is a value that fits, in its order."""
        return [location for location, _ in _match(root, self.parts, ())]

    def match_keys(self, root: Node) -> list[Location]:
        """Where there is a value that fits, or could be: the last part may be a key that is not there yet."""
        if location := self.location:
            return [location]
        sign, name = self.parts[-1]
        if sign == "[" or name == "*":
            return self.match(root)
        parents = _match(root, self.parts[:-1], ())
        return [(*location, name) for location, node in parents if isinstance(node.content, Mapping)]


def parse_pattern(text: str) -> Pattern:
    """The pattern of a text.

    Raises:
        ValueError: no pattern, or not of anything that a design can change.
    """
    parts = tuple(split_path(text))
    names = tuple(name for _, name in parts)
    check_root(names)
    usual = tuple((".", str(name)) for name in ALIASES[names]) if names in ALIASES else parts
    return Pattern(text, usual)


def _match(node: Node, parts: tuple[Part, ...], at: Location) -> Iterator[tuple[Location, Node]]:
    if not parts:
        yield at, node
        return
    for key, child in _children(node, *parts[0]):
        yield from _match(child, parts[1:], (*at, key))


def _children(node: Node, sign: str, name: str) -> Iterator[tuple[str | int, Node]]:
    if sign == "." and isinstance(node.content, Mapping):
        yield from ((key, child) for key, child in node.content.items() if name in ("*", key))
    elif sign == "[" and isinstance(node.content, tuple):
        entries = enumerate(node.content)
        yield from ((index, child) for index, child in entries if name in ("*", str(index), _operation(child)))


def _operation(node: Node) -> str | None:
    """The name of an operation as it is written: `bn`, or the one key of `conv3x3: {stride: 2}`."""
    if isinstance(node.content, Mapping) and len(node.content) == 1:
        return next(iter(node.content))
    return node.content if isinstance(node.content, str) else None
