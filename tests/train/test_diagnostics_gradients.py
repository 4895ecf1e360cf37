"""Gradient norms against derivatives taken by hand, and what they say of deep plain and residual networks."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from ablate.spec.study.diagnostics import read_diagnostics
from ablate.spec.study.study import Trial
from ablate.train.diagnostics import Diagnosis
from ablate.train.diagnostics.gradients import spread
from ablate.train.loop import train_epoch
from ablate.train.randomness import open_streams
from ablate.train.run import Run
from ablate.train.trial import prepare_run

CPU = torch.device("cpu")


def prepare(trial: Trial) -> Run:
    return prepare_run(trial, open_streams(trial.seed, CPU), CPU)


def diagnose(trial: Trial, run: Run, **options: int) -> Diagnosis:
    return Diagnosis(replace(trial, diagnostics=read_diagnostics([{"gradients": options}])[0]), run)


def take_step(run: Run, num_images: int) -> None:
    (feed,) = run.splits.train.feed([torch.arange(num_images)])
    run.take_step(*feed)


def rows(diagnosis: Diagnosis, epoch: int) -> tuple[list[float], list[float]]:
    table: dict[str, list[Any]] = diagnosis.conclude(trained=False)["gradients"]["table"]
    chosen = [i for i, number in enumerate(table["epoch"]) if number == epoch]
    assert [table["unit"][i] for i in chosen] == list(range(len(chosen)))
    return [table["weights"][i] for i in chosen], [table["signal"][i] for i in chosen]


def by_hand(run: Run, positions: Tensor) -> tuple[list[float], list[float], list[Tensor]]:
    """Norms by unit of a mini-batch's gradients, through no hook; and the gradients of all parameters."""
    pixels, labels = run.splits.train.take(positions)
    units = [unit for stage in run.module.stages for unit in stage]
    outputs = [run.module.stem(run.splits.normalisation(pixels))]
    for unit in units:
        outputs.append(unit(outputs[-1]))
    loss = F.cross_entropy(run.module.head(outputs[-1]), labels)
    parts = [list(part.parameters()) for part in (run.module.stem, *units, run.module.head)]
    wanted = [*outputs, *(parameter for part in parts for parameter in part)]
    found = list(torch.autograd.grad(loss, wanted))
    signals = [
        math.sqrt(np.mean([(len(positions) * one).square().sum().item() for one in found.pop(0)])) for _ in outputs
    ]
    remaining = iter(found)
    weights = [math.sqrt(sum(next(remaining).square().sum().item() for _ in part)) for part in parts]
    return weights, signals, found


ARCHITECTURES = [
    {"shortcut": "none"},
    {"shortcut": "identity", "depth": 14},
    {"shortcut": "projection", "activation": "full-preactivation", "depth": 14},
    {"shortcut": {"gate": "exclusive", "bias": -1}},
]


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_norms_are_those_of_autograd(architecture, create_trial):
    trial = create_trial(architecture=architecture, precision="float64", weight_decay=0.0, momentum=0.0, lr=0.01)
    run, twin = prepare(trial), prepare(trial)
    diagnosis = diagnose(trial, run, epochs=1, steps=3)
    train_epoch(run)
    train_epoch(run)  # the last epoch is the one that `epochs=1` asks for
    found = []
    for _ in range(2):
        order = torch.randperm(len(twin.splits.train), generator=twin.streams.order)
        for positions in order.split(128):
            *norms, gradients = by_hand(twin, positions)
            found.append(norms)
            parts = (twin.module.stem, *(unit for stage in twin.module.stages for unit in stage), twin.module.head)
            for parameter, gradient in zip((p for part in parts for p in part.parameters()), gradients, strict=True):
                parameter.data -= 0.01 * gradient
    assert len(found) == 22  # 1,293 images: ten full batches and a rest
    initial, sampled = found[0], [found[11 + step] for step in (0, 4, 9)]
    for epoch, expected in ((0, [initial]), (2, sampled)):
        weights, signals = rows(diagnosis, epoch)
        assert weights == pytest.approx(np.mean([norms[0] for norms in expected], axis=0), rel=1e-3)
        assert signals[:-1] == pytest.approx(np.mean([norms[1] for norms in expected], axis=0), rel=1e-3)
        assert signals[-1] is None  # the head's output is the logits: nothing beyond it


def test_the_heads_gradient_is_the_textbooks(create_trial):
    """Softmax regression on pooled maps h: dL/dW = mean (p - y) h', dL/db = mean (p - y)."""
    trial = create_trial(precision="float64")
    run, twin = prepare(trial), prepare(trial)
    diagnosis = diagnose(trial, run)
    pixels, labels = run.splits.train.take(torch.arange(100))
    run.module.train()
    take_step(run, 100)
    twin.module.train()
    with torch.no_grad():
        maps = twin.module.stages(twin.module.stem(twin.splits.normalisation(pixels))).numpy()
    pooled, linear = maps.mean((2, 3)), twin.module.head[1]
    logits = pooled @ linear.weight.detach().numpy().T + linear.bias.detach().numpy()
    odds = np.exp(logits - logits.max(1, keepdims=True))
    wrong = odds / odds.sum(1, keepdims=True) - np.eye(10)[labels.numpy()]
    weight, bias = wrong.T @ pooled / 100, wrong.mean(0)
    assert rows(diagnosis, 0)[0][-1] == pytest.approx(math.sqrt((weight**2).sum() + (bias**2).sum()), rel=1e-3)


def test_gradients_do_not_vanish_in_deep_plain_networks_they_explode(create_trial):
    """At initialisation a plain network with batch normalisation multiplies the signal's gradient on its way back.

    Yang et al. 2019 (A mean field theory of batch normalization): gradients grow exponentially with depth, for wide
    ReLU networks by sqrt(pi / (pi - 1)) = 1.21 a layer. Shortcuts prevent most of it.
    """
    growth = {}
    for shortcut in ("none", "identity"):
        trial = create_trial(architecture={"depth": 56, "shortcut": shortcut, "widths": [8, 16, 32]})
        run = prepare(trial)
        diagnosis = diagnose(trial, run)
        run.module.train()
        take_step(run, 128)
        _, (*signals, _) = rows(diagnosis, 0)
        assert min(signals) == pytest.approx(signals[-1], rel=0.2)  # nowhere smaller than at the end
        growth[shortcut] = (signals[0] / signals[-1]) ** (1 / 54)  # 27 units of two layers
    assert 1.12 < growth["none"] < 1.26
    assert 1.02 < growth["identity"] < 1.08


@pytest.mark.parametrize(
    ("total", "count", "expected"),
    [(3, 10, {0, 1, 2}), (10, 10, set(range(10))), (11, 3, {0, 5, 10}), (182, 2, {0, 181}), (5, 1, {4}), (1, 1, {0})],
)
def test_epochs_are_spread_evenly_with_both_ends(total, count, expected):
    assert spread(total, count) == expected
