"""Where a data set's files are and how they are decoded, before anything has been decoded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ablate.train.data.images import Images

FORMAT = 1  # raised when decoding changes, so that older cached images are not used


@dataclass(frozen=True)
class Decoded:
    """What a source decodes to."""

    train: Images
    test: Images
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """Files under `root` (all of them, in a fixed order) and what they decode to."""

    name: str  # of the data set and of everything else that decides the pixels, such as their size
    root: Path
    files: tuple[Path, ...]
    decode: Callable[[], Decoded]

    def listing(self) -> str:
        """Hash of the files' names, sizes and times of change: cheap, and equal only if nothing was touched."""
        entries = []
        for file in self.files:
            status = file.stat()
            entries.append((self._relative(file), status.st_size, status.st_mtime_ns))
        return hashlib.sha256(json.dumps([FORMAT, self.name, entries]).encode()).hexdigest()

    def content(self) -> str:
        """Hash of the files' names and bytes: equal wherever the same data set lies."""
        content = hashlib.sha256(json.dumps([FORMAT, self.name]).encode())
        for file in self.files:
            data = file.read_bytes()
            content.update(f"{self._relative(file)}\0{len(data)}\0".encode())
            content.update(data)
        return content.hexdigest()

    def _relative(self, file: Path) -> str:
        return file.relative_to(self.root).as_posix()
