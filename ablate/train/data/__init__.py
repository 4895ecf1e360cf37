"""Data sets: decoded once into uint8 tensors, split once for all, normalised by their training images."""

from ablate.train.data.loading import Splits, load_splits
from ablate.train.data.split import Resident, Split

__all__ = ["Resident", "Split", "Splits", "load_splits"]
