"""`extends:`: a file laid over others, mappings merged, everything else replaced.

Precedence, from low to high: the files of `extends:` in their order, the file itself, the command line.
"""

from __future__ import annotations

import os
from dataclasses import replace

from ablate.errors import Fault, SpecError
from ablate.spec.source.composer import read_document
from ablate.spec.source.document import Document, Node
from ablate.spec.source.paths import ALIASES, SECTIONS
from ablate.spec.source.problems import Problem
from ablate.spec.source.wording import quote
from ablate.spec.study.schema import StudySection

STUDY_KEYS = StudySection.model_fields.keys() - {"extends", "blocks"}
MAX_CHAIN = 20


def is_study(document: Document) -> bool:
    """Whether the document has any key that only studies have."""
    return isinstance(document.root.content, dict) and not STUDY_KEYS.isdisjoint(document.root.content)


def read_composed(path: str) -> tuple[Document, list[Fault]]:
    """The document of a file laid over all that it extends, and what is wrong with their texts.

    Raises:
        SpecError: the file itself has no document.
    """
    reader = Reader()
    return reader.read(path, ()), reader.faults


class Reader:
    """Reads a file and the files it extends, each one once."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.done: dict[str, Document] = {}

    def read(self, path: str, chain: tuple[str, ...]) -> Document:
        """The composed document; `chain` holds the files that extend this one."""
        identity = os.path.abspath(path)
        if identity not in self.done:
            document, faults = read_document(path)
            self.faults += faults
            document = self._usual_names(document)
            self.done[identity] = self._over_bases(document, (*chain, identity))
        return self.done[identity]

    def _over_bases(self, document: Document, chain: tuple[str, ...]) -> Document:
        node = document.node(("extends",))
        if node is None:
            return document
        document = document.without(("extends",))
        bases = [base for entry in _entries(node) if (base := self._base(entry, document, chain))]
        lift = any(map(is_study, [document, *bases]))
        root: Node | None = None
        for layer in [*(_as_baseline(base) if lift else base for base in bases), document]:
            root = layer.root.over(root) if root else layer.root
        assert root is not None
        return Document(document.file, root)

    def _base(self, entry: Node, document: Document, chain: tuple[str, ...]) -> Document | None:
        if not isinstance(name := entry.content, str) or not name:
            self._refuse(entry, f"expected a file name, relative to this file, got {quote(entry.plain)}")
            return None
        path = os.path.normpath(os.path.join(os.path.dirname(document.file), name))
        if os.path.abspath(path) in chain or len(chain) > MAX_CHAIN:
            self._refuse(entry, f"{quote(name)} extends this file in turn, or too many others; break the chain")
            return None
        return self._read_base(path, entry, chain)

    def _read_base(self, path: str, entry: Node, chain: tuple[str, ...]) -> Document | None:
        try:
            base = self.read(path, chain)
        except SpecError as error:
            if error.faults[0].line:
                self.faults += error.faults
            else:
                self._refuse(entry, f"{quote(entry.content)}: {error.faults[0].message}")
            return None
        if isinstance(base.root.content, dict):
            return base
        self._refuse(entry, f"{quote(entry.content)} has no keys, got {quote(base.data)}; extend another file")
        return None

    def _refuse(self, entry: Node, message: str) -> None:
        self.faults.append(Fault(entry.mark.file, entry.mark.line, entry.mark.column, "extends", message))

    def _usual_names(self, document: Document) -> Document:
        """The document with every other name of a key replaced by its usual one."""
        for written, usual in ALIASES.items():
            for prefix in ((), ("baseline",)):
                node = document.node((*prefix, *written))
                if node is None:
                    continue
                if document.node((*prefix, *usual)):
                    message = f"the same as '{usual[-1]}', which is given too; remove one"
                    self.faults.append(document.fault(Problem((*prefix, *written), message, on_key=True)))
                document = document.without((*prefix, *written)).put((*prefix, *usual), node)
        return document


def _entries(node: Node) -> tuple[Node, ...]:
    return node.content if isinstance(node.content, tuple) else (node,)


def _as_baseline(document: Document) -> Document:
    """An architecture file, or one with parts of a recipe, as the baseline of a study that extends it."""
    content = document.root.content
    if not isinstance(content, dict) or content.keys().isdisjoint(SECTIONS):
        return document
    moved = {key: node for key, node in content.items() if key in SECTIONS}
    rest = {key: node for key, node in content.items() if key not in SECTIONS}
    lifted = replace(document.root, content={"baseline": replace(document.root, content=moved)})
    return Document(document.file, replace(document.root, content=rest).over(lifted))
