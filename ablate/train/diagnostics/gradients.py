"""The gradient of the loss, unit by unit, at initialisation and by epoch: does it vanish on its way to the stem?

He et al. 2015, sec. 4.1, "verified that the backward propagated gradients exhibit healthy norms with BN".
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from ablate.model import Network
from ablate.spec.architecture import network as explicit
from ablate.train.diagnostics.layers import list_units
from ablate.train.diagnostics.table import Table, create_table
from ablate.train.loop import Run

COLUMNS = ("epoch", "unit", "weights", "signal")
Sample = tuple[Tensor, Tensor]  # (P,) norms of the parameters' gradients, (U + 2,) norms of those of the outputs


class Gradients:
    """Reads the gradients that training steps have anyway: no extra pass, no random number, nothing written to them.

    `weights` is the norm of the gradient of the mini-batch's mean loss by all parameters of a unit. `signal` is the
    norm of the gradient of one image's loss by the unit's output, root mean square over the images of the batch.
    """

    def __init__(self, network: explicit.Network, run: Run, *, epochs: int, steps: int) -> None:
        assert isinstance(run.module, Network)
        self.run = run
        self.num_units = len(list(network.units()))
        self.parameters = list(_parameters(run.module))
        self.epochs = spread(run.recipe.epochs, epochs)
        self.steps = spread(max(1, len(run.splits.train) // run.recipe.batch_size), steps)
        self.samples: dict[int, list[Sample]] = run.gradients  # by epoch, 0 before the first update
        self.is_sampling = False
        self.batch_size = 0
        self.signals: Tensor
        run.module.register_forward_pre_hook(self._begin_step)
        for number, part in enumerate([run.module.stem, *list_units(run.module)]):
            part.register_forward_hook(partial(self._watch, number))
        run.optimiser.register_step_pre_hook(self._end_step)

    def _begin_step(self, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if not module.training:
            return
        epoch, step = self.run.epoch, len(self.run.results)
        self.is_sampling = self.run.step == 0 or (epoch in self.epochs and step in self.steps)
        if self.is_sampling:
            self.batch_size = len(inputs[0])
            self.signals = inputs[0].new_full((self.num_units + 2,), math.nan)

    def _watch(self, number: int, module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if self.is_sampling and module.training and output.requires_grad:
            output.register_hook(partial(self._keep_signal, number))  # type: ignore[no-untyped-call]

    def _keep_signal(self, number: int, gradient: Tensor) -> None:
        dtype = torch.promote_types(gradient.dtype, torch.float32)
        self.signals[number] = torch.linalg.vector_norm(gradient, dtype=dtype)

    def _end_step(self, *_: Any) -> None:
        if not self.is_sampling:
            return
        self.is_sampling = False
        gradients = [p.new_zeros(()) if p.grad is None else p.grad for _, p in self.parameters]
        sample = torch.stack(torch._foreach_norm(gradients)), self.signals * math.sqrt(self.batch_size)
        epoch, step = self.run.epoch, len(self.run.results)
        if self.run.step == 0:
            self.samples[0].append(sample)
        if epoch in self.epochs and step in self.steps:
            self.samples[epoch + 1].append(sample)

    def read(self) -> Table:
        """One row per epoch and unit, epochs counted from 1, and 0 for the initial weights."""
        rows: list[dict[str, Any]] = []
        for epoch, samples in self.samples.items():
            weights, signals = (torch.stack(norms).cpu().double() for norms in zip(*samples, strict=True))
            units = torch.tensor([unit for unit, _ in self.parameters])
            squares = torch.zeros_like(signals).index_add_(1, units, weights**2)
            columns = squares.sqrt().mean(0).tolist(), signals.mean(0).tolist()
            found = enumerate(zip(*columns, strict=True))
            rows += [{"epoch": epoch, "unit": n, "weights": w, "signal": s} for n, (w, s) in found]
        return create_table(COLUMNS, rows)


def _parameters(module: Network) -> Iterator[tuple[int, nn.Parameter]]:
    """Every parameter with the position of its unit; those of auxiliary classifiers belong to none."""
    for number, part in enumerate([module.stem, *list_units(module), module.head]):
        for parameter in part.parameters():
            yield number, parameter


def spread(total: int, count: int) -> frozenset[int]:
    """At most `count` of the numbers below `total`, evenly, the first and the last among them; one is the last."""
    if count >= total:
        return frozenset(range(total))
    return (
        frozenset(round(i * (total - 1) / (count - 1)) for i in range(count)) if count > 1 else frozenset({total - 1})
    )
