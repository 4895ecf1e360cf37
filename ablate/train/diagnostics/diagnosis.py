"""The diagnostics of one trial: opened before its first step, concluded after its last."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from random import Random
from typing import Any

import torch

from ablate.model import Network
from ablate.spec.study.study import Trial
from ablate.train.data import Split
from ablate.train.diagnostics.activations import watch_activations
from ablate.train.diagnostics.gradients import Gradients
from ablate.train.diagnostics.layers import name_units
from ablate.train.diagnostics.lesions import Lesions
from ablate.train.diagnostics.responses import watch_responses
from ablate.train.diagnostics.shortcuts import watch_shortcuts
from ablate.train.diagnostics.table import Table, rounded
from ablate.train.distributed import Group
from ablate.train.failure import explain
from ablate.train.loop import evaluate
from ablate.train.randomness import derive_seed
from ablate.train.run import Run

WATCHES = {"responses": watch_responses, "shortcuts": watch_shortcuts, "activations": watch_activations}
Findings = dict[str, dict[str, Any]]
Tables = Mapping[str, Table]


class Diagnosis:
    """Looks on while a network trains, then examines it; the training is the same to the bit without it."""

    def __init__(self, trial: Trial, run: Run) -> None:
        assert isinstance(run.module, Network)
        self.trial, self.run, self.module = trial, run, run.module
        self.network = trial.cell.network
        self.wanted = trial.diagnostics.options
        self.gradients = None
        if options := self.wanted.get("gradients"):
            self.gradients = Gradients(self.network, run, **options)

    def conclude(self, *, trained: bool) -> Findings:
        """The findings by name; of a network that is not `trained` to the end, only those on the way there.

        What goes wrong in a diagnostic is its finding: the trial has its result already. Of a group, the leading
        process examines alone.
        """
        if not self.run.group.leads:
            return {}
        self.run.group = Group()
        found: Findings = {}
        if self.gradients:
            table = self.gradients.read
            found |= self._examine(["gradients"], lambda: {"gradients": {"table": table()}})
        for images, names in self._passes().items() if trained else ():
            found |= self._examine(names, partial(self._watch, names, images))
        if trained and (options := self.wanted.get("lesions")):
            found |= self._examine(["lesions"], lambda: {"lesions": self._lesion(**options)})
        return {name: found[name] for name in self.wanted if name in found}

    def _examine(self, names: Sequence[str], examine: Callable[[], Mapping[str, Tables]]) -> Findings:
        start = time.perf_counter()
        try:
            found: Mapping[str, Mapping[str, Any]] = examine()
        except Exception as error:
            found = {name: {"error": explain(error)} for name in names}
        seconds = rounded((time.perf_counter() - start) / len(names))
        shared = {"seconds": seconds, "units": name_units(self.network)}
        return {name: {"options": dict(self.wanted[name])} | shared | dict(found[name]) for name in names}

    def _passes(self) -> dict[int, list[str]]:
        """The diagnostics that look on while test images pass, by the number of images: one pass for all of a kind."""
        passes = defaultdict(list)
        for name in self.wanted.keys() & WATCHES.keys():
            passes[self.wanted[name]["images"]].append(name)
        return passes

    def _watch(self, names: Sequence[str], images: int) -> dict[str, Tables]:
        with ExitStack() as hooks:
            read = {name: WATCHES[name](self.network, self.module, hooks) for name in names}
            evaluate(self.run, self._select(images))
        return {name: {"table": table()} for name, table in read.items()}

    def _lesion(self, images: int, draws: int) -> Tables:
        split = self._select(images)
        random = Random(derive_seed(self.trial.seed, "lesions"))
        return Lesions(self.network, self.module, lambda: evaluate(self.run, split).error, random).study(draws)

    def _select(self, images: int) -> Split:
        """So many test images, evenly spread: an image folder is sorted by class."""
        split = self.run.splits.test
        num = min(images, len(split))
        return split.select(torch.arange(num) * len(split) // num)
