"""The state of a trial on disk, from which another process goes on to the same bits."""

from ablate.train.checkpoint.keeper import Keeper, Keeping

__all__ = ["Keeper", "Keeping"]
