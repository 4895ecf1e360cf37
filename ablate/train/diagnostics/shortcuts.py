"""What passes along every shortcut, what a gate lets through, and what the branch adds."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from torch import Tensor, nn

from ablate.model import Network
from ablate.model.unit import Unit
from ablate.spec.architecture import network as explicit
from ablate.train.diagnostics.layers import get_path, list_units
from ablate.train.diagnostics.moments import Moments
from ablate.train.diagnostics.table import Table, create_table, divide

COLUMNS = ("unit", "gain", "openness", "branch_std", "shortcut_std", "ratio")
JOINS = ("add", "gate", "gate-shortcut")


def watch_shortcuts(network: explicit.Network, module: Network, hooks: ExitStack) -> Callable[[], Table]:
    """One row per unit whose join adds to a path named `shortcut`; everything as it enters the sum, gates included.

    `gain`: root mean square of the shortcut over that of the unit's input (below 1 also where zero-padding and
    subsampling change the shape). `openness`: mean of the gate, by which the branch is multiplied and which the
    shortcut loses. `ratio`: standard deviation of the branches over that of the shortcut; a unit with a small one
    changes little, and may be redundant.
    """
    units = enumerate(zip(network.units(), list_units(module), strict=True), start=1)
    sums = [Sum(n, built, hooks) for n, (unit, built) in units if "shortcut" in unit.paths and unit.join in JOINS]
    return lambda: create_table(COLUMNS, [one.read() for one in sums])


class Sum:
    """The terms of one unit's join while the hooks were open."""

    def __init__(self, number: int, unit: Unit, hooks: ExitStack) -> None:
        self.number = number
        self.input, self.shortcut, self.branch, self.gate = Moments(), Moments(), Moments(), Moments()
        self.outputs: dict[str, Tensor] = {}
        for name in unit.paths:
            hooks.enter_context(get_path(unit, name).register_forward_hook(self._keeper(name)))
        hooks.enter_context(unit.register_forward_hook(self.add))

    def _keeper(self, name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def keep(_module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            self.outputs[name] = output
            if name == "shortcut":
                self.input.add(inputs[0])

        return keep

    def add(self, unit: Unit, _inputs: tuple[Tensor, ...], _output: Tensor) -> None:
        """The outputs of all paths are known: add the terms as the join weighs them."""
        terms, self.outputs = self.outputs, {}
        shortcut, gate = terms.pop("shortcut"), terms.pop("gate") if unit.join != "add" else None
        branch = sum(terms.values(), start=shortcut.new_zeros(()))
        if gate is not None:
            self.gate.add(gate)
            shortcut = (1 - gate) * shortcut
            branch = gate * branch if unit.join == "gate" else branch
        self.shortcut.add(shortcut)
        self.branch.add(branch)

    def read(self) -> dict[str, Any]:
        """The row of this unit."""
        return {
            "unit": self.number,
            "gain": divide(self.shortcut.rms, self.input.rms),
            "openness": self.gate.mean if self.gate.is_known else None,
            "branch_std": self.branch.std,
            "shortcut_std": self.shortcut.std,
            "ratio": divide(self.branch.std, self.shortcut.std),
        }
