"""A YAML text as plain data that remembers where every key and value stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ablate.errors import Fault
from ablate.spec.source.problems import Location, Problem, dotted
from ablate.spec.source.scalars import Scalar
from ablate.spec.source.wording import quote

COMMAND_LINE = "command line"  # the file of everything given by an override


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file; lines and columns count from 1, and line 0 stands for no line at all."""

    file: str
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it stands: a scalar, a tuple of nodes, or a mapping of names to nodes."""

    content: Scalar | tuple[Node, ...] | Mapping[str, Node]
    mark: Mark
    key: Mark | None = None  # where the value's key stands

    @property
    def plain(self) -> Any:
        """The value as nested dicts, lists and scalars, built anew."""
        if isinstance(self.content, Mapping):
            return {key: node.plain for key, node in self.content.items()}
        if isinstance(self.content, tuple):
            return [node.plain for node in self.content]
        return self.content

    def child(self, part: str | int) -> Node | None:
        """The value under a key or at an index, or None where there is none."""
        if isinstance(self.content, Mapping):
            return self.content.get(part) if isinstance(part, str) else None
        if isinstance(self.content, tuple) and isinstance(part, int):
            return self.content[part] if 0 <= part < len(self.content) else None
        return None

    def put(self, location: Location, new: Node) -> Node:
        """A copy with `new` at the location; mappings on the way that do not exist are made.

        Raises:
            ValueError: a part of the location cannot exist: under a scalar, or beyond the end of a list.
        """
        if not location:
            return replace(new, key=new.key or self.key)
        part, rest = location[0], location[1:]
        inner = self.child(part)
        if inner is None:
            if not isinstance(part, str) or not (self.content is None or isinstance(self.content, Mapping)):
                raise ValueError(self._no_place(part))
            inner = Node(None, new.mark, new.key)
        return self._with(part, inner.put(rest, new))

    def _no_place(self, part: str | int) -> str:
        if isinstance(self.content, tuple) and isinstance(part, int):
            return f"no entry {part} in a list of {len(self.content)}"
        return f"no place for '{part}' in {quote(self.plain)}"

    def without(self, location: Location) -> Node:
        """A copy without the existing value at the location."""
        part, rest = location[0], location[1:]
        inner = self.child(part)
        assert inner is not None
        return self._with(part, inner.without(rest) if rest else None)

    def _with(self, part: str | int, new: Node | None) -> Node:
        """A copy with another child, or without it."""
        if isinstance(self.content, tuple):
            index = int(part)
            return replace(self, content=(*self.content[:index], *([new] if new else []), *self.content[index + 1 :]))
        children = dict(self.content) if isinstance(self.content, Mapping) else {}
        if new:
            return replace(self, content={**children, str(part): new})
        return replace(self, content={key: node for key, node in children.items() if key != part})

    def over(self, base: Node) -> Node:
        """This value laid over another: mappings merge, everything else replaces."""
        if not (isinstance(self.content, Mapping) and isinstance(base.content, Mapping)):
            return self
        merged = {**base.content, **self.content}
        shared = self.content.keys() & base.content.keys()
        return replace(
            self,
            content={key: node.over(base.content[key]) if key in shared else node for key, node in merged.items()},
        )


@dataclass(frozen=True)
class Document:
    """A specification before it means anything: the root value of a file, with everything laid over or under it."""

    file: str
    root: Node

    @cached_property
    def data(self) -> Any:
        """The whole document as nested dicts, lists and scalars."""
        return self.root.plain

    def node(self, location: Location) -> Node | None:
        """The value at a location, or None where there is none."""
        node: Node | None = self.root
        for part in location:
            node = node.child(part) if node else None
        return node

    def mark(self, location: Location, on_key: bool = False) -> Mark:
        """Where the value stands, or its key; for a value that does not exist, where it should have stood."""
        nodes = list(self._along(location))
        absent = len(nodes) <= len(location)
        node = nodes[-1]
        return node.key or node.mark if on_key or absent else node.mark

    def _along(self, location: Location) -> Iterator[Node]:
        node: Node | None = self.root
        yield self.root
        for part in location:
            node = node.child(part) if node else None
            if node is None:
                return
            yield node

    def put(self, location: Location, new: Node) -> Document:
        """A copy with `new` at the location. Raises ValueError where it cannot stand there."""
        return Document(self.file, self.root.put(location, new))

    def without(self, location: Location) -> Document:
        """A copy without the existing value at the location."""
        return Document(self.file, self.root.without(location))

    def fault(self, problem: Problem) -> Fault:
        """The problem with its place in the file."""
        mark = self.mark(problem.location, problem.on_key)
        return Fault(mark.file, mark.line, mark.column, dotted(problem.location), problem.message)
