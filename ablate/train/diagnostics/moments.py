"""Mean and deviation over many tensors, gathered batch by batch without waiting for the device."""

from __future__ import annotations

import math

import torch
from torch import Tensor


class Moments:
    """Of all elements of all tensors added so far."""

    def __init__(self) -> None:
        self._counts: list[int] = []
        self._parts: list[Tensor] = []  # (2,) each: variance and mean

    def add(self, x: Tensor) -> None:
        """One more tensor of any shape."""
        x = x.to(torch.promote_types(x.dtype, torch.float32))
        self._counts.append(x.numel())
        self._parts.append(torch.stack(torch.var_mean(x, correction=0)))

    @property
    def is_known(self) -> bool:
        """Whether any tensor was added."""
        return bool(self._counts)

    @property
    def mean(self) -> float:
        """Of the elements."""
        return self._read()[0]

    @property
    def std(self) -> float:
        """Standard deviation of the elements, divided by their number."""
        return math.sqrt(max(0.0, self._read()[1] - self.mean**2))

    @property
    def rms(self) -> float:
        """Root of the mean square of the elements."""
        return math.sqrt(self._read()[1])

    def _read(self) -> tuple[float, float]:
        """Mean, and mean square."""
        variances, means = torch.stack(self._parts).cpu().double().unbind(1)
        weights = torch.tensor(self._counts, dtype=torch.float64) / sum(self._counts)
        return (weights @ means).item(), (weights @ (variances + means**2)).item()
