"""Claims on the trials of a store: locks where it is a folder, leases where it is a URL."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from ablate.errors import StoreError
from ablate.records import Store
from ablate.schedule.claims import lease
from ablate.schedule.claims.lock import holder, is_locked, lock
from ablate.storage import Folder, Remote, explain

UNKNOWN = "another process"


class Claim(Protocol):
    """Held from its taking to its release, or to the death of the process."""

    def release(self) -> None:
        """Let others have it."""
        ...


def claim(store: Store, trial_id: str) -> Claim | None:
    """Claim the trial, or return None if another holds it.

    Raises:
        StoreError: the store cannot be written.
    """
    try:
        return store.patience(lambda: _take(store, trial_id))
    except OSError as error:
        raise StoreError(f"{store.path(trial_id)}: cannot claim the trial: {explain(error)}") from error


def _take(store: Store, trial_id: str) -> Claim | None:
    storage = store.storage
    if isinstance(storage, Remote):
        return lease.take(storage, trial_id)
    assert isinstance(storage, Folder)
    path = claim_path(store, trial_id)
    storage.make_room(str(path.relative_to(storage.root)))
    return lock(path)


def tidy(store: Store) -> None:
    """Remove what processes that were killed have left of their claims, where nothing else does."""
    if isinstance(store.storage, Remote):
        lease.tidy(store.storage)


def claim_path(store: Store, trial_id: str) -> Path:
    """Where the trial's claim is in a folder, while there is one."""
    return Path(store.path(trial_id)).with_suffix(".claim")


def claimant(store: Store, trial_id: str) -> str:
    """Who holds the trial that could not be claimed, for a person."""
    return is_held(store, trial_id) or UNKNOWN


def is_held(store: Store, trial_id: str) -> str | None:
    """Who is training the trial now, for a person, or None; the claim is only looked at."""
    return holders(store, [trial_id]).get(trial_id)


def holders(store: Store, trial_ids: Iterable[str]) -> dict[str, str]:
    """Who is training which of the trials now: a few requests for all of them. A failing store tells of nobody."""
    if isinstance(store.storage, Remote):
        return lease.holders(store.storage, set(trial_ids))
    paths = {trial_id: claim_path(store, trial_id) for trial_id in trial_ids}
    return {trial_id: holder(path) for trial_id, path in paths.items() if is_locked(path)}
