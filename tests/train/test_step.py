"""A step against the same computed by hand; accumulated, with activations recomputed, and without waiting."""

from __future__ import annotations

import gc
import platform
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from ablate.model import Network
from ablate.spec.study.diagnostics import read_diagnostics
from ablate.spec.study.recipe import Train
from ablate.spec.study.study import Trial
from ablate.train import train_pack
from ablate.train.loop import train_epoch
from ablate.train.randomness import open_streams
from ablate.train.run import Run
from ablate.train.step.recomputation import recompute
from ablate.train.step.step import divide
from ablate.train.trial import prepare_run

CPU = torch.device("cpu")
AUGMENT = {"augment": {"pad": 1, "flip": True, "cutout": 2}}
ARCHITECTURES: dict[str, dict[str, Any]] = {
    "residual": {},
    "dropout": {"shortcut": {"dropout": 0.5}},
    "full pre-activation, projection": {"activation": "full-preactivation", "shortcut": "projection"},
    "plain": {"shortcut": "none"},
    "gated": {"shortcut": {"gate": "exclusive", "bias": -1}},
}


def prepare(trial: Trial) -> Run:
    torch.manual_seed(trial.seed)
    return prepare_run(trial, open_streams(trial.seed, CPU), CPU)


def take_step(run: Run, num_images: int = 128) -> tuple[Tensor, Tensor]:
    run.module.train()
    (feed,) = run.splits.train.feed([torch.arange(num_images)])
    return run.take_step(*feed)


def is_same(run: Run, other: Run) -> bool:
    ours, theirs = run.module.state_dict(), other.module.state_dict()
    return all(tensor.equal(theirs[name]) for name, tensor in ours.items())


@pytest.mark.parametrize("architecture", ARCHITECTURES.values(), ids=ARCHITECTURES)
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_recomputed_activations_change_no_bit(architecture, precision, create_trial):
    """Weights, running statistics and their count, and the random stream that dropout draws from."""
    trial = create_trial(3, architecture=architecture, data=AUGMENT, precision=precision)
    plain = prepare(trial)
    expected = train_epoch(plain)
    random = torch.get_rng_state()
    recomputed = prepare(trial)
    recompute(recomputed.module)
    assert train_epoch(recomputed) == expected
    assert is_same(plain, recomputed)
    assert torch.get_rng_state().equal(random)


class Kept:
    """The bytes that autograd keeps between the passes, every storage counted once."""

    def __init__(self) -> None:
        self.storages: dict[int, int] = {}

    def pack(self, tensor: Tensor) -> Tensor:
        self.storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    def during(self, work: Callable[[], object]) -> int:
        with torch.autograd.graph.saved_tensors_hooks(self.pack, lambda tensor: tensor):
            work()
        return sum(self.storages.values())


def test_recomputing_keeps_what_flows_between_units_only(create_trial):
    """In a full pre-activation network of n units, a unit keeps six maps or so; recomputed, its input alone."""
    trial = create_trial(architecture={"depth": 20, "widths": [16, 16, 16], "activation": "full-preactivation"})
    kept = []
    for prepared in (lambda run: None, lambda run: recompute(run.module)):
        run = prepare(trial)
        prepared(run)
        run.module.train()
        images, _ = run.take_step.prepare(torch.arange(128))  # type: ignore[attr-defined]
        kept.append(Kept().during(lambda module=run.module, x=images: module(x)))
    assert kept[1] < kept[0] / 3


def by_hand(run: Run, sizes: list[int]) -> tuple[float, int, list[Tensor]]:
    """Mean loss, errors and gradients of the batch's mean loss, with batch statistics of each part."""
    pixels, labels = run.splits.train.take(torch.arange(sum(sizes)))
    images = run.splits.normalisation(pixels)
    run.module.train()
    total, errors = torch.zeros((), dtype=torch.float64), 0
    for x, y in zip(images.split(sizes), labels.split(sizes), strict=True):
        logits = run.module(x)
        total = total + F.cross_entropy(logits, y, reduction="sum") / sum(sizes)
        errors += int((logits.argmax(1) != y).sum())
    return total.item(), errors, list(torch.autograd.grad(total, list(run.module.parameters())))


