"""Writing a report whole or not at all: into a new folder beside the old one, which it then replaces."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from ablate.errors import AblateError, UsageError

OWN = ("index.html", "report.md", "results.csv", "times.csv", "tables", "figures")


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Replace the report in `folder` by `files` (relative path -> content); anything else in it is kept.

    Raises:
        UsageError: the folder holds something else than a report.
        AblateError: it cannot be written. An older report stays as it was.
    """
    check_folder(folder)
    mark = uuid4().hex[:8]
    new, old = (folder.with_name(f".{folder.name}.{mark}.{state}") for state in ("new", "old"))
    try:
        for name, content in files.items():
            path = new / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        _swap(folder, new, old)
    except OSError as error:
        raise AblateError(
            f"{folder}: cannot write the report: {error.strerror}; pass --output another folder"
        ) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def check_folder(folder: Path) -> None:
    """See that a report may be written here.

    Raises:
        UsageError: the folder is a file, or holds something else than a report.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError(f"{folder}: is a file; pass --output a folder")
    if any(folder.iterdir()) and not (folder / "results.csv").exists():
        raise UsageError(f"{folder}: is not empty and holds no report; pass --output an empty or a new folder")


def _swap(folder: Path, new: Path, old: Path) -> None:
    if not folder.exists():
        os.replace(new, folder)
        return
    for entry in sorted(folder.iterdir()):
        if entry.name not in OWN:
            _copy(entry, new / entry.name)
    os.replace(folder, old)
    try:
        os.replace(new, folder)
    except OSError:
        os.replace(old, folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir() and not source.is_symlink():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target, follow_symlinks=False)
