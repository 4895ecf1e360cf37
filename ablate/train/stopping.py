"""Trainings of a search that are given up early."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ablate.records import Epoch
from ablate.spec.study.study import Stopping


def explain_stop(stopping: Stopping | None, history: Sequence[Epoch]) -> str | None:
    """Why the training ends after the last epoch so far, in one line; None where it goes on."""
    cutoff = stopping.cutoff(len(history)) if stopping else None
    if stopping is None or cutoff is None:
        return None
    values = [getattr(epoch, stopping.metric) for epoch in history]
    best = min((value for value in values if value is not None), default=math.inf)
    if best <= cutoff:
        return None
    return f"given up after epoch {len(history)}: lowest {stopping.metric} {best:.4g}, needed {cutoff:.4g}"
