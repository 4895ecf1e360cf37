"""Stratified splits: fixed once for all, so that no trial's seed decides which images are held out."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

SPLIT_SEED = 20151210  # never a trial's seed; changing it changes every validation split


def stratified_split(labels: Tensor, num_held_out: int) -> tuple[Tensor, Tensor]:
    """Indices kept and held out, both ascending: every class gives its share, rounded by largest remainder.

    Args:
        labels: (N,) int64.
        num_held_out: how many of the N are held out, exactly.

    Returns:
        (N - num_held_out,) and (num_held_out,) int64. Which ones depends on `labels` alone: the draws come from
        NumPy's legacy generator, whose stream is frozen.
    """
    random = np.random.RandomState(SPLIT_SEED)
    names, counts = np.unique(labels.numpy(), return_counts=True)
    shares = _shares(counts, num_held_out)
    held_out = np.zeros(len(labels), dtype=bool)
    for name, share in zip(names, shares, strict=True):
        members = np.flatnonzero(labels.numpy() == name)
        held_out[random.permutation(members)[:share]] = True
    return torch.from_numpy(np.flatnonzero(~held_out)), torch.from_numpy(np.flatnonzero(held_out))


def _shares(counts: NDArray[np.int64], total: int) -> NDArray[np.int64]:
    exact = counts * (total / counts.sum())
    shares: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    largest = np.argsort(-(exact - shares), kind="stable")[: total - shares.sum()]
    shares[largest] += 1
    return shares
