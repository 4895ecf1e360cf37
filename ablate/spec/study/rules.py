"""What must hold between the keys of a recipe, beyond the type of each."""

from __future__ import annotations

from itertools import pairwise

from ablate.spec.source.document import COMMAND_LINE, Document
from ablate.spec.source.problems import Problem
from ablate.spec.study.datasets import num_train_images
from ablate.spec.study.recipe import Data, Train


def check_train(train: Train, data: Data | None, document: Document) -> list[Problem]:
    """What is wrong with the recipe; `document` is that of the cell.

    A schedule cut short by `train.epochs=2` on the command line is meant so: it is how a study is tried out.
    """
    problems = list(_check_order(train))
    if train.nesterov and not train.momentum:
        problems.append(Problem(("train", "nesterov"), "needs momentum above 0, got 0; set momentum or leave it out"))
    if train.accumulate > max(1, train.batch_size // 2):
        message = f"leaves micro-batches of one image at batch_size {train.batch_size}, got {train.accumulate}"
        problems.append(Problem(("train", "accumulate"), f"{message}; lower it, or raise batch_size"))
    if document.mark(("train", "epochs")).file != COMMAND_LINE:
        problems += _check_reach(train)
        problems += _check_warmup(train, data) if data and data.dataset != "folder" else []
    return problems


def _check_order(train: Train) -> list[Problem]:
    return [
        Problem(("train", "milestones", index), f"must come after {before}, got {after}; list them in rising order")
        for index, (before, after) in enumerate(pairwise(train.milestones), start=1)
        if after <= before
    ]


def _check_reach(train: Train) -> list[Problem]:
    return [
        Problem(("train", "milestones", index), f"must be below epochs ({train.epochs}) to have an effect, got {epoch}")
        for index, epoch in enumerate(train.milestones)
        if epoch >= train.epochs
    ]


def _check_warmup(train: Train, data: Data) -> list[Problem]:
    steps = train.epochs * -(-num_train_images(data) // train.batch_size)
    if train.warmup_steps < steps:
        return []
    message = f"must be below the {steps:,} steps of the training, got {train.warmup_steps:,}"
    return [Problem(("train", "warmup_steps"), message)]
