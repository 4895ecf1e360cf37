"""One trial of a pack: its training, moved on piece by piece, beside others and untouched by them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch

from ablate.errors import DataError, StoreError
from ablate.records import Epoch, Record
from ablate.spec.study.study import Trial
from ablate.train.engine import Request, Work
from ablate.train.loop import Means

OnEpoch = Callable[[Trial, Epoch], None]


class Member:
    """A training that waits for the answer to its `request`, until there is a `record` or an `error`.

    PyTorch's global random streams, which dropout draws from, are the member's own while it works, and so is the CUDA
    stream, if it is given one.
    """

    def __init__(
        self, trial: Trial, work: Work, device: torch.device, on_epoch: OnEpoch, stream: torch.cuda.Stream | None = None
    ) -> None:
        self.trial, self.work, self.device, self.on_epoch, self.stream = trial, work, device, on_epoch, stream
        self.state = torch.get_rng_state()
        self.generator = torch.Generator(device) if device.type == "cuda" else None
        self.has_begun = False
        self.request: Request | None = None
        self.record: Record | None = None
        self.error: DataError | StoreError | None = None  # neither says anything about the trial

    @property
    def has_ended(self) -> bool:
        """Whether there is nothing more to wait for."""
        return bool(self.record or self.error)

    def go_on(self, answer: Means | None = None) -> None:
        """Work until something is to be waited for; what `on_epoch` raises passes through."""
        self.request = None
        with self._own_streams():
            try:
                found = self.work.send(answer)
                while isinstance(found, Epoch):
                    self.on_epoch(self.trial, found)
                    found = next(self.work)
                self.request = found
            except StopIteration as end:
                self.record = end.value
            except (DataError, StoreError) as error:
                self.error = error

    def abandon(self) -> None:
        """Leave the training where it is; nothing to do if it has ended."""
        with self._own_streams():
            self.work.close()

    @contextmanager
    def _own_streams(self) -> Iterator[None]:
        before = torch.get_rng_state()
        torch.set_rng_state(self.state)
        try:
            with self._own_cuda_streams():
                yield
        finally:
            self.state = torch.get_rng_state()
            torch.set_rng_state(before)

    @contextmanager
    def _own_cuda_streams(self) -> Iterator[None]:
        if self.generator is None:
            yield
            return
        default = torch.cuda.default_generators[self.device.index or 0]
        before = default.graphsafe_get_state()
        default.graphsafe_set_state(self.generator.graphsafe_get_state())  # the state itself, so a graph keeps to it
        try:
            with torch.cuda.stream(self.stream):  # None: the one that is current
                yield
            if not self.has_begun:  # what it has loaded is for all streams
                torch.cuda.synchronize(self.device)
                self.has_begun = True
        finally:
            default.graphsafe_set_state(before)


@contextmanager
def abandoning(members: Sequence[Member]) -> Iterator[None]:
    """Whatever ends it, leave no training open: it would restore the process's state when it is least expected."""
    try:
        yield
    finally:
        for member in members:
            member.abandon()
