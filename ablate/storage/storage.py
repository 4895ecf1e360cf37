"""What a store asks of the storage below it, and the storage of a place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from ablate.errors import StoreError
from ablate.storage.folder import Folder
from ablate.storage.remote import Remote

Place = Path | str  # a folder, or the URL of one


class Storage(Protocol):
    """Files by name, e.g. `ab/abcd.json`; each appears whole or not at all, and is replaced, never changed.

    Every method raises OSError when the storage fails; `explain` puts that into words, `is_passing` says whether to
    wait for its end.
    """

    def locate(self, name: str) -> Place:
        """The path or the URL of a file."""
        ...

    def check(self) -> None:
        """See that the place can be read; a folder may be missing still, a bucket may not."""
        ...

    def prepare(self) -> None:
        """See that the place can be written."""
        ...

    def read(self, name: str) -> bytes:
        """The file's content; FileNotFoundError where there is none."""
        ...

    def read_many(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Name and content of every file that exists, in order; as fast as the storage allows."""
        ...

    def write(self, name: str, *content: bytes) -> None:
        """The parts, one after the other, as a file in the place of an older one."""
        ...

    def remove(self, name: str) -> None:
        """The file is gone, if it was there."""
        ...

    def clear(self, folder: str) -> None:
        """Nothing is in the folder any more, what killed writers have left included."""
        ...

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        ...

    def names(self, folder: str) -> list[str]:
        """Every file in the folder and below."""
        ...


def is_url(text: str) -> bool:
    """Whether the text names a storage by its protocol."""
    return "://" in text


def read_place(written: Place) -> Place:
    """A place as a person writes it; `file://` is a folder like any other.

    Raises:
        StoreError: a URL with nothing behind its protocol, or one that was made a path, and so lost a slash.
    """
    text = str(written)
    if isinstance(written, str) and is_url(text) and not text.startswith("file://"):
        if not text.rpartition("://")[2].strip("/"):
            raise StoreError(f"{text}: names no place; write {text.partition('://')[0]}://BUCKET/FOLDER")
        return text.rstrip("/")
    if lost := re.match(r"([a-z0-9+]{2,}):/(?!/)", text):
        raise StoreError(f"{text}: a URL begins with {lost[1]}://; pass it as text, not as a path")
    return Path(text.removeprefix("file://"))


def open_storage(place: Place, is_prepared: bool = False) -> Storage:
    """The storage of a place, whose protocol's package is imported now; nothing is asked of it yet.

    Args:
        place: as `read_place` gives it.
        is_prepared: the place has been seen: a folder that is missing now is away, not new.

    Raises:
        StoreError: nobody knows the URL's protocol, or its package is not installed.
    """
    if isinstance(place, Path):
        return Folder(place, is_prepared)
    return Remote(place)
