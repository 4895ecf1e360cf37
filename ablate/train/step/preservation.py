"""Computing with a run without leaving a trace in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from ablate.train.randomness import read_states, write_states
from ablate.train.run import Run


@contextmanager
def preserved(run: Run) -> Iterator[None]:
    """Forward and backward passes within change nothing: statistics and random streams are as before, gradients gone.

    Parameters are not looked after: no optimiser may step.
    """
    buffers = [(buffer, buffer.clone()) for buffer in run.module.buffers()]
    states = read_states(run.streams, run.device)
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, value in buffers:
                buffer.copy_(value)
        write_states(states, run.streams, run.device)
        run.optimiser.zero_grad(set_to_none=True)
