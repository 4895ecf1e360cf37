"""How many trials of one network at the same time, and in which way."""

from __future__ import annotations

from ablate.spec.study.study import Trial
from ablate.train.packing.arrangement import Bundle, Packing


def choose_bundle(trials: tuple[Trial, ...], packing: Packing) -> Bundle:
    """The first of the trials, as many as are best trained at the same time."""
    return Bundle(trials, packing.way or "fused")
