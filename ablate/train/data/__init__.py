"""Data sets: decoded once into uint8 tensors, split once for all, normalised by their training images."""

from ablate.train.data.loading import Split, Splits, load_splits

__all__ = ["Split", "Splits", "load_splits"]
