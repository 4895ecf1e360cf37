"""Computing with a run without leaving a trace in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from ablate.train.data.split import Feed
from ablate.train.randomness import read_states, write_states
from ablate.train.run import Run
from ablate.train.step.step import Step


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


def rehearse(step: Step) -> None:
    """The passes of a step on black images of class 0, without a trace: to compile them, or to see whether they fit."""
    run = step.run
    num, shape = run.recipe.batch_size, run.splits.train.shape
    pixels = torch.zeros((num, *shape), dtype=torch.uint8, device=run.device)
    labels = torch.zeros(num, dtype=torch.int64, device=run.device)
    run.module.train()
    with preserved(run):
        step.backward(step.transform(pixels), labels)


def look_on(run: Run, feed: Feed) -> None:
    """Let a diagnostic that is due watch the coming step: computed plainly, without a trace, as far as the gradients.

    Code that is compiled or recorded has no hooks.
    """
    if (watch := run.watch()) is not None:
        with preserved(run), watch:
            Step(run).differentiate(*feed)
