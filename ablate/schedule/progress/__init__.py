"""What a person sees while trials train: a table on a terminal, lines anywhere."""

from ablate.schedule.progress.watch import Watch

__all__ = ["Watch"]
