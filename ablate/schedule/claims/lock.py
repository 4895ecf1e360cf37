"""A claim in a folder: a locked file beside the trial's record.

The system drops the lock when its holder dies, however it dies, so no claim is ever stale. On network storage this
needs working file locks (NFS 4, Lustre with `flock`).
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ablate.errors import StoreError
from ablate.storage import explain

WITHOUT_LOCKS = {errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK}  # claims cannot be made on such storage; training can
GLANCE_SECONDS = 0.01  # longer than `is_locked` holds a lock


@dataclass(frozen=True)
class Lock:
    """Held from `take` to `release`, or to the death of the process."""

    path: Path
    file: IO[str]

    def release(self) -> None:
        """Let others have it. The file goes first: whoever opened it meanwhile sees that it is gone."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
        self.file.close()


def take(path: Path) -> Lock | None:
    """Claim what the path stands for, or return None if another holds it.

    Raises:
        StoreError: the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return lock(path)
    except OSError as error:
        raise StoreError(f"{path}: cannot claim the trial: {explain(error)}") from error


def lock(path: Path) -> Lock | None:
    """As `take`, in a folder that exists. Raises OSError."""
    while (file := _lock(path)) and not _is_current(path, file):
        file.close()  # released between opening and locking
    if not file:
        return None
    try:
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "host": socket.gethostname()}))
        file.flush()
    except OSError:
        with suppress(OSError):
            file.close()
        raise
    return Lock(path, file)


def holder(path: Path) -> str:
    """Who holds the claim, for a person."""
    try:
        found = json.loads(path.read_text())
        return f"process {found['pid']} on {found['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def is_locked(path: Path) -> bool:
    """Whether somebody holds it; looked at without taking it for longer than a glance."""
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _lock(path: Path) -> IO[str] | None:
    for pause in (GLANCE_SECONDS, 0.0):
        file = path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            time.sleep(pause)
        except OSError as error:
            if error.errno not in WITHOUT_LOCKS:
                file.close()
                raise
            return file
        else:
            return file
    return None


def _is_current(path: Path, file: IO[str]) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
