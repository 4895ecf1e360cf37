"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ablate.errors import AblateError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file to write to, which takes the place of `path` when all went well and leaves it alone otherwise.

    Raises:
        AblateError: the folder cannot be written, or the disk is full.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".") as folder:
            yield Path(folder, path.name)
            os.replace(Path(folder, path.name), path)
    except OSError as error:
        raise AblateError(f"{path}: cannot be written: {error.strerror or error}") from error
