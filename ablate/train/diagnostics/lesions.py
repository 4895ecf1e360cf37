"""Lesions: the error of a trained network with units taken out or exchanged, without training it again.

Veit et al. 2016, sec. 4: residual networks hardly suffer, plain ones fall to chance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import combinations
from math import comb
from random import Random
from typing import Any

import torch
from torch import Tensor, nn

from ablate.model import Network
from ablate.model.unit import Unit
from ablate.spec.architecture import network as explicit
from ablate.spec.architecture.summary import summarise
from ablate.spec.architecture.tally import tally
from ablate.train.diagnostics.layers import get_path, list_units
from ablate.train.diagnostics.order import kendall_tau
from ablate.train.diagnostics.table import Table, create_table

Measure = Callable[[], float]  # of the network as it is now: test error in percent


class Lesions:
    """Damages a network and mends it again."""

    def __init__(self, network: explicit.Network, module: Network, measure: Measure, random: Random) -> None:
        self.specified = list(network.units())
        self.shapes = [row.input for row in summarise(network).units[1 : len(self.specified) + 1]]
        self.module = module
        self.units = list_units(module)
        self.measure = measure
        self.random = random

    def study(self, draws: int) -> dict[str, Table]:
        """Four tables of test errors in percent: `intact`, `single`, `removed` and `reordered`.

        `single` has None for a unit that cannot go: without a shortcut, and changing the shape. `removed`: k units at
        once, from 2 doubling up to all that can go; `reordered`: after k random exchanges of two equal units, with
        Kendall's `tau` between the new order and the old. Each k is drawn `draws` times.
        """
        return {
            "intact": create_table(("error",), [{"error": self.measure()}]),
            "single": create_table(("unit", "error"), self._remove_each()),
            "removed": create_table(("k", "draw", "error"), self._remove_many(draws)),
            "reordered": create_table(("k", "draw", "tau", "error"), self._reorder(draws)),
        }

    def _remove_each(self) -> Iterator[dict[str, Any]]:
        removable = self.list_removable()
        for index in range(len(self.units)):
            yield {"unit": index + 1, "error": self.measure_without([index]) if index in removable else None}

    def _remove_many(self, draws: int) -> Iterator[dict[str, Any]]:
        removable = self.list_removable()
        for k in sorted({*doubling(len(removable)), len(removable)} - {0, 1}):
            for draw in range(min(draws, comb(len(removable), k))):
                yield {"k": k, "draw": draw, "error": self.measure_without(self.random.sample(removable, k))}

    def _reorder(self, draws: int) -> Iterator[dict[str, Any]]:
        pairs = self.list_exchangeable()
        for k in doubling(min(len(pairs), len(self.units))):
            for draw in range(draws):
                order = list(range(len(self.units)))
                for first, second in self.random.sample(pairs, k):
                    order[first], order[second] = order[second], order[first]
                yield {"k": k, "draw": draw, "tau": kendall_tau(order), "error": self.measure_reordered(order)}

    def list_removable(self) -> list[int]:
        """Units with a shortcut, and units of one path that keep the shape."""
        return [i for i, unit in enumerate(self.specified) if _has_shortcut(unit) or self._keeps_shape(i)]

    def _keeps_shape(self, index: int) -> bool:
        unit = self.specified[index]
        shape = tally(unit.before, self.shapes[index]).shape
        return unit.join == "none" and all(tally(path, shape).shape == shape for path in unit.paths.values())

    def list_exchangeable(self) -> list[tuple[int, int]]:
        """Pairs of units with equal operations on inputs of equal shape."""
        known = list(zip(self.specified, self.shapes, strict=True))
        return [(i, j) for i, j in combinations(range(len(known)), 2) if known[i] == known[j]]

    def measure_without(self, indices: Sequence[int]) -> float:
        """The error with the branches of these units replaced by zero; by their input where there is no shortcut."""
        with ExitStack() as hooks:
            for index in indices:
                remove(self.units[index], hooks)
            return self.measure()

    def measure_reordered(self, order: Sequence[int]) -> float:
        """The error with unit `order[i]` at place i."""
        with _reordered(self.module, [self.units[index] for index in order], self.units):
            return self.measure()


def _has_shortcut(unit: explicit.Unit) -> bool:
    """Whether zeros in place of the other paths leave the shortcut's signal."""
    return "shortcut" in unit.paths and unit.join != "multiply"


def remove(unit: Unit, hooks: ExitStack) -> None:
    """Keep only what the shortcut contributes: what is ahead of the split, the gate and what follows the join stay.

    With the original unit of He et al. 2015, relu(x + 0) = x, because x is a relu's output itself.
    """
    for name in unit.paths.keys() - {"shortcut", "gate"}:
        replacement = _zero if "shortcut" in unit.paths else _pass
        hooks.enter_context(get_path(unit, name).register_forward_hook(replacement))


def _zero(_module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
    return torch.zeros_like(output)


def _pass(_module: nn.Module, inputs: tuple[Tensor, ...], _output: Tensor) -> Tensor:
    return inputs[0]


@contextmanager
def _reordered(module: Network, order: Sequence[Unit], old: Sequence[Unit]) -> Iterator[None]:
    try:
        _place(module, order)
        yield
    finally:
        _place(module, old)


def _place(module: Network, units: Sequence[Unit]) -> None:
    rest = iter(units)
    for stage in module.stages.children():
        assert isinstance(stage, nn.Sequential)
        for index in range(len(stage)):
            stage[index] = next(rest)


def doubling(most: int) -> list[int]:
    """1, 2, 4, ... up to `most`."""
    return [2**power for power in range(most.bit_length())]
