"""Why a trial has no result, in one line for a person: what happened and what to do."""

from __future__ import annotations

import errno
import re
import traceback
from pathlib import Path

import torch

from ablate.errors import AblateError

ASKED = re.compile(r"allocate ([\d.]+ ?\w+)")  # in PyTorch's messages, for the CPU in bytes, for CUDA in GiB
OUT_OF_MEMORY = "out of memory: "  # so begins what a record says of it
# PyTorch on a CPU, and oneDNN below it, which has no word for memory; a "primitive descriptor" is another matter.
IMPOSSIBLE = re.compile(r"can't allocate memory|could not create a (?:primitive|memory object)(?! descriptor)")


def explain(error: Exception) -> str:
    """The exception's first line, where it was raised, and what to do; our own errors say so themselves."""
    lines = str(error).strip().splitlines() or ["no message"]
    if isinstance(error, AblateError):
        return str(error)
    if is_out_of_memory(error):
        asked = ASKED.search(str(error))
        needed = f"asked for {asked[1]} more" if asked else lines[0]
        return f"{OUT_OF_MEMORY}{needed}; lower train.batch_size, or run fewer trials at a time"
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}, in {frame.name}"
    return f"{type(error).__name__}: {lines[0]} ({place}); change the specification, or report it as a fault of ablate"


def is_out_of_memory(error: Exception) -> bool:
    """Whether an allocation failed, on the device or on the CPU."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or bool(IMPOSSIBLE.search(str(error)))


def explain_divergence(epoch: int, rate: float) -> str:
    """For a loss or a weight that is no longer a number after `epoch`, counted from 1."""
    return (
        f"the loss or a weight was NaN or infinite in epoch {epoch}, at learning rate {rate:g}; "
        "lower train.lr or raise train.warmup_steps"
    )
