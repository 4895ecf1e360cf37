"""A claim in a storage without locks: a file of the trial's, under a name that nobody else uses, by a living process.

Whoever wants a trial writes a claim, then lists the trial's claims, and holds it if all others are of the dead; else it
removes its own. Of two that write at the same time, the one that lists last sees the other's: so where a list shows
what has just been written (S3, MinIO, Google's and Azure's storage, SFTP), no two processes hold a trial together,
unless one lives but could not show it for `LEASE_SECONDS` (stopped, asleep, cut off) and another has watched it for
that long. Both then come to the same bits, and each record is whole.

Both of two may step back; they try again after a moment drawn at random.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from uuid import uuid4

from ablate.schedule.claims.heart import Heart, bury, find_living, is_alive, list_hearts
from ablate.storage import Remote

FOLDER = "claims/trials"
DAY = 24 * 3600.0  # seconds
PAUSES = (0.05, 0.2, 0.8)  # seconds, at most, before one that has stepped back tries again
HEARTS: dict[str, Heart] = {}  # of this process, by the storage's URL: one beats for all claims that it holds there
LOCK = threading.Lock()


@dataclass(frozen=True)
class Lease:
    """Held from `take` to `release`, or until its holder shows no sign of life for `LEASE_SECONDS`."""

    storage: Remote
    trial_id: str
    heart: Heart
    id: str

    @property
    def name(self) -> str:
        """Of its file, which says whose it is."""
        return f"{FOLDER}/{self.trial_id}/{self.heart.id}.{self.id}"

    def release(self) -> None:
        """Let others have it. What cannot be removed now ends with the heart."""
        with suppress(OSError):
            self.storage.remove(self.name)
        with LOCK:
            self.heart.held.discard(self.id)
            if not self.heart.held and HEARTS.get(self.storage.url) is self.heart:
                del HEARTS[self.storage.url]
                self.heart.stop()


def take(storage: Remote, trial_id: str) -> Lease | None:
    """Claim the trial, or return None if another holds it. Raises OSError."""
    for pause in PAUSES:
        if any(_is_held(storage, name) for name in storage.names(f"{FOLDER}/{trial_id}")):
            return None
        if lease := _try(storage, trial_id):
            return lease
        time.sleep(random.uniform(0, pause))
    return None


def holders(storage: Remote, trial_ids: Collection[str]) -> dict[str, str]:
    """Who trains which of the trials, as far as can be told at once; nobody, where the storage fails."""
    try:
        claims = [PurePosixPath(name) for name in storage.names(FOLDER)]
        wanted = {path: path.stem for path in claims if path.parent.name in trial_ids}
        living = find_living(storage, set(wanted.values()))
    except OSError:
        return {}
    return {path.parent.name: str(living[heart]) for path, heart in wanted.items() if heart in living}


def tidy(storage: Remote) -> None:
    """Remove what is left of processes of this machine that were killed, and of any that have been silent for a day."""
    with suppress(OSError):
        claims = storage.names(FOLDER)  # before the hearts: a claim is never older than its heart
        hearts = list_hearts(storage)
        living = find_living(storage, hearts, DAY)
        for name in claims:
            if _heart_id(name) not in living:
                storage.remove(name)
        for heart_id in hearts:
            if heart_id not in living:
                bury(storage, heart_id)


def _try(storage: Remote, trial_id: str) -> Lease | None:
    lease = _begin(storage, trial_id)
    try:
        storage.write(lease.name, b"")
        names = storage.names(f"{FOLDER}/{trial_id}")
        others = [name for name in names if name != lease.name]
        if lease.name in names and not any(_is_held(storage, name) for name in others):
            for name in others:
                storage.remove(name)
                if _heart_id(name) != lease.heart.id:
                    bury(storage, _heart_id(name))
            return lease
    except OSError:
        lease.release()
        raise
    lease.release()
    return None


def _begin(storage: Remote, trial_id: str) -> Lease:
    with LOCK:
        heart = HEARTS.get(storage.url) or HEARTS.setdefault(storage.url, Heart(storage))
        lease = Lease(storage, trial_id, heart, uuid4().hex)
        heart.held.add(lease.id)
    return lease


def _is_held(storage: Remote, name: str) -> bool:
    heart_id, claim_id = _heart_id(name), name.rpartition(".")[2]
    mine = HEARTS.get(storage.url)
    if mine and mine.id == heart_id:
        return claim_id in mine.held
    return is_alive(storage, heart_id)


def _heart_id(name: str) -> str:
    return PurePosixPath(name).stem
