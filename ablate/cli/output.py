"""Files that a command writes: whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from ablate.errors import AblateError
from ablate.replacement import replacing


def write_file(path: Path, text: str, *, replace: bool = True) -> None:
    """Write the text as UTF-8, its folder created if need be; with `replace=False` only where there is no file yet.

    Raises:
        AblateError: the file is there already and may not be replaced, or it cannot be written.
    """
    if not replace and path.exists():
        raise AblateError(f"{path}: exists already, and is left as it is; choose another name")
    _replace(path, lambda part: part.write_text(text, encoding="utf-8"))


def copy_file(source: Path, path: Path) -> None:
    """Copy a file. Raises AblateError where it cannot be read or written."""
    _replace(path, lambda part: shutil.copyfile(source, part))


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    try:
        with replacing(path) as part:
            write(part)
    except OSError as error:
        raise AblateError(f"{path}: cannot be written: {error.strerror or error}") from error
