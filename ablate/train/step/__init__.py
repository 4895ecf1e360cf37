"""How a training step is taken: plainly, compiled, or recorded once and replayed; what it does is the same."""

from ablate.train.step.choice import AS_PAYS, PLAIN, Choice, Manner, choose_step
from ablate.train.step.step import Step

__all__ = ["AS_PAYS", "PLAIN", "Choice", "Manner", "Step", "choose_step"]
