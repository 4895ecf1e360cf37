"""A folder, on a disk of this machine or mounted."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from ablate.replacement import replacing


class Folder:
    """Files below `root`; created with the first of them, unless it is prepared: then a missing root is a failure."""

    def __init__(self, root: Path, is_prepared: bool = False) -> None:
        self.root, self.is_prepared = root, is_prepared

    def locate(self, name: str) -> Path:
        """The file's path."""
        return self.root / name

    def make_room(self, name: str) -> Path:
        """The file's path, in a folder that exists."""
        path = self.locate(name)
        self._check_root()
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def check(self) -> None:
        """A folder that is missing has no files; one that may not be read raises."""
        if not self.root.is_dir() and self.root.exists():
            raise NotADirectoryError(errno.ENOTDIR, "it is a file")
        if self.root.exists() and not os.access(self.root, os.R_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "it may not be read")

    def prepare(self) -> None:
        """The folder exists and may be written."""
        self.root.mkdir(parents=True, exist_ok=True)
        if not os.access(self.root, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "it may not be written")

    def read(self, name: str) -> bytes:
        """The file's content."""
        try:
            return self.locate(name).read_bytes()
        except FileNotFoundError:
            self._check_root()
            raise

    def read_many(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """One after the other."""
        for name in names:
            with suppress(FileNotFoundError):
                yield name, self.read(name)

    def write(self, name: str, *content: bytes) -> None:
        """On disk when this returns."""
        self._check_root()
        with replacing(self.locate(name)) as part, part.open("wb") as file:
            file.writelines(content)

    def remove(self, name: str) -> None:
        """The file is gone, if it was there."""
        self.locate(name).unlink(missing_ok=True)

    def clear(self, folder: str) -> None:
        """The folder is gone too."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self.locate(folder))

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        found = self.locate(name).exists()
        if not found:
            self._check_root()
        return found

    def names(self, folder: str) -> list[str]:
        """Every file in the folder and below, but for those that are being written."""
        files = (path for path in self.locate(folder).rglob("*") if path.is_file() and path.suffix != ".part")
        return sorted(path.relative_to(self.root).as_posix() for path in files)

    def _check_root(self) -> None:
        if self.is_prepared and not self.root.is_dir():
            raise OSError(errno.ENOTCONN, f"the folder {self.root} is not there any more")
