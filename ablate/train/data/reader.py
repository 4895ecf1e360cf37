"""Image files read ahead by worker processes: PyTorch's DataLoader, whose workers outlive the epochs.

What is read depends on the request alone, so the number of workers changes the speed and not a bit of the result.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from torch import Generator, Tensor
from torch.utils.data import DataLoader, Dataset

from ablate.errors import DataError
from ablate.train.data.request import Group, Read, Request, check_batch, collate, read_file

SMALL = 2_000  # files: below, processes would not pay for their start
MOST_WORKERS = 4  # unless $ABLATE_DATA_WORKERS asks for more


class Reader:
    """Reads batches of files, in order, with so many processes; 0 for none but this one.

    Several readings may be under way at once, as in a pack of trials; each then has processes of its own.
    """

    def __init__(self, num_workers: int, pin_memory: bool) -> None:
        self.num_workers, self.pin_memory = num_workers, pin_memory
        self.idle: list[_Loader] = []

    def read(self, batches: Iterator[list[Request]]) -> Iterator[list[Group]]:
        """The pixels of every batch, grouped by shape; in pinned memory where that was asked for.

        `batches` is drawn a few ahead.

        Raises:
            DataError: a file cannot be read; the message names it and others of its batch.
        """
        yield from map(check_batch, self.try_read(batches))

    def try_read(self, batches: Iterator[list[Request]]) -> Iterator[Read]:
        """As `read`, with what is wrong with the files of a batch in its place, one line each."""
        loader = self.idle.pop() if self.idle else _Loader(self.num_workers, self.pin_memory)
        try:
            yield from loader.read(batches)
        finally:
            self.idle.append(loader)


class _Loader:
    """One set of processes."""

    def __init__(self, num_workers: int, pin_memory: bool) -> None:
        self.queue = _Queue()
        self.loader: DataLoader[Any] = DataLoader(
            _Files(),
            batch_sampler=self.queue,
            collate_fn=collate,
            num_workers=num_workers,
            pin_memory=pin_memory,
            persistent_workers=num_workers > 0,
            worker_init_fn=_ignore_interrupts,
            generator=Generator(),  # a seed for each worker is drawn from it: not from the trial's noise
        )

    def read(self, batches: Iterator[list[Request]]) -> Iterator[Read]:
        self.queue.batches = batches
        return iter(self.loader)


@lru_cache(maxsize=1)
def open_reader(num_workers: int, pin_memory: bool) -> Reader:
    """The reader of this process, for all splits and trials."""
    return Reader(num_workers, pin_memory)


def num_workers(num_files: int) -> int:
    """$ABLATE_DATA_WORKERS, else 0 for few files and otherwise a process per core, up to four.

    Raises:
        DataError: $ABLATE_DATA_WORKERS is no whole number.
    """
    if written := os.environ.get("ABLATE_DATA_WORKERS"):
        if not written.isdecimal():
            raise DataError(f"ABLATE_DATA_WORKERS={written}: not a whole number; write e.g. 4, or 0 for no processes")
        return int(written)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 0 if num_files < SMALL else min(MOST_WORKERS, cores)


class _Files(Dataset[Any]):
    """Takes requests for indices."""

    def __getitems__(self, requests: list[Request]) -> list[Tensor | str]:
        return [read_file(request) for request in requests]


class _Queue:
    """The batches that are to be read next, where PyTorch expects indices."""

    batches: Iterator[list[Request]] = iter(())

    def __iter__(self) -> Iterator[list[Request]]:
        return self.batches


def _ignore_interrupts(worker: int) -> None:
    """Ctrl+C reaches the whole group of processes; it is the trial that ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
