"""A step recorded as one CUDA graph and replayed: one launch per batch, where a small network needs hundreds.

Method: PyTorch, "CUDA semantics", section "CUDA Graphs", whole-network capture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Generator, Tensor

from ablate.train.failure import explain
from ablate.train.run import Result, Run
from ablate.train.step.preservation import look_on
from ablate.train.step.step import Step

WARM_UPS = 3  # steps ahead of the recording, in which libraries choose their kernels and the momentum comes to be

Replay = Callable[[], None]
Work = Callable[[], Result]


class GraphedStep:
    """A `Step` that replays, for batches of the recipe's size, what it recorded; the few others are taken plainly.

    Everything that differs from step to step is read from fixed places on the device: the feed, the learning rate, and
    how far the random streams have been drawn. Steps that a diagnostic watches are computed once more, without a trace.

    Args:
        step: the step that is recorded.
        record: does the work once, or not at all, and returns what does it again, and where its result then lies.
        note: told if it cannot be recorded; the training goes on without.
    """

    def __init__(self, step: Step, record: Callable[[Run, Work], tuple[Replay, Result]], note: Callable[[str], None]):
        self.step, self.record, self.note = step, record, note
        self.num_warm_ups = 0
        self.feed: tuple[Tensor, ...] = ()
        self.result: Result
        self.replay: Replay | None = None
        self.is_recordable = True
        keep_rates_on(step.run)

    def __call__(self, *feed: Tensor) -> Result:
        """As `Step`."""
        if len(feed[0]) != self.step.run.recipe.batch_size or not self.is_recordable:
            return self.step(*feed)
        if self.num_warm_ups < WARM_UPS:
            self.num_warm_ups += 1
            return on_side_stream(self.step, *feed)
        if self.replay is None and not self._record(*feed):
            return self.step(*feed)
        return self._replay(*feed)

    def _record(self, *feed: Tensor) -> bool:
        run = self.step.run
        self.feed = tuple(tensor.clone() for tensor in feed)
        try:
            self.replay, self.result = self.record(run, lambda: self.step.take(*self.feed))
        except RuntimeError as error:  # e.g. no memory: a recording keeps its own
            self.is_recordable = False
            self.note(f"its steps are not recorded as a CUDA graph, which is slower: {explain(error)}")
        return self.is_recordable

    def _replay(self, *feed: Tensor) -> Result:
        assert self.replay is not None
        look_on(self.step.run, feed)
        for place, tensor in zip(self.feed, feed, strict=True):
            place.copy_(tensor)
        self.replay()
        loss, errors = self.result
        return loss.clone(), errors.clone()


def keep_rates_on(run: Run) -> None:
    """Move the learning rates to the device, where a recorded update reads them; the fused kernel takes float32."""
    dtype = torch.float64 if run.device.type == "cpu" else torch.float32
    for group in run.optimiser.param_groups:
        group["lr"] = torch.tensor(float(group["lr"]), dtype=dtype, device=run.device)


def on_side_stream(step: Step, *feed: Tensor) -> Result:
    """A step on a stream of its own, as the recording will be, with the work before and after it in order."""
    if step.run.device.type != "cuda":
        return step(*feed)
    with torch.cuda.device(step.run.device):
        main, side = torch.cuda.current_stream(), torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(main)
        with torch.cuda.stream(side):
            result = step(*feed)
        main.wait_stream(side)
    return result


def record_on_cuda(run: Run, work: Work, streams: Sequence[Generator] = ()) -> tuple[Replay, Result]:
    """Record the work as a CUDA graph; nothing is computed yet.

    Args:
        run: what is trained.
        work: the step.
        streams: what it draws from beside PyTorch's own generator; that of the run's augmentation unless given.

    Raises:
        RuntimeError: something in it cannot be recorded; the random streams are then as if nothing had been tried.
    """
    streams = streams or [run.streams.augmentation]
    generators = [*streams, torch.cuda.default_generators[run.device.index or 0]]
    states = [generator.get_state() for generator in generators]
    graph = torch.cuda.CUDAGraph()
    for generator in streams:  # PyTorch's own is registered already
        graph.register_generator_state(generator)
    try:
        # Only this thread's mistakes end the recording: others may be reading images meanwhile.
        with torch.cuda.device(run.device):
            stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # of this device
            with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
                result = work()
    except RuntimeError:
        torch.cuda.synchronize(run.device)
        for generator, state in zip(generators, states, strict=True):
            renew(generator, state)
        raise
    return graph.replay, result


def renew(generator: Generator, state: Tensor) -> None:
    """A generator whose recording was broken off believes that it still is being recorded: give it a new inside."""
    fresh = Generator(generator.device)
    fresh.set_state(state)
    generator.graphsafe_set_state(fresh.graphsafe_get_state())
