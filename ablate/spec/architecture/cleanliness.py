"""Shortcut cleanliness: what a signal meets on its way from the stem to the head along the shortcuts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ablate.spec.architecture.network import Operation, Shape, Unit
from ablate.spec.architecture.operations.effect import Effect
from ablate.spec.architecture.tally import tally


@dataclass(frozen=True)
class Cleanliness:
    """The operations on the shortcuts, ahead of the splits and behind the joins (He et al. 2016, sec. 3).

    Where a unit has no shortcut, the way leads through the path with the fewest operations. `gain` is the product of
    the factors known at initialisation: constants, and for a gate 1 - sigmoid(bias), as if its weights saw nothing.
    Operations whose factor depends on the data are counted in `data_dependent` instead.
    """

    units: int
    shortcuts: int  # units that have one
    operations: Mapping[
        str, int
    ]  # how many are met, by kind; a gate's weighing counts as `gate`, a product as `multiply`
    gain: float
    data_dependent: int


def way(unit: Unit, shape: Shape) -> list[tuple[Operation, Effect]]:
    """The operations a signal of this shape meets in a unit along its shortcut, with what they do."""
    before = tally(unit.before, shape)
    path = unit.paths.get("shortcut", min(unit.paths.values(), key=len))
    through = tally(path, before.shape)
    joined = through.shape if unit.join != "concat" else _stacked(unit, before.shape)
    return [*before.effects, *through.effects, *tally(unit.after, joined).effects]


def _stacked(unit: Unit, shape: Shape) -> Shape:
    ends = [tally(path, shape).shape for path in unit.paths.values()]
    return (sum(end[0] for end in ends), *ends[0][1:])


def measure(units: Iterable[tuple[Unit, Shape]]) -> Cleanliness:
    """The cleanliness of a network's units, each with the shape of what enters it."""
    units = list(units)
    met = [item for unit, shape in units for item in way(unit, shape)]
    gates = [_gate_gain(unit) for unit, _ in units if unit.join.startswith("gate")]
    products = sum(unit.join == "multiply" for unit, _ in units)
    gains = [*(effect.gain for _, effect in met), *gates, *[None] * products]
    kinds = Counter(operation.kind for operation, _ in met) + Counter(gate=len(gates), multiply=products)
    return Cleanliness(
        len(units),
        sum("shortcut" in unit.paths for unit, _ in units),
        dict(kinds),
        math.prod(gain for gain in gains if gain is not None),
        gains.count(None),
    )


def _gate_gain(unit: Unit) -> float | None:
    """What a gate leaves of the shortcut, where it is a convolution with a known initial bias and a sigmoid."""
    kinds = [operation.kind for operation in unit.paths["gate"][-2:]]
    bias = unit.paths["gate"][-2].arguments["bias_init"] if kinds == ["conv", "sigmoid"] else None
    return 1 / (1 + math.exp(bias)) if isinstance(bias, int | float) else None
