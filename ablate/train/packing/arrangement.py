"""Which trials of a pack are trained at the same time, and in which of the two ways."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from ablate.spec.study.fusion import group_alike
from ablate.spec.study.study import Trial

Way = Literal["fused", "in turn"]
MOST = 16  # trials at the same time where nothing else is said


@dataclass(frozen=True)
class Packing:
    """What is asked for: at most `size` trials at the same time, `auto` for as many as pay; `way`: None for the faster.

    Trials that cannot be one network are trained in turn whatever `way` says.
    """

    size: int | Literal["auto"] = "auto"
    way: Way | None = None

    def applies(self, device: torch.device) -> bool:
        """Whether trials are packed there: on a CPU processes of one thread each are faster, unless it is asked for."""
        return device.type == "cuda" or self.size != "auto"

    @property
    def limit(self) -> int:
        """Trials at the same time, at most."""
        return MOST if self.size == "auto" else self.size


@dataclass(frozen=True)
class Bundle:
    """Trials trained at the same time: `fused` into one network with grouped operations, or step by step `in turn`."""

    trials: tuple[Trial, ...]
    way: Way

    @property
    def packed(self) -> str | None:
        """What the records of its trials say of it; nothing of a trial that has the device to itself."""
        return f"{self.way} {len(self.trials)}" if len(self.trials) > 1 else None


def arrange(trials: Sequence[Trial], size: int, choose: Callable[[tuple[Trial, ...]], Bundle]) -> list[Bundle]:
    """Bundles of at most `size` trials, in the order of the first of each.

    Trials that can be one network stand together: `choose` says how many of the first of them, and in which way. What
    is left of them, and what cannot be fused, takes turns.
    """
    bundles: list[Bundle] = []
    left: list[Trial] = []
    for group in group_alike(trials):
        start = 0
        while len(group) - start > 1:
            bundles.append(choose(tuple(group[start : start + size])))
            start += len(bundles[-1].trials)
        left += group[start:]
    bundles += [Bundle(tuple(left[i : i + size]), "in turn") for i in range(0, len(left), size)]
    places = {trial.id: place for place, trial in enumerate(trials)}
    return sorted(bundles, key=lambda bundle: places[bundle.trials[0].id])
