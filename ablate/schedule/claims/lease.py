"""A claim in a storage without locks: a file of the trial's, created exclusively, whose holder shows signs of life.

What is guaranteed, where the storage creates exclusively and lists what has just been written (as S3, MinIO, Google's
and Azure's do): no two processes hold a trial at the same time, unless one of them lives but could not show it for
`LEASE_SECONDS` (stopped, asleep, cut off) and another has watched it for that long. Both then come to the same bits,
and each record is whole. A process that has died on this machine is found out at once.

A claim is never rewritten. To take over from the dead, a claim of the next number is created, so that one of many that
try succeeds; it counts only if the trial then has no other claims but those seen to be of the dead. Of two that get in
each other's way, the one that lists last sees the other's claim, and removes its own.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any
from uuid import uuid4

from ablate.schedule.claims.heart import Heart, Holder, is_alive, is_old
from ablate.storage import Remote

FOLDER = "claims/trials"
HEARTS: dict[str, Heart] = {}  # of this process, by the storage's URL: one beats for all claims that it holds there
LOCK = threading.Lock()


@dataclass(frozen=True)
class Lease:
    """Held from `take` to `release`, or until its holder shows no sign of life for `LEASE_SECONDS`."""

    storage: Remote
    name: str
    id: str

    def release(self) -> None:
        """Let others have it. What cannot be removed now ends with the heart."""
        with suppress(OSError):
            self.storage.remove(self.name)
        _let_go(self)


def take(storage: Remote, trial_id: str) -> Lease | None:
    """Claim the trial, or return None if another holds it. Raises OSError."""
    seen = _read(storage, trial_id)
    if any(_is_held(storage, content) for content in seen.values()):
        return None
    number = 1 + max((int(name.rpartition("/")[2]) for name in seen), default=0)
    lease = Lease(storage, f"{FOLDER}/{trial_id}/{number}", uuid4().hex)
    try:
        is_mine = _create(lease, trial_id, seen, _hold(lease))
    except OSError:
        _let_go(lease)
        raise
    if not is_mine:
        _let_go(lease)
        return None
    for name in seen:
        with suppress(OSError):
            storage.remove(name)
    return lease


def holders(storage: Remote, trial_ids: Collection[str]) -> dict[str, str]:
    """Who trains which of the trials, as far as can be told at once; nobody, where the storage fails."""
    try:
        names = [name for name in storage.names(FOLDER) if name.split("/")[2] in trial_ids]
        found = {name: _parse(content) for name, content in storage.read_many(names)}
        beats = dict(storage.read_many({holder.beat for holder in found.values() if holder}))
    except OSError:
        return {}
    living = {name: holder for name, holder in found.items() if holder and not holder.is_known_dead}
    return {
        name.split("/")[2]: str(holder)
        for name, holder in living.items()
        if holder.beat in beats and not is_old(beats[holder.beat])
    }


def _create(lease: Lease, trial_id: str, seen: Mapping[str, bytes], holder: Holder) -> bool:
    storage, content = lease.storage, json.dumps({"claim": lease.id, **asdict(holder)}).encode()
    if not storage.create(lease.name, content):
        return False
    others = {name: content for name, content in _read(storage, trial_id).items() if name != lease.name}
    if others.items() <= seen.items():
        return True
    storage.remove(lease.name)
    return False


def _read(storage: Remote, trial_id: str) -> dict[str, bytes]:
    """The trial's claims, content by name."""
    return dict(storage.read_many(storage.names(f"{FOLDER}/{trial_id}")))


def _is_held(storage: Remote, content: bytes) -> bool:
    holder = _parse(content)
    if holder is None:  # half-written: whoever writes it will see ours, or we that it has changed
        return False
    for heart in HEARTS.values():
        if heart.holder.id == holder.id:
            return json.loads(content)["claim"] in heart.held
    return is_alive(storage, holder)


def _parse(content: bytes) -> Holder | None:
    try:
        fields: dict[str, Any] = json.loads(content)
        del fields["claim"]
        return Holder(**fields)
    except (ValueError, KeyError, TypeError):
        return None


def _hold(lease: Lease) -> Holder:
    with LOCK:
        heart = HEARTS.get(lease.storage.url) or HEARTS.setdefault(lease.storage.url, Heart(lease.storage))
        heart.held.add(lease.id)
        return heart.holder


def _let_go(lease: Lease) -> None:
    with LOCK:
        heart = HEARTS.get(lease.storage.url)
        if heart is None:
            return
        heart.held.discard(lease.id)
        if not heart.held:
            del HEARTS[lease.storage.url]
            heart.stop()
