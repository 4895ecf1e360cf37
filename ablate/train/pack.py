"""A pack: one or more trials trained by one process on one device. The entry of everything that schedules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import torch

from ablate.errors import UsageError
from ablate.records import Epoch, Record
from ablate.spec.study.study import Trial
from ablate.train.checkpoint import Keeper, Keeping
from ablate.train.distributed import Group
from ablate.train.engine import ALONE, Engine, Together, Work
from ablate.train.packing import Packer, Packing
from ablate.train.step import AS_PAYS, PLAIN, Manner
from ablate.train.trial import train_trial

THREADS = 1  # results on a CPU depend on it, and two processes of one thread outrun one of two


def train_pack(
    trials: Sequence[Trial],
    *,
    device: str = "auto",
    threads: int | None = None,
    on_epoch: Callable[[Trial, Epoch], None] | None = None,
    keeping: Keeping | None = None,
    on_resume: Callable[[Trial, tuple[Epoch, ...]], None] = lambda trial, history: None,
    on_note: Callable[[Trial, str], None] = lambda trial, text: None,
    group: Group | None = None,
    packing: Packing | None = None,
    manner: Manner = AS_PAYS,
) -> Iterator[Record]:
    """Train every trial; yield each one's record as soon as it has ended.

    On a CPU a trial's figures are bit-identical whenever it is repeated, in any process and after any other trial,
    with the same PyTorch, kind of processor and number of threads.

    Args:
        trials: the pack's members, with any networks and data.
        device: `auto` (a CUDA device if there is one, else the CPU), or what `torch.device` takes.
        threads: of PyTorch on the CPU; 1 unless said otherwise, so that results do not depend on the machine's load.
        on_epoch: called with a member after each of its epochs; what it raises passes through.
        keeping: where to keep checkpoints, and whether to keep weights; without it, neither. A trial with a checkpoint
            goes on from there, to the same bits. It is the store that removes one, with the record's writing.
        on_resume: called with a member that goes on from a checkpoint, and the epochs it had then.
        on_note: called with a member and what a person should know, e.g. that its checkpoint cannot be used.
        group: the processes that train the pack together, each of which calls this; only the leading one writes.
        packing: how many trials at the same time, and how; without it one after the other. Figures are those of the
            trials alone: trained in turn to the bit, fused up to rounding (and on a CPU to the bit in float64 where
            channels are multiples of eight). Seconds and memory are those of all that are trained at the same time.
        manner: whether steps are compiled, and activations recomputed; by default where it pays. Compiled steps round
            differently, and the records say so.

    Raises:
        DataError: a data set is missing, damaged or does not fit; that trial and those after it have no record.
        StoreError: weights to be kept cannot be written; as above.
        UsageError: there is no such device.
    """
    chosen = choose_device(device)
    threads, group, on_epoch = threads or THREADS, group or Group(), on_epoch or (lambda trial, epoch: None)

    def start(trial: Trial, engine: Engine = ALONE) -> Work:
        note, resumed, is_fused = partial(on_note, trial), partial(on_resume, trial), isinstance(engine, Together)
        keeper = Keeper(trial, keeping, threads, note, resumed, is_fused)
        return train_trial(trial, chosen, threads, keeper, group, engine, PLAIN if is_fused else manner)

    if packing and packing.applies(chosen) and len(trials) > 1:
        yield from Packer(chosen, threads, start, on_epoch, on_note, manner).train(trials, packing)
    else:
        yield from (_watch(start(trial), trial, on_epoch) for trial in trials)


def _watch(training: Work, trial: Trial, on_epoch: Callable[[Trial, Epoch], None]) -> Record:
    while True:
        try:
            epoch = next(training)
        except StopIteration as end:
            record: Record = end.value
            return record
        if isinstance(epoch, Epoch):
            on_epoch(trial, epoch)


def choose_device(name: str) -> torch.device:
    """`auto`, `cpu`, `cuda`, `cuda:1`, `mps`.

    Raises:
        UsageError: PyTorch does not know it, or it is not there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # AssertionError: PyTorch was built without it
        reason = str(error).splitlines()[0]
        raise UsageError(f"--device {name}: not available ({reason}); use cpu, or leave it out") from error
    return device
