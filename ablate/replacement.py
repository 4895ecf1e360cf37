"""Files that appear whole or not at all, whatever happens to their writer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file to write to; once written and on disk it takes the place of `path`, and is gone after an exception.

    Its folder is created where it is missing. A writer that is killed leaves the file, hidden, ending in `.part`.

    Raises:
        OSError: the folder cannot be written, or the disk is full. What was at `path` is still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}-{uuid4().hex[:8]}.part")
    try:
        yield part
        with part.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
