"""YAML text to a document: the parser's events, with every liberty of YAML that would hide a mistake refused.

PyYAML's own constructor keeps the last of two equal keys, reads `off` as False and `1:30` as 90, follows tags
into Python and expands any number of aliases; so only its parser is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import yaml

from ablate.errors import Fault, SpecError
from ablate.spec.source.document import Document, Mark, Node
from ablate.spec.source.problems import Location, dotted
from ablate.spec.source.scalars import Scalar, resolve
from ablate.spec.source.syntax import syntax_fault
from ablate.spec.source.text import UNPRINTABLE, check_printable, read_text
from ablate.spec.source.wording import quote

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_DEPTH = 60
MAX_NODES = 200_000  # with aliases expanded
MAX_KEY_LENGTH = 200
EMPTY = "empty; write a study (`baseline: ...`) or an architecture (`architecture: ...`)"


def read_document(path: str) -> tuple[Document, list[Fault]]:
    """The document in a file, and what is wrong with it where it can still be read.

    Raises:
        SpecError: there is no document: no file, no text, not YAML, empty.
    """
    document, faults = compose(read_text(path), path)
    if document.root.content is None:
        raise SpecError([Fault(path, 1, 1, "", EMPTY), *faults])
    return document, faults


def compose(text: str, file: str) -> tuple[Document, list[Fault]]:
    """The document in a text, and what is wrong with it where it can still be read.

    Raises:
        SpecError: there is no document: not YAML.
    """
    check_printable(text, file)
    composer = Composer(file)
    try:
        root = composer.compose(yaml.parse(text, Loader=LOADER))
    except yaml.YAMLError as error:
        raise SpecError([*composer.faults, syntax_fault(error, text, file)]) from error
    return Document(file, root), composer.faults


class Composer:
    """Turns the events of one file into nodes, collecting faults on the way."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self.num_nodes = 0
        self.anchors: dict[str, tuple[Node, int] | None] = {}  # a node and its size; None while it is still open

    def compose(self, events: Iterator[Any]) -> Node:
        """The one document of the stream."""
        self.events = events
        next(events)
        if isinstance(next(events), yaml.StreamEndEvent):
            return Node(None, Mark(self.file, 1, 1))
        root = self._node(next(events), ())
        next(events)
        if not isinstance(end := next(events), yaml.StreamEndEvent):
            self._stop(end, (), "a second document; a file holds one, remove the '---'")
        return root

    def _node(self, event: Any, location: Location) -> Node:
        self._count(1, event, location)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, location)
        if len(location) > MAX_DEPTH:
            self._stop(event, location[:3], f"nested deeper than {MAX_DEPTH} levels; nothing in the language is")
        if event.tag not in (None, "!"):
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._fault(event, location, f"a tag, got '{tag}'; remove it, values are plain text and numbers")
        if event.anchor:
            self.anchors[event.anchor] = None
        before = self.num_nodes
        node = Node(self._content(event, location), self._mark(event))
        if event.anchor:
            self.anchors[event.anchor] = (node, self.num_nodes - before + 1)
        return node

    def _content(self, event: Any, location: Location) -> Any:
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(location)
        if isinstance(event, yaml.SequenceStartEvent):
            return tuple(self._node(item, (*location, index)) for index, item in enumerate(self._until_end()))
        return self._scalar(event, location)

    def _until_end(self) -> Iterator[Any]:
        while not isinstance(event := next(self.events), yaml.CollectionEndEvent):
            yield event

    def _scalar(self, event: Any, location: Location) -> Scalar:
        text: str = event.value
        if found := UNPRINTABLE.search(text):
            self._fault(event, location, f"an escape for U+{ord(found[0]):04X}, which no text may hold; remove it")
            return UNPRINTABLE.sub(" ", text)
        if not event.implicit[0] or event.tag == "!":
            return text
        try:
            return resolve(text)
        except ValueError as error:
            self._fault(event, location, str(error))
            return 0

    def _mapping(self, location: Location) -> dict[str, Node]:
        content: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for event in self._until_end():
            key = self._key(event, location)
            place = location if key is None else (*location, key)
            value = replace(self._node(next(self.events), place), key=self._mark(event))
            if key and ":" in key and event.implicit[0] and value.content is None:
                name, _, rest = key.partition(":")
                self._fault(event, place, f"no space after the colon; write '{name}: {rest.strip()}'")
            if key == "<<" and event.implicit[0]:
                merged = self._merge(value, location) | merged
            elif key in content:
                first = content[key].key or content[key].mark
                self._fault(event, place, f"given twice, first at line {first.line}, column {first.column}; remove one")
            elif key is not None:
                content[key] = value
        return merged | content

    def _key(self, event: Any, location: Location) -> Any:
        if not isinstance(event, yaml.ScalarEvent):
            key = self._node(event, (*location, "?")).plain
            self._fault(event, location, f"a key must be text, got {quote(key)}; quote it if it is text")
            return None
        key = self._scalar(event, location)
        if not isinstance(key, str):
            self._fault(event, location, f"a key must be text, got {quote(key)}; quote it if it is text")
            return None
        if not key.isprintable() or not 0 < len(key) <= MAX_KEY_LENGTH:
            self._fault(event, location, f"a key must be one short line of text, got {quote(key)}; shorten it")
            return None
        return key

    def _merge(self, value: Node, location: Location) -> dict[str, Node]:
        """The keys that `<<: *anchor` or `<<: [*first, *second]` brings in; the first to name a key wins."""
        sources = value.content if isinstance(value.content, tuple) else (value,)
        found: dict[str, Node] = {}
        for source in sources:
            if isinstance(source.content, dict):
                found = source.content | found
            else:
                self._fault_at(source.mark, location, f"'<<' merges mappings only, got {quote(source.plain)}")
        return found

    def _alias(self, event: Any, location: Location) -> Node:
        if event.anchor not in self.anchors:
            self._fault(event, location, f"no anchor '&{event.anchor}' before this '*{event.anchor}'; quote it as text")
            return Node(None, self._mark(event))
        anchored = self.anchors[event.anchor]
        if anchored is None:
            self._fault(event, location, f"'*{event.anchor}' stands inside its own anchor; write the value out")
            return Node(None, self._mark(event))
        node, size = anchored
        self._count(size, event, location)
        return replace(node, mark=self._mark(event))

    def _count(self, size: int, event: Any, location: Location) -> None:
        self.num_nodes += size
        if self.num_nodes > MAX_NODES:
            self._stop(event, location[:3], f"more than {MAX_NODES:,} values, aliases expanded; write fewer")

    def _mark(self, event: Any) -> Mark:
        return Mark(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _fault(self, event: Any, location: Location, message: str) -> None:
        self._fault_at(self._mark(event), location, message)

    def _fault_at(self, mark: Mark, location: Location, message: str) -> None:
        self.faults.append(Fault(mark.file, mark.line, mark.column, dotted(location), message))

    def _stop(self, event: Any, location: Location, message: str) -> None:
        self._fault(event, location, message)
        raise SpecError(self.faults)
