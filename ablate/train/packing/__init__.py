"""Several trials on one device at the same time: fused into one network, or step by step in turn."""

from ablate.train.packing.arrangement import Packing
from ablate.train.packing.pack import Packer

__all__ = ["Packer", "Packing"]
