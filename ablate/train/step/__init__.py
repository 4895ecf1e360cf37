"""How a training step is taken: plainly, compiled, or recorded once and replayed; the results are the same."""

from ablate.train.step.step import Step

__all__ = ["Step"]
