"""A claim on a trial: who holds it is the only one that trains it, whichever process, driver or machine asks.

A claim is a locked file beside the trial's record. The system drops the lock when its holder dies, however it dies, so
no claim is ever stale. On network storage this needs working file locks (NFS 4, Lustre with `flock`).
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ablate.errors import StoreError
from ablate.records import Store

WITHOUT_LOCKS = {errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK}  # claims cannot be made on such storage; training can


@dataclass(frozen=True)
class Claim:
    """Held from `take` to `release`, or to the death of the process."""

    path: Path
    file: IO[str]

    def release(self) -> None:
        """Let others have it. The file goes first: whoever opened it meanwhile sees that it is gone."""
        self.path.unlink(missing_ok=True)
        self.file.close()


def claim_path(store: Store, trial_id: str) -> Path:
    """Where the trial's claim is, while there is one."""
    return store.path(trial_id).with_suffix(".claim")


def take(path: Path) -> Claim | None:
    """Claim the trial, or return None if another holds it.

    Raises:
        StoreError: the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        while (file := _lock(path)) and not _is_current(path, file):
            file.close()  # released between opening and locking
        if file:
            file.truncate(0)
            file.write(json.dumps({"pid": os.getpid(), "host": socket.gethostname()}))
            file.flush()
    except OSError as error:
        raise StoreError(f"{path}: cannot claim the trial: {error.strerror}; free space or pass --store") from error
    return Claim(path, file) if file else None


def holder(path: Path) -> str:
    """Who holds the claim, for a person."""
    try:
        found = json.loads(path.read_text())
        return f"process {found['pid']} on {found['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def _lock(path: Path) -> IO[str] | None:
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    except OSError as error:
        if error.errno not in WITHOUT_LOCKS:
            file.close()
            raise
    return file


def _is_current(path: Path, file: IO[str]) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
