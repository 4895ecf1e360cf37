"""Why a trial has no result, in one line for a person: what happened and what to do."""

from __future__ import annotations

import re

import torch

from ablate.errors import AblateError

ASKED = re.compile(r"allocate ([\d.]+ ?\w+)")  # in PyTorch's messages, for the CPU in bytes, for CUDA in GiB
IMPOSSIBLE = "can't allocate memory"


def explain(error: Exception) -> str:
    """The exception's own first line with its remedy; our own errors say theirs already."""
    lines = str(error).strip().splitlines() or ["no message"]
    if isinstance(error, AblateError):
        return str(error)
    if is_out_of_memory(error):
        asked = ASKED.search(str(error))
        needed = f"asked for {asked[1]} more" if asked else lines[0]
        return f"out of memory: {needed}; lower train.batch_size, or run fewer trials at a time"
    return f"{type(error).__name__}: {lines[0]}; train it alone with `ablate run --serial` to see where"


def is_out_of_memory(error: Exception) -> bool:
    """Whether an allocation failed, on the device or on the CPU."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or IMPOSSIBLE in str(error)


def explain_divergence(epoch: int, rate: float) -> str:
    """For a loss or a weight that is no longer a number after `epoch`, counted from 1."""
    return (
        f"the loss or a weight was NaN or infinite in epoch {epoch}, at learning rate {rate:g}; "
        "lower train.lr or raise train.warmup_steps"
    )
