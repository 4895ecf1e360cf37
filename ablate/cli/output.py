"""Files that a command writes: whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ablate.errors import AblateError
from ablate.replacement import replacing


def write_file(path: Path, content: str | bytes, *, replace: bool = True) -> None:
    """Write text as UTF-8, or bytes, into a folder created if need be; with `replace=False` only if there is no file.

    Raises:
        AblateError: the file is there already and may not be replaced, or it cannot be written.
    """
    if not replace and path.exists():
        raise AblateError(f"{path}: exists already, and is left as it is; choose another name")
    _replace(path, lambda part: part.write_bytes(content.encode() if isinstance(content, str) else content))


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    try:
        with replacing(path) as part:
            write(part)
    except OSError as error:
        raise AblateError(f"{path}: cannot be written: {error.strerror or error}") from error
