"""The heart of the language as a module: named paths of operations, a join, and what follows the join."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import torch
from torch import Tensor, nn


class Unit(nn.Module):
    """before -> every path -> join -> after: `(N, C, H, W) -> (N, C', H', W')`.

    Joins: `add` sums the paths, `concat` stacks their channels, `multiply` multiplies them, `gate` is
    g branch + (1 - g) shortcut, `gate-shortcut` is branch + (1 - g) shortcut, `none` has one path.
    """

    def __init__(
        self,
        paths: Mapping[str, nn.Module],
        join: str = "add",
        before: nn.Module | None = None,
        after: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.join = join
        # A path may be called `type` or `train`, which a module has already.
        self.paths = {name: f"path:{name}" if hasattr(nn.Module, name) else name for name in paths}
        if before is not None:
            self.before = before
        for name, path in paths.items():
            self.add_module(self.paths[name], path)
        if after is not None:
            self.after = after

    def forward(self, x: Tensor) -> Tensor:
        x = self.run("before", x)
        x = self.combine({name: self.run(part, x) for name, part in self.paths.items()})
        return self.run("after", x)

    def run(self, part: str, x: Tensor) -> Tensor:
        """The part of this name, or nothing where the unit has none."""
        module = self._modules.get(part)
        return x if module is None else module(x)

    def combine(self, outputs: dict[str, Tensor]) -> Tensor:
        """The paths' outputs, by name -> their join."""
        if self.join == "concat":
            return torch.cat(list(outputs.values()), 1)
        if self.join == "gate":
            gate = outputs["gate"]
            return gate * outputs["branch"] + (1 - gate) * outputs["shortcut"]
        if self.join == "gate-shortcut":
            return outputs["branch"] + (1 - outputs["gate"]) * outputs["shortcut"]
        return reduce(torch.mul if self.join == "multiply" else torch.add, outputs.values())

    def extra_repr(self) -> str:
        return f"join={self.join}"
