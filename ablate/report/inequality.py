"""One part of a claim: a contrast of cells, and the side of a bound on which it is said to lie."""

from __future__ import annotations

from dataclasses import dataclass

from ablate.report.statistics import Comparison
from ablate.spec.study.contrasts import Corner
from ablate.spec.study.study import Cell

MIN_FLAT = 3  # equal differences from fewer seeds decide nothing


@dataclass(frozen=True)
class Bound:
    """Where the claimed side begins; `closed` if the bound itself lies on it."""

    value: float
    above: bool
    closed: bool = False

    def admits(self, value: float) -> bool:
        """Whether a value lies on the claimed side."""
        if value == self.value:
            return self.closed
        return (value > self.value) == self.above


@dataclass(frozen=True)
class Part:
    """One inequality of a claim, all of which must hold: a contrast of cells, and on which side of a bound it lies.

    `means` are those of the contrast's corners, `value` is their weighted sum; a measured one has a `comparison`.
    """

    corners: tuple[Corner, ...]
    cells: tuple[tuple[Cell, ...], ...]  # every matched group, a cell per corner
    bound: Bound
    means: tuple[float, ...] = ()
    value: float | None = None
    comparison: Comparison | None = None

    @property
    def holds(self) -> bool:
        """Whether the value, taken as it is, lies on the claimed side."""
        return self.value is not None and self.bound.admits(self.value)

    @property
    def p_values(self) -> tuple[float, float]:
        """One-sided p-values: of the evidence for the claimed side, and of that for the other one."""
        assert self.comparison is not None
        if self.comparison.p is None:
            enough = self.comparison.n >= MIN_FLAT
            return (0.0 if enough and self.holds else 1.0, 0.0 if enough and not self.holds else 1.0)
        half = self.comparison.p / 2
        return (half, 1 - half) if self.holds else (1 - half, half)
