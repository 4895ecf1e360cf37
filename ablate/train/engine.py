"""Who takes the steps of a trial: the trial itself, step by step in turn with others, or one network for many trials.

A trial asks for an epoch of training or for an evaluation, and goes on when it is done. What it asks for, and what it
makes of the answer, is the same in all ways.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Protocol

from ablate.records import Epoch, Record
from ablate.train.data import Split
from ablate.train.loop import Means, end_epoch, evaluate, take_steps, train_epoch
from ablate.train.run import Run

OnStep = Callable[[], None]


@dataclass(frozen=True)
class Turn:
    """A step has been taken; others may go on."""


@dataclass(frozen=True)
class Training:
    """The coming epoch is to be trained: what `train_epoch` takes, to be answered with what it returns."""

    run: Run
    on_step: OnStep


@dataclass(frozen=True)
class Evaluation:
    """The network is to be evaluated: what `evaluate` takes, to be answered with what it returns."""

    run: Run
    split: Split


Request = Turn | Training | Evaluation
Work = Generator[Epoch | Request, Means | None, Record]  # a trial's training, as `train_trial` begins it
Wait = Generator[Request, Means | None, Means]


class Engine(Protocol):
    """Both are exhausted at once where there is nobody to wait for."""

    def train(self, run: Run, on_step: OnStep) -> Wait:
        """As `train_epoch`."""
        ...

    def evaluate(self, run: Run, split: Split) -> Wait:
        """As `evaluate`."""
        ...


class Alone:
    """The trial has the process to itself."""

    def train(self, run: Run, on_step: OnStep) -> Wait:
        """As `train_epoch`."""
        yield from ()
        return train_epoch(run, on_step)

    def evaluate(self, run: Run, split: Split) -> Wait:
        """As `evaluate`."""
        yield from ()
        return evaluate(run, split)


class InTurn(Alone):
    """Others go on after every step."""

    def train(self, run: Run, on_step: OnStep) -> Wait:
        """As `train_epoch`."""
        for _ in take_steps(run):
            on_step()
            yield Turn()
        return end_epoch(run)


class Together:
    """Another does the work, for several trials at once."""

    def train(self, run: Run, on_step: OnStep) -> Wait:
        """As `train_epoch`."""
        means = yield Training(run, on_step)
        assert means is not None
        return means

    def evaluate(self, run: Run, split: Split) -> Wait:
        """As `evaluate`."""
        means = yield Evaluation(run, split)
        assert means is not None
        return means


ALONE = Alone()
