"""Some steps of several trials at the same time, to see how fast they are and what memory they take."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch

from ablate.spec.architecture import network as explicit
from ablate.spec.study.study import Trial
from ablate.train.loop import draw_batches, feed_batches
from ablate.train.memory import give_back
from ablate.train.packing.arrangement import Way
from ablate.train.packing.fusion import Fusion
from ablate.train.randomness import open_streams
from ablate.train.run import Run
from ablate.train.step import Manner, choose_step
from ablate.train.trial import prepare_run

WARM_UPS = 6  # steps ahead of the timed ones, in which kernels are chosen and steps recorded
STEPS = 20


@dataclass(frozen=True)
class Rehearsal:
    """What was seen; `peak_bytes` is 0 on a CPU, where it cannot be told from what the process holds anyway."""

    images_per_second: float  # of all trials
    peak_bytes: int


def rehearse(trials: Sequence[Trial], way: Way, device: torch.device, manner: Manner, steps: int = STEPS) -> Rehearsal:
    """Take steps of networks that are then forgotten.

    Args:
        trials: of one `fusion_key`.
        way: in which they are trained.
        device: where.
        manner: how steps are taken.
        steps: that are timed.

    Raises:
        RuntimeError: memory does not hold them, or whatever else a step may fail with.
    """
    give_back()
    before = torch.cuda.memory_allocated(device) if device.type == "cuda" else 0
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    runs = [prepare_run(trial, open_streams(trial.seed, device), device) for trial in trials]
    network = trials[0].cell.network
    take_steps = fuse(network, runs, manner) if way == "fused" else line_up(network, runs, manner)
    for _ in range(WARM_UPS):
        take_steps()
    start = now(device)
    for _ in range(steps):
        take_steps()
    seconds = now(device) - start
    num_images = steps * len(trials) * trials[0].cell.train.batch_size
    peak = torch.cuda.max_memory_allocated(device) - before if device.type == "cuda" else 0
    return Rehearsal(num_images / seconds, peak)


def fuse(network: explicit.Network, runs: Sequence[Run], manner: Manner) -> Callable[[], None]:
    """A step of all of them as one network, on the same batches again and again."""
    fusion = Fusion(network, runs, manner, lambda text: None)
    for module in (fusion.module, *[run.module for run in runs]):
        module.train()
    feeds = [next(feed_batches(run, draw_batches(run))) for run in runs]
    return lambda: fusion.take_step(feeds)


def line_up(network: explicit.Network, runs: Sequence[Run], manner: Manner) -> Callable[[], None]:
    """A step of each, on streams of their own."""
    for run in runs:
        run.module.train()
        choose_step(run, network, manner, lambda text: None)
    feeds = [next(feed_batches(run, draw_batches(run))) for run in runs]
    streams = [stream_of(run.device) for run in runs]

    def take_steps() -> None:
        for run, feed, stream in zip(runs, feeds, streams, strict=True):
            with stream:
                run.set_learning_rate()
                run.take_step(*feed)

    return take_steps


def stream_of(device: torch.device) -> AbstractContextManager[object]:
    """A stream on a GPU, nothing on a CPU."""
    if device.type != "cuda":
        return nullcontext()
    return torch.cuda.stream(torch.cuda.Stream(device))  # type: ignore[no-untyped-call]


def now(device: torch.device) -> float:
    """Seconds, when all that has been asked of the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
