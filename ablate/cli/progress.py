"""How far the trials are that have no record yet, and who trains them: for `status`, without PyTorch or Ray."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ablate.records import Epoch, Store
from ablate.spec import Trial


def under_way(trials: Iterable[Trial], store: Store) -> dict[str, dict[str, Any]]:
    """What is being trained, by trial id: who holds the claim, and the last epoch of the checkpoint.

    A trial without a checkpoint, because it is short or has just begun, has the epoch None.
    """
    from ablate.schedule.claims import holders

    by_id = {trial.id: trial for trial in trials}
    found = holders(store, by_id)
    return {
        trial_id: {"holder": holder, "epochs": by_id[trial_id].cell.train.epochs, **_read_epoch(trial_id, store)}
        for trial_id, holder in found.items()
    }


def _read_epoch(trial_id: str, store: Store) -> dict[str, Any]:
    """`epoch`, and the errors after it; the third line of a checkpoint is its position (ablate/train/checkpoint)."""
    try:
        content = store.read_checkpoint(trial_id) or b""
        epoch = Epoch.model_validate(json.loads(content.split(b"\n", 3)[2])["history"][-1])
    except (OSError, LookupError, ValueError, TypeError):  # none yet, or that of another version
        return {"epoch": None}
    return epoch.model_dump(include={"epoch", "train_error", "val_error", "test_error"})


def describe(progress: Mapping[str, Any]) -> str:
    """`epoch 41/164, test error 8.91%, process 123 on host`."""
    parts = [f"epoch {progress['epoch']}/{progress['epochs']}"] if progress["epoch"] else []
    errors = ((split, progress.get(f"{split}_error")) for split in ("test", "val", "train"))
    known = [f"{split} error {error:.2f}%" for split, error in errors if error is not None]
    return ", ".join([*parts, *known[:1], progress["holder"]])
