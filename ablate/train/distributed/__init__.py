"""One trial trained by several processes: PyTorch's process group, and layers that see the whole batch."""

from ablate.train.distributed.group import Group, GroupBroken, TrialFault

__all__ = ["Group", "GroupBroken", "TrialFault"]
