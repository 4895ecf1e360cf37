"""What a URL names, through fsspec: S3 and what speaks like it, Google's and Azure's storage, SFTP, and so on."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any
from uuid import uuid4

from ablate.errors import StoreError

# For a protocol's own package. It fails soon, since waiting is `Patience`'s.
S3 = {"connect_timeout": 4, "read_timeout": 30, "max_pool_connections": 64, "retries": {"total_max_attempts": 2}}
ONE_REQUEST = {"config_kwargs": S3, "max_concurrency": 1}  # for a file, instead of asking for its size first
OPTIONS: dict[str, dict[str, Any]] = {"s3": ONE_REQUEST, "s3a": ONE_REQUEST}
PACKAGES = {"s3": "ablate[s3]", "s3a": "ablate[s3]", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs", "az": "adlfs"}
PACKAGES |= {"sftp": "paramiko", "ssh": "paramiko", "smb": "smbprotocol"}
BATCH = 1000  # files in memory at a time, when many are read


class Remote:
    """Files below a URL. An object storage writes them whole; elsewhere they are written beside and then moved.

    Raises:
        StoreError: nobody knows the protocol, or its package is not installed.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.fs, self.root = _open(url)
        self.is_object_storage = not self.root.startswith("/")

    def locate(self, name: str) -> str:
        """The file's URL."""
        return f"{self.url}/{name}"

    def check(self) -> None:
        """FileNotFoundError where there is no such bucket."""
        with _os_errors():
            try:
                self.fs.ls(self.root, detail=False)
            except FileNotFoundError:
                bucket = self.root.split("/")[0]
                if self.is_object_storage and not self.fs.exists(bucket):
                    raise FileNotFoundError(errno.ENOENT, f"there is no bucket {bucket!r}") from None

    def prepare(self) -> None:
        """A small file comes and goes."""
        self.check()
        name = f"claims/{uuid4().hex}.probe"
        self.write(name, b"")
        self.remove(name)

    def read(self, name: str) -> bytes:
        """The file's content."""
        with _os_errors():
            content: bytes = self.fs.cat_file(self._path(name))
        return content

    def read_many(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Many at a time."""
        left = iter(names)
        while batch := list(islice(left, BATCH)):
            with _os_errors():
                found = self.fs.cat([self._path(name) for name in batch], on_error="return")
                if errors := [one for one in found.values() if isinstance(one, Exception)]:
                    for error in errors:
                        if not isinstance(error, FileNotFoundError):
                            raise error
            contents = ((name, found[self._path(name)]) for name in batch)
            yield from ((name, content) for name, content in contents if isinstance(content, bytes))

    def write(self, name: str, *content: bytes) -> None:
        """In the storage when this returns."""
        path, whole = self._path(name), b"".join(content)
        with _os_errors():
            if self.is_object_storage:
                self.fs.pipe_file(path, whole)
                return
            self.fs.makedirs(path.rpartition("/")[0], exist_ok=True)
            part = f"{path}.{uuid4().hex[:8]}.part"
            try:
                self.fs.pipe_file(part, whole)
                self.fs.mv(part, path)
            finally:
                with suppress(FileNotFoundError):
                    self.fs.rm_file(part)

    def remove(self, name: str) -> None:
        """The file is gone, if it was there."""
        with _os_errors(), suppress(FileNotFoundError):
            self.fs.rm_file(self._path(name))

    def clear(self, folder: str) -> None:
        """Every file in it is removed."""
        for name in self.names(folder):
            self.remove(name)

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        try:
            with _os_errors():
                self.fs.info(self._path(name))
        except FileNotFoundError:
            return False
        return True

    def names(self, folder: str) -> list[str]:
        """Every file in the folder and below."""
        with _os_errors(), suppress(FileNotFoundError):
            found = self.fs.find(self._path(folder))
            return sorted(path[len(self.root) + 1 :] for path in found if not path.endswith(".part"))
        return []

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}"


def _open(url: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    protocol = url.partition("://")[0].rpartition("::")[2]
    try:
        with _os_errors():
            fs, root = url_to_fs(url, use_listings_cache=False, **OPTIONS.get(protocol, {}))
    except ImportError as error:
        package = PACKAGES.get(protocol, f"what reads {protocol}:// ({error})")
        raise StoreError(f"{url}: {protocol}:// needs a package that is missing; pip install '{package}'") from error
    except ValueError as error:  # fsspec's for an unknown protocol
        raise StoreError(f"{url}: {error}; known are a folder, s3://, gs://, abfs://, sftp:// and others") from error
    return fs, root.rstrip("/")


@contextmanager
def _os_errors() -> Iterator[None]:
    """Every package has errors of its own: where it fails is a connection error, or one of permission."""
    try:
        yield
    except (OSError, ImportError, ValueError):
        raise
    except Exception as error:
        kind = type(error).__name__
        if any(word in kind for word in ("Credential", "Token", "Auth", "Profile")):
            raise PermissionError(errno.EACCES, str(error)) from error
        raise ConnectionError(errno.EIO, f"{kind}: {error}") from error