@pytest.mark.parametrize(("accumulate", "sizes"), [(1, [100]), (2, [50, 50]), (3, [34, 33, 33])])
def test_accumulated_gradients_are_those_of_the_mean_loss(accumulate, sizes, create_trial):
    trial = create_trial(batch_size=100, accumulate=accumulate, precision="float64")
    run, twin = prepare(trial), prepare(trial)
    loss, errors = take_step(run, 100)
    expected_loss, expected_errors, gradients = by_hand(twin, sizes)
    assert loss.item() == pytest.approx(expected_loss, rel=1e-12)
    assert errors.item() == expected_errors
    for parameter, gradient in zip(run.module.parameters(), gradients, strict=True):
        torch.testing.assert_close(parameter.grad, gradient)


@pytest.mark.parametrize(
    ("num_images", "batch_size", "accumulate", "expected"),
    [
        (128, 128, 1, [128]),
        (128, 128, 4, [32] * 4),
        (100, 100, 3, [34, 33, 33]),
        (33, 128, 4, [17, 16]),  # a last batch: parts no larger than those of a whole one
        (10, 128, 4, [10]),
        (3, 4, 2, [3]),  # no part of one image, which has no batch statistics
        (1, 4, 2, [1]),
    ],
)
def test_a_batch_is_divided_evenly(num_images, batch_size, accumulate, expected):
    assert divide(num_images, Train(batch_size=batch_size, accumulate=accumulate)) == expected


class Waiting(TorchDispatchMode):
    """Lists the operations that need a value on the host: on a GPU, each would wait for everything before it."""

    NAMES = ("_local_scalar_dense", "nonzero", "masked_select", "is_nonzero", "unique", "_to_copy.cpu")

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = str(func)
        boolean = "index" in name and any(
            isinstance(index, Tensor) and index.dtype == torch.bool
            for index in (args[1] if len(args) > 1 and isinstance(args[1], list | tuple) else ())
        )
        if boolean or any(part in name for part in self.NAMES):
            self.found.append(name)
        return func(*args, **(kwargs or {}))


EVERYTHING = {**AUGMENT, "normalise": "per-pixel"}


@pytest.mark.parametrize("architecture", ARCHITECTURES.values(), ids=ARCHITECTURES)
@pytest.mark.parametrize("recipe", [{}, {"accumulate": 2}, {"precision": "bfloat16"}], ids=str)
def test_nothing_within_a_step_waits_for_the_device(architecture, recipe, create_trial):
    run = prepare(create_trial(architecture=architecture, data=EVERYTHING, **recipe))
    with Waiting() as waiting:
        run.set_learning_rate()
        take_step(run)
    assert waiting.found == []


def test_an_epoch_waits_once(create_trial):
    """For the sums of its losses and errors, after its last step."""
    run = prepare(create_trial(data=EVERYTHING))
    seen = []
    with Waiting() as waiting:
        train_epoch(run, lambda: seen.append(len(waiting.found)))
    assert set(seen) == {0}
    assert len(waiting.found) == 2


def test_the_watch_for_waiting_sees_it():
    with Waiting() as waiting:
        x = torch.arange(3)
        x[x > 1]
        bool(x.sum() > 1)
    assert len(waiting.found) == 2


def test_the_memory_of_a_trial_is_free_when_it_has_ended(create_trial):
    """Without waiting for Python's collector: on a GPU the next trial may need it."""
    gc.collect()
    gc.disable()
    try:
        wanted = read_diagnostics([{"gradients": {"epochs": 1, "steps": 1}}])[0]
        list(train_pack([replace(create_trial(epochs=1), diagnostics=wanted)], device="cpu"))
        assert not [found for found in gc.get_objects() if type(found) is Network]
    finally:
        gc.enable()


def test_bfloat16_is_warned_of_where_it_is_only_imitated(create_trial):
    """By the processor's own account of what it can."""
    notes: list[str] = []
    list(train_pack([create_trial(epochs=1, precision="bfloat16")], device="cpu", on_note=lambda _, t: notes.append(t)))
    cpuinfo = Path("/proc/cpuinfo")
    flags = cpuinfo.read_text() if cpuinfo.exists() else ""
    if platform.machine() == "x86_64" and flags:
        assert bool(notes) == ("avx512_bf16" not in flags and "amx_tile" not in flags)
