"""The state of a trial on disk, from which another process goes on to the same bits."""

from ablate.train.checkpoint.keeper import Keeper, Keeping
from ablate.train.checkpoint.reach import count_steps

__all__ = ["Keeper", "Keeping", "count_steps"]
