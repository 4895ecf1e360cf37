"""The gradient of the loss, unit by unit, at initialisation and by epoch: does it vanish on its way to the stem?

He et al. 2015, sec. 4.1, "verified that the backward propagated gradients exhibit healthy norms with BN".
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial, reduce
from typing import Any

import torch
from torch import Tensor, nn

from ablate.model import Network
from ablate.spec.architecture import network as explicit
from ablate.train.diagnostics.layers import list_units
from ablate.train.diagnostics.table import Table, create_table
from ablate.train.run import Run

COLUMNS = ("epoch", "unit", "weights", "signal")
Sample = tuple[Tensor, Tensor]  # (P,) norms of the parameters' gradients, (U + 2,) norms of those of the outputs


class Gradients:
    """Reads the gradients that training steps have anyway: no extra pass, no random number, nothing written to them.

    `weights` is the norm of the gradient of the mini-batch's mean loss by all parameters of a unit. `signal` is the
    norm of the gradient of one image's loss by the unit's output, root mean square over the images of the batch.
    """

    def __init__(self, network: explicit.Network, run: Run, *, epochs: int, steps: int) -> None:
        assert isinstance(run.module, Network)
        self.run, self.module = run, run.module
        self.parameters = list(_parameters(run.module))
        self.epochs = spread(run.recipe.epochs, epochs)
        self.steps = spread(max(1, len(run.splits.train) // run.recipe.batch_size), steps)
        self.samples: dict[int, list[Sample]] = run.gradients  # by epoch, 0 before the first update
        self.batch_size = 0
        self.signals: list[list[Tensor]] = []  # norms by part, of each forward pass of the step
        run.watch = self.watch

    def watch(self) -> AbstractContextManager[None] | None:
        """What is to be open during the passes of the coming step, if a sample is due."""
        is_due = self.run.step == 0 or self._is_sampled(self.run)
        return self._sample() if is_due else None

    def _is_sampled(self, run: Run) -> bool:
        return run.epoch in self.epochs and len(run.results) in self.steps

    @contextmanager
    def _sample(self) -> Iterator[None]:
        with self._open():
            yield
        self._keep()

    def _open(self) -> ExitStack:
        self.batch_size = 0
        parts = [self.module.stem, *list_units(self.module)]
        self.signals = [[] for _ in range(len(parts) + 1)]  # none for the head: nothing beyond it
        hooks = ExitStack()
        hooks.enter_context(self.module.register_forward_pre_hook(self._count))
        for number, part in enumerate(parts):
            hooks.enter_context(part.register_forward_hook(partial(self._watch, number)))
        return hooks

    def _count(self, _module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        self.batch_size += len(inputs[0])

    def _watch(self, number: int, _module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if output.requires_grad:
            output.register_hook(partial(self._keep_signal, number))  # type: ignore[no-untyped-call]

    def _keep_signal(self, number: int, gradient: Tensor) -> None:
        dtype = torch.promote_types(gradient.dtype, torch.float32)
        self.signals[number].append(torch.linalg.vector_norm(gradient, dtype=dtype))

    def _keep(self) -> None:
        gradients = [p.new_zeros(()) if p.grad is None else p.grad for _, p in self.parameters]
        none = gradients[0].new_full((), math.nan)
        signals = torch.stack([reduce(torch.hypot, norms) if norms else none for norms in self.signals])
        if (group := self.run.group).size > 1:
            signals, self.batch_size = group.add_up(signals.square()).sqrt(), group.share.total
        sample = torch.stack(torch._foreach_norm(gradients)), signals * math.sqrt(self.batch_size)
        if self.run.step == 0:
            self.samples[0].append(sample)
        if self._is_sampled(self.run):
            self.samples[self.run.epoch + 1].append(sample)

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
