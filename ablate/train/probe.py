"""What a trial will cost, from a few of its steps, before any trial is trained."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from math import ceil

import torch

from ablate.spec.study.study import Trial
from ablate.train.data import Split, load_splits
from ablate.train.loop import PIXELS_PER_BATCH, evaluate, train_epoch
from ablate.train.memory import give_back, peak_bytes, reset_peak, shared_bytes
from ablate.train.pack import THREADS, choose_device
from ablate.train.process import fresh_state
from ablate.train.randomness import open_streams
from ablate.train.run import Run
from ablate.train.step import Manner, choose_step
from ablate.train.trial import prepare_run

UNCOMPILED = Manner(compile="off")  # compiling takes longer than all of the probe
WARM_UPS = 10  # steps ahead of the timed ones, in which kernels are chosen, and recorded on a GPU
TIMED_SECONDS = 1.0  # of steps, unless they are long
MAX_SECONDS = 4.0  # after which even a single step is enough
MAX_STEPS = 200


@dataclass(frozen=True)
class Probed:
    """Times of a trial that has the device to itself, extrapolated; diagnostics are not in them.

    `preparation_seconds` is what it takes beside its epochs. `peak_memory_bytes` is as in the `cost` of a record, on a
    CPU the whole process; `base_memory_bytes` of it were held before the trial began, and `shared_memory_bytes` are
    those of files, which processes share.
    """

    seconds_per_epoch: float
    preparation_seconds: float
    peak_memory_bytes: int
    base_memory_bytes: int
    shared_memory_bytes: int


def probe_trial(trial: Trial, *, device: str = "auto", threads: int | None = None) -> Probed:
    """Train some steps and evaluate a batch, in a second or so; a single step of a large network may take longer.

    Raises:
        DataError: the data set is missing, damaged or does not fit.
        UsageError: there is no such device.
        Exception: whatever else the trial itself would fail with.
    """
    chosen = choose_device(device)
    splits = load_splits(trial.cell.data, chosen)  # kept for all trials of a process
    give_back()
    reset_peak(chosen)
    base = peak_bytes(chosen)
    streams = open_streams(trial.seed, chosen)
    with fresh_state(chosen, threads or THREADS, streams.noise):
        start = time.perf_counter()
        with closing(prepare_run(trial, streams, chosen)) as run:
            choose_step(run, trial.cell.network, UNCOMPILED, lambda text: None)
            stopwatch = time_steps(run)
            preparation = stopwatch.marks[0] - start + stopwatch.warm_up_seconds
            evaluation = sum(time_evaluation(run, split) for split in (run.splits.val, run.splits.test) if split)
            num_steps = ceil(len(splits.train) / run.recipe.batch_size)
        epoch = num_steps * stopwatch.seconds_per_step + evaluation
        return Probed(epoch, preparation, peak_bytes(chosen), base, shared_bytes(chosen))


class Stopwatch:
    """Called after every step; says when that was, until there are enough."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.marks = [time.perf_counter()]

    def __call__(self) -> None:
        """Raises Enough."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        self.marks.append(time.perf_counter())
        num, timed = len(self.marks) - 1, self.marks[-1] - self.marks[min(WARM_UPS, len(self.marks) - 1)]
        if timed > TIMED_SECONDS or num >= MAX_STEPS or self.marks[-1] - self.marks[0] > MAX_SECONDS:
            raise Enough

    @property
    def num_warm_ups(self) -> int:
        """Fewer where steps are so long that there was no time for more, but one at least if there are two steps."""
        return min(WARM_UPS, (len(self.marks) - 1) // 2)

    @property
    def seconds_per_step(self) -> float:
        """Mean of those after the warm-up."""
        return (self.marks[-1] - self.marks[self.num_warm_ups]) / (len(self.marks) - 1 - self.num_warm_ups)

    @property
    def warm_up_seconds(self) -> float:
        """What the first steps took beyond the usual: e.g. to compile."""
        taken = self.marks[self.num_warm_ups] - self.marks[0]
        return max(0.0, taken - self.num_warm_ups * self.seconds_per_step)


class Enough(Exception):
    """Ends a training that was only to be timed."""


def time_steps(run: Run) -> Stopwatch:
    """Train, as many epochs as it takes."""
    stopwatch = Stopwatch(run.device)
    try:
        while True:
            train_epoch(run, stopwatch)
    except Enough:
        return stopwatch


def time_evaluation(run: Run, split: Split) -> float:
    """Seconds for the whole split, from one batch of it, the faster of two."""
    _, height, width = split.shape
    num = min(len(split), max(1, PIXELS_PER_BATCH // (height * width)))
    batch = split.select(torch.arange(num))
    return min(_time(run, batch) for _ in range(2)) * len(split) / num


def _time(run: Run, split: Split) -> float:
    start = time.perf_counter()
    evaluate(run, split)  # its means come from the device, so it waits
    return time.perf_counter() - start
