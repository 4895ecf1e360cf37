"""One trial, from its specification to its record."""

from __future__ import annotations

import math
import time
from collections.abc import Generator
from contextlib import closing

import torch

from ablate.errors import AblateError, DataError, StoreError
from ablate.model import build
from ablate.records import Epoch, Outcome, Record
from ablate.spec.study.study import Trial
from ablate.train.checkpoint import Keeper
from ablate.train.data import Split, Splits, load_splits
from ablate.train.diagnostics import Diagnosis
from ablate.train.distributed import Group, GroupBroken, TrialFault
from ablate.train.distributed.layers import whole_batch_parts
from ablate.train.distributed.step import SharedStep
from ablate.train.engine import ALONE, Alone, Engine, OnStep, Request
from ablate.train.failure import explain, explain_divergence
from ablate.train.loop import Means, is_finite
from ablate.train.memory import reset_peak
from ablate.train.optimiser import create_optimiser, learning_rate
from ablate.train.process import fresh_state
from ablate.train.progress import Progress, create_record, defined
from ablate.train.randomness import Streams, open_streams
from ablate.train.run import DTYPES, Run
from ablate.train.step import AS_PAYS, Manner, Step, choose_step
from ablate.train.stopping import explain_stop
from ablate.train.testing import evaluate_views, list_views


def train_trial(
    trial: Trial,
    device: torch.device,
    threads: int,
    keeper: Keeper,
    group: Group,
    engine: Engine = ALONE,
    manner: Manner = AS_PAYS,
) -> Generator[Epoch | Request, Means | None, Record]:
    """Train one network: yield each epoch as it ends, and what the engine waits for; return the record.

    An exception while building or training is the trial's result, a record that says `failed`. In a group it ends
    all processes of it: the others are waiting for this one.

    Raises:
        DataError: the data set cannot be had. That says nothing about the trial, so there is no record.
        StoreError: the weights that are to be kept cannot be written; no record either.
        GroupBroken, TrialFault: the trial is not going on in this process.
    """
    progress = Progress()
    reset_peak(device)
    streams = open_streams(trial.seed, device)
    with fresh_state(device, threads, streams.noise):
        try:
            outcome, error = yield from _train(trial, streams, progress, device, keeper, group, engine, manner)
        except (DataError, StoreError, GroupBroken):
            raise
        except Exception as exception:
            outcome, error = Outcome.FAILED, explain(exception)
    record = create_record(trial, progress, outcome, error, device, threads, group.size)
    if outcome is Outcome.FAILED and group.size > 1:
        raise TrialFault(record)
    return record


def _train(
    trial: Trial,
    streams: Streams,
    progress: Progress,
    device: torch.device,
    keeper: Keeper,
    group: Group,
    engine: Engine,
    manner: Manner,
) -> Generator[Epoch | Request, Means | None, tuple[Outcome, str | None]]:
    with closing(prepare_run(trial, streams, device, group)) as run:
        progress.digest = run.splits.digest
        diagnosis = Diagnosis(trial, run)
        if isinstance(engine, Alone) and group.size == 1:
            choose_step(run, trial.cell.network, manner, keeper.note)
            progress.is_compiled = run.is_compiled
        keeper.resume(run, progress)
        return (yield from _take_epochs(trial, run, progress, keeper, diagnosis, engine))


def _take_epochs(
    trial: Trial, run: Run, progress: Progress, keeper: Keeper, diagnosis: Diagnosis, engine: Engine
) -> Generator[Epoch | Request, Means | None, tuple[Outcome, str | None]]:
    while run.epoch < run.recipe.epochs:
        if reason := explain_stop(trial.stopping, progress.history):
            return Outcome.STOPPED, reason
        epoch = yield from _train_and_evaluate(run, progress, engine, lambda: keeper.save_if_due(run, progress))
        if epoch is None:
            progress.diagnostics = diagnosis.conclude(trained=False)
            rate = learning_rate(run.recipe, run.epoch - 1, run.step - 1)
            return Outcome.DIVERGED, explain_divergence(run.epoch, rate)
        keeper.save_if_due(run, progress)
        yield epoch
    progress.tested = _test_views(trial, run)
    if run.group.leads:
        keeper.keep_weights(run.module)
    progress.diagnostics = diagnosis.conclude(trained=True)
    return Outcome.FINISHED, None


def _test_views(trial: Trial, run: Run) -> dict[str, float | None]:
    """The final test figures over the views that the trial asks for; nothing where the curve's last ones are final."""
    views, files = list_views(trial.cell.data), run.splits.test_files
    if not (views and files):
        return {}
    means = evaluate_views(run, files, views)
    return {"test_loss": defined(means.loss), "test_error": means.error}


def prepare_run(trial: Trial, streams: Streams, device: torch.device, group: Group | None = None) -> Run:
    """The network at its initial weights, its optimiser and its data, on the device.

    Raises:
        DataError: the data set cannot be had, or does not fit the network.
        AblateError: a group of processes does not accumulate.
    """
    cell, group = trial.cell, group or Group()
    if group.size > 1 and cell.train.accumulate > 1:
        raise AblateError("train.accumulate cuts the batches of one process; leave out --workers, or accumulate")
    dtype = DTYPES[cell.train.precision]
    splits = load_splits(cell.data, device).to(device, dtype)
    _check_fit(trial, splits)
    module = build(cell.network, cell.train.init, streams.init, whole_batch_parts(group))
    module = module.to(device, dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
    run = Run(
        module=module,
        optimiser=create_optimiser(module, cell.train),
        streams=streams,
        splits=splits,
        recipe=cell.train,
        augment=cell.data.augment,
        auxiliary_weights=tuple(auxiliary.weight for auxiliary in cell.network.auxiliaries),
        device=device,
        group=group,
    )
    run.take_step = Step(run) if group.size == 1 else SharedStep(run)
    return run


def _check_fit(trial: Trial, splits: Splits) -> None:
    network, found = trial.cell.network, splits.train.shape
    if found != network.input:
        raise DataError(f"images are {found} (channels, height, width), but the network takes {network.input}")
    if len(splits.classes) != network.classes:
        raise DataError(f"the data set has {len(splits.classes)} classes, but the network has {network.classes}")


def _train_and_evaluate(
    run: Run, progress: Progress, engine: Engine, on_step: OnStep
) -> Generator[Request, Means | None, Epoch | None]:
    """The coming epoch, or None if it ended in NaN or infinity."""
    start = progress.epoch_start = progress.epoch_start or time.perf_counter()
    train = yield from engine.train(run, on_step)
    training_seconds = time.perf_counter() - start
    if not (math.isfinite(train.loss) and is_finite(run)):
        return None
    val = yield from _held_out("val", run, run.splits.val, engine)
    test = yield from _held_out("test", run, run.splits.test, engine)
    epoch = Epoch(
        epoch=run.epoch,
        lr=learning_rate(run.recipe, run.epoch - 1, run.step - 1),
        train_loss=train.loss,
        train_error=train.error,
        **val,
        **test,
        seconds=time.perf_counter() - start,
    )
    progress.add(epoch, train.num_images, training_seconds)
    return epoch


def _held_out(
    name: str, run: Run, split: Split | None, engine: Engine
) -> Generator[Request, Means | None, dict[str, float | None]]:
    if split is None:
        return {}
    means = yield from engine.evaluate(run, split)
    return {f"{name}_loss": defined(means.loss), f"{name}_error": means.error}
