"""Exported files that appear whole or not at all, and say why they do not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ablate import replacement
from ablate.errors import AblateError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file to write to, which takes the place of `path` when all went well and leaves it alone otherwise.

    Raises:
        AblateError: the folder cannot be written, or the disk is full.
    """
    try:
        with replacement.replacing(path) as part:
            yield part
    except OSError as error:
        raise AblateError(f"{path}: cannot be written: {error.strerror or error}") from error
