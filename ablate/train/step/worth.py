"""Whether compiling a network's step saves more time than it takes: a function of the trial and the kind of machine.

So every repetition of a trial is compiled, or none. A warm cache, which costs seconds, is not asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

MARGIN = 2.0  # what is saved must be so many times the cost: both are estimates


@dataclass(frozen=True)
class Figures:
    """What compiling costs and gains, as benchmarks/training.py measures it."""

    multiply_adds_per_second: float  # of an eager step, forward and backward
    gain: float  # eager by compiled time of a step
    seconds: float  # to compile anything at all
    seconds_per_layer: float  # more, for each module of the network


FIGURES = {
    ("cpu", "float32"): Figures(3e10, 1.07, 30.0, 0.1),
    ("cuda", "float32"): Figures(1e13, 1.2, 30.0, 0.3),  # not measured
    ("cuda", "bfloat16"): Figures(2e13, 1.2, 30.0, 0.3),  # not measured
}


def seconds_saved(device: str, precision: str, threads: int, multiply_adds: float, num_layers: int) -> float:
    """By compiling, over a whole training, less what compiling costs times `MARGIN`; not positive: not worth it.

    Args:
        device: `cpu`, `cuda`, ...
        precision: of the recipe. Where nothing was measured nothing is gained.
        threads: of PyTorch, on a CPU; compiled steps of several were measured no faster than eager ones.
        multiply_adds: of the whole training, forward and backward.
        num_layers: modules of the network.
    """
    figures = FIGURES.get((device, precision))
    if figures is None or (device == "cpu" and threads > 1):
        return 0.0
    saved = multiply_adds / figures.multiply_adds_per_second * (1 - 1 / figures.gain)
    return saved - MARGIN * (figures.seconds + figures.seconds_per_layer * num_layers)
