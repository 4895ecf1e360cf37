"""Trials become records: data, augmentation, the loop. Knows nothing of studies, stores or Ray."""

from ablate.train.checkpoint import Keeping
from ablate.train.data import load_splits
from ablate.train.data.download import download
from ablate.train.pack import train_pack
from ablate.train.packing import Packing
from ablate.train.step import Manner

__all__ = ["Keeping", "Manner", "Packing", "download", "load_splits", "train_pack"]
